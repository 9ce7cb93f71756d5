//! Steps with `always=#true` accumulate: their data outlives a change before them.
//!
//! When the line goes back to a place before such a step, what it wrote would be lost. So the change of the line leaves a note that tells where that data
//! still is, and before the step runs again its writes are committed anew.

use crate::overlay::Overlay;
use crate::reads::Facts;
use crate::recorded::steps_after;
use crate::world::World;
use serde::{Deserialize, Serialize};
use thinking_plan::{Plan, TaskId, TaskKind};
use thinking_store::{Commit, DatabaseId, Entry, Piece, Seq, StepEntry, StoreError, TaskKey, View};

/// Where the data of a step that runs every time still is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Displaced {
    task: TaskKey,
    pieces: Vec<Piece>,
    at: Seq,
    /// The entries after this one were given up.
    after: Option<Seq>,
}

/// The note's name.
pub(crate) fn note(line: &str, pipeline: &str) -> String {
    format!("displaced/{line}/{pipeline}")
}

/// Reads the note.
pub(crate) fn load(world: &World) -> Result<Vec<Displaced>, StoreError> {
    let bytes = world.store.note(&note(&world.line, &world.plan.pipeline))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// The note's content; none for an empty list.
pub(crate) fn save(displaced: &[Displaced]) -> Option<Vec<u8>> {
    (!displaced.is_empty()).then(|| serde_json::to_vec(displaced).unwrap_or_default())
}

/// Whether the plan has a step that runs every time.
pub(crate) fn exist(plan: &Plan) -> bool {
    (0..plan.tasks.len()).any(|at| u32::try_from(at).is_ok_and(|at| is_always(plan, TaskId(at))))
}

/// Whether a task is a step that runs every time.
pub(crate) fn is_always(plan: &Plan, task: TaskId) -> bool {
    matches!(&plan.task(task).kind, TaskKind::Step(step) if step.always)
}

/// Whether a recorded step is an instance of a step that runs every time.
pub(crate) fn is_instance(world: &World, entry: &StepEntry) -> bool {
    let path = entry.task.0.get(..4);
    let mut tasks = world.ids.iter().zip(&world.plan.tasks);
    tasks.any(|(id, task)| {
        path == Some(&id.0.to_be_bytes()) && matches!(&task.kind, TaskKind::Step(step) if step.always)
    })
}

/// Adds a step whose entries after `after` are given up.
pub(crate) fn displace(displaced: &mut Vec<Displaced>, task: &TaskKey, view: &View, after: Option<Seq>) {
    let found = Displaced { task: task.clone(), pieces: view.pieces.to_vec(), at: view.at, after };
    if !displaced.contains(&found) {
        displaced.push(found);
    }
}

/// Commits anew what the task wrote before the line went back, if anything.
pub(crate) fn adopt(world: &World, displaced: &mut Vec<Displaced>, task: &TaskKey) -> Result<(), StoreError> {
    if !displaced.iter().any(|found| found.task == *task) {
        return Ok(());
    }
    let (mut overlay, mut wrote, mut latest) = (Overlay::default(), Vec::new(), None);
    for found in displaced.iter().filter(|found| found.task == *task) {
        let view = View { pieces: found.pieces.clone().into(), at: found.at };
        let mut entries = Vec::new();
        steps_after(&*world.store, &view, found.after, |seq, entry| {
            if entry.task == *task {
                entries.push((seq, entry));
            }
        })?;
        for (seq, entry) in entries {
            let then = View { at: seq, ..view.clone() };
            for (database, key) in Facts::from_bytes(&entry.outputs).unwrap_or_default().wrote {
                match &key {
                    Some(key) => {
                        let value = world.store.get(&then, DatabaseId(database), key)?;
                        overlay.set(DatabaseId(database), key, value.map(|value| value.to_vec()));
                    }
                    None => overlay.clear(DatabaseId(database)),
                }
                if !wrote.contains(&(database, key.clone())) {
                    wrote.push((database, key));
                }
            }
            latest = Some(entry);
        }
    }
    displaced.retain(|found| found.task != *task);
    let Some(latest) = latest else { return Ok(()) };
    let facts = Facts { wrote, ..Facts::default() };
    // It belongs to no run, so that the run that adopts it still runs the step.
    let entry = StepEntry { run: 0, outputs: facts.to_bytes(), ..latest };
    let commit = Commit {
        token: Some(world.store.begin(&world.line, task)?),
        writes: overlay.into_writes(),
        notes: vec![(note(&world.line, &world.plan.pipeline), save(displaced))],
        ..Commit::entry(world.line.clone(), Entry::Step(entry))
    };
    world.head().commit(&*world.store, commit)?;
    Ok(())
}
