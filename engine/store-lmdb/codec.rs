//! Values as bytes, and back. Numbers are varints; every value ends with a crc32c of itself.

use crate::fault;
use crate::keys::{entry, outcome, status};
use thinking_store::{
    Entry, InternId, Line, Outcome, Piece, RunRecord, RunStatus, SegmentId, Seq, StepEntry, StoreError, TaskKey, Token,
};

/// Digest and length of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlobRef {
    pub(crate) digest: [u8; 32],
    pub(crate) length: u64,
}

/// Bytes in place, or a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    Inline(&'a [u8]),
    Blob(BlobRef),
}

/// Appends the crc.
pub(crate) fn seal(mut bytes: Vec<u8>) -> Box<[u8]> {
    let crc = crc32c::crc32c(&bytes);
    bytes.reserve_exact(4);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.into_boxed_slice()
}

/// Checks and takes off the crc.
pub(crate) fn unseal<'a>(bytes: &'a [u8], what: &str) -> Result<&'a [u8], StoreError> {
    match bytes.split_last_chunk::<4>() {
        Some((body, crc)) if crc32c::crc32c(body) == u32::from_le_bytes(*crc) => Ok(body),
        _ => Err(fault::damaged(&format!("the checksum of {what} is wrong"))),
    }
}

/// Writes values.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    pub(crate) bytes: Vec<u8>,
}

impl Encoder {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(crate) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn content(&mut self, content: &Content<'_>) {
        match content {
            Content::Inline(bytes) => {
                self.byte(0);
                self.bytes(bytes);
            }
            Content::Blob(blob) => {
                self.byte(1);
                self.blob(blob);
            }
        }
    }

    pub(crate) fn blob(&mut self, blob: &BlobRef) {
        self.bytes.extend_from_slice(&blob.digest);
        self.number(blob.length);
    }
}

/// Reads values; `None` at anything that no encoder wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?.try_into().ok()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    pub(crate) fn content(&mut self) -> Option<Content<'a>> {
        match self.byte()? {
            0 => Some(Content::Inline(self.bytes()?)),
            1 => Some(Content::Blob(self.blob()?)),
            _ => None,
        }
    }

    pub(crate) fn blob(&mut self) -> Option<BlobRef> {
        Some(BlobRef { digest: self.take(32)?.try_into().ok()?, length: self.number()? })
    }
}

/// An entry's body. Large parts are handed to `store`, which gives what to write instead.
pub(crate) fn encode_entry<'a>(
    written: &'a Entry,
    mut store: impl FnMut(&'a [u8]) -> Result<Content<'a>, StoreError>,
) -> Result<Vec<u8>, StoreError> {
    let mut out = Encoder::with_capacity(128);
    match written {
        Entry::Step(step) => {
            out.byte(entry::STEP);
            out.number(step.run.into());
            out.number(step.pipeline.0.into());
            out.bytes(&step.task.0);
            out.bytes(step.path.as_bytes());
            match &step.outcome {
                Outcome::Done => out.byte(outcome::DONE),
                Outcome::Skipped(message) => {
                    out.byte(outcome::SKIPPED);
                    out.bytes(message.as_bytes());
                }
            }
            out.number(step.attempt.into());
            out.number(step.generation.into());
            out.number(step.definition.0.into());
            out.number(step.reads.0.into());
            out.content(&store(&step.result)?);
            out.content(&store(&step.outputs)?);
            out.signed(step.started);
            out.number(step.took);
        }
        Entry::RunStarted { run, at } => {
            out.byte(entry::RUN_STARTED);
            out.number((*run).into());
            out.signed(*at);
        }
        Entry::RunStopped { run, at, status } => {
            out.byte(entry::RUN_STOPPED);
            out.number((*run).into());
            out.signed(*at);
            out.byte(status_code(*status));
        }
        Entry::Attempt { run, task, token, key } => {
            out.byte(entry::ATTEMPT);
            out.number((*run).into());
            out.bytes(&task.0);
            out.number(token.epoch);
            out.number(token.counter);
            out.bytes(key.as_bytes());
        }
        Entry::Failed { run, path, attempts, message, at } => {
            out.byte(entry::FAILED);
            out.number((*run).into());
            out.bytes(path.as_bytes());
            out.number((*attempts).into());
            out.bytes(message.as_bytes());
            out.signed(*at);
        }
        Entry::LineChanged { reason, at } => {
            out.byte(entry::LINE_CHANGED);
            out.bytes(reason.as_bytes());
            out.signed(*at);
        }
    }
    Ok(out.bytes)
}

