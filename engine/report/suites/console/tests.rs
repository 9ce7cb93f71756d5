use super::frame::{Picture, Running, frame};
use super::{ShowOutput, ShowTests, TestConsole, TestConsoleOptions, TestLive};
use crate::live::text::width;
use crate::marks::Marks;
use crate::suites::sample;
use crate::testing::Paper;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use thinking_diagnostic::Style;
use thinking_event::testing::{Outcome, TestEvent, TestRecord, TestReporter};

fn options() -> TestConsoleOptions {
    TestConsoleOptions {
        reports: vec!["target/report/index.html".to_owned(), "target/report/junit.xml".to_owned()],
        again_command: "thinking test --last-failed".to_owned(),
        ..TestConsoleOptions::default()
    }
}

fn told(options: TestConsoleOptions, events: &[TestEvent]) -> String {
    let paper = Paper::default();
    sample::tell(&mut TestConsole::new(Box::new(paper.clone()), options), events);
    paper.text()
}

/// Without what is said of each test.
fn summary(options: TestConsoleOptions, records: Vec<TestRecord>) -> String {
    let events: Vec<TestEvent> =
        sample::run(records).into_iter().filter(|event| !matches!(event, TestEvent::Stopping { .. })).collect();
    let text = told(options, &events);
    let at = ["done: ", "failed: ", "stopped: "].iter().filter_map(|word| text.rfind(&format!("\n{word}"))).max();
    text[at.expect("a summary") + 1..].to_owned()
}

#[test]
fn failures_in_full_and_a_summary() {
    insta::assert_snapshot!(told(options(), &sample::events()));
}

#[test]
fn every_test_and_its_output() {
    let all = TestConsoleOptions { show: ShowTests::All, output: ShowOutput::All, projects: true, ..options() };
    let events: Vec<TestEvent> = sample::events().into_iter().take(8).collect();
    insta::assert_snapshot!(told(all, &events));
}

#[test]
fn no_output_and_little_else() {
    let quiet = TestConsoleOptions { quiet: true, output: ShowOutput::Never, ..options() };
    let text = told(quiet.clone(), &sample::events());
    assert!(!text.contains("output of") && !text.contains("trying again") && text.contains("expected 2, got 3"));
    assert_eq!(told(quiet, &sample::run(vec![sample::passed(&["a"], "b", 1)])[..3]), "");
}

#[test]
fn colours() {
    let colored = Style { color: true, unicode: false, width: 80 };
    let events: Vec<TestEvent> =
        sample::events().into_iter().filter(|event| is_of(event, Outcome::Failed)).take(1).collect();
    let text = told(TestConsoleOptions { style: colored, ..options() }, &events);
    insta::assert_snapshot!(text.replace('\u{1b}', "ESC"));
}

fn is_of(event: &TestEvent, outcome: Outcome) -> bool {
    matches!(event, TestEvent::Ended(record) if record.outcome == outcome)
}

#[test]
fn nothing_steers_the_terminal() {
    for color in [false, true] {
        let style = Style { color, ..Style::default() };
        let all = TestConsoleOptions { style, show: ShowTests::All, output: ShowOutput::All, ..options() };
        let text = told(all, &sample::events());
        let steers = |part: &str| !part.starts_with('[') || part.trim_start_matches(|c: char| c != 'm').is_empty();
        assert!(!text.contains(['\u{7}', '\0', '\r', '\u{202e}', '\u{9b}']));
        assert!(!text.split('\u{1b}').skip(1).any(steers), "{color}");
        assert!(color || !text.contains('\u{1b}'));
    }
}

#[test]
fn what_a_summary_says() {
    let passed = || sample::passed(&["a"], "b", 1_000);
    let flaky = || sample::records().into_iter().find(|record| record.outcome == Outcome::Flaky).expect("one");
    let failed = || sample::records().remove(2);
    let cases = [
        vec![passed()],
        vec![passed(), flaky()],
        vec![passed(), sample::records().remove(11)],
        vec![passed(), failed()],
    ];
    let shown: Vec<String> = cases.map(|records| summary(options(), records)).into();
    insta::assert_snapshot!(shown.join("\n"));
}

/// The longest summary that there can be.
fn many() -> Vec<TestRecord> {
    let mut records = Vec::new();
    for number in 0..1000 {
        for mut record in sample::records() {
            record.test.name.push_str(&format!(" {number}"));
            records.push(record);
        }
    }
    records
}

