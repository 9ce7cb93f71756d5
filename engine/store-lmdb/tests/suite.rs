//! The suite that every store runs, and the same histories after opening again.

use crate::open;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use thinking_store::Store;
use thinking_store::contract::{self, History};
use thinking_store_lmdb::{LmdbStore, verify};

fn in_directories(check: impl FnOnce(contract::Make<'_>)) {
    let directories = RefCell::new(Vec::new());
    check(&|| -> Box<dyn Store> {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        directories.borrow_mut().push(directory);
        Box::new(store)
    });
}

#[test]
fn keeps_the_contract() {
    in_directories(|make| contract::check(make));
}

/// A state that is opened again holds what it held, and goes on where it stood.
#[test]
fn histories_survive_opening_again() {
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 12, failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let operations = (contract::operations(), contract::operations());
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
