//! The words for events and levels in JSON and logs.

use thinking_event::{Event, RunEnd};
use thinking_step::LogLevel;

/// The word for a kind of event: `step-done`. A word never changes its meaning.
#[must_use]
pub fn event_name(event: &Event) -> &'static str {
    match event {
        Event::RunStarted { .. } => "run-started",
        Event::Rerun { .. } => "rerun",
        Event::ContainerStarted { .. } => "container-started",
        Event::ContainerEnded { .. } => "container-ended",
        Event::StepStarted { .. } => "step-started",
        Event::Waiting { .. } => "waiting",
        Event::StepDone { .. } => "step-done",
        Event::StepsKept { .. } => "steps-kept",
        Event::TaskSkipped { .. } => "task-skipped",
        Event::AttemptFailed { .. } => "attempt-failed",
        Event::TaskFailed { .. } => "task-failed",
        Event::Output { .. } => "output",
        Event::Log { .. } => "log",
        Event::HookEnded { .. } => "hook-ended",
        Event::Stopping { .. } => "stopping",
        Event::RunEnded { .. } => "run-ended",
    }
}

/// The word for how a run ended.
pub(crate) fn end(end: &RunEnd) -> &'static str {
    match end {
        RunEnd::Done => "done",
        RunEnd::Unchanged => "unchanged",
        RunEnd::Failed { .. } => "failed",
        RunEnd::Stopped { .. } => "stopped",
        RunEnd::Interrupted => "interrupted",
        RunEnd::StoreFailed { .. } => "store-failed",
    }
}

/// The word for a level.
pub(crate) fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "trace",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// The word for a stream.
pub(crate) fn stream(stderr: bool) -> &'static str {
    if stderr { "stderr" } else { "stdout" }
}
