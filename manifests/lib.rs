//! The manifests that ship with the program, for `use "std/…"`.

/// Name and text of each, sorted by name.
const SHIPPED: &[(&str, &str)] = &[("std/logging", include_str!("std/logging.kdl"))];

/// The text of a shipped manifest.
#[must_use]
pub fn get(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all shipped manifests.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}
