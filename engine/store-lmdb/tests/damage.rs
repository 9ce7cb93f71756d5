//! Each kind of damage has its own clear message, and none is taken for an empty state.

use crate::{count, counted, open};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use thinking_store::{Store, StoreError};
use thinking_store_lmdb::{LmdbStore, OpenOptions, verify};

/// A state with some commits in it, closed.
fn filled() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for number in 1..=3000 {
        count(&store, number).unwrap();
    }
    store.close().unwrap();
    directory
}

/// The message and the help of what opening gives, the same for reading and for writing.
fn refusal(directory: &Path) -> (String, String) {
    let reading = LmdbStore::open_read_only(directory).unwrap_err();
    let writing = LmdbStore::open(OpenOptions::new(directory, "project")).unwrap_err();
    assert_eq!(reading, writing);
    match writing {
        StoreError::Unusable { message, help } => (message.replace(&directory.display().to_string(), "STATE"), help),
        other => panic!("{other:?}"),
    }
}

const RESTORE: &str = "restore the state's directory from a backup, or choose another with `--state DIRECTORY`";

#[test]
fn an_empty_file() {
    let directory = filled();
    File::create(directory.path().join("data.mdb")).unwrap();
    assert_eq!(refusal(directory.path()), ("STATE/data.mdb is empty".into(), RESTORE.into()));
}

#[test]
fn a_missing_file() {
    let directory = filled();
    fs::remove_file(directory.path().join("data.mdb")).unwrap();
    assert_eq!(refusal(directory.path()).0, "STATE/data.mdb is missing, though its `format` file is there");
}

#[test]
fn a_cut_file() {
    let directory = filled();
    let file = File::options().write(true).open(directory.path().join("data.mdb")).unwrap();
    let length = file.metadata().unwrap().len();
    for part in [length / 2, 3 * 4096, 8192, 5000] {
        file.set_len(part).unwrap();
        let (message, help) = refusal(directory.path());
        assert_eq!(message, format!("STATE/data.mdb was cut: it has {part} bytes and needs {length}"));
        assert_eq!(help, RESTORE);
    }
    file.set_len(100).unwrap();
    assert_eq!(refusal(directory.path()).0, "STATE/data.mdb does not start like the data of a state");
}

#[test]
fn pages_that_nothing_names_may_be_missing() {
    let directory = filled();
    let path = directory.path().join("data.mdb");
    let mut file = File::options().read(true).write(true).open(&path).unwrap();
    // Both meta pages count one page more than there is, as LMDB leaves it when the last page was given back before it was written.
    for meta in [0, 4096] {
        let mut last = [0; 8];
        file.seek(SeekFrom::Start(meta + 136)).unwrap();
        file.read_exact(&mut last).unwrap();
        file.seek(SeekFrom::Start(meta + 136)).unwrap();
        file.write_all(&(u64::from_le_bytes(last) + 1).to_le_bytes()).unwrap();
    }
    drop(file);
    let store = open(directory.path());
    assert_eq!(counted(&store), 3000);
    count(&store, 3001).unwrap();
    drop(store);
    verify(directory.path()).unwrap();
}

