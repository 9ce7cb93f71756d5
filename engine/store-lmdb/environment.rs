//! The LMDB environment: opened once per process and directory, read and written through short transactions, its map grown when needed.

use crate::directory::Directory;
use crate::fault;
use crate::guard::{AtWork, Guard};
use crate::keys::Table;
use heed::types::Bytes;
use heed::{CommitOrAbort, Env, EnvFlags, EnvOpenOptions, MdbError, RoTxn, RwTxn, WithoutTls};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};
use std::time::Duration;
use thinking_store::{Durability, StoreError};

/// A table's handle.
pub(crate) type Rows = heed::Database<'static, Bytes, Bytes>;

/// Address space asked for first. The file stays as small as what is in it.
const MAP: usize = 1 << 40;
/// The least that a smaller reservation starts with.
const SMALLEST_MAP: usize = 16 << 20;
const READERS: u32 = 1024;
/// More than LMDB writes in one call.
const PROBE: usize = 1 << 20;
/// So long the leaves of the tables are looked at before they are mapped: enough for about 20 MiB.
const LOOK: Duration = Duration::from_millis(20);

/// An open environment with its tables.
pub(crate) struct Environment {
    env: Env<WithoutTls>,
    tables: [Rows; Table::ALL.len()],
    /// Every transaction holds it for reading; a new reservation of the map waits until there is none.
    gate: RwLock<()>,
    /// Whether it was opened so that it could be written.
    writable: bool,
    data: PathBuf,
    guard: Guard,
}

/// How to open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access {
    /// `None` for reading only.
    pub(crate) write: Option<Durability>,
    /// Without LMDB's table of readers, where its file cannot be written.
    pub(crate) without_readers: bool,
    pub(crate) map_size: Option<usize>,
}

/// A read transaction. Short: one call of the store.
pub(crate) struct Reading<'a> {
    // Dropped in this order: the transaction ends before the gate opens.
    txn: RoTxn<'a, WithoutTls>,
    tables: &'a [Rows; Table::ALL.len()],
    _gate: RwLockReadGuard<'a, ()>,
    _at_work: AtWork,
}

impl Reading<'_> {
    pub(crate) fn txn(&self) -> &RoTxn<'_, WithoutTls> {
        &self.txn
    }

    pub(crate) fn rows(&self, table: Table) -> &Rows {
        &self.tables[table as usize]
    }

    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        self.rows(table).get(&self.txn, key).map_err(|error| fault::lmdb(&error))
    }

    pub(crate) fn last_key(&self, table: Table) -> Result<Option<&[u8]>, StoreError> {
        let last = self.rows(table).last(&self.txn).map_err(|error| fault::lmdb(&error))?;
        Ok(last.map(|(key, _)| key))
    }
}

/// LMDB allows one environment per file and process, and closing a second one would drop the locks of the first. So all stores share one.
static OPEN: Mutex<Option<HashMap<PathBuf, Weak<Environment>>>> = Mutex::new(None);

impl Environment {
    /// Opens, or shares what this process has open. The tables are made if this may write and they are not there.
    pub(crate) fn open(directory: &Path, access: Access) -> Result<Arc<Self>, StoreError> {
        let path = directory.canonicalize().map_err(|error| fault::io("opening", directory, &error))?;
        let mut open = lock(&OPEN);
        let known = open.get_or_insert_with(HashMap::new);
        known.retain(|_, environment| environment.strong_count() > 0);
        if let Some(environment) = known.get(&path).and_then(Weak::upgrade) {
            environment.check_same_file()?;
            if let Some(durability) = access.write {
                environment.set_durability(durability)?;
            }
            return Ok(environment);
        }
        let environment = Arc::new(Self::open_new(&path, access)?);
        known.insert(path, Arc::downgrade(&environment));
        Ok(environment)
    }

    fn open_new(directory: &Path, access: Access) -> Result<Self, StoreError> {
        let data = directory.join("data.mdb");
        let length = std::fs::metadata(&data).map_or(0, |found| found.len());
        let smaller = usize::try_from(length).unwrap_or(MAP).saturating_mul(2).max(SMALLEST_MAP).next_power_of_two();
        if length > 0 {
            Directory::new(directory).check_pages(Some(LOOK))?;
        }
        let first = access.map_size.unwrap_or(MAP);
        let env = match open_mapped(directory, access, first) {
            Err(heed::Error::Io(error)) if error.kind() == std::io::ErrorKind::OutOfMemory && first > smaller => {
                open_mapped(directory, access, smaller)
            }
            other => other,
        }
        .map_err(|error| fault::lmdb(&error))?;
        let guard = Guard::new(&data);
        let at_work = guard.at_work();
        if !access.without_readers {
            env.clear_stale_readers().map_err(|error| fault::lmdb(&error))?;
        }
        let tables = if access.write.is_some() { create_tables(&env) } else { open_tables(&env) }?;
        drop(at_work);
        let writable = access.write.is_some() || !access.without_readers && may_write(directory);
        Ok(Self { env, tables, gate: RwLock::new(()), writable, data, guard })
    }

