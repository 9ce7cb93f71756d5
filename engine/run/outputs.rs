//! Files that steps must leave: moved aside before an attempt, back if it fails, gone when its commit is durable.
//!
//! The list of what is aside lies in `aside/pending.json` of the state's directory and is synced before anything is moved, so that a kill at any moment
//! can be tidied up by the next process.

use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use thinking_step::{ErrorKind, StepError};
use thinking_store::{Seq, Store, StoreError, TaskKey};

/// Outputs of one attempt that are aside, or that it is making.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Aside {
    line: String,
    task: TaskKey,
    /// The last commit before the attempt.
    since: Seq,
    files: Vec<AsideFile>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct AsideFile {
    /// Where it belongs.
    output: PathBuf,
    /// Where it is meanwhile.
    place: PathBuf,
    /// Whether it was there before the attempt.
    was: bool,
}

/// Moves what is at `outputs` aside.
pub(crate) fn move_aside(
    (state, root): (&Path, &Path),
    line: &str,
    task: &TaskKey,
    since: Seq,
    outputs: &[PathBuf],
) -> Result<Aside, StepError> {
    let directory = state.join("aside");
    let name = |at: usize| directory.join(format!("{}-{at}", since.0));
    let was = |output: &Path| fs::symlink_metadata(output).is_ok();
    let files = outputs.iter().enumerate();
    let files =
        files.map(|(at, output)| AsideFile { output: output.clone(), place: name(at), was: was(output) }).collect();
    let aside = Aside { line: line.to_owned(), task: task.clone(), since, files };
    let moved = || -> io::Result<()> {
        fs::create_dir_all(&directory)?;
        write_synced(&pending(state), &serde_json::to_vec(&aside.within(state, root))?)?;
        for AsideFile { output, place, was } in &aside.files {
            remove(place)?;
            if *was {
                relocate(output, place)?;
            }
            if let Some(parent) = output.parent() {
                fs::create_dir_all(parent)?;
            }
        }
        Ok(())
    };
    match moved() {
        Ok(()) => Ok(aside),
        Err(error) => {
            // What was moved already comes back; what cannot come back now does when the next process starts.
            let _ = aside.restore(state);
            Err(StepError::new(ErrorKind::Native, format!("outputs cannot be moved aside: {error}")))
        }
    }
}

impl Aside {
    /// As it is written: relative to the state and the project, so that a copy of the project never touches the files of the original.
    fn within(&self, state: &Path, root: &Path) -> Self {
        let short = |path: &Path, around: &Path| path.strip_prefix(around).unwrap_or(path).to_owned();
        let files = self.files.iter().map(|AsideFile { output, place, was }| AsideFile {
            output: short(output, root),
            place: short(place, state),
            was: *was,
        });
        Self { files: files.collect(), ..self.clone() }
    }

    /// As it is used.
    fn at(mut self, state: &Path, root: &Path) -> Self {
        for file in &mut self.files {
            (file.output, file.place) = (root.join(&file.output), state.join(&file.place));
        }
        self
    }

    /// Whether something is aside.
    pub(crate) fn holds_any(&self) -> bool {
        self.files.iter().any(|file| file.was)
    }

    /// Moves what lies in the way of the earlier outputs to where it can be looked at. What was found after an earlier kill makes room.
    fn keep_found(&self, state: &Path) -> io::Result<Vec<Found>> {
        let directory = state.join("aside").join("found");
        let own = format!("{}-", self.since.0);
        for earlier in fs::read_dir(&directory).into_iter().flatten().flatten() {
            // Of this attempt only if this was cut short before.
            if !earlier.file_name().to_string_lossy().starts_with(&own) {
                remove(&earlier.path())?;
            }
        }
        let mut found = Vec::new();
        for (at, AsideFile { output, place, was }) in self.files.iter().enumerate() {
            let in_the_way = !was || fs::symlink_metadata(place).is_ok();
            if in_the_way && fs::symlink_metadata(output).is_ok() {
                fs::create_dir_all(&directory)?;
                let name = output.file_name().unwrap_or_default().to_string_lossy();
                let kept = directory.join(format!("{own}{at}-{name}"));
                remove(&kept)?;
                relocate(output, &kept)?;
                found.push(Found { output: output.clone(), place: kept });
            }
        }
        Ok(found)
    }

