//! A file as it was when it was opened, read a piece at a time as often as needed.

use crate::evaluation::{check_cancelled, check_memory};
use crate::failure::{Answer, fail};
use crate::file;
use crate::permitted;
use rhai::EvalAltResult;
use std::fs::{File, Metadata};
use std::io::{Error, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::Arc;

/// A smaller file is read at once, so that a thousand of them do not take a thousand open files.
const SMALL: u64 = 64 << 10;

/// A file for reading. Renaming another one into its place does not change what is read.
pub struct FileView {
    /// The path as the script wrote it.
    pub path: String,
    content: Content,
}

enum Content {
    Held(Vec<u8>),
    Open { file: File, size: u64, changed: (i64, i64) },
}

impl FileView {
    /// Opens a file that may be read. The host notes that.
    ///
    /// # Errors
    /// It may not be read, or cannot.
    pub fn open(path: &str, function: &str) -> Answer<Arc<Self>> {
        let real = file::to_read(path, function)?;
        file::regular("read", path, &real)?;
        let problem = |error: Error| file::problem("read", path, &error);
        let mut file = permitted::read(&real).map_err(problem)?;
        let about = file.metadata().map_err(problem)?;
        // Files of `/proc` say 0 and are longer.
        let content = if about.len() <= SMALL {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(problem)?;
            Content::Held(bytes)
        } else {
            Content::Open { size: about.len(), changed: changed(&about), file }
        };
        Ok(Arc::new(Self { path: path.to_owned(), content }))
    }

    /// A text as if it stood in a file.
    pub fn of_text(text: &str) -> Arc<Self> {
        Arc::new(Self { path: String::new(), content: Content::Held(text.as_bytes().to_vec()) })
    }

    /// The size in bytes when it was opened.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Held(bytes) => bytes.len() as u64,
            Content::Open { size, .. } => *size,
        }
    }

    /// What stands there, as much as fits.
    pub fn read_at(&self, into: &mut [u8], offset: u64) -> std::io::Result<usize> {
        match &self.content {
            Content::Held(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[start..]).read(into)
            }
            Content::Open { file, size, .. } => {
                let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX).min(into.len());
                let count = file.read_at(&mut into[..left], offset)?;
                if count == 0 && left > 0 {
                    Err(Error::other("it became shorter while it was read"))
                } else {
                    Ok(count)
                }
            }
        }
    }

    /// Asks whether the file is still what it was, as far as its size and times show. One that only grew is.
    ///
    /// # Errors
    /// It is not.
    pub fn check_same(&self) -> Answer<()> {
        let Content::Open { file, size, changed: before } = &self.content else { return Ok(()) };
        let Ok(about) = file.metadata() else { return Ok(()) };
        let what = if about.len() < *size {
            "it became shorter"
        } else if about.len() == *size && changed(&about) != *before {
            "it was changed"
        } else {
            return Ok(());
        };
        Err(fail(format!("cannot read `{}`: {what} while it was read", self.path)))
    }

    /// A reader from the start, or behind a byte order mark.
    pub fn reader(self: &Arc<Self>, skip_mark: bool) -> At {
        let mut first = [0; 3];
        let marked = skip_mark && matches!(self.read_at(&mut first, 0), Ok(3)) && first == *b"\xef\xbb\xbf";
        At { view: Arc::clone(self), offset: if marked { 3 } else { 0 } }
    }

    /// What to throw for an error of reading: that the script is to stop, or takes too much memory, comes first.
    pub fn problem(&self, error: &Error) -> Box<EvalAltResult> {
        match check_memory().and_then(|()| check_cancelled()) {
            Err(stop) => stop,
            Ok(()) => file::problem("read", &self.path, error),
        }
    }
}

fn changed(about: &Metadata) -> (i64, i64) {
    (about.mtime(), about.mtime_nsec())
}

/// A place in a file, moving on as it is read.
pub struct At {
    view: Arc<FileView>,
    offset: u64,
}

impl At {
    /// How many bytes stand before it.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl Read for At {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        // One line or field can be as long as the file.
        if check_memory().and_then(|()| check_cancelled()).is_err() {
            return Err(Error::other("the script is to stop"));
        }
        let count = self.view.read_at(into, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
