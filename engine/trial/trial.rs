//! One try of a test.

use crate::case::Case;
use crate::shape::Shape;
use crate::watch::{Listener, Watcher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use thinking_diagnostic::{SourceMap, Style, render_failure};
use thinking_event::RunEnd;
use thinking_event::testing::{Leak, Outcome, Phase, PhaseKind, TestFailure, Try};
use thinking_plan::Plan;
use thinking_run::{Clock, Environment, Launch, Options, StopSignal, SystemClock, apply};
use thinking_schema::Fails;
use thinking_step::{ErrorKind, Flow, StepError};
use thinking_store::memory::MemoryStore;
use thinking_store::{Durability, Store};
use thinking_testing::protocol::Order;

/// A test that is ready to run, any number of times.
#[derive(Clone)]
pub struct Prepared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) shape: Arc<Shape>,
}

/// How long what is stopped may take to end, and a teardown after that.
const GRACE: Duration = Duration::from_secs(5);

impl Prepared {
    pub(crate) fn new(plan: Plan, shape: Shape) -> Self {
        Self { plan: Arc::new(plan), shape: Arc::new(shape) }
    }

    /// Runs it once. `sources` are the texts that it was made of.
    #[must_use]
    pub fn run(&self, case: &Case<'_>, order: &Order, environment: &Environment, sources: &SourceMap) -> Try {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let (at, began) = (clock.now(), Instant::now());
        let flow = Arc::new(Flow::default());
        let watcher = Arc::new(Watcher::new(case, self.shape.clone(), flow.clone(), clock.clone()));
        let directory = PathBuf::from(&order.directory);
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&*self.plan.project));
        let stop = StopSignal::new(Duration::ZERO);
        let launch = Launch {
            plan: self.plan.clone(),
            store: store.clone(),
            line: "main".to_owned(),
            reporter: Arc::new(Listener(watcher.clone())),
            stop: stop.clone(),
            clock: clock.clone(),
            runs_directory: directory.join("runs"),
            state_directory: directory.join("state"),
            options: Options::default(),
            remembered: Vec::new(),
            durability: Durability::None,
            environment: environment.clone(),
            hidden: Vec::new(),
            flow: Some(flow),
            watch: Some(watcher.clone()),
        };
        let ended = limited(order.timeout, &stop, || apply(launch));
        let mut timed_out = false;
        match ended {
            Ok(ended) => match ended.end {
                RunEnd::Done | RunEnd::Unchanged | RunEnd::Stopped { .. } => {}
                RunEnd::Failed { error, .. } => watcher.failed_outside(error),
                RunEnd::Interrupted => {
                    timed_out = true;
                    let limit = order.timeout.map(Duration::from_millis).unwrap_or_default();
                    let message = format!("it took longer than {}", shown(limit));
                    watcher.stopped(Outcome::TimedOut, StepError::new(ErrorKind::Timeout, message).at(case.span));
                }
                RunEnd::StoreFailed { message, .. } => {
                    watcher.failed_outside(StepError::new(ErrorKind::Store, message));
                }
            },
            Err(error) => watcher.failed_outside(StepError::script(error.to_string())),
        }
        let failed = watcher.has_failed();
        let (mut happened, open) = watcher.take();
        let mut phases = Vec::new();
        for (number, part) in self.shape.parts.iter().enumerate() {
            let Some(one) = happened.remove(&number) else { continue };
            phases.push(Phase {
                kind: part.kind,
                title: one.title.unwrap_or_else(|| part.title.clone()),
                at: one.began.map_or(at, |(at, _)| at),
                took: one.took,
                output: one.output,
                failure: one.failure.map(|error| failure(&error, case, sources)),
            });
        }
        let mut result = Try {
            number: order.attempt,
            at,
            took: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            outcome: match (timed_out, failed) {
                (true, _) => Outcome::TimedOut,
                (false, true) => Outcome::Failed,
                (false, false) => Outcome::Passed,
            },
            phases,
            failures: Vec::new(),
            leaks: open.into_iter().map(Leak::Step).collect(),
            properties: Vec::new(),
        };
        expected(&mut result, case, sources);
        if result.outcome == Outcome::Passed {
            remove(&directory);
        }
        result
    }
}

/// Does something that is stopped when its time is over.
fn limited<T>(timeout: Option<u64>, stop: &StopSignal, work: impl FnOnce() -> T) -> T {
    let Some(timeout) = timeout.map(Duration::from_millis) else { return work() };
    let (done, over) = channel::<()>();
    let stop = stop.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if over.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) {
                stop.request();
                stop.request();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn shown(limit: Duration) -> String {
    match limit.as_millis() {
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        millis => format!("{millis} ms"),
    }
}

/// A test that must fail passes if it did, as it should.
fn expected(result: &mut Try, case: &Case<'_>, sources: &SourceMap) {
    let Some(fails) = &case.test.fails else { return };
    let text = match &fails.value {
        Fails::Any(false) => return,
        Fails::Any(true) => None,
        Fails::With(text) => Some(text.as_str()),
    };
    let messages: Vec<String> = result.all_failures().map(|(_, failure)| failure.message.clone()).collect();
    let error = match (messages.first(), text) {
        (None, _) => StepError::script("it was to fail, and did not"),
        (Some(_), None) => {
            passes(result);
            return;
        }
        (Some(_), Some(text)) if messages.iter().any(|message| message.contains(text)) => {
            passes(result);
            return;
        }
        (Some(_), Some(text)) => StepError::script(format!("it was to fail with \"{text}\", and failed otherwise")),
    };
    let mut failure = failure(&error.at(fails.span), case, sources);
    failure.kind = "not-failed".to_owned();
    result.outcome = Outcome::Failed;
    result.failures.push(failure);
}

fn passes(result: &mut Try) {
    if result.outcome == Outcome::Failed {
        result.outcome = Outcome::Passed;
        result.phases.iter_mut().for_each(|phase| phase.failure = None);
    }
}

/// What failed, as reports show it.
pub(crate) fn failure(error: &StepError, case: &Case<'_>, sources: &SourceMap) -> TestFailure {
    let place = error.span.filter(|span| sources.get(span.source).is_some_and(|file| !file.name.starts_with('<')));
    let place = place.or(case.span);
    let render = |color: bool| {
        let style = Style { color, ..Style::default() };
        let mut text = render_failure(&error.message, place, error.help.as_deref(), sources, style);
        for line in &error.details {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
        text
    };
    let start = place.and_then(|span| sources.place(span));
    let end = place.and_then(|span| sources.get(span.source));
    TestFailure {
        kind: kind(error).to_owned(),
        message: error.message.clone(),
        rendered: render(false),
        coloured: render(true),
        file: end.map(|file| file.name.to_string()).unwrap_or_default(),
        line: start.map_or(0, |start| start.line),
        column: start.map_or(0, |start| start.column),
    }
}

fn kind(error: &StepError) -> &'static str {
    match error.kind {
        ErrorKind::Script if error.message.starts_with("assert") => "assertion",
        kind => kind.name(),
    }
}

fn remove(directory: &Path) {
    // What cannot be removed is in nobody's way: the next test has a directory of its own.
    let _ = std::fs::remove_dir_all(directory);
}

#[allow(dead_code)]
const _: (Duration, PhaseKind) = (GRACE, PhaseKind::Body);
