//! Which package `thinking` a new crate can depend on.

use std::path::{Path, PathBuf};

/// The line for a crate's `[dependencies]`, and a remark for whoever reads it (empty: none).
pub(crate) fn dependency() -> (String, &'static str) {
    let given = std::env::var_os("THINKING_SOURCE").filter(|given| !given.is_empty()).map(PathBuf::from);
    // The folder that this program was built from, which may be gone since.
    let built = || Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))).filter(|folder| is_source(folder));
    let folder = given.or_else(built).and_then(|folder| std::path::absolute(folder).ok());
    match folder.as_deref().and_then(Path::to_str) {
        Some(folder) => (format!("thinking = {{ path = {} }}", toml::Value::from(folder)), ""),
        None => (
            format!("thinking = \"{}\"", env!("CARGO_PKG_VERSION")),
            "the source of thinking is not on this machine: say where it is, { path = \"…\" } or { git = \"…\" }",
        ),
    }
}

fn is_source(folder: &Path) -> bool {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str) == Some("thinking")
}
