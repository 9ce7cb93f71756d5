//! A map that is too small grows, also under readers; much that waits is held back.

use crate::{count, counted, open};
use std::sync::atomic::{AtomicBool, Ordering};
use thinking_store::{Store, TaskKey, Write, contract};
use thinking_store_lmdb::{LmdbStore, OpenOptions, verify};

#[test]
fn a_small_map_grows() {
    let directory = tempfile::tempdir().unwrap();
    let options = OpenOptions { map_size: Some(256 * 1024), ..OpenOptions::new(directory.path(), "project") };
    let store = LmdbStore::open(options).unwrap();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                counted(&store);
            }
        });
        for number in 1..=2000 {
            count(&store, number).unwrap();
        }
        ended.store(true, Ordering::SeqCst);
    });
    store.close().unwrap();
    assert_eq!(counted(&store), 2000);
    drop(store);
    assert_eq!(counted(&open(directory.path())), 2000);
    verify(directory.path()).unwrap();
}

#[test]
fn what_waits_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let database = store.database("large").unwrap();
    for number in 0..600u32 {
        let write = Write::Put(database, number.to_be_bytes().to_vec(), vec![1; 60_000]);
        store.accept(contract::commit("main", &TaskKey(number.to_be_bytes().to_vec()), vec![write])).unwrap();
        let progress = store.progress();
        // Two times 8 MiB, and the commit that went over.
        assert!(progress.accepted.0 - progress.durable.0 <= 2 * 140 + 2);
    }
    store.close().unwrap();
    let view = store.view("main").unwrap();
    assert_eq!(store.get(&view, database, &[0, 0, 2, 87]).unwrap().unwrap().len(), 60_000);
}
