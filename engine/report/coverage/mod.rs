//! What tests reached, as files and text: `lcov.info` and `cobertura.xml` for other tools, `index.html` for people, and lines for the console.
//!
//! The kept crates for these formats read them, or bring a writer for XML that nothing else here uses; what is written is small, so it is written here.

mod cobertura;
mod count;
mod escape;
mod html;
mod lcov;
mod summary;
#[cfg(test)]
mod tests;

pub use html::{html_fragment, html_style};
pub use summary::summary;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use thinking_event::testing::Coverage;

/// A file of the report that could not be written.
#[derive(Debug)]
pub struct NotWritten {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

impl fmt::Display for NotWritten {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the coverage could not be written to {}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for NotWritten {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Writes `lcov.info`, `cobertura.xml` and `index.html` into a directory, which is made if it is not there. `texts` are the sources by the
/// names that the coverage has; a file without text is shown as its numbers of lines. Script lines are the same in all three. Branches and error
/// paths of the manifest are branches of their lines in `cobertura.xml`, where these are lines too; `index.html` has all parts in a table.
///
/// # Errors
/// The directory cannot be made, or a file cannot be written; files before it are whole.
pub fn write(directory: &Path, coverage: &Coverage, texts: &BTreeMap<String, String>) -> Result<(), NotWritten> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| NotWritten { path, error }
    };
    std::fs::create_dir_all(directory).map_err(failed(directory))?;
    let put = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(failed(&path))
    };
    put("lcov.info", lcov::text(coverage))?;
    put("cobertura.xml", cobertura::text(coverage))?;
    put("index.html", html::page(coverage, texts))
}
