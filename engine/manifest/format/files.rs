//! Which files a directory gives to lay out, and their texts.

use crate::load::{decode_text, unreadable};
use std::path::{Path, PathBuf};
use thinking_diagnostic::Diagnostics;

/// A file's text, as it is. `None` if it cannot be read or is no text, with why.
pub fn read(path: &Path, diagnostics: &mut Diagnostics) -> Option<String> {
    match std::fs::read(path) {
        Ok(bytes) => decode_text(bytes, path, diagnostics),
        Err(error) => {
            diagnostics.push(unreadable(path, &error, None));
            None
        }
    }
}

/// All `*.kdl` in a directory and below it, sorted. What begins with a dot (`.thinking`, `.git`) is left out, and so are links to directories.
pub fn manifests_below(directory: &Path, diagnostics: &mut Diagnostics) -> Vec<PathBuf> {
    let hidden =
        |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(directory).sort_by_file_name().into_iter().filter_entry(|entry| !hidden(entry)) {
        match entry {
            Ok(entry) => {
                let path = entry.path();
                if path.extension().is_some_and(|extension| extension == "kdl") && path.is_file() {
                    files.push(path.strip_prefix(".").map_or_else(|_| path.to_path_buf(), Path::to_path_buf));
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(directory).to_path_buf();
                diagnostics.push(unreadable(&path, &error.into(), None));
            }
        }
    }
    files
}
