//! Whole numbers, small ones and bounds first, shrunk towards the simplest.

use proptest::prelude::RngExt as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// How far from the simplest a case may go.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// 0: the simplest value of all; 100: everything that the generator has.
    pub size: u32,
    /// One in so many values is a bound or another value that programs trip over.
    pub edges: u32,
}

/// In how many cases values grow to their full size.
const GROWS_FOR: u32 = 50;
/// So many cases look at edges more often.
const EDGY: u32 = 20;

impl Effort {
    /// Of the case with that number, from 0.
    pub fn of(case: u32) -> Self {
        let size = case.min(GROWS_FOR) * 100 / GROWS_FOR;
        Self { size, edges: if case < EDGY { 2 } else { 8 } }
    }

    /// As much of a length as this effort allows.
    pub fn of_length(self, low: usize, high: usize) -> usize {
        let room = high.saturating_sub(low);
        low + if self.size == 0 { 0 } else { (room * self.size as usize / 100).max(1).min(room) }
    }

    /// Whether this value should be an edge.
    pub fn is_edge(self, runner: &mut TestRunner) -> bool {
        self.size > 0 && runner.rng().random_ratio(1, self.edges)
    }
}

/// Numbers of a range.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// The least.
    pub low: i64,
    /// The greatest.
    pub high: i64,
    /// Three in four values are at most this.
    pub common: Option<i64>,
    /// Values to try early.
    pub edges: Vec<i64>,
    /// How far to go.
    pub effort: Effort,
}

impl Numbers {
    /// Of a range with both ends, which is not empty.
    pub fn new(low: i64, high: i64, effort: Effort) -> Self {
        let near = simplest(low, high);
        let candidates = [
            low,
            high,
            near,
            near.saturating_add(1),
            near.saturating_sub(1),
            low.saturating_add(1),
            high.saturating_sub(1),
        ];
        let edges = candidates.into_iter().filter(|edge| (low..=high).contains(edge)).collect();
        Self { low, high, common: None, edges, effort }
    }

    fn pick(&self, runner: &mut TestRunner) -> i64 {
        let near = simplest(self.low, self.high);
        if self.effort.size == 0 {
            return near;
        }
        if self.effort.is_edge(runner) && !self.edges.is_empty() {
            let at = runner.rng().random_range(0..self.edges.len());
            return self.edges.get(at).copied().unwrap_or(near);
        }
        if let Some(common) = self.common
            && runner.rng().random_ratio(3, 4)
        {
            return runner.rng().random_range(self.low..=common.min(self.high));
        }
        if runner.rng().random() {
            return runner.rng().random_range(self.low..=self.high);
        }
        // Every length of a number is as likely as any other.
        let far = near.abs_diff(self.low).max(near.abs_diff(self.high));
        let most = (u64::BITS - far.leading_zeros()) * self.effort.size / 100;
        let bits = runner.rng().random_range(0..=most);
        let distance = i128::from(runner.rng().random::<u64>() & u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0));
        let signed = if runner.rng().random() { distance } else { -distance };
        let inside = |value: i128| i64::try_from(value).ok().filter(|value| (self.low..=self.high).contains(value));
        let near = i128::from(near);
        inside(near + signed).or_else(|| inside(near - signed)).unwrap_or(self.high)
    }
}

/// The number of a range that is nearest to 0.
pub fn simplest(low: i64, high: i64) -> i64 {
    0.clamp(low, high)
}

impl Strategy for Numbers {
    type Tree = Descent;
    type Value = i64;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(Descent::new(self.pick(runner), simplest(self.low, self.high)))
    }
}

/// So near to its target a search that made progress begins anew: what fails need not fail all the way.
const NEAR: i128 = 10_000;

/// A number on its way to the simplest one that still fails.
#[derive(Debug, Clone)]
pub struct Descent {
    target: i128,
    /// Everything from the target up to here is known to pass, or has not been tried since the search began; this itself is open.
    open: i128,
    failing: i128,
    current: i128,
    /// Where this search began.
    from: i128,
}

impl Descent {
    /// From a number towards a target.
    pub fn new(start: i64, target: i64) -> Self {
        let (start, target) = (i128::from(start), i128::from(target));
        Self { target, open: target, failing: start, current: start, from: start }
    }

    /// One step from `from` towards `to`.
    fn step(from: i128, to: i128) -> i128 {
        from + (to - from).signum()
    }
}

impl ValueTree for Descent {
    type Value = i64;

    fn current(&self) -> i64 {
        i64::try_from(self.current).unwrap_or(if self.current < 0 { i64::MIN } else { i64::MAX })
    }

    fn simplify(&mut self) -> bool {
        self.failing = self.current;
        if self.open == self.failing {
            if self.from == self.failing || (self.failing - self.target).abs() > NEAR || self.failing == self.target {
                return false;
            }
            self.from = self.failing;
            self.open = Self::step(self.target, self.failing);
            if self.open == self.failing {
                return false;
            }
        }
        // The target itself first: mostly a value does not matter at all.
        self.current = if self.open == self.target { self.target } else { self.open + (self.failing - self.open) / 2 };
        true
    }

    fn complicate(&mut self) -> bool {
        if self.current == self.failing {
            return false;
        }
        self.open = Self::step(self.current, self.failing);
        self.current =
            if self.open == self.failing { self.failing } else { self.open + (self.failing - self.open) / 2 };
        true
    }
}
