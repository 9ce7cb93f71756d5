//! The fast way to learn: blocks of text at once on several threads, and loops that the compiler turns into vector instructions.
//!
//! Still the same vectors in every run, on any number of threads: the text is cut into blocks by its length alone; each round takes a
//! fixed number of them; each block learns on its own copy of the weights, with random numbers of its own; and what the blocks moved
//! is added up in their order.

use crate::logistic::logistic;
use crate::random::Random;
use crate::sampling::Sampler;
use crate::vocabulary::Corpus;
use crate::weights::{Loss, Weights};
use std::thread;

/// How the text is cut. The vectors depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Blocks that learn at once.
    pub blocks: usize,
    /// Words in a block, at least: whole paragraphs.
    pub words: usize,
}

/// Goes once over the text to learn from, on at most so many threads; the vectors do not depend on their number. `go_on` is asked now
/// and then.
///
/// # Errors
/// That of `go_on`.
pub fn epoch<E>(
    weights: &mut Weights,
    corpus: &Corpus,
    sampler: &Sampler,
    (rate, seed, epoch): (f32, u64, u64),
    (cut, threads): (Cut, usize),
    mut go_on: impl FnMut() -> Result<(), E>,
) -> Result<Loss, E> {
    let blocks = blocks(corpus, cut.words);
    let copies = cut.blocks.clamp(1, blocks.len().max(1));
    let mut shards: Vec<Shard> = (0..copies).map(|_| Shard::new(weights.clone())).collect();
    let mut loss = Loss::default();
    for (round, blocks) in blocks.chunks(copies).enumerate() {
        go_on()?;
        let shards = &mut shards[..blocks.len()];
        let first = round * copies;
        let mut work: Vec<_> = shards.iter_mut().zip(blocks).enumerate().collect();
        let share = work.len().div_ceil(threads.max(1));
        let before = &*weights;
        thread::scope(|scope| {
            for work in work.chunks_mut(share) {
                scope.spawn(move || {
                    for (at, (shard, block)) in work {
                        shard.weights.input.copy_from_slice(&before.input);
                        shard.weights.output.copy_from_slice(&before.output);
                        let random = Random::of(&[seed, epoch, (first + *at) as u64]);
                        shard.learn(block, sampler, random, rate);
                    }
                });
            }
        });
        loss = shards.iter().fold(loss, |loss, shard| loss.plus(shard.loss));
        let moved: Vec<&Weights> = shards.iter().map(|shard| &shard.weights).collect();
        let dimensions = weights.dimensions;
        add_up(&mut weights.input, dimensions, moved.iter().map(|moved| moved.input.as_slice()));
        add_up(&mut weights.output, dimensions, moved.iter().map(|moved| moved.output.as_slice()));
    }
    Ok(loss)
}

/// Cuts the text to learn from into blocks of whole paragraphs.
fn blocks(corpus: &Corpus, words: usize) -> Vec<Vec<&[u32]>> {
    let mut blocks = vec![Vec::new()];
    let mut length = 0;
    for paragraph in corpus.taught() {
        if length >= words {
            blocks.push(Vec::new());
            length = 0;
        }
        length += paragraph.len();
        if let Some(block) = blocks.last_mut() {
            block.push(paragraph);
        }
    }
    blocks
}

/// Adds what the copies moved, in their order: of each row the mean over those that moved it. The plain sum would take the words that
/// stand in every block many times too far.
fn add_up<'a>(values: &mut [f32], dimensions: usize, copies: impl Iterator<Item = &'a [f32]> + Clone) {
    let mut sum = vec![0.0; dimensions];
    for (row, values) in values.chunks_exact_mut(dimensions).enumerate() {
        sum.fill(0.0);
        let mut movers = 0.0;
        for copy in copies.clone() {
            let copy = &copy[row * dimensions..][..dimensions];
            if copy != values {
                movers += 1.0;
                for ((sum, copy), before) in sum.iter_mut().zip(copy).zip(&*values) {
                    *sum += copy - before;
                }
            }
        }
        if movers > 0.0 {
            let share = 1.0 / f32::sqrt(movers);
            for (value, sum) in values.iter_mut().zip(&sum) {
                *value += share * sum;
            }
        }
    }
}

