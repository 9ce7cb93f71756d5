//! The world of the native code that runs on this thread.

use crate::{Host, StepError};
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    /// The worlds of the native calls under way on this thread, innermost last: databases and states that native code holds reach theirs
    /// through it, so that a component does not hand its world from call to call.
    static CURRENT: RefCell<Vec<Arc<dyn Host>>> = const { RefCell::new(Vec::new()) };
}

struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|all| all.pop());
    }
}

/// Runs `body` with `host` as the world of all native code that it calls on this thread. Calls may nest.
pub fn with_current<T>(host: &Arc<dyn Host>, body: impl FnOnce() -> T) -> T {
    CURRENT.with_borrow_mut(|all| all.push(Arc::clone(host)));
    let _leave = Leave;
    body()
}

/// The world of the call under way on this thread.
///
/// # Errors
/// There is none: this is another thread than the one that was called, or nothing was called.
pub fn current() -> Result<Arc<dyn Host>, StepError> {
    CURRENT.with_borrow(|all| all.last().cloned()).ok_or_else(|| {
        StepError::new(
            crate::ErrorKind::Native,
            "databases and states can be used only on the thread that the engine called",
        )
        .help("take what the other threads need before they start, and put back what they give")
    })
}
