//! How a run is told to stop.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shared by whoever takes signals and the run.
#[derive(Clone)]
pub struct StopSignal(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    changed: Condvar,
    grace: Duration,
}

#[derive(Default)]
struct State {
    asked: Option<Instant>,
    now: bool,
    listener: Option<Box<dyn FnOnce() + Send>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Nothing.
    No,
    /// No new step; running ones may go on for a while.
    Graceful,
    /// The grace is over, or it was asked for twice: running steps end too.
    Now,
}

impl Default for StopSignal {
    fn default() -> Self {
        Self::new(Duration::from_secs(10))
    }
}

impl StopSignal {
    /// A signal that was not given yet. `grace`: how long running steps may go on after the first request.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), changed: Condvar::new(), grace }))
    }

    /// Asks to stop; asked a second time, to stop at once.
    pub fn request(&self) {
        let mut state = self.state();
        state.now |= state.asked.is_some();
        state.asked.get_or_insert_with(Instant::now);
        let listener = state.listener.take();
        drop(state);
        self.0.changed.notify_all();
        if let Some(listener) = listener {
            listener();
        }
    }

    /// What is asked for at this moment.
    #[must_use]
    pub fn asked(&self) -> Stop {
        let state = self.state();
        match state.asked {
            None => Stop::No,
            Some(at) if state.now || at.elapsed() >= self.0.grace => Stop::Now,
            Some(_) => Stop::Graceful,
        }
    }

    /// Waits for that long, or until asked to stop.
    pub fn wait(&self, duration: Duration) {
        let end = Instant::now().checked_add(duration);
        let mut state = self.state();
        while state.asked.is_none() {
            let left = end.map_or(Duration::from_secs(3600), |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Calls `listener` at the first request.
    pub(crate) fn listen(&self, listener: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        if state.asked.is_some() {
            drop(state);
            listener();
        } else {
            state.listener = Some(Box::new(listener));
        }
    }

    /// Forgets the listener.
    pub(crate) fn unlisten(&self) {
        self.state().listener = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