/// Reads an entry's body back; `load` fetches large parts.
pub(crate) fn decode_entry(
    body: &[u8],
    mut load: impl FnMut(Content<'_>) -> Result<Vec<u8>, StoreError>,
) -> Result<Entry, StoreError> {
    let unreadable = || fault::damaged("an entry of the journal cannot be read");
    let mut from = Decoder::new(body);
    match from.byte() {
        Some(entry::STEP) => {
            let head = decode_step_head(&mut from).ok_or_else(unreadable)?;
            let result = load(from.content().ok_or_else(unreadable)?)?;
            let outputs = load(from.content().ok_or_else(unreadable)?)?;
            let started = from.signed().ok_or_else(unreadable)?;
            let took = from.number().ok_or_else(unreadable)?;
            Ok(Entry::Step(StepEntry { result, outputs, started, took, ..head }))
        }
        Some(code) => decode_other(code, &mut from).ok_or_else(unreadable),
        None => Err(unreadable()),
    }
}

fn decode_step_head(from: &mut Decoder<'_>) -> Option<StepEntry> {
    Some(StepEntry {
        run: from.small()?,
        pipeline: InternId(from.small()?),
        task: TaskKey(from.bytes()?.to_vec()),
        path: from.text()?,
        outcome: match from.byte()? {
            outcome::DONE => Outcome::Done,
            outcome::SKIPPED => Outcome::Skipped(from.text()?),
            _ => return None,
        },
        attempt: from.small()?,
        generation: from.small()?,
        definition: InternId(from.small()?),
        reads: InternId(from.small()?),
        result: Vec::new(),
        outputs: Vec::new(),
        started: 0,
        took: 0,
    })
}

fn decode_other(code: u8, from: &mut Decoder<'_>) -> Option<Entry> {
    Some(match code {
        entry::RUN_STARTED => Entry::RunStarted { run: from.small()?, at: from.signed()? },
        entry::RUN_STOPPED => {
            Entry::RunStopped { run: from.small()?, at: from.signed()?, status: status_of(from.byte()?)? }
        }
        entry::ATTEMPT => Entry::Attempt {
            run: from.small()?,
            task: TaskKey(from.bytes()?.to_vec()),
            token: Token { epoch: from.number()?, counter: from.number()? },
            key: from.text()?,
        },
        entry::FAILED => Entry::Failed {
            run: from.small()?,
            path: from.text()?,
            attempts: from.small()?,
            message: from.text()?,
            at: from.signed()?,
        },
        entry::LINE_CHANGED => Entry::LineChanged { reason: from.text()?, at: from.signed()? },
        _ => return None,
    })
}

fn status_code(run: RunStatus) -> u8 {
    match run {
        RunStatus::Running => status::RUNNING,
        RunStatus::Done => status::DONE,
        RunStatus::Failed => status::FAILED,
        RunStatus::Interrupted => status::INTERRUPTED,
        RunStatus::Stopped => status::STOPPED,
        RunStatus::Abandoned => status::ABANDONED,
    }
}

fn status_of(code: u8) -> Option<RunStatus> {
    Some(match code {
        status::RUNNING => RunStatus::Running,
        status::DONE => RunStatus::Done,
        status::FAILED => RunStatus::Failed,
        status::INTERRUPTED => RunStatus::Interrupted,
        status::STOPPED => RunStatus::Stopped,
        status::ABANDONED => RunStatus::Abandoned,
        _ => return None,
    })
}

/// A journal row: the segment, the entry's body, the crc.
pub(crate) fn journal_row(segment: SegmentId, body: &[u8]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(body.len() + 8);
    bytes.extend_from_slice(&segment.0.to_le_bytes());
    bytes.extend_from_slice(body);
    seal(bytes)
}

/// Reads a journal row back: the segment and the entry's body.
pub(crate) fn journal_parts(row: &[u8]) -> Result<(SegmentId, &[u8]), StoreError> {
    let bytes = unseal(row, "an entry of the journal")?;
    match bytes.split_first_chunk::<4>() {
        Some((segment, body)) => Ok((SegmentId(u32::from_le_bytes(*segment)), body)),
        None => Err(fault::damaged("an entry of the journal is empty")),
    }
}

/// Whether an entry's body is that of a step.
pub(crate) fn is_step(body: &[u8]) -> bool {
    body.first() == Some(&entry::STEP)
}

/// A line under its name.
pub(crate) fn line_row(name: &str, line: &Line) -> Box<[u8]> {
    let mut out = Encoder::default();
    out.bytes(name.as_bytes());
    for pieces in [&line.pieces, &line.previous] {
        out.number(pieces.len() as u64);
        for piece in pieces {
            out.number(piece.segment.0.into());
            out.number(piece.lo.0);
            out.number(piece.hi.0);
        }
    }
    seal(out.bytes)
}

/// Reads a line back.
pub(crate) fn line_of(row: &[u8]) -> Result<(String, Line), StoreError> {
    let mut from = Decoder::new(unseal(row, "a line")?);
    (|| {
        let name = from.text()?;
        let pieces = decode_pieces(&mut from)?;
        let previous = decode_pieces(&mut from)?;
        Some((name, Line { pieces, previous }))
    })()
    .ok_or_else(|| fault::damaged("a line cannot be read"))
}

fn decode_pieces(from: &mut Decoder<'_>) -> Option<Vec<Piece>> {
    let count = from.number()?;
    (0..count)
        .map(|_| Some(Piece { segment: SegmentId(from.small()?), lo: Seq(from.number()?), hi: Seq(from.number()?) }))
        .collect()
}

/// Reads a run's record back. It is JSON: fields that are not there have their defaults, so that older records can be read.
pub(crate) fn run_of(row: &[u8]) -> Result<RunRecord, StoreError> {
    let json = unseal(row, "a run's record")?;
    serde_json::from_slice(json).map_err(|_| fault::damaged("a run's record cannot be read"))
}

/// What the head of the state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// Rises with every process that writes.
    pub(crate) epoch: u64,
    /// Number of the next new segment.
    pub(crate) next_segment: u32,
    /// Entries in the journal, which is the last seq too.
    pub(crate) entries: u64,
}

