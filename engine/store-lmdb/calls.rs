//! The calls of [`Store`].

use crate::codec::{self, Decoder};
use crate::environment::lock;
use crate::fault;
use crate::keys::{self, NOTE_SET, Table};
use crate::store::{LmdbStore, Shared, read_databases, read_head};
use std::sync::{Arc, PoisonError};
use thinking_store::{
    Commit, DatabaseId, Entry, Identity, InternId, Line, Progress, Row, RunRecord, Scan, Seq, StepEntry, Store,
    StoreError, TaskKey, Token, View, Written,
};

/// In a store that only reads, the number of every database that is not there.
const NO_DATABASE: DatabaseId = DatabaseId(u16::MAX);
/// One less is the highest number of a database.
const DATABASES: usize = u16::MAX as usize;

impl Store for LmdbStore {
    fn identity(&self) -> Identity {
        self.shared.identity.clone()
    }

    fn line(&self, name: &str) -> Result<Line, StoreError> {
        if self.shared.read_only {
            return self.shared.stored_line(name).map(|(line, _)| line);
        }
        let state = self.shared.read_state();
        state.failure.clone().map_or(Ok(()), Err)?;
        Ok(state.lines.get(name).map(|line| line.line.clone()).unwrap_or_default())
    }

    fn view(&self, line: &str) -> Result<View, StoreError> {
        if self.shared.read_only {
            let (line, at) = self.shared.stored_line(line)?;
            return Ok(View { pieces: line.pieces.into(), at });
        }
        let state = self.shared.read_state();
        state.failure.clone().map_or(Ok(()), Err)?;
        let pieces = state.lines.get(line).map_or_else(|| Arc::from([]), |line| Arc::clone(&line.pieces));
        Ok(View { pieces, at: Seq(state.head.entries) })
    }

    fn database(&self, name: &str) -> Result<DatabaseId, StoreError> {
        if let Some(id) = self.shared.read_state().databases.by_name.get(name) {
            return Ok(*id);
        }
        if self.shared.read_only {
            let databases = read_databases(&self.shared.environment.read()?)?;
            let id = databases.by_name.get(name).copied();
            self.shared.write_state().databases = databases;
            return Ok(id.unwrap_or(NO_DATABASE));
        }
        let mut state = self.shared.write_state();
        state.check_open()?;
        if let Some(id) = state.databases.by_name.get(name) {
            return Ok(*id);
        }
        let count = state.databases.names.len();
        if count >= DATABASES {
            return Err(StoreError::Io(format!(
                "the state has {DATABASES} databases, which is as many as there can be"
            )));
        }
        let id = DatabaseId(count as u16);
        state.databases.insert(id, name);
        state.open.insert(Table::Databases, id.0.to_be_bytes().to_vec(), codec::seal(name.as_bytes().to_vec()));
        Ok(id)
    }

    fn databases(&self) -> Result<Vec<(DatabaseId, String)>, StoreError> {
        if self.shared.read_only {
            return Ok(read_databases(&self.shared.environment.read()?)?.names);
        }
        Ok(self.shared.read_state().databases.names.clone())
    }

