//! What the system says, as a store's error.

use std::io;
use std::path::Path;
use thinking_store::StoreError;

/// What to do about damage.
pub(crate) const VERIFY: &str =
    "run `thinking state verify` to see what can still be read, or put back a copy of the state made before";

/// An error of the system while doing something with a path.
pub(crate) fn io(doing: &str, path: &Path, error: &io::Error) -> StoreError {
    if is_full(error) { full(error) } else { StoreError::Io(format!("{doing} {}: {error}", path.display())) }
}

/// An error of LMDB.
pub(crate) fn lmdb(error: &heed::Error) -> StoreError {
    match error {
        heed::Error::Io(error) if is_full(error) => full(error),
        heed::Error::Io(error)
            if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) =>
        {
            StoreError::Unusable {
                message: format!("the state's files may not be used: {error}"),
                help: "give permission to them, or choose another directory with `--state DIRECTORY`".into(),
            }
        }
        heed::Error::Io(error) => StoreError::Io(format!("the state cannot be read or written: {error}")),
        heed::Error::Mdb(
            error @ (heed::MdbError::PageNotFound
            | heed::MdbError::Corrupted
            | heed::MdbError::Invalid
            | heed::MdbError::VersionMismatch
            | heed::MdbError::Incompatible
            | heed::MdbError::BadTxn
            | heed::MdbError::Panic),
        ) => damaged(&error.to_string()),
        other => StoreError::Io(format!("the state cannot be read or written: {other}")),
    }
}

/// An error of a simulated or real system call without a path.
pub(crate) fn plain(error: &io::Error) -> StoreError {
    if is_full(error) { full(error) } else { StoreError::Io(format!("the state cannot be written: {error}")) }
}

/// Something that was read cannot be what was written.
pub(crate) fn damaged(what: &str) -> StoreError {
    StoreError::Unusable { message: format!("the state is damaged: {what}"), help: VERIFY.into() }
}

fn full(error: &io::Error) -> StoreError {
    StoreError::Full(format!("{error}; nothing that was committed is lost, make room and run again"))
}

/// ENOSPC, EDQUOT and EFBIG.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}
