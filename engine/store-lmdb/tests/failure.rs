//! The disk fails at every point; what was durable is there afterwards, and nothing else.

use crate::{count, counted, open};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thinking_store::{Durability, Seq, Store, StoreError, TaskKey, Write, contract};
use thinking_store_lmdb::{Hook, LmdbStore, OpenOptions, Point, verify};

const NO_SPACE: i32 = 28;

/// Fails at the n-th point of a kind, and only there.
fn failing_at(kind: fn(Point) -> bool, nth: u64) -> Hook {
    let seen = AtomicU64::new(0);
    Arc::new(move |point| {
        if kind(point) && seen.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        Ok(())
    })
}

fn open_with(directory: &Path, hook: Hook, durability: Durability) -> LmdbStore {
    LmdbStore::open(OpenOptions { hook: Some(hook), durability, ..OpenOptions::new(directory, "project") }).unwrap()
}

const FULL: &str = "No space left on device (os error 28); nothing that was committed is lost, make room and run again";

#[test]
fn a_failed_commit_stops_the_store_and_loses_only_what_was_not_durable() {
    let kinds: [fn(Point) -> bool; 4] = [
        |point| matches!(point, Point::BeforeCommit(..)),
        |point| matches!(point, Point::BeforeSync(_)),
        |point| matches!(point, Point::AfterCommit(_)),
        |point| matches!(point, Point::AfterAccept(_)),
    ];
    for kind in kinds {
        for nth in 1..=3 {
            let directory = tempfile::tempdir().unwrap();
            let store = open_with(directory.path(), failing_at(kind, nth), Durability::Step);
            let mut durable = 0;
            let mut before = store.view("main").unwrap();
            let error = loop {
                let counting = count(&store, durable + 1);
                match counting.and_then(|seq| store.wait_durable(seq)) {
                    Ok(()) => durable += 1,
                    Err(error) => break error,
                }
                before = store.view("main").unwrap_or(before);
            };
            assert_eq!(error, StoreError::Full(FULL.into()));
            // Whoever waits for what became durable just before the failure may hear of that first.
            assert!(durable == nth - 1 || durable == nth);
            // Every later call that writes or waits says the same, and what was durable can still be read.
            assert_eq!(count(&store, 99).unwrap_err(), error);
            assert_eq!(store.begin("main", &TaskKey(vec![1])).unwrap_err(), error);
            assert_eq!(store.wait_durable(Seq(100)).unwrap_err(), error);
            assert_eq!(store.close().unwrap_err(), error);
            assert_eq!(store.view("main").unwrap_err(), error);
            assert_eq!(store.steps(&before, None, 100).unwrap().len() as u64, before.at.0);
            drop(store);
            let again = open(directory.path());
            let last = counted(&again);
            assert!(last == durable || last == durable + 1, "{last} after {durable}");
            count(&again, last + 1).unwrap();
            drop(again);
            assert_eq!(verify(directory.path()).unwrap().entries, last + 1);
        }
    }
}

#[test]
fn a_refused_commit_leaves_the_store_as_it_was() {
    let kinds: [fn(Point) -> bool; 3] = [
        |point| matches!(point, Point::BeforeBlob),
        |point| matches!(point, Point::AfterBlob),
        |point| matches!(point, Point::BeforeAccept(_)),
    ];
    for kind in kinds {
        let directory = tempfile::tempdir().unwrap();
        let store = open_with(directory.path(), failing_at(kind, 2), Durability::Batch);
        let database = store.database("large").unwrap();
        let large = |byte| {
            let write = Write::Put(database, b"k".to_vec(), vec![byte; 70_000]);
            store.accept(contract::commit("main", &TaskKey(vec![byte]), vec![write]))
        };
        assert_eq!(large(1), Ok(Seq(1)));
        assert!(matches!(large(2), Err(StoreError::Full(_))));
        assert_eq!(large(3), Ok(Seq(2)));
        store.close().unwrap();
        drop(store);
        let store = open(directory.path());
        let view = store.view("main").unwrap();
        assert_eq!(view.at, Seq(2));
        assert_eq!(store.get(&view, database, b"k").unwrap().unwrap()[0], 3);
        assert_eq!(store.done(&view, &TaskKey(vec![2])).unwrap(), None);
        verify(directory.path()).unwrap();
    }
}

/// Many commits wait while the first group is held up; then the disk fails.
#[test]
fn a_failure_takes_everything_that_waited() {
    let directory = tempfile::tempdir().unwrap();
    let groups = AtomicU64::new(0);
    let hook: Hook = Arc::new(move |point| match point {
        Point::BeforeSync(_) if groups.fetch_add(1, Ordering::SeqCst) == 0 => {
            std::thread::sleep(std::time::Duration::from_millis(50));
            Ok(())
        }
        Point::BeforeSync(_) => Err(io::Error::from_raw_os_error(NO_SPACE)),
        _ => Ok(()),
    });
    let store = open_with(directory.path(), hook, Durability::Step);
    let mut accepted = 0;
    while count(&store, accepted + 1).is_ok() {
        accepted += 1;
    }
    assert!(accepted > 1);
    let durable = store.progress().durable.0;
    drop(store);
    let store = open(directory.path());
    assert_eq!(counted(&store), durable);
    assert!(durable < accepted);
}

#[test]
fn every_durability_keeps_what_was_closed() {
    for durability in [Durability::Step, Durability::Batch, Durability::None] {
        let directory = tempfile::tempdir().unwrap();
        let store = open_with(directory.path(), Arc::new(|_| Ok(())), durability);
        for number in 1..=500 {
            let seq = count(&store, number).unwrap();
            if number % 100 == 0 {
                store.wait_durable(seq).unwrap();
            }
        }
        store.close().unwrap();
        drop(store);
        assert_eq!(counted(&open(directory.path())), 500);
    }
}

#[test]
fn a_place_that_can_hold_no_state_is_unusable() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let refused = |path: &Path| match LmdbStore::open(OpenOptions::new(path, "project")) {
        Err(StoreError::Unusable { message, help }) => {
            assert!(help.contains("--state DIRECTORY"), "{help}");
            message
        }
        other => panic!("{other:?}"),
    };
    let name = file.display();
    assert_eq!(refused(&file), format!("{name} is a file, not a directory, so it cannot hold a state"));
    assert_eq!(refused(Path::new("/dev/null")), "/dev/null is not a directory, so it cannot hold a state");
    let below = refused(&file.join("state"));
    assert!(below.starts_with(&format!("cannot make the state directory {name}/state: ")), "{below}");
    let nowhere = refused(Path::new("/proc/nope"));
    assert!(nowhere.starts_with("cannot make the state directory /proc/nope: "), "{nowhere}");
    assert!(matches!(LmdbStore::open_read_only(&file), Err(StoreError::Unusable { .. })));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "x");
}
