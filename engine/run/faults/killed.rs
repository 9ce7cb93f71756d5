//! What a run was at when it was killed, in words.

use super::KillPoint;
use std::fmt;
use thinking_store::{Entry, Seq, Store, StoreError, TaskKey};

/// A moment at which a run was killed, with what is known of it from an undisturbed run of the same pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Killed {
    point: KillPoint,
    commits: u64,
    commit: Commit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Commit {
    Begin,
    End,
    /// An attempt of that step is about to touch the world outside.
    Touch(String),
    Step(String),
    Failed(String),
    Back,
    Unknown,
}

impl Killed {
    /// The moment, told from the state of an undisturbed run that made so many commits, and nothing but that run.
    ///
    /// # Errors
    /// The store failed.
    pub fn new(point: KillPoint, commits: u64, undisturbed: &dyn Store) -> Result<Self, StoreError> {
        let entry = match point.commit() {
            Some(number) => undisturbed.journal(Seq(number), 1)?.pop().filter(|(seq, _)| seq.0 == number),
            None => None,
        };
        let commit = match entry {
            Some((_, Entry::RunStarted { .. })) => Commit::Begin,
            Some((_, Entry::RunStopped { .. })) => Commit::End,
            Some((_, Entry::Step(step))) => Commit::Step(step.path),
            Some((_, Entry::Failed { path, .. })) => Commit::Failed(path),
            Some((_, Entry::LineChanged { .. })) => Commit::Back,
            Some((seq, Entry::Attempt { task, .. })) => {
                path_of(&task, seq, undisturbed)?.map_or(Commit::Unknown, Commit::Touch)
            }
            None => Commit::Unknown,
        };
        Ok(Self { point, commits, commit })
    }

    /// When.
    #[must_use]
    pub fn point(&self) -> KillPoint {
        self.point
    }

    /// The step that had begun when the process was killed and began anew when the run was resumed, if there was one: its path with keys.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        match (&self.commit, self.point) {
            (Commit::Step(step), KillPoint::Before(_)) | (Commit::Touch(step), _) => Some(step),
            _ => None,
        }
    }
}

/// The path of a task that is done later.
fn path_of(task: &TaskKey, from: Seq, store: &dyn Store) -> Result<Option<String>, StoreError> {
    let mut from = from;
    loop {
        let page = store.journal(from, 1000)?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        from = Seq(last.0 + 1);
        let path = page.into_iter().find_map(|(_, entry)| match entry {
            Entry::Step(step) if step.task == *task => Some(step.path),
            _ => None,
        });
        if path.is_some() {
            return Ok(path);
        }
    }
}

impl fmt::Display for Killed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.commits;
        let before = match self.point {
            KillPoint::End => {
                return formatter.write_str("killed when the run was over and recorded, before the process ended");
            }
            KillPoint::Before(number) => {
                write!(formatter, "killed right before commit {number} of {all}: ")?;
                true
            }
            KillPoint::After(number) => {
                write!(formatter, "killed right after commit {number} of {all}: ")?;
                false
            }
        };
        match (&self.commit, before) {
            (Commit::Begin, true) => formatter.write_str("the run had not begun"),
            (Commit::Begin, false) => formatter.write_str("the run had begun, and no step"),
            (Commit::End, true) => formatter.write_str("all steps were recorded, the run's end was not"),
            (Commit::End, false) => formatter.write_str("the run's end was recorded"),
            (Commit::Touch(step), true) => write!(formatter, "`{step}` had begun and touched nothing outside"),
            (Commit::Touch(step), false) => {
                write!(formatter, "`{step}` was about to touch something outside for the first time")
            }
            (Commit::Step(step), true) => write!(formatter, "`{step}` had done its work, and that was not recorded"),
            (Commit::Step(step), false) => {
                write!(formatter, "`{step}` was recorded as done, and nothing else had begun")
            }
            (Commit::Failed(step), true) => write!(formatter, "`{step}` had failed, and that was not recorded"),
            (Commit::Failed(step), false) => write!(formatter, "that `{step}` failed was recorded"),
            (Commit::Back, true) => formatter.write_str("the line was about to go back"),
            (Commit::Back, false) => formatter.write_str("the line had gone back"),
            (Commit::Unknown, _) => formatter.write_str("the undisturbed run does not tell what that was"),
        }
    }
}
