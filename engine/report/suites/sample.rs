//! One test run that has everything, for the tests of all reports.

use thinking_event::testing::{
    Leak, Outcome, OutputLine, OutputSource, Phase, PhaseKind, TestCounts, TestEvent, TestFailure, TestInfo,
    TestRecord, TestReporter, TestRunEnd, Try,
};

/// When it began: 2026-11-20 15:04:32 UTC.
pub(crate) const BEGAN: i64 = 1_795_187_072_000;

pub(crate) fn info(suites: &[&str], name: &str) -> TestInfo {
    TestInfo {
        project: "pipeline.kdl".to_owned(),
        suites: suites.iter().map(|suite| (*suite).to_owned()).collect(),
        name: name.to_owned(),
        file: "tests/words.kdl".to_owned(),
        line: 12,
        ..TestInfo::default()
    }
}

pub(crate) fn out(source: OutputSource, level: &str, text: &str) -> OutputLine {
    OutputLine { source, level: level.to_owned(), text: text.to_owned() }
}

pub(crate) fn phase(kind: PhaseKind, title: &str) -> Phase {
    Phase { kind, title: title.to_owned(), at: BEGAN, took: 400, output: Vec::new(), failure: None }
}

pub(crate) fn failure(kind: &str, message: &str) -> TestFailure {
    TestFailure { kind: kind.to_owned(), message: message.to_owned(), ..TestFailure::default() }
}

pub(crate) fn attempt(number: u32, took: u64, outcome: Outcome, phases: Vec<Phase>) -> Try {
    Try { number, at: BEGAN, took, outcome, phases, failures: Vec::new(), leaks: Vec::new(), properties: Vec::new() }
}

pub(crate) fn record(test: TestInfo, outcome: Outcome, tries: Vec<Try>) -> TestRecord {
    TestRecord { test, repetition: 1, outcome, tries, slow: false }
}

pub(crate) fn passed(suites: &[&str], name: &str, took: u64) -> TestRecord {
    let tries = vec![attempt(1, took, Outcome::Passed, vec![phase(PhaseKind::Body, "")])];
    record(info(suites, name), Outcome::Passed, tries)
}

/// A failed `then`, with its place underlined.
fn assertion() -> TestRecord {
    let mut given = phase(PhaseKind::Given, "a text");
    given.output = vec![out(OutputSource::Log, "info", "the text has 3 letters")];
    let mut when = phase(PhaseKind::When, "it is split");
    when.output = vec![
        out(OutputSource::Stdout, "", "\u{1b}[32mloaded\u{1b}[0m 10%\r100%"),
        out(OutputSource::Stderr, "", "no model: token=***"),
        out(OutputSource::Log, "warn", "this is slow"),
    ];
    let mut then = phase(PhaseKind::Then, "has 2 words");
    then.failure = Some(TestFailure {
        kind: "assertion".to_owned(),
        message: "expected 2, got 3".to_owned(),
        rendered: "  × expected 2, got 3\n    ╭─[tests/words.kdl:15:30]\n 15 │ assert_eq(parts.len(), n)\n    · ──────┬──────\n    ·       ╰── here\n    ╰────\n  - 2\n  + 3\n".to_owned(),
        coloured: "  \u{1b}[31m×\u{1b}[0m expected 2, got 3\n    ╭─[tests/words.kdl:15:30]\n 15 │ assert_eq(parts.len(), n)\n  \u{1b}[31m- 2\u{1b}[0m\n  \u{1b}[32m+ 3\u{1b}[0m\u{1b}[2J\n".to_owned(),
        file: "tests/words.kdl".to_owned(),
        line: 15,
        column: 30,
    });
    let mut test = info(&["tokenizer"], "table[2]");
    test.case = Some("text=\"a b\" n=2".to_owned());
    test.tags = vec!["unit".to_owned(), "net".to_owned()];
    test.facets = vec!["gpu".to_owned()];
    record(test, Outcome::Failed, vec![attempt(1, 12_345, Outcome::Failed, vec![given, when, then])])
}

fn timeout() -> TestRecord {
    let mut one = attempt(1, 5_000_000, Outcome::TimedOut, vec![phase(PhaseKind::Run, "train")]);
    one.failures = vec![failure("timeout", "it took longer than 5s, the time that a test may take")];
    let mut test = info(&["net", "slow"], "waits for ever");
    test.timeout = Some(5000);
    let mut record = record(test, Outcome::TimedOut, vec![one]);
    record.slow = true;
    record
}

fn crash() -> TestRecord {
    let mut body = phase(PhaseKind::Body, "");
    body.output = vec![out(OutputSource::Stderr, "", "stack overflow ]]> </script><b>&amp;")];
    let mut one = attempt(1, 80_000, Outcome::Crashed, vec![body]);
    let mut why = failure("crash", "its process was ended by signal 6 (SIGABRT)");
    why.rendered = format!("{}\nits last lines on standard error:\n  - stack overflow", why.message);
    one.failures = vec![why];
    record(info(&["native"], "overflows"), Outcome::Crashed, vec![one])
}

