//! What a directory lies on.

use rustix::fs::statfs;
use std::io;
use std::path::Path;

/// A file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSystem {
    /// Its kind; `None` for one that is not known here.
    pub kind: Option<&'static str>,
    /// Whether it is reached over a network: no state is kept there.
    pub network: bool,
    /// Whether what is on it goes with the machine's restart.
    pub passing: bool,
    /// Bytes that this user may still write.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
    /// Files that may still be made; `None` where there is no such limit.
    pub files: Option<u64>,
}

/// The file system that a path lies on.
///
/// # Errors
/// The path is not there, or may not be looked at.
pub fn file_system(path: &Path) -> io::Result<FileSystem> {
    let found = statfs(path)?;
    let magic = found.f_type as u32;
    let block = u64::try_from(found.f_bsize).unwrap_or(0);
    Ok(FileSystem {
        kind: network_name(magic).or_else(|| local_name(magic)),
        network: network_name(magic).is_some(),
        passing: matches!(local_name(magic), Some("tmpfs" | "ramfs")),
        free: block.saturating_mul(found.f_bavail),
        total: block.saturating_mul(found.f_blocks),
        files: (found.f_files > 0).then_some(found.f_ffree),
    })
}

/// Name of a network file system by its magic number.
pub(crate) fn network_name(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("nfs"),
        0x517b => Some("smb"),
        0xff53_4d42 | 0xfe53_4d42 => Some("cifs"),
        0x0102_1997 => Some("9p"),
        0x5346_414f => Some("afs"),
        _ => None,
    }
}

/// Name of another by its magic number.
fn local_name(magic: u32) -> Option<&'static str> {
    match magic {
        0xef53 => Some("ext4"),
        0x5846_5342 => Some("xfs"),
        0x9123_683e => Some("btrfs"),
        0x2fc1_2fc1 => Some("zfs"),
        0xf2f5_2010 => Some("f2fs"),
        0xca45_1a4e => Some("bcachefs"),
        0x0102_1994 => Some("tmpfs"),
        0x8584_58f6 => Some("ramfs"),
        0x794c_7630 => Some("overlay"),
        0x6573_5546 => Some("fuse"),
        0x4d44 => Some("vfat"),
        0x2011_bab0 => Some("exfat"),
        0x7366_746e => Some("ntfs"),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn every_folder_lies_on_something() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = file_system(folder.path()).expect("it is there");
        assert!(found.total > 0 && found.free <= found.total, "{found:?}");
        assert!(file_system(&folder.path().join("none")).is_err());
    }
}
