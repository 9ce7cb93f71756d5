//! The list of tests is run: who runs what next, and what becomes of the replies.

use super::tries::{confused, crashed, hung, micros};
use super::worker::{Job, News, State, Worker, garbage};
use super::{Interrupt, Planned, Pool, RunOptions, TICK, TestRunResult, WorkerError, useful};
use crate::protocol::{Done, Order, Reply, Request, Settings};
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thinking_event::testing::{Coverage, Outcome, TestCounts, TestEvent, TestRecord, TestReporter, TestRunEnd, Try};

/// So long a test takes of which nothing is known, for lack of anything better.
const UNKNOWN: Duration = Duration::from_millis(20);
/// So long dismissed workers may take to end by themselves.
const FAREWELL: Duration = Duration::from_millis(500);

/// So many workers of a project may go one after the other without having run a test.
const LOST: u32 = 3;

/// A run under way.
struct Run<'a> {
    pool: &'a mut Pool,
    plan: &'a [Planned],
    options: &'a RunOptions,
    reporter: &'a mut dyn TestReporter,
    began: Instant,
    ticked: Instant,
    /// The project of each test; `None`: it is not in the pool.
    projects: Vec<Option<usize>>,
    /// Numbers of the tests that wait, for each project.
    queues: Vec<VecDeque<usize>>,
    /// Tries of each test so far.
    tries: Vec<Vec<Try>>,
    records: Vec<Option<TestRecord>>,
    counts: TestCounts,
    coverage: Coverage,
    errors: Vec<WorkerError>,
    /// No test starts any more.
    stopping: Option<TestRunEnd>,
    /// How long the tries so far took, and how many they are.
    seen: (Duration, u32),
}

impl Pool {
    /// Runs tests in the order of the list, each as soon as there is a place and a worker of its project for it, and tells `reporter` of it. The caller
    /// says [`TestReporter::finish`]. No worker is left afterwards.
    ///
    /// A failed test is tried again at once as often as the options allow; if it passes then it is flaky. A worker that crashes or does not reply in
    /// time takes only its own test with it. `interrupt` is asked every 100 ms at least. A test that was killed because the user asked for it counts
    /// as not run, as its end says nothing of it.
    pub fn run(
        &mut self,
        plan: &[Planned],
        options: &RunOptions,
        interrupt: &dyn Fn() -> Interrupt,
        reporter: &mut dyn TestReporter,
    ) -> TestRunResult {
        let mut queues: Vec<VecDeque<usize>> = self.projects.iter().map(|_| VecDeque::new()).collect();
        let names: BTreeMap<&str, usize> =
            self.projects.iter().enumerate().map(|(number, project)| (project.name.as_str(), number)).collect();
        let projects: Vec<Option<usize>> =
            plan.iter().map(|planned| names.get(planned.test.project.as_str()).copied()).collect();
        for (number, project) in projects.iter().enumerate() {
            if let Some(queue) = project.and_then(|project| queues.get_mut(project)) {
                queue.push_back(number);
            }
        }
        let mut coverage = Coverage::default();
        if options.coverage {
            let ready = self.projects.iter().filter_map(|project| project.ready.as_ref());
            ready.for_each(|ready| coverage.add(ready.coverage.clone()));
        }
        let now = Instant::now();
        let mut run = Run {
            pool: self,
            plan,
            options,
            reporter,
            began: now,
            ticked: now,
            projects,
            queues,
            tries: plan.iter().map(|_| Vec::new()).collect(),
            records: plan.iter().map(|_| None).collect(),
            counts: TestCounts::default(),
            coverage,
            errors: Vec::new(),
            stopping: None,
            seen: (Duration::ZERO, 0),
        };
        run.announce();
        run.all(interrupt);
        run.end()
    }
}