/// A first try that failed.
pub(crate) fn first_try() -> Try {
    let mut body = phase(PhaseKind::Body, "");
    body.failure = Some(failure("http", "connection refused\nby 127.0.0.1"));
    attempt(1, 30_000, Outcome::Failed, vec![body])
}

fn flaky() -> TestRecord {
    let second = attempt(2, 40_000, Outcome::Passed, vec![phase(PhaseKind::Body, "")]);
    record(info(&["net"], "get"), Outcome::Flaky, vec![first_try(), second])
}

fn leaking() -> TestRecord {
    let mut record = passed(&["native"], "starts a server", 60_000);
    record.tries[0].leaks = vec![Leak::Process("4711 sleep 100".to_owned()), Leak::File("/tmp/left <over>".to_owned())];
    record
}

/// A setup and then a teardown that failed too; a property with a seed.
fn setup() -> TestRecord {
    let mut setup = phase(PhaseKind::Setup, "");
    setup.failure = Some(failure("script", "no table `words`"));
    let mut teardown = phase(PhaseKind::Teardown, "");
    teardown.failure = Some(failure("script", "`fixture` is ()"));
    let mut one = attempt(1, 2_000, Outcome::Failed, vec![setup, teardown]);
    one.properties = vec![("seed".to_owned(), "42".to_owned()), ("case".to_owned(), "x=-1, text=\"\"".to_owned())];
    record(info(&["db"], "has words"), Outcome::Failed, vec![one])
}

fn teardown() -> TestRecord {
    let mut teardown = phase(PhaseKind::Teardown, "");
    teardown.failure = Some(failure("script", "the folder is not empty"));
    let phases = vec![phase(PhaseKind::Body, ""), teardown];
    record(info(&["db"], "cleans up"), Outcome::Failed, vec![attempt(1, 3_000, Outcome::Failed, phases)])
}

/// Names and texts that are hard to show.
fn strange() -> TestRecord {
    let mut body = phase(PhaseKind::Body, "");
    let mut why = failure("assertion", "\u{1b}[2J\u{202e}zwölf & <十二> \"]]>\"\0\u{fffe}");
    why.rendered = "zwölf & <十二> ]]>\n\u{1b}]0;title\u{7}second\u{1}".to_owned();
    body.failure = Some(why);
    let mut test = info(&["ünïcode.v2 & <b>"], "天気 \"予報\"\n</script><script>alert(1)</script>");
    test.tags = vec!["a,b".to_owned()];
    test.file = "tests/a b,c:d%.kdl".to_owned();
    record(test, Outcome::Failed, vec![attempt(1, 1_000, Outcome::Failed, vec![body])])
}

/// All tests that ended, in order.
pub(crate) fn records() -> Vec<TestRecord> {
    let mut slow = passed(&["tokenizer"], "reads a book", 12_300_000);
    slow.slow = true;
    let mut logs = passed(&["tokenizer"], "splits on spaces", 812);
    logs.test.tags = vec!["unit".to_owned()];
    logs.tries[0].phases[0].output = vec![out(OutputSource::Log, "debug", "2 words")];
    let mut again = passed(&["tokenizer"], "splits on spaces", 790);
    again.repetition = 2;
    vec![
        logs,
        again,
        assertion(),
        slow,
        timeout(),
        crash(),
        flaky(),
        leaking(),
        setup(),
        teardown(),
        strange(),
        record(info(&[], "never begun"), Outcome::NotRun, Vec::new()),
    ]
}

fn started(record: &TestRecord, number: u32) -> TestEvent {
    TestEvent::Started {
        project: record.test.project.clone(),
        test: record.test.path(),
        repetition: record.repetition,
        attempt: number,
        at: BEGAN,
    }
}

/// The whole run of such tests.
pub(crate) fn run(records: Vec<TestRecord>) -> Vec<TestEvent> {
    let mut events = vec![TestEvent::RunStarted {
        run: "20261120-150432-cd23".to_owned(),
        at: BEGAN,
        directory: ".thinking/tests/20261120-150432-cd23".to_owned(),
        tests: records.len(),
        known: records.len() + 28,
        jobs: 2,
        seed: Some(7),
        expected: Some(20_000_000),
    }];
    let mut counts = TestCounts::default();
    for record in records {
        counts.add(&record);
        for one in &record.tries {
            events.push(started(&record, one.number));
            if one.number < record.last().map_or(0, |last| last.number) {
                events.push(TestEvent::Retried {
                    project: record.test.project.clone(),
                    test: record.test.path(),
                    repetition: record.repetition,
                    failed: Box::new(one.clone()),
                });
            }
        }
        events.push(TestEvent::Ended(Box::new(record)));
    }
    events.push(TestEvent::Stopping { running: 1 });
    let end = if counts.not_run > 0 { TestRunEnd::Interrupted } else { TestRunEnd::Finished };
    events.push(TestEvent::RunEnded { end, counts, took: 17_540_000 });
    events
}

/// Everything.
pub(crate) fn events() -> Vec<TestEvent> {
    run(records())
}

/// Tells a reporter all of them.
pub(crate) fn tell(reporter: &mut dyn TestReporter, events: &[TestEvent]) {
    events.iter().for_each(|event| reporter.event(event));
    reporter.finish().expect("it can be written");
}
