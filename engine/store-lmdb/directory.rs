//! The files around the environment: who may use the state, whose it is, and whether it is whole enough to be read at all.

use crate::blobs::sync_directory;
use crate::fault;
use crate::file_system::network_name;
use crate::keys::FORMAT;
use crate::pages;
use rustix::fs::{FlockOperation, flock, statfs};
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use thinking_store::StoreError;

/// What the `format` file says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Format {
    /// Version of the layout.
    pub(crate) format: u32,
    /// Random id of the state.
    pub(crate) id: String,
    /// The project that it belongs to.
    pub(crate) project: String,
}

/// The writer's lock; the system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not used: closing the file gives the lock back")] File);

/// The process that writes to a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id; 0 if it cannot be read.
    pub pid: u32,
    /// Its host.
    pub host: String,
}

/// Who writes to the state in that directory at this moment, if anybody. Waits for nobody and keeps nobody waiting.
///
/// # Errors
/// The lock file is there but cannot be looked at.
pub fn holder(directory: &Path) -> Result<Option<Holder>, StoreError> {
    let files = Directory::new(directory);
    if !files.lock_file().exists() {
        return Ok(None);
    }
    match files.lock_shared() {
        Ok(_) => Ok(None),
        Err(StoreError::InUse { pid, host, .. }) => Ok(Some(Holder { pid, host })),
        Err(error) => Err(error),
    }
}

/// Names of the files of a state.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
}

impl Directory {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    fn format(&self) -> PathBuf {
        self.path.join("format")
    }

    /// The `format` file of a state that is being made. While it stands, nothing was committed.
    fn unfinished(&self) -> PathBuf {
        self.path.join("format.new")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data.mdb")
    }

    fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    pub(crate) fn absent(&self) -> StoreError {
        StoreError::Absent(self.path.display().to_string())
    }

    /// Makes the directory and refuses those on which memory maps and locks cannot be trusted.
    pub(crate) fn prepare(&self, create: bool) -> Result<(), StoreError> {
        self.refuse_other()?;
        if create {
            fs::create_dir_all(&self.path).map_err(|error| self.cannot_be_made(&error))?;
        } else if !self.path.is_dir() {
            return Err(self.absent());
        }
        self.refuse_network()
    }

    /// Refuses what is there but is no directory.
    pub(crate) fn refuse_other(&self) -> Result<(), StoreError> {
        let Ok(found) = fs::metadata(&self.path) else { return Ok(()) };
        if found.is_dir() {
            return Ok(());
        }
        let what = if found.is_file() { "is a file, not a directory" } else { "is not a directory" };
        Err(StoreError::Unusable {
            message: format!("{} {what}, so it cannot hold a state", self.path.display()),
            help: "choose a directory with `--state DIRECTORY`; it is made if it does not exist".into(),
        })
    }

    /// Refuses a network file system.
    pub(crate) fn refuse_network(&self) -> Result<(), StoreError> {
        let found = statfs(&self.path).map_err(|error| fault::io("examining", &self.path, &error.into()))?;
        match network_name(found.f_type as u32) {
            None => Ok(()),
            Some(name) => Err(StoreError::Unusable {
                message: format!(
                    "{} is on a network file system ({name}), where a state can be damaged",
                    self.path.display()
                ),
                help: "put the state on a local disk with `--state DIRECTORY`".into(),
            }),
        }
    }

