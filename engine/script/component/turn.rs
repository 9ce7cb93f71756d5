//! One call at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;
use thinking_step::{Host, StepError};

/// How often whoever waits looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

/// Lets one thread in after the other.
#[derive(Default)]
pub struct Turn {
    inside: Mutex<Option<ThreadId>>,
    free: Condvar,
}

/// Lets the next one in when it is dropped.
pub struct Inside<'a>(&'a Turn);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
        self.0.free.notify_one();
    }
}

impl Turn {
    /// Waits until nobody else is inside.
    ///
    /// # Errors
    /// This thread is inside already: waiting for itself it would wait for ever. Or it should stop.
    pub fn enter(&self, host: &dyn Host, called: &str) -> Result<Inside<'_>, StepError> {
        let me = thread::current().id();
        let mut inside = self.lock();
        loop {
            match *inside {
                None => {
                    *inside = Some(me);
                    return Ok(Inside(self));
                }
                Some(other) if other == me => {
                    let message =
                        format!("`{called}` was called while another operation of the same component is at work");
                    return Err(StepError::script(message)
                        .help("one component works on one thing at a time: hand on what the other needs, instead of letting it ask back"));
                }
                Some(_) => {}
            }
            let waited = self.free.wait_timeout(inside, LOOK).unwrap_or_else(PoisonError::into_inner);
            inside = waited.0;
            if waited.1.timed_out() {
                host.check_cancelled()?;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ThreadId>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
