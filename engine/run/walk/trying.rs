//! Tries of steps and their commits.

use super::{FailedAttempt, Trouble, Walk};
use crate::compare::Stale;
use crate::decide::{Failure, Input, Place};
use crate::faults::Moment;
use crate::host::{Role, RunHost, Seen, attempt_note};
use crate::reads::{self, Facts};
use crate::{always, attempt, leftover, results, scratch, written};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use thinking_container::Outcome as Ended;
use thinking_event::Event;
use thinking_plan::{Body, Step, TaskKind};
use thinking_step::{ErrorKind, Value};
use thinking_store::{Commit, Entry, InternId, Outcome, StepEntry, StoreError, Token, Write};

impl Walk {
    pub(super) fn attempt(&mut self, place: &Place, number: u32) -> Result<Input, Trouble> {
        if let Some(input) = self.interrupted() {
            return Ok(input);
        }
        let world = self.world.clone();
        let task = world.plan.task(place.task);
        let TaskKind::Step(step) = &task.kind else { return Ok(Input::Done) };
        self.act(place)?;
        world.components.start(&world).map_err(Trouble::NotStarted)?;
        if self.leftover.as_ref().is_some_and(|leftover| !leftover.is_before(&place.path)) {
            self.remove_leftover()?;
        }
        if step.always && number == 1 {
            always::adopt(&world, &mut self.displaced, &place.key)?;
        }
        let token = world.store.begin(&world.line, &place.key)?;
        let view = world.head().view.clone();
        let (at, began) = (world.clock.now(), world.clock.elapsed());
        let told = place.task_ref(&world.plan);
        world.tell(Event::StepStarted { task: told.clone(), attempt: number, at });
        let own = attempt::timeout(&world, place);
        let around =
            self.open.iter().fold(None, |least, container| attempt::earlier(least, container.deadline.clone()));
        let own = own.map(|timeout| timeout.map(|timeout| attempt::deadline(&world, timeout, "it")));
        let (deadline, broken) = match own {
            Ok(own) => (attempt::earlier(own, around), None),
            Err(error) => (around, Some(error)),
        };
        let faults = self.faults.clone();
        let crash = |moment| {
            if let Some(faults) = &faults {
                faults.crash(place, moment, &*world.store);
            }
        };
        crash(Moment::Begun);
        let broken = broken.or_else(|| faults.as_ref()?.failure(place, step));
        let role = Role::Attempt { token, number };
        let host = Arc::new(RunHost::new(world.clone(), place.clone(), view, role, deadline));
        // A wait needs no time to end.
        let busy = !matches!(step.body, Body::Wait(_));
        world.running.store(u64::from(busy), Ordering::Relaxed);
        let refused = world.test.as_ref().and_then(|test| test.watch.begins(&task.path, number).err());
        let made = match broken.or(refused) {
            Some(error) => Err(error),
            None => {
                let leftover = self.leftover.as_ref();
                attempt::attempt(&world, &self.executors, place, (task, step), &host, (token, number), leftover)
            }
        };
        world.running.store(0, Ordering::Relaxed);
        crash(Moment::Worked);
        let outcome = if made.is_ok() { Ended::Done } else { Ended::Failed };
        world.components.leave(&world, place, outcome);
        if let Some(error) = world.take_failure() {
            return Err(error.into());
        }
        let mut seen = host.take_seen();
        let enlisted = std::mem::take(&mut seen.enlisted);
        let settle = |committed: bool| enlisted.iter().for_each(|participant| participant.settle(committed));
        let files = if seen.wrote.is_empty() { Vec::new() } else { host.wrote(&seen) };
        match made {
            Ok(made) => {
                let took = world.clock.elapsed().saturating_sub(began);
                let wrote = !seen.wrote.is_empty();
                let result = world.test.as_ref().map(|_| made.result.clone());
                let committed = self.commit_step(place, step, (token, number), seen, (made, files), (at, took));
                if committed.is_ok() {
                    crash(Moment::Committed);
                }
                settle(committed.is_ok());
                committed?;
                if let (Some(test), Some(result)) = (&world.test, &result) {
                    test.watch.ended(&task.path, Ok(result));
                }
                if wrote {
                    written::end(&world);
                }
                Ok(Input::Done)
            }
            Err(error) => {
                settle(false);
                if !files.is_empty() {
                    written::tried(&world, files)?;
                }
                let definition = world.definition(place.task, &step.definition)?;
                let mut reads = seen.reads;
                let reads = self.intern_reads(&mut reads)?;
                let facts = Facts { variables: seen.variables, results: seen.results, ..Facts::default() };
                self.last_failure = Some(FailedAttempt { task: place.key.clone(), definition, reads, facts });
                if error.kind == ErrorKind::Timeout
                    && let Some(input) = self.overdue()
                {
                    return Ok(input);
                }
                let error = world.mask.error(error);
                if let Some(test) = &world.test {
                    test.watch.ended(&task.path, Err(&error));
                }
                match attempt::retry_policy(&world, place) {
                    Ok(policy) => Ok(Input::AttemptFailed { error, policy }),
                    Err(broken) => Ok(Input::AttemptFailed { error: world.mask.error(broken), policy: None }),
                }
            }
        }
    }

