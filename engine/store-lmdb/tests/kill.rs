//! The process dies at every point; the next one finds a prefix of what was accepted, and all that was reported durable.

use crate::sharing::{childs_directory, limited};
use crate::{count, counted, open};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thinking_store::Store;
use thinking_store_lmdb::{LmdbStore, OpenOptions, Point, verify};

const KINDS: [fn(Point) -> bool; 5] = [
    |point| matches!(point, Point::BeforeAccept(_)),
    |point| matches!(point, Point::AfterAccept(_)),
    |point| matches!(point, Point::BeforeCommit(..)),
    |point| matches!(point, Point::BeforeSync(_)),
    |point| matches!(point, Point::AfterCommit(_)),
];

#[test]
fn a_kill_leaves_a_prefix() {
    let directory = tempfile::tempdir().unwrap();
    let mut last = 0;
    for kind in 0..KINDS.len() {
        fs::write(directory.path().join("kind"), kind.to_string()).unwrap();
        assert!(!limited("ulimit -c 0", "kill::child_dies", directory.path()));
        let durable: u64 = fs::read_to_string(directory.path().join("durable")).unwrap().parse().unwrap();
        let state = directory.path().join("state");
        verify(&state).unwrap();
        let store = open(&state);
        let found = counted(&store);
        assert!(found >= durable && durable > last, "{found} found, {durable} were durable, {last} before");
        last = found;
    }
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_dies() {
    let directory = childs_directory();
    let kind = KINDS[fs::read_to_string(directory.join("kind")).unwrap().parse::<usize>().unwrap()];
    let seen = AtomicU64::new(0);
    // No destructor runs and nothing is flushed, as with SIGKILL.
    let hook = Arc::new(move |point| {
        if kind(point) && seen.fetch_add(1, Ordering::SeqCst) == 25 {
            std::process::abort();
        }
        Ok(())
    });
    let store =
        LmdbStore::open(OpenOptions { hook: Some(hook), ..OpenOptions::new(directory.join("state"), "project") })
            .unwrap();
    for number in store.progress().durable.0 + 1.. {
        let seq = count(&store, number).unwrap();
        if number % 3 == 0 {
            store.wait_durable(seq).unwrap();
            fs::write(directory.join("durable"), seq.0.to_string()).unwrap();
        }
    }
}
