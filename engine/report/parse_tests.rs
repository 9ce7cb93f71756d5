#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::{LogLine, level_of, parse_line};
use crate::TracingReporter;
use crate::testing::{Paper, task};
use proptest::prelude::*;
use std::sync::Arc;
use thinking_event::{Counts, Event, Reporter, RunEnd, TaskRef};
use thinking_step::{ErrorKind, LogLevel, StepError};
use tracing_subscriber::Registry;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

/// The log of these events, written as runs write it.
fn log(events: &[Event]) -> String {
    let paper = Paper::default();
    let writer = paper.clone();
    let layer = fmt::layer().json().flatten_event(true).with_writer(move || writer.clone());
    tracing::subscriber::with_default(Registry::default().with(layer), || {
        let reporter = TracingReporter::new();
        events.iter().for_each(|event| reporter.event(event));
    });
    paper.text()
}

/// The time of a line is in its timestamp, which is not the test's.
fn without_time(event: Event) -> Event {
    match event {
        Event::StepStarted { task, attempt, .. } => Event::StepStarted { task, attempt, at: 0 },
        other => other,
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "\\PC{0,20}",
        Just("two\nlines\t\u{1b}[31m\"quoted\" \\".to_owned()),
        Just("event".to_owned())
    ]
}

fn words() -> impl Strategy<Value = Vec<String>> {
    // One empty line alone cannot be told from none.
    proptest::collection::vec("[a-z =]{1,12}", 0..3)
}

fn tasks() -> impl Strategy<Value = TaskRef> {
    text().prop_map(|path| task(&path))
}

fn errors() -> impl Strategy<Value = StepError> {
    let kinds = prop_oneof![
        Just(ErrorKind::Timeout),
        Just(ErrorKind::Http),
        Just(ErrorKind::Exec),
        Just(ErrorKind::Script),
        Just(ErrorKind::Native),
        Just(ErrorKind::Conflict),
        Just(ErrorKind::Permission),
        Just(ErrorKind::Store),
        Just(ErrorKind::Cancelled),
    ];
    (kinds, text(), words(), proptest::option::of(text())).prop_map(|(kind, message, details, help)| {
        let mut error = StepError::new(kind, message).details(details);
        error.help = help;
        error
    })
}

fn ends() -> impl Strategy<Value = RunEnd> {
    prop_oneof![
        Just(RunEnd::Done),
        Just(RunEnd::Unchanged),
        Just(RunEnd::Interrupted),
        (tasks(), errors()).prop_map(|(task, error)| RunEnd::Failed { task, error }),
        text().prop_map(|path| RunEnd::Stopped { path }),
        (text(), proptest::option::of(text()), any::<bool>())
            .prop_map(|(message, help, unusable)| RunEnd::StoreFailed { message, help, unusable }),
    ]
}

