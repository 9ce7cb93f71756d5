//! Expressions and containers: what the walk does between steps.

use super::{FailedAttempt, OpenContainer, Trouble, Walk};
use crate::decide::{Input, Place, Question, Shape};
use crate::reads::Facts;
use crate::tally::Absence;
use crate::{attempt, question};
use thinking_event::Event;

impl Walk {
    pub(super) fn evaluate(&mut self, place: &Place, question: Question) -> Result<Input, Trouble> {
        if let Some(input) = self.interrupted() {
            return Ok(input);
        }
        // A component that does not start is no failure of the task that asks it first.
        if question::asks_component(&self.world, place, question) {
            self.world.components.start(&self.world).map_err(Trouble::NotStarted)?;
        }
        let host = question::host(&self.world, place, question);
        let value = question::evaluate(&self.world, place, question, &host);
        let seen = host.take_seen();
        self.summary.add_reads(&seen.reads, &place.scope);
        if seen.volatile {
            self.summary.spoil();
        }
        match value {
            Ok(value) => {
                if let (Question::Condition(at), Some(holds)) = (question, value.as_bool()) {
                    self.tally.branch(&self.world.plan, place.task, at, holds);
                }
                Ok(Input::Value(value))
            }
            Err(error) => match self.world.take_failure() {
                Some(error) => Err(error.into()),
                None => {
                    let mut reads = seen.reads;
                    let reads = self.intern_reads(&mut reads)?;
                    let facts = Facts { variables: seen.variables, results: seen.results, ..Facts::default() };
                    let definition = self.world.store.intern(b"")?;
                    self.last_failure = Some(FailedAttempt { task: place.key.clone(), definition, reads, facts });
                    Ok(Input::Failed(self.world.mask.error(error)))
                }
            },
        }
    }

    pub(super) fn enter(&mut self, place: Place, iterations: Option<u64>) -> Input {
        let deadline = match attempt::timeout(&self.world, &place) {
            Ok(timeout) => timeout.map(|timeout| attempt::deadline(&self.world, timeout, &format!("`{}`", place.path))),
            Err(error) => return Input::Failed(self.world.mask.error(error)),
        };
        if iterations == Some(0) {
            self.tally.absent(place.task, Absence::NoIterations);
        }
        self.open.truncate(place.depth.saturating_sub(1));
        // An unnamed container is not worth a word.
        let announced = self.world.plan.task(place.task).name.is_none();
        self.open.push(OpenContainer { place, iterations, announced, began: self.world.clock.elapsed(), deadline });
        Input::Go
    }

    pub(super) fn leave(&mut self, place: &Place, shape: Shape) -> Input {
        self.world.remember(place.task, place.iterations.clone(), shape);
        self.end_containers(place.depth);
        Input::Go
    }

    /// The containers from that depth on are over.
    pub(super) fn end_containers(&mut self, depth: usize) {
        while self.open.last().is_some_and(|container| container.place.depth >= depth) {
            let Some(container) = self.open.pop() else { return };
            let named = self.world.plan.task(container.place.task).name.is_some();
            if container.announced && named {
                self.flush();
                let took = self.world.clock.elapsed().saturating_sub(container.began);
                self.world.tell(Event::ContainerEnded { task: container.place.task_ref(&self.world.plan), took });
            }
        }
    }

    /// The containers from that depth on are left in the middle: nothing is said of them.
    pub(super) fn leave_unfinished(&mut self, depth: usize) {
        self.open.retain(|container| container.place.depth < depth);
    }

    pub(super) fn skip(&mut self, place: &Place) -> Input {
        self.counts.skipped += 1;
        self.tally.absent(place.task, Absence::When);
        // While the walk goes over what is recorded, nothing happens that is worth a word.
        if self.world.head().live && self.started {
            self.flush();
            self.world.tell(Event::TaskSkipped { task: place.task_ref(&self.world.plan) });
        }
        Input::Go
    }
}
