//! A store on a disk that breaks: from the n-th commit on every write fails.

use crate::{Commit, Progress, Seq, Store, StoreError, TaskKey, Token};
use std::sync::atomic::{AtomicU64, Ordering};

/// Wraps a store and refuses commits from a certain one on. What was accepted before stays readable.
#[derive(Debug)]
pub struct FailingStore<S> {
    store: S,
    left: AtomicU64,
    error: StoreError,
}

impl<S: Store> FailingStore<S> {
    /// A store whose first `good` calls of [`Store::accept`] go through and whose later ones give `error`, as do waiting and closing after
    /// one failed.
    pub fn new(store: S, good: u64, error: StoreError) -> Self {
        // One more than is left, so that 0 can say that it has failed.
        Self { store, left: AtomicU64::new(good.saturating_add(1)), error }
    }

    /// From now on so many calls of [`Store::accept`] go through, and none after them; all of them without a number. A store that failed works
    /// again: its disk was mended.
    pub fn fail_after(&self, good: Option<u64>) {
        self.left.store(good.map_or(u64::MAX, |good| good.saturating_add(1)), Ordering::SeqCst);
    }

    /// From now on nothing can be written.
    pub fn fail_now(&self) {
        self.left.store(0, Ordering::SeqCst);
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.store
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.left.load(Ordering::SeqCst) == 0 { Err(self.error.clone()) } else { Ok(()) }
    }
}

impl<S: Store> Store for FailingStore<S> {
    crate::wrapped::looks_at_the_wrapped_store!();

    fn begin(&self, line: &str, task: &TaskKey) -> Result<Token, StoreError> {
        self.check()?;
        self.store.begin(line, task)
    }

    fn accept(&self, commit: Commit) -> Result<Seq, StoreError> {
        let spend = |left: u64| if left <= 1 { Some(0) } else { Some(left - 1) };
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend) {
            Ok(0 | 1) | Err(_) => Err(self.error.clone()),
            Ok(_) => self.store.accept(commit),
        }
    }

    fn wait_durable(&self, seq: Seq) -> Result<(), StoreError> {
        self.check()?;
        self.store.wait_durable(seq)
    }

    fn progress(&self) -> Progress {
        self.store.progress()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.check()?;
        self.store.close()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::FailingStore;
    use crate::memory::MemoryStore;
    use crate::{Commit, Entry, Seq, Store, StoreError};

    #[test]
    fn fails_from_the_third_commit_on() {
        let store = FailingStore::new(MemoryStore::default(), 2, StoreError::Full("no room".into()));
        let commit = || Commit::entry("main", Entry::RunStarted { run: 1, at: 0 });
        assert_eq!(store.accept(commit()).unwrap(), Seq(1));
        assert_eq!(store.accept(commit()).unwrap(), Seq(2));
        store.wait_durable(Seq(2)).unwrap();
        for _ in 0..2 {
            assert_eq!(store.accept(commit()), Err(StoreError::Full("no room".into())));
        }
        assert_eq!(store.wait_durable(Seq(2)), Err(StoreError::Full("no room".into())));
        assert_eq!(store.journal(Seq(1), 10).unwrap().len(), 2);
        store.fail_after(None);
        assert_eq!(store.accept(commit()).unwrap(), Seq(3));
        store.fail_now();
        assert!(store.wait_durable(Seq(3)).is_err());
    }
}
