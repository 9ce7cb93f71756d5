//! Time comes in through a trait, so that tests can hold it in their hands.

use crate::host::Deadline;
use crate::{Stop, StopSignal};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thinking_step::StepError;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC; may jump.
    fn now(&self) -> i64;
    /// Microseconds since some moment before the run; never goes back.
    fn elapsed(&self) -> u64;
    /// Waits, or until the signal asks to stop.
    fn pause(&self, duration: Duration, stop: &StopSignal);
    /// Lets up to `most` pass, however the run stands: a part of a longer wait whose caller looks in between whether it should go on.
    fn pass(&self, most: Duration) {
        std::thread::sleep(most.min(SLICE));
    }
}

/// Longest time without a look whether to go on.
const SLICE: Duration = Duration::from_millis(20);

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
        micros(self.0.elapsed())
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
        self.0.fetch_add(micros(duration), Ordering::SeqCst);
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
    fn pass(&self, most: Duration) {
        self.advance(most);
    }
}

/// A clock for tests of pipelines: whoever waits on it is where it waited for at once, and what is really at work takes its real time. May be
/// shared by several threads; a pause of one moves the time of all.
#[derive(Debug)]
pub struct VirtualClock {
    began: Instant,
    /// Microseconds that nobody waited for.
    skipped: AtomicU64,
    /// Milliseconds since 1970 UTC when nothing was skipped yet.
    start: AtomicI64,
    still: bool,
}

impl VirtualClock {
    /// A clock that shows `start` (milliseconds since 1970 UTC) now, and goes on with real time and with what is skipped.
    #[must_use]
    pub fn new(start: i64) -> Self {
        Self { began: Instant::now(), skipped: AtomicU64::new(0), start: AtomicI64::new(start), still: false }
    }

    /// One that shows `start` until something is skipped or set: how fast the computer is does not show in what a pipeline writes down.
    /// Timeouts count real time all the same.
    #[must_use]
    pub fn still(start: i64) -> Self {
        Self { still: true, ..Self::new(start) }
    }

    /// Moves it on, for timeouts as for what it shows.
    pub fn advance(&self, duration: Duration) {
        let add = |skipped: u64| Some(skipped.saturating_add(micros(duration)));
        // The function always gives something.
        let _ = self.skipped.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }

    /// Sets what it shows, milliseconds since 1970 UTC, forth or back, as somebody who sets the computer's clock. Timeouts and pauses that are
    /// measured from some moment on do not notice.
    pub fn set(&self, now: i64) {
        self.start.store(now.saturating_sub(self.shown()), Ordering::SeqCst);
    }

    /// Milliseconds that it has moved what it shows.
    fn shown(&self) -> i64 {
        let skipped = self.skipped.load(Ordering::SeqCst);
        let micros = if self.still { skipped } else { skipped.saturating_add(micros(self.began.elapsed())) };
        i64::try_from(micros / 1000).unwrap_or(i64::MAX)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> i64 {
        self.start.load(Ordering::SeqCst).saturating_add(self.shown())
    }
    fn elapsed(&self) -> u64 {
        micros(self.began.elapsed()).saturating_add(self.skipped.load(Ordering::SeqCst))
    }
    fn pause(&self, duration: Duration, stop: &StopSignal) {
        if stop.asked() == Stop::No {
            self.pass(duration);
        }
    }
    /// Two that wait at the same time for an hour wait for one hour together.
    fn pass(&self, most: Duration) {
        let end = self.skipped.load(Ordering::SeqCst).saturating_add(micros(most));
        self.skipped.fetch_max(end, Ordering::SeqCst);
        // Who waits for what another thread does lets it do it.
        std::thread::yield_now();
    }
}

/// Waits for that long, as a body that asked to: `check` says whether it has to end, and is asked again and again, and at a deadline.
pub(crate) fn wait(
    clock: &dyn Clock,
    duration: Duration,
    deadline: Option<&Deadline>,
    check: impl Fn() -> Result<(), StepError>,
) -> Result<(), StepError> {
    let mut now = clock.elapsed();
    let end = now.saturating_add(micros(duration));
    let next = deadline.map_or(end, |deadline| deadline.at.min(end));
    while now < next {
        check()?;
        clock.pass(Duration::from_micros(next - now));
        now = clock.elapsed();
    }
    check()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn pauses_take_no_time_and_are_over() {
        let (clock, stop) = (VirtualClock::still(5000), StopSignal::default());
        let began = Instant::now();
        let before = clock.elapsed();
        clock.pause(HOUR, &stop);
        assert_eq!(clock.now(), 3_605_000);
        assert!(clock.elapsed() - before >= 3_600_000_000);
        clock.advance(HOUR);
        assert_eq!(clock.now(), 7_205_000);
        clock.set(1000);
        clock.pass(HOUR);
        assert_eq!(clock.now(), 3_601_000);
        assert!(clock.elapsed() - before >= 3 * 3_600_000_000, "set back, but time went on");
        assert!(began.elapsed() < HOUR);
        clock.advance(Duration::MAX);
        clock.pause(Duration::MAX, &stop);
        assert_eq!(clock.elapsed(), u64::MAX);
    }

    #[test]
    fn a_run_that_stops_waits_for_nothing() {
        let (clock, stop) = (VirtualClock::still(0), StopSignal::default());
        stop.request();
        clock.pause(HOUR, &stop);
        assert_eq!(clock.now(), 0);
    }

    #[test]
    fn real_time_counts() {
        let clock = VirtualClock::new(0);
        let before = clock.elapsed();
        while clock.elapsed() < before + 2000 {
            std::thread::yield_now();
        }
        assert!(clock.now() >= 2);
    }

    #[test]
    fn many_threads_wait_together_and_time_never_goes_back() {
        let (clock, stop) = (VirtualClock::still(0), StopSignal::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let before = clock.elapsed();
                        clock.pause(Duration::from_secs(1), &stop);
                        assert!(clock.elapsed() >= before + 1_000_000);
                    }
                });
            }
        });
        assert!((500_000..=2_000_000).contains(&clock.now()), "{}", clock.now());
    }
}
