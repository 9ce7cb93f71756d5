//! The rows of a table, one after the other.

use super::format::Format;
use crate::failure::{Answer, fail};
use crate::file_view::{At, FileView};
use crate::stream::{Items, Source};
use csv::StringRecord;
use rhai::{Dynamic, EvalAltResult, Identifier, Map};
use std::sync::Arc;

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
            reader: csv::ReaderBuilder::new()
                .delimiter(self.format.separator)
                .quote(self.format.quote)
                .comment(self.format.comment)
                .has_headers(self.format.header)
                .buffer_capacity(64 << 10)
                .from_reader(table),
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
        let fields = self.record.iter().map(|text| if numbers { field(text) } else { text.into() });
        Ok(Some(match &self.names {
            Some(names) if self.rows.format.header => {
                Dynamic::from_map(names.iter().cloned().zip(fields).collect::<Map>())
            }
            _ => Dynamic::from_array(fields.collect()),
        }))
    }

    /// Asks of the last row whether its last field has an end: a file that was cut within quotes is not whole.
    fn check_closed(&self) -> Answer<()> {
        let (Some(position), Some(last)) = (self.record.position(), self.record.iter().next_back()) else {
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
        let quote = self.rows.format.quote;
        let Some(before) = tail.strip_suffix(last.as_bytes()).and_then(|before| before.strip_suffix(&[quote])) else {
            return Ok(());
        };
        // A quote opens a field only at its beginning.
        if before.last().is_none_or(|byte| [self.rows.format.separator, b'\n', b'\r'].contains(byte)) {
            let what = &self.rows.what;
            return Err(fail(format!("{what} is not CSV: line {} has a quote that nothing closes", position.line())));
        }
        Ok(())
    }

    fn problem(&self, error: &csv::Error) -> Box<EvalAltResult> {
        let line = |position: &Option<csv::Position>| position.as_ref().map_or(0, csv::Position::line);
        let why = match error.kind() {
            csv::ErrorKind::Io(error) => return self.rows.file.problem(error),
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                format!("line {} has {len} fields instead of {expected_len}", line(pos))
            }
            csv::ErrorKind::Utf8 { pos, .. } => format!("line {} is not UTF-8", line(pos)),
            _ => error.to_string(),
        };
        fail(format!("{} is not CSV: {why}", self.rows.what))
    }
}

fn field(text: &str) -> Dynamic {
    if !is_plain_number(text) {
        return text.into();
    }
    if text.contains(['.', 'e', 'E']) {
        return match text.parse::<f64>() {
            Ok(float) if float.is_finite() => float.into(),
            _ => text.into(),
        };
    }
    text.parse::<i64>().map_or_else(|_| text.into(), Into::into)
}

/// Whether a text is a number as JSON writes it: no plus sign, no leading zeros, no blanks. So keys such as `007` stay what they are.
fn is_plain_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}
