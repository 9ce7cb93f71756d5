//! Large values as files named by their content.

use crate::codec::BlobRef;
use crate::environment::lock;
use crate::fault;
use crate::options::{Hook, Point};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use thinking_store::StoreError;

/// Values above so many bytes become files.
pub(crate) const THRESHOLD: usize = 64 * 1024;

/// The directory of large values.
#[derive(Debug)]
pub(crate) struct Blobs {
    directory: PathBuf,
    counter: AtomicU64,
    /// Directories whose own names are durable. Held while one is made.
    durable: Mutex<HashSet<PathBuf>>,
}

impl Blobs {
    pub(crate) fn new(state: &Path) -> Self {
        Self { directory: state.join("blobs"), counter: AtomicU64::new(0), durable: Mutex::default() }
    }

    /// Writes and syncs the bytes, and the directories that name them, unless they are there.
    pub(crate) fn put(&self, bytes: &[u8], hook: Option<&Hook>) -> Result<BlobRef, StoreError> {
        let digest = *blake3::hash(bytes).as_bytes();
        let blob = BlobRef { digest, length: bytes.len() as u64 };
        let path = self.path(&blob);
        let failed = |error: &io::Error| fault::io("writing", &path, error);
        if let Some(hook) = hook {
            hook(Point::BeforeBlob).map_err(|error| failed(&error))?;
        }
        self.write(&path, bytes).map_err(|error| failed(&error))?;
        if let Some(hook) = hook {
            hook(Point::AfterBlob).map_err(|error| failed(&error))?;
        }
        Ok(blob)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let parent = path.parent().unwrap_or(&self.directory);
        self.prepare(parent)?;
        // A file of that name and length is complete: names are only given to files that were synced. Its name may not be durable yet.
        if fs::metadata(path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            return sync_directory(parent);
        }
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.directory.join(format!("unfinished-{}-{number}", std::process::id()));
        let written = File::create(&unfinished)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            // The first error is the one to tell; a left-over is removed at the next start.
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        sync_directory(parent)
    }

    /// Makes a directory for files, and its name durable, once per process.
    fn prepare(&self, parent: &Path) -> io::Result<()> {
        let mut durable = lock(&self.durable);
        if durable.contains(parent) && parent.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(parent)?;
        sync_directory(&self.directory)?;
        if let Some(state) = self.directory.parent() {
            sync_directory(state)?;
        }
        durable.insert(parent.to_path_buf());
        Ok(())
    }

    /// The bytes, checked against their name.
    pub(crate) fn get(&self, blob: &BlobRef) -> Result<Vec<u8>, StoreError> {
        let path = self.path(blob);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(fault::damaged(&format!("{} is missing", path.display())));
            }
            Err(error) => return Err(fault::io("reading", &path, &error)),
        };
        if bytes.len() as u64 == blob.length && *blake3::hash(&bytes).as_bytes() == blob.digest {
            Ok(bytes)
        } else {
            Err(fault::damaged(&format!("{} is not what its name says", path.display())))
        }
    }

    /// Removes what killed processes left unfinished. Only for the one writer.
    pub(crate) fn tidy(&self) {
        let Ok(files) = fs::read_dir(&self.directory) else { return };
        for file in files.flatten() {
            if file.file_name().to_string_lossy().starts_with("unfinished-") {
                // What cannot be removed now is harmless and is tried again at the next start.
                let _ = fs::remove_file(file.path());
            }
        }
    }

    fn path(&self, blob: &BlobRef) -> PathBuf {
        let name = blake3::Hash::from_bytes(blob.digest).to_hex();
        let (first, rest) = name.split_at(2);
        self.directory.join(first).join(rest)
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