    fn get(&self, view: &View, database: DatabaseId, key: &[u8]) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.shared.get(view, database, key)
    }

    fn scan(&self, view: &View, request: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        self.shared.scan(view, request)
    }

    fn intern(&self, bytes: &[u8]) -> Result<InternId, StoreError> {
        self.shared.intern(bytes)
    }

    fn interned(&self, id: InternId) -> Result<Arc<[u8]>, StoreError> {
        self.shared.interned(id)
    }

    fn done(&self, view: &View, task: &TaskKey) -> Result<Option<(Seq, StepEntry)>, StoreError> {
        self.shared.done(view, &task.0)
    }

    fn instances(&self, view: &View, prefix: &[u8]) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        self.shared.instances(view, prefix)
    }

    fn steps(&self, view: &View, after: Option<Seq>, limit: usize) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        self.shared.steps(view, after, limit)
    }

    fn journal(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Entry)>, StoreError> {
        self.shared.journal(from, limit)
    }

    fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.shared.all_rows(Table::Runs)?.values().map(|row| codec::run_of(row)).collect()
    }

    fn runs_before(&self, before: Option<u32>, limit: usize) -> Result<Vec<RunRecord>, StoreError> {
        self.shared.runs_before(before, limit)
    }

    fn written(&self, seq: Seq) -> Result<Option<Written>, StoreError> {
        self.shared.written(seq)
    }

    fn note(&self, name: &str) -> Result<Option<Arc<[u8]>>, StoreError> {
        let Some(row) = self.shared.named_row(Table::Notes, &keys::name_key(name))? else { return Ok(None) };
        let mut from = Decoder::new(codec::unseal(&row, "a note")?);
        if from.byte() != Some(NOTE_SET) {
            return Ok(None);
        }
        from.bytes().ok_or_else(|| fault::damaged("a note cannot be read"))?;
        Ok(Some(from.rest.into()))
    }

    fn begin(&self, line: &str, task: &TaskKey) -> Result<Token, StoreError> {
        self.shared.begin(line, task)
    }

    fn accept(&self, commit: Commit) -> Result<Seq, StoreError> {
        self.shared.accept(&commit)
    }

    fn wait_durable(&self, seq: Seq) -> Result<(), StoreError> {
        let mut signals = lock(&self.shared.signals);
        let target = seq.0.min(signals.accepted);
        while signals.durable < target {
            if let Some(error) = &signals.failure {
                return Err(error.clone());
            }
            if signals.finished {
                return Err(StoreError::Closed);
            }
            signals = self.shared.done.wait(signals).unwrap_or_else(PoisonError::into_inner);
        }
        // A failed store has nothing after its last durable commit, so whoever waits for more must hear of it.
        match &signals.failure {
            Some(error) if seq.0 > signals.durable => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn progress(&self) -> Progress {
        if self.shared.read_only {
            let stored = self.shared.environment.read().and_then(|reading| read_head(&reading));
            // A reader that cannot read any more learns why from its next read; here it has nothing to say.
            let last = Seq(stored.map_or(0, |head| head.entries));
            return Progress { accepted: last, durable: last };
        }
        let signals = lock(&self.shared.signals);
        Progress { accepted: Seq(signals.accepted), durable: Seq(signals.durable) }
    }

    fn close(&self) -> Result<(), StoreError> {
        self.finish()
    }
}

impl Shared {
    /// A line as it is on disk, and the last seq there.
    fn stored_line(&self, name: &str) -> Result<(Line, Seq), StoreError> {
        let reading = self.environment.read()?;
        let line = match reading.get(Table::Lines, &keys::name_key(name))? {
            Some(row) => codec::line_of(row)?.1,
            None => Line::default(),
        };
        Ok((line, Seq(read_head(&reading)?.entries)))
    }

    fn intern(&self, bytes: &[u8]) -> Result<InternId, StoreError> {
        let hash = *blake3::hash(bytes).as_bytes();
        {
            let state = self.read_state();
            if let Some(id) = state.interns.get(&hash) {
                return Ok(id);
            }
        }
        let mut state = self.write_state();
        if !self.read_only {
            state.check_open()?;
        }
        if let Some(id) = state.interns.get(&hash) {
            return Ok(id);
        }
        let wrong = || fault::damaged("the number of a content cannot be read");
        let known = match state.pending_row(Table::Contents, &hash) {
            Some(row) => Some(row.try_into().map_err(|_| wrong())?),
            None => {
                let reading = self.environment.read()?;
                reading.get(Table::Contents, &hash)?.map(|row| row.try_into().map_err(|_| wrong())).transpose()?
            }
        };
        let id = match known {
            Some(number) => InternId(u32::from_be_bytes(number)),
            None => {
                let id = InternId(state.next_intern);
                let after = if self.read_only { id.0.checked_sub(1) } else { id.0.checked_add(1) };
                state.next_intern = after.ok_or_else(|| StoreError::Io("there are too many contents".into()))?;
                let number = id.0.to_be_bytes();
                // In a store that only reads nothing takes the rows away, and they are what `interned` finds.
                state.open.insert(Table::Interns, number.to_vec(), codec::seal(bytes.to_vec()));
                state.open.insert(Table::Contents, hash.to_vec(), number.into());
                id
            }
        };
        state.interns.insert(hash, id);
        Ok(id)
    }
}
