//! Which attempts use a state, and what of it is recorded.

use super::Shared;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use thinking_step::{Datum, Digest, ErrorKind, Host, Participant, StepError, digest};

/// What memory holds, and who uses it.
pub(crate) struct Book<T> {
    /// The digest of the record that memory is equal to, besides changes under way (inside: `None` where nothing is recorded); `None`: memory
    /// means nothing.
    pub(super) in_memory: Option<Option<Digest>>,
    /// Whether memory was compared with the record for all attempts that are listed.
    pub(super) checked: bool,
    /// The attempts under way that use it; their hosts hold them.
    pub(super) attempts: Vec<Weak<Attempt<T>>>,
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self { in_memory: None, checked: false, attempts: Vec::new() }
    }
}

/// One attempt that uses a state.
pub(crate) struct Attempt<T> {
    shared: Arc<Shared<T>>,
    path: Arc<str>,
    number: u32,
    changed: AtomicBool,
    settled: AtomicBool,
    saved: Mutex<Option<Digest>>,
}

impl<T> Attempt<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, (path, number): &(Arc<str>, u32)) -> Arc<Self> {
        Arc::new(Self {
            shared,
            path: Arc::clone(path),
            number: *number,
            changed: AtomicBool::new(false),
            settled: AtomicBool::new(false),
            saved: Mutex::new(None),
        })
    }

    pub(super) fn is(&self, (path, number): &(Arc<str>, u32)) -> bool {
        self.number == *number && self.path == *path
    }

    pub(super) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::SeqCst)
    }

    pub(super) fn change(&self) {
        self.changed.store(true, Ordering::SeqCst);
    }

    fn end(&self, committed: bool) {
        if self.settled.swap(true, Ordering::SeqCst) {
            return;
        }
        let mut book = locked(&self.shared.book);
        book.attempts.retain(|attempt| !std::ptr::eq(attempt.as_ptr(), self));
        if self.has_changed() {
            book.checked = false;
            // Changed and neither saved nor recorded: what memory holds is nowhere else.
            book.in_memory = locked(&self.saved).filter(|_| committed).map(Some);
        }
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Participant for Attempt<T> {
    fn save(&self, host: &dyn Host) -> Result<(), StepError> {
        let Some((binding, key)) = &self.shared.place else { return Ok(()) };
        if !self.has_changed() {
            return Ok(());
        }
        let bytes = self.shared.lock.look(&format!("the state of `{binding}`"), rmp_serde::to_vec_named)?;
        let bytes = bytes.map_err(|error| {
            StepError::new(ErrorKind::Native, format!("the state `{key}` of `{binding}` cannot be saved: {error}"))
        })?;
        // What is recorded is all that a run which goes on will have, so it is all that this one goes on with.
        let again = rmp_serde::from_slice(&bytes).map_err(|error| {
            let message = format!("the state `{key}` of `{binding}` would not come back as it was saved: {error}");
            StepError::new(ErrorKind::Native, message)
                .help("serde must be able to read what it wrote: look at attributes such as `skip` and at types within each other")
        })?;
        self.shared.lock.replace(&format!("the state of `{binding}`"), again)?;
        let is = digest(&bytes);
        *locked(&self.saved) = Some(is);
        let before = locked(&self.shared.book).in_memory;
        if before == Some(Some(is)) {
            return Ok(());
        }
        host.put(binding, key, Datum::Blob(bytes))
    }

    fn settle(&self, committed: bool) {
        self.end(committed);
    }
}

impl<T> Drop for Attempt<T> {
    fn drop(&mut self) {
        // A host that went without a word committed nothing.
        self.end(false);
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
