//! Commits that are accepted but not durable yet, as the rows that will be written.

use crate::codec::{self, Head};
use crate::environment::{Broken, Rows as Stored};
use crate::keys::{HEAD, NOTE_REMOVED, Table};
use heed::{PutFlags, RwTxn};
use std::collections::BTreeMap;
use thinking_store::Seq;

/// The rows of one table, in the order of the file.
pub(crate) type Rows = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// The rows of some commits that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    tables: [Rows; Table::ALL.len()],
    /// First and last commit.
    pub(crate) range: Option<(Seq, Seq)>,
    /// Number of commits.
    pub(crate) commits: usize,
    /// Bytes of the rows, about.
    pub(crate) bytes: usize,
}

impl Batch {
    pub(crate) fn rows(&self, table: Table) -> &Rows {
        &self.tables[table as usize]
    }

    pub(crate) fn insert(&mut self, table: Table, key: Vec<u8>, value: Box<[u8]>) {
        self.bytes += key.len() + value.len() + 64;
        self.tables[table as usize].insert(key.into_boxed_slice(), value);
    }

    pub(crate) fn committed(&mut self, seq: Seq) {
        self.commits += 1;
        self.range = Some((self.range.map_or(seq, |(first, _)| first), seq));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tables.iter().all(BTreeMap::is_empty)
    }

    /// Writes all rows into a transaction, in the order of the file, and the head after them.
    pub(crate) fn write(
        &self,
        head: &Head,
        txn: &mut RwTxn<'_>,
        tables: &[Stored; Table::ALL.len()],
    ) -> Result<(), Broken> {
        for table in Table::ALL {
            let stored = &tables[table as usize];
            for (key, value) in self.rows(table) {
                match table {
                    Table::Journal => stored.put_with_flags(txn, PutFlags::APPEND, key, value)?,
                    Table::Notes if value.first() == Some(&NOTE_REMOVED) => {
                        stored.delete(txn, key)?;
                    }
                    _ => stored.put(txn, key, value)?,
                }
            }
        }
        Ok(tables[Table::Meta as usize].put(txn, HEAD, &codec::head_row(head))?)
    }
}
