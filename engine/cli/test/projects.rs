//! Which projects the paths on the command line mean.

use crate::cli::test::args::TestArgs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Code, Diagnostic};

/// A manifest, and which of its tests were meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The manifest, as it is shown.
    pub manifest: PathBuf,
    /// Files whose tests are meant, absolute; all if there are none.
    pub files: BTreeSet<PathBuf>,
}

/// All projects that are meant, each once, in the order of the command line; below directories by name.
pub(super) fn find(args: &TestArgs) -> Result<Vec<Found>, Diagnostic> {
    let mut found: Vec<Found> = Vec::new();
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths[..] };
    for path in paths {
        let wrong = |message: String, help: &str| Diagnostic::error(Code::CommandLine, message).help(help.to_owned());
        if path.is_dir() {
            if let Some(manifest) = project_of(path) {
                let files = files_below(path);
                files.into_iter().for_each(|file| add(&mut found, manifest.clone(), Some(file)));
                continue;
            }
            let mut manifests = Vec::new();
            below(path, false, &mut manifests);
            if manifests.is_empty() {
                let message = format!("there is no manifest in `{}` or below", path.display());
                return Err(wrong(message, "begin with a project: thinking init"));
            }
            manifests.into_iter().for_each(|manifest| add(&mut found, manifest, None));
        } else if path.is_file() {
            match project_of(path) {
                Some(manifest) => add(&mut found, manifest, std::path::absolute(path).ok()),
                None => add(&mut found, path.clone(), None),
            }
        } else {
            return Err(wrong(
                format!("there is no file or directory `{}`", path.display()),
                "name a manifest, a file of suites, or a directory; a text that paths of tests hold goes after -k",
            ));
        }
    }
    Ok(found)
}

fn add(found: &mut Vec<Found>, manifest: PathBuf, file: Option<PathBuf>) {
    match found.iter_mut().find(|known| known.manifest == manifest) {
        // The whole project is more than one file of it.
        Some(known) if file.is_none() => known.files.clear(),
        Some(known) if known.files.is_empty() => {}
        Some(known) => known.files.extend(file),
        None => found.push(Found { manifest, files: file.into_iter().collect() }),
    }
}

/// Manifests in a directory and below, sorted.
fn below(directory: &Path, within: bool, found: &mut Vec<PathBuf>) {
    let mut own = manifests_in(directory);
    if within {
        // Below a project lie parts of it, and projects that say so.
        own.retain(|path| path.ends_with("pipeline.kdl") || begins_with(path, &["project"]));
    }
    let is_project = within || !own.is_empty();
    found.extend(own);
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut directories: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let hidden = name.starts_with('.') || name == "target" || name == "node_modules";
            // Suites and their data belong to the project around them.
            !(hidden || is_project && name == "tests")
        })
        .map(|entry| tidy(directory, &entry.file_name()))
        .collect();
    directories.sort();
    directories.iter().for_each(|directory| below(directory, is_project, found));
}

/// A path as one would type it.
fn tidy(directory: &Path, name: &std::ffi::OsStr) -> PathBuf {
    if directory == Path::new(".") { PathBuf::from(name) } else { directory.join(name) }
}

/// The manifests of a directory: `pipeline.kdl`, else every file that says that it is one.
fn manifests_in(directory: &Path) -> Vec<PathBuf> {
    let usual = tidy(directory, "pipeline.kdl".as_ref());
    if usual.is_file() {
        return vec![usual];
    }
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries
        .map(|entry| tidy(directory, &entry.file_name()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "kdl") && path.is_file())
        .filter(|path| begins_with(path, &["project", "pipeline", "suite"]))
        .collect();
    files.sort();
    // The only file of a folder is its manifest; of several each must name its project.
    if files.len() > 1 && files.iter().any(|path| begins_with(path, &["project"])) {
        files.retain(|path| begins_with(path, &["project"]));
    }
    files
}

/// Whether some line of a file begins with one of the words.
fn begins_with(path: &Path, words: &[&str]) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| line.split_whitespace().next().is_some_and(|first| words.contains(&first)))
}

/// The manifest of the project that a file of suites belongs to; `None` if the file is a manifest itself.
fn project_of(file: &Path) -> Option<PathBuf> {
    if file.is_dir() && !manifests_in(file).iter().all(|path| !begins_with(path, &["project", "pipeline"])) {
        return None;
    }
    let feature = file.extension().is_some_and(|extension| extension == "feature");
    if !feature && file.is_file() && begins_with(file, &["project"]) {
        return None;
    }
    let absolute: PathBuf =
        std::path::absolute(file).ok()?.components().filter(|part| *part != std::path::Component::CurDir).collect();
    let around = absolute.ancestors().skip(usize::from(file.is_file()));
    let tests = around.filter(|directory| directory.file_name().is_some_and(|name| name == "tests"));
    let here = std::env::current_dir().unwrap_or_default();
    let mut owners = tests.filter_map(|tests| manifests_in(tests.parent()?).into_iter().next());
    let manifest = owners.next()?;
    Some(manifest.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(manifest))
}

/// All files of suites in a directory and below, absolute.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(directory) = std::path::absolute(directory) else { return Vec::new() };
    let entries = walkdir::WalkDir::new(directory).into_iter().filter_map(Result::ok);
    let is_suite = |path: &Path| path.extension().is_some_and(|extension| extension == "kdl" || extension == "feature");
    entries.map(|entry| entry.path().to_path_buf()).filter(|path| path.is_file() && is_suite(path)).collect()
}
