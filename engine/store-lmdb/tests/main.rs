//! The store on LMDB from the outside.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

mod contract;

use std::path::Path;
use thinking_store_lmdb::{LmdbStore, OpenOptions};

/// Opens or makes the state in a directory for writing.
fn open(directory: &Path) -> LmdbStore {
    LmdbStore::open(OpenOptions::new(directory, "project")).unwrap()
}
