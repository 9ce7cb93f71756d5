//! Earlier runs and steps as JSON. Fields may be added in later versions, none changes its meaning. Times are milliseconds since 1970 UTC (`…_ms`) and
//! RFC 3339, durations microseconds (`_us`); what is not known is `null`.

use super::change::changed_fields;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use thinking_event::past::{
    PastChange, PastItem, PastOutcome, PastRun, PastRunSteps, PastStep, PastStepDetail, PastTasks, PastValue,
    PastWrite, Shortened,
};

/// Runs, of which there may be very many, and whether there are more: `{"runs", "more"}`, each as [`run_json`] has it. Written without building values.
#[must_use]
pub fn history_json(runs: &[PastRun], more: bool) -> impl Serialize {
    #[derive(Serialize)]
    struct History<'a> {
        runs: List<'a>,
        more: bool,
    }
    struct List<'a>(&'a [PastRun]);
    impl Serialize for List<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.iter().map(RunJson::new))
        }
    }
    History { runs: List(runs), more }
}

/// A run: `{"run", "number", "line", "pipeline", "status", "started", "started_ms", "ended", "ended_ms", "took_us", "processes", "steps", "params", "facets",
/// "fresh", "changes", "earlier_changes"}`. `status` is one of `running killed done failed interrupted stopped abandoned`; `steps` is
/// `{"done", "at_least", "skipped", "failed", "retried"}` or `null`, each of `changes` `{"at", "at_ms", "task", "reason", "dropped"}`.
#[must_use]
pub fn run_json(run: &PastRun) -> Value {
    serde_json::to_value(RunJson::new(run)).unwrap_or_default()
}

#[derive(Serialize)]
struct RunJson<'a> {
    run: &'a str,
    number: u32,
    line: &'a str,
    pipeline: &'a str,
    status: &'static str,
    started: Time,
    started_ms: i64,
    ended: Option<Time>,
    ended_ms: Option<i64>,
    took_us: Option<u64>,
    processes: Option<u32>,
    steps: Option<StepsJson>,
    params: ParamsJson<'a>,
    facets: &'a [String],
    fresh: bool,
    changes: Vec<ChangeJson<'a>>,
    earlier_changes: u64,
}

#[derive(Serialize)]
struct StepsJson {
    done: u64,
    at_least: bool,
    skipped: Option<u64>,
    failed: Option<u64>,
    retried: Option<u64>,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    at: Time,
    at_ms: i64,
    task: &'a str,
    reason: &'a str,
    dropped: u64,
}

/// An object, not a list of pairs.
struct ParamsJson<'a>(&'a [(String, Value)]);

impl Serialize for ParamsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Milliseconds, written as RFC 3339.
struct Time(i64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => serializer.collect_str(&time),
            Err(_) => serializer.serialize_str(""),
        }
    }
}

impl<'a> RunJson<'a> {
    fn new(run: &'a PastRun) -> Self {
        let change = |change: &'a PastChange| ChangeJson {
            at: Time(change.at),
            at_ms: change.at,
            task: &change.task,
            reason: &change.reason,
            dropped: change.dropped,
        };
        let steps = run.counts.map(|counts| StepsJson {
            done: counts.done,
            at_least: counts.at_least,
            skipped: counts.skipped,
            failed: counts.failed,
            retried: counts.retried,
        });
        Self {
            run: &run.id,
            number: run.number,
            line: &run.line,
            pipeline: &run.pipeline,
            status: run.status.word(),
            started: Time(run.started),
            started_ms: run.started,
            ended: run.ended.map(Time),
            ended_ms: run.ended,
            took_us: run.took,
            processes: (run.processes > 0).then_some(run.processes),
            steps,
            params: ParamsJson(&run.params),
            facets: &run.facets,
            fresh: run.fresh,
            changes: run.changes.iter().map(change).collect(),
            earlier_changes: run.earlier_changes,
        }
    }
}

/// A run as [`run_json`] has it, and `"tasks"`: a list of steps, each `{"task", "pipeline", "attempt", "started", "started_ms", "took_us", "outcome", "error",
/// "result", "current"}`. `outcome` is `done`, `passed-over` or `failed`, `error` the message of a failure; of a failure, `started` is when it was over.
#[must_use]
pub fn run_steps_json(detail: &PastRunSteps) -> Value {
    let mut value = run_json(&detail.run);
    set_list(&mut value, "tasks", &detail.steps, step);
    value
}

