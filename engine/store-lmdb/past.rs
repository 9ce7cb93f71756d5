//! What readers of the past ask for: the latest runs, and what one commit wrote.

use crate::codec;
use crate::fault;
use crate::keys::{self, GroupKey, Table};
use crate::reading::Snapshot;
use crate::store::Shared;
use crate::value::parse_value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use thinking_store::{DatabaseId, RunRecord, SegmentId, Seq, StoreError, Written};

/// A row's key and value.
type Row<'a> = (&'a [u8], &'a [u8]);

impl Shared {
    pub(crate) fn runs_before(&self, before: Option<u32>, limit: usize) -> Result<Vec<RunRecord>, StoreError> {
        let snapshot = self.snapshot(Seq(0))?;
        let end = before.map(u32::to_be_bytes);
        let end = end.as_ref().map_or(Bound::Unbounded, |end| Bound::Excluded(&end[..]));
        let range = (Bound::Unbounded, end);
        let mut rows: BTreeMap<&[u8], &[u8]> = BTreeMap::new();
        let stored = snapshot.reading.rows(Table::Runs);
        let stored = stored.rev_range(snapshot.reading.txn(), &range).map_err(|error| fault::lmdb(&error))?;
        for row in stored.take(limit) {
            let (key, row) = row.map_err(|error| fault::lmdb(&error))?;
            rows.insert(key, row);
        }
        let batches = snapshot.state.writing.as_deref().into_iter().chain([&snapshot.state.open]);
        let pending = batches.flat_map(|batch| batch.rows(Table::Runs).range::<[u8], _>(range));
        rows.extend(pending.map(|(key, row)| (&**key, &**row)));
        rows.values().rev().take(limit).map(|row| codec::run_of(row)).collect()
    }

    /// Looks through all keys: they are in the order of databases, not of commits.
    pub(crate) fn written(&self, seq: Seq) -> Result<Option<Written>, StoreError> {
        let snapshot = self.snapshot(Seq(0))?;
        let Some(row) = snapshot.row(Table::Journal, &keys::journal_key(seq))? else { return Ok(None) };
        let (segment, _) = codec::journal_parts(row)?;
        let mut written = BTreeSet::new();
        for (table, is_data) in [(Table::Clears, false), (Table::Data, true)] {
            let mut look = |row: Row<'_>| look(row, is_data, (segment, seq), &mut written);
            each(&snapshot, table, &mut look)?;
        }
        Ok(Some(Written { segment, keys: written.into_iter().collect() }))
    }
}

/// Adds what a row of `data` or of `clears` says, if it belongs to that version.
fn look(
    (key, value): Row<'_>,
    is_data: bool,
    version: (SegmentId, Seq),
    written: &mut BTreeSet<(DatabaseId, Option<Vec<u8>>)>,
) -> Result<(), StoreError> {
    let wrong = || fault::damaged("a key cannot be read");
    let suffix = keys::suffix(version.0, version.1);
    if !key.ends_with(&suffix) {
        return Ok(());
    }
    let (group, _) = keys::split(key).ok_or_else(wrong)?;
    let head = group.first_chunk::<2>().ok_or_else(wrong)?;
    let key = match (is_data, is_data.then(|| keys::group_key(group, head.len()))) {
        (false, _) => None,
        (true, Some(Some(GroupKey::Whole(key)))) => Some(key),
        (true, Some(Some(GroupKey::InValue))) => Some(parse_value(value, true)?.key.ok_or_else(wrong)?.to_vec()),
        _ => return Err(wrong()),
    };
    written.insert((DatabaseId(u16::from_be_bytes(*head)), key));
    Ok(())
}

/// All rows of a table, stored and waiting.
fn each(
    snapshot: &Snapshot<'_>,
    table: Table,
    look: &mut impl FnMut(Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let stored = snapshot.reading.rows(table).iter(snapshot.reading.txn()).map_err(|error| fault::lmdb(&error))?;
    for row in stored {
        look(row.map_err(|error| fault::lmdb(&error))?)?;
    }
    let batches = snapshot.state.writing.as_deref().into_iter().chain([&snapshot.state.open]);
    batches.flat_map(|batch| batch.rows(table)).try_for_each(|(key, row)| look((key, row)))
}
