//! What a preview found out about each task, and what it says of it.

use crate::compare::Stale;
use crate::decide::TypedPath;
use crate::preview::{PreviewTask, Verdict};
use crate::tally::{Absence, Tallied, Tally, missed};
use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_plan::{Body, Plan, Task, TaskId, TaskKind};

/// What was found out about a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub tallied: Tallied,
    pub verdict: Option<Verdict>,
    pub why: Option<String>,
    pub changed: Option<Span>,
}

/// What was found out about all tasks.
pub(crate) struct Verdicts {
    plan: Arc<Plan>,
    /// By the number of the task.
    pub found: Vec<Found>,
    /// What would fail, and its path with keys: nothing after it is reached.
    pub fails: Option<(TaskId, String)>,
}

impl Verdicts {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let found = vec![Found::default(); plan.tasks.len()];
        Self { plan, found, fails: None }
    }

    /// All is done and as it was.
    pub(crate) fn of_finished(plan: Arc<Plan>, tally: &Tally) -> Self {
        let found =
            tally.tasks().iter().map(|tallied| Found { tallied: tallied.clone(), ..Found::default() }).collect();
        Self { plan, found, fails: None }
    }

    fn get(&self, task: TaskId) -> Option<&Found> {
        self.found.get(task.0 as usize)
    }

    fn change(&mut self, task: TaskId, change: impl FnOnce(&mut Found)) {
        if let Some(found) = self.found.get_mut(task.0 as usize) {
            change(found);
        }
    }

    pub(crate) fn done(&mut self, task: TaskId) {
        self.change(task, |found| found.tallied.done += 1);
    }

    pub(crate) fn passed(&mut self, task: TaskId, reason: &str) {
        self.change(task, |found| found.tallied.pass(reason));
    }

    pub(crate) fn absent(&mut self, task: TaskId, absence: Absence) {
        self.change(task, |found| found.tallied.absence = Some(absence));
    }

    /// A branch of a `choose` is taken or not.
    pub(crate) fn branch(&mut self, choose: TaskId, at: usize, holds: bool) {
        for task in missed(&self.plan, choose, at, holds) {
            self.absent(task, Absence::Branch);
        }
    }

    pub(crate) fn note(&mut self, task: TaskId, verdict: Verdict, stale: Stale) {
        self.change(task, |found| {
            found.verdict = Some(verdict);
            found.why = Some(stale.reason);
            found.changed = stale.span;
            found.tallied.absence = None;
        });
    }

    /// Nothing after the last task that was asked for would run. Tasks are in the order of the manifest.
    pub(crate) fn end_after(&mut self, last: &TypedPath) {
        let tasks = &self.plan.tasks;
        let end = tasks.iter().rposition(|task| task.path.strip_prefix(last.bare.as_str()).is_some_and(inside_or_end));
        let first = end.map_or(0, |end| end + 1);
        self.fails.take_if(|(task, _)| task.0 as usize >= first);
        for found in self.found.iter_mut().skip(first) {
            if found.tallied.done == 0 {
                let why = Some("it stands after what was asked for".to_owned());
                *found = Found { verdict: Some(Verdict::Skipped), why, ..Found::default() };
            }
        }
    }

    /// Why a task that is not there is not there.
    fn why_absent(&self, task: TaskId) -> String {
        let plan = &self.plan;
        for at in std::iter::successors(Some(task), |at| plan.task(*at).parent) {
            let Some(absence) = self.get(at).and_then(|found| found.tallied.absence) else { continue };
            let about = plan.task(at);
            return match absence {
                Absence::When if at == task => "its `when` is false".to_owned(),
                Absence::When if about.name.is_some() => format!("the `when` of `{}` is false", about.path),
                Absence::When => "the `when` around it is false".to_owned(),
                Absence::NoIterations => "there are no iterations".to_owned(),
                Absence::Branch => "its branch is not taken".to_owned(),
                Absence::Passed if about.name.is_some() => format!("a failure in `{}` is passed over", about.path),
                Absence::Passed => "a failure around it is passed over".to_owned(),
            };
        }
        let container = matches!(
            plan.task(task).kind,
            TaskKind::Stage { .. } | TaskKind::Each { .. } | TaskKind::Repeat { .. } | TaskKind::Run { .. }
        );
        if container && !plan.tasks.iter().any(|child| child.parent == Some(task)) {
            return "there is nothing in it".to_owned();
        }
        // A container was reached if what is in it is absent for reasons of its own.
        let inside = |at: &usize| {
            let around = |at: TaskId| plan.task(at).parent;
            let at = u32::try_from(*at).map(TaskId).ok();
            std::iter::successors(at.and_then(around), |at| around(*at)).any(|at| at == task)
        };
        let mut absent = self.found.iter().enumerate().filter(|(_, found)| found.tallied.absence.is_some());
        if container && absent.any(|(at, _)| inside(&at)) {
            return "nothing in it is to be done".to_owned();
        }
        match &self.fails {
            // What stands before the failure was not reached for another reason.
            Some((failing, path)) if *failing <= task && !path.is_empty() => format!("`{path}` fails before it"),
            Some((failing, _)) if *failing <= task => "the run fails before it".to_owned(),
            _ => "the pipeline ends before it".to_owned(),
        }
    }

    /// All named tasks.
    pub(crate) fn tasks(&self) -> Vec<PreviewTask> {
        let plan = &self.plan;
        let numbers = (0..plan.tasks.len()).filter_map(|at| u32::try_from(at).ok()).map(TaskId);
        let named = numbers.filter(|task| plan.task(*task).name.is_some());
        named
            .filter_map(|task| {
                let (found, about) = (self.get(task)?, plan.task(task));
                let verdict = self.verdict(task);
                let passed = || passed_over(&found.tallied, &verdict);
                let absent = || (verdict == Verdict::Skipped).then(|| self.why_absent(task));
                let why = found.why.clone().or_else(passed).or_else(absent);
                Some(PreviewTask {
                    path: about.path.clone(),
                    span: about.span,
                    step: matches!(about.kind, TaskKind::Step(_)),
                    wait: matches!(&about.kind, TaskKind::Step(step) if matches!(step.body, Body::Wait(_))),
                    verdict,
                    done: found.tallied.done,
                    why,
                    changed: found.changed,
                })
            })
            .collect()
    }

    /// The verdict of a step, or of a container from those of its steps.
    pub(crate) fn verdict(&self, task: TaskId) -> Verdict {
        let plan = &self.plan;
        let Some(found) = self.get(task) else { return Verdict::Skipped };
        if let Some(verdict) = &found.verdict {
            return verdict.clone();
        }
        if found.tallied.done > 0 {
            return Verdict::Done;
        }
        let children = plan.tasks.iter().enumerate().filter(|(_, child)| child.parent == Some(task));
        let told = |(at, child)| (child, u32::try_from(at).map_or(Verdict::Skipped, |at| self.verdict(TaskId(at))));
        let children: Vec<(&Task, Verdict)> = children.map(told).collect();
        // A `fail` has no line of its own.
        let fails = |(child, verdict): &&(&Task, Verdict)| child.name.is_none() && matches!(verdict, Verdict::Fails(_));
        if let Some((_, fails)) = children.iter().find(fails) {
            return fails.clone();
        }
        let mut whole = Verdict::Skipped;
        for (_, verdict) in children {
            match (&whole, &verdict) {
                (_, Verdict::Run | Verdict::Fails(_)) => return Verdict::Run,
                (Verdict::Skipped | Verdict::Done, Verdict::Unknown(_)) | (Verdict::Skipped, Verdict::Done) => {
                    whole = verdict
                }
                _ => {}
            }
        }
        whole
    }
}

/// How many failures are passed over, and why.
fn passed_over(tallied: &Tallied, verdict: &Verdict) -> Option<String> {
    let reason = tallied.reason.as_deref().unwrap_or_default();
    match (tallied.passed, verdict) {
        (0, _) | (_, Verdict::Run | Verdict::Unknown(_) | Verdict::Fails(_)) => None,
        (1, Verdict::Skipped) => Some(format!("passed over: {reason}")),
        (1, Verdict::Done) => Some(format!("1 passed over: {reason}")),
        (many, _) => Some(format!("{many} passed over, the last: {reason}")),
    }
}

fn inside_or_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}
