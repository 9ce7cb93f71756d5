//! What is learned from: frequent words less often, and wrong answers by chance.

use crate::random::Random;

/// How pairs are drawn from a text.
#[derive(Debug, Clone, Copy)]
pub struct Drawing {
    /// How far apart two words of a pair may stand; each word draws a distance up to this.
    pub window: usize,
    /// Wrong answers for each right one.
    pub negatives: usize,
    /// Words that make up more than this share of the text are thinned out.
    pub subsample: f64,
}

/// Draws words for a text with given counts.
#[derive(Debug, Clone)]
pub struct Sampler {
    drawing: Drawing,
    /// How likely each word is kept where it stands.
    keep: Vec<f32>,
    /// Walker's alias method, so that a draw takes the same time whatever the number of words: a column's own word is taken below
    /// the limit, the other one above.
    columns: Vec<(f32, u32)>,
}

impl Sampler {
    /// For words that occur so often. Negatives are drawn in proportion to count^0.75.
    #[must_use]
    pub fn new(counts: &[u64], drawing: Drawing) -> Self {
        let total = counts.iter().sum::<u64>() as f64;
        let keep = counts.iter().map(|count| {
            let ratio = drawing.subsample * total / *count as f64;
            (ratio.sqrt() + ratio).min(1.0) as f32
        });
        // Roots are rounded the same way everywhere, unlike powers.
        let weights: Vec<f64> =
            counts.iter().map(|count| (*count as f64).sqrt() * (*count as f64).sqrt().sqrt()).collect();
        Self { drawing, keep: keep.collect(), columns: columns(&weights) }
    }

    /// How many wrong answers go with a right one.
    #[must_use]
    pub fn negatives(&self) -> usize {
        self.drawing.negatives
    }

    /// A wrong answer: any word but the right one. `None` if there is no other one to be found.
    pub fn negative(&self, right: u32, random: &mut Random) -> Option<u32> {
        let (column, level) = random.both(self.columns.len());
        let (limit, other) = *self.columns.get(column)?;
        let word = if level < limit { column as u32 } else { other };
        (word != right).then_some(word)
    }

    /// Calls `visit` with each pair of a paragraph: a word and one that stands near it.
    pub fn pairs(&self, paragraph: &[u32], random: &mut Random, mut visit: impl FnMut(u32, u32, &mut Random)) {
        let kept: Vec<u32> =
            paragraph.iter().copied().filter(|word| random.unit() < self.keep[*word as usize]).collect();
        for (at, word) in kept.iter().enumerate() {
            let reach = 1 + random.below(self.drawing.window);
            let near = at.saturating_sub(reach)..(at + reach + 1).min(kept.len());
            for other in near.filter(|other| *other != at) {
                visit(*word, kept[other], random);
            }
        }
    }
}

/// Columns of equal probability, each of one word or two.
fn columns(weights: &[f64]) -> Vec<(f32, u32)> {
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    let mut rest: Vec<f64> = weights.iter().map(|weight| weight / mean).collect();
    let mut columns: Vec<(f32, u32)> = (0..weights.len()).map(|word| (1.0, word as u32)).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..rest.len()).partition(|word| rest[*word] < 1.0);
    while let (Some(filled), Some(filler)) = (small.pop(), large.pop()) {
        columns[filled] = (rest[filled] as f32, filler as u32);
        rest[filler] -= 1.0 - rest[filled];
        if rest[filler] < 1.0 { small.push(filler) } else { large.push(filler) }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::{Drawing, Sampler};
    use crate::random::Random;

    const DRAWING: Drawing = Drawing { window: 2, negatives: 5, subsample: 1.0 };

    #[test]
    fn negatives_by_three_quarters() {
        // 16^0.75 = 8, 1^0.75 = 1, 81^0.75 = 27: of 36 draws 8, 1 and 27; the right answer is never drawn.
        let sampler = Sampler::new(&[16, 1, 81], DRAWING);
        let mut random = Random::of(&[1]);
        let mut drawn = [0; 3];
        for _ in 0..36_000 {
            if let Some(word) = sampler.negative(7, &mut random) {
                drawn[word as usize] += 1;
            }
            assert_ne!(sampler.negative(2, &mut random), Some(2));
        }
        for (drawn, expected) in drawn.iter().zip([8_000_i32, 1_000, 27_000]) {
            assert!((drawn - expected).abs() < 300, "{drawn} for {expected}");
        }
        assert_eq!(Sampler::new(&[3], DRAWING).negative(0, &mut random), None);
        assert_eq!(Sampler::new(&[], DRAWING).negative(0, &mut random), None);
    }

    #[test]
    fn pairs_are_near_and_all_are_found() {
        let sampler = Sampler::new(&[1; 5], DRAWING);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            sampler.pairs(&[0, 1, 2, 3, 4], &mut Random::of(&[seed]), |word, other, _| {
                assert!(word != other && word.abs_diff(other) <= 2);
                seen.insert((word, other));
            });
        }
        assert_eq!(seen.len(), 14);
    }

    #[test]
    fn frequent_words_are_thinned() {
        // 90 % of the text against a share of 1 %: kept with √(0.01/0.9) + 0.01/0.9 = 0.117.
        let sampler = Sampler::new(&[90, 10], Drawing { subsample: 0.01, ..DRAWING });
        let paragraph = [vec![0; 9_000], vec![1; 1_000]].concat();
        let (mut frequent, mut random) = (0, Random::of(&[3]));
        for _ in 0..10 {
            sampler.pairs(&paragraph, &mut random, |word, _, _| frequent += usize::from(word == 0));
        }
        // Three neighbours on average.
        assert!((frequent as f64 / 30.0 - 1_054.0).abs() < 40.0, "{frequent}");
    }
}
