//! The words that are learned, and the text as numbers.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The words that are frequent enough, most frequent first; equally frequent ones by the alphabet. A word's number is its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// The words.
    pub words: Vec<String>,
    /// How often each occurs.
    pub counts: Vec<u64>,
}

impl Vocabulary {
    /// Keeps the words that occur at least `min_count` times.
    pub fn new(counted: impl IntoIterator<Item = (String, u64)>, min_count: u64) -> Self {
        let mut kept: Vec<(String, u64)> = counted.into_iter().filter(|(_, count)| *count >= min_count).collect();
        kept.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
        let (words, counts) = kept.into_iter().unzip();
        Self { words, counts }
    }

    /// How many words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The number of a word.
    #[must_use]
    pub fn number(&self, word: &str) -> Option<usize> {
        self.words.iter().position(|known| known == word)
    }
}

/// A text as numbers of words, in paragraphs. Words outside the vocabulary are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corpus {
    /// The numbers of all words.
    pub tokens: Vec<u32>,
    /// Where each paragraph ends in `tokens`.
    pub ends: Vec<u32>,
}

/// One paragraph of so many is not learned from: what the model makes of it shows how good it is.
const HELD_OUT: usize = 20;

impl Corpus {
    /// Turns paragraphs of words into numbers. Paragraphs with fewer than two known words teach nothing and are left out.
    pub fn new(vocabulary: &Vocabulary, paragraphs: impl IntoIterator<Item = Vec<String>>) -> Self {
        let numbers: HashMap<&str, u32> =
            vocabulary.words.iter().enumerate().map(|(number, word)| (word.as_str(), number as u32)).collect();
        let mut corpus = Self::default();
        for paragraph in paragraphs {
            let start = corpus.tokens.len();
            corpus.tokens.extend(paragraph.iter().filter_map(|word| numbers.get(word.as_str())));
            if corpus.tokens.len() < start + 2 {
                corpus.tokens.truncate(start);
            } else {
                corpus.ends.push(corpus.tokens.len() as u32);
            }
        }
        corpus
    }

    /// All paragraphs.
    pub fn paragraphs(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.tokens[*start as usize..*end as usize])
    }

    /// The paragraphs to learn from.
    pub fn taught(&self) -> impl Iterator<Item = &[u32]> {
        self.paragraphs().enumerate().filter(|(at, _)| at % HELD_OUT != HELD_OUT - 1).map(|(_, paragraph)| paragraph)
    }

    /// The paragraphs that are not learned from.
    pub fn held_out(&self) -> impl Iterator<Item = &[u32]> {
        self.paragraphs().skip(HELD_OUT - 1).step_by(HELD_OUT)
    }
}

#[cfg(test)]
mod tests {
    use super::{Corpus, Vocabulary};

    fn counted(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
        pairs.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
    }

    #[test]
    fn frequent_first_rare_out() {
        let vocabulary = Vocabulary::new(counted(&[("b", 5), ("rare", 4), ("a", 5), ("the", 9)]), 5);
        assert_eq!(vocabulary.words, ["the", "a", "b"]);
        assert_eq!(vocabulary.counts, [9, 5, 5]);
        assert_eq!((vocabulary.number("b"), vocabulary.number("rare")), (Some(2), None));
        assert!(Vocabulary::new(counted(&[("a", 1)]), 2).is_empty());
    }

    #[test]
    fn text_as_numbers() {
        let vocabulary = Vocabulary::new(counted(&[("a", 3), ("b", 2)]), 1);
        let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let corpus = Corpus::new(&vocabulary, ["a x b", "a", "x", "b b a"].map(split));
        assert_eq!(corpus.paragraphs().collect::<Vec<_>>(), [&[0, 1][..], &[1, 1, 0]]);
        assert_eq!(Corpus::new(&vocabulary, []).paragraphs().count(), 0);
    }

    #[test]
    fn every_paragraph_is_on_one_side() {
        let corpus = Corpus { tokens: (0..200).collect(), ends: (1..=100).map(|n| n * 2).collect() };
        let held: Vec<u32> = corpus.held_out().map(|paragraph| paragraph[0] / 2).collect();
        assert_eq!(held, [19, 39, 59, 79, 99]);
        assert_eq!(corpus.taught().count(), 95);
        assert!(corpus.taught().all(|paragraph| !held.contains(&(paragraph[0] / 2))));
    }
}
