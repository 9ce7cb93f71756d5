//! "Did you mean".

/// The candidate that `word` most likely stands for, if one is near enough: one typing slip in a word of up to four characters, two in one of
/// up to eight, three in a longer one. Two characters in the wrong order are one slip. A beginning of at least three characters stands for
/// the whole. Single characters stand for nothing.
#[must_use]
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    if length < 2 {
        return None;
    }
    let slips = match length {
        ..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let shorter = length.min(other.chars().count());
            if shorter < 2 {
                return None;
            }
            let mut distance = strsim::damerau_levenshtein(&lower, &other);
            if shorter >= 3 && (other.starts_with(&lower) || lower.starts_with(&other)) {
                distance = distance.min(1);
            }
            // As many slips as there are characters make any word out of any other.
            (distance <= slips && distance < shorter).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["stage", "step", "trainer", "timeout"];
        assert_eq!(did_you_mean("trianer", words), Some("trainer"));
        assert_eq!(did_you_mean("stpe", words), Some("step"));
        assert_eq!(did_you_mean("Timeout", words), Some("timeout"));
        assert_eq!(did_you_mean("banana", words), None);
        assert_eq!(did_you_mean("x", words), None);
    }
    #[test]
    fn short_words_stand_for_little() {
        let words = ["mode", "floor", "a", "b", "ab", "run", "batch", "params"];
        for word in ["nope", "foo", "q", "", "x", "c", "rx", "batch-size-of-all"] {
            let expected = (word == "batch-size-of-all").then_some("batch");
            assert_eq!(did_you_mean(word, words), expected, "{word}");
        }
        assert_eq!(did_you_mean("batch-size", ["b", "ba"]), None);
        assert_eq!(did_you_mean("rnu", words), Some("run"), "two in the wrong order are one slip");
        assert_eq!(did_you_mean("MODE", words), Some("mode"));
        assert_eq!(did_you_mean("par", words), Some("params"));
        assert_eq!(did_you_mean("pramas", words), Some("params"));
        assert_eq!(did_you_mean("prxxas", words), None);
    }
}