    /// What is open must be the file that stands there now, not one that was removed since.
    fn check_same_file(&self) -> Result<(), StoreError> {
        let open = self.env.try_clone_inner_file().map_err(|error| fault::lmdb(&error))?;
        let same = open.metadata().and_then(|open| Ok((open, std::fs::metadata(&self.data)?)));
        match same {
            Ok((open, there)) if (open.dev(), open.ino()) == (there.dev(), there.ino()) => Ok(()),
            _ => Err(StoreError::Io(format!("{} was replaced while this process has it open", self.data.display()))),
        }
    }

    fn set_durability(&self, durability: Durability) -> Result<(), StoreError> {
        if !self.writable {
            return Err(StoreError::Io("the state is open for reading in this process; close that first".into()));
        }
        let mode = if durability == Durability::None { heed::FlagSetMode::Enable } else { heed::FlagSetMode::Disable };
        // SAFETY: the caller holds the lock on `OPEN` and the state's writer lock, so nobody else sets flags or writes.
        unsafe { self.env.set_flags(EnvFlags::NO_META_SYNC, mode) }.map_err(|error| fault::lmdb(&error))
    }

    /// A view of what is committed now.
    pub(crate) fn read(&self) -> Result<Reading<'_>, StoreError> {
        for _ in 0..16 {
            let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            let at_work = self.guard.at_work();
            match self.env.read_txn() {
                Ok(txn) => return Ok(Reading { txn, tables: &self.tables, _gate: gate, _at_work: at_work }),
                Err(heed::Error::Mdb(MdbError::MapResized)) => {
                    drop(gate);
                    self.grow(0)?;
                }
                Err(error) => return Err(fault::lmdb(&error)),
            }
        }
        Err(StoreError::Io("the state grew too fast to be read".into()))
    }

    /// One write transaction: all that `write` does, or nothing. `write` may run more than once, as the map may have to grow.
    pub(crate) fn write(
        &self,
        mut write: impl FnMut(&mut RwTxn<'_>, &[Rows; Table::ALL.len()]) -> Result<(), Broken>,
    ) -> Result<(), StoreError> {
        loop {
            let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            let at_work = self.guard.at_work();
            let written = self.env.write_txn().map_err(Broken::Lmdb).and_then(|mut txn| {
                write(&mut txn, &self.tables)?;
                txn.commit().map_err(Broken::Lmdb)
            });
            drop(at_work);
            drop(gate);
            match written {
                Ok(()) => return self.keep_length(),
                Err(Broken::Lmdb(heed::Error::Mdb(MdbError::MapFull | MdbError::MapResized))) => self.grow(1 << 20)?,
                Err(Broken::Lmdb(error)) => return Err(self.probe(&error).unwrap_or_else(|| fault::lmdb(&error))),
                Err(Broken::Other(error)) => return Err(error),
            }
        }
    }

    /// LMDB calls it an input/output error when only a part could be written, which is what a full disk does first. Writing on behind the end,
    /// where nothing is, gives the true reason.
    fn probe(&self, error: &heed::Error) -> Option<StoreError> {
        match error {
            heed::Error::Io(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {}
            _ => return None,
        }
        let length = self.length().ok()?;
        let file = File::options().write(true).open(&self.data).ok()?;
        let tried = file.write_all_at(&vec![0; PROBE], length);
        file.set_len(length).ok()?;
        tried.err().map(|error| fault::plain(&error)).filter(|error| matches!(error, StoreError::Full(_)))
    }

    /// Makes durable what was committed, whatever the mode.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.env.force_sync().map_err(|error| fault::lmdb(&error))
    }

    /// Reserves the map anew, at least twice what the file has now, once no transaction is open.
    fn grow(&self, least: usize) -> Result<(), StoreError> {
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let length = usize::try_from(self.length()?).unwrap_or(MAP);
        let now = self.env.info().map_size;
        let wanted = length.max(now).saturating_add(least).saturating_mul(2).next_power_of_two();
        // SAFETY: the gate is held for writing, so no transaction of this process is open.
        unsafe { self.env.resize(wanted) }.map_err(|error| match fault::lmdb(&error) {
            StoreError::Io(message) => StoreError::Unusable {
                message: format!("no address space for a map of {wanted} bytes: {message}"),
                help: "raise the limit on address space (ulimit -v); nothing that was committed is lost".into(),
            },
            other => other,
        })?;
        self.guard.moved(&self.data);
        Ok(())
    }

    /// LMDB may leave pages at the very end unwritten that it has counted. The file is made as long as counted, because a shorter one is taken
    /// for a cut one at the next start.
    pub(crate) fn keep_length(&self) -> Result<(), StoreError> {
        let needed = (self.env.info().last_page_number as u64 + 1) * self.page_size();
        if self.length()? < needed {
            let extended = File::options().write(true).open(&self.data).and_then(|file| file.set_len(needed));
            extended.map_err(|error| fault::io("extending", &self.data, &error))?;
        }
        Ok(())
    }

    fn length(&self) -> Result<u64, StoreError> {
        std::fs::metadata(&self.data).map(|found| found.len()).map_err(|error| fault::io("reading", &self.data, &error))
    }

    fn page_size(&self) -> u64 {
        self.env.unnamed_database_stat().page_size.into()
    }
}

