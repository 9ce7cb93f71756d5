//! Events as JSON, one line each.

use crate::names;
use crate::sink::Sink;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use thinking_diagnostic::{Code, SourceMap, Span};
use thinking_event::{Event, Reporter, RunEnd};
use thinking_step::StepError;

/// Writes each event as one line of JSON, see [`to_json`]. Lines are written together where many come at once; none waits longer than a
/// tenth of a second. A closed pipe is not a failure.
pub struct JsonReporter {
    sink: Sink,
    sources: Option<Arc<SourceMap>>,
}

impl JsonReporter {
    /// A reporter that writes there.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { sink: Sink::new(writer), sources: None }
    }

    /// Also says where tasks and mistakes are written, see [`to_json_at`].
    #[must_use]
    pub fn with_sources(mut self, sources: Arc<SourceMap>) -> Self {
        self.sources = Some(sources);
        self
    }
}

impl Reporter for JsonReporter {
    fn event(&self, event: &Event) {
        let json = shape(event, self.sources.as_deref());
        self.sink.add(matches!(event, Event::RunEnded { .. }), |out| {
            out.push_str(&json.to_string());
            out.push('\n');
        });
    }

    fn finish(&self) {
        self.sink.finish();
    }
}

/// An event as a JSON object. Fields may be added in later versions, none changes its meaning. Durations are microseconds (`_us`) or
/// milliseconds (`_ms`), times (`at`) milliseconds since 1970 UTC; what is not known is `null`.
///
/// | `event` | more fields |
/// | --- | --- |
/// | `run-started` | `run pipeline at resumed remembered directory` |
/// | `rerun` | `task reason dropped dropped_of_others` |
/// | `container-started` | `task iterations passed` |
/// | `container-ended` | `task took_us` |
/// | `step-started` | `task attempt at` |
/// | `waiting` | `task at until condition` |
/// | `step-done` | `task attempt took_us` |
/// | `steps-kept` | `task count` |
/// | `task-skipped` | `task` |
/// | `attempt-failed` | `task attempt error pause_ms` |
/// | `task-failed` | `task attempts error passed_over` |
/// | `output` | `task stream` (`stdout`, `stderr`) `line` |
/// | `log` | `task level message` |
/// | `hook-ended` | `task target took_us error passed_over` |
/// | `stopping` | `running` |
/// | `run-ended` | `run end` (`done unchanged failed stopped interrupted store-failed`) `task error counts took_us` |
///
/// An `error` is `{"kind", "message", "details", "help"}`, `counts` are `{"done", "kept", "skipped", "failed", "retried"}`. The `task` of
/// `run-ended` is the one that failed or was the last. A failed store has the kind `store`.
#[must_use]
pub fn to_json(event: &Event) -> Value {
    shape(event, None)
}

/// The same; an `error` and a `rerun` also have a `place`: `{"file", "line", "column"}`, both counted from 1, or `null`, and the `error` of a task the
/// `code` that `thinking explain` knows.
#[must_use]
pub fn to_json_at(event: &Event, sources: &SourceMap) -> Value {
    shape(event, Some(sources))
}

