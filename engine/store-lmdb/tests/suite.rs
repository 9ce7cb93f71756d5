//! The suite that every store runs, and the same histories after opening again.

use crate::open;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use thinking_store::history::{self, History};
use thinking_store::{Store, contract};
use thinking_store_lmdb::{Hook, LmdbStore, OpenOptions, Point, verify};

fn in_directories(options: impl Fn(&Path) -> OpenOptions, check: impl FnOnce(contract::Make<'_>)) {
    let directories = RefCell::new(Vec::new());
    check(&|| -> Box<dyn Store> {
        let directory = tempfile::tempdir().unwrap();
        let store = LmdbStore::open(options(directory.path())).unwrap();
        directories.borrow_mut().push(directory);
        Box::new(store)
    });
}

#[test]
fn keeps_the_contract() {
    in_directories(|directory| OpenOptions::new(directory, "project"), |make| contract::check(make));
}

/// The disk is slow, so that most of what is read waits in memory, and some of it is on disk.
#[test]
fn histories_hold_while_commits_wait() {
    let slow: Hook = Arc::new(|point| {
        if let Point::BeforeSync(_) = point {
            std::thread::sleep(Duration::from_millis(6));
        }
        Ok(())
    });
    in_directories(
        |directory| OpenOptions { hook: Some(slow.clone()), ..OpenOptions::new(directory, "project") },
        |make| history::random(make, 60),
    );
}

/// A state that is opened again holds what it held, and goes on where it stood.
#[test]
fn histories_survive_opening_again() {
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 12, failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let operations = (history::operations(), history::operations());
    let result = runner.run(&operations, |(first, second)| {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        let mut history = History::new(&store);
        first.iter().for_each(|operation| history.apply(&store, operation));
        let epoch = store.identity().epoch;
        drop(store);
        let store = open(directory.path());
        assert_eq!(store.identity().epoch, epoch + 1);
        assert_eq!(store.progress().durable, history.last());
        history.check(&store);
        second.iter().for_each(|operation| history.apply(&store, operation));
        drop(store);
        let reader = LmdbStore::open_read_only(directory.path()).unwrap();
        history.check(&reader);
        verify(directory.path()).unwrap();
        Ok(())
    });
    result.unwrap();
}