#[test]
fn zeros_in_the_tail() {
    let directory = filled();
    let path = directory.path().join("data.mdb");
    let length = fs::metadata(&path).unwrap().len();
    let mut file = File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(length - 65536)).unwrap();
    file.write_all(&[0; 65536]).unwrap();
    match verify(directory.path()) {
        Err(StoreError::Unusable { message, .. }) => {
            assert!(message.contains("does not hold what it held"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flipped_bit_in_a_row() {
    let directory = filled();
    let path = directory.path().join("data.mdb");
    let mut bytes = fs::read(&path).unwrap();
    // The path of the step stands in every entry.
    let places: Vec<usize> = (0..bytes.len() - 15).filter(|at| bytes[*at..].starts_with(b"train/epoch[3]")).collect();
    assert!(places.len() >= 3000);
    for at in places {
        bytes[at] ^= 0x20;
    }
    fs::write(&path, bytes).unwrap();
    let damaged = |found: StoreError| match found {
        StoreError::Unusable { message, help } => {
            assert_eq!(message, "the state is damaged: the checksum of an entry of the journal is wrong");
            assert_eq!(
                help,
                "run `thinking state verify` to see what can still be read, or put back a copy of the state made before"
            );
        }
        other => panic!("{other:?}"),
    };
    damaged(verify(directory.path()).unwrap_err());
    let store = LmdbStore::open_read_only(directory.path()).unwrap();
    damaged(store.steps(&store.view("main").unwrap(), None, 1).unwrap_err());
}

#[test]
fn a_missing_format() {
    let directory = filled();
    fs::remove_file(directory.path().join("format")).unwrap();
    assert_eq!(refusal(directory.path()).0, "STATE holds data, but its file `format` is missing");
}

#[test]
fn a_newer_format() {
    let directory = filled();
    fs::write(directory.path().join("format"), r#"{"format": 7, "shape": "new"}"#).unwrap();
    let (message, help) = refusal(directory.path());
    assert_eq!(message, "the state in STATE was written by a newer version of thinking (format 7, this one knows 1)");
    assert_eq!(help, "use the newer version, or choose another directory with `--state DIRECTORY`");
}

#[test]
fn a_strange_format() {
    let directory = filled();
    fs::write(directory.path().join("format"), "hello").unwrap();
    assert_eq!(refusal(directory.path()).0, "STATE/format is not the format file of a state");
}

#[test]
fn files_of_two_states() {
    let (directory, other) = (filled(), filled());
    fs::copy(other.path().join("data.mdb"), directory.path().join("data.mdb")).unwrap();
    let (message, _) = refusal(directory.path());
    assert_eq!(message, "the state is damaged: its files `format` and `data.mdb` belong to two different states");
}

#[test]
fn another_projects_state() {
    let directory = filled();
    let error = LmdbStore::open(OpenOptions::new(directory.path(), "another")).unwrap_err();
    let directory = directory.path().display().to_string();
    assert_eq!(error, StoreError::Foreign { directory, found: "project".into(), wanted: "another".into() });
}

#[test]
fn a_missing_or_wrong_blob() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let database = store.database("large").unwrap();
    let key = thinking_store::TaskKey(vec![1]);
    let write = thinking_store::Write::Put(database, b"k".to_vec(), vec![5; 70_000]);
    store.accept(thinking_store::contract::commit("main", &key, vec![write])).unwrap();
    let view = store.view("main").unwrap();
    assert_eq!(store.get(&view, database, b"k").unwrap().unwrap().len(), 70_000);
    drop(store);
    assert_eq!(verify(directory.path()).unwrap().blobs, 1);
    let folder = fs::read_dir(directory.path().join("blobs")).unwrap().next().unwrap().unwrap();
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let store = open(directory.path());
    for breaking in
        [&|path: &Path| fs::write(path, vec![6; 70_000]).unwrap(), &|path: &Path| fs::remove_file(path).unwrap()]
            as [&dyn Fn(&Path); 2]
    {
        breaking(&file);
        assert!(matches!(store.get(&view, database, b"k"), Err(StoreError::Unusable { .. })));
        assert!(matches!(verify(directory.path()), Err(StoreError::Unusable { .. })));
    }
}

#[test]
fn nothing_there() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let absent = StoreError::Absent(state.display().to_string());
    assert_eq!(LmdbStore::open_read_only(&state).unwrap_err(), absent);
    let options = OpenOptions { create: false, ..OpenOptions::new(&state, "project") };
    assert_eq!(LmdbStore::open(options.clone()).unwrap_err(), absent);
    assert!(!state.exists());
    fs::create_dir(&state).unwrap();
    assert_eq!(LmdbStore::open_read_only(&state).unwrap_err(), absent);
    assert_eq!(LmdbStore::open(options).unwrap_err(), absent);
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
}

#[test]
fn a_state_whose_making_was_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    // As a kill leaves it: the data file is begun, the format file has not got its name.
    fs::write(directory.path().join("format.new"), "{").unwrap();
    fs::write(directory.path().join("data.mdb"), [1; 5000]).unwrap();
    let absent = StoreError::Absent(directory.path().display().to_string());
    assert_eq!(LmdbStore::open_read_only(directory.path()).unwrap_err(), absent);
    let store = open(directory.path());
    count(&store, 1).unwrap();
    drop(store);
    assert_eq!(counted(&open(directory.path())), 1);
}
