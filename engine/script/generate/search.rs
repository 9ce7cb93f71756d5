//! Looks for values for which a property does not hold.

use super::ForAll;
use super::literal::literal;
use super::number::Effort;
use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rhai::Dynamic;
use std::collections::HashSet;

/// How to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// The same seed gives the same cases.
    pub seed: u64,
    /// How many different cases have to pass.
    pub cases: u32,
    /// How often at most the test runs to make a failure simpler.
    pub tries: u32,
}

impl Search {
    /// 100 cases, and up to 500 tries to make a failure simpler.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, cases: 100, tries: 500 }
    }
}

/// How a test went with some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<F> {
    /// The property holds.
    Pass,
    /// It does not, and what is to be said of that.
    Fail(F),
    /// The values do not fit what the test assumes.
    Discard,
    /// The test was stopped: nothing more is tried.
    Stop,
}

/// A value with the name that it has in the test.
pub type Named = (String, Dynamic);

/// What was found.
#[derive(Debug, Clone)]
pub enum Searched<F> {
    /// The property held in all cases.
    Held {
        /// So many different cases passed; fewer than asked for where there are no more.
        cases: u32,
        /// So many did not fit the assumption.
        discarded: u32,
    },
    /// It did not hold.
    Failed(Box<Counterexample<F>>),
    /// Nearly no values fit what the test assumes.
    GaveUp {
        /// So many cases passed.
        cases: u32,
        /// So many did not fit.
        discarded: u32,
    },
    /// The test was stopped before anything was found.
    Stopped {
        /// So many cases passed.
        cases: u32,
    },
}

/// Values for which a property does not hold.
#[derive(Debug, Clone)]
pub struct Counterexample<F> {
    /// The seed of the search.
    pub seed: u64,
    /// Which case failed first, from 1.
    pub case: u32,
    /// The simplest values that fail.
    pub values: Vec<Named>,
    /// The values that failed first.
    pub original: Vec<Named>,
    /// How often the values became simpler.
    pub shrinks: u32,
    /// How often the test ran for that.
    pub tries: u32,
    /// What the test said of the simplest values.
    pub failure: F,
}

/// So many times as many cases as asked for may be drawn: values repeat, or do not fit.
const PATIENCE: u32 = 10;

/// Runs a property.
pub fn search<F>(forall: &ForAll, how: &Search, mut test: impl FnMut(&[Named]) -> Verdict<F>) -> Searched<F> {
    let (mut cases, mut discarded, mut tried) = (0, 0, 0);
    let mut known = HashSet::new();
    for draw in 0..how.cases.saturating_mul(PATIENCE) {
        if cases >= how.cases {
            break;
        }
        let Some(mut tree) = draw_case(forall, how.seed, draw) else { continue };
        let values = forall.named(tree.current());
        if !known.insert(key(&values)) {
            continue;
        }
        tried += 1;
        match test(&values) {
            Verdict::Pass => cases += 1,
            Verdict::Discard => discarded += 1,
            Verdict::Stop => return Searched::Stopped { cases },
            Verdict::Fail(failure) => {
                let found = Counterexample {
                    seed: how.seed,
                    case: tried,
                    original: values.clone(),
                    values,
                    shrinks: 0,
                    tries: 0,
                    failure,
                };
                return Searched::Failed(Box::new(shrink(forall, how, tree.as_mut(), found, &mut test)));
            }
        }
    }
    if discarded > cases.saturating_mul(PATIENCE - 1) && cases < how.cases {
        return Searched::GaveUp { cases, discarded };
    }
    Searched::Held { cases, discarded }
}

/// The values of a case, which depend on the seed and its number alone.
fn draw_case(forall: &ForAll, seed: u64, draw: u32) -> Option<Box<dyn ValueTree<Value = Vec<Dynamic>>>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..12].copy_from_slice(&draw.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { failure_persistence: None, ..Config::default() };
    let effort = Effort::of(draw);
    let kinds: Vec<_> = forall.kinds().map(|kind| kind.strategy(effort)).collect();
    kinds.boxed().new_tree(&mut TestRunner::new_with_rng(config, rng)).ok()
}

/// What tells values apart.
fn key(values: &[Named]) -> String {
    values.iter().map(|(_, value)| literal(value, usize::MAX)).collect::<Vec<_>>().join("\n")
}

/// Makes values simpler as long as they fail.
fn shrink<F>(
    forall: &ForAll,
    how: &Search,
    tree: &mut dyn ValueTree<Value = Vec<Dynamic>>,
    mut found: Counterexample<F>,
    test: &mut impl FnMut(&[Named]) -> Verdict<F>,
) -> Counterexample<F> {
    let mut failing = key(&found.values);
    // What was tried is not tried again: a test may take long.
    let mut passed = HashSet::new();
    let mut moved = tree.simplify();
    // Each try can be preceded by some that are known.
    for _ in 0..how.tries.saturating_mul(20) {
        if !moved {
            break;
        }
        let values = forall.named(tree.current());
        let now = key(&values);
        let fails = if now == failing {
            true
        } else if passed.contains(&now) {
            false
        } else {
            if found.tries == how.tries {
                break;
            }
            found.tries += 1;
            match test(&values) {
                Verdict::Fail(failure) => {
                    found.shrinks += 1;
                    found.values = values;
                    found.failure = failure;
                    failing = now;
                    true
                }
                Verdict::Pass | Verdict::Discard => {
                    passed.insert(now);
                    false
                }
                Verdict::Stop => break,
            }
        };
        moved = if fails { tree.simplify() } else { tree.complicate() };
    }
    found
}
