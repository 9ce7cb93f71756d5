//! What a view sees: keys, rows, entries.

use crate::codec::{self, BlobRef, Content, Decoder};
use crate::environment::Reading;
use crate::fault;
use crate::keys::{self, Group, GroupKey, TAG_BLOB, TAG_INLINE, TAG_TOMBSTONE, Table};
use crate::search::{self, Found, Place, Source, Walk};
use crate::state::State;
use crate::store::Shared;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, RwLockReadGuard};
use thinking_store::{DatabaseId, Entry, InternId, Row, Scan, Seq, StepEntry, StoreError, View};

/// Rows of a small table.
type Stored = BTreeMap<Box<[u8]>, Box<[u8]>>;
/// A row of the journal.
type Logged = (Seq, Box<[u8]>);

/// Rows looked at before others may accept again.
const CHUNK: usize = 512;

/// What waits, and what is stored. The transaction is opened after the lock was taken, so it holds all that is no longer waiting.
struct Snapshot<'a> {
    state: RwLockReadGuard<'a, State>,
    reading: Reading<'a>,
}

impl Snapshot<'_> {
    fn sources(&self, table: Table) -> Vec<Source<'_>> {
        self.state.pending(table).chain([Source::stored(&self.reading, table)]).collect()
    }

    fn row(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
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
    fn state_for(&self, at: Seq) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self.read_state();
        match &state.failure {
            Some(error) if at.0 > state.durable => Err(error.clone()),
            _ => Ok(state),
        }
    }

    fn snapshot(&self, at: Seq) -> Result<Snapshot<'_>, StoreError> {
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
        if plain && let Some(found) = pending && found.place.piece + 1 == view.pieces.len() {
            let value = parse_value(found.value, group.long)?.content.map(Owned::from);
            drop(state);
            return value.map(|value| self.load(value)).transpose();
        }
        let snapshot = Snapshot { reading: self.environment.read()?, state };
        let found = search::latest_of(&snapshot.sources(Table::Data), &group.bytes, view)?;
        let cleared = if plain { None } else { snapshot.cleared(self.read_only, view, database)? };
        let Some(found) = found.filter(|found| cleared.is_none_or(|clear| found.place >= clear)) else { return Ok(None) };
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

    pub(crate) fn done(&self, view: &View, task: &[u8]) -> Result<Option<(Seq, StepEntry)>, StoreError> {
        let group = keys::task_group(task).bytes;
        let state = self.state_for(view.at)?;
        let mut found: Option<Found<'_>> = None;
        for source in state.pending(Table::Done) {
            found = search::newer(found, search::latest(source, &group, view, None)?);
        }
        let row = found.filter(|found| found.place.piece + 1 == view.pieces.len()).map(|found| found.place.seq);
        if let Some(seq) = row
            && let Some(row) = state.pending_row(Table::Journal, &keys::journal_key(seq))
        {
            return Ok(Some((seq, self.step(row)?)));
        }
        let snapshot = Snapshot { reading: self.environment.read()?, state };
        match search::latest_of(&snapshot.sources(Table::Done), &group, view)? {
            Some(found) => Ok(Some((found.place.seq, self.step_at(&snapshot, found.place.seq)?))),
            None => Ok(None),
        }
    }

    pub(crate) fn instances(&self, view: &View, prefix: &[u8]) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        let start = keys::group_prefix(&[], prefix);
        let mut from = Some(start.clone());
        let mut entries = Vec::new();
        while let Some(at) = from.take() {
            let snapshot = self.snapshot(view.at)?;
            let mut walk = Walk::new(&snapshot.sources(Table::Done), &at, start.clone())?;
            for looked_at in 0.. {
                let Some((group, found)) = walk.next(view)? else { break };
                if looked_at >= CHUNK {
                    from = Some(group);
                    break;
                }
                if let Some(found) = found {
                    let step = self.step_at(&snapshot, found.place.seq)?;
                    // A prefix that is too long for a key is only compared here.
                    if step.task.0.starts_with(prefix) {
                        entries.push((found.place.seq, step));
                    }
                }
            }
        }
        entries.sort_by_key(|(seq, _)| *seq);
        Ok(entries)
    }

    fn step_at(&self, snapshot: &Snapshot<'_>, seq: Seq) -> Result<StepEntry, StoreError> {
        let row = snapshot.row(Table::Journal, &keys::journal_key(seq))?;
        self.step(row.ok_or_else(|| fault::damaged(&format!("entry {} is missing", seq.0)))?)
    }

    fn step(&self, row: &[u8]) -> Result<StepEntry, StoreError> {
        match self.entry(codec::journal_parts(row)?.1)? {
            Entry::Step(step) => Ok(step),
            _ => Err(fault::damaged("a task names an entry that is no step")),
        }
    }

    fn entry(&self, body: &[u8]) -> Result<Entry, StoreError> {
        codec::decode_entry(body, |content| match content {
            Content::Inline(bytes) => Ok(bytes.to_vec()),
            Content::Blob(blob) => self.blobs.get(&blob),
        })
    }

    pub(crate) fn steps(&self, view: &View, after: Option<Seq>, limit: usize) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        let mut steps = Vec::new();
        let start = match after {
            Some(seq) => self.piece_of(view, seq)?,
            None => Some(0),
        };
        let Some(start) = start else { return Ok(steps) };
        for (index, piece) in view.pieces.iter().enumerate().skip(start) {
            let hi = piece.hi.min(view.at);
            let mut from = match after {
                Some(seq) if index == start => Seq(seq.0 + 1),
                _ => piece.lo,
            };
            while from <= hi && steps.len() < limit {
                let rows = self.journal_rows(from, hi, CHUNK)?;
                let Some((last, _)) = rows.last() else { break };
                from = Seq(last.0 + 1);
                for (seq, row) in &rows {
                    let (segment, body) = codec::journal_parts(row)?;
                    if steps.len() < limit && segment == piece.segment && codec::is_step(body) {
                        steps.push((*seq, self.step(row)?));
                    }
                }
            }
        }
        Ok(steps)
    }

    /// The piece of the view in which an entry stands.
    fn piece_of(&self, view: &View, seq: Seq) -> Result<Option<usize>, StoreError> {
        let rows = self.journal_rows(seq, seq, 1)?;
        let Some((_, row)) = rows.first() else { return Ok((seq.0 == 0).then_some(0)) };
        let (segment, _) = codec::journal_parts(row)?;
        Ok(view.pieces.iter().position(|piece| piece.segment == segment && piece.lo <= seq && seq <= piece.hi))
    }

    pub(crate) fn journal(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Entry)>, StoreError> {
        let mut entries = Vec::new();
        let mut from = from;
        while entries.len() < limit {
            let rows = self.journal_rows(from, Seq(u64::MAX), CHUNK.min(limit - entries.len()))?;
            let Some((last, _)) = rows.last() else { break };
            from = Seq(last.0 + 1);
            for (seq, row) in &rows {
                entries.push((*seq, self.entry(codec::journal_parts(row)?.1)?));
            }
        }
        Ok(entries)
    }

    /// Rows of the journal, copied out.
    fn journal_rows(&self, from: Seq, to: Seq, limit: usize) -> Result<Vec<Logged>, StoreError> {
        let snapshot = self.snapshot(Seq(0))?;
        let (low, high) = (keys::journal_key(from), keys::journal_key(to));
        let range = (Bound::Included(&low[..]), Bound::Included(&high[..]));
        let mut rows: BTreeMap<Seq, Box<[u8]>> = BTreeMap::new();
        if low <= high {
            let wrong = || fault::damaged("a key of the journal is wrong");
            let journal = snapshot.reading.rows(Table::Journal);
            let stored = journal.range(snapshot.reading.txn(), &range).map_err(|error| fault::lmdb(&error))?;
            for row in stored.take(limit) {
                let (key, row) = row.map_err(|error| fault::lmdb(&error))?;
                rows.insert(keys::journal_seq(key).ok_or_else(wrong)?, row.into());
            }
            // What waits comes after what is stored, or is the same.
            let batches = snapshot.state.writing.as_deref().into_iter().chain([&snapshot.state.open]);
            for (key, row) in batches.flat_map(|batch| batch.rows(Table::Journal).range::<[u8], _>(range)) {
                if rows.len() >= limit {
                    break;
                }
                rows.insert(keys::journal_seq(key).ok_or_else(wrong)?, row.clone());
            }
        }
        Ok(rows.into_iter().collect())
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

/// A value taken out of its row.
enum Owned {
    Inline(Arc<[u8]>),
    Blob(BlobRef),
}

impl From<Content<'_>> for Owned {
    fn from(content: Content<'_>) -> Self {
        match content {
            Content::Inline(bytes) => Self::Inline(bytes.into()),
            Content::Blob(blob) => Self::Blob(blob),
        }
    }
}

