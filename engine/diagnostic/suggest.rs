//! "Did you mean".

/// The candidate that `word` most likely stands for, if one is near enough: a typing slip in a short word, a few in a long one.
#[must_use]
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| {
            let other = candidate.to_lowercase();
            let mut distance = strsim::damerau_levenshtein(&lower, &other);
            if lower.len() >= 3 && (other.starts_with(&lower) || lower.starts_with(&other)) {
                distance = distance.min(1);
            }
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            let longest = word.chars().count().max(candidate.chars().count());
            *distance <= longest.div_ceil(3).min(3)
        })
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
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
}