fn shape(event: &Event, sources: Option<&SourceMap>) -> Value {
    let name = names::event_name(event);
    match event {
        Event::RunStarted { run, pipeline, at, resumed, remembered, directory } => json!({
            "event": name, "run": &**run, "pipeline": &**pipeline, "at": at, "resumed": resumed,
            "remembered": remembered, "directory": directory,
        }),
        Event::Rerun { task, reason, span, dropped, others } => {
            let others: serde_json::Map<String, Value> =
                others.iter().map(|(pipeline, count)| (pipeline.to_string(), json!(count))).collect();
            let mut value = json!({
                "event": name, "task": &*task.path, "reason": reason, "dropped": dropped, "dropped_of_others": others,
            });
            set_place(&mut value, span.or(task.span), sources);
            value
        }
        Event::ContainerStarted { task, iterations, passed } => {
            json!({ "event": name, "task": &*task.path, "iterations": iterations, "passed": passed })
        }
        Event::ContainerEnded { task, took } => json!({ "event": name, "task": &*task.path, "took_us": took }),
        Event::StepStarted { task, attempt, at } => {
            json!({ "event": name, "task": &*task.path, "attempt": attempt, "at": at })
        }
        Event::Waiting { task, at, until, condition } => {
            json!({ "event": name, "task": &*task.path, "at": at, "until": until, "condition": condition })
        }
        Event::StepDone { task, attempt, took } => {
            json!({ "event": name, "task": &*task.path, "attempt": attempt, "took_us": took })
        }
        Event::StepsKept { task, count } => json!({ "event": name, "task": &*task.path, "count": count }),
        Event::TaskSkipped { task } => json!({ "event": name, "task": &*task.path }),
        Event::AttemptFailed { task, attempt, error, pause } => json!({
            "event": name, "task": &*task.path, "attempt": attempt, "error": failure(error, task.span, sources),
            "pause_ms": pause,
        }),
        Event::TaskFailed { task, attempts, error, passed_over } => json!({
            "event": name, "task": &*task.path, "attempts": attempts, "error": failure(error, task.span, sources),
            "passed_over": passed_over,
        }),
        Event::Output { task, stderr, line } => {
            json!({ "event": name, "task": &*task.path, "stream": names::stream(*stderr), "line": line })
        }
        Event::Log { task, level, message } => {
            json!({ "event": name, "task": &*task.path, "level": names::level(*level), "message": message })
        }
        Event::HookEnded { task, target, took, error, passed_over } => {
            let error = error.as_ref().map(|error| failure(error, task.span, sources));
            json!({
                "event": name, "task": &*task.path, "target": &**target, "took_us": took, "error": error,
                "passed_over": passed_over,
            })
        }
        Event::Stopping { running } => json!({ "event": name, "running": running }),
        Event::RunEnded { run, end, counts, took } => {
            let (task, error) = match end {
                RunEnd::Failed { task, error } => (Some(&*task.path), failure(error, task.span, sources)),
                RunEnd::Stopped { path } => (Some(&**path), Value::Null),
                RunEnd::StoreFailed { message, help, unusable } => (
                    None,
                    json!({ "kind": "store", "message": message, "details": [], "help": help, "unusable": unusable }),
                ),
                RunEnd::Done | RunEnd::Unchanged | RunEnd::Interrupted => (None, Value::Null),
            };
            json!({
                "event": name, "run": &**run, "end": names::end(end), "task": task, "error": error,
                "counts": {
                    "done": counts.done, "kept": counts.kept, "skipped": counts.skipped, "failed": counts.failed,
                    "retried": counts.retried,
                },
                "took_us": took,
            })
        }
    }
}

fn failure(error: &StepError, task: Option<Span>, sources: Option<&SourceMap>) -> Value {
    let mut value = json!({
        "kind": error.kind.name(), "message": error.message, "details": error.details, "help": error.help,
    });
    if let (Some(_), Value::Object(fields)) = (sources, &mut value) {
        fields.insert("code".to_owned(), Code::StepFailed.name().into());
    }
    set_place(&mut value, error.span.or(task), sources);
    value
}

fn set_place(value: &mut Value, span: Option<Span>, sources: Option<&SourceMap>) {
    let (Some(sources), Value::Object(fields)) = (sources, value) else { return };
    let place = span.and_then(|span| Some((sources.get(span.source)?, span))).map(|(file, span)| {
        let place = file.line_column(span.start);
        json!({ "file": &*file.name, "line": place.line, "column": place.column })
    });
    fields.insert("place".to_owned(), place.into());
}

#[cfg(test)]
mod tests {
    use super::{JsonReporter, to_json, to_json_at};
    use crate::testing::{Paper, manifest, task};
    use serde_json::json;
    use thinking_event::{Counts, Event, Reporter, RunEnd, TaskRef};
    use thinking_step::{ErrorKind, LogLevel, StepError};