#[test]
fn a_summary_fits_on_a_screen() {
    let mut options = options();
    options.reports.extend(["a.lcov", "b", "c"].map(str::to_owned));
    options.style.width = 80;
    let text = summary(options, many());
    assert!(text.lines().count() < 24, "{text}");
    assert!(text.lines().all(|line| width(line) <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_narrow_summary_has_no_line_that_breaks() {
    let records: Vec<TestRecord> = many().into_iter().take(120).collect();
    for columns in 0..5 {
        let style = Style { width: columns, ..Style::default() };
        assert!(told(TestConsoleOptions { style, ..options() }, &sample::events()).contains("table[2]"));
    }
    for columns in [20, 27, 40, 61] {
        let mut options = options();
        options.style.width = columns;
        let text = summary(options, records.clone());
        // Paths and commands are copied, so they stay in one piece.
        let longer = |line: &&str| width(line) > columns && !line.contains("target/");
        assert_eq!(text.lines().find(longer), None, "{text}");
    }
}

fn picture() -> Picture {
    let running = |name: &str, attempt, at| Running { name: name.to_owned(), attempt, at };
    Picture {
        title: "run 20261120-150432-cd23  12 of 40 tests".to_owned(),
        total: 12,
        done: 5,
        failed: 2,
        flaky: 1,
        retried: 3,
        expected: Some(61_000_000),
        running: vec![
            running("net/slow/waits for ever", 1, 0),
            running("net/get", 2, 11_800),
            running("tokenizer/天気 reads a rather long book to its end", 1, 12_000),
        ],
        stopping: false,
        over: false,
    }
}

fn painted(picture: &Picture, columns: usize, lines: usize) -> String {
    let lines_of = frame(picture, columns, lines, 21_000_000, 13_400, &Marks::new(Style::default()));
    assert!(lines_of.len() <= lines && lines_of.iter().all(|line| line.width <= columns));
    lines_of.into_iter().map(|line| line.text + "\n").collect()
}

#[test]
fn pictures() {
    insta::assert_snapshot!(painted(&picture(), 79, 23));
    insta::assert_snapshot!(painted(&picture(), 20, 4));
    for lines in 0..8 {
        for columns in 0..90 {
            painted(&picture(), columns, lines);
        }
    }
    assert_eq!(painted(&Picture { over: true, ..picture() }, 79, 23), "");
    let late = Picture { expected: Some(20_000_000), stopping: true, ..picture() };
    assert!(!painted(&late, 79, 23).contains("left") && painted(&late, 79, 23).contains("stopping"));
}

/// A terminal that keeps what is written, until it is closed.
#[derive(Clone)]
struct Window(Arc<Mutex<(String, bool)>>);

impl crate::Terminal for Window {
    fn size(&self) -> Option<(u16, u16)> {
        Some((60, 24))
    }
    fn foreground(&self) -> bool {
        true
    }
    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.1 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.0.push_str(text);
        Ok(())
    }
}

#[test]
fn the_live_picture_goes_and_the_text_stays() {
    let window = Window(Arc::default());
    let mut live = TestLive::new(Box::new(window.clone()), options(), Arc::new(AtomicBool::new(false)), true);
    let events = sample::events();
    let (last, before) = events.split_last().expect("events");
    before.iter().for_each(|event| live.event(event));
    live.tick();
    live.event(last);
    live.finish().expect("painted");
    let written = window.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
    // What a terminal shows of it in the end.
    let size = |number| std::num::NonZeroU16::new(number).expect("a size");
    let mut screen = vt100::Parser::new(size(400), size(60), 0);
    screen.process(written.as_bytes());
    let shown: Vec<String> = screen.screen().rows(0, 60).collect();
    let shown = shown.join("\n");
    let shown = shown.trim_end();
    assert!(written.contains("~20s left"), "the picture was there");
    assert!(!shown.contains("left\n") && !shown.contains("━"), "and is gone: {shown}");
    assert!(shown.starts_with("run 20261120-150432-cd23  12 of 40 tests, 2 at once"), "{shown}");
    insta::assert_snapshot!(&shown[shown.rfind("\nstopped: ").expect("a summary") + 1..]);
}

#[test]
fn a_closed_terminal_is_no_failure() {
    let window = Window(Arc::new(Mutex::new((String::new(), true))));
    let mut live = TestLive::new(Box::new(window), options(), Arc::new(AtomicBool::new(false)), true);
    sample::tell(&mut live, &sample::events());
}

/// A title with quotation marks needs no others; a snapshot that was written compared nothing, which is told.
#[test]
fn quotations_and_snapshots() {
    let mut events: Vec<TestEvent> =
        sample::events().into_iter().filter(|event| is_of(event, Outcome::Failed)).collect();
    events.truncate(1);
    if let TestEvent::Ended(record) = &mut events[0] {
        let one = record.tries.last_mut().expect("a try");
        one.properties.push(("snapshot.written".to_owned(), "a b".to_owned()));
        one.phases.iter_mut().for_each(|phase| phase.title = "\"a b\" is split".to_owned());
    }
    events.extend(sample::events().into_iter().filter(|event| matches!(event, TestEvent::RunEnded { .. })));
    let text = told(options(), &events);
    assert!(text.contains("when \"a b\" is split\n"), "{text}");
    assert!(text.contains("\n  ▸ 1 snapshot written; look at what is in it\n"), "{text}");
}
