//! What becomes of replies, and of those that do not come.

use super::TICK;
use super::run::Run;
use super::tries::{confused, crashed, hung};
use super::worker::{Job, News, State, Worker, garbage};
use crate::protocol::{Done, Reply};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};
use thinking_event::testing::{Outcome, TestEvent, TestRecord, TestRunEnd, Try};

/// So many workers of a project may go one after the other without having run a test.
const LOST: u32 = 3;

impl Run<'_> {
    pub(super) fn take_news(&mut self) {
        let deadlines = self.pool.workers.values().filter_map(|worker| match &worker.state {
            State::Busy(job) => job.deadline,
            _ => None,
        });
        let next = deadlines.chain([self.ticked + TICK]).min();
        let patience = next.map_or(TICK, |next| next.saturating_duration_since(Instant::now()));
        let news = match self.pool.news.recv_timeout(patience) {
            Ok(news) => news,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        };
        match news {
            News::Reply(id, Reply::Done(done)) => self.replied(id, *done),
            News::Reply(id, Reply::Ready(ready)) => {
                let Some(worker) = self.pool.workers.get_mut(&id) else { return };
                if matches!(worker.state, State::Busy(_) | State::Idle) {
                    return self.lost(id, Some("it said twice that it is ready".to_owned()));
                }
                if matches!(worker.state, State::Ending) {
                    return;
                }
                worker.state = State::Idle;
                let (project, loading) = (worker.project(), worker.began.elapsed());
                if ready.error_count > 0 {
                    let said = format!("its manifest has errors now:\n{}", ready.errors.trim_end());
                    return self.lost(id, Some(said));
                }
                self.pool.projects.get_mut(project).into_iter().for_each(|known| known.loading = loading);
            }
            News::Garbage(id, said) => self.lost(id, Some(garbage(&said))),
            News::Closed(id) => self.lost(id, None),
        }
    }

    /// A worker is through with a try.
    fn replied(&mut self, id: u64, done: Done) {
        let Some(worker) = self.pool.workers.get_mut(&id) else { return };
        let asked = |job: &&Job| {
            let planned = self.plan.get(job.planned);
            let same = planned.is_some_and(|one| (one.test.path(), one.repetition) == (done.test, done.repetition));
            same && self.tries.get(job.planned).is_some_and(|tries| tries.len() + 1 == done.result.number as usize)
        };
        let job = match &worker.state {
            State::Busy(job) => Some(job).filter(asked),
            _ => None,
        };
        let Some(job) = job else {
            return self.lost(id, Some("it gave a reply that nobody asked for".to_owned()));
        };
        let (number, project) = (job.planned, worker.project());
        self.seen = (self.seen.0 + job.sent.elapsed(), self.seen.1 + 1);
        worker.state = State::Idle;
        self.pool.projects.get_mut(project).into_iter().for_each(|known| known.lost = 0);
        if self.options.coverage {
            self.coverage.add(done.coverage);
        }
        self.tried(number, done.result);
    }

    /// A worker is gone, or has to go: `said` is what it should not have said.
    pub(super) fn lost(&mut self, id: u64, said: Option<String>) {
        // One that was ended here has more to say.
        let Some(mut worker) = self.pool.workers.remove(&id) else { return };
        match std::mem::replace(&mut worker.state, State::Ending) {
            State::Busy(job) => {
                let ended = worker.end(said.is_none());
                let number = self.attempts(job.planned) + 1;
                let result = match said {
                    Some(said) => confused(number, &job, &said, &ended),
                    None => crashed(number, &job, &ended),
                };
                self.tried(job.planned, result);
            }
            State::Starting => {
                let error = self.pool.refuse(worker, said);
                self.errors.push(error);
            }
            State::Idle => {
                let project = worker.project();
                let known = self.pool.projects.get_mut(project);
                let lost = known.map_or(0, |known| {
                    known.lost += 1;
                    known.lost
                });
                if lost < LOST {
                    drop(worker.end(said.is_none()));
                } else {
                    let error = self.pool.refuse(worker, said);
                    self.errors.push(error);
                }
            }
            State::Ending => drop(worker.end(said.is_none())),
        }
    }

    /// Kills those that did not reply in time.
    pub(super) fn end_hung(&mut self) {
        let now = Instant::now();
        let hanging = |(id, worker): (&u64, &Worker)| match &worker.state {
            State::Busy(job) if job.deadline.is_some_and(|deadline| deadline <= now) => Some(*id),
            _ => None,
        };
        let all: Vec<u64> = self.pool.workers.iter().filter_map(hanging).collect();
        for id in all {
            let Some(mut worker) = self.pool.workers.remove(&id) else { continue };
            if let State::Busy(job) = std::mem::replace(&mut worker.state, State::Ending) {
                let ended = worker.end(false);
                let result = hung(self.attempts(job.planned) + 1, &job, &ended);
                self.tried(job.planned, result);
            }
        }
    }

    /// A try is over: the test is, or it is tried again.
    fn tried(&mut self, number: usize, result: Try) {
        let Some(planned) = self.plan.get(number) else { return };
        let failed = result.outcome.is_failure();
        let again = failed && self.stopping.is_none() && self.attempts(number) < self.retries(number);
        if again {
            let (project, test, repetition) = (planned.test.project.clone(), planned.test.path(), planned.repetition);
            let failed = Box::new(result.clone());
            self.reporter.event(&TestEvent::Retried { project, test, repetition, failed });
            if let Some(queue) = self.queue(number) {
                queue.push_front(number);
            }
        }
        if let Some(tries) = self.tries.get_mut(number) {
            tries.push(result);
        }
        if !again {
            self.over(number);
            if failed && self.options.fail_fast {
                self.stopping.get_or_insert(TestRunEnd::Stopped);
            }
        }
    }

    /// Nothing more happens to a test.
    pub(super) fn over(&mut self, number: usize) {
        let Some(planned) = self.plan.get(number) else { return };
        let tries = self.tries.get_mut(number).map(std::mem::take).unwrap_or_default();
        let outcome = match (tries.last().map(|last| last.outcome), tries.len()) {
            (None, _) => Outcome::NotRun,
            (Some(Outcome::Passed), 2..) => Outcome::Flaky,
            (Some(outcome), _) => outcome,
        };
        let threshold =
            self.options.slow.or(self.settings(number).and_then(|said| said.slow).map(Duration::from_millis));
        let slow = threshold.is_some_and(|slow| tries.iter().any(|one| Duration::from_micros(one.took) > slow));
        let record = TestRecord { test: planned.test.clone(), repetition: planned.repetition, outcome, tries, slow };
        self.counts.add(&record);
        self.reporter.event(&TestEvent::Ended(Box::new(record.clone())));
        if let Some(place) = self.records.get_mut(number) {
            *place = Some(record);
        }
    }
}