/// Why a write did not happen.
pub(crate) enum Broken {
    Lmdb(heed::Error),
    Other(StoreError),
}

impl From<heed::Error> for Broken {
    fn from(error: heed::Error) -> Self {
        Self::Lmdb(error)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

fn open_mapped(directory: &Path, access: Access, map_size: usize) -> Result<Env<WithoutTls>, heed::Error> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(map_size).max_readers(READERS).max_dbs(Table::ALL.len() as u32);
    let mut flags = EnvFlags::empty();
    match access.write {
        // The data is synced before the page that points to it is written, so a loss of power can only lose the last groups.
        Some(Durability::None) => flags |= EnvFlags::NO_META_SYNC,
        Some(Durability::Step | Durability::Batch) => {}
        // A reader opens for writing too where it may, though it never writes: a writer in the same process then shares the environment.
        None if !may_write(directory) => flags |= EnvFlags::READ_ONLY,
        None => {}
    }
    if access.without_readers {
        flags |= EnvFlags::NO_LOCK;
    }
    // SAFETY: none of the flags takes away LMDB's protection, except `NO_LOCK`, under which the caller keeps writers away.
    unsafe { options.flags(flags) };
    // An environment of this file that is just being dropped is gone in a moment.
    for _ in 0..100 {
        // SAFETY: the file is only changed through LMDB, and by the writer that holds the state's lock.
        match unsafe { options.open(directory) } {
            Err(heed::Error::EnvAlreadyOpened) => std::thread::sleep(Duration::from_millis(5)),
            other => return other,
        }
    }
    Err(heed::Error::EnvAlreadyOpened)
}

fn may_write(directory: &Path) -> bool {
    File::options().write(true).open(directory.join("data.mdb")).is_ok()
}

fn create_tables(env: &Env<WithoutTls>) -> Result<[Rows; Table::ALL.len()], StoreError> {
    let txn = env.write_txn().map_err(|error| fault::lmdb(&error))?;
    let made = env.create_databases_and_commit(txn, |opener, txn| {
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            tables.push(opener.create_database::<Bytes, Bytes>(txn, Some(table.name()))?);
        }
        Ok::<_, heed::Error>(match <[_; Table::ALL.len()]>::try_from(tables) {
            Ok(tables) => CommitOrAbort::Commit(tables),
            Err(_) => CommitOrAbort::Abort(()),
        })
    });
    made.map_err(|error| fault::lmdb(&error))?.commit().ok_or_else(|| fault::damaged("its tables cannot be made"))
}

fn open_tables(env: &Env<WithoutTls>) -> Result<[Rows; Table::ALL.len()], StoreError> {
    let txn = env.read_txn().map_err(|error| fault::lmdb(&error))?;
    let opened = env.open_databases_and_commit(txn, |opener, txn| {
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            tables.extend(opener.open_database::<Bytes, Bytes>(txn, Some(table.name()))?);
        }
        Ok::<_, heed::Error>(match <[_; Table::ALL.len()]>::try_from(tables) {
            Ok(tables) => CommitOrAbort::Commit(tables),
            Err(_) => CommitOrAbort::Abort(()),
        })
    });
    opened.map_err(|error| fault::lmdb(&error))?.commit().ok_or_else(|| fault::damaged("a table is missing"))
}

/// Locks, whatever a panic left.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
