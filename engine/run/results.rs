//! Results of tasks, looked up where they are recorded.

use crate::decide::{Place, Shape, TypedPath};
use crate::world::World;
use std::sync::Arc;
use thinking_plan::OnError;
use thinking_plan::{Plan, Setting, TaskId, TaskKind};
use thinking_step::Value;
use thinking_store::{IterationKey, Outcome, StoreError, TaskKey, View};

/// A result that a step or decision saw.
pub(crate) struct Seen {
    /// The value; `None` if there is no such task.
    pub value: Option<Value>,
    /// Which task gave it.
    pub source: Source,
    /// The task exists, but the iteration that was asked for never came up.
    pub missing: bool,
}

/// Which task a result is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A step: what is recorded of it says it all.
    Step(Arc<str>),
    /// A container: its result also depends on what is not recorded (which branch, how many iterations).
    Container,
    /// None.
    Nothing,
}

/// How a result is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked<'a> {
    /// `results.name`. The flag: the place is a loop whose iteration has just ended, and its children count first.
    Sibling(&'a str, bool),
    /// `result("path")`
    Path(&'a str),
}

/// The task that is meant: a preceding sibling of the task or of a container around it, or the one at a path.
pub(crate) fn source(plan: &Plan, task: TaskId, asked: Asked<'_>) -> Source {
    let found = match asked {
        Asked::Sibling(name, inside) => find_sibling(plan, task, inside, name),
        Asked::Path(path) => typed(plan, task, path).and_then(|path| plan.find(&path.bare)),
    };
    match found {
        Some(found) if matches!(plan.task(found).kind, TaskKind::Step(_)) => {
            Source::Step(plan.task(found).path.clone())
        }
        Some(_) => Source::Container,
        None => Source::Nothing,
    }
}

/// The result that is asked for.
pub(crate) fn look_up(world: &World, view: &View, place: &Place, asked: Asked<'_>) -> Result<Seen, StoreError> {
    let mut missing = false;
    let value = match asked {
        Asked::Sibling(name, inside) => match find_sibling(&world.plan, place.task, inside, name) {
            Some(found) => {
                let around = place.iterations.iter().take(loops(&world.plan, found).len());
                Some(result(world, view, found, &around.cloned().collect())?)
            }
            None => None,
        },
        Asked::Path(path) => match at_path(world, view, place, path)? {
            AtPath::Unknown => None,
            AtPath::NeverCameUp => {
                missing = true;
                None
            }
            AtPath::Value(value) => Some(value),
        },
    };
    Ok(Seen { value, missing, source: source(&world.plan, place.task, asked) })
}

fn find_sibling(plan: &Plan, mut task: TaskId, inside: bool, name: &str) -> Option<TaskId> {
    if inside && let Some(found) = find_among(plan, all_children(plan, task), name) {
        return Some(found);
    }
    loop {
        if let Some(found) = find_among(plan, preceding(plan, task), name) {
            return Some(found);
        }
        // Another pipeline's tasks are out of sight.
        task = plan.task(task).parent.filter(|parent| !matches!(plan.task(*parent).kind, TaskKind::Run { .. }))?;
    }
}

/// What is at a path.
enum AtPath {
    /// No task.
    Unknown,
    /// A task, but not in that iteration.
    NeverCameUp,
    /// Its result.
    Value(Value),
}

/// The path as the whole plan has it: inside a `run`, paths begin at the pipeline that they are written in.
fn typed(plan: &Plan, from: TaskId, path: &str) -> Option<TypedPath> {
    let mut typed = TypedPath::parse(path)?;
    if let Some(run) = plan.run_around(from) {
        let around = &plan.task(run).path;
        typed.bare = format!("{around}/{}", typed.bare);
        typed.keys.splice(0..0, std::iter::repeat_n(None, around.split('/').count()));
    }
    Some(typed)
}

/// The result of the task at a path; keys that are left out are those of the asking task where both are in the same loop.
fn at_path(world: &World, view: &View, place: &Place, path: &str) -> Result<AtPath, StoreError> {
    let plan = &world.plan;
    let Some(typed) = typed(plan, place.task, path) else { return Ok(AtPath::Unknown) };
    let Some(task) = plan.find(&typed.bare) else { return Ok(AtPath::Unknown) };
    let mut iterations = Vec::new();
    let mut around = loops(plan, task);
    for (depth, around) in around.iter().copied().enumerate() {
        let segment = plan.task(around).path.split('/').count() - 1;
        let own = || {
            let shared = loops(plan, place.task).get(depth) == Some(&around);
            place.iterations.get(depth).filter(|_| shared).cloned()
        };
        match typed.keys.get(segment).cloned().flatten().or_else(own) {
            Some(key) => iterations.push(key),
            None => return Ok(AtPath::Unknown),
        }
    }
    let mut one = false;
    // `fit/epoch[3]` is one iteration of the loop: the result of its last task.
    if let Some(Some(key)) = typed.keys.last()
        && matches!(plan.task(task).kind, TaskKind::Each { .. } | TaskKind::Repeat { .. })
    {
        iterations.push(key.clone());
        around.push(task);
        one = true;
    }
    let iterations: Arc<[IterationKey]> = iterations.into();
    let value = if one { item(world, view, task, &iterations)? } else { result(world, view, task, &iterations)? };
    // Only what gave nothing may never have been there.
    if value.is_null() && !came_up(world, place, &around, &iterations) {
        return Ok(AtPath::NeverCameUp);
    }
    Ok(AtPath::Value(value))
}

/// Whether these iterations of loops inside each other, the outermost first, came up before the place. True of loops that were skipped.
fn came_up(world: &World, place: &Place, around: &[TaskId], iterations: &[IterationKey]) -> bool {
    let own = loops(&world.plan, place.task);
    let running = place.scope.iterations();
    for (depth, (task, key)) in around.iter().zip(iterations).enumerate() {
        let (outer, shared) = (iterations.get(..depth), place.iterations.get(..depth));
        let found = if own.get(depth) == Some(task) && outer == shared {
            place.iterations.get(depth) == Some(key) || running.get(depth).is_none_or(|running| running.came_up(key))
        } else {
            world.shape(*task, &outer.unwrap_or_default().into()).is_none_or(|shape| shape.has(key))
        };
        if !found {
            return false;
        }
    }
    true
}

/// The result of one iteration: that of its last task, or nothing if its failure was passed over.
fn item(world: &World, view: &View, task: TaskId, iterations: &Arc<[IterationKey]>) -> Result<Value, StoreError> {
    let plan = &world.plan;
    if !matches!(plan.task(task).on_error, Setting::Fixed(OnError::Fail))
        && let Some(id) = world.ids.get(task.0 as usize)
        && world.store.done(view, &TaskKey::new(*id, iterations))?.is_some()
    {
        return Ok(Value::Null);
    }
    last(world, view, all_children(plan, task), iterations)
}

/// How often a committed result of the task was superseded before.
pub(crate) fn generation(world: &World, place: &Place) -> Result<u32, StoreError> {
    let Some(before) = world.head().before.clone() else { return Ok(0) };
    Ok(world.store.done(&before, &place.key)?.map_or(0, |(_, entry)| entry.generation.saturating_add(1)))
}

/// A task's result; `Null` for one that was skipped.
fn result(world: &World, view: &View, task: TaskId, iterations: &Arc<[IterationKey]>) -> Result<Value, StoreError> {
    let plan = &world.plan;
    let found = plan.task(task);
    let Some(id) = world.ids.get(task.0 as usize) else { return Ok(Value::Null) };
    let key = TaskKey::new(*id, iterations);
    let is_step = matches!(found.kind, TaskKind::Step(_));
    if is_step || !matches!(found.on_error, Setting::Fixed(OnError::Fail)) {
        match world.store.done(view, &key)? {
            Some((_, entry)) if entry.outcome == Outcome::Done => {
                return Ok(serde_json::from_slice(&entry.result).unwrap_or_default());
            }
            Some(_) => return Ok(Value::Null),
            None if is_step => return Ok(Value::Null),
            None => {}
        }
    }
    let within =
        |key: IterationKey| -> Arc<[IterationKey]> { iterations.iter().cloned().chain(std::iter::once(key)).collect() };
    let list = |keys: &mut dyn Iterator<Item = IterationKey>| -> Result<Value, StoreError> {
        let results = keys.map(|key| item(world, view, task, &within(key)));
        results.collect::<Result<_, _>>().map(Value::Array)
    };
    match (&found.kind, world.shape(task, iterations)) {
        (TaskKind::Stage { children } | TaskKind::Run { children, .. }, _) => last(world, view, children, iterations),
        (_, Some(Shape::Items(items))) => {
            list(&mut (0..items.len()).filter_map(|at| items.get(at)).map(|item| item.key))
        }
        (_, Some(Shape::Keys(keys))) => list(&mut keys.iter().cloned()),
        (_, Some(Shape::Counted(count))) => list(&mut (1..=count).map(|count| IterationKey::Integer(count.into()))),
        (TaskKind::Choose { branches, .. }, Some(Shape::Branches(taken))) => {
            match taken.last().and_then(|at| branches.get(*at)) {
                Some(branch) => last(world, view, &branch.children, iterations),
                None => Ok(Value::Null),
            }
        }
        _ => Ok(Value::Null),
    }
}

fn last(
    world: &World,
    view: &View,
    children: &[TaskId],
    iterations: &Arc<[IterationKey]>,
) -> Result<Value, StoreError> {
    children.last().map_or(Ok(Value::Null), |task| result(world, view, *task, iterations))
}

/// Children of a container; for a `choose` those of its first branch (its branches are never looked through at once).
fn all_children(plan: &Plan, task: TaskId) -> &[TaskId] {
    match &plan.task(task).kind {
        TaskKind::Stage { children }
        | TaskKind::Each { children, .. }
        | TaskKind::Repeat { children, .. }
        | TaskKind::Run { children, .. } => children,
        _ => &[],
    }
}

/// The siblings before a task.
fn preceding(plan: &Plan, task: TaskId) -> &[TaskId] {
    let before = |list: &'_ [TaskId]| list.iter().position(|sibling| *sibling == task);
    let Some(parent) = plan.task(task).parent else {
        return before(&plan.root).map_or(&[], |at| &plan.root[..at]);
    };
    match &plan.task(parent).kind {
        TaskKind::Choose { branches, .. } => {
            let found = branches.iter().find_map(|branch| Some(&branch.children[..before(&branch.children)?]));
            found.unwrap_or_default()
        }
        _ => {
            let list = all_children(plan, parent);
            before(list).map_or(&[], |at| &list[..at])
        }
    }
}

/// The nearest of these tasks that has the name; children of unnamed containers count as if they stood here.
fn find_among(plan: &Plan, tasks: &[TaskId], name: &str) -> Option<TaskId> {
    tasks.iter().rev().find_map(|task| {
        let found = plan.task(*task);
        match (&found.name, &found.kind) {
            (Some(own), _) => (**own == *name || own.replace('-', "_") == name).then_some(*task),
            (None, TaskKind::Choose { branches, .. }) => {
                branches.iter().find_map(|branch| find_among(plan, &branch.children, name))
            }
            (None, _) => find_among(plan, all_children(plan, *task), name),
        }
    })
}

/// The loops around a task, the outermost first.
fn loops(plan: &Plan, task: TaskId) -> Vec<TaskId> {
    let mut around: Vec<TaskId> = std::iter::successors(plan.task(task).parent, |task| plan.task(*task).parent)
        .filter(|task| matches!(plan.task(*task).kind, TaskKind::Each { .. } | TaskKind::Repeat { .. }))
        .collect();
    around.reverse();
    around
}
