//! An axis: where a value lies between its two ends, and what stands along it.

use super::calendar;
use super::ticks::{self, Tick};

/// One axis of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Where something is written, within the ends.
    pub ticks: Vec<Tick>,
    /// One place per name rather than a measure.
    pub named: bool,
}

/// How the ends of an axis are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// At round numbers around the data; at 0 if that is near.
    Round,
    /// Where the data ends, with a little air.
    Data,
    /// Exactly as given.
    Exact,
}

impl Axis {
    /// An axis of numbers with about `count` ticks.
    pub fn numbers(range: (f64, f64), count: usize, ends: Ends, logarithmic: bool, whole: bool) -> Self {
        if logarithmic {
            return Self::logarithmic(range, count);
        }
        let (mut low, mut high) = widened(range);
        match ends {
            Ends::Round => {
                // A chart that nearly reaches 0 may as well show it: heights can be compared then.
                if low > 0.0 && low < (high - low) * 0.35 {
                    low = 0.0;
                }
                if high < 0.0 && -high < (high - low) * 0.35 {
                    high = 0.0;
                }
            }
            Ends::Data => {
                let air = (high - low) * 0.02;
                (low, high) = (low - air, high + air);
            }
            Ends::Exact => {}
        }
        let ticks = ticks::linear(low, high, count, ends == Ends::Round, whole);
        if ends == Ends::Round
            && let [first, .., last] = ticks.as_slice()
        {
            (low, high) = (first.value, last.value);
        }
        Self { low, high, logarithmic: false, ticks, named: false }
    }

    fn logarithmic((low, high): (f64, f64), count: usize) -> Self {
        // Without data the range begins at 0, which such an axis never reaches.
        let (mut low, mut high) = if low > 0.0 { (low, high) } else { (1.0, 10.0) };
        if high / low < 1.001 {
            (low, high) = (low / 2.0, high * 2.0);
        }
        let ticks = ticks::logarithmic(low, high, count);
        if let [first, .., last] = ticks.as_slice() {
            (low, high) = (first.value.min(low), last.value.max(high));
        }
        Self { low, high, logarithmic: true, ticks, named: false }
    }

    /// An axis of points in time, in milliseconds since 1970.
    pub fn times((low, high): (f64, f64), count: usize) -> Self {
        let (low, high) = if high - low < 1.0 { (low - 43_200_000.0, high + 43_200_000.0) } else { (low, high) };
        let air = (high - low) * 0.02;
        let (low, high) = (low - air, high + air);
        Self { low, high, logarithmic: false, ticks: calendar::times(low, high, count), named: false }
    }

    /// An axis with a place for each name.
    pub fn names(names: &[String]) -> Self {
        let tick = |(at, name): (usize, &String)| Tick { value: at as f64, label: name.clone(), below: String::new() };
        let high = names.len().max(1) as f64 - 0.5;
        Self { low: -0.5, high, logarithmic: false, ticks: names.iter().enumerate().map(tick).collect(), named: true }
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper one.
    pub fn place(&self, value: f64) -> f64 {
        if self.logarithmic {
            return (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10());
        }
        (value - self.low) / (self.high - self.low)
    }

    /// The value that bars stand on: 0, or the lower end where there is no 0.
    pub fn base(&self) -> f64 {
        if self.logarithmic { self.low } else { 0.0_f64.clamp(self.low, self.high) }
    }

    /// Whether 0 is in sight, above the lower end.
    pub fn crosses_zero(&self) -> bool {
        !self.logarithmic && !self.named && self.low < 0.0 && self.high >= 0.0
    }
}

/// A range that is wide enough to be divided: equal values get room on both sides.
fn widened((low, high): (f64, f64)) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if high - low > size * 1e-11 {
        return (low, high);
    }
    if size == 0.0 {
        return (-1.0, 1.0);
    }
    let room = size * 0.1;
    (low - room, high + room)
}
