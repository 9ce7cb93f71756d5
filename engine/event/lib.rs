//! What a run says: one closed enum. The run makes events, reporters (and later replays of the journal) consume them.

pub mod past;
pub mod testing;

use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_step::{LogLevel, StepError};

/// A task instance: its path with keys, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRef {
    /// `fit/epoch[3]/train`
    pub path: Arc<str>,
    /// Its node in the manifest.
    pub span: Option<Span>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// All done.
    Done,
    /// Nothing was to be done: everything is as recorded.
    Unchanged,
    /// A task failed.
    Failed {
        /// Which.
        task: TaskRef,
        /// Why.
        error: StepError,
    },
    /// It stopped where `--until` said; the run stays unfinished.
    Stopped {
        /// The last task.
        path: String,
    },
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// The store failed: what was not durable is gone, what was is safe.
    StoreFailed {
        /// What happened.
        message: String,
        /// The next thing to do.
        help: Option<String>,
        /// Whether the state cannot be used as it is: the same command again would fail again.
        unusable: bool,
    },
}

/// Counts of a run so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Steps that ran and are done.
    pub done: u64,
    /// Steps that were done before and are unchanged.
    pub kept: u64,
    /// Steps and containers whose `when` was false.
    pub skipped: u64,
    /// Steps that failed and were passed over (`on-error="skip"`).
    pub failed: u64,
    /// Attempts that failed and were tried again.
    pub retried: u64,
}

/// What a run says. Times are milliseconds since 1970 UTC, durations microseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A run starts, or is taken up again.
    RunStarted {
        /// Its id.
        run: Arc<str>,
        /// The pipeline.
        pipeline: Arc<str>,
        /// When.
        at: i64,
        /// Whether it goes on with an unfinished run.
        resumed: bool,
        /// What was taken over from the unfinished run, e.g. `epochs=5`, `--facet smoke`.
        remembered: Vec<String>,
        /// Its directory.
        directory: String,
    },
    /// The recorded state no longer fits from here on: this and what follows runs again.
    Rerun {
        /// The first task that runs again.
        task: TaskRef,
        /// Why: "its `rhai` changed".
        reason: String,
        /// The changed place.
        span: Option<Span>,
        /// How many recorded steps are given up.
        dropped: u64,
        /// Other pipelines that are among them, each with how many of them are its.
        others: Vec<(Arc<str>, u64)>,
    },
    /// A container starts.
    ContainerStarted {
        /// Which.
        task: TaskRef,
        /// Number of iterations, if it is a loop that knows.
        iterations: Option<u64>,
        /// Iterations that lie behind already: they were done before and are kept.
        passed: u64,
    },
    /// A container ended.
    ContainerEnded {
        /// Which.
        task: TaskRef,
        /// How long it took in this process.
        took: u64,
    },
    /// An attempt of a step starts.
    StepStarted {
        /// Which.
        task: TaskRef,
        /// Number of the attempt, from 1.
        attempt: u32,
        /// When.
        at: i64,
    },
    /// A `wait` begins, or goes on after a restart, and will take a second or more.
    Waiting {
        /// Which.
        task: TaskRef,
        /// When it begins or goes on.
        at: i64,
        /// When it is over, or fails if it waits for a condition; `None` if that may take for ever.
        until: Option<i64>,
        /// Whether it waits for a condition.
        condition: bool,
    },
    /// A step is done and, at `durability="step"`, durable.
    StepDone {
        /// Which.
        task: TaskRef,
        /// Number of the attempt.
        attempt: u32,
        /// How long the attempt took.
        took: u64,
    },
    /// Unchanged steps were passed by without running: this many since the last event of this kind.
    StepsKept {
        /// The last one.
        task: TaskRef,
        /// How many.
        count: u64,
    },
    /// A task is not there this time: its `when` is false.
    TaskSkipped {
        /// Which.
        task: TaskRef,
    },
    /// An attempt failed and there will be another.
    AttemptFailed {
        /// Which.
        task: TaskRef,
        /// Number of the attempt.
        attempt: u32,
        /// Why.
        error: StepError,
        /// Pause before the next, milliseconds.
        pause: u64,
    },
    /// A task failed for good.
    TaskFailed {
        /// Which.
        task: TaskRef,
        /// Number of attempts made.
        attempts: u32,
        /// Why.
        error: StepError,
        /// Whether the run goes on all the same (`on-error="skip"`).
        passed_over: bool,
    },
    /// A line of a started program's output.
    Output {
        /// Which task.
        task: TaskRef,
        /// Whether it is standard error.
        stderr: bool,
        /// The line, without its end.
        line: String,
    },
    /// A line that a script or component logged.
    Log {
        /// Which task.
        task: TaskRef,
        /// How loud.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// Something took part in a target of the lifecycle.
    HookEnded {
        /// What: `trainer.startup`, or `init` for a hook of the project; and where it is written.
        task: TaskRef,
        /// The target: `startup`.
        target: Arc<str>,
        /// How long it took.
        took: u64,
        /// Why it failed, if it did.
        error: Option<StepError>,
        /// Whether the rest goes on all the same: nothing keeps others from being stopped.
        passed_over: bool,
    },
    /// The first Ctrl-C arrived: no new step starts.
    Stopping {
        /// How many steps still run.
        running: u64,
    },
    /// The run ended.
    RunEnded {
        /// Its id; empty if none was recorded.
        run: Arc<str>,
        /// How.
        end: RunEnd,
        /// Counts.
        counts: Counts,
        /// How long this process was at it.
        took: u64,
    },
}

/// What a run of the pipeline took before, for estimates of the time left. Tasks by their paths without keys (`fit/epoch/train`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Steps (and waits) of the last finished run.
    pub steps: std::collections::BTreeMap<Arc<str>, ExpectedStep>,
}

/// What one step took before, all its instances together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpectedStep {
    /// So many instances were done.
    pub instances: u64,
    /// What one took on average, microseconds.
    pub mean: u64,
}

/// Takes events in the order in which they happen. Called from the thread that runs the dispatcher, so it must be quick.
pub trait Reporter: Send + Sync {
    /// Takes one event.
    fn event(&self, event: &Event);
    /// Nothing follows; write out what is buffered.
    fn finish(&self) {}
}
