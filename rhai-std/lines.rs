//! The lines of a file, one after the other.

use crate::failure::{Answer, fail};
use crate::file_view::{At, FileView};
use crate::stream::{Items, Source};
use rhai::Dynamic;
use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::Arc;

/// Most bytes of a line.
const LONGEST: u64 = 256 << 20;

/// A file's lines.
pub struct Lines(pub Arc<FileView>);

impl Source for Lines {
    fn items(self: Arc<Self>) -> Items {
        let view = Arc::clone(&self.0);
        let mut lines = LineReader {
            reader: BufReader::with_capacity(64 << 10, view.reader(false)),
            view,
            line: 0,
            bytes: Vec::new(),
        };
        Box::new(std::iter::from_fn(move || lines.next().transpose()))
    }
}

struct LineReader {
    reader: BufReader<At>,
    view: Arc<FileView>,
    line: u64,
    bytes: Vec<u8>,
}

impl LineReader {
    fn next(&mut self) -> Answer<Option<Dynamic>> {
        if self.line == 0 {
            self.view.check_same()?;
        }
        self.line += 1;
        self.bytes.clear();
        let read = self.reader.by_ref().take(LONGEST + 1).read_until(b'\n', &mut self.bytes);
        if read.map_err(|error| self.view.problem(&error))? == 0 {
            self.view.check_same()?;
            return Ok(None);
        }
        if self.bytes.len() as u64 > LONGEST {
            return Err(self.wrong("longer than 256 MiB"));
        }
        // As `str::lines` has it: a carriage return belongs to the end of a line only before a line feed.
        if self.bytes.pop_if(|last| *last == b'\n').is_some() {
            self.bytes.pop_if(|last| *last == b'\r');
        }
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Ok(Some(text.into())),
            Err(error) => Err(self.wrong(&format!("not UTF-8 text (byte {} of the line)", error.valid_up_to()))),
        }
    }

    fn wrong(&self, what: &str) -> Box<rhai::EvalAltResult> {
        fail(format!("cannot read `{}`: line {} is {what}", self.view.path, self.line))
    }
}
