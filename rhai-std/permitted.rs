//! Opening what was permitted, and nothing else: a path that was checked has no links, and one that takes a directory's place afterwards is not followed.

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Opens a file for reading.
///
/// # Errors
/// The file system refused, or there is a link on the way now.
pub fn read(real: &Path) -> Result<File> {
    open(real, OFlags::RDONLY).map(File::from)
}

/// Opens a file for adding to its end, and makes it if needed.
///
/// # Errors
/// As [`read`].
pub fn append(real: &Path) -> Result<File> {
    open(real, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE).map(File::from)
}

/// Makes a file that is not there.
///
/// # Errors
/// As [`read`]; or it is there.
pub fn create(real: &Path) -> Result<File> {
    open(real, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL).map(File::from)
}

/// Moves a file to a place.
///
/// # Errors
/// As [`read`].
pub fn rename(from: &Path, real: &Path) -> Result<()> {
    let (directory, name) = parent(real)?;
    Ok(rustix::fs::renameat(CWD, from, directory, name)?)
}

/// Removes a file.
///
/// # Errors
/// As [`read`].
pub fn remove(real: &Path) -> Result<()> {
    let (directory, name) = parent(real)?;
    Ok(rustix::fs::unlinkat(directory, name, AtFlags::empty())?)
}

/// Whether an error says that there is a link.
pub fn is_link(error: &Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

fn parent(real: &Path) -> Result<(OwnedFd, &OsStr)> {
    let (Some(parent), Some(name)) = (real.parent(), real.file_name()) else {
        return Err(Error::from(ErrorKind::IsADirectory));
    };
    Ok((open(parent, OFlags::RDONLY | OFlags::DIRECTORY)?, name))
}

fn open(real: &Path, flags: OFlags) -> Result<OwnedFd> {
    let (flags, mode) = (flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o666));
    // The mode is for what is made alone.
    let made = if flags.contains(OFlags::CREATE) { mode } else { Mode::empty() };
    #[cfg(target_os = "linux")]
    match rustix::fs::openat2(CWD, real, flags, made, rustix::fs::ResolveFlags::NO_SYMLINKS) {
        // Old kernels and some containers do not have it: then the last part of the path alone is watched.
        Err(Errno::NOSYS | Errno::PERM) => {}
        opened => return Ok(opened?),
    }
    Ok(rustix::fs::open(real, flags | OFlags::NOFOLLOW, made)?)
}
