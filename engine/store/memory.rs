//! A store in memory: simple and obviously right, durable at once, gone with the process.

use crate::{
    Commit, DatabaseId, Entry, Identity, InternId, Line, Piece, Progress, Row, RunRecord, Scan, SegmentId, Seq,
    StepEntry, Store, StoreError, TaskKey, Token, View, Write, Written,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A [`Store`] in memory.
#[derive(Debug)]
pub struct MemoryStore {
    identity: Identity,
    state: Mutex<State>,
}

/// A version of a key; `None` if it was deleted there.
type Version = Option<Arc<[u8]>>;

/// The versions of a key.
type Versions = BTreeMap<Seq, (SegmentId, Version)>;

#[derive(Debug, Default)]
struct State {
    closed: bool,
    lines: HashMap<String, Line>,
    segments: u32,
    journal: Vec<(SegmentId, Entry)>,
    databases: Vec<String>,
    data: BTreeMap<DatabaseId, BTreeMap<Vec<u8>, Versions>>,
    clears: BTreeMap<DatabaseId, BTreeMap<Seq, SegmentId>>,
    done: BTreeMap<TaskKey, BTreeMap<Seq, SegmentId>>,
    contents: Vec<Arc<[u8]>>,
    numbers: HashMap<Arc<[u8]>, InternId>,
    runs: BTreeMap<u32, RunRecord>,
    notes: BTreeMap<String, Arc<[u8]>>,
    attempts: HashMap<(String, TaskKey), u64>,
    last_attempt: u64,
}

/// Where in a view a version stands: number of the piece, seq. A greater place hides a smaller one.
type Place = (usize, Seq);

impl MemoryStore {
    /// An empty store of a project.
    #[must_use]
    pub fn new(project: impl Into<String>) -> Self {
        let identity = Identity { id: "memory".into(), epoch: 1, project: project.into() };
        Self { identity, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new("memory")
    }
}

/// The place of a commit in a view, if the view sees it.
fn place(view: &View, segment: SegmentId, seq: Seq) -> Option<Place> {
    let holds = |piece: &Piece| piece.segment == segment && piece.lo <= seq && seq <= piece.hi && seq <= view.at;
    view.pieces.iter().rposition(holds).map(|piece| (piece, seq))
}

impl State {
    fn value(&self, view: &View, database: DatabaseId, versions: &Versions) -> Version {
        let newest =
            versions.iter().filter_map(|(seq, (segment, version))| Some((place(view, *segment, *seq)?, version)));
        let (newest, version) = newest.max_by_key(|(place, _)| *place)?;
        let clears = self.clears.get(&database).into_iter().flatten();
        let cleared = clears.filter_map(|(seq, segment)| place(view, *segment, *seq)).max();
        version.clone().filter(|_| cleared.is_none_or(|cleared| newest >= cleared))
    }

    fn step(&self, seq: Seq) -> Option<(SegmentId, &StepEntry)> {
        let index = usize::try_from(seq.0.checked_sub(1)?).ok()?;
        match self.journal.get(index)? {
            (segment, Entry::Step(step)) => Some((*segment, step)),
            _ => None,
        }
    }

    fn latest(&self, view: &View, entries: &BTreeMap<Seq, SegmentId>) -> Option<(Seq, StepEntry)> {
        let (_, seq) = entries.iter().filter_map(|(seq, segment)| place(view, *segment, *seq)).max()?;
        self.step(seq).map(|(_, step)| (seq, step.clone()))
    }

    fn last(&self) -> Seq {
        Seq(self.journal.len() as u64)
    }

    fn segment(&mut self, commit: &Commit, seq: Seq) -> SegmentId {
        let before = Seq(seq.0 - 1);
        let closed = |piece: &Piece| Piece { hi: piece.hi.min(before), ..*piece };
        let line = self.lines.entry(commit.line.clone()).or_default();
        if let (None, Some(open)) = (&commit.change, line.pieces.last()) {
            return open.segment;
        }
        let previous = line.pieces.iter().map(closed).collect();
        let kept = commit.change.iter().flat_map(|change| &change.keep);
        let segment = SegmentId(self.segments);
        self.segments += 1;
        let open = Piece { segment, lo: seq, hi: Seq(u64::MAX) };
        let pieces = kept.map(closed).filter(|piece| piece.lo <= piece.hi).chain([open]).collect();
        *line = Line { pieces, previous };
        segment
    }

    fn write(&mut self, segment: SegmentId, seq: Seq, write: Write) {
        match write {
            Write::Put(database, key, value) => self.version(database, key, segment, seq, Some(value.into())),
            Write::Delete(database, key) => self.version(database, key, segment, seq, None),
            Write::Clear(database) => {
                // What this very commit wrote before goes; what it writes after stays.
                for versions in self.data.entry(database).or_default().values_mut() {
                    versions.remove(&seq);
                }
                self.clears.entry(database).or_default().insert(seq, segment);
            }
        }
    }

    fn version(&mut self, database: DatabaseId, key: Vec<u8>, segment: SegmentId, seq: Seq, version: Version) {
        self.data.entry(database).or_default().entry(key).or_default().insert(seq, (segment, version));
    }
}

impl Store for MemoryStore {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn line(&self, name: &str) -> Result<Line, StoreError> {
        Ok(self.state().lines.get(name).cloned().unwrap_or_default())
    }

    fn view(&self, line: &str) -> Result<View, StoreError> {
        let state = self.state();
        let pieces = state.lines.get(line).map_or_else(Vec::new, |line| line.pieces.clone());
        Ok(View { pieces: pieces.into(), at: state.last() })
    }

    fn database(&self, name: &str) -> Result<DatabaseId, StoreError> {
        let mut state = self.state();
        let index = state.databases.iter().position(|known| known == name).unwrap_or(state.databases.len());
        if index == state.databases.len() {
            state.databases.push(name.to_owned());
        }
        u16::try_from(index).map(DatabaseId).map_err(|_| StoreError::Io("there are too many databases".into()))
    }

    fn databases(&self) -> Result<Vec<(DatabaseId, String)>, StoreError> {
        Ok((0..).map(DatabaseId).zip(self.state().databases.iter().cloned()).collect())
    }

    fn get(&self, view: &View, database: DatabaseId, key: &[u8]) -> Result<Option<Arc<[u8]>>, StoreError> {
        let state = self.state();
        let versions = state.data.get(&database).and_then(|keys| keys.get(key));
        Ok(versions.and_then(|versions| state.value(view, database, versions)))
    }

    fn scan(&self, view: &View, request: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        let state = self.state();
        let keys = state.data.get(&request.database).into_iter().flatten();
        let rows = keys
            .filter(|(key, _)| {
                key.starts_with(request.prefix) && request.after.is_none_or(|after| key.as_slice() > after)
            })
            .filter_map(|(key, versions)| Some((key.clone(), state.value(view, request.database, versions)?)));
        Ok(rows.take(request.limit).collect())
    }

    fn intern(&self, bytes: &[u8]) -> Result<InternId, StoreError> {
        let mut state = self.state();
        if let Some(id) = state.numbers.get(bytes) {
            return Ok(*id);
        }
        let content: Arc<[u8]> = bytes.into();
        state.contents.push(Arc::clone(&content));
        let id = InternId(state.contents.len() as u32);
        state.numbers.insert(content, id);
        Ok(id)
    }

    fn interned(&self, id: InternId) -> Result<Arc<[u8]>, StoreError> {
        let state = self.state();
        let content = (id.0 as usize).checked_sub(1).and_then(|index| state.contents.get(index));
        content.cloned().ok_or_else(|| StoreError::Io(format!("no content has the number {}", id.0)))
    }

    fn done(&self, view: &View, task: &TaskKey) -> Result<Option<(Seq, StepEntry)>, StoreError> {
        let state = self.state();
        Ok(state.done.get(task).and_then(|entries| state.latest(view, entries)))
    }

    fn instances(&self, view: &View, prefix: &[u8]) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        let state = self.state();
        let tasks = state.done.iter().filter(|(task, _)| task.0.starts_with(prefix));
        let mut entries: Vec<_> = tasks.filter_map(|(_, entries)| state.latest(view, entries)).collect();
        entries.sort_by_key(|(seq, _)| *seq);
        Ok(entries)
    }

    fn steps(&self, view: &View, after: Option<Seq>, limit: usize) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        let state = self.state();
        let mut steps: Vec<(Place, StepEntry)> = (1..=state.last().0)
            .filter_map(|seq| {
                let (segment, step) = state.step(Seq(seq))?;
                Some((place(view, segment, Seq(seq))?, step.clone()))
            })
            .collect();
        steps.sort_by_key(|(place, _)| *place);
        let segment_of =
            |seq: Seq| state.journal.get(usize::try_from(seq.0.checked_sub(1)?).ok()?).map(|(segment, _)| *segment);
        let start = match after {
            Some(Seq(0)) | None => None,
            Some(seq) => {
                match segment_of(seq).and_then(|segment| place(&View { at: seq, ..view.clone() }, segment, seq)) {
                    Some(place) => Some(place),
                    None => return Ok(Vec::new()),
                }
            }
        };
        let wanted = steps.into_iter().filter(|(place, _)| start.is_none_or(|start| *place > start));
        Ok(wanted.take(limit).map(|((_, seq), step)| (seq, step)).collect())
    }

    fn journal(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Entry)>, StoreError> {
        let state = self.state();
        let entries = (1..).map(Seq).zip(&state.journal).filter(|(seq, _)| *seq >= from);
        Ok(entries.take(limit).map(|(seq, (_, entry))| (seq, entry.clone())).collect())
    }

    fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        Ok(self.state().runs.values().cloned().collect())
    }

    fn runs_before(&self, before: Option<u32>, limit: usize) -> Result<Vec<RunRecord>, StoreError> {
        let state = self.state();
        let earlier = state.runs.values().rev().filter(|run| before.is_none_or(|before| run.number < before));
        Ok(earlier.take(limit).cloned().collect())
    }

    fn written(&self, seq: Seq) -> Result<Option<Written>, StoreError> {
        let state = self.state();
        let index = seq.0.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let Some((segment, _)) = index.and_then(|index| state.journal.get(index)) else { return Ok(None) };
        let cleared = state.clears.iter().filter(|(_, clears)| clears.contains_key(&seq));
        let mut keys: Vec<_> = cleared.map(|(database, _)| (*database, None)).collect();
        for (database, rows) in &state.data {
            let own = rows.iter().filter(|(_, versions)| versions.contains_key(&seq));
            keys.extend(own.map(|(key, _)| (*database, Some(key.clone()))));
        }
        keys.sort();
        Ok(Some(Written { segment: *segment, keys }))
    }

    fn note(&self, name: &str) -> Result<Option<Arc<[u8]>>, StoreError> {
        Ok(self.state().notes.get(name).cloned())
    }

    fn begin(&self, line: &str, task: &TaskKey) -> Result<Token, StoreError> {
        let mut state = self.state();
        if state.closed {
            return Err(StoreError::Closed);
        }
        state.last_attempt += 1;
        let counter = state.last_attempt;
        state.attempts.insert((line.to_owned(), task.clone()), counter);
        Ok(Token { epoch: self.identity.epoch, counter })
    }

    fn accept(&self, commit: Commit) -> Result<Seq, StoreError> {
        let mut state = self.state();
        if state.closed {
            return Err(StoreError::Closed);
        }
        let task = match &commit.entry {
            Entry::Step(StepEntry { task, .. }) | Entry::Attempt { task, .. } => {
                Some((commit.line.clone(), task.clone()))
            }
            _ => None,
        };
        if let Some(token) = commit.token {
            let current = task.as_ref().is_none_or(|task| state.attempts.get(task) == Some(&token.counter));
            if token.epoch != self.identity.epoch || token.counter > state.last_attempt || !current {
                return Err(StoreError::Fenced);
            }
        }
        let seq = Seq(state.journal.len() as u64 + 1);
        let segment = state.segment(&commit, seq);
        if let (Entry::Step(step), Some(task)) = (&commit.entry, task) {
            state.done.entry(step.task.clone()).or_default().insert(seq, segment);
            if commit.token.is_some() {
                // An attempt ends with its task; a second commit of it is refused.
                state.attempts.remove(&task);
            }
        }
        state.journal.push((segment, commit.entry));
        for write in commit.writes {
            state.write(segment, seq, write);
        }
        if let Some(run) = commit.run {
            state.runs.insert(run.number, run);
        }
        for (name, note) in commit.notes {
            match note {
                Some(bytes) => state.notes.insert(name, bytes.into()),
                None => state.notes.remove(&name),
            };
        }
        Ok(seq)
    }

    fn wait_durable(&self, _seq: Seq) -> Result<(), StoreError> {
        Ok(())
    }

    fn progress(&self) -> Progress {
        let last = self.state().last();
        Progress { accepted: last, durable: last }
    }

    fn close(&self) -> Result<(), StoreError> {
        self.state().closed = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;

    #[test]
    fn keeps_the_contract() {
        crate::contract::check(&|| Box::new(MemoryStore::new("project")));
    }
}