impl Run<'_> {
    fn announce(&mut self) {
        let options = self.options;
        self.reporter.event(&TestEvent::RunStarted {
            run: options.run.clone(),
            at: now(),
            directory: options.directory.clone(),
            tests: self.plan.len(),
            known: options.known,
            jobs: self.pool.jobs,
            seed: options.shuffle,
            expected: options.expected,
        });
    }

    /// Until nothing waits and nothing runs.
    fn all(&mut self, interrupt: &dyn Fn() -> Interrupt) {
        loop {
            match interrupt() {
                Interrupt::None => {}
                Interrupt::Graceful => self.interrupted(),
                Interrupt::Now => {
                    self.interrupted();
                    self.pool.workers.clear();
                    return;
                }
            }
            self.dispatch();
            self.dismiss_idle();
            let waiting = self.stopping.is_none() && self.queues.iter().any(|queue| !queue.is_empty());
            if !waiting && self.busy() == 0 {
                return;
            }
            self.take_news();
            if self.ticked.elapsed() >= TICK {
                self.ticked = Instant::now();
                self.reporter.tick();
                if let Some(id) = self.pool.find_gone() {
                    self.lost(id, None);
                }
            }
            self.end_hung();
        }
    }

    fn interrupted(&mut self) {
        if self.stopping != Some(TestRunEnd::Interrupted) {
            self.stopping = Some(TestRunEnd::Interrupted);
            let running = self.busy();
            self.reporter.event(&TestEvent::Stopping { running });
        }
    }

    fn busy(&self) -> usize {
        self.pool.workers.values().filter(|worker| matches!(worker.state, State::Busy(_))).count()
    }

    /// Fills the places.
    fn dispatch(&mut self) {
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
    fn dismiss_idle(&mut self) {
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

    fn take_news(&mut self) {
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
    fn lost(&mut self, id: u64, said: Option<String>) {
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
    fn end_hung(&mut self) {
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
    fn over(&mut self, number: usize) {
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

    /// What is left is told as not run, and the workers go.
    fn end(mut self) -> TestRunResult {
        for number in 0..self.plan.len() {
            if self.records.get(number).is_some_and(Option::is_none) {
                self.over(number);
            }
        }
        self.pool.farewell();
        let (end, counts, took) = (self.stopping.unwrap_or(TestRunEnd::Finished), self.counts, self.began.elapsed());
        self.reporter.event(&TestEvent::RunEnded { end, counts, took: micros(took) });
        let records = self.records.into_iter().flatten().collect();
        TestRunResult { records, counts, coverage: self.coverage, end, took, errors: self.errors }
    }

    fn queue(&mut self, number: usize) -> Option<&mut VecDeque<usize>> {
        let project = self.projects.get(number).copied().flatten()?;
        self.queues.get_mut(project)
    }

    fn attempts(&self, number: usize) -> u32 {
        self.tries.get(number).map_or(0, |tries| u32::try_from(tries.len()).unwrap_or(u32::MAX))
    }

    fn settings(&self, number: usize) -> Option<&Settings> {
        let project = self.projects.get(number).copied().flatten()?;
        Some(&self.pool.projects.get(project)?.ready.as_ref()?.settings)
    }

    /// The test's own, the command line's, the manifest's.
    fn timeout(&self, number: usize) -> Option<Duration> {
        let own = self.plan.get(number)?.test.timeout.map(Duration::from_millis);
        let said = || self.settings(number).and_then(|said| said.timeout).map(Duration::from_millis);
        own.or(self.options.timeout).or_else(said)
    }

    fn retries(&self, number: usize) -> u32 {
        self.options.retries.or_else(|| self.settings(number)?.retries).unwrap_or(0)
    }
}

impl Pool {
    /// All workers go, in peace if they are quick.
    fn farewell(&mut self) {
        self.workers.values_mut().for_each(Worker::dismiss);
        let until = Instant::now() + FAREWELL;
        while !self.workers.is_empty() && Instant::now() < until {
            match self.news.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(News::Closed(id)) => {
                    if let Some(worker) = self.workers.remove(&id) {
                        worker.end(true);
                    }
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        self.workers.clear();
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

/// Milliseconds since 1970 UTC.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