    /// The attempt failed: what it left goes, what was there comes back.
    pub(crate) fn restore(&self, state: &Path) -> io::Result<()> {
        for AsideFile { output, place, was } in &self.files {
            if !was {
                remove(output)?;
            } else if fs::symlink_metadata(place).is_ok() {
                remove(output)?;
                relocate(place, output)?;
            }
            // Otherwise it was not moved yet, or is back already: what is there is the old one.
        }
        remove(&pending(state))
    }

    /// The attempt's commit is durable: what was there before is not needed any more.
    pub(crate) fn forget(&self, state: &Path) -> io::Result<()> {
        for file in &self.files {
            remove(&file.place)?;
        }
        remove(&pending(state))
    }
}

/// What lay at the place of an output when a killed attempt was tidied up: half of a result, or somebody's own work since. Nobody can tell, so it is kept.
pub(crate) struct Found {
    /// The output.
    pub output: PathBuf,
    /// Where it is now.
    pub place: PathBuf,
}

/// Tidies up after a process that was killed in the middle: before anything starts. Gives what was found in the way of earlier outputs.
pub(crate) fn recover(state: &Path, root: &Path, store: &dyn Store) -> Result<Vec<Found>, StoreError> {
    let path = pending(state);
    let Ok(bytes) = fs::read(&path) else { return Ok(Vec::new()) };
    let failed =
        |error: io::Error| StoreError::Io(format!("outputs that were moved aside cannot be put back: {error}"));
    // A list that is cut was not synced, so nothing was moved yet.
    let Ok(aside) = serde_json::from_slice::<Aside>(&bytes) else {
        return remove(&path).map(|()| Vec::new()).map_err(failed);
    };
    let aside = aside.at(state, root);
    let view = store.view(&aside.line)?;
    let committed = store.done(&view, &aside.task)?.is_some_and(|(seq, _)| seq > aside.since);
    if committed {
        return aside.forget(state).map(|()| Vec::new()).map_err(failed);
    }
    let found = aside.keep_found(state).map_err(failed)?;
    aside.restore(state).map_err(failed)?;
    Ok(found)
}

/// Makes a file, or all files in a directory, survive a loss of power.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(path).contents_first(true) {
        let entry = entry?;
        // Opening a pipe or a device may never end.
        if entry.file_type().is_file() || entry.file_type().is_dir() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn pending(state: &Path) -> PathBuf {
    state.join("aside").join("pending.json")
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    File::open(&new)?.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Moves a file or directory, also to another file system.
fn relocate(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            // Complete or not there at all under its new name, whenever this is cut short.
            let copy = to.with_extension("copy");
            remove(&copy)?;
            copy_tree(from, &copy)?;
            fs::rename(&copy, to)?;
            remove(from)
        }
        other => other,
    }
}

/// Copies a file or directory, if nothing in it is of another kind: reading a pipe or a device may never end.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let walk = || walkdir::WalkDir::new(from).follow_root_links(false);
    for entry in walk() {
        let entry = entry?;
        let kind = entry.file_type();
        if !kind.is_file() && !kind.is_dir() && !kind.is_symlink() {
            return Err(io::Error::other(format!("`{}` is not a regular file", entry.path().display())));
        }
    }
    for entry in walk() {
        let entry = entry?;
        let within = entry.path().strip_prefix(from).unwrap_or(Path::new(""));
        let target = if entry.depth() == 0 { to.to_owned() } else { to.join(within) };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)?;
        } else if entry.file_type().is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes a file or directory, if there is one, also if power is lost right after.
pub(crate) fn remove_durably(path: &Path) -> io::Result<()> {
    remove(path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes a file or directory, if there is one.
fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
