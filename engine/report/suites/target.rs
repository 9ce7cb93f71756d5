//! Where a report goes as a whole.

use std::fmt;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where a report is written when it is complete.
pub enum ReportTarget {
    /// A file. Folders to it are made; an older file is replaced at once, so that nobody reads half of one.
    Path(PathBuf),
    /// A writer, for standard output and for tests.
    Writer(Box<dyn Write + Send>),
}

impl fmt::Debug for ReportTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => out.debug_tuple("Path").field(path).finish(),
            Self::Writer(_) => out.write_str("Writer"),
        }
    }
}

impl ReportTarget {
    /// Writes the whole text; `what` names the report in the message: `the JUnit report`. A closed pipe is no failure.
    ///
    /// # Errors
    /// A line for people: which file could not be written and why.
    pub(crate) fn write(&mut self, what: &str, text: &[u8]) -> Result<(), String> {
        match self {
            Self::Path(path) => replace(path, text).map_err(|error| {
                let shown = path.display();
                format!("{what} cannot be written to `{shown}`: {error}; the tests' outcome does not change")
            }),
            Self::Writer(writer) => match writer.write_all(text).and_then(|()| writer.flush()) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(format!("{what} cannot be written: {error}; the tests' outcome does not change"))
                }
                _ => Ok(()),
            },
        }
    }
}

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(directory)?;
    // A device or a pipe (`--junit /dev/stderr`) stays what it is.
    if path.metadata().is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(text);
    }
    // Others may read a report as far as the process's mask allows, as any file that it makes.
    let mut file = tempfile::Builder::new()
        .prefix(".thinking-report-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)?;
    file.write_all(text)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::ReportTarget;
    use std::fs;
    use std::io::{self, Write};

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/report.xml");
        for text in ["one", "two"] {
            ReportTarget::Path(path.clone()).write("the report", text.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
        assert_eq!(fs::read_dir(path.parent().expect("a parent")).expect("a folder").count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = ReportTarget::Path(folder.path().to_path_buf()).write("the report", b"x").expect_err("a folder");
        let told = told.replace(&folder.path().display().to_string(), "FOLDER");
        assert!(told.starts_with("the report cannot be written to `FOLDER`: "), "{told}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is() {
        struct Broken(io::ErrorKind);
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let write = |kind| ReportTarget::Writer(Box::new(Broken(kind))).write("the report", b"x");
        assert_eq!(write(io::ErrorKind::BrokenPipe), Ok(()));
        assert_eq!(
            write(io::ErrorKind::StorageFull),
            Err("the report cannot be written: no storage space; the tests' outcome does not change".to_owned())
        );
    }
}
