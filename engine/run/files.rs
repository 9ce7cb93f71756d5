//! Digests of files' contents, each computed once while the file stays as it is.

use std::collections::HashMap;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;
use thinking_step::Digest;

/// A file's digests by its path, size, time of change and inode.
#[derive(Default)]
pub(crate) struct FileCache {
    /// The state's directory, which is no part of what is around it.
    ignored: PathBuf,
    known: Mutex<HashMap<PathBuf, (Stamp, Digest)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    seconds: i64,
    nanoseconds: i64,
    changed: (i64, i64),
    inode: u64,
}

/// A path with links resolved, whether it exists or is yet to be made.
pub(crate) fn real(path: &Path) -> PathBuf {
    let parent = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(parent).unwrap_or_else(|| path.to_owned())
}

impl FileCache {
    /// An empty cache. The state's directory (links resolved) counts as not there.
    pub(crate) fn new(state_directory: &Path) -> Self {
        Self { ignored: state_directory.to_owned(), known: Mutex::default() }
    }

    /// The names of what is in a directory, sorted, directories with a slash at their end; `None` if it is none that can be read.
    pub(crate) fn names(&self, path: &Path) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).ok()? {
            let entry = entry.ok()?;
            if entry.path() == self.ignored {
                continue;
            }
            let mut name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                name.push('/');
            }
            names.push(name);
        }
        names.sort_unstable();
        Some(names)
    }

    /// The digest of a file's content, or of all that is in a directory; `None` if there is nothing, or nothing that can be read.
    pub(crate) fn digest(&self, path: &Path) -> Option<Digest> {
        let metadata = std::fs::metadata(path).ok()?;
        if metadata.is_dir() {
            return self.directory(path, &[]);
        }
        // Opening a pipe or a device may never end.
        if !metadata.is_file() {
            return Some(kind(metadata.file_type()));
        }
        let stamp = Stamp {
            size: metadata.size(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        };
        // A file that changed a moment ago may change again without its times showing it: it is read each time.
        let old = metadata.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        let settled = old.is_some_and(|old| old.as_secs() >= 2);
        if settled
            && let Some((known, digest)) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path)
            && *known == stamp
        {
            return Some(*digest);
        }
        let digest = content(path)?;
        if settled {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            // Bounded, so that a run over a million files does not hold them all.
            if known.len() >= 65_536 {
                known.clear();
            }
            known.insert(path.to_owned(), (stamp, digest));
        }
        Some(digest)
    }

    /// The digest of a directory as if nothing were at or in the paths `without`. Directories count by the files in them.
    pub(crate) fn directory(&self, path: &Path, without: &[PathBuf]) -> Option<Digest> {
        let mut hasher = blake3::Hasher::new();
        let walk = walkdir::WalkDir::new(path).sort_by_file_name().min_depth(1).into_iter();
        for entry in walk.filter_entry(|entry| entry.path() != self.ignored) {
            let entry = entry.ok()?;
            if entry.file_type().is_dir() || without.iter().any(|other| entry.path().starts_with(other)) {
                continue;
            }
            let name = entry.path().strip_prefix(path).ok()?.as_os_str().as_encoded_bytes();
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name);
            let digest = self.digest(entry.path());
            hasher.update(&digest.map_or([0; 16], |digest| digest.0));
        }
        Some(short(&hasher))
    }
}

/// What stands for the content of something that is neither a file nor a directory.
fn kind(kind: std::fs::FileType) -> Digest {
    let name = match kind {
        kind if kind.is_fifo() => "fifo",
        kind if kind.is_socket() => "socket",
        kind if kind.is_char_device() => "character device",
        kind if kind.is_block_device() => "block device",
        _ => "other",
    };
    thinking_step::digest(name.as_bytes())
}

fn content(path: &Path) -> Option<Digest> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer).ok()?;
        if count == 0 {
            return Some(short(&hasher));
        }
        hasher.update(buffer.get(..count)?);
    }
}

fn short(hasher: &blake3::Hasher) -> Digest {
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Digest(short)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn digests_follow_the_content() {
        let directory = tempfile::tempdir().unwrap();
        let (files, path) = (FileCache::default(), directory.path().join("a"));
        assert_eq!(files.digest(&path), None);
        std::fs::write(&path, "one").unwrap();
        let one = files.digest(&path).unwrap();
        assert_eq!(one, thinking_step::digest(b"one"));
        std::fs::write(&path, "two").unwrap();
        assert_ne!(files.digest(&path), Some(one), "even within a tick of the clock");
        let whole = files.digest(directory.path()).unwrap();
        std::fs::rename(&path, directory.path().join("b")).unwrap();
        assert_ne!(files.digest(directory.path()), Some(whole));
    }
}
