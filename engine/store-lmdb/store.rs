//! The store: opening, and the state that its parts share.

use crate::blobs::Blobs;
use crate::codec::{self, Head};
use crate::committer;
use crate::directory::{Directory, Format, Lock};
use crate::environment::{Access, Broken, Environment, Reading, lock};
use crate::fault;
use crate::keys::{self, HEAD, IDENTITY, Table};
use crate::options::{Hook, OpenOptions, Point};
use crate::state::{Databases, LineState, State};
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use thinking_store::{DatabaseId, Durability, Identity, StoreError};

/// The store on LMDB.
///
/// Opened for writing it holds the state's lock until it is dropped; dropping it first waits for what was accepted.
pub struct LmdbStore {
    // Dropped from the top: the committer has ended before the lock is given back.
    pub(crate) shared: Arc<Shared>,
    committer: Mutex<Option<JoinHandle<()>>>,
    _lock: Option<Lock>,
}

/// What calls and the committer share.
pub(crate) struct Shared {
    pub(crate) environment: Arc<Environment>,
    pub(crate) blobs: Blobs,
    pub(crate) identity: Identity,
    pub(crate) hook: Option<Hook>,
    pub(crate) read_only: bool,
    /// Whether the last group has to be synced at the end.
    pub(crate) lazy: bool,
    pub(crate) state: RwLock<State>,
    pub(crate) signals: Mutex<Signals>,
    /// There is something to commit, or the end.
    pub(crate) work: Condvar,
    /// Something became durable, or the store failed.
    pub(crate) done: Condvar,
}

/// How far the store is, for those who wait.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    pub(crate) accepted: u64,
    pub(crate) durable: u64,
    pub(crate) waiting_commits: usize,
    pub(crate) waiting_bytes: usize,
    /// The committer waits to be woken. Waking costs a system call, so it is only done then.
    pub(crate) idle: bool,
    pub(crate) closing: bool,
    pub(crate) finished: bool,
    pub(crate) failure: Option<StoreError>,
}

impl LmdbStore {
    /// Opens a state for writing, or makes it.
    ///
    /// # Errors
    /// In use, absent, foreign, or unusable as the error says.
    pub fn open(options: OpenOptions) -> Result<Self, StoreError> {
        let directory = Directory::new(&options.directory);
        directory.prepare(options.create)?;
        let existing = directory.read_format()?;
        if existing.is_none() && !options.create {
            return Err(directory.absent());
        }
        if let Some(format) = &existing {
            check_project(format, &options)?;
        }
        let lock = directory.lock()?;
        // Another process may have made it before the lock was taken.
        let existing = directory.read_format()?;
        let access = Access { write: Some(options.durability), without_readers: false, map_size: options.map_size };
        let (format, environment) = match existing {
            Some(format) => {
                check_project(&format, &options)?;
                directory.check_data()?;
                (format, Environment::open(&options.directory, access)?)
            }
            None => {
                let format = directory.begin(&options.project)?;
                let environment = Environment::open(&options.directory, access)?;
                let id = codec::seal(format.id.as_bytes().to_vec());
                environment.write(|txn, tables| {
                    let meta = &tables[Table::Meta as usize];
                    meta.put(txn, IDENTITY, &id)?;
                    Ok(meta.put(txn, HEAD, &codec::head_row(&Head::default()))?)
                })?;
                environment.sync()?;
                directory.finish()?;
                (format, environment)
            }
        };
        environment.keep_length()?;
        check_identity(&environment, &format)?;
        let epoch = raise_epoch(&environment)?;
        let blobs = Blobs::new(&options.directory);
        blobs.tidy();
        let identity = Identity { id: format.id, epoch, project: format.project };
        let shared = Arc::new(Shared {
            lazy: options.durability == Durability::None,
            hook: options.hook,
            ..Shared::new(environment, blobs, identity, false)?
        });
        let worker = Arc::clone(&shared);
        let committer = std::thread::Builder::new()
            .name("committer".into())
            .spawn(move || committer::run(&worker))
            .map_err(|error| StoreError::Io(format!("no thread for the committer: {error}")))?;
        Ok(Self { shared, committer: Mutex::new(Some(committer)), _lock: Some(lock) })
    }

