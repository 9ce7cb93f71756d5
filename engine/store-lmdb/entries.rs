//! What a view sees of tasks, and the journal itself.

use crate::codec::{self, Content};
use crate::fault;
use crate::keys::{self, Table};
use crate::reading::{CHUNK, Snapshot};
use crate::search::{self, Found, Walk};
use crate::store::Shared;
use std::collections::BTreeMap;
use std::ops::Bound;
use thinking_store::{Entry, Seq, StepEntry, StoreError, View};

/// A row of the journal.
type Logged = (Seq, Box<[u8]>);

impl Shared {
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

    pub(crate) fn steps(
        &self,
        view: &View,
        after: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
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
}
