//! How quickly a loop goes, and the words for that.

/// Iterations per time, the recent ones counting most. Changes only when an iteration ends, so it does not sink in between.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rate {
    at: u64,
    seen: u64,
    count: f64,
    time: f64,
}

/// What happened longer ago than this counts little, microseconds.
const SPAN: f64 = 15e6;
/// But so many iterations count always.
const ITERATIONS: f64 = 8.0;
/// A rate from less time than this says nothing, microseconds.
const LEAST: f64 = 0.5e6;

impl Rate {
    /// From a moment on, in microseconds.
    pub(super) fn since(at: u64) -> Self {
        Self { at, ..Self::default() }
    }

    /// So many iterations are over at that moment.
    pub(super) fn feed(&mut self, now: u64, finished: u64) {
        let more = finished.saturating_sub(self.seen);
        if more == 0 || now <= self.at {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate is told with two digits")]
        let (more, passed) = (more as f64, (now - self.at) as f64);
        let span = SPAN.max(ITERATIONS * passed / more);
        let weight = (-passed / span).exp();
        self.count = self.count * weight + more;
        self.time = self.time * weight + passed;
        (self.at, self.seen) = (now, finished);
    }

    /// Microseconds since an iteration ended.
    pub(super) fn since_last(&self, now: u64) -> u64 {
        now.saturating_sub(self.at)
    }

    /// Iterations per second, once that is known.
    pub(super) fn per_second(&self) -> Option<f64> {
        (self.time >= LEAST && self.count > 0.0).then(|| self.count * 1e6 / self.time)
    }
}

/// `4.2/s`, `12/min`, `3.1/h`, `1.5/d`.
pub(super) fn told(per_second: f64) -> String {
    let units = [("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86400.0)];
    let fits = units.iter().find(|(_, seconds)| per_second * seconds >= 0.995);
    let (unit, seconds) = fits.unwrap_or(&units[3]);
    let rate = per_second * seconds;
    if rate < 9.95 { format!("{rate:.1}/{unit}") } else { format!("{rate:.0}/{unit}") }
}

#[cfg(test)]
mod tests {
    use super::{Rate, told};

    #[test]
    fn words() {
        let cases = [
            (4.21, "4.2/s"),
            (0.999, "1.0/s"),
            (12_345.6, "12346/s"),
            (0.2, "12/min"),
            (0.05, "3.0/min"),
            (1.0 / 900.0, "4.0/h"),
            (1.0 / 43_200.0, "2.0/d"),
            (1e-9, "0.0/d"),
        ];
        for (rate, words) in cases {
            assert_eq!(told(rate), words, "{rate}");
        }
    }

    #[test]
    fn follows_a_change_and_holds_between_iterations() {
        let mut rate = Rate::since(0);
        assert_eq!(rate.per_second(), None);
        for second in 1..=60u64 {
            rate.feed(second * 1_000_000, second * 10);
        }
        assert_eq!(rate.per_second().map(told).as_deref(), Some("10/s"));
        // One a second from now on: after a minute the old rate is forgotten.
        for second in 61..=120u64 {
            rate.feed(second * 1_000_000, 600 + second - 60);
        }
        let now = rate.per_second().expect("a rate");
        assert!((0.9..1.6).contains(&now), "{now}");
        rate.feed(10_000_000_000, 660);
        assert_eq!(rate.per_second(), Some(now), "nothing ended, nothing changes");
    }

    #[test]
    fn slow_loops_are_steady() {
        let mut rate = Rate::since(0);
        for hour in 1..=20u64 {
            rate.feed(hour * 3_600_000_000, hour);
            assert_eq!(rate.per_second().map(told).as_deref(), Some("1.0/h"));
        }
    }

    #[test]
    fn a_quick_start_says_nothing_yet() {
        let mut rate = Rate::since(0);
        rate.feed(1_000, 50);
        assert_eq!(rate.per_second(), None);
    }
}
