//! Reading a file of lines that may still grow.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// The lines of a file as they come.
pub(crate) struct Tail {
    path: PathBuf,
    /// Bytes that are passed over.
    offset: u64,
    file: Option<BufReader<File>>,
    part: Vec<u8>,
    number: u64,
    problem: Option<String>,
}

/// A line without its end.
pub(crate) struct Line {
    pub text: String,
    /// From 1, behind what is passed over.
    pub number: u64,
}

impl Tail {
    /// The lines behind so many bytes, where a line must begin.
    pub fn new(path: PathBuf, offset: u64) -> Self {
        Self { path, offset, file: None, part: Vec::new(), number: 0, problem: None }
    }

    /// The next line that is there in full, or, `at_end`, what there is of it. `None`: that is all for now. The file need not be there yet.
    pub fn next_line(&mut self, at_end: bool) -> Option<Line> {
        if self.file.is_none() {
            let opened =
                File::open(&self.path).and_then(|mut file| file.seek(SeekFrom::Start(self.offset)).map(|_| file));
            match opened {
                Ok(file) => self.file = Some(BufReader::with_capacity(1 << 16, file)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.problem = Some(format!("there is no log {}", self.path.display()));
                    return None;
                }
                Err(error) => {
                    self.problem = Some(format!("the log {} cannot be read: {error}", self.path.display()));
                    return None;
                }
            }
            self.problem = None;
        }
        let file = self.file.as_mut()?;
        if let Err(error) = file.read_until(b'\n', &mut self.part) {
            self.problem = Some(format!("the log {} cannot be read on: {error}", self.path.display()));
            return None;
        }
        let whole = self.part.last() == Some(&b'\n');
        if self.part.is_empty() || !(whole || at_end) {
            return None;
        }
        self.number += 1;
        let bytes = std::mem::take(&mut self.part);
        let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
        // A line that is empty was begun by nobody.
        if text.is_empty() { self.next_line(at_end) } else { Some(Line { text, number: self.number }) }
    }

    /// How many lines were passed over. Reads them all.
    pub fn passed(&self) -> u64 {
        let (mut block, mut lines, mut left) = (vec![0; 1 << 16], 0, self.offset);
        let Ok(mut file) = File::open(&self.path) else { return 0 };
        while let Ok(read @ 1..) = file.read(&mut block) {
            let seen = usize::try_from(left).map_or(read, |left| read.min(left));
            lines += block.iter().take(seen).filter(|byte| **byte == b'\n').count() as u64;
            left -= seen as u64;
            if left == 0 {
                break;
            }
        }
        lines
    }

    /// Why there are no lines, or no more.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}