    #[test]
    fn shapes() {
        let error = || StepError::new(ErrorKind::Exec, "it failed").details(["why".to_owned()]).help("try");
        let failed = json!({ "kind": "exec", "message": "it failed", "details": ["why"], "help": "try" });
        let counts = Counts { done: 1, kept: 2, skipped: 3, failed: 4, retried: 5 };
        let counted = json!({ "done": 1, "kept": 2, "skipped": 3, "failed": 4, "retried": 5 });
        let ended = |end| Event::RunEnded { run: "r".into(), end, counts, took: 9 };
        let cases = [
            (
                Event::RunStarted {
                    run: "r".into(),
                    pipeline: "p".into(),
                    at: 7,
                    resumed: true,
                    remembered: vec!["-p a=1".to_owned()],
                    directory: "d".to_owned(),
                },
                json!({ "event": "run-started", "run": "r", "pipeline": "p", "at": 7, "resumed": true,
                        "remembered": ["-p a=1"], "directory": "d" }),
            ),
            (
                Event::Rerun {
                    task: task("a"),
                    reason: "its `rhai` changed".to_owned(),
                    span: None,
                    dropped: 8,
                    others: vec![("other".into(), 3)],
                },
                json!({ "event": "rerun", "task": "a", "reason": "its `rhai` changed", "dropped": 8, "dropped_of_others": { "other": 3 } }),
            ),
            (
                Event::ContainerStarted { task: task("a"), iterations: None, passed: 0 },
                json!({ "event": "container-started", "task": "a", "iterations": null, "passed": 0 }),
            ),
            (
                Event::ContainerEnded { task: task("a"), took: 5 },
                json!({ "event": "container-ended", "task": "a", "took_us": 5 }),
            ),
            (
                Event::StepStarted { task: task("a"), attempt: 1, at: 4 },
                json!({ "event": "step-started", "task": "a", "attempt": 1, "at": 4 }),
            ),
            (
                Event::StepDone { task: task("fit/epoch[3]/train"), attempt: 1, took: 5 },
                json!({ "event": "step-done", "task": "fit/epoch[3]/train", "attempt": 1, "took_us": 5 }),
            ),
            (
                Event::Waiting { task: task("a"), at: 1, until: Some(4), condition: false },
                json!({ "event": "waiting", "task": "a", "at": 1, "until": 4, "condition": false }),
            ),
            (Event::StepsKept { task: task("a"), count: 3 }, json!({ "event": "steps-kept", "task": "a", "count": 3 })),
            (Event::TaskSkipped { task: task("a") }, json!({ "event": "task-skipped", "task": "a" })),
            (
                Event::AttemptFailed { task: task("a"), attempt: 1, error: error(), pause: 500 },
                json!({ "event": "attempt-failed", "task": "a", "attempt": 1, "error": failed, "pause_ms": 500 }),
            ),
            (
                Event::TaskFailed { task: task("a"), attempts: 2, error: error(), passed_over: true },
                json!({ "event": "task-failed", "task": "a", "attempts": 2, "error": failed, "passed_over": true }),
            ),
            (
                Event::Output { task: task("a"), stderr: true, line: "x".to_owned() },
                json!({ "event": "output", "task": "a", "stream": "stderr", "line": "x" }),
            ),
            (
                Event::Log { task: task("a"), level: LogLevel::Warn, message: "x".to_owned() },
                json!({ "event": "log", "task": "a", "level": "warn", "message": "x" }),
            ),
            (
                Event::HookEnded { task: task("a.startup"), target: "startup".into(), took: 5, error: None, passed_over: false },
                json!({ "event": "hook-ended", "task": "a.startup", "target": "startup", "took_us": 5, "error": null, "passed_over": false }),
            ),
            (
                Event::HookEnded { task: task("a.shutdown"), target: "shutdown".into(), took: 5, error: Some(error()), passed_over: true },
                json!({ "event": "hook-ended", "task": "a.shutdown", "target": "shutdown", "took_us": 5, "error": failed, "passed_over": true }),
            ),
            (Event::Stopping { running: 2 }, json!({ "event": "stopping", "running": 2 })),
            (
                ended(RunEnd::Done),
                json!({ "event": "run-ended", "run": "r", "end": "done", "task": null, "error": null,
                        "counts": counted, "took_us": 9 }),
            ),
            (
                ended(RunEnd::Failed { task: task("a"), error: error() }),
                json!({ "event": "run-ended", "run": "r", "end": "failed", "task": "a", "error": failed,
                        "counts": counted, "took_us": 9 }),
            ),
            (
                ended(RunEnd::Stopped { path: "a".to_owned() }),
                json!({ "event": "run-ended", "run": "r", "end": "stopped", "task": "a", "error": null,
                        "counts": counted, "took_us": 9 }),
            ),
            (
                ended(RunEnd::StoreFailed { message: "full".to_owned(), help: None, unusable: false }),
                json!({ "event": "run-ended", "run": "r", "end": "store-failed", "task": null,
                        "error": { "kind": "store", "message": "full", "details": [], "help": null, "unusable": false },
                        "counts": counted, "took_us": 9 }),
            ),
        ];
        let schema: serde_json::Value = serde_json::from_str(thinking_schema::EVENTS).expect("the schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let kinds = schema["oneOf"].as_array().expect("kinds").iter();
        let mut kinds: Vec<&str> = kinds.filter_map(|kind| kind["properties"]["event"]["const"].as_str()).collect();
        let (sources, _) = manifest("1 / 0");
        for (event, expected) in cases {
            assert_eq!(to_json(&event), expected);
            for json in [expected, to_json_at(&event, &sources)] {
                let why: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
                assert!(why.is_empty(), "{json}: {why:?}");
                kinds.retain(|kind| json["event"] != *kind);
                // What is missing or of another type is found.
                for name in json.as_object().expect("an object").keys().filter(|name| *name != "place") {
                    let mut broken = json.clone();
                    broken[name] = json!({ "no": "thing" });
                    assert!(!validator.is_valid(&broken) || name == "dropped_of_others", "{broken}");
                    broken.as_object_mut().expect("an object").remove(name);
                    assert!(!validator.is_valid(&broken), "{broken}");
                }
            }
        }
        assert!(kinds.is_empty(), "kinds that are in the schema only: {kinds:?}");
    }

    #[test]
    fn places() {
        let (sources, span) = manifest("1 / 0");
        let event = Event::TaskFailed {
            task: TaskRef { path: "fit/train".into(), span: Some(span) },
            attempts: 1,
            error: StepError::script("division by zero"),
            passed_over: false,
        };
        assert_eq!(
            to_json_at(&event, &sources)["error"]["place"],
            json!({ "file": "pipeline.kdl", "line": 4, "column": 30 })
        );
        assert_eq!(to_json_at(&event, &sources)["error"]["code"], "thinking::step-failed");
        let paper = Paper::default();
        let reporter = JsonReporter::new(Box::new(paper.clone())).with_sources(sources.clone());
        reporter.event(&event);
        reporter.finish();
        assert!(paper.text().contains(r#""place":{"file":"pipeline.kdl","line":4"#), "{}", paper.text());
    }

    #[test]
    fn a_line_each() {
        let paper = Paper::default();
        let reporter = JsonReporter::new(Box::new(paper.clone()));
        reporter.event(&Event::Log { task: task("a"), level: LogLevel::Info, message: "two\nlines".to_owned() });
        reporter.event(&Event::TaskSkipped { task: task("b") });
        reporter.finish();
        let text = paper.text();
        let names: Vec<_> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON")["event"].clone())
            .collect();
        assert_eq!(names, ["log", "task-skipped"]);
    }
}
