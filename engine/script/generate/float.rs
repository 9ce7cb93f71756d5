//! Floats, shrunk to few digits.

use super::number::{Descent, Effort};
use proptest::prelude::RngExt as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Floats of a range with both ends.
#[derive(Debug, Clone)]
pub struct Floats {
    /// The least, finite.
    pub low: f64,
    /// The greatest, finite.
    pub high: f64,
    /// How far to go.
    pub effort: Effort,
}

/// What programs trip over.
const EDGES: [f64; 9] =
    [0.0, 1.0, -1.0, 0.1, f64::EPSILON, f64::MIN_POSITIVE, 9_007_199_254_740_993.0, f64::MAX, f64::MIN];

impl Floats {
    fn pick(&self, runner: &mut TestRunner) -> f64 {
        let near = 0.0_f64.clamp(self.low, self.high);
        if self.effort.size == 0 {
            return near;
        }
        if self.effort.is_edge(runner) {
            let edges = EDGES.into_iter().filter(|edge| (self.low..=self.high).contains(edge));
            let edges: Vec<f64> = edges.chain([self.low, self.high]).collect();
            let at = runner.rng().random_range(0..edges.len());
            return edges.get(at).copied().unwrap_or(near);
        }
        // Of numbers that differ by many powers of ten, nearly all are near the ends.
        let reach = 10_f64.powi(i32::try_from(self.effort.size / 8).unwrap_or(12));
        let (low, high) = match runner.rng().random() {
            true => (self.low.max(near - reach), self.high.min(near + reach)),
            false => (self.low, self.high),
        };
        let part: f64 = runner.rng().random();
        // Halves, so that the distance between the ends is finite.
        (low + (high / 2.0 - low / 2.0) * part * 2.0).clamp(self.low, self.high)
    }
}

impl Strategy for Floats {
    type Tree = FloatTree;
    type Value = f64;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let value = self.pick(runner);
        Ok(FloatTree { low: self.low, high: self.high, failing: value, current: value, stage: Stage::Start })
    }
}

#[derive(Debug, Clone)]
enum Stage {
    Start,
    /// This many digits after the point are tried.
    Digits(u32),
    /// With this many digits, downwards.
    Search(u32, Descent),
    Done,
}

/// A float on its way to one with few digits that still fails.
#[derive(Debug, Clone)]
pub struct FloatTree {
    low: f64,
    high: f64,
    failing: f64,
    current: f64,
    stage: Stage,
}

/// Most digits after the point that are tried.
const DIGITS: u32 = 6;
/// Up to here floats count one by one.
const COUNTABLE: f64 = 9.0e15;

fn scale(digits: u32) -> f64 {
    10_f64.powi(i32::try_from(digits).unwrap_or(0))
}

impl FloatTree {
    /// Tries the failing value with few digits, from that many on.
    fn round(&mut self, from: u32) -> bool {
        for digits in from..=DIGITS {
            let scaled = (self.failing * scale(digits)).round();
            let rounded = if scaled.abs() > COUNTABLE { 1.0e15_f64.copysign(scaled) } else { scaled / scale(digits) };
            if rounded == self.failing {
                return self.search(digits);
            }
            if (self.low..=self.high).contains(&rounded) {
                self.current = rounded;
                self.stage = Stage::Digits(digits);
                return true;
            }
        }
        self.current = self.failing;
        self.stage = Stage::Done;
        false
    }

    /// Goes down from the failing value, which has that many digits.
    fn search(&mut self, digits: u32) -> bool {
        let (low, high) = ((self.low * scale(digits)).ceil(), (self.high * scale(digits)).floor());
        let start = (self.failing * scale(digits)).round();
        if start.abs() > COUNTABLE || low > high {
            self.stage = Stage::Done;
            return false;
        }
        let mut descent = Descent::new(start as i64, 0.0_f64.clamp(low, high) as i64);
        let moved = descent.simplify();
        self.set(digits, descent);
        moved
    }

    fn set(&mut self, digits: u32, descent: Descent) {
        self.current = (descent.current() as f64 / scale(digits)).clamp(self.low, self.high);
        self.stage = Stage::Search(digits, descent);
    }
}

impl ValueTree for FloatTree {
    type Value = f64;

    fn current(&self) -> f64 {
        self.current
    }

    fn simplify(&mut self) -> bool {
        self.failing = self.current;
        match self.stage.clone() {
            Stage::Start => self.round(0),
            Stage::Digits(digits) => self.search(digits),
            Stage::Search(digits, mut descent) => {
                let moved = descent.simplify();
                self.set(digits, descent);
                moved
            }
            Stage::Done => false,
        }
    }

    fn complicate(&mut self) -> bool {
        match self.stage.clone() {
            Stage::Digits(digits) => {
                if !self.round(digits + 1) {
                    self.current = self.failing;
                }
                true
            }
            Stage::Search(digits, mut descent) => {
                let moved = descent.complicate();
                self.set(digits, descent);
                moved
            }
            Stage::Start | Stage::Done => false,
        }
    }
}
