//! Words of the language that this version does not run yet, so that a message can say so instead of "unknown".

const NOT_YET: &[&str] = &[
    "budget",
    "chunk",
    "collect",
    "concurrency",
    "finally",
    "goto",
    "isolation",
    "join",
    "lock",
    "moved",
    "on-change",
    "on-failure",
    "parallel",
    "pause",
    "rate",
    "resources",
    "rest",
    "signal",
    "source",
    "undo",
];

/// Whether `word` is a node or property of the language that this version does not run yet.
#[must_use]
pub fn not_yet(word: &str) -> bool {
    NOT_YET.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn sorted_and_not_in_the_schema() {
        assert!(super::NOT_YET.is_sorted());
        let schema = crate::json_schema_text();
        for word in super::NOT_YET {
            assert!(!schema.contains(&format!("\"{word}\": {{")), "{word} is in the schema: take it off the list");
        }
    }
}