fn levels() -> impl Strategy<Value = LogLevel> {
    prop_oneof![
        Just(LogLevel::Trace),
        Just(LogLevel::Debug),
        Just(LogLevel::Info),
        Just(LogLevel::Warn),
        Just(LogLevel::Error)
    ]
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        (text(), text(), any::<i64>(), any::<bool>(), words(), text()).prop_map(
            |(run, pipeline, at, resumed, remembered, directory)| Event::RunStarted {
                run: run.into(),
                pipeline: pipeline.into(),
                at,
                resumed,
                remembered,
                directory
            }
        ),
        (tasks(), text(), any::<u64>(), proptest::collection::vec(("[a-z-]{1,8}", any::<u64>()), 0..3)).prop_map(
            |(task, reason, dropped, others)| Event::Rerun {
                task,
                reason,
                span: None,
                dropped,
                others: others.into_iter().map(|(name, count)| (Arc::from(name), count)).collect()
            }
        ),
        (tasks(), any::<Option<u64>>(), any::<u64>()).prop_map(|(task, iterations, passed)| Event::ContainerStarted {
            task,
            iterations,
            passed
        }),
        (tasks(), any::<i64>(), any::<Option<i64>>(), any::<bool>())
            .prop_map(|(task, at, until, condition)| Event::Waiting { task, at, until, condition }),
        (tasks(), any::<u64>()).prop_map(|(task, took)| Event::ContainerEnded { task, took }),
        (tasks(), any::<u32>()).prop_map(|(task, attempt)| Event::StepStarted { task, attempt, at: 0 }),
        (tasks(), any::<u32>(), any::<u64>()).prop_map(|(task, attempt, took)| Event::StepDone { task, attempt, took }),
        (tasks(), any::<u64>()).prop_map(|(task, count)| Event::StepsKept { task, count }),
        tasks().prop_map(|task| Event::TaskSkipped { task }),
        (tasks(), any::<u32>(), errors(), any::<u64>())
            .prop_map(|(task, attempt, error, pause)| Event::AttemptFailed { task, attempt, error, pause }),
        (tasks(), any::<u32>(), errors(), any::<bool>()).prop_map(|(task, attempts, error, passed_over)| {
            Event::TaskFailed { task, attempts, error, passed_over }
        }),
        (tasks(), any::<bool>(), text()).prop_map(|(task, stderr, line)| Event::Output { task, stderr, line }),
        (tasks(), levels(), text()).prop_map(|(task, level, message)| Event::Log { task, level, message }),
        any::<u64>().prop_map(|running| Event::Stopping { running }),
        (tasks(), any::<u64>(), proptest::option::of(errors())).prop_map(|(task, took, error)| Event::HookEnded {
            task,
            target: "startup".into(),
            took,
            passed_over: error.is_some(),
            error,
        }),
        (ends(), any::<[u32; 5]>(), any::<u64>()).prop_map(|(end, counts, took)| {
            let [done, kept, skipped, failed, retried] = counts.map(u64::from);
            Event::RunEnded { run: "r".into(), end, counts: Counts { done, kept, skipped, failed, retried }, took }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_come_back_from_the_log(event in events()) {
        let start = Event::RunStarted {
            run: "r".into(), pipeline: "p".into(), at: 1, resumed: false, remembered: Vec::new(), directory: String::new(),
        };
        let text = log(&[start, event.clone()]);
        let lines: Vec<&str> = text.lines().collect();
        prop_assert_eq!(lines.len(), 2);
        let line = parse_line(lines[1]);
        let expected = without_time(event.clone());
        let LogLine { level, event: found, .. } = line.ok_or_else(|| TestCaseError::fail(lines[1].to_owned()))?;
        prop_assert_eq!(without_time(found), expected);
        prop_assert_eq!(level, level_of(&event));
    }

    #[test]
    fn any_beginning_of_a_line_is_none(event in events(), cut in 0.0..1.0f64) {
        let text = log(&[event]);
        let mut at = (text.trim_end().len() as f64 * cut) as usize;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        prop_assert_eq!(parse_line(&text[..at]), None);
    }

    #[test]
    fn any_text_is_read_without_a_panic(line in "\\PC{0,80}") {
        let _ = parse_line(&line);
    }
}

#[test]
fn lines_of_others_are_none() {
    for line in [
        "",
        "{}",
        "[1]",
        r#"{"timestamp":"2026-11-20T10:00:00Z","level":"INFO","target":"heed","message":"x"}"#,
        r#"{"timestamp":"2026-11-20T10:00:00Z","level":"INFO","target":"thinking::run","event":"of-tomorrow","run":"r"}"#,
        r#"{"timestamp":"2026-11-20T10:00:00Z","level":"INFO","target":"thinking::run","event":"step-done","run":"r"}"#,
        r#"{"timestamp":"2026-11-20T10:00:00Z","level":"LOUD","target":"thinking::script","task":"a","message":"x"}"#,
    ] {
        assert_eq!(parse_line(line), None, "{line}");
    }
}

#[test]
fn lines_of_earlier_versions_are_read() {
    let line = r#"{"timestamp":"2026-11-20T10:00:00.5Z","level":"INFO","event":"run-started","run":"r","pipeline":"p","resumed":true,"remembered":"-p a=1 -p b=2","directory":"d","target":"thinking::run"}"#;
    let read = parse_line(line).unwrap();
    let Event::RunStarted { at, remembered, .. } = read.event else { panic!("{read:?}") };
    assert_eq!((at, remembered.join(" ").as_str()), (1_795_168_800_500, "-p a=1 -p b=2"));
}
