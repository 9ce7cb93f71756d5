//! What is in the folder that the user stands in.

use std::path::{Path, PathBuf};

/// The manifest that a command without one means: `pipeline.kdl`, else the only `*.kdl`. Several, or none: nothing.
pub(crate) fn manifest() -> Option<PathBuf> {
    let usual = Path::new("pipeline.kdl");
    if usual.is_file() {
        return Some(usual.to_path_buf());
    }
    match &*manifests() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// All `*.kdl` files here, by name.
pub(crate) fn manifests() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(".").into_iter().flatten().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.path().is_file()).map(|entry| PathBuf::from(entry.file_name()));
    let mut manifests: Vec<PathBuf> =
        files.filter(|name| name.extension().is_some_and(|extension| extension == "kdl")).collect();
    manifests.sort();
    manifests
}
