//! What ships with the program: manifests for `use "std/…"`, and templates for `thinking init`.

mod templates;

pub use templates::{DEPENDENCY, PLACEHOLDER, TEMPLATES, Template};

/// Name and text of each, sorted by name.
const SHIPPED: &[(&str, &str)] = &[
    ("std/databases", include_str!("std/databases.kdl")),
    ("std/logging", include_str!("std/logging.kdl")),
    ("std/output", include_str!("std/output.kdl")),
    ("std/python", include_str!("std/python.kdl")),
    ("std/testing", include_str!("std/testing.kdl")),
];

/// The text of a shipped manifest.
#[must_use]
pub fn get(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all shipped manifests.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}