    pub(super) fn commit_step(
        &mut self,
        place: &Place,
        step: &Step,
        (token, number): (Token, u32),
        mut seen: Seen,
        (made, files): (attempt::Made, Vec<(String, Option<String>)>),
        (at, took): (i64, u64),
    ) -> Result<(), StoreError> {
        let world = self.world.clone();
        let writes = std::mem::take(&mut seen.writes).into_writes();
        let (variables, results) = (std::mem::take(&mut seen.variables), std::mem::take(&mut seen.results));
        let mut facts = Facts { outputs: made.outputs, files, variables, results, ..Facts::default() };
        self.summary.add_step(&seen.reads, &place.scope);
        facts.outputs.iter().for_each(|(path, digest)| self.summary.add_output(path, digest));
        facts.files.iter().for_each(|(path, digest)| self.summary.add_written(path, digest.as_deref()));
        if step.always {
            facts.wrote = writes.iter().map(written).collect();
        }
        let touched = seen.touched;
        let entry = StepEntry {
            run: self.run.number,
            pipeline: world.pipeline,
            task: place.key.clone(),
            path: place.path.to_string(),
            outcome: Outcome::Done,
            attempt: number,
            generation: results::generation(&world, place)?,
            definition: world.definition(place.task, &step.definition)?,
            reads: self.intern_reads(&mut seen.reads)?,
            result: encode_result(&made.result),
            outputs: facts.to_bytes(),
            started: at,
            took,
        };
        let mut notes = if touched { vec![(attempt_note(&world.line, place), None)] } else { Vec::new() };
        if self.leftover.take().is_some() {
            notes.push((leftover::note(&world), None));
        }
        let line = world.line.clone();
        let seq =
            self.commit(Commit { token: Some(token), writes, notes, ..Commit::entry(line, Entry::Step(entry)) })?;
        self.counts.done += 1;
        self.tally.done(place.task);
        self.took.add(place.task, took);
        if let Some(announcer) = &world.announcer {
            let task = place.task_ref(&world.plan);
            announcer.tell_after(seq, Event::StepDone { task, attempt: number, took });
        }
        if let Some(aside) = made.aside {
            // Earlier outputs are kept until the commit that names the new ones cannot be lost any more.
            if aside.holds_any() {
                world.store.wait_durable(seq)?;
            }
            aside.forget(&world.state_directory).map_err(|error| StoreError::Io(error.to_string()))?;
        }
        if matches!(step.body, thinking_plan::Body::Exec(_)) {
            scratch::drop_one(&world, place);
        }
        Ok(())
    }

    pub(super) fn intern_reads(&mut self, reads: &mut Vec<reads::Read>) -> Result<InternId, StoreError> {
        let bytes = reads::to_bytes(reads);
        if let Some(id) = self.known_reads.get(&bytes) {
            return Ok(*id);
        }
        let id = self.world.store.intern(&bytes)?;
        if self.known_reads.len() >= 4096 {
            self.known_reads.clear();
        }
        self.known_reads.insert(bytes, id);
        Ok(id)
    }

    /// Records that a failure is passed over, so that it is not tried again while nothing changes.
    pub(super) fn pass_over(&mut self, place: &Place, failure: Failure) -> Result<Input, Trouble> {
        let world = self.world.clone();
        self.leave_unfinished(place.depth);
        if !world.head().live {
            let next = self.recorded.peek(&*world.store)?.cloned();
            match next {
                Some((_, entry)) if entry.task == place.key && matches!(entry.outcome, Outcome::Skipped(_)) => {
                    self.keep(place, &entry)?;
                    return Ok(Input::Go);
                }
                Some((seq, _)) => {
                    let stale = Stale::new(format!("it failed: {}", failure.error.message));
                    self.give_up(seq, failure.place.task_ref(&world.plan), stale)?;
                }
                None => self.go_live()?,
            }
        }
        self.act(place)?;
        let failed = self.last_failure.take();
        let empty = world.store.intern(&reads::to_bytes(&mut Vec::new()))?;
        let nothing = world.store.intern(b"")?;
        let (definition, reads, mut facts) = match failed {
            Some(failed) if failed.task == failure.place.key => (failed.definition, failed.reads, failed.facts),
            _ => (nothing, empty, Facts::default()),
        };
        if failure.place.key != place.key {
            facts.failed = Some(failure.place.path.to_string());
        }
        let entry = StepEntry {
            run: self.run.number,
            pipeline: world.pipeline,
            task: place.key.clone(),
            path: place.path.to_string(),
            outcome: Outcome::Skipped(failure.error.message.clone()),
            attempt: failure.attempts,
            generation: results::generation(&world, place)?,
            definition,
            reads,
            result: b"null".to_vec(),
            outputs: facts.to_bytes(),
            started: world.clock.now(),
            took: 0,
        };
        // The attempts of this result are over: one that is wanted anew has a new idempotency key.
        let notes = vec![(attempt_note(&world.line, &failure.place), None)];
        let seq = self.commit(Commit { notes, ..Commit::entry(world.line.clone(), Entry::Step(entry)) })?;
        if let Some(test) = &world.test {
            let by = &world.plan.task(place.task).path;
            test.watch.passed_over(by, &world.plan.task(failure.place.task).path, &failure.error);
        }
        self.counts.failed += 1;
        self.tally.passed(place.task, &failure.error.message);
        scratch::drop_one(&world, &failure.place);
        if let Some(announcer) = &world.announcer {
            let task = failure.place.task_ref(&world.plan);
            let event = Event::TaskFailed { task, attempts: failure.attempts, error: failure.error, passed_over: true };
            announcer.tell_after(seq, event);
        }
        Ok(Input::Go)
    }
}

fn written(write: &Write) -> (u16, Option<Vec<u8>>) {
    match write {
        Write::Put(database, key, _) | Write::Delete(database, key) => (database.0, Some(key.clone())),
        Write::Clear(database) => (database.0, None),
    }
}

fn encode_result(value: &Value) -> Vec<u8> {
    // A JSON value always has a text.
    serde_json::to_vec(value).unwrap_or_default()
}
