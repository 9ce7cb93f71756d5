//! Limits of the system that a process cannot lift.

use crate::sharing::{childs_directory, limited};
use crate::{count, counted, open};
use thinking_store::{Store, StoreError};
use thinking_store_lmdb::{LmdbStore, OpenOptions, verify};

#[test]
fn little_address_space() {
    let directory = tempfile::tempdir().unwrap();
    assert!(limited("ulimit -v 2000000", "limits::child_fills", directory.path()));
    assert!(limited("ulimit -v 2000000", "limits::child_reads", directory.path()));
    assert_eq!(counted(&open(directory.path())), 20_000);
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_fills() {
    let store = open(&childs_directory());
    let text = "x".repeat(1000);
    let database = store.database("counts").unwrap();
    for number in 1..=20_000 {
        count(&store, number).unwrap();
        // So that the first reservation is too small.
        if number % 2 == 0 {
            store.intern(format!("{text}{number}").as_bytes()).unwrap();
        }
    }
    assert_eq!(store.database("counts").unwrap(), database);
    store.close().unwrap();
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_reads() {
    assert_eq!(counted(&LmdbStore::open_read_only(&childs_directory()).unwrap()), 20_000);
}

#[test]
fn a_disk_that_is_really_full() {
    let directory = tempfile::tempdir().unwrap();
    // Blocks of 512 or of 1024 bytes, as the shell likes it.
    assert!(limited("trap '' XFSZ && ulimit -f 2000", "limits::child_is_stopped", directory.path()));
    verify(directory.path()).unwrap();
    let store = open(directory.path());
    let last = counted(&store);
    assert!(last > 0);
    count(&store, last + 1).unwrap();
    store.close().unwrap();
    assert_eq!(counted(&store), last + 1);
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_is_stopped() {
    let store = open(&childs_directory());
    let stopped = (1..1_000_000).find_map(|number| count(&store, number).err());
    match stopped {
        Some(StoreError::Full(message)) => assert!(message.contains("nothing that was committed is lost"), "{message}"),
        other => panic!("{other:?}"),
    }
    let durable = store.progress().durable.0;
    drop(store);
    assert_eq!(counted(&LmdbStore::open_read_only(&childs_directory()).unwrap()), durable);
    // Opening for writing writes too, and says the same.
    let again = LmdbStore::open(OpenOptions::new(childs_directory(), "project"));
    assert!(again.is_ok() || matches!(again, Err(StoreError::Full(_))));
}
