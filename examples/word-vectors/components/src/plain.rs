//! The simple way to learn: one pair after the other, as in the textbook. The fast way is held against it.

use crate::logistic::logistic;
use crate::random::Random;
use crate::sampling::Sampler;
use crate::vocabulary::Corpus;
use crate::weights::{Loss, Weights};

/// Goes once over the text to learn from. `rate` says how far each pair moves the vectors. `go_on` is asked now and then.
///
/// # Errors
/// That of `go_on`.
pub fn epoch<E>(
    weights: &mut Weights,
    corpus: &Corpus,
    sampler: &Sampler,
    (rate, seed, epoch): (f32, u64, u64),
    mut go_on: impl FnMut() -> Result<(), E>,
) -> Result<Loss, E> {
    let mut random = Random::of(&[seed, epoch]);
    let mut loss = Loss::default();
    for paragraph in corpus.taught() {
        go_on()?;
        sampler.pairs(paragraph, &mut random, |word, near, random| {
            let answers = answers(near, sampler, random);
            loss.add(learn(weights, word, &answers, rate));
        });
    }
    Ok(loss)
}

/// How far off the model is on the text that it did not learn from. The same pairs each time, so that epochs can be compared.
#[must_use]
pub fn score(weights: &Weights, corpus: &Corpus, sampler: &Sampler, seed: u64) -> Loss {
    let mut random = Random::of(&[seed, u64::MAX]);
    let mut loss = Loss::default();
    for paragraph in corpus.held_out() {
        sampler.pairs(paragraph, &mut random, |word, near, random| {
            let answers = answers(near, sampler, random).into_iter();
            loss.add(answers.map(|(other, right)| f64::from(probability(weights, word, other, right))).product());
        });
    }
    loss
}

/// The right answer, and wrong ones.
fn answers(near: u32, sampler: &Sampler, random: &mut Random) -> Vec<(u32, bool)> {
    let wrong = (0..sampler.negatives()).filter_map(|_| sampler.negative(near, random));
    std::iter::once((near, true)).chain(wrong.map(|word| (word, false))).collect()
}

/// How probable the model holds it that `other` stands near `word`, or that it does not.
fn probability(weights: &Weights, word: u32, other: u32, near: bool) -> f32 {
    let d = weights.dimensions;
    let (word, other) = (word as usize * d, other as usize * d);
    let alike: f32 = (0..d).map(|i| weights.input[word + i] * weights.output[other + i]).sum();
    logistic(if near { alike } else { -alike })
}

/// Moves the vectors towards the right answer and away from the wrong ones. How probable all that was held before.
pub(crate) fn learn(weights: &mut Weights, word: u32, answers: &[(u32, bool)], rate: f32) -> f64 {
    let d = weights.dimensions;
    let mut certainty = 1.0;
    let mut moved = vec![0.0; d];
    for (other, right) in answers {
        let probability = probability(weights, word, *other, *right);
        certainty *= f64::from(probability);
        let pull = rate * (1.0 - probability) * if *right { 1.0 } else { -1.0 };
        let (word, other) = (word as usize * d, *other as usize * d);
        let input = &weights.input[word..][..d];
        let output = &mut weights.output[other..][..d];
        for ((input, output), moved) in input.iter().zip(output).zip(&mut moved) {
            *moved += pull * *output;
            *output += pull * input;
        }
    }
    for (value, moved) in weights.input[word as usize * d..].iter_mut().zip(moved) {
        *value += moved;
    }
    certainty
}

#[cfg(test)]
mod tests {
    use super::{learn, probability};
    use crate::weights::Weights;

    /// What a pair moves is the slope of its loss, downhill: each number is nudged to measure it.
    #[test]
    fn downhill() {
        let numbers = |from: i32| (from..from + 12).map(|n| (n * 7 % 11) as f32 / 10.0 - 0.5).collect::<Vec<f32>>();
        let weights = Weights { dimensions: 4, input: numbers(3), output: numbers(31) };
        let answers = [(2, true), (0, false)];
        let loss = |weights: &Weights| -> f64 {
            answers.iter().map(|(other, right)| -f64::from(probability(weights, 1, *other, *right)).ln()).sum()
        };
        let mut learned = weights.clone();
        let certainty = learn(&mut learned, 1, &answers, 0.001);
        assert!((certainty.ln() + loss(&weights)).abs() < 1e-6);
        for at in 0..24 {
            let part = |weights: &Weights| if at < 12 { weights.input[at] } else { weights.output[at - 12] };
            let nudged = |by: f32| {
                let mut nudged = weights.clone();
                *(if at < 12 { &mut nudged.input[at] } else { &mut nudged.output[at - 12] }) += by;
                loss(&nudged)
            };
            let slope = (nudged(0.01) - nudged(-0.01)) / 0.02;
            let moved = f64::from(part(&learned) - part(&weights)) / 0.001;
            assert!((moved + slope).abs() < 2e-3, "{at}: {moved} for a slope of {slope}");
        }
    }
}
