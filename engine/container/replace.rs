//! Replacing a file as a whole: readers see the old content or the new, never a part.

use crate::local::problem;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use thinking_step::{Host, StepError};

/// A new content that is being written beside its file. Dropped without [`Replacement::commit`], it leaves nothing behind.
pub(crate) struct Replacement {
    /// The new content.
    pub file: File,
    beside: PathBuf,
    real: PathBuf,
    shown: String,
    done: bool,
}

impl Replacement {
    /// Starts a new content of the file at `real`; makes its directory if needed. `shown` is the path as written.
    pub(crate) fn new(real: &Path, shown: &str, host: &dyn Host) -> Result<Self, StepError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        // A rename onto a directory would fail only after everything was written.
        if shown.ends_with('/') || real.is_dir() {
            return Err(problem("write", shown, &io::ErrorKind::IsADirectory.into()).help("give the file's name too"));
        }
        let opened = directory(real).and_then(|()| {
            let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
            // The name does not hold the file's own: that one may be as long as the file system allows.
            let name = format!(".thinking-{}-{unique}.tmp", std::process::id());
            let beside = match host.temporary_directory(real) {
                Some(directory) => directory.join(name),
                None => real.with_file_name(name),
            };
            // A killed process of the same number may have left one.
            let _ = fs::remove_file(&beside);
            File::create_new(&beside).map(|file| (file, beside))
        });
        let (file, beside) = opened.map_err(|error| problem("write", shown, &error))?;
        Ok(Self { file, beside, real: real.to_owned(), shown: shown.to_owned(), done: false })
    }

    /// An error while writing the new content.
    pub(crate) fn problem(&self, error: &io::Error) -> StepError {
        problem("write", &self.shown, error)
    }

    /// Puts the new content in the file's place. It is on the disk then: the step's commit, which says that it is there, may become
    /// durable right after.
    pub(crate) fn commit(mut self, host: &dyn Host) -> Result<(), StepError> {
        let renamed = self.file.sync_all().and_then(|()| fs::rename(&self.beside, &self.real));
        renamed.map_err(|error| self.problem(&error))?;
        self.done = true;
        host.wrote_file(&self.real);
        if let Some(directory) = self.real.parent().and_then(|parent| File::open(parent).ok()) {
            // Some file systems cannot flush a directory; the file itself is written all the same.
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

/// Makes the directory of a file.
fn directory(real: &Path) -> io::Result<()> {
    real.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| match error.kind() {
        // A file stands where a directory should be.
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.done {
            // That it cannot be removed would hide the real reason.
            let _ = fs::remove_file(&self.beside);
        }
    }
}
