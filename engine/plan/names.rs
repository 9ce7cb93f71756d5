//! Names in manifests and in scripts.

use thinking_step::Language;

/// Names of the engine that no variable may hide.
pub(crate) const ENGINE: &[&str] = &["params", "facets", "mode", "run", "results", "result", "index", "this", "step"];

/// A manifest's name as scripts write it: `batch-size` → `batch_size`.
#[must_use]
pub fn script_name(name: &str) -> String {
    name.replace('-', "_")
}

/// Why a name cannot be a variable, if it cannot.
pub(crate) fn reserved(name: &str, language: &dyn Language) -> Option<String> {
    let name = script_name(name);
    if ENGINE.contains(&name.as_str()) {
        Some(format!("`{name}` is a name of the engine"))
    } else if language.is_reserved(&name) {
        Some(format!("`{name}` is a word of the scripting language"))
    } else {
        None
    }
}
