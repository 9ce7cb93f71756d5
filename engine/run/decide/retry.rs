//! Whether and when to try again, as a pure decision.

use std::time::Duration;
use thinking_plan::Backoff;
use thinking_step::{ErrorKind, StepError};

/// A `retry` whose settings have been evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// Tries after the first.
    pub tries: u32,
    /// How pauses grow.
    pub backoff: Backoff,
    /// First pause.
    pub initial: Duration,
    /// Longest pause.
    pub max: Option<Duration>,
    /// Whether pauses are drawn from 50 % to 100 % of their length.
    pub jitter: bool,
    /// Only on these kinds; empty for all that can pass by themselves.
    pub on: Vec<ErrorKind>,
}

impl RetryPolicy {
    /// The pause before the next try after attempt `number` (from 1) of `path` failed; `None` if that was the last. If a server said when to come back
    /// (`Retry-After`), it is no shorter than that, whatever `max` says.
    pub(crate) fn pause(&self, path: &str, number: u32, error: &StepError) -> Option<Duration> {
        let pause = self.own_pause(path, number, error.kind)?;
        Some(error.retry_after.map_or(pause, |after| pause.max(after)))
    }

    fn own_pause(&self, path: &str, number: u32, kind: ErrorKind) -> Option<Duration> {
        let hopeless = matches!(kind, ErrorKind::Permission | ErrorKind::Store | ErrorKind::Cancelled);
        if hopeless || number > self.tries || !(self.on.is_empty() || self.on.contains(&kind)) {
            return None;
        }
        let factor = match self.backoff {
            Backoff::Fixed => 1,
            Backoff::Linear => number,
            Backoff::Exponential => 1u32.checked_shl(number.saturating_sub(1)).unwrap_or(u32::MAX),
        };
        let whole = self.initial.saturating_mul(factor).min(self.max.unwrap_or(Duration::MAX));
        if !self.jitter {
            return Some(whole);
        }
        // Not random: the same attempt of the same task always waits as long, so that a run can be told again exactly.
        let hash = blake3::hash(format!("{path}\0{number}").as_bytes());
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&hash.as_bytes()[..4]);
        let share = 0.5 + 0.5 * f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        Some(Duration::try_from_secs_f64(whole.as_secs_f64() * share).unwrap_or(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(backoff: Backoff) -> RetryPolicy {
        let (initial, max) = (Duration::from_secs(1), Some(Duration::from_secs(10)));
        RetryPolicy { tries: 40, backoff, initial, max, jitter: false, on: Vec::new() }
    }

    #[test]
    fn pauses_grow_as_asked_and_stop_at_the_longest() {
        let seconds =
            |backoff, number| policy(backoff).own_pause("a", number, ErrorKind::Exec).map(|pause| pause.as_secs());
        assert_eq!([1, 2, 9].map(|number| seconds(Backoff::Fixed, number)), [Some(1); 3]);
        assert_eq!([1, 2, 39].map(|number| seconds(Backoff::Linear, number)), [Some(1), Some(2), Some(10)]);
        assert_eq!([1, 3, 40].map(|number| seconds(Backoff::Exponential, number)), [Some(1), Some(4), Some(10)]);
        assert_eq!(seconds(Backoff::Fixed, 41), None);
    }

    #[test]
    fn only_the_kinds_that_were_asked_for_are_tried_again() {
        let on = |on: &[ErrorKind], kind| {
            RetryPolicy { on: on.to_vec(), ..policy(Backoff::Fixed) }.own_pause("a", 1, kind).is_some()
        };
        assert!(on(&[], ErrorKind::Http));
        assert!(!on(&[], ErrorKind::Permission));
        assert!(!on(&[ErrorKind::Http], ErrorKind::Exec));
        assert!(on(&[ErrorKind::Http, ErrorKind::Exec], ErrorKind::Exec));
    }

    #[test]
    fn jitter_stays_between_half_and_whole_and_is_repeatable() {
        let policy = RetryPolicy { jitter: true, ..policy(Backoff::Fixed) };
        for number in 1..30 {
            let pause = policy.own_pause("fit/train", number, ErrorKind::Http).unwrap_or_default();
            assert!((500..=1000).contains(&pause.as_millis()), "{pause:?}");
            assert_eq!(policy.own_pause("fit/train", number, ErrorKind::Http), Some(pause));
        }
    }

    #[test]
    fn a_server_s_word_is_obeyed() {
        let mut error = StepError::new(ErrorKind::Http, "429");
        let pause = |error: &StepError| policy(Backoff::Fixed).pause("a", 1, error).map(|pause| pause.as_secs());
        assert_eq!(pause(&error), Some(1));
        error.retry_after = Some(Duration::from_secs(120));
        assert_eq!(pause(&error), Some(120), "also beyond `max`");
        error.retry_after = Some(Duration::ZERO);
        assert_eq!(pause(&error), Some(1));
    }
}
