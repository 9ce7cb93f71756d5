//! Directories in which programs keep things between attempts, and files to which they write their results.

use crate::decide::Place;
use crate::reads::hex;
use crate::recorded::steps_after;
use crate::world::World;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use thinking_step::digest;
use thinking_store::{StoreError, Token};

/// The step's scratch directory: the same for all its attempts until it commits.
pub(crate) fn directory(world: &World, place: &Place) -> PathBuf {
    all(world).join(hex(digest(place.path.as_bytes())))
}

/// The file that one attempt may write its result to.
pub(crate) fn result(scratch: &Path, token: Token) -> PathBuf {
    scratch.with_extension(format!("result-{}-{}", token.epoch, token.counter))
}

/// The step is over, well or not: its scratch directory goes. What cannot be removed is only clutter, here and below.
pub(crate) fn drop_one(world: &World, place: &Place) {
    let _ = fs::remove_dir_all(directory(world, place));
}

/// Nothing of the pipeline is unfinished: all its scratch directories go.
pub(crate) fn drop_all(world: &World) {
    let _ = fs::remove_dir_all(all(world));
}

/// A place for a new content of the file at `path` before it is renamed, if that can be done from here.
pub(crate) fn temporary(state: &Path, path: &Path) -> Option<PathBuf> {
    let directory = state.join("scratch");
    let around = path.ancestors().skip(1).find_map(|around| fs::metadata(around).ok())?;
    fs::create_dir_all(&directory).ok()?;
    (fs::metadata(&directory).ok()?.dev() == around.dev()).then_some(directory)
}

/// Removes results and new contents that a killed process left. The state's lock is held, so nobody is about to read them.
pub(crate) fn sweep(state: &Path) {
    let entries = walkdir::WalkDir::new(state.join("scratch")).min_depth(1).max_depth(2);
    for entry in entries.into_iter().filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy();
        let ours = if entry.depth() == 1 { name.ends_with(".tmp") } else { name.contains(".result-") };
        if ours && entry.file_type().is_file() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Removes the scratch directories of steps that are done: a process was killed before it could.
pub(crate) fn drop_done(world: &World) -> Result<(), StoreError> {
    let all = all(world);
    let any = fs::read_dir(&all).is_ok_and(|mut entries| entries.next().is_some());
    if !any {
        return Ok(());
    }
    let view = world.head().view.clone();
    steps_after(&*world.store, &view, None, |_, entry| {
        if entry.pipeline == world.pipeline {
            let _ = fs::remove_dir_all(all.join(hex(digest(entry.path.as_bytes()))));
        }
    })
}

/// The scratch directories of one pipeline on one line.
fn all(world: &World) -> PathBuf {
    let name = format!("{}\0{}", world.line, world.plan.pipeline);
    world.state_directory.join("scratch").join(hex(digest(name.as_bytes())))
}
