//! How a walk ends.

use super::{Trouble, Walk};
use crate::compare::Stale;
use crate::components::NotStarted;
use crate::decide::{Ending, Failure};
use crate::host::attempt_note;
use crate::{always, scratch, summary};
use thinking_event::{Event, RunEnd, TaskRef};
use thinking_plan::{Body, TaskKind};
use thinking_step::{ErrorKind, LogLevel};
use thinking_store::{Commit, Durability, Entry, RunStatus, Seq, StoreError};

impl Walk {
    pub(super) fn finish(&mut self, ending: Ending) -> Result<RunEnd, Trouble> {
        let (end, status) = match ending {
            Ending::Done => {
                self.end_containers(0);
                return self.finish_done();
            }
            Ending::Stopped { path } => {
                self.must_be_reached()?;
                self.tell_missed();
                // What is around the next task is not done.
                self.leave_unfinished(0);
                (RunEnd::Stopped { path }, RunStatus::Stopped)
            }
            Ending::Interrupted => (RunEnd::Interrupted, RunStatus::Interrupted),
            Ending::Failed(failure) => (self.fail(*failure)?, RunStatus::Failed),
        };
        if self.started {
            self.leave_run(status, Vec::new())?;
        }
        Ok(end)
    }

    pub(super) fn finish_done(&mut self) -> Result<RunEnd, Trouble> {
        let world = self.world.clone();
        self.must_be_reached()?;
        if !world.head().live
            && let Some((seq, entry)) = self.recorded.peek(&*world.store)?.cloned()
        {
            let reason = "it is not part of the pipeline any more".to_owned();
            let task = TaskRef { path: entry.path.as_str().into(), span: None };
            self.give_up(seq, task, Stale::new(reason.clone()))?;
            if world.head().is_changing() {
                let at = world.clock.now();
                self.commit(Commit::entry(world.line.clone(), Entry::LineChanged { reason, at }))?;
            }
        }
        self.remove_leftover()?;
        self.tell_missed();
        if !self.started {
            return Ok(RunEnd::Unchanged);
        }
        let mut notes = Vec::new();
        if !self.has_always {
            let summary = std::mem::take(&mut self.summary).finish(&world, std::mem::take(&mut self.tally));
            notes.push((summary::note(&world.line, &world.plan.pipeline), summary));
        }
        if !self.displaced.is_empty() {
            // Steps that are gone take their writes along.
            notes.push((always::note(&world.line, &world.plan.pipeline), None));
        }
        self.leave_run(RunStatus::Done, notes)?;
        // What attempts that failed for good left is of no use any more.
        scratch::drop_all(&world);
        Ok(RunEnd::Done)
    }

    /// What was asked for with `--from` or `--only` must have come up.
    fn must_be_reached(&self) -> Result<(), Trouble> {
        if self.core.reached() {
            return Ok(());
        }
        Err(Trouble::Unready { path: self.core.wanted(), stale: Stale::new("the run does not get there") })
    }

    /// What was asked for with `--until` should have come up.
    fn tell_missed(&mut self) {
        let Some(path) = self.core.missed() else { return };
        self.flush();
        let task = TaskRef { path: self.world.plan.pipeline.clone(), span: None };
        let message = self.world.mask.text(&format!("`{path}` never came up"));
        self.world.tell(Event::Log { task, level: LogLevel::Warn, message });
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Result<RunEnd, Trouble> {
        self.act(&failure.place)?;
        let task = failure.place.task_ref(&self.world.plan);
        let (error, attempts) = (failure.error, failure.attempts);
        let entry = Entry::Failed {
            run: self.run.number,
            path: task.path.to_string(),
            attempts,
            message: error.message.clone(),
            at: self.world.clock.now(),
        };
        // A wait that took too long begins anew; the key of what was asked of the world stays.
        let kind = &self.world.plan.task(failure.place.task).kind;
        let wait = matches!(kind, TaskKind::Step(step) if matches!(step.body, Body::Wait(_)));
        let notes = if wait { vec![(attempt_note(&self.world.line, &failure.place), None)] } else { Vec::new() };
        let seq = self.commit(Commit { notes, ..Commit::entry(self.world.line.clone(), entry) })?;
        if let Some(announcer) = &self.world.announcer {
            let event = Event::TaskFailed { task: task.clone(), attempts, error: error.clone(), passed_over: false };
            announcer.tell_after(seq, event);
        }
        Ok(RunEnd::Failed { task, error })
    }

    /// A component did not start, so no step can run.
    pub(super) fn not_started(&mut self, failure: NotStarted) -> Result<RunEnd, StoreError> {
        self.start_run()?;
        let NotStarted { task, error } = failure;
        if error.kind == ErrorKind::Cancelled {
            self.leave_run(RunStatus::Interrupted, Vec::new())?;
            return Ok(RunEnd::Interrupted);
        }
        let error = self.world.mask.error(*error);
        let entry = Entry::Failed {
            run: self.run.number,
            path: task.path.to_string(),
            attempts: 1,
            message: error.message.clone(),
            at: self.world.clock.now(),
        };
        self.commit(Commit::entry(self.world.line.clone(), entry))?;
        self.leave_run(RunStatus::Failed, Vec::new())?;
        Ok(RunEnd::Failed { task, error })
    }

    pub(super) fn leave_run(
        &mut self,
        status: RunStatus,
        mut notes: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let world = &self.world;
        notes.push(self.took.note(&*world.store, &world.plan, &world.line, status == RunStatus::Done));
        let at = self.world.clock.now();
        self.run.status = status;
        self.run.ended = Some(at);
        let took = self.world.clock.elapsed().saturating_sub(self.began);
        let last = Seq(self.world.store.progress().accepted.0 + 1);
        self.figures.leave(&mut self.run, &self.counts, took, last);
        let commit = Commit {
            run: Some(self.run.clone()),
            notes,
            ..Commit::entry(self.world.line.clone(), Entry::RunStopped { run: self.run.number, at, status })
        };
        let seq = self.commit(commit)?;
        if self.durability != Durability::None || status != RunStatus::Running {
            self.world.store.wait_durable(seq)?;
        }
        Ok(())
    }
}
