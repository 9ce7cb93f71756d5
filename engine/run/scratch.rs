//! Directories in which programs keep things between attempts, and files to which they write their results.

use crate::decide::Place;
use crate::reads::hex;
use crate::world::World;
use std::fs;
use std::path::{Path, PathBuf};
use thinking_step::digest;
use thinking_store::Token;

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

/// Removes results that a killed process left. The state's lock is held, so nobody is about to read them.
pub(crate) fn sweep(state: &Path) {
    let entries = walkdir::WalkDir::new(state.join("scratch")).min_depth(2).max_depth(2);
    for entry in entries.into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() && entry.file_name().to_string_lossy().contains(".result-") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The scratch directories of one pipeline on one line.
fn all(world: &World) -> PathBuf {
    let name = format!("{}\0{}", world.line, world.plan.pipeline);
    world.state_directory.join("scratch").join(hex(digest(name.as_bytes())))
}
