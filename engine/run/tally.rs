//! What became of each task of the plan, all its instances together.

use serde::{Deserialize, Serialize};
use thinking_plan::{Plan, TaskId, TaskKind};
use thinking_store::{InternId, TaskKey};

/// Why a task is not there this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Absence {
    /// Its own `when` is false.
    When,
    /// It is a loop over nothing.
    NoIterations,
    /// It is in a branch that is not taken.
    Branch,
    /// A failure in it is passed over.
    Passed,
}

/// What became of one task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tallied {
    /// So many instances are done.
    pub done: u64,
    /// So many failed and are passed over.
    pub passed: u64,
    /// Why the last of these failed.
    pub reason: Option<String>,
    /// Why the last instance that was not there was not.
    pub absence: Option<Absence>,
}

impl Tallied {
    /// A failure of an instance is passed over.
    pub(crate) fn pass(&mut self, reason: &str) {
        self.passed += 1;
        self.reason = Some(reason.to_owned());
        self.absence = Some(Absence::Passed);
    }
}

/// What became of all tasks, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    tasks: Vec<Tallied>,
}

impl Tally {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { tasks: vec![Tallied::default(); plan.tasks.len()] }
    }

    /// By the number of the task.
    pub(crate) fn tasks(&self) -> &[Tallied] {
        &self.tasks
    }

    fn change(&mut self, task: TaskId, change: impl FnOnce(&mut Tallied)) {
        if let Some(tallied) = self.tasks.get_mut(task.0 as usize) {
            change(tallied);
        }
    }

    /// An instance is done.
    pub(crate) fn done(&mut self, task: TaskId) {
        self.change(task, |tallied| tallied.done += 1);
    }

    /// A failure of an instance is passed over.
    pub(crate) fn passed(&mut self, task: TaskId, reason: &str) {
        self.change(task, |tallied| tallied.pass(reason));
    }

    /// An instance is not there.
    pub(crate) fn absent(&mut self, task: TaskId, absence: Absence) {
        self.change(task, |tallied| tallied.absence = Some(absence));
    }

    /// The condition of a branch of a `choose` holds or does not.
    pub(crate) fn branch(&mut self, plan: &Plan, choose: TaskId, at: usize, holds: bool) {
        for task in missed(plan, choose, at, holds) {
            self.absent(task, Absence::Branch);
        }
    }

    /// How many instances are done, and how many failed and are passed over.
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.tasks.iter().fold((0, 0), |(done, passed), task| (done + task.done, passed + task.passed))
    }
}

/// The task that is recorded under a key. `ids` are the numbers of the tasks' paths, by task.
pub(crate) fn task_of(ids: &[InternId], key: &TaskKey) -> Option<TaskId> {
    let at = ids.iter().position(|id| key.0.starts_with(&id.0.to_be_bytes()))?;
    u32::try_from(at).ok().map(TaskId)
}

/// The tasks in branches of a `choose` that are not taken, now that the condition of one holds or does not.
pub(crate) fn missed(plan: &Plan, choose: TaskId, at: usize, holds: bool) -> Vec<TaskId> {
    let TaskKind::Choose { all, branches } = &plan.task(choose).kind else { return Vec::new() };
    let is_missed = |other: usize, has_condition: bool| {
        if holds {
            // `otherwise` is for when no other holds; of the rest one is enough.
            other != at && (!has_condition || !*all)
        } else {
            other == at
        }
    };
    let branches = branches.iter().enumerate().filter(|(other, branch)| is_missed(*other, branch.condition.is_some()));
    branches.flat_map(|(_, branch)| branch.children.iter().copied()).collect()
}
