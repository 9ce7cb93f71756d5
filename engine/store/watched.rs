//! A store that tells when it takes in commits: for tests that count them, or end the process at one.

use crate::{Commit, Progress, Seq, Store, StoreError, TaskKey, Token};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Is told what a store does.
pub trait Watch: Send + Sync {
    /// The commit of that number, from 1, is about to be handed to the store.
    ///
    /// # Errors
    /// The commit is refused with that error.
    fn before(&self, number: u64, commit: &Commit, store: &dyn Store) -> Result<(), StoreError>;
    /// The store accepted it.
    ///
    /// # Errors
    /// Whoever committed is told so, though the store has the commit.
    fn after(&self, number: u64, seq: Seq, store: &dyn Store) -> Result<(), StoreError>;
    /// The store closed: all is durable.
    fn closed(&self, _commits: u64) {}
}

/// Wraps a store and tells a [`Watch`] of its commits, one after the other even if several threads commit. Only commits that the store accepted
/// are counted.
pub struct WatchedStore<S, W> {
    store: S,
    watch: W,
    /// Held while a commit is handed on, so that numbers are in the order of the journal.
    turn: Mutex<()>,
    commits: AtomicU64,
}

impl<S: Store, W: Watch> WatchedStore<S, W> {
    /// A store whose commits are counted from here on.
    pub fn new(store: S, watch: W) -> Self {
        Self { store, watch, turn: Mutex::default(), commits: AtomicU64::new(0) }
    }

    /// How many commits were accepted through it.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.store
    }
}

impl<S: Store, W: Watch> Store for WatchedStore<S, W> {
    crate::wrapped::looks_at_the_wrapped_store!();

    fn begin(&self, line: &str, task: &TaskKey) -> Result<Token, StoreError> {
        self.store.begin(line, task)
    }

    fn accept(&self, commit: Commit) -> Result<Seq, StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.commits() + 1;
        self.watch.before(number, &commit, &self.store)?;
        let seq = self.store.accept(commit)?;
        self.commits.store(number, Ordering::SeqCst);
        self.watch.after(number, seq, &self.store)?;
        Ok(seq)
    }

    fn wait_durable(&self, seq: Seq) -> Result<(), StoreError> {
        self.store.wait_durable(seq)
    }

    fn progress(&self) -> Progress {
        self.store.progress()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.store.close()?;
        self.watch.closed(self.commits());
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;
    use crate::Entry;
    use crate::memory::MemoryStore;
    use std::sync::Arc;

    /// Writes down what it is told, and refuses the third commit.
    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Watch for Arc<Notes> {
        fn before(&self, number: u64, commit: &Commit, store: &dyn Store) -> Result<(), StoreError> {
            let accepted = store.progress().accepted.0;
            self.0.lock().unwrap().push(format!("before {number} on {} with {accepted}", commit.line));
            if number == 3 { Err(StoreError::Closed) } else { Ok(()) }
        }
        fn after(&self, number: u64, seq: Seq, store: &dyn Store) -> Result<(), StoreError> {
            self.0.lock().unwrap().push(format!("after {number} as {} with {}", seq.0, store.progress().accepted.0));
            Ok(())
        }
        fn closed(&self, commits: u64) {
            self.0.lock().unwrap().push(format!("closed with {commits}"));
        }
    }

    #[test]
    fn tells_of_commits_in_order_and_counts_accepted_ones() {
        let notes = Arc::new(Notes::default());
        let store = WatchedStore::new(MemoryStore::default(), notes.clone());
        let commit = || Commit::entry("main", Entry::RunStarted { run: 1, at: 0 });
        store.accept(commit()).unwrap();
        store.accept(commit()).unwrap();
        assert_eq!(store.accept(commit()), Err(StoreError::Closed));
        let fenced = Commit { token: Some(Token { epoch: 99, counter: 99 }), ..commit() };
        assert!(store.accept(fenced).is_err());
        store.close().unwrap();
        let told = [
            "before 1 on main with 0",
            "after 1 as 1 with 1",
            "before 2 on main with 1",
            "after 2 as 2 with 2",
            "before 3 on main with 2",
            "before 3 on main with 2",
            "closed with 2",
        ];
        assert_eq!(*notes.0.lock().unwrap(), told);
        assert_eq!((store.commits(), store.inner().progress().accepted), (2, Seq(2)));
    }

    #[test]
    fn keeps_what_a_store_promises() {
        struct Silent;
        impl Watch for Silent {
            fn before(&self, _: u64, _: &Commit, _: &dyn Store) -> Result<(), StoreError> {
                Ok(())
            }
            fn after(&self, _: u64, _: Seq, _: &dyn Store) -> Result<(), StoreError> {
                Ok(())
            }
        }
        crate::contract::check(&|| Box::new(WatchedStore::new(MemoryStore::default(), Silent)));
    }
}
