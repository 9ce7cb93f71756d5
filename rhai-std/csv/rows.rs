//! The rows of a table, one after the other.

use super::format::Format;
use crate::convert::from_value;
use crate::failure::{Answer, fail};
use crate::file_view::{At, FileView};
use crate::stream::{Items, Source};
use csv::StringRecord;
use rhai::{Dynamic, EvalAltResult, Identifier, Map};
use std::sync::Arc;
use thinking_step::from_text;

/// How much of the last row is looked at for a quote that nobody closes.
const TAIL: u64 = 1 << 20;

/// A table's rows.
pub struct Rows {
    /// What the table is written in.
    pub file: Arc<FileView>,
    /// It for messages.
    pub what: String,
    /// How it is written.
    pub format: Format,
}

impl Source for Rows {
    fn items(self: Arc<Self>) -> Items {
        let table = self.file.reader(true);
        let mut reader = RowReader {
            mark: table.offset(),
            // Buffered by itself, 64 KiB at a time.
            reader: self.format.builder().has_headers(self.format.header).buffer_capacity(64 << 10).from_reader(table),
            names: None,
            record: StringRecord::new(),
            rows: self,
        };
        Box::new(std::iter::from_fn(move || reader.next().transpose()))
    }
}

struct RowReader {
    rows: Arc<Rows>,
    reader: csv::Reader<At>,
    /// Bytes before the table: a byte order mark.
    mark: u64,
    /// The columns' names, once they are read.
    names: Option<Vec<Identifier>>,
    record: StringRecord,
}

impl RowReader {
    fn next(&mut self) -> Answer<Option<Dynamic>> {
        if self.names.is_none() {
            self.rows.file.check_same()?;
            let names = match self.rows.format.header {
                true => self.reader.headers().map(|names| names.iter().map(Into::into).collect()),
                false => Ok(Vec::new()),
            };
            let names: Vec<Identifier> = names.map_err(|error| self.problem(&error))?;
            let twice = names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|other| other == *name));
            if let Some((_, name)) = twice {
                // One of them would be lost: a row is a map by name.
                let why = format!("two columns are called `{name}`; with `header: false` rows are lists");
                return Err(fail(format!("{} cannot be read: {why}", self.rows.what)));
            }
            self.names = Some(names);
        }
        if !self.reader.read_record(&mut self.record).map_err(|error| self.problem(&error))? {
            self.rows.file.check_same()?;
            return Ok(None);
        }
        if self.mark + self.reader.position().byte() >= self.rows.file.size() {
            self.check_closed()?;
        }
        let numbers = self.rows.format.numbers;
        let fields = self.record.iter().map(|text| if numbers { from_value(&from_text(text)) } else { text.into() });
        Ok(Some(match &self.names {
            Some(names) if self.rows.format.header => {
                Dynamic::from_map(names.iter().cloned().zip(fields).collect::<Map>())
            }
            _ => Dynamic::from_array(fields.collect()),
        }))
    }

    /// Asks of the last row whether its last field has an end: a file that was cut within quotes is not whole.
    fn check_closed(&self) -> Answer<()> {
        let Some(position) = self.record.position().filter(|_| !self.record.is_empty()) else {
            return Ok(());
        };
        let size = self.rows.file.size();
        let start = (self.mark + position.byte()).min(size);
        let length = (size - start).min(TAIL);
        let mut tail = vec![0; usize::try_from(length).unwrap_or(0)];
        if size - start > TAIL
            || !matches!(self.rows.file.read_at(&mut tail, size - length), Ok(count) if count == tail.len())
        {
            return Ok(());
        }
        if open_at_end(&tail, &self.record, self.rows.format) {
            let what = &self.rows.what;
            return Err(fail(format!("{what} is not CSV: line {} has a quote that nothing closes", position.line())));
        }
        Ok(())
    }

    fn problem(&self, error: &csv::Error) -> Box<EvalAltResult> {
        match error.kind() {
            csv::ErrorKind::Io(error) => self.rows.file.problem(error),
            _ => fail(format!("{} is not CSV: {}", self.rows.what, why(error))),
        }
    }
}

/// Why a table cannot be read.
pub fn why(error: &csv::Error) -> String {
    let line = |position: &Option<csv::Position>| position.as_ref().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            format!("line {} has {len} fields instead of {expected_len}", line(pos))
        }
        csv::ErrorKind::Utf8 { pos, .. } => format!("line {} is not UTF-8", line(pos)),
        _ => error.to_string(),
    }
}

/// Whether the last field of a table has no end. `tail` is its end as it is written, with at least the last field of the last row.
pub fn open_at_end(tail: &[u8], record: &StringRecord, format: Format) -> bool {
    let last = record.iter().next_back().unwrap_or("");
    let Some(before) = tail.strip_suffix(last.as_bytes()).and_then(|before| before.strip_suffix(&[format.quote]))
    else {
        return false;
    };
    // A quote opens a field only at its beginning.
    before.last().is_none_or(|byte| [format.separator, b'\n', b'\r'].contains(byte))
}
