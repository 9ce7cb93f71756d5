//! Questions to the vectors: which words are alike.

use crate::vocabulary::Vocabulary;
use crate::weights::Weights;
use serde::Serialize;

/// A word, and how alike it is: the cosine of the angle between the vectors, at most 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Neighbour {
    /// The word.
    pub word: String,
    /// How alike.
    pub alike: f64,
}

/// The words' vectors, of length 1 and without what all have in common: that says how frequent a word is rather than what it means.
pub struct Similar<'a> {
    vocabulary: &'a Vocabulary,
    dimensions: usize,
    directions: Vec<f64>,
}

impl<'a> Similar<'a> {
    /// Of trained weights.
    #[must_use]
    pub fn new(vocabulary: &'a Vocabulary, weights: &Weights) -> Self {
        let dimensions = weights.dimensions.max(1);
        let mut directions: Vec<f64> = weights.input.iter().map(|value| f64::from(*value)).collect();
        let mut mean = vec![0.0; dimensions];
        for vector in directions.chunks(dimensions) {
            add(&mut mean, vector, 1.0 / vocabulary.len() as f64);
        }
        for vector in directions.chunks_mut(dimensions) {
            add(vector, &mean, -1.0);
            shorten(vector);
        }
        Self { vocabulary, dimensions, directions }
    }

    /// The `count` words that are most alike. `None` if the word was not learned.
    #[must_use]
    pub fn neighbours(&self, word: &str, count: usize) -> Option<Vec<Neighbour>> {
        let number = self.vocabulary.number(word)?;
        Some(self.nearest(self.direction(number), &[number], count))
    }

    /// What is to `c` as `a` is to `b`: the words nearest to a - b + c, none of the three among them. `None` if one was not learned.
    #[must_use]
    pub fn analogy(&self, a: &str, b: &str, c: &str, count: usize) -> Option<Vec<Neighbour>> {
        let [a, b, c] = [self.vocabulary.number(a)?, self.vocabulary.number(b)?, self.vocabulary.number(c)?];
        let mut sought = self.direction(a).to_vec();
        add(&mut sought, self.direction(b), -1.0);
        add(&mut sought, self.direction(c), 1.0);
        shorten(&mut sought);
        Some(self.nearest(&sought, &[a, b, c], count))
    }

    /// How alike two words are; `None` if one was not learned.
    #[must_use]
    pub fn alike(&self, a: &str, b: &str) -> Option<f64> {
        Some(dot(self.direction(self.vocabulary.number(a)?), self.direction(self.vocabulary.number(b)?)))
    }

    /// A word's direction.
    #[must_use]
    pub fn direction(&self, number: usize) -> &[f64] {
        &self.directions[number * self.dimensions..][..self.dimensions]
    }

    fn nearest(&self, sought: &[f64], without: &[usize], count: usize) -> Vec<Neighbour> {
        let mut found: Vec<(usize, f64)> = (0..self.vocabulary.len())
            .filter(|number| !without.contains(number))
            .map(|number| (number, dot(sought, self.direction(number))))
            .collect();
        found.sort_by(|(a, less), (b, more)| more.total_cmp(less).then(a.cmp(b)));
        found.truncate(count);
        let neighbour =
            |(number, alike): (usize, f64)| Neighbour { word: self.vocabulary.words[number].clone(), alike };
        found.into_iter().map(neighbour).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], vector: &[f64], times: f64) {
    for (to, value) in to.iter_mut().zip(vector) {
        *to += times * value;
    }
}

fn shorten(vector: &mut [f64]) {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::Similar;
    use crate::vocabulary::Vocabulary;
    use crate::weights::Weights;

    /// Four corners of a square and its middle, far from the origin.
    fn square() -> (Vocabulary, Weights) {
        let words = ["king", "queen", "man", "woman"].map(str::to_owned).to_vec();
        let input = vec![11.0, 11.0, 11.0, 9.0, 9.0, 11.0, 9.0, 9.0];
        (Vocabulary { words, counts: vec![1; 4] }, Weights { dimensions: 2, input, output: vec![0.0; 8] })
    }

    #[test]
    fn directions_from_the_middle() {
        let (vocabulary, weights) = square();
        let similar = Similar::new(&vocabulary, &weights);
        assert!((similar.alike("king", "woman").unwrap() + 1.0).abs() < 1e-12);
        assert!(similar.alike("king", "queen").unwrap().abs() < 1e-12);
        let near: Vec<_> = similar.neighbours("king", 9).unwrap().into_iter().map(|found| found.word).collect();
        assert_eq!(near, ["queen", "man", "woman"]);
        assert_eq!(similar.neighbours("king", 2).unwrap().len(), 2);
        assert_eq!(similar.neighbours("prince", 2), None);
    }

    #[test]
    fn king_without_man_with_woman() {
        let (vocabulary, weights) = square();
        let similar = Similar::new(&vocabulary, &weights);
        let found = similar.analogy("king", "man", "woman", 3).unwrap();
        assert_eq!((found.len(), found[0].word.as_str()), (1, "queen"));
        assert_eq!(similar.analogy("king", "prince", "woman", 1), None);
    }
}
