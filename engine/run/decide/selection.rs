//! `--from`, `--only`, `--until`.

use crate::decide::TypedPath;
use thinking_plan::{Plan, Task, TaskId, TaskKind};

/// Which part of the tree is to run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    first: Option<TypedPath>,
    last: Option<TypedPath>,
    first_seen: bool,
    last_seen: Option<String>,
    /// The task that was reached before, if there is a last.
    before: String,
}

/// What the selection says about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    /// Run it if it is not recorded as it is.
    Free,
    /// It stands before what was asked for: it must be recorded as it is.
    Kept,
    /// Run it.
    Run,
}

impl Selection {
    /// Everything from `first` on has to run, and nothing after `last`.
    pub(crate) fn new(first: Option<TypedPath>, last: Option<TypedPath>) -> Self {
        Self { first, last, ..Self::default() }
    }

    /// Takes note of a task that is reached. `Err` with the last path: it stands after what was asked for.
    pub(crate) fn reach(&mut self, plan: &Plan, id: TaskId, path: &str) -> Result<(), String> {
        let bare = &*plan.task(id).path;
        if let Some(last) = &self.last {
            if last.holds(path, bare) {
                self.last_seen = Some(path.to_owned());
            } else if let Some(seen) = &self.last_seen {
                return Err(last_of(last, seen));
            } else if stands_after(plan, id, path, last) {
                let before = std::mem::take(&mut self.before);
                return Err(if before.is_empty() { last.text() } else { before });
            }
            self.before.clear();
            self.before.push_str(path);
        }
        if let Some(first) = &self.first
            && !self.first_seen
        {
            self.first_seen = first.holds(path, bare);
        }
        Ok(())
    }

    /// What holds for the task that was reached last.
    pub(crate) fn force(&self) -> Force {
        match (&self.first, self.first_seen) {
            (None, _) => Force::Free,
            (Some(_), false) => Force::Kept,
            (Some(_), true) => Force::Run,
        }
    }

    /// What was asked for with `--until`, if it was not reached.
    pub(crate) fn missed(&self) -> Option<String> {
        let last = self.last.as_ref().filter(|_| self.last_seen.is_none());
        last.map(TypedPath::text)
    }

    /// What was asked for with `--from` or `--only`, as the engine writes it.
    pub(crate) fn wanted(&self) -> String {
        self.first.as_ref().map(TypedPath::text).unwrap_or_default()
    }

    /// Whether what was asked for with `--from` or `--only` was reached, or nothing was.
    pub(crate) fn reached(&self) -> bool {
        self.first.is_none() || self.first_seen
    }
}

/// Whether a task that is reached tells that the last one, which did not come up, will not come up any more: it stands after it in the manifest, and no
/// further iteration of a loop around both can bring it.
fn stands_after(plan: &Plan, id: TaskId, path: &str, last: &TypedPath) -> bool {
    let Some(asked) = plan.find(&last.bare) else { return false };
    if id <= asked {
        return false;
    }
    let around = |task: TaskId| std::iter::successors(Some(task), |task| plan.task(*task).parent);
    let is_loop = |task: &Task| matches!(task.kind, TaskKind::Each { .. } | TaskKind::Repeat { .. });
    // In an iteration that was asked for by its key it does not matter what further ones bring.
    let settled = |task: &Task| match last.up_to(&task.path) {
        Some(own) => own.keys.last().is_some_and(Option::is_some) && own.holds(path, &plan.task(id).path),
        None => false,
    };
    let both = around(asked).filter(|task| around(id).any(|other| other == *task)).map(|task| plan.task(task));
    both.filter(|task| is_loop(task)).all(settled)
}

/// What to say was the last: the path as asked for if it names one instance, else the last instance.
fn last_of(asked: &TypedPath, seen: &str) -> String {
    let text = asked.text();
    if seen.starts_with(&text) { text } else { seen.to_owned() }
}
