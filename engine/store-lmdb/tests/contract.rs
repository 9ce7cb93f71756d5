//! The suite that every store runs, and the same histories after opening again.

use crate::open;
use std::cell::RefCell;
use thinking_store::Store;
use thinking_store::contract;

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

#[test]
fn more() {
    in_directories(|make| contract::random_histories(make, 2000));
}
