//! What is learned from the book: by both ways, the same each time, and with sense.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use word_vectors::fast::{self, Cut};
use word_vectors::plain;
use word_vectors::sampling::{Drawing, Sampler};
use word_vectors::similar::Similar;
use word_vectors::vocabulary::{Corpus, Vocabulary};
use word_vectors::weights::Weights;
use word_vectors::words::{paragraphs, words};

const SEED: u64 = 42;
const RATE: f32 = 0.03;
const CUT: Cut = Cut { blocks: 4, words: 1000 };

struct Book {
    vocabulary: Vocabulary,
    corpus: Corpus,
    sampler: Sampler,
}

/// The book, or its first paragraphs.
fn book(most: usize) -> Book {
    let text = include_str!("../../data/opticks.txt");
    let split: Vec<Vec<String>> =
        paragraphs(text).into_iter().take(most).map(|paragraph| words(paragraph, true, 2)).collect();
    let mut counts = BTreeMap::new();
    for word in split.iter().flatten() {
        *counts.entry(word.clone()).or_insert(0) += 1;
    }
    let vocabulary = Vocabulary::new(counts, 5);
    let corpus = Corpus::new(&vocabulary, split);
    let sampler = Sampler::new(&vocabulary.counts, Drawing { window: 3, negatives: 10, subsample: 0.003 });
    Book { vocabulary, corpus, sampler }
}

impl Book {
    fn plain(&self, weights: &mut Weights, epoch: u64) -> f64 {
        let go_on = || Ok::<(), Infallible>(());
        let Ok(loss) = plain::epoch(weights, &self.corpus, &self.sampler, (RATE, SEED, epoch), go_on);
        loss.mean()
    }

    fn fast(&self, weights: &mut Weights, epoch: u64, threads: usize) -> f64 {
        let go_on = || Ok::<(), Infallible>(());
        let Ok(loss) = fast::epoch(weights, &self.corpus, &self.sampler, (RATE, SEED, epoch), (CUT, threads), go_on);
        loss.mean()
    }

    fn learn(&self, epochs: u64, fast: bool, threads: usize) -> (Weights, Vec<f64>) {
        let mut weights = Weights::new(self.vocabulary.len(), 32, SEED);
        let epoch =
            |epoch| if fast { self.fast(&mut weights, epoch, threads) } else { self.plain(&mut weights, epoch) };
        let losses = (1..=epochs).map(epoch).collect();
        (weights, losses)
    }
}

#[test]
fn stops_when_it_is_told_to() {
    let book = book(120);
    let mut weights = Weights::new(book.vocabulary.len(), 8, SEED);
    let once = |asked: &mut usize| {
        *asked += 1;
        if *asked > 2 { Err("enough") } else { Ok(()) }
    };
    let (mut plainly, mut fast) = (0, 0);
    let found = plain::epoch(&mut weights, &book.corpus, &book.sampler, (RATE, SEED, 1), || once(&mut plainly));
    assert_eq!((found.err(), plainly), (Some("enough"), 3));
    let cut = Cut { blocks: 2, words: 10 };
    let found = fast::epoch(&mut weights, &book.corpus, &book.sampler, (RATE, SEED, 1), (cut, 2), || once(&mut fast));
    assert_eq!((found.err(), fast), (Some("enough"), 3));
}

#[test]
fn the_same_each_time() {
    let book = book(120);
    assert_eq!(book.learn(2, false, 1), book.learn(2, false, 1));
    let once = book.learn(2, true, 1);
    for threads in [0, 2, 3, 100] {
        assert_eq!(book.learn(2, true, threads), once, "{threads} threads");
    }
    assert_ne!(once.0, book.learn(2, false, 1).0);
}

/// Both ways learn about as fast. Words of a kind point the same way, words of other kinds elsewhere: the difference that was measured
/// is near 0.5 or above.
#[test]
fn what_is_learned_makes_sense() {
    let book = book(usize::MAX);
    let kinds = [
        "red orange yellow green blue indigo violet purple",
        "first second third fourth fifth sixth seventh eighth",
        "two three four five six eight ten",
        "could would might should may shall must",
        "acid salt spirit oil vitriol water",
    ];
    let mut held_out = Vec::new();
    for fast in [false, true] {
        let (weights, losses) = book.learn(5, fast, 2);
        assert!(losses.is_sorted_by(|before, after| before > after), "{losses:?}");
        held_out.push(plain::score(&weights, &book.corpus, &book.sampler, SEED).mean());
        let similar = Similar::new(&book.vocabulary, &weights);
        for kind in kinds {
            let kind: Vec<&str> = kind.split(' ').collect();
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for word in &kind {
                inside
                    .extend(kind.iter().filter(|other| other != &word).filter_map(|other| similar.alike(word, other)));
                let others = kinds.iter().flat_map(|other| other.split(' ')).filter(|other| !kind.contains(other));
                outside.extend(others.filter_map(|other| similar.alike(word, other)));
            }
            let [inside, outside] = [inside, outside].map(|all| all.iter().sum::<f64>() / all.len() as f64);
            assert!(inside > outside + 0.3, "fast: {fast}, {kind:?}: {inside:.3} for {outside:.3}");
        }
        let colours: Vec<&str> = kinds[0].split(' ').collect();
        for word in ["red", "yellow", "green", "blue"] {
            let near = similar.neighbours(word, 5).unwrap();
            let hits = near.iter().filter(|near| colours.contains(&near.word.as_str())).count();
            assert!(hits >= 2, "fast: {fast}, {word}: {near:?}");
        }
    }
    // Tossing a coin for each of eleven answers: 11 ln 2 = 7.62.
    assert!(held_out.iter().all(|loss| *loss < 4.5), "{held_out:?}");
    assert!((held_out[0] / held_out[1] - 1.0).abs() < 0.1, "{held_out:?}");
}
