//! Events of a test run as JSON, one line each.

use super::words;
use crate::sink::Sink;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use thinking_event::testing::{
    Leak, OutputLine, Phase, TestCounts, TestEvent, TestFailure, TestInfo, TestRecord, TestReporter, Try,
};

/// Writes each event as one line of JSON, see [`test_to_json`], when it comes: whoever follows the file sees tests end, and what was told before a kill is
/// there. Lines are written together where many come at once; none waits longer than a tenth of a second. A closed pipe is not a failure.
pub struct TestJson {
    sink: Sink,
}

impl TestJson {
    /// A reporter that writes there.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { sink: Sink::new(writer) }
    }

    /// A reporter that writes to a file, which begins anew; folders to it are made.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent)?;
        }
        Ok(Self::new(Box::new(File::create(path)?)))
    }
}

impl TestReporter for TestJson {
    fn event(&mut self, event: &TestEvent) {
        let json = test_to_json(event);
        self.sink.add(matches!(event, TestEvent::RunEnded { .. }), |out| {
            out.push_str(&json.to_string());
            out.push('\n');
        });
    }

    fn finish(&mut self) -> Result<(), String> {
        self.sink.finish();
        Ok(())
    }
}

/// An event as a JSON object. Fields may be added in later versions, none changes its meaning. Durations are microseconds (`_us`) or milliseconds (`_ms`),
/// times (`at`) milliseconds since 1970 UTC; what is not known is `null`. A test is named by `project`, `test` (its path) and `repetition`.
///
/// | `event` | more fields |
/// | --- | --- |
/// | `test-run-started` | `run at directory tests known jobs seed expected_us` |
/// | `test-started` | `project test repetition attempt at` |
/// | `test-retried` | `project test repetition failed`: a try |
/// | `test-ended` | `project test repetition suites name case tags facets file line timeout_ms outcome slow took_us tries` |
/// | `test-stopping` | `running` |
/// | `test-run-ended` | `end` (`finished stopped interrupted`) `counts took_us` |
///
/// A try is `{"attempt", "at", "took_us", "outcome", "phases", "failures", "leaks", "properties"}`, a phase `{"kind", "title", "at", "took_us", "output",
/// "failure"}`, a failure `{"kind", "message", "rendered", "place"}`.
#[must_use]
pub fn test_to_json(event: &TestEvent) -> Value {
    match event {
        TestEvent::RunStarted { run, at, directory, tests, known, jobs, seed, expected } => json!({
            "event": "test-run-started", "run": run, "at": at, "directory": directory, "tests": tests, "known": known,
            "jobs": jobs, "seed": seed, "expected_us": expected,
        }),
        TestEvent::Started { project, test, repetition, attempt, at } => json!({
            "event": "test-started", "project": project, "test": test, "repetition": repetition, "attempt": attempt, "at": at,
        }),
        TestEvent::Retried { project, test, repetition, failed } => json!({
            "event": "test-retried", "project": project, "test": test, "repetition": repetition, "failed": one_try(failed),
        }),
        TestEvent::Ended(record) => ended(record),
        TestEvent::Stopping { running } => json!({ "event": "test-stopping", "running": running }),
        TestEvent::RunEnded { end, counts, took } => {
            json!({ "event": "test-run-ended", "end": end, "counts": number(counts), "took_us": took })
        }
    }
}

fn ended(record: &TestRecord) -> Value {
    let TestInfo { project, suites, name, case, tags, facets, file, line, timeout } = &record.test;
    json!({
        "event": "test-ended", "project": project, "test": record.test.path(), "repetition": record.repetition,
        "suites": suites, "name": name, "case": case, "tags": tags, "facets": facets, "file": file, "line": line,
        "timeout_ms": timeout, "outcome": record.outcome, "slow": record.slow, "took_us": record.took(),
        "tries": record.tries.iter().map(one_try).collect::<Vec<_>>(),
    })
}

fn one_try(one: &Try) -> Value {
    let Try { number, at, took, outcome, phases, failures, leaks, properties } = one;
    let properties: Vec<Value> =
        properties.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "attempt": number, "at": at, "took_us": took, "outcome": outcome,
        "phases": phases.iter().map(phase).collect::<Vec<_>>(),
        "failures": failures.iter().map(failure).collect::<Vec<_>>(),
        "leaks": leaks.iter().map(leak).collect::<Vec<_>>(), "properties": properties,
    })
}

