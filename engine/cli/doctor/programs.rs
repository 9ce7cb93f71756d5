//! Finding programs as the system does when a step starts them.

use rustix::fs::{Access, access};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Why a program cannot be started.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// There is no such file; for a bare name, nowhere on `PATH`.
    Nowhere,
    /// It is there, but you may not run it.
    NotExecutable(PathBuf),
}

/// Where a program is: one with a `/` from the folder that it is started in, else the first on `PATH`.
pub(super) fn find(program: &str, folder: &Path, path: Option<&OsStr>) -> Result<PathBuf, Missing> {
    if program.contains('/') {
        return usable(folder.join(program));
    }
    let mut found = Err(Missing::Nowhere);
    for directory in std::env::split_paths(path.unwrap_or_default()) {
        match usable(directory.join(program)) {
            Err(Missing::Nowhere) => {}
            Err(there) if found == Err(Missing::Nowhere) => found = Err(there),
            Err(_) => {}
            Ok(program) => return Ok(program),
        }
    }
    found
}

fn usable(path: PathBuf) -> Result<PathBuf, Missing> {
    if !path.is_file() {
        return Err(Missing::Nowhere);
    }
    match access(&path, Access::EXEC_OK) {
        Ok(()) => Ok(path),
        Err(_) => Err(Missing::NotExecutable(path)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn programs_are_found_as_the_system_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str();
        let file = folder.path().join("tool");
        assert_eq!(find("tool", folder.path(), Some(path)), Err(Missing::Nowhere));
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        assert_eq!(find("tool", folder.path(), Some(path)), Err(Missing::NotExecutable(file.clone())));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find("tool", Path::new("/"), Some(path)), Ok(file.clone()));
        assert_eq!(find("./tool", folder.path(), None), Ok(folder.path().join("./tool")));
        assert_eq!(find("tool", folder.path(), None), Err(Missing::Nowhere));
    }
}
