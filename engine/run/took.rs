//! How long steps took, noted at the end of a run for estimates of the next one's time left.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thinking_event::{Expected, ExpectedStep};
use thinking_plan::{Plan, TaskId};
use thinking_store::{Store, StoreError};

/// Instances and microseconds of each task, by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Took(Vec<(u64, u64)>);

#[derive(Default, Serialize, Deserialize)]
struct Note {
    /// By path without keys: instances, and microseconds of one on average.
    steps: BTreeMap<String, (u64, u64)>,
}

impl Took {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self(vec![(0, 0); plan.tasks.len()])
    }

    /// An instance is done.
    pub(crate) fn add(&mut self, task: TaskId, micros: u64) {
        if let Some((instances, sum)) = self.0.get_mut(task.0 as usize) {
            *instances += 1;
            *sum = sum.saturating_add(micros);
        }
    }

    /// The note to write. A run that is not finished adds to what is known from those before.
    pub(crate) fn note(&self, store: &dyn Store, plan: &Plan, line: &str, finished: bool) -> (String, Option<Vec<u8>>) {
        let name = name(line, &plan.pipeline);
        // What is noted is only good for estimates: if it cannot be read, it is made anew.
        let mut note = if finished { Note::default() } else { read(store, &name).unwrap_or_default() };
        for ((instances, sum), task) in self.0.iter().zip(&plan.tasks) {
            if *instances > 0 {
                let before = note.steps.get(&*task.path).map_or(0, |(before, _)| *before);
                note.steps.insert(task.path.to_string(), ((*instances).max(before), sum / instances));
            }
        }
        (name, serde_json::to_vec(&note).ok())
    }
}

fn name(line: &str, pipeline: &str) -> String {
    format!("took/{line}/{pipeline}")
}

fn read(store: &dyn Store, name: &str) -> Result<Note, StoreError> {
    let bytes = store.note(name)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// What earlier runs of the pipeline took; empty if there was none.
///
/// # Errors
/// The store failed.
pub fn expected(store: &dyn Store, line: &str, pipeline: &str) -> Result<Expected, StoreError> {
    let note = read(store, &name(line, pipeline))?;
    let steps = note.steps.into_iter();
    Ok(Expected {
        steps: steps.map(|(path, (instances, mean))| (path.into(), ExpectedStep { instances, mean })).collect(),
    })
}
