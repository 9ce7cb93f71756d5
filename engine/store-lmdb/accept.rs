//! Taking in a commit: its rows are made outside of the lock, its place in the journal is given under it.

use crate::blobs::THRESHOLD;
use crate::codec::{self, Content, Encoder};
use crate::environment::lock;
use crate::keys::{self, NOTE_REMOVED, NOTE_SET, Table};
use crate::options::Point;
use crate::state::{LineState, State};
use crate::store::Shared;
use crate::value::value_row;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use thinking_store::{
    Commit, DatabaseId, Entry, Line, LineChange, Piece, SegmentId, Seq, StoreError, TaskKey, Token, Write,
};

/// Commits that may wait beside those that are being written; together 20,000.
const MOST_COMMITS: usize = 10_000;
/// Bytes that may wait beside those that are being written; together 16 MiB.
const MOST_BYTES: usize = 8 << 20;

/// A commit's rows that lack only segment and seq.
struct Prepared {
    /// Table, key without its version, value.
    versions: Vec<(Table, Vec<u8>, Box<[u8]>)>,
    /// Rows as they are.
    rows: Vec<(Table, Vec<u8>, Box<[u8]>)>,
    cleared: BTreeSet<DatabaseId>,
    body: Vec<u8>,
}

impl Shared {
    pub(crate) fn begin(&self, line: &str, task: &TaskKey) -> Result<Token, StoreError> {
        if self.read_only {
            return Err(StoreError::Closed);
        }
        let mut state = self.write_state();
        state.check_open()?;
        state.last_attempt += 1;
        let counter = state.last_attempt;
        match state.attempts.get_mut(line) {
            Some(attempts) => {
                attempts.insert(task.clone(), counter);
            }
            None => {
                state.attempts.entry(line.to_owned()).or_default().insert(task.clone(), counter);
            }
        }
        Ok(Token { epoch: self.identity.epoch, counter })
    }

    pub(crate) fn accept(&self, commit: &Commit) -> Result<Seq, StoreError> {
        if self.read_only {
            return Err(StoreError::Closed);
        }
        {
            // A commit that will be refused shall not leave files behind.
            let state = self.read_state();
            state.check_open()?;
            self.check_token(&state, commit)?;
        }
        let prepared = self.prepare(commit)?;
        self.wait_for_room()?;
        let (seq, idle) = {
            let mut state = self.write_state();
            state.check_open()?;
            self.check_token(&state, commit)?;
            let seq = Seq(state.head.entries + 1);
            self.at(Point::BeforeAccept(seq))?;
            insert(&mut state, commit, prepared, seq);
            let mut signals = lock(&self.signals);
            signals.accepted = seq.0;
            signals.waiting_commits = state.open.commits;
            signals.waiting_bytes = state.open.bytes;
            (seq, std::mem::take(&mut signals.idle))
        };
        if idle {
            self.work.notify_one();
        }
        if let Err(error) = self.at(Point::AfterAccept(seq)) {
            self.fail(error.clone());
            return Err(error);
        }
        Ok(seq)
    }