    /// Who writes to the state in a directory now: [`StoreError::InUse`], or `None` if nobody does.
    #[must_use]
    pub fn holder(directory: &Path) -> Option<StoreError> {
        Directory::new(directory).holder()
    }

    /// Opens a state for reading only, also while another process writes to it. Makes nothing.
    ///
    /// Every read sees what is durable at that moment. Names and contents that are not there get numbers that match nothing.
    ///
    /// # Errors
    /// Absent, or unusable as the error says.
    pub fn open_read_only(directory: &Path) -> Result<Self, StoreError> {
        let files = Directory::new(directory);
        files.refuse_other()?;
        if !directory.is_dir() {
            return Err(files.absent());
        }
        let format = files.read_format()?.ok_or_else(|| files.absent())?;
        files.refuse_network()?;
        files.check_data()?;
        let access = Access { write: None, without_readers: false, map_size: None };
        let (environment, lock) = match Environment::open(directory, access) {
            Ok(environment) => (environment, None),
            // The table of readers cannot be written: then no writer may come while this reads.
            Err(first) => match files.lock_shared() {
                Ok(lock) => (Environment::open(directory, Access { without_readers: true, ..access })?, Some(lock)),
                Err(StoreError::InUse { pid, .. }) => {
                    return Err(StoreError::Unusable {
                        message: format!("the state cannot be read while process {pid} writes to it: {first}"),
                        help: "give write permission to the state's file `lock.mdb`, or wait".into(),
                    });
                }
                Err(_) => return Err(first),
            },
        };
        check_identity(&environment, &format)?;
        let epoch = read_head(&environment.read()?)?.epoch;
        let identity = Identity { id: format.id, epoch, project: format.project };
        let shared = Arc::new(Shared::new(environment, Blobs::new(directory), identity, true)?);
        Ok(Self { shared, committer: Mutex::new(None), _lock: lock })
    }

    /// Waits for what was accepted and ends the committer.
    pub(crate) fn finish(&self) -> Result<(), StoreError> {
        if self.shared.read_only {
            return Ok(());
        }
        self.shared.write_state().closed = true;
        lock(&self.shared.signals).closing = true;
        self.shared.work.notify_all();
        self.shared.done.notify_all();
        if let Some(thread) = lock(&self.committer).take() {
            // A committer that panicked has left its failure in the signals.
            let _ = thread.join();
        }
        match &lock(&self.shared.signals).failure {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

impl Drop for LmdbStore {
    fn drop(&mut self) {
        // Whoever wants to know whether all became durable calls `close`.
        let _ = self.finish();
    }
}

impl std::fmt::Debug for LmdbStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LmdbStore").field("identity", &self.shared.identity).finish_non_exhaustive()
    }
}

impl Shared {
    fn new(
        environment: Arc<Environment>,
        blobs: Blobs,
        identity: Identity,
        read_only: bool,
    ) -> Result<Self, StoreError> {
        let state = load(&environment, read_only)?;
        let signals = Signals { accepted: state.durable, durable: state.durable, ..Signals::default() };
        Ok(Self {
            environment,
            blobs,
            identity,
            hook: None,
            read_only,
            lazy: false,
            state: RwLock::new(state),
            signals: Mutex::new(signals),
            work: Condvar::new(),
            done: Condvar::new(),
        })
    }

    pub(crate) fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn at(&self, point: Point) -> Result<(), StoreError> {
        match &self.hook {
            Some(hook) => hook(point).map_err(|error| fault::plain(&error)),
            None => Ok(()),
        }
    }

