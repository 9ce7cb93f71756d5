//! The store on LMDB from the outside.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

mod damage;
mod failure;
mod kill;
mod limits;
mod map;
mod random;
mod sharing;
mod suite;

use std::path::Path;
use thinking_store::{Commit, InternId, Scan, Seq, Store, StoreError, TaskKey, Write, contract};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

/// Opens or makes the state in a directory for writing.
fn open(directory: &Path) -> LmdbStore {
    LmdbStore::open(OpenOptions::new(directory, "project")).unwrap()
}

/// A commit that counts: `n` holds the number of commits, `k/…` one row for each.
fn count(store: &LmdbStore, number: u64) -> Result<Seq, StoreError> {
    let database = store.database("counts")?;
    let key = TaskKey::new(InternId(number as u32), &[]);
    let value = number.to_string().into_bytes();
    let writes = vec![
        Write::Put(database, b"n".to_vec(), value.clone()),
        Write::Put(database, format!("k/{number:08}").into_bytes(), value),
    ];
    let token = store.begin("main", &key)?;
    store.accept(Commit { token: Some(token), ..contract::commit("main", &key, writes) })
}

/// Checks that a state holds exactly the commits 1 to its last, which is given back.
fn counted(store: &LmdbStore) -> u64 {
    let view = store.view("main").unwrap();
    let last = view.at.0;
    let database = store.database("counts").unwrap();
    let number = store.get(&view, database, b"n").unwrap();
    let expected = (last > 0).then(|| last.to_string().into_bytes());
    assert_eq!(number.as_deref(), expected.as_deref());
    let rows = store.scan(&view, Scan { database, prefix: b"k/", after: None, limit: usize::MAX }).unwrap();
    assert_eq!(rows.len() as u64, last);
    assert_eq!(store.steps(&view, None, usize::MAX).unwrap().len() as u64, last);
    last
}
