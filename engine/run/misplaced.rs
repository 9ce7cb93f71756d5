//! Why a step is not what is recorded at its place: what stood before it is not there any more, or it is new, or the order is another one.

use crate::compare::Stale;
use crate::decide::{Core, Place, TypedPath};
use crate::tally::task_of;
use crate::world::World;
use std::sync::Arc;
use thinking_plan::{Plan, TaskId, TaskKind};
use thinking_store::{IterationKey, StepEntry, StoreError, View};

/// Why the step at `place` is not `entry`, which is recorded there.
pub(crate) fn misplaced(
    world: &World,
    core: &Core,
    recorded: &View,
    place: &Place,
    entry: &StepEntry,
) -> Result<Stale, StoreError> {
    let typed = TypedPath::parse(&entry.path);
    let task = task_of(&world.ids, &entry.task);
    let reason = if typed.as_ref().is_none_or(|typed| world.plan.find(&typed.bare).is_none()) {
        format!("`{}` before it is gone", entry.path)
    } else {
        let lost = typed.zip(task).and_then(|(typed, task)| lost(world, core, place, task, &typed));
        match lost {
            Some(Lost::Iteration(path)) => format!("`{path}` before it fell away"),
            _ if world.store.done(recorded, &place.key)?.is_none() => "it is new".to_owned(),
            Some(Lost::Task) => format!("`{}` before it is not to be done any more", entry.path),
            None => format!("its place in the order changed: `{}` was before it", entry.path),
        }
    };
    Ok(Stale::new(reason))
}

/// What does not come up any more.
enum Lost {
    /// An iteration, by its loop's path and its key.
    Iteration(String),
    /// The task itself.
    Task,
}

/// What of something recorded will not come up any more, as the walk has gone past it.
fn lost(world: &World, core: &Core, place: &Place, task: TaskId, typed: &TypedPath) -> Option<Lost> {
    let plan = &world.plan;
    let mut around = place.iterations.iter();
    for (was, now) in chain(plan, task).into_iter().zip(chain(plan, place.task)) {
        if was != now {
            // Tasks are numbered in the order in which they come up.
            let fallen = || fallen(world, plan, task, typed);
            return (was < now).then(|| fallen().map_or(Lost::Task, Lost::Iteration));
        }
        if !is_loop(plan, was) {
            continue;
        }
        let (own, iteration) = (key(plan, was, typed)?, around.next()?);
        if own != iteration {
            let fell = core.has_iteration(was, own) == Some(false);
            let path = typed.up_to(&plan.task(was).path)?.text();
            return fell.then_some(Lost::Iteration(path));
        }
    }
    None
}

/// The iteration, with its loop's path, that a loop which was walked over did not have this time.
pub(crate) fn fallen(world: &World, plan: &Plan, task: TaskId, typed: &TypedPath) -> Option<String> {
    let mut iterations: Vec<IterationKey> = Vec::new();
    for at in chain(plan, task).into_iter().filter(|at| is_loop(plan, *at)) {
        // What is recorded of a loop itself has no key of it.
        let own = key(plan, at, typed)?;
        let shape = world.shape(at, &Arc::from(iterations.as_slice()));
        if shape.is_some_and(|shape| !shape.has(own)) {
            return Some(typed.up_to(&plan.task(at).path)?.text());
        }
        iterations.push(own.clone());
    }
    None
}

/// The key that a path gives to a loop.
pub(crate) fn key<'a>(plan: &Plan, task: TaskId, typed: &'a TypedPath) -> Option<&'a IterationKey> {
    typed.keys.get(plan.task(task).path.split('/').count().checked_sub(1)?)?.as_ref()
}

/// The containers around a task, the outermost first, and the task.
pub(crate) fn chain(plan: &Plan, task: TaskId) -> Vec<TaskId> {
    let mut chain: Vec<TaskId> = std::iter::successors(Some(task), |at| plan.task(*at).parent).collect();
    chain.reverse();
    chain
}

pub(crate) fn is_loop(plan: &Plan, task: TaskId) -> bool {
    matches!(plan.task(task).kind, TaskKind::Each { .. } | TaskKind::Repeat { .. })
}
