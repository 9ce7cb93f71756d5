//! Reads all of a state with its checksums.

use crate::blobs::Blobs;
use crate::codec::{self, Content, Decoder};
use crate::directory::Directory;
use crate::environment::{Access, Environment, Reading};
use crate::fault;
use crate::keys::{self, GroupKey, Table};
use crate::store::{check_identity, read_head};
use crate::value::parse_value;
use std::collections::BTreeSet;
use std::path::Path;
use thinking_store::{Entry, Seq, StoreError};

/// What a state holds, all of it read and found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Entries in the journal.
    pub entries: u64,
    /// Versions of keys, deletions among them.
    pub versions: u64,
    /// Large values in files of their own that something names.
    pub blobs: u64,
    /// Interned contents.
    pub contents: u64,
}

/// Reads every page, row and file of a state and checks what can be checked: pages before anything is mapped, the journal without gaps, every
/// checksum, every name of one thing by another. Takes time in proportion to the state. Run it in a process of its own: what it cannot find in
/// the pages may still make reading through a map end in a signal.
///
/// # Errors
/// The first thing that is wrong, or the state cannot be opened.
pub fn verify(directory: &Path) -> Result<Verified, StoreError> {
    let files = Directory::new(directory);
    if !directory.is_dir() {
        return Err(files.absent());
    }
    let format = files.read_format()?.ok_or_else(|| files.absent())?;
    files.check_data()?;
    files.check_pages(None)?;
    let environment = Environment::open(directory, Access { write: None, without_readers: false, map_size: None })?;
    check_identity(&environment, &format)?;
    let reading = environment.read()?;
    let mut verifier = Verifier {
        reading: &reading,
        blobs: Blobs::new(directory),
        seen: BTreeSet::new(),
        verified: Verified::default(),
    };
    verifier.journal()?;
    verifier.data()?;
    verifier.done()?;
    verifier.contents()?;
    verifier.sealed()?;
    Ok(verifier.verified)
}

struct Verifier<'a> {
    reading: &'a Reading<'a>,
    blobs: Blobs,
    seen: BTreeSet<[u8; 32]>,
    verified: Verified,
}

impl Verifier<'_> {
    fn rows(&self, table: Table) -> Result<heed::RoIter<'_, heed::types::Bytes, heed::types::Bytes>, StoreError> {
        self.reading.rows(table).iter(self.reading.txn()).map_err(|error| fault::lmdb(&error))
    }

    fn journal(&mut self) -> Result<(), StoreError> {
        let head = read_head(self.reading)?;
        let mut contents = Vec::new();
        let mut last = 0;
        for row in self.rows(Table::Journal)? {
            let (key, row) = row.map_err(|error| fault::lmdb(&error))?;
            last += 1;
            if keys::journal_seq(key) != Some(Seq(last)) {
                return Err(fault::damaged(&format!("entry {last} is missing")));
            }
            let (segment, body) = codec::journal_parts(row)?;
            if segment.0 >= head.next_segment {
                return Err(fault::damaged(&format!("entry {last} belongs to a stretch that was never begun")));
            }
            codec::decode_entry(body, |content| {
                if let Content::Blob(blob) = content {
                    contents.push(blob);
                }
                Ok(Vec::new())
            })?;
        }
        if last != head.entries {
            return Err(fault::damaged(&format!(
                "its journal ends at {last}, but {} entries were written",
                head.entries
            )));
        }
        contents.into_iter().try_for_each(|blob| self.blob(blob))?;
        self.verified.entries = last;
        Ok(())
    }

    fn blob(&mut self, blob: codec::BlobRef) -> Result<(), StoreError> {
        if self.seen.insert(blob.digest) {
            self.blobs.get(&blob)?;
            self.verified.blobs += 1;
        }
        Ok(())
    }

    fn data(&mut self) -> Result<(), StoreError> {
        let mut blobs = Vec::new();
        let mut versions = 0;
        for row in self.rows(Table::Data)? {
            let (key, row) = row.map_err(|error| fault::lmdb(&error))?;
            let wrong = || fault::damaged("a key cannot be read");
            let (group, suffix) = keys::split(key).ok_or_else(wrong)?;
            let value = parse_value(row, keys::group_key(group, 2).ok_or_else(wrong)? == GroupKey::InValue)?;
            if keys::version(&suffix).1.0 > self.verified.entries {
                return Err(fault::damaged("a value belongs to an entry that does not exist"));
            }
            if let Some(Content::Blob(blob)) = value.content {
                blobs.push(blob);
            }
            versions += 1;
        }
        blobs.into_iter().try_for_each(|blob| self.blob(blob))?;
        self.verified.versions = versions;
        Ok(())
    }

    /// Every step stands under its task.
    fn done(&mut self) -> Result<(), StoreError> {
        for row in self.rows(Table::Done)? {
            let (key, _) = row.map_err(|error| fault::lmdb(&error))?;
            let wrong = || fault::damaged("a task names an entry that is not its own");
            let (group, suffix) = keys::split(key).ok_or_else(wrong)?;
            let (segment, seq) = keys::version(&suffix);
            let row = self.reading.get(Table::Journal, &keys::journal_key(seq))?.ok_or_else(wrong)?;
            let (its, body) = codec::journal_parts(row)?;
            match codec::decode_entry(body, |_| Ok(Vec::new()))? {
                Entry::Step(step) if its == segment && keys::task_group(&step.task.0).bytes == group => {}
                _ => return Err(wrong()),
            }
        }
        Ok(())
    }

    fn contents(&mut self) -> Result<(), StoreError> {
        let mut contents = 0;
        for row in self.rows(Table::Interns)? {
            let (key, row) = row.map_err(|error| fault::lmdb(&error))?;
            let hash = blake3::hash(codec::unseal(row, "a content")?);
            if self.reading.get(Table::Contents, hash.as_bytes())? != Some(key) {
                return Err(fault::damaged("a content stands under another number"));
            }
            contents += 1;
        }
        self.verified.contents = contents;
        Ok(())
    }

    /// The small tables.
    fn sealed(&mut self) -> Result<(), StoreError> {
        for row in self.rows(Table::Lines)? {
            codec::line_of(row.map_err(|error| fault::lmdb(&error))?.1)?;
        }
        for row in self.rows(Table::Runs)? {
            codec::run_of(row.map_err(|error| fault::lmdb(&error))?.1)?;
        }
        for row in self.rows(Table::Notes)? {
            let mut from = Decoder::new(codec::unseal(row.map_err(|error| fault::lmdb(&error))?.1, "a note")?);
            from.byte().and_then(|_| from.bytes()).ok_or_else(|| fault::damaged("a note cannot be read"))?;
        }
        for row in self.rows(Table::Databases)? {
            codec::unseal(row.map_err(|error| fault::lmdb(&error))?.1, "the name of a database")?;
        }
        Ok(())
    }
}
