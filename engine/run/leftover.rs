//! Outputs of steps that were given up: they go before the next step runs, so that it sees what it would see in a first run.
//!
//! The commit that gives the steps up notes them, so that a kill at any moment can be made up for: while the note is there, no step has been
//! committed since.

use crate::outputs;
use crate::reads::{Facts, hex};
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use thinking_store::{StepEntry, StoreError};

/// Outputs that nothing on the line stands for any more.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Leftover {
    /// The task that runs next, with keys: what it makes again stays until its attempt moves it aside, and comes back if that fails.
    task: String,
    files: Vec<LeftoverFile>,
    /// Where in the list a path is.
    #[serde(skip)]
    at: HashMap<String, usize>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LeftoverFile {
    task: String,
    /// As recorded.
    path: String,
    /// What the given-up steps left there: anything else is somebody's own and stays.
    digests: Vec<String>,
}

/// The note's name.
pub(crate) fn note(world: &World) -> String {
    format!("leftover/{}/{}", world.line, world.plan.pipeline)
}

impl Leftover {
    /// Nothing yet; `task` runs next.
    pub(crate) fn before(task: &str) -> Self {
        Self { task: task.to_owned(), ..Self::default() }
    }

    /// Adds what a given-up step of this pipeline left.
    pub(crate) fn add(&mut self, world: &World, entry: &StepEntry) {
        if entry.outputs.is_empty() || entry.pipeline != world.pipeline {
            return;
        }
        let Some(facts) = Facts::from_bytes(&entry.outputs) else { return };
        for (path, digest) in facts.outputs {
            self.at.insert(path.clone(), self.files.len());
            self.files.push(LeftoverFile { task: entry.path.clone(), path, digests: vec![digest] });
        }
        // A later step may have gone on with an output.
        for (path, digest) in facts.files {
            let file = self.at.get(&path).and_then(|at| self.files.get_mut(*at));
            if let (Some(digest), Some(file)) = (digest, file) {
                file.digests.push(digest);
            }
        }
    }

    /// The note's content; none for nothing.
    pub(crate) fn to_note(&self) -> Option<Vec<u8>> {
        (!self.files.is_empty()).then(|| serde_json::to_vec(self).unwrap_or_default())
    }

    /// What is noted.
    pub(crate) fn load(world: &World) -> Result<Option<Self>, StoreError> {
        let bytes = world.store.note(&note(world))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Whether that task runs next.
    pub(crate) fn is_before(&self, task: &str) -> bool {
        self.task == task
    }

    /// Removes what other tasks than the next one left. Says whether that was all.
    pub(crate) fn remove_others(&self, world: &World) -> Result<bool, StoreError> {
        self.remove(world, |file| file.task == self.task)?;
        Ok(!self.files.iter().any(|file| file.task == self.task))
    }

    /// Removes everything but what lies at these paths (as recorded).
    pub(crate) fn remove_but(&self, world: &World, kept: &[String]) -> Result<(), StoreError> {
        self.remove(world, |file| kept.contains(&file.path))
    }

    /// What of it is there and as it was left, each with the task that left it.
    pub(crate) fn present(&self, world: &World) -> Vec<(String, String)> {
        let mut seen = HashSet::new();
        // The last step that left a file counts.
        let files = self.files.iter().rev().filter(|file| is_present(world, file) && seen.insert(&file.path));
        let mut present: Vec<_> = files.map(|file| (file.path.clone(), file.task.clone())).collect();
        present.reverse();
        present
    }

    fn remove(&self, world: &World, keep: impl Fn(&LeftoverFile) -> bool) -> Result<(), StoreError> {
        for file in self.files.iter().filter(|file| !keep(file)) {
            if is_present(world, file) {
                let real = world.real_path(&file.path);
                let failed = |error| StoreError::Io(format!("the output `{}` cannot be removed: {error}", file.path));
                outputs::remove_durably(&real).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Whether a file is there and as it was left.
fn is_present(world: &World, file: &LeftoverFile) -> bool {
    let now = world.files.digest(&world.real_path(&file.path)).map(hex);
    now.is_some_and(|now| file.digests.contains(&now))
}
