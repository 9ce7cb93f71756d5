//! What a view sees of keys, and rows that belong to no view.

use crate::codec;
use crate::environment::Reading;
use crate::fault;
use crate::keys::{self, GroupKey, Table};
use crate::search::{self, Place, Source, Walk};
use crate::state::State;
use crate::store::Shared;
use crate::value::{Owned, parse_value};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLockReadGuard};
use thinking_store::{DatabaseId, InternId, Row, Scan, Seq, StoreError, View};

/// Rows of a small table.
type Stored = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// Rows looked at before others may accept again.
pub(crate) const CHUNK: usize = 512;

/// What waits, and what is stored. The transaction is opened after the lock was taken, so it holds all that is no longer waiting.
pub(crate) struct Snapshot<'a> {
    pub(crate) state: RwLockReadGuard<'a, State>,
    pub(crate) reading: Reading<'a>,
}

impl Snapshot<'_> {
    pub(crate) fn sources(&self, table: Table) -> Vec<Source<'_>> {
        self.state.pending(table).chain([Source::stored(&self.reading, table)]).collect()
    }

    pub(crate) fn row(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        match self.state.pending_row(table, key) {
            Some(row) => Ok(Some(row)),
            None => self.reading.get(table, key),
        }
    }

    /// The last clear of a database that the view sees.
    fn cleared(&self, read_only: bool, view: &View, database: DatabaseId) -> Result<Option<Place>, StoreError> {
        if !read_only && !self.state.cleared.contains(&database) {
            return Ok(None);
        }
        let group = keys::clear_group(database).bytes;
        Ok(search::latest_of(&self.sources(Table::Clears), &group, view)?.map(|found| found.place))
    }
}

