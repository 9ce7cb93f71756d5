//! Where to begin so that the last events of a long log are told, and not all of it is read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use thinking_event::Event;
use thinking_report::{is_same, parse_line};
use thinking_run::past::{Past, commit_of};
use thinking_store::{RunRecord, Seq, StoreError};

/// A place in the log of a run, behind a line, and the commit that the line tells of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// Bytes before it.
    pub offset: u64,
    /// The journal goes on behind this.
    pub after: Seq,
}

/// So much is read at once.
const BLOCK: usize = 1 << 16;
/// Who finds too little in so much of the log (or in a quarter of it) reads it from its beginning.
const MOST: u64 = 4 << 20;
/// So many lines are looked up in the journal; if it knows none of them, it is no help.
const TRIES: usize = 8;
/// So far the journal may be ahead of the log: steps of which the log lost the lines.
const AHEAD: u64 = 5_000;

/// The place behind which there are `wanted` events that `counts`, at least one. `None`: there is none, or it is not near the end.
pub(crate) fn start(
    log: &Path,
    past: &Past<'_>,
    record: &RunRecord,
    wanted: usize,
    counts: impl Fn(&Event) -> bool,
) -> Result<Option<Start>, StoreError> {
    // What cannot be read is told of by who reads from the beginning.
    let Ok(mut lines) = Backwards::open(log) else { return Ok(None) };
    let length = lines.end();
    let (mut found, mut recorded, mut tries) = (0, 0, 0);
    while tries < TRIES && length - lines.end() <= MOST.max(length / 4) {
        let Ok(Some((line, end))) = lines.previous() else { return Ok(None) };
        let Some(line) = parse_line(String::from_utf8_lossy(&line).trim_end()) else { continue };
        if let Event::RunStarted { .. } | Event::StepDone { .. } | Event::TaskFailed { .. } = line.event {
            if found >= wanted.max(1) {
                tries += 1;
                for reach in [recorded + 64, recorded + AHEAD] {
                    let commit = commit_of(past, record, reach, |event| is_same(&line.event, event))?;
                    if let Some(after) = commit {
                        return Ok(Some(Start { offset: end, after }));
                    }
                }
            }
            recorded += 1;
        }
        found += usize::from(counts(&line.event));
    }
    Ok(None)
}

/// The lines of a file, the last one first.
struct Backwards {
    file: File,
    /// Where in the file what was read begins.
    from: u64,
    /// What was read and not yet given.
    read: Vec<u8>,
}

impl Backwards {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let from = file.metadata()?.len();
        Ok(Self { file, from, read: Vec::new() })
    }

    /// Where the line ends that is next.
    fn end(&self) -> u64 {
        self.from + self.read.len() as u64
    }

    /// The line before, with its end, and where in the file it ends.
    fn previous(&mut self) -> io::Result<Option<(Vec<u8>, u64)>> {
        let end = self.end();
        loop {
            let before = self.read.len().saturating_sub(1);
            let begins = self.read.get(..before).unwrap_or_default().iter().rposition(|byte| *byte == b'\n');
            if let Some(at) = begins {
                return Ok(Some((self.read.split_off(at + 1), end)));
            }
            if self.from == 0 {
                let line = std::mem::take(&mut self.read);
                return Ok(Some((line, end)).filter(|(line, _)| !line.is_empty()));
            }
            // Longer and longer blocks, for lines that are.
            let size = BLOCK.max(self.read.len()).min(usize::try_from(self.from).unwrap_or(usize::MAX));
            let from = self.from - size as u64;
            let mut block = vec![0; size];
            self.file.read_exact_at(&mut block, from)?;
            block.append(&mut self.read);
            (self.read, self.from) = (block, from);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::{BLOCK, Backwards};

    #[test]
    fn lines_come_backwards() {
        let long = "x".repeat(3 * BLOCK + 7);
        let many: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for text in ["", "\n", "a", "a\n", "a\n\nb", "\n\n", &long, &format!("a\n{long}\n{many}b\n{long}"), &many] {
            std::fs::write(&path, text).unwrap();
            let mut lines = Backwards::open(&path).unwrap();
            let (mut found, mut end) = (Vec::new(), text.len() as u64);
            while let Some((line, at)) = lines.previous().unwrap() {
                assert_eq!(at, end);
                end -= line.len() as u64;
                found.insert(0, String::from_utf8(line).unwrap());
            }
            let expected: Vec<&str> = text.split_inclusive('\n').collect();
            assert_eq!(found, expected);
        }
    }
}
