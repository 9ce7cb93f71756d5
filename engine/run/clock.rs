//! Time comes in through a trait, so that tests can hold it in their hands.

use crate::StopSignal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC; may jump.
    fn now(&self) -> i64;
    /// Microseconds since some moment before the run; never goes back.
    fn elapsed(&self) -> u64;
    /// Waits, or until the signal asks to stop.
    fn pause(&self, duration: Duration, stop: &StopSignal);
}

/// The computer's clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
    fn elapsed(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
    fn pause(&self, duration: Duration, stop: &StopSignal) {
        stop.wait(duration);
    }
}

/// A clock that moves only when told to; a pause moves it on at once.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Moves it on.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> i64 {
        i64::try_from(self.0.load(Ordering::SeqCst) / 1000).unwrap_or(i64::MAX)
    }
    fn elapsed(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
    fn pause(&self, duration: Duration, _: &StopSignal) {
        self.advance(duration);
    }
}
