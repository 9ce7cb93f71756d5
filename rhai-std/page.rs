//! What `thinking explain` says about the script library.

use crate::library;
use std::fmt::Write as _;

/// The page about a function (`fs::lines`), a method (`kv::put`) or a whole namespace (`fs`); `None` if there is nothing of that name.
#[must_use]
pub fn page(topic: &str) -> Option<String> {
    let library = library();
    let mut text = String::new();
    for function in
        library.functions.iter().filter(|function| function.full_name() == topic || function.namespace == topic)
    {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\n  {}", function.signature, function.doc);
    }
    (!text.is_empty()).then_some(text)
}

/// Everything that [`page`] knows, sorted.
#[must_use]
pub fn topics() -> Vec<String> {
    let mut topics: Vec<String> = library().functions.iter().map(|function| function.full_name()).collect();
    topics.sort();
    topics.dedup();
    topics
}
