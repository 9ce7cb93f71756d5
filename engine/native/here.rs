//! The call under way: what long and random work asks for.

use std::path::PathBuf;
use std::sync::Arc;
use thinking_step::{Access, Host, StepError, current, with_current};

/// Whether the attempt should stop (Ctrl-C, timeout). Long work asks now and then, and hands the error on by `?`.
///
/// # Errors
/// It should stop, or this is not inside of a call.
pub fn check_cancelled() -> Result<(), StepError> {
    current()?.check_cancelled()
}

/// The seed for random numbers: it depends on the project's seed and the task's path alone, so every attempt and every run gets the same.
///
/// # Errors
/// This is not inside of a call.
pub fn seed() -> Result<[u8; 32], StepError> {
    Ok(current()?.task().seed)
}

/// The task's path with keys: `fit/epoch[3]/train`.
///
/// # Errors
/// This is not inside of a call.
pub fn path() -> Result<String, StepError> {
    Ok(current()?.attempt().0.to_string())
}

/// The number of this attempt, from 1.
///
/// # Errors
/// This is not inside of a call.
pub fn attempt() -> Result<u32, StepError> {
    Ok(current()?.attempt().1)
}

/// The idempotency key: the same across attempts and resumes, a new one when the result is wanted anew.
///
/// # Errors
/// This is not inside of a step.
pub fn idempotency_key() -> Result<String, StepError> {
    current()?.idempotency_key()
}

/// A file to read, relative to the manifest: where it really is. Its content counts as an input of the step.
///
/// # Errors
/// The manifest does not permit it, or this is not inside of a call.
pub fn reading(path: impl AsRef<std::path::Path>) -> Result<PathBuf, StepError> {
    let host = current()?;
    let real = host.permit(Access::Read(path.as_ref()))?;
    host.saw_file(&real);
    Ok(real)
}

/// A file to write, relative to the manifest: where it really is.
///
/// # Errors
/// The manifest does not permit it, or this is not inside of a call.
pub fn writing(path: impl AsRef<std::path::Path>) -> Result<PathBuf, StepError> {
    let host = current()?;
    let real = host.permit(Access::Write(path.as_ref()))?;
    host.wrote_file(&real);
    Ok(real)
}

/// The world of the call under way, to be taken along to threads of one's own.
#[derive(Clone)]
pub struct World(Arc<dyn Host>);

impl World {
    /// Runs `body` on this thread as part of the call that the world was taken from. That call must still be under way.
    pub fn enter<T>(&self, body: impl FnOnce() -> T) -> T {
        with_current(&self.0, body)
    }
}

/// The world of the call under way, for its other threads: `let world = here::world()?; scope.spawn(|| world.enter(|| log::info("…")));`
///
/// # Errors
/// This is not inside of a call.
pub fn world() -> Result<World, StepError> {
    Ok(World(current()?))
}
