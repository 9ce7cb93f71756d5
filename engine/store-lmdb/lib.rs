//! The store on LMDB.
//!
//! A state is a directory: `format` (which version, whose), `lock` (who writes), `data.mdb` and `lock.mdb` (LMDB's), `blobs/` (large values by
//! content). [`LmdbStore`] is the store, [`verify`] reads all of it with its checksums. Commits wait in memory in the very form in which they
//! will be stored, one thread writes all that waits in one transaction, and a read looks at both.

mod accept;
mod batch;
mod blobs;
mod calls;
mod codec;
mod committer;
mod directory;
mod entries;
mod environment;
mod fault;
mod file_system;
mod guard;
mod keys;
mod options;
mod page;
mod pages;
mod past;
mod reading;
mod search;
mod state;
mod store;
mod value;
mod verify;

pub use directory::{Holder, holder};
pub use file_system::{FileSystem, file_system};
pub use options::{Hook, OpenOptions, Point};
pub use store::LmdbStore;
pub use verify::{Verified, verify};
