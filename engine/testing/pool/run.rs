//! A run from its first event to its last.

use super::tries::micros;
use super::worker::{News, State, Worker};
use super::{Interrupt, Planned, Pool, RunOptions, TICK, TestRunResult, WorkerError};
use crate::protocol::Settings;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thinking_event::testing::{Coverage, TestCounts, TestEvent, TestRecord, TestReporter, TestRunEnd, Try};

/// So long dismissed workers may take to end by themselves.
const FAREWELL: Duration = Duration::from_millis(500);

/// A run under way.
pub(super) struct Run<'a> {
    pub(super) pool: &'a mut Pool,
    pub(super) plan: &'a [Planned],
    pub(super) options: &'a RunOptions,
    pub(super) reporter: &'a mut dyn TestReporter,
    pub(super) began: Instant,
    pub(super) ticked: Instant,
    /// The project of each test; `None`: it is not in the pool.
    pub(super) projects: Vec<Option<usize>>,
    /// Numbers of the tests that wait, for each project.
    pub(super) queues: Vec<VecDeque<usize>>,
    /// Tries of each test so far.
    pub(super) tries: Vec<Vec<Try>>,
    pub(super) records: Vec<Option<TestRecord>>,
    pub(super) counts: TestCounts,
    pub(super) coverage: Coverage,
    pub(super) errors: Vec<WorkerError>,
    /// No test starts any more.
    pub(super) stopping: Option<TestRunEnd>,
    /// How long the tries so far took, and how many they are.
    pub(super) seen: (Duration, u32),
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
            if self.options.interruptible {
                let busy = self.pool.workers.values().filter(|worker| matches!(worker.state, State::Busy(_)));
                busy.for_each(Worker::interrupt);
            }
        }
    }

    pub(super) fn busy(&self) -> usize {
        self.pool.workers.values().filter(|worker| matches!(worker.state, State::Busy(_))).count()
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

    pub(super) fn queue(&mut self, number: usize) -> Option<&mut VecDeque<usize>> {
        let project = self.projects.get(number).copied().flatten()?;
        self.queues.get_mut(project)
    }

    pub(super) fn attempts(&self, number: usize) -> u32 {
        self.tries.get(number).map_or(0, |tries| u32::try_from(tries.len()).unwrap_or(u32::MAX))
    }

    pub(super) fn settings(&self, number: usize) -> Option<&Settings> {
        let project = self.projects.get(number).copied().flatten()?;
        Some(&self.pool.projects.get(project)?.ready.as_ref()?.settings)
    }

    /// The test's own, the command line's, the manifest's.
    pub(super) fn timeout(&self, number: usize) -> Option<Duration> {
        let own = self.plan.get(number)?.test.timeout.map(Duration::from_millis);
        let said = || self.settings(number).and_then(|said| said.timeout).map(Duration::from_millis);
        own.or(self.options.timeout).or_else(said)
    }

    pub(super) fn retries(&self, number: usize) -> u32 {
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

/// Milliseconds since 1970 UTC.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