    fn wait_for_room(&self) -> Result<(), StoreError> {
        let mut signals = lock(&self.signals);
        while signals.failure.is_none()
            && !signals.finished
            && (signals.waiting_commits >= MOST_COMMITS || signals.waiting_bytes >= MOST_BYTES)
        {
            signals = self.done.wait(signals).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    fn check_token(&self, state: &State, commit: &Commit) -> Result<(), StoreError> {
        let Some(token) = commit.token else { return Ok(()) };
        let current = match task_of(&commit.entry) {
            Some(task) => {
                state.attempts.get(&commit.line).and_then(|attempts| attempts.get(task)) == Some(&token.counter)
            }
            None => token.counter <= state.last_attempt,
        };
        if current && token.epoch == self.identity.epoch { Ok(()) } else { Err(StoreError::Fenced) }
    }

    fn prepare(&self, commit: &Commit) -> Result<Prepared, StoreError> {
        let body = codec::encode_entry(&commit.entry, |bytes| self.content(bytes))?;
        let mut prepared = Prepared {
            versions: Vec::with_capacity(commit.writes.len() + 1),
            rows: Vec::new(),
            cleared: BTreeSet::new(),
            body,
        };
        self.prepare_writes(&commit.writes, &mut prepared)?;
        if let Entry::Step(step) = &commit.entry {
            prepared.versions.push((Table::Done, keys::task_group(&step.task.0).bytes, Box::default()));
        }
        if let Some(run) = &commit.run {
            let json = serde_json::to_vec(run).map_err(|error| StoreError::Io(format!("a run's record: {error}")))?;
            prepared.rows.push((Table::Runs, run.number.to_be_bytes().to_vec(), codec::seal(json)));
        }
        for (name, note) in &commit.notes {
            prepared.rows.push((Table::Notes, keys::name_key(name), note_row(name, note.as_deref())));
        }
        Ok(prepared)
    }

    /// The last write of a key wins, and a clear takes back what stands before it.
    fn prepare_writes(&self, writes: &[Write], prepared: &mut Prepared) -> Result<(), StoreError> {
        let version = |database: DatabaseId, key: &[u8], value: Option<&[u8]>| {
            let group = keys::data_group(database, key);
            let content = value.map(|value| self.content(value)).transpose()?;
            let row = value_row(&group, key, content);
            Ok::<_, StoreError>((Table::Data, group.bytes, row))
        };
        // Most steps write few keys and clear nothing; then rows that come later replace earlier ones under the same key by themselves.
        if !writes.iter().any(|write| matches!(write, Write::Clear(_))) {
            for write in writes {
                match write {
                    Write::Put(database, key, value) => prepared.versions.push(version(*database, key, Some(value))?),
                    Write::Delete(database, key) => prepared.versions.push(version(*database, key, None)?),
                    Write::Clear(_) => {}
                }
            }
            return Ok(());
        }
        let mut last: BTreeMap<(DatabaseId, &[u8]), Option<&[u8]>> = BTreeMap::new();
        for write in writes {
            match write {
                Write::Put(database, key, value) => {
                    last.insert((*database, key), Some(value));
                }
                Write::Delete(database, key) => {
                    last.insert((*database, key), None);
                }
                Write::Clear(cleared) => {
                    last.retain(|(database, _), _| database != cleared);
                    prepared.cleared.insert(*cleared);
                }
            }
        }
        for ((database, key), value) in last {
            prepared.versions.push(version(database, key, value)?);
        }
        for database in &prepared.cleared {
            prepared.versions.push((Table::Clears, keys::clear_group(*database).bytes, Box::default()));
        }
        Ok(())
    }

    fn content<'a>(&self, bytes: &'a [u8]) -> Result<Content<'a>, StoreError> {
        if bytes.len() <= THRESHOLD {
            Ok(Content::Inline(bytes))
        } else {
            self.blobs.put(bytes, self.hook.as_ref()).map(Content::Blob)
        }
    }
}

/// Puts the rows in place. Nothing in here can fail.
fn insert(state: &mut State, commit: &Commit, prepared: Prepared, seq: Seq) {
    let segment = place(state, &commit.line, commit.change.as_ref(), seq);
    let suffix = keys::suffix(segment, seq);
    for (table, mut key, value) in prepared.versions {
        key.extend_from_slice(&suffix);
        state.open.insert(table, key, value);
    }
    for (table, key, value) in prepared.rows {
        state.open.insert(table, key, value);
    }
    if !prepared.cleared.is_empty() {
        state.cleared.extend(prepared.cleared);
    }
    state.open.insert(Table::Journal, keys::journal_key(seq).to_vec(), codec::journal_row(segment, &prepared.body));
    state.open.committed(seq);
    state.head.entries = seq.0;
    // An attempt ends with its task; a second commit of it is refused.
    if let (Some(_), Entry::Step(step)) = (commit.token, &commit.entry)
        && let Some(attempts) = state.attempts.get_mut(&commit.line)
    {
        attempts.remove(&step.task);
    }
}

/// The segment that a commit belongs to; a new one after a change and at the start of a line.
fn place(state: &mut State, name: &str, change: Option<&LineChange>, seq: Seq) -> SegmentId {
    if change.is_none()
        && let Some(open) = state.lines.get(name).and_then(|line| line.pieces.last())
    {
        return open.segment;
    }
    let before = Seq(seq.0 - 1);
    let closed = |piece: &Piece| Piece { hi: piece.hi.min(before), ..*piece };
    let previous = state.lines.get(name).map_or_else(Vec::new, |line| line.line.pieces.iter().map(closed).collect());
    let segment = SegmentId(state.head.next_segment);
    state.head.next_segment += 1;
    let kept = change.map_or(&[][..], |change| &change.keep);
    let mut pieces: Vec<Piece> = kept.iter().map(closed).filter(|piece| piece.lo <= piece.hi).collect();
    pieces.push(Piece { segment, lo: seq, hi: Seq(u64::MAX) });
    let line = Line { pieces, previous };
    state.open.insert(Table::Lines, keys::name_key(name), codec::line_row(name, &line));
    state.lines.insert(name.to_owned(), LineState::new(line));
    segment
}

fn task_of(entry: &Entry) -> Option<&TaskKey> {
    match entry {
        Entry::Step(step) => Some(&step.task),
        Entry::Attempt { task, .. } => Some(task),
        _ => None,
    }
}

/// A note's row. A removed one is only kept until it is committed.
fn note_row(name: &str, note: Option<&[u8]>) -> Box<[u8]> {
    let mut out = Encoder::default();
    match note {
        None => out.byte(NOTE_REMOVED),
        Some(bytes) => {
            out.byte(NOTE_SET);
            out.bytes(name.as_bytes());
            out.bytes.extend_from_slice(bytes);
        }
    }
    codec::seal(out.bytes)
}
