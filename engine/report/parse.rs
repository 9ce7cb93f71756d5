//! Lines of a run's log back into the events that they tell of.

use serde_json::{Map, Value};
use std::sync::Arc;
use thinking_event::{Counts, Event, RunEnd, TaskRef};
use thinking_step::{ErrorKind, LogLevel, StepError};

/// A line of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// When it was written, as it stands in the line (RFC 3339).
    pub at: String,
    /// How loud it is.
    pub level: LogLevel,
    /// What it tells.
    pub event: Event,
}

/// Reads a line that a [`crate::TracingReporter`] wrote through a JSON subscriber. `None`: it is none, or is cut, or tells of something that this version
/// does not know. Places in manifests are not in the log, so they are not in the event.
#[must_use]
pub fn parse_line(line: &str) -> Option<LogLine> {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return None };
    let fields = Fields(&fields);
    let level = level(fields.text("level")?)?;
    let event = match fields.text("target")? {
        super::log::RUN => told(&fields)?,
        super::log::SCRIPT => Event::Log { task: fields.task()?, level, message: fields.text("message")?.to_owned() },
        super::log::OUTPUT => Event::Output {
            task: fields.task()?,
            stderr: fields.text("stream")? == "stderr",
            line: fields.text("message")?.to_owned(),
        },
        _ => return None,
    };
    Some(LogLine { at: fields.text("timestamp").unwrap_or_default().to_owned(), level, event })
}

/// How loud an event is in the log.
#[must_use]
pub fn level_of(event: &Event) -> LogLevel {
    match event {
        Event::Log { level, .. } => *level,
        Event::AttemptFailed { .. } => LogLevel::Warn,
        Event::HookEnded { error: Some(_), .. } => LogLevel::Error,
        Event::TaskFailed { .. } => LogLevel::Error,
        Event::RunEnded { end: RunEnd::Failed { .. } | RunEnd::StoreFailed { .. }, .. } => LogLevel::Error,
        _ => LogLevel::Info,
    }
}

/// What the run itself said.
fn told(fields: &Fields<'_>) -> Option<Event> {
    Some(match fields.text("event")? {
        "run-started" => Event::RunStarted {
            run: fields.shared("run")?,
            pipeline: fields.shared("pipeline")?,
            at: fields.millis(),
            resumed: fields.truth("resumed"),
            remembered: fields.lines("remembered"),
            directory: fields.text("directory").unwrap_or_default().to_owned(),
        },
        "rerun" => Event::Rerun {
            task: fields.task()?,
            reason: fields.text("reason")?.to_owned(),
            span: None,
            dropped: fields.number("dropped")?,
            others: fields.text("dropped_of_others").unwrap_or_default().split_whitespace().filter_map(other).collect(),
        },
        "container-started" => {
            let passed = fields.number("passed").unwrap_or(0);
            Event::ContainerStarted { task: fields.task()?, iterations: fields.number("iterations"), passed }
        }
        "waiting" => Event::Waiting {
            task: fields.task()?,
            at: fields.millis(),
            until: fields.0.get("until").and_then(Value::as_i64),
            condition: fields.truth("condition"),
        },
        "container-ended" => Event::ContainerEnded { task: fields.task()?, took: fields.number("took_us")? },
        "step-started" => {
            Event::StepStarted { task: fields.task()?, attempt: fields.small("attempt")?, at: fields.millis() }
        }
        "step-done" => {
            Event::StepDone { task: fields.task()?, attempt: fields.small("attempt")?, took: fields.number("took_us")? }
        }
        "steps-kept" => Event::StepsKept { task: fields.task()?, count: fields.number("count")? },
        "task-skipped" => Event::TaskSkipped { task: fields.task()? },
        "attempt-failed" => Event::AttemptFailed {
            task: fields.task()?,
            attempt: fields.small("attempt")?,
            error: fields.error()?,
            pause: fields.number("pause_ms").unwrap_or(0),
        },
        "task-failed" => Event::TaskFailed {
            task: fields.task()?,
            attempts: fields.small("attempts")?,
            error: fields.error()?,
            passed_over: fields.truth("passed_over"),
        },
        "hook-ended" => Event::HookEnded {
            task: fields.task()?,
            target: fields.shared("hook")?,
            took: fields.number("took_us")?,
            error: fields.error(),
            passed_over: fields.truth("passed_over"),
        },
        "stopping" => Event::Stopping { running: fields.number("running")? },
        "run-ended" => ended(fields)?,
        _ => return None,
    })
}

fn ended(fields: &Fields<'_>) -> Option<Event> {
    let count = |name| fields.number(name).unwrap_or(0);
    let end = match fields.text("end")? {
        "done" => RunEnd::Done,
        "unchanged" => RunEnd::Unchanged,
        "failed" => RunEnd::Failed { task: fields.task()?, error: fields.error()? },
        "stopped" => RunEnd::Stopped { path: fields.text("task").unwrap_or_default().to_owned() },
        "interrupted" => RunEnd::Interrupted,
        "store-failed" => RunEnd::StoreFailed {
            message: fields.text("error")?.to_owned(),
            help: fields.text("help").map(str::to_owned),
            unusable: fields.truth("unusable"),
        },
        _ => return None,
    };
    Some(Event::RunEnded {
        run: fields.shared("run").unwrap_or_else(|| "".into()),
        end,
        counts: Counts {
            done: count("done"),
            kept: count("kept"),
            skipped: count("skipped"),
            failed: count("failed"),
            retried: count("retried"),
        },
        took: fields.number("took_us")?,
    })
}

/// `train=3`
fn other(text: &str) -> Option<(Arc<str>, u64)> {
    let (pipeline, count) = text.rsplit_once('=')?;
    Some((pipeline.into(), count.parse().ok()?))
}

fn level(word: &str) -> Option<LogLevel> {
    Some(match word {
        "TRACE" => LogLevel::Trace,
        "DEBUG" => LogLevel::Debug,
        "INFO" => LogLevel::Info,
        "WARN" => LogLevel::Warn,
        "ERROR" => LogLevel::Error,
        _ => return None,
    })
}

/// The fields of a line.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn shared(&self, name: &str) -> Option<Arc<str>> {
        self.text(name).map(Arc::from)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    fn small(&self, name: &str) -> Option<u32> {
        self.number(name)?.try_into().ok()
    }

    fn truth(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Several lines in one field; none for an empty one.
    fn lines(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        if text.is_empty() { Vec::new() } else { text.split('\n').map(str::to_owned).collect() }
    }

    fn task(&self) -> Option<TaskRef> {
        Some(TaskRef { path: self.shared("task")?, span: None })
    }

    /// The event's own time; lines of older versions only say when they were written.
    fn millis(&self) -> i64 {
        let written = || self.text("timestamp")?.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond());
        self.0.get("at").and_then(Value::as_i64).or_else(written).unwrap_or(0)
    }

    fn error(&self) -> Option<StepError> {
        let kind = self.text("kind").and_then(ErrorKind::from_name).unwrap_or(ErrorKind::Script);
        let mut error = StepError::new(kind, self.text("error")?).details(self.lines("details"));
        error.help = self.text("help").map(str::to_owned);
        Some(error)
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