/// The head as a row.
pub(crate) fn head_row(head: &Head) -> Box<[u8]> {
    let mut out = Encoder::default();
    out.number(head.epoch);
    out.number(head.next_segment.into());
    out.number(head.entries);
    seal(out.bytes)
}

/// Reads the head back.
pub(crate) fn head_of(row: &[u8]) -> Result<Head, StoreError> {
    let mut from = Decoder::new(unseal(row, "the head")?);
    (|| Some(Head { epoch: from.number()?, next_segment: from.small()?, entries: from.number()? }))()
        .ok_or_else(|| fault::damaged("the head cannot be read"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let signed = [0, 1, -1, 63, -64, i64::MAX, i64::MIN];
        let mut out = Encoder::default();
        numbers.iter().for_each(|number| out.number(*number));
        signed.iter().for_each(|number| out.signed(*number));
        let mut from = Decoder::new(&out.bytes);
        assert!(numbers.iter().all(|number| from.number() == Some(*number)));
        assert!(signed.iter().all(|number| from.signed() == Some(*number)));
        assert!(from.rest.is_empty());
    }

    #[test]
    fn records_without_figures_are_read() {
        let written = r#"{"number":3,"id":"r3","line":"main","pipeline":"train","status":"Failed","started":5,"ended":9,
            "params":{"epochs":5},"facets":["smoke"]}"#;
        let run = run_of(&seal(written.as_bytes().to_vec())).unwrap();
        assert_eq!(
            (run.number, run.status, run.figures),
            (3, RunStatus::Failed, thinking_store::RunFigures::default())
        );
        let newer = written.replace(r#""facets""#, r#""figures":{"done":7,"later":1},"later":{},"facets""#);
        assert_eq!(run_of(&seal(newer.into_bytes())).unwrap().figures.done, 7);
        assert!(run_of(&seal(b"{".to_vec())).is_err());
    }

    #[test]
    fn a_flipped_bit_is_seen() {
        let mut row = journal_row(SegmentId(3), b"body").to_vec();
        assert_eq!(journal_parts(&row).unwrap(), (SegmentId(3), &b"body"[..]));
        row[2] ^= 1;
        assert!(matches!(journal_parts(&row), Err(StoreError::Unusable { .. })));
    }
}