/// A copy of the weights that learns from a block of its own.
struct Shard {
    weights: Weights,
    loss: Loss,
    /// Room for the answers of a pair: who, how alike, and how far to pull.
    answers: Vec<u32>,
    alike: Vec<f32>,
    moved: Vec<f32>,
}

impl Shard {
    fn new(weights: Weights) -> Self {
        let moved = vec![0.0; weights.dimensions];
        Self { weights, loss: Loss::default(), answers: Vec::new(), alike: Vec::new(), moved }
    }

    fn learn(&mut self, block: &[&[u32]], sampler: &Sampler, mut random: Random, rate: f32) {
        self.loss = Loss::default();
        for paragraph in block {
            sampler.pairs(paragraph, &mut random, |word, near, random| {
                self.answers.clear();
                self.answers.push(near);
                self.answers.extend((0..sampler.negatives()).filter_map(|_| sampler.negative(near, random)));
                self.pair(word, rate);
            });
        }
    }

    /// All answers are compared before any vector moves; the right one stands first.
    fn pair(&mut self, word: u32, rate: f32) {
        let d = self.weights.dimensions;
        let input = &mut self.weights.input[word as usize * d..][..d];
        let output = &mut self.weights.output;
        self.alike.clear();
        self.alike.extend(self.answers.iter().map(|other| dot(input, &output[*other as usize * d..][..d])));
        for alike in self.alike.iter_mut().skip(1) {
            *alike = -*alike;
        }
        for alike in &mut self.alike {
            *alike = logistic(*alike);
        }
        self.moved.fill(0.0);
        let mut certainty = 1.0;
        for (at, (other, probability)) in self.answers.iter().zip(&self.alike).enumerate() {
            certainty *= f64::from(*probability);
            let pull = rate * (1.0 - probability) * if at == 0 { 1.0 } else { -1.0 };
            let output = &mut output[*other as usize * d..][..d];
            for ((moved, output), input) in self.moved.iter_mut().zip(output).zip(&*input) {
                *moved += pull * *output;
                *output += pull * input;
            }
        }
        for (value, moved) in input.iter_mut().zip(&self.moved) {
            *value += moved;
        }
        self.loss.add(certainty);
    }
}

/// The sum of products, in eight lanes side by side: one after the other, as written, could not be vectorised.
#[inline]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::{Shard, blocks, dot};
    use crate::plain;
    use crate::vocabulary::Corpus;
    use crate::weights::{Loss, Weights};

    #[test]
    fn a_pair_as_in_the_plain_way() {
        for dimensions in [1, 8, 13, 32] {
            let mut expected = Weights::new(5, dimensions, 9);
            expected.output = Weights::new(5, dimensions, 10).input;
            let mut shard = Shard::new(expected.clone());
            let certainty = plain::learn(&mut expected, 1, &[(3, true), (0, false), (4, false)], 0.1);
            shard.answers = vec![3, 0, 4];
            shard.pair(1, 0.1);
            let mut loss = Loss::default();
            loss.add(certainty);
            assert!((shard.loss.mean() - loss.mean()).abs() < 1e-6);
            let both = expected.input.iter().chain(&expected.output);
            for (expected, found) in both.zip(shard.weights.input.iter().chain(&shard.weights.output)) {
                assert!((expected - found).abs() < 1e-6, "{found} for {expected}");
            }
        }
    }

    #[test]
    fn every_product_counts() {
        for length in 0..40 {
            let a: Vec<f32> = (0..length).map(|n| n as f32).collect();
            let expected: f32 = a.iter().map(|n| n * n).sum();
            assert_eq!(dot(&a, &a), expected);
        }
    }

    #[test]
    fn blocks_of_whole_paragraphs() {
        let corpus = Corpus { tokens: (0..60).collect(), ends: (1..=6).map(|n| n * 10).collect() };
        let lengths: Vec<usize> = blocks(&corpus, 15).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 2, 2]);
        assert!(blocks(&Corpus::default(), 15).concat().is_empty());
    }
}
