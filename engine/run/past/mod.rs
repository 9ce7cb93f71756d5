//! The reading side: what earlier runs did, from the journal. Needs no plan and no manifest, and never writes.

mod data;
mod gather;
mod replay;
mod rows;
mod runs;
mod seen;
mod steps;

mod filter;

pub use filter::PathFilter;
pub use replay::{Recalled, Replay, commit_of, whole};
pub(crate) use rows::item as item_of;
pub use runs::{Asked, Sought, find_run, history, run_steps};
pub use steps::{Found, find_task};

use thinking_store::{Store, StoreError};

/// How much of long lists is read: so many from the beginning and as many from the end. `usize::MAX`: all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends(pub usize);

/// A recorded state that is looked at.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    /// The state; it may be open for reading only.
    pub store: &'a dyn Store,
    /// The line.
    pub line: &'a str,
    /// Whether a process writes to it now: then its latest running run is running, and not killed.
    pub alive: bool,
}

impl Past<'_> {
    fn text(&self, id: thinking_store::InternId) -> Result<String, StoreError> {
        Ok(String::from_utf8_lossy(&self.store.interned(id)?).into_owned())
    }
}
