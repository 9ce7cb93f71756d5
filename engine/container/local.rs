//! Reading local files in pieces, so that their size does not matter and a stop is noticed on the way.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use thinking_step::{ErrorKind, Host, StepError};

/// Opens a file to read. Directories, pipes and devices are refused: reading one may never end. `shown` is the path as written.
pub(crate) fn open(real: &Path, shown: &str) -> Result<File, StepError> {
    let about = std::fs::metadata(real).map_err(|error| problem("read", shown, &error))?;
    if about.is_dir() {
        return Err(problem("read", shown, &io::ErrorKind::IsADirectory.into()));
    }
    if !about.is_file() {
        return Err(StepError::new(ErrorKind::Native, format!("cannot read `{shown}`: it is not a regular file")));
    }
    File::open(real).map_err(|error| problem("read", shown, &error))
}

/// Reads a file to its end, piece by piece, and gives the number of bytes.
pub(crate) fn pieces(
    mut file: &File,
    shown: &str,
    host: &dyn Host,
    mut each: impl FnMut(&[u8]) -> Result<(), StepError>,
) -> Result<u64, StepError> {
    let mut buffer = vec![0; 256 * 1024];
    let mut total = 0;
    loop {
        host.check_cancelled()?;
        let count = match file.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(problem("read", shown, &error)),
        };
        each(buffer.get(..count).unwrap_or_default())?;
        total += count as u64;
    }
}

/// One clear line for what the file system refused.
pub(crate) fn problem(verb: &str, shown: &str, error: &io::Error) -> StepError {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "the system does not allow it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is not a directory".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    };
    StepError::new(ErrorKind::Native, format!("cannot {verb} `{shown}`: {why}"))
}
