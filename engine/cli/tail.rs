//! Reading a file of lines that may still grow.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;

/// The lines of a file as they come.
pub(crate) struct Tail {
    path: PathBuf,
    file: Option<BufReader<File>>,
    part: Vec<u8>,
    number: u64,
    problem: Option<String>,
}

/// A line without its end.
pub(crate) struct Line {
    pub text: String,
    /// From 1.
    pub number: u64,
}

impl Tail {
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None, part: Vec::new(), number: 0, problem: None }
    }

    /// The next line that is there in full, or, `at_end`, what there is of it. `None`: that is all for now. The file need not be there yet.
    pub fn next_line(&mut self, at_end: bool) -> Option<Line> {
        if self.file.is_none() {
            match File::open(&self.path) {
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

    /// Why there are no lines, or no more.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}
