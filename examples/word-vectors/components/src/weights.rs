//! What is learned: two vectors for each word.

use crate::random::Random;
use serde::{Deserialize, Serialize};

/// Two matrices with a row for each word of the vocabulary.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Numbers in a row.
    pub dimensions: usize,
    /// The words' vectors: what is wanted in the end.
    pub input: Vec<f32>,
    /// The vectors of words as neighbours: only used to learn.
    pub output: Vec<f32>,
}

impl Weights {
    /// Small random vectors for so many words.
    #[must_use]
    pub fn new(words: usize, dimensions: usize, seed: u64) -> Self {
        let mut random = Random::of(&[seed]);
        let input = (0..words * dimensions).map(|_| (random.unit() - 0.5) / dimensions as f32).collect();
        Self { dimensions, input, output: vec![0.0; words * dimensions] }
    }

    /// A word's vector.
    #[must_use]
    pub fn vector(&self, word: usize) -> &[f32] {
        &self.input[word * self.dimensions..][..self.dimensions]
    }
}

/// How far off a model is: the mean of -ln of the probability that it gives to the right answers (this word stands near that one,
/// those do not), over a number of pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Loss {
    sum: f64,
    pairs: u64,
}

impl Loss {
    /// Counts a pair in: the probability that was given to all its right answers together.
    #[inline]
    pub fn add(&mut self, probability: f64) {
        self.sum -= probability.max(f64::MIN_POSITIVE).ln();
        self.pairs += 1;
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, pairs: self.pairs + other.pairs }
    }

    /// The mean over all pairs; 0 without any.
    #[must_use]
    pub fn mean(self) -> f64 {
        if self.pairs == 0 { 0.0 } else { self.sum / self.pairs as f64 }
    }
}
