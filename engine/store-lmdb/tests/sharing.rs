//! One writer, any number of readers, in one process and in several.

use crate::{count, counted, open};
use std::fs;
use std::process::Command;
use thinking_store::{Commit, Entry, Scan, Store, StoreError, TaskKey};
use thinking_store_lmdb::{LmdbStore, OpenOptions, holder};

const CHILD: &str = "THINKING_STORE_TEST_STATE";

/// Runs one of the ignored tests in a process of its own; gives whether it passed.
fn in_another_process(test: &str, directory: &std::path::Path) -> bool {
    limited("true", test, directory)
}

/// The same under limits that are set by a line of shell.
pub(crate) fn limited(limits: &str, test: &str, directory: &std::path::Path) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limits} && exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--test-threads", "1"]).env(CHILD, directory);
    command.output().unwrap().status.success()
}

pub(crate) fn childs_directory() -> std::path::PathBuf {
    std::env::var_os(CHILD).unwrap().into()
}

#[test]
fn a_second_writer_is_told_who_writes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    match LmdbStore::open(OpenOptions::new(directory.path(), "project")) {
        Err(StoreError::InUse { pid, host, .. }) => {
            assert_eq!(pid, std::process::id());
            assert!(!host.is_empty());
        }
        other => panic!("{other:?}"),
    }
    assert!(in_another_process("sharing::child_finds_it_in_use", directory.path()));
    drop(store);
    assert!(in_another_process("sharing::child_writes", directory.path()));
    assert_eq!(counted(&open(directory.path())), 1);
}

#[test]
fn whoever_asks_learns_who_writes_and_is_in_nobodys_way() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(holder(directory.path()).unwrap(), None);
    let store = open(directory.path());
    assert_eq!(holder(directory.path()).unwrap().unwrap().pid, std::process::id());
    drop(store);
    assert_eq!(holder(directory.path()).unwrap(), None);
    open(directory.path());
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_finds_it_in_use() {
    let found = LmdbStore::open(OpenOptions::new(childs_directory(), "project"));
    assert!(matches!(found, Err(StoreError::InUse { .. })));
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_writes() {
    let store = open(&childs_directory());
    count(&store, 1).unwrap();
    store.close().unwrap();
    // Nothing is dropped, as with a kill: the lock goes with the process.
    std::mem::forget(store);
}

#[test]
fn readers_see_what_is_durable_while_others_write() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let reader = LmdbStore::open_read_only(directory.path()).unwrap();
    let mut last = 0;
    for number in 1..=300 {
        let seq = count(&store, number).unwrap();
        if number % 100 == 50 {
            store.wait_durable(seq).unwrap();
            assert!(in_another_process("sharing::child_reads", directory.path()));
        }
        let seen = counted(&reader);
        assert!(last <= seen && seen <= number);
        last = seen;
    }
    store.close().unwrap();
    assert_eq!(counted(&reader), 300);
    assert_eq!(reader.progress().durable.0, 300);
    // The reader outlives the writer, and a new writer comes.
    drop(store);
    let store = open(directory.path());
    let seq = count(&store, 301).unwrap();
    store.wait_durable(seq).unwrap();
    assert_eq!(counted(&reader), 301);
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_reads() {
    let reader = LmdbStore::open_read_only(&childs_directory()).unwrap();
    for _ in 0..20 {
        assert!(counted(&reader) >= 50);
    }
}

#[test]
fn a_reader_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let known = store.intern(b"known").unwrap();
    count(&store, 1).unwrap();
    drop(store);
    let files = || fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
    let before = (files(), fs::read(directory.path().join("data.mdb")).unwrap());
    let reader = LmdbStore::open_read_only(directory.path()).unwrap();
    assert_eq!(counted(&reader), 1);
    let entry = Commit::entry("main", Entry::RunStarted { run: 1, at: 0 });
    assert_eq!(reader.accept(entry), Err(StoreError::Closed));
    assert_eq!(reader.begin("main", &TaskKey(vec![1])), Err(StoreError::Closed));
    // What is not there has a number that matches nothing.
    let view = reader.view("main").unwrap();
    let database = reader.database("nowhere").unwrap();
    assert!(reader.scan(&view, Scan { database, prefix: b"", after: None, limit: 9 }).unwrap().is_empty());
    assert_eq!(reader.databases().unwrap().len(), 1);
    assert_eq!(reader.intern(b"known").unwrap(), known);
    let unknown = reader.intern(b"unknown").unwrap();
    assert_eq!(reader.intern(b"unknown").unwrap(), unknown);
    assert_eq!(&*reader.interned(unknown).unwrap(), b"unknown");
    reader.close().unwrap();
    drop(reader);
    assert_eq!((files(), fs::read(directory.path().join("data.mdb")).unwrap()), before);
}
