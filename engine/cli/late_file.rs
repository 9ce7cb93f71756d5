//! A log file that is opened when the run's directory is known, and written in few calls without holding lines back for long.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// A line reaches its file after this time at the latest, and so survives its process; the first one after a pause at once.
const SOON: Duration = Duration::from_millis(2);
/// What gathers in that time when steps are small fits in, so that there is one call for all of it.
const GATHERED: usize = 1 << 16;

/// Such a file; what is written before it is opened waits.
#[derive(Clone)]
pub(crate) struct LateFile(Arc<Shared>);

struct Shared {
    late: Mutex<Late>,
    /// Lines began to gather, or nothing more follows.
    changed: Condvar,
}

enum Late {
    Waiting(Vec<u8>),
    Open(BufWriter<File>, Pace),
    /// It cannot be written; the run goes on without.
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Nothing was written for a while: the next line goes out at once.
    Rested,
    /// A thread writes out what gathers.
    Gathering,
    /// There is no thread, or none any more: each line goes out at once.
    Direct,
}

impl LateFile {
    /// A file of which the place is not known yet.
    pub fn new() -> Self {
        Self(Arc::new(Shared { late: Mutex::new(Late::Waiting(Vec::new())), changed: Condvar::new() }))
    }

    /// Opens it and writes what has waited.
    pub fn open(&self, path: &Path) -> io::Result<()> {
        let mut late = self.0.lock();
        let Late::Waiting(waiting) = &mut *late else { return Ok(()) };
        let waiting = std::mem::take(waiting);
        let opened = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| OpenOptions::new().create(true).append(true).read(true).open(path))
            .and_then(end_cut_line)
            .map(|file| BufWriter::with_capacity(GATHERED, file))
            .and_then(|mut file| file.write_all(&waiting).map(|()| file));
        match opened {
            Ok(file) => {
                let behind = self.0.clone();
                let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || behind.keep_writing());
                // The system may have no thread left.
                let pace = if thread.is_ok() { Pace::Gathering } else { Pace::Direct };
                *late = Late::Open(file, pace);
                Ok(())
            }
            Err(error) => {
                *late = Late::Gone;
                Err(error)
            }
        }
    }

    /// Writes out what has gathered; from now on each line goes out at once.
    pub fn finish(&self) {
        if let Late::Open(file, pace) = &mut *self.0.lock() {
            *pace = Pace::Direct;
            let _ = file.flush();
        }
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Late> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes out again and again what has gathered; rests while nothing does.
    fn keep_writing(&self) {
        let mut late = self.lock();
        loop {
            while let Late::Open(_, Pace::Rested) = &*late {
                late = self.changed.wait(late).unwrap_or_else(PoisonError::into_inner);
            }
            drop(late);
            std::thread::sleep(SOON);
            late = self.lock();
            match &mut *late {
                Late::Open(file, pace @ Pace::Gathering) if file.buffer().is_empty() => *pace = Pace::Rested,
                Late::Open(file, pace @ Pace::Gathering) => {
                    // Where nothing can be written now, the next line tries again.
                    if file.flush().is_err() {
                        *pace = Pace::Direct;
                        return;
                    }
                }
                _ => return,
            }
        }
    }
}

impl Write for &LateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock() {
            Late::Waiting(waiting) => waiting.extend_from_slice(bytes),
            // A full disk must not end a run because of its log; the store will say so if it concerns the state.
            Late::Open(file, pace) => {
                let _ = file.write_all(bytes);
                if *pace != Pace::Gathering {
                    let _ = file.flush();
                }
                if *pace == Pace::Rested {
                    *pace = Pace::Gathering;
                    self.0.changed.notify_all();
                }
            }
            Late::Gone => {}
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LateFile {
    type Writer = &'a LateFile;
    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// A killed process may have left half a line: what follows stands on its own.
fn end_cut_line(mut file: File) -> io::Result<File> {
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 && file.metadata()?.is_file() {
        file.read_exact_at(&mut last, length - 1)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::{Late, LateFile, Pace};
    use std::io::Write;
    use std::time::{Duration, Instant};

    /// Waits, for long if need be.
    #[track_caller]
    fn soon(what: impl Fn() -> bool) {
        let began = Instant::now();
        while !what() {
            assert!(began.elapsed() < Duration::from_secs(20), "it does not happen");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn lines_reach_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/r/log.jsonl");
        let file = LateFile::new();
        let text = || std::fs::read_to_string(&path).unwrap_or_default();
        let rests = || matches!(&*file.0.lock(), Late::Open(_, Pace::Rested));
        (&file).write_all(b"early\n").unwrap();
        file.open(&path).unwrap();
        soon(|| text() == "early\n");
        soon(rests);
        // The first one after a pause does not wait.
        (&file).write_all(b"at once\n").unwrap();
        assert_eq!(text(), "early\nat once\n");
        (&file).write_all(b"soon\n").unwrap();
        soon(|| text().ends_with("soon\n"));
        soon(rests);
        file.finish();
        (&file).write_all(b"late\n").unwrap();
        assert_eq!(text(), "early\nat once\nsoon\nlate\n");
    }

    #[test]
    fn a_line_that_was_cut_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        std::fs::write(&path, "whole\nha").unwrap();
        let file = LateFile::new();
        file.open(&path).unwrap();
        file.finish();
        (&file).write_all(b"next\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole\nha\nnext\n");
    }

    #[test]
    fn where_no_file_can_be_lines_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = LateFile::new();
        assert!(file.open(folder.path()).is_err());
        (&file).write_all(b"nothing\n").unwrap();
        file.finish();
    }
}
