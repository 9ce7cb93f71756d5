//! Who runs what next, and who is needed for it.

use super::run::{Run, now};
use super::useful;
use super::worker::{Job, State, Worker};
use crate::protocol::{Order, Request};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use thinking_event::testing::TestEvent;

/// So long a test takes of which nothing is known, for lack of anything better.
const UNKNOWN: Duration = Duration::from_millis(20);

impl Run<'_> {
    /// Fills the places.
    pub(super) fn dispatch(&mut self) {
        let taken = |run: &Self| {
            let taken = |worker: &&Worker| matches!(worker.state, State::Busy(_) | State::Starting);
            run.pool.workers.values().filter(taken).count()
        };
        while self.stopping.is_none() && taken(self) < self.pool.jobs {
            // The project whose test comes first in the list comes first.
            let front = |(project, queue): (usize, &VecDeque<usize>)| Some((*queue.front()?, project));
            let mut fronts: Vec<(usize, usize)> = self.queues.iter().enumerate().filter_map(front).collect();
            fronts.sort_unstable();
            if !fronts.into_iter().any(|(number, project)| self.start_or_ask(project, number)) {
                return;
            }
        }
    }

    /// Gives the first test of a project to a worker, or starts one. `false`: it waits for one that is busy.
    fn start_or_ask(&mut self, project: usize, number: usize) -> bool {
        let idle = |worker: &Worker| worker.project() == project && matches!(worker.state, State::Idle);
        if let Some(id) = self.pool.workers.iter().find(|(_, worker)| idle(worker)).map(|(id, _)| *id) {
            self.ask(id, number);
            return true;
        }
        if self.pool.projects.get(project).is_none_or(|project| project.broken) {
            let at_work = |worker: &Worker| worker.project() == project && matches!(worker.state, State::Busy(_));
            if self.pool.workers.values().any(at_work) {
                return false;
            }
            // Nobody is left who could run them.
            self.queues.get_mut(project).into_iter().for_each(VecDeque::clear);
            return true;
        }
        if !self.another_is_useful(project) {
            return false;
        }
        if let Err(error) = self.pool.start(project) {
            self.errors.push(error);
        }
        true
    }

    fn ask(&mut self, id: u64, number: usize) {
        let Some(planned) = self.plan.get(number) else { return };
        let test = planned.test.path();
        let attempt = self.attempts(number) + 1;
        let timeout = self.timeout(number);
        let order = Order {
            test: test.clone(),
            repetition: planned.repetition,
            attempt,
            directory: self.options.work.join(directory(&test, number, attempt)).to_string_lossy().into_owned(),
            timeout: timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            seed: self.options.seed,
            update: self.options.update,
            coverage: self.options.coverage,
        };
        let Some(worker) = self.pool.workers.get_mut(&id) else { return };
        if worker.ask(&Request::Run(Box::new(order))).is_err() {
            // It went while it had nothing to do; the test is still the first of its queue.
            return self.lost(id, None);
        }
        let (sent, at) = (Instant::now(), now());
        let deadline = timeout.and_then(|timeout| sent.checked_add(timeout.saturating_add(self.options.grace)));
        worker.state = State::Busy(Job { planned: number, sent, at, timeout, deadline });
        if let Some(queue) = self.queue(number) {
            queue.pop_front();
        }
        let (project, repetition) = (planned.test.project.clone(), planned.repetition);
        self.reporter.event(&TestEvent::Started { project, test, repetition, attempt, at });
    }

    fn another_is_useful(&self, project: usize) -> bool {
        let (Some(queue), Some(known)) = (self.queues.get(project), self.pool.projects.get(project)) else {
            return false;
        };
        let own = self.pool.workers.values().filter(|worker| worker.project() == project);
        let free: Vec<Duration> = own
            .filter_map(|worker| match &worker.state {
                State::Starting => Some(known.loading.saturating_sub(worker.began.elapsed())),
                State::Idle => Some(Duration::ZERO),
                State::Busy(job) => {
                    // What takes longer than it should will take as long again.
                    let past = job.sent.elapsed();
                    Some(self.expected(job.planned).checked_sub(past).unwrap_or(past))
                }
                State::Ending => None,
            })
            .collect();
        useful::another(&free, queue.iter().map(|number| self.expected(*number)), known.loading)
    }

    /// How long a test will take as far as that can be known.
    fn expected(&self, number: usize) -> Duration {
        let recorded = self.plan.get(number).and_then(|planned| planned.expected);
        recorded.map_or_else(|| self.seen.0.checked_div(self.seen.1).unwrap_or(UNKNOWN), Duration::from_micros)
    }

    /// A worker whose project has no more waiting tests is not needed: who fails a test tries it again itself.
    pub(super) fn dismiss_idle(&mut self) {
        let (queues, stopping) = (&self.queues, self.stopping.is_some());
        self.pool.workers.retain(|_, worker| {
            let waiting = queues.get(worker.project()).is_some_and(|queue| !queue.is_empty());
            let unneeded = !waiting || stopping;
            if unneeded && matches!(worker.state, State::Idle) {
                worker.dismiss();
            }
            // One that still loads would not notice for a while.
            !(unneeded && matches!(worker.state, State::Starting))
        });
    }
}

/// A name for the directory of a try: what people recognise, and what makes it the only one of that name.
fn directory(test: &str, number: usize, attempt: u32) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let name: String = test.chars().map(plain).take(40).collect();
    let name = name.trim_matches('-');
    let again = if attempt > 1 { format!("-try{attempt}") } else { String::new() };
    format!("{name}-{}{again}", number + 1)
}
