//! What a store keeps in memory: the commits that wait, and small things that every call needs.

use crate::batch::Batch;
use crate::codec::Head;
use crate::keys::Table;
use crate::search::Source;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use thinking_store::{DatabaseId, InternId, Line, Piece, StoreError, TaskKey};

/// A line with its pieces ready to be shared with views.
#[derive(Debug, Clone)]
pub(crate) struct LineState {
    pub(crate) line: Line,
    pub(crate) pieces: Arc<[Piece]>,
}

impl LineState {
    pub(crate) fn new(line: Line) -> Self {
        let pieces = line.pieces.clone().into();
        Self { line, pieces }
    }
}

/// Names and numbers of the databases.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    pub(crate) by_name: HashMap<String, DatabaseId>,
    pub(crate) names: Vec<(DatabaseId, String)>,
}

impl Databases {
    pub(crate) fn insert(&mut self, id: DatabaseId, name: &str) {
        if self.by_name.insert(name.to_owned(), id).is_none() {
            self.names.push((id, name.to_owned()));
        }
    }
}

/// Everything in memory, under one lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Takes new commits.
    pub(crate) open: Batch,
    /// Is being written.
    pub(crate) writing: Option<Arc<Batch>>,
    pub(crate) head: Head,
    /// Last seq on disk.
    pub(crate) durable: u64,
    pub(crate) lines: HashMap<String, LineState>,
    pub(crate) databases: Databases,
    /// Databases that were cleared at least once; others need no look for clears.
    pub(crate) cleared: HashSet<DatabaseId>,
    /// The current attempt of each task by line. An attempt leaves when its task is committed.
    pub(crate) attempts: HashMap<String, HashMap<TaskKey, u64>>,
    pub(crate) last_attempt: u64,
    pub(crate) next_intern: u32,
    pub(crate) interns: Interns,
    /// Why the store stopped.
    pub(crate) failure: Option<StoreError>,
    pub(crate) closed: bool,
}

impl State {
    /// The rows of a table that wait.
    pub(crate) fn pending(&self, table: Table) -> impl Iterator<Item = Source<'_>> {
        let writing = self.writing.as_ref().map(|batch| batch.rows(table));
        [Some(self.open.rows(table)), writing]
            .into_iter()
            .flatten()
            .filter(|rows| !rows.is_empty())
            .map(Source::Pending)
    }

    /// The row of a key that waits.
    pub(crate) fn pending_row(&self, table: Table, key: &[u8]) -> Option<&[u8]> {
        let writing = || self.writing.as_ref().and_then(|batch| batch.rows(table).get(key));
        self.open.rows(table).get(key).or_else(writing).map(|row| &**row)
    }

    /// Whether it may be written.
    pub(crate) fn check_open(&self) -> Result<(), StoreError> {
        match &self.failure {
            Some(error) => Err(error.clone()),
            None if self.closed => Err(StoreError::Closed),
            None => Ok(()),
        }
    }
}

/// Interned contents seen lately. Bounded, as a long run may intern one content per step.
#[derive(Debug, Default)]
pub(crate) struct Interns {
    numbers: HashMap<[u8; 32], InternId>,
}

impl Interns {
    const MOST: usize = 4096;

    pub(crate) fn get(&self, hash: &[u8; 32]) -> Option<InternId> {
        self.numbers.get(hash).copied()
    }

    pub(crate) fn insert(&mut self, hash: [u8; 32], id: InternId) {
        if self.numbers.len() >= Self::MOST {
            self.numbers.clear();
        }
        self.numbers.insert(hash, id);
    }
}