fn phase(phase: &Phase) -> Value {
    let Phase { kind, title, at, took, output, failure: why } = phase;
    json!({
        "kind": kind, "title": title, "at": at, "took_us": took,
        "output": output.iter().map(line).collect::<Vec<_>>(), "failure": why.as_ref().map(failure),
    })
}

fn line(line: &OutputLine) -> Value {
    let OutputLine { source, level, text } = line;
    let level = (!level.is_empty()).then_some(level);
    json!({ "source": source, "level": level, "text": text })
}

fn failure(failure: &TestFailure) -> Value {
    let TestFailure { kind, message, rendered, coloured: _, file, line, column } = failure;
    let place = (!file.is_empty()).then(|| json!({ "file": file, "line": line, "column": column }));
    json!({ "kind": kind, "message": message, "rendered": rendered, "place": place })
}

fn leak(leak: &Leak) -> Value {
    let (kind, what) = words::leak_parts(leak);
    json!({ "kind": kind, "what": what })
}

fn number(counts: &TestCounts) -> Value {
    let TestCounts { passed, flaky, failed, timed_out, crashed, not_run, slow, leaking } = counts;
    json!({
        "passed": passed, "flaky": flaky, "failed": failed, "timed_out": timed_out, "crashed": crashed,
        "not_run": not_run, "slow": slow, "leaking": leaking,
    })
}

#[cfg(test)]
mod tests {
    use super::{TestJson, test_to_json};
    use crate::suites::sample;
    use crate::testing::Paper;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn a_line_for_each_event_that_the_schema_allows() {
        let paper = Paper::default();
        let events = sample::events();
        sample::tell(&mut TestJson::new(Box::new(paper.clone())), &events);
        let text = paper.text();
        assert_eq!(text.lines().count(), events.len());
        let schema: Value = serde_json::from_str(thinking_schema::TEST_EVENTS).expect("the schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let mut kinds: BTreeSet<String> = schema["oneOf"]
            .as_array()
            .expect("kinds")
            .iter()
            .map(|kind| kind["title"].as_str().expect("a title").to_owned())
            .collect();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let mistakes: Vec<String> = validator.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(mistakes.is_empty(), "{line}\n{mistakes:?}");
            kinds.remove(line["event"].as_str().expect("a name"));
            // What the schema does not know is not written either.
            let mut other = line.clone();
            other["event"] = "test-other".into();
            assert!(!validator.is_valid(&other));
        }
        assert!(kinds.is_empty(), "kinds that are in the schema only: {kinds:?}");
    }

    /// Each field of what is written is described, at every depth.
    #[test]
    fn no_field_is_missing_in_the_schema() {
        let mut schema: Value = serde_json::from_str(thinking_schema::TEST_EVENTS).expect("the schema is JSON");
        close(&mut schema);
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        for event in sample::events() {
            let line = test_to_json(&event);
            assert!(validator.is_valid(&line), "{line}");
        }
    }

    fn close(schema: &mut Value) {
        match schema {
            Value::Object(map) => {
                map.values_mut().for_each(close);
                if map.contains_key("properties") && map.get("type").is_some() {
                    map.insert("additionalProperties".to_owned(), false.into());
                }
            }
            Value::Array(list) => list.iter_mut().for_each(close),
            _ => {}
        }
    }

    #[test]
    fn a_file_begins_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/events.jsonl");
        for _ in 0..2 {
            sample::tell(&mut TestJson::create(&path).expect("a file"), &sample::events());
        }
        assert_eq!(std::fs::read_to_string(path).expect("there").lines().count(), sample::events().len());
        assert!(TestJson::create(folder.path()).is_err(), "a folder is no file");
    }

    #[test]
    fn one_failed_test() {
        let events = sample::events();
        let failed = events.iter().map(test_to_json).find(|line| line["outcome"] == "failed").expect("one failed");
        let text = serde_json::to_string_pretty(&failed).expect("JSON");
        insta::assert_snapshot!(text);
    }
}