    /// Stops the store: what waits is gone, and everyone who writes or waits is told.
    pub(crate) fn fail(&self, error: StoreError) {
        let dropped = {
            let mut state = self.write_state();
            state.failure.get_or_insert(error.clone());
            // Told under the same lock, so that nobody finds the batch empty without knowing why.
            lock(&self.signals).failure.get_or_insert(error);
            (std::mem::take(&mut state.open), state.writing.take())
        };
        drop(dropped);
        self.work.notify_all();
        self.done.notify_all();
    }
}

fn check_project(format: &Format, options: &OpenOptions) -> Result<(), StoreError> {
    if format.project == options.project {
        return Ok(());
    }
    Err(StoreError::Foreign {
        directory: options.directory.display().to_string(),
        found: format.project.clone(),
        wanted: options.project.clone(),
    })
}

/// The data file must be the one that the format file was made for.
pub(crate) fn check_identity(environment: &Environment, format: &Format) -> Result<(), StoreError> {
    let reading = environment.read()?;
    let row = reading.get(Table::Meta, IDENTITY)?.ok_or_else(|| fault::damaged("its id is missing"))?;
    if codec::unseal(row, "the id")? == format.id.as_bytes() {
        Ok(())
    } else {
        Err(fault::damaged("its files `format` and `data.mdb` belong to two different states"))
    }
}

pub(crate) fn read_head(reading: &Reading<'_>) -> Result<Head, StoreError> {
    codec::head_of(reading.get(Table::Meta, HEAD)?.ok_or_else(|| fault::damaged("its head is missing"))?)
}

fn raise_epoch(environment: &Environment) -> Result<u64, StoreError> {
    let mut head = read_head(&environment.read()?)?;
    head.epoch += 1;
    environment.write(|txn, tables| {
        tables[Table::Meta as usize].put(txn, HEAD, &codec::head_row(&head)).map_err(Broken::Lmdb)
    })?;
    environment.sync()?;
    Ok(head.epoch)
}

/// Loads what is kept in memory. A reader loads little, as another process may change the rest at any time.
fn load(environment: &Environment, read_only: bool) -> Result<State, StoreError> {
    let reading = environment.read()?;
    let head = read_head(&reading)?;
    let last = match reading.last_key(Table::Journal)? {
        Some(key) => keys::journal_seq(key).ok_or_else(|| fault::damaged("a key of the journal is wrong"))?.0,
        None => 0,
    };
    if last != head.entries {
        return Err(fault::damaged(&format!("its journal ends at {last}, but {} entries were written", head.entries)));
    }
    let mut state = State { head, durable: last, next_intern: next_intern(&reading)?, ..State::default() };
    if read_only {
        state.next_intern = u32::MAX;
        return Ok(state);
    }
    for row in reading.rows(Table::Lines).iter(reading.txn()).map_err(|error| fault::lmdb(&error))? {
        let (_, row) = row.map_err(|error| fault::lmdb(&error))?;
        let (name, line) = codec::line_of(row)?;
        state.lines.insert(name, LineState::new(line));
    }
    state.databases = read_databases(&reading)?;
    state.cleared = read_cleared(&reading, &state.databases)?;
    Ok(state)
}

fn next_intern(reading: &Reading<'_>) -> Result<u32, StoreError> {
    let last = reading.last_key(Table::Interns)?;
    let number = last.map_or(Some(0), |key| key.try_into().ok().map(u32::from_be_bytes));
    number.map(|number| number.saturating_add(1)).ok_or_else(|| fault::damaged("the key of a content is wrong"))
}

pub(crate) fn read_databases(reading: &Reading<'_>) -> Result<Databases, StoreError> {
    let mut databases = Databases::default();
    for row in reading.rows(Table::Databases).iter(reading.txn()).map_err(|error| fault::lmdb(&error))? {
        let (key, row) = row.map_err(|error| fault::lmdb(&error))?;
        let wrong = || fault::damaged("the name of a database cannot be read");
        let id = DatabaseId(u16::from_be_bytes(key.try_into().map_err(|_| wrong())?));
        let name = std::str::from_utf8(codec::unseal(row, "the name of a database")?).map_err(|_| wrong())?;
        databases.insert(id, name);
    }
    Ok(databases)
}

fn read_cleared(reading: &Reading<'_>, databases: &Databases) -> Result<HashSet<DatabaseId>, StoreError> {
    let mut cleared = HashSet::new();
    for (id, _) in &databases.names {
        let group = keys::clear_group(*id).bytes;
        let found = reading
            .rows(Table::Clears)
            .get_greater_than_or_equal_to(reading.txn(), &group)
            .map_err(|error| fault::lmdb(&error))?;
        if found.is_some_and(|(key, _)| key.starts_with(&group)) {
            cleared.insert(*id);
        }
    }
    Ok(cleared)
}