    /// Takes the writer's lock and says in it who holds it.
    pub(crate) fn lock(&self) -> Result<Lock, StoreError> {
        let path = self.lock_file();
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| self.unwritable(&error))?;
        // Whoever only asks for the holder holds the lock for a moment, too.
        let mut tries = 0..5;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) if tries.next().is_some() => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(self.in_use(&mut file)),
                Err(error) => return Err(fault::io("locking", &path, &error.into())),
            }
        }
        let mut holder = String::new();
        for word in [std::process::id().to_string(), host(), boot_id()] {
            holder.push_str(&word);
            holder.push('\n');
        }
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(holder.as_bytes()));
        written.map_err(|error| fault::io("writing", &path, &error))?;
        Ok(Lock(file))
    }

    /// Keeps writers away from a reader that cannot enter itself into LMDB's table of readers.
    pub(crate) fn lock_shared(&self) -> Result<Lock, StoreError> {
        let path = self.lock_file();
        let mut file = File::open(&path).map_err(|error| fault::io("opening", &path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(Lock(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(self.in_use(&mut file)),
            Err(error) => Err(fault::io("locking", &path, &error.into())),
        }
    }

    /// Who writes to the state now, if anybody does.
    pub(crate) fn holder(&self) -> Option<StoreError> {
        let mut file = File::open(self.lock_file()).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(rustix::io::Errno::WOULDBLOCK) => Some(self.in_use(&mut file)),
            // Closing the file gives the lock back at once.
            _ => None,
        }
    }

    fn in_use(&self, file: &mut File) -> StoreError {
        // The holder may be just writing its name.
        let mut text = String::new();
        for _ in 0..20 {
            text.clear();
            // A file that cannot be read names nobody; that is told as process 0.
            let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
            if text.lines().count() >= 3 {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut lines = text.lines();
        StoreError::InUse {
            directory: self.path.display().to_string(),
            pid: lines.next().and_then(|line| line.parse().ok()).unwrap_or(0),
            host: lines.next().unwrap_or("an unknown host").to_owned(),
        }
    }

    /// The format file, if the state is there and of a version that this program knows. Reads nothing else.
    pub(crate) fn read_format(&self) -> Result<Option<Format>, StoreError> {
        let path = self.format();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.without_format(),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(self.unwritable(&error)),
            Err(error) => return Err(fault::io("reading", &path, &error)),
        };
        self.parse_format(&text).map(Some)
    }

    fn parse_format(&self, text: &str) -> Result<Format, StoreError> {
        let unreadable = || StoreError::Unusable {
            message: format!("{} is not the format file of a state", self.format().display()),
            help: "restore the file from a backup, or choose another directory with `--state DIRECTORY`".into(),
        };
        let value: serde_json::Value = serde_json::from_str(text).map_err(|_| unreadable())?;
        let version = value.get("format").and_then(serde_json::Value::as_u64).ok_or_else(unreadable)?;
        if version > FORMAT.into() {
            return Err(StoreError::Unusable {
                message: format!(
                    "the state in {} was written by a newer version of thinking (format {version}, this one knows {FORMAT})",
                    self.path.display()
                ),
                help: "use the newer version, or choose another directory with `--state DIRECTORY`".into(),
            });
        }
        serde_json::from_value(value).map_err(|_| unreadable())
    }

    fn without_format(&self) -> Result<Option<Format>, StoreError> {
        if self.data().exists() && !self.unfinished().exists() {
            return Err(StoreError::Unusable {
                message: format!("{} holds data, but its file `format` is missing", self.path.display()),
                help: "restore the file from a backup, or choose another directory with `--state DIRECTORY`".into(),
            });
        }
        Ok(None)
    }

    /// Starts to make a state. Until [`Self::finish`] a kill leaves something that the next start makes anew.
    pub(crate) fn begin(&self, project: &str) -> Result<Format, StoreError> {
        let format = Format { format: FORMAT, id: random_id(), project: project.to_owned() };
        let write = || -> io::Result<()> {
            let mut file = File::create(self.unfinished())?;
            file.write_all(serde_json::to_string_pretty(&format)?.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            // Nothing was committed to what an interrupted start left.
            for left_over in [self.data(), self.path.join("lock.mdb")] {
                match fs::remove_file(left_over) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            sync_directory(&self.path)
        };
        write().map_err(|error| self.unwritable(&error))?;
        Ok(format)
    }

    /// The data file is complete: the state exists from now on.
    pub(crate) fn finish(&self) -> Result<(), StoreError> {
        fs::rename(self.unfinished(), self.format())
            .and_then(|()| sync_directory(&self.path))
            .and_then(|()| self.path.parent().filter(|parent| parent.is_dir()).map_or(Ok(()), sync_directory))
            .map_err(|error| self.unwritable(&error))
    }

    /// Refuses a data file that would make LMDB start anew or read behind its end. Looks at it without mapping it.
    pub(crate) fn check_data(&self) -> Result<(), StoreError> {
        let path = self.data();
        let damaged = |what: String| StoreError::Unusable {
            message: format!("{} {what}", path.display()),
            help: "restore the state's directory from a backup, or choose another with `--state DIRECTORY`".into(),
        };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged("is missing, though its `format` file is there".into()));
            }
            Err(error) => return Err(fault::io("opening", &path, &error)),
        };
        // A writer may be between a commit and making the file as long as the commit counted.
        let mut last = None;
        for _ in 0..20 {
            let length = file.metadata().map_err(|error| fault::io("reading", &path, &error))?.len();
            if length == 0 {
                return Err(damaged("is empty".into()));
            }
            let Some(needed) = needed_length(&file) else {
                return Err(damaged("does not start like the data of a state".into()));
            };
            if needed <= length {
                return Ok(());
            }
            last = Some((length, needed));
            std::thread::sleep(Duration::from_millis(5));
        }
        let (length, needed) = last.unwrap_or_default();
        if pages::all_within(&file, length) {
            return Ok(());
        }
        Err(damaged(format!("was cut: it has {length} bytes and needs {needed}")))
    }

    /// Refuses a data file whose pages are not as LMDB writes them; see [`pages::check`] for the limit.
    ///
    /// A writer may replace pages while they are read, so a fault only counts while nothing is committed.
    pub(crate) fn check_pages(&self, limit: Option<Duration>) -> Result<(), StoreError> {
        let path = self.data();
        let file = File::open(&path).map_err(|error| fault::io("opening", &path, &error))?;
        let transaction = || pages::newest_meta(&file).map(|meta| meta.transaction);
        for _ in 0..5 {
            let before = transaction();
            match pages::check(&file, limit) {
                Ok(_) => break,
                Err(what) if transaction() == before => return Err(fault::damaged(&what)),
                // A state that is written so fast is read while it changes, and whoever writes it has looked at it.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Why there is no directory: whatever the reason, nothing was written yet and another place can be chosen.
    fn cannot_be_made(&self, error: &io::Error) -> StoreError {
        match fault::io("making", &self.path, error) {
            full @ StoreError::Full(_) => full,
            _ => StoreError::Unusable {
                message: format!("cannot make the state directory {}: {error}", self.path.display()),
                help: "choose a directory that can be written with `--state DIRECTORY`".into(),
            },
        }
    }

    fn unwritable(&self, error: &io::Error) -> StoreError {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::Unusable {
                message: format!("the state's directory {} cannot be written: {error}", self.path.display()),
                help: "give write permission to it, or choose another directory with `--state DIRECTORY`".into(),
            },
            _ => fault::io("writing to", &self.path, error),
        }
    }
}

/// Bytes that the newer of the two meta pages counts, or `None` if neither is one.
fn needed_length(file: &File) -> Option<u64> {
    let meta = pages::newest_meta(file)?;
    (meta.last_page + 1).checked_mul(meta.page_size)
}

fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "this host".into() } else { name }
}

fn boot_id() -> String {
    // Only for people who look into the file; a system without it is fine.
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn random_id() -> String {
    let mut bytes = [0u8; 32];
    let seeded = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    let mut hasher = blake3::Hasher::new();
    if seeded.is_err() {
        // A clock and a process id are enough to tell two states apart.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        hasher.update(&now.to_le_bytes());
        hasher.update(&std::process::id().to_le_bytes());
    }
    hasher.update(&bytes);
    hasher.finalize().to_hex().chars().take(32).collect()
}

/// Reads exactly so many bytes at an offset; `None` at the end of the file or on an error.
pub(crate) fn read_at(file: &File, offset: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_have_names() {
        assert_eq!(network_name(0x6969), Some("nfs"));
        assert_eq!(network_name(0xff53_4d42), Some("cifs"));
        assert_eq!(network_name(0xef53), None);
    }
}
