//! Everything that has a page.

use super::page::{bold, wrapped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use thinking_diagnostic::{Code, Style};

/// The library's functions by namespace; those without one stand under the empty name.
pub(super) fn namespaces(topics: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut spaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for topic in topics {
        let (space, name) = topic.rsplit_once("::").unwrap_or(("", topic));
        spaces.entry(space).or_default().push(name);
    }
    // A page about a whole namespace is no function of its own.
    let names: Vec<&str> = spaces.keys().copied().collect();
    if let Some(bare) = spaces.get_mut("") {
        bare.retain(|name| !names.contains(name));
    }
    spaces
}

/// All pages with a line each.
pub(super) fn text(style: Style) -> String {
    let mut text = format!("{}\n", bold("Mistakes, by code", style));
    let width = Code::ALL.iter().map(|code| code.short().len()).max().unwrap_or(0);
    for code in Code::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:width$}  {}", code.short(), code.summary().trim());
    }
    let _ = writeln!(text, "\n{}", bold("The script library, by namespace", style));
    let topics = thinking_script::topics();
    let spaces = namespaces(&topics);
    let width = spaces.keys().map(|space| space.len()).max().unwrap_or(0);
    for (space, names) in spaces.iter().filter(|(space, _)| !space.is_empty()) {
        let _ = writeln!(text, "  {space:width$}  {}", names.join(" "));
    }
    if let Some(bare) = spaces.get("").filter(|bare| !bare.is_empty()) {
        let _ = writeln!(text, "  {:width$}  {}", "", bare.join(" "));
    }
    let _ = writeln!(text, "\n{}", bold("More of each", style));
    text.push_str("  thinking explain unknown-param\n  thinking explain fs\n  thinking explain fs::lines\n");
    wrapped(&text, style.width)
}

/// The same for machines: `codes` (`code`, `summary`) and `topics`.
pub(super) fn json() -> Value {
    let codes: Vec<Value> =
        Code::ALL.iter().map(|code| json!({ "code": code.name(), "summary": code.summary().trim() })).collect();
    json!({ "codes": codes, "topics": thinking_script::topics() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_listed_has_a_page() {
        let topics = thinking_script::topics();
        let spaces = namespaces(&topics);
        assert!(topics.len() > 50 && spaces["fs"].contains(&"lines") && spaces[""].contains(&"assert"), "{topics:?}");
        for topic in topics.iter().map(String::as_str).chain(spaces.keys().copied().filter(|space| !space.is_empty())) {
            assert!(thinking_script::page(topic).is_some(), "{topic}");
        }
    }
}