impl Shared {
    /// A state that may be read at that point. After a failure only what is durable may.
    pub(crate) fn state_for(&self, at: Seq) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self.read_state();
        match &state.failure {
            Some(error) if at.0 > state.durable => Err(error.clone()),
            _ => Ok(state),
        }
    }

    pub(crate) fn snapshot(&self, at: Seq) -> Result<Snapshot<'_>, StoreError> {
        let state = self.state_for(at)?;
        let reading = self.environment.read()?;
        Ok(Snapshot { state, reading })
    }

    pub(crate) fn get(&self, view: &View, database: DatabaseId, key: &[u8]) -> Result<Option<Arc<[u8]>>, StoreError> {
        let group = keys::data_group(database, key);
        let state = self.state_for(view.at)?;
        let mut pending = None;
        for source in state.pending(Table::Data) {
            pending = search::newer(pending, search::latest(source, &group.bytes, view, None)?);
        }
        // Nothing can hide what stands in the last piece and waits, unless the database was cleared.
        let plain = !self.read_only && !state.cleared.contains(&database);
        if plain
            && let Some(found) = pending
            && found.place.piece + 1 == view.pieces.len()
        {
            let value = parse_value(found.value, group.long)?.content.map(Owned::from);
            drop(state);
            return value.map(|value| self.load(value)).transpose();
        }
        let snapshot = Snapshot { reading: self.environment.read()?, state };
        let found = search::latest_of(&snapshot.sources(Table::Data), &group.bytes, view)?;
        let cleared = if plain { None } else { snapshot.cleared(self.read_only, view, database)? };
        let Some(found) = found.filter(|found| cleared.is_none_or(|clear| found.place >= clear)) else {
            return Ok(None);
        };
        let value = parse_value(found.value, group.long)?;
        if group.long && value.key != Some(key) {
            return Err(fault::damaged("a value stands under another key"));
        }
        let value = value.content.map(Owned::from);
        drop(snapshot);
        value.map(|value| self.load(value)).transpose()
    }

    /// Fetches a large value. No lock and no transaction is held meanwhile: its file never changes.
    fn load(&self, value: Owned) -> Result<Arc<[u8]>, StoreError> {
        match value {
            Owned::Inline(bytes) => Ok(bytes),
            Owned::Blob(blob) => Ok(self.blobs.get(&blob)?.into()),
        }
    }

    pub(crate) fn scan(&self, view: &View, request: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        let head = request.database.0.to_be_bytes();
        let start = keys::group_prefix(&head, request.prefix);
        let mut from = Some(request.after.map_or_else(Vec::new, |key| keys::after_key(&head, key)).max(start));
        let mut rows = Vec::new();
        while let Some(start) = from.filter(|_| rows.len() < request.limit) {
            from = self.scan_chunk(view, &request, &start, &mut rows)?;
        }
        rows.truncate(request.limit);
        rows.into_iter().map(|(key, value)| Ok((key, self.load(value)?))).collect()
    }

    /// Appends some rows from a place in the table on; gives where to go on, if there may be more.
    fn scan_chunk(
        &self,
        view: &View,
        request: &Scan<'_>,
        from: &[u8],
        rows: &mut Vec<(Vec<u8>, Owned)>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let head = request.database.0.to_be_bytes();
        let snapshot = self.snapshot(view.at)?;
        let cleared = snapshot.cleared(self.read_only, view, request.database)?;
        let mut walk = Walk::new(&snapshot.sources(Table::Data), from, keys::group_prefix(&head, request.prefix))?;
        let wanted = |key: &[u8]| key.starts_with(request.prefix) && request.after.is_none_or(|after| key > after);
        // Long keys with one first part come in the order of their hashes; they are put in order once all of them are here.
        let mut neighbours: Option<(Vec<u8>, usize)> = None;
        for looked_at in 0.. {
            let next = walk.next(view)?;
            let shared = next.as_ref().and_then(|(group, _)| keys::neighbours(group, head.len()));
            if let Some((_, start)) = neighbours.take_if(|(bytes, _)| Some(bytes.as_slice()) != shared)
                && let Some(run) = rows.get_mut(start..)
            {
                run.sort_by(|left, right| left.0.cmp(&right.0));
            }
            if neighbours.is_none() && (rows.len() >= request.limit || looked_at >= CHUNK) {
                return Ok(next.map(|(group, _)| group));
            }
            let Some((group, found)) = &next else { break };
            if let Some(shared) = shared {
                neighbours.get_or_insert_with(|| (shared.to_vec(), rows.len()));
            }
            let Some(found) = found.filter(|found| cleared.is_none_or(|clear| found.place >= clear)) else { continue };
            let key = keys::group_key(group, head.len()).ok_or_else(|| fault::damaged("a key cannot be read"))?;
            let value = parse_value(found.value, key == GroupKey::InValue)?;
            let key = match key {
                GroupKey::Whole(key) => key,
                GroupKey::InValue => value.key.unwrap_or_default().to_vec(),
            };
            if wanted(&key) {
                rows.extend(value.content.map(|content| (key, content.into())));
            }
        }
        Ok(None)
    }

    pub(crate) fn named_row(&self, table: Table, key: &[u8]) -> Result<Option<Box<[u8]>>, StoreError> {
        let state = self.read_state();
        if let Some(row) = state.pending_row(table, key) {
            return Ok(Some(row.into()));
        }
        let reading = self.environment.read()?;
        Ok(reading.get(table, key)?.map(Into::into))
    }

    /// All rows of a small table; what waits replaces what is stored.
    pub(crate) fn all_rows(&self, table: Table) -> Result<Stored, StoreError> {
        let snapshot = self.snapshot(Seq(0))?;
        let mut rows = BTreeMap::new();
        let stored = snapshot.reading.rows(table).iter(snapshot.reading.txn()).map_err(|error| fault::lmdb(&error))?;
        for row in stored {
            let (key, row) = row.map_err(|error| fault::lmdb(&error))?;
            rows.insert(key.into(), row.into());
        }
        let batches = snapshot.state.writing.as_deref().into_iter().chain([&snapshot.state.open]);
        rows.extend(batches.flat_map(|batch| batch.rows(table)).map(|(key, row)| (key.clone(), row.clone())));
        Ok(rows)
    }

    pub(crate) fn interned(&self, id: InternId) -> Result<Arc<[u8]>, StoreError> {
        let row = self.named_row(Table::Interns, &id.0.to_be_bytes())?;
        let row = row.ok_or_else(|| StoreError::Io(format!("no content has the number {}", id.0)))?;
        Ok(codec::unseal(&row, "a content")?.into())
    }
}