/// A value as it stands in a row. No content: the key was deleted.
pub(crate) struct Value<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) content: Option<Content<'a>>,
}

/// Reads a row of `data`.
pub(crate) fn parse_value(row: &[u8], long: bool) -> Result<Value<'_>, StoreError> {
    let mut from = Decoder::new(codec::unseal(row, "a value")?);
    (|| {
        let tag = from.byte()?;
        let key = if long { Some(from.bytes()?) } else { None };
        let content = match tag {
            TAG_TOMBSTONE => None,
            TAG_INLINE => Some(Content::Inline(from.rest)),
            TAG_BLOB => Some(Content::Blob(from.blob()?)),
            _ => return None,
        };
        Some(Value { key, content })
    })()
    .ok_or_else(|| fault::damaged("a value cannot be read"))
}

/// Writes a row of `data`.
pub(crate) fn value_row(group: &Group, key: &[u8], content: Option<Content<'_>>) -> Box<[u8]> {
    let length = match &content {
        Some(Content::Inline(bytes)) => bytes.len(),
        _ => 40,
    };
    let mut out = codec::Encoder::with_capacity(length + 5 + if group.long { key.len() + 8 } else { 0 });
    out.byte(match &content {
        None => TAG_TOMBSTONE,
        Some(Content::Inline(_)) => TAG_INLINE,
        Some(Content::Blob(_)) => TAG_BLOB,
    });
    if group.long {
        out.bytes(key);
    }
    match content {
        None => {}
        Some(Content::Inline(bytes)) => out.bytes.extend_from_slice(bytes),
        Some(Content::Blob(blob)) => out.blob(&blob),
    }
    codec::seal(out.bytes)
}