/// One step: the fields that it has in [`run_steps_json`], and `"run", "generation", "seq", "reads", "outputs", "files", "changes"`. Each of `reads` is
/// `{"kind", "name", "value"}`, of `files` `{"path", "removed"}`, of `changes` `{"database", "key", "before", "after"}`: without a `key` everything in the
/// database was deleted; `before` and `after` are `{"value": …}`, `{"bytes": N}`, `{"absent": true}` or `{"unknown": true}`. That is what is stored;
/// what it is to people is beside it: `name` and `kind` of the database, `id` of a document or vector (with `"data": true` what was added with the
/// vector), `fields` of a document that changed (`{"before", "after"}` by name), `path` of a value in an object as a list of names and indexes, and
/// `"internal": true` for what a database keeps for itself.
#[must_use]
pub fn step_json(detail: &PastStepDetail) -> Value {
    let mut value = step(&detail.step);
    if let Value::Object(fields) = &mut value {
        let reads: Vec<Value> = detail
            .reads
            .iter()
            .map(|read| json!({ "kind": read.kind, "name": read.name, "value": read.value }))
            .collect();
        let files: Vec<Value> =
            detail.files.iter().map(|(path, there)| json!({ "path": path, "removed": !there })).collect();
        fields.insert("run".to_owned(), json!(detail.run));
        fields.insert("generation".to_owned(), json!(detail.generation));
        fields.insert("seq".to_owned(), json!(detail.seq));
        fields.insert("reads".to_owned(), json!(reads));
        fields.insert("outputs".to_owned(), json!(detail.outputs));
        fields.insert("files".to_owned(), json!(files));
    }
    set_list(&mut value, "changes", &detail.writes, change);
    if let Some(changes) = value.get_mut("changes").and_then(Value::as_array_mut) {
        changes.extend(detail.internal.iter().map(change));
    }
    value
}

/// A change of data, as it is stored and as people know it.
fn change(write: &PastWrite) -> Value {
    let (name, kind) = write.name_and_kind();
    let mut value = json!({
        "database": write.database, "key": write.key, "before": datum(&write.before), "after": datum(&write.after),
        "name": name, "kind": kind,
    });
    let known = match &write.item {
        PastItem::Key => None,
        PastItem::Document(id) | PastItem::Vector(id) => Some(("id", id.clone())),
        PastItem::VectorData(id) => {
            value["data"] = true.into();
            Some(("id", id.clone()))
        }
        PastItem::Path(steps) => Some(("path", steps.clone().into())),
        PastItem::Internal => Some(("internal", true.into())),
    };
    if let Some((name, known)) = known {
        value[name] = known;
    }
    if let (PastItem::Document(_), PastValue::Json(Value::Object(was)), PastValue::Json(Value::Object(is))) =
        (&write.item, &write.before, &write.after)
    {
        let side = |value: Option<&Value>| value.map_or(json!({ "absent": true }), |value| json!({ "value": value }));
        let fields = changed_fields(was, is);
        let fields = fields.map(|(name, was, is)| (name.clone(), json!({ "before": side(was), "after": side(is) })));
        value["fields"] = Value::Object(fields.collect());
    }
    value
}

/// Several: `{"path", "pipeline", "summary", "tasks"}`. Each of `summary` is `{"task", "done", "passed_over", "took_us", "first_ms", "last_ms"}`, with paths
/// without keys; `tasks` as in [`run_steps_json`].
#[must_use]
pub fn tasks_json(tasks: &PastTasks) -> Value {
    let summary: Vec<Value> = tasks
        .tasks
        .iter()
        .map(|task| {
            json!({
                "task": task.path, "done": task.done, "passed_over": task.passed_over, "took_us": task.took,
                "first_ms": task.first, "last_ms": task.last,
            })
        })
        .collect();
    let mut value = json!({ "path": tasks.path, "pipeline": tasks.pipeline, "summary": summary });
    set_list(&mut value, "tasks", &tasks.steps, step);
    value
}

fn step(step: &PastStep) -> Value {
    let (outcome, error) = match &step.outcome {
        PastOutcome::Done => ("done", None),
        PastOutcome::PassedOver(message) => ("passed-over", Some(message)),
        PastOutcome::Failed(message) => ("failed", Some(message)),
    };
    json!({
        "task": step.path, "pipeline": step.pipeline, "attempt": step.attempt, "started": time(step.started),
        "started_ms": step.started, "took_us": step.took, "outcome": outcome, "error": error, "result": step.result,
        "current": step.current,
    })
}

/// A list under its name; if something of it is left out, how much is under `left_out`.
fn set_list<T>(value: &mut Value, name: &str, list: &Shortened<T>, make: impl Fn(&T) -> Value) {
    let Value::Object(fields) = value else { return };
    fields.insert(name.to_owned(), list.iter().map(make).collect());
    if list.left_out > 0 {
        fields.insert("left_out".to_owned(), list.left_out.into());
    }
}

fn datum(value: &PastValue) -> Value {
    match value {
        PastValue::Absent => json!({ "absent": true }),
        PastValue::Unknown => json!({ "unknown": true }),
        PastValue::Json(value) => json!({ "value": value }),
        PastValue::Blob(bytes) => json!({ "bytes": bytes }),
    }
}

fn time(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|time| time.to_string()).unwrap_or_default()
}
