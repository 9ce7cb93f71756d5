//! Files that `input` names, and files that a program is given as arguments.

use crate::host::RunHost;
use crate::reads::{Read, few, hex};
use crate::world::World;
use std::path::{Path, PathBuf};
use thinking_step::{StepError, digest};

/// Notes the files that a glob means as seen, with their contents. What the step itself makes is no input of it.
pub(crate) fn see(world: &World, host: &RunHost, pattern: &str) -> Result<(), StepError> {
    let outputs = host.seen().outputs.clone();
    let plain = world.plan.permissions.resolve(Path::new(pattern));
    if let Some(secret) = world.mask.find_text(pattern) {
        return Err(recorded_path(secret));
    }
    // A directory in which an output is made counts by its files one by one.
    let around = !is_glob(pattern) && outputs.iter().any(|output| *output != plain && output.starts_with(&plain));
    let pattern = if around { format!("{}/**", pattern.trim_end_matches('/')) } else { pattern.to_owned() };
    let files = matched(world, &pattern, &outputs)
        .map_err(|why| StepError::script(format!("`input` {pattern:?} is no glob: {why}")))?;
    if is_glob(&pattern) {
        let own = outputs.iter().map(|output| world.recorded_path(output)).collect();
        let names = names(world, &files);
        host.note(Read::Glob(pattern, names_digest(&names), own, few(names)));
    }
    for file in files {
        host.saw_content(&file);
        host.seen().inputs.push(file);
    }
    Ok(())
}

/// A path that a step looks at is recorded, so no secret may be in it.
pub(crate) fn recorded_path(secret: &str) -> StepError {
    StepError::script(format!("a path made of the secret `{secret}` would be recorded"))
}

/// The files that a glob means, absolute and sorted, without those at or in `outputs`. A path without wildcards means itself, there or not.
pub(crate) fn matched(world: &World, pattern: &str, outputs: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let root = world.plan.permissions.root();
    let own = |path: &Path| outputs.iter().any(|output| path.starts_with(output));
    if !is_glob(pattern) {
        let path = world.plan.permissions.resolve(Path::new(pattern));
        return Ok(if own(&path) { Vec::new() } else { vec![path] });
    }
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let full = if Path::new(pattern).is_absolute() {
        pattern.to_owned()
    } else {
        format!("{}/{pattern}", globset::escape(&root.display().to_string()))
    };
    let glob =
        globset::GlobBuilder::new(&full).literal_separator(true).build().map_err(|error| error.kind().to_string())?;
    let glob = glob.compile_matcher();
    // Only what stands below the part without wildcards can match.
    let plain: PathBuf =
        Path::new(pattern).components().take_while(|part| !is_glob(&part.as_os_str().to_string_lossy())).collect();
    let state = &world.state_directory;
    let walk = walkdir::WalkDir::new(root.join(plain)).follow_links(true).sort_by_file_name().into_iter();
    Ok(walk
        .filter_entry(|entry| entry.path() != state)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && glob.is_match(entry.path()))
        .map(walkdir::DirEntry::into_path)
        .filter(|path| !own(path))
        .collect())
}

/// Files' names as recorded.
pub(crate) fn names(world: &World, files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| world.recorded_path(file)).collect()
}

/// A digest of files' names.
pub(crate) fn names_digest(names: &[String]) -> String {
    let mut text = Vec::new();
    for name in names {
        text.extend_from_slice(name.as_bytes());
        text.push(0);
    }
    hex(digest(&text))
}

/// The name under which a listing of a directory shows what is at or around `path`, which lies in it.
pub(crate) fn name_in(directory: &Path, path: &Path) -> Option<String> {
    Some(path.strip_prefix(directory).ok()?.components().next()?.as_os_str().to_string_lossy().into_owned())
}

/// Notes a program, or an argument of one, as seen if it names an existing file of the project.
pub(crate) fn see_argument(world: &World, host: &RunHost, directory: &Path, argument: &str, is_program: bool) {
    if argument.is_empty() || argument.len() > 4096 || argument.contains('\0') {
        return;
    }
    let written = Path::new(argument);
    let path = match directory.join(written).canonicalize() {
        Ok(path) if path.is_file() => path,
        Ok(_) => return,
        // One that may be made later: it counts that it is not there.
        Err(_) if !is_program && may_be_path(argument) => world.plan.permissions.resolve(&directory.join(written)),
        Err(_) => return,
    };
    let inside = path.starts_with(world.plan.permissions.root()) && !path.starts_with(&world.state_directory);
    let own = host.seen().outputs.iter().any(|output| path.starts_with(output));
    if inside && !own && world.mask.find_text(argument).is_none() {
        host.saw_content(&path);
        host.seen().arguments.push(path);
    }
}

/// Whether an argument that names no file looks as if it could.
fn may_be_path(argument: &str) -> bool {
    argument.len() <= 255
        && !argument.starts_with(['-', '/'])
        && !argument.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        && !argument.contains("://")
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}
