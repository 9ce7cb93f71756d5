#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::Record;
use thinking_diagnostic::{SourceMap, Style, render};
use thinking_event::testing::{Outcome, TestInfo, TestRecord, Try};

fn test(name: &str) -> TestInfo {
    TestInfo { project: "p".to_owned(), suites: vec!["s".to_owned()], name: name.to_owned(), ..TestInfo::default() }
}

/// One test that ran, with its tries.
fn ran(name: &str, tries: &[(Outcome, u64)]) -> TestRecord {
    let one = |(outcome, took): &(Outcome, u64)| {
        let (phases, failures, leaks, properties) = Default::default();
        Try { number: 1, at: 0, took: *took, outcome: *outcome, phases, failures, leaks, properties }
    };
    let outcome = match tries {
        [.., (Outcome::Passed, _)] if tries.len() > 1 => Outcome::Flaky,
        [.., (last, _)] => *last,
        [] => Outcome::NotRun,
    };
    TestRecord { test: test(name), repetition: 1, outcome, tries: tries.iter().map(one).collect(), slow: false }
}

#[test]
fn durations_are_smoothed() {
    let (mut record, known) = (Record::default(), [test("a")]);
    let mut after = |one: TestRecord| {
        record.update("p", &known, &[one]);
        (record.took("s/a"), record.outcome("s/a"))
    };
    use Outcome::{Failed, Flaky, Passed};
    // A failure is better than nothing.
    assert_eq!(after(ran("a", &[(Failed, 900)])), (Some(900), Some(Failed)));
    assert_eq!(after(ran("a", &[(Passed, 1200)])), (Some(1000), Some(Passed)));
    assert_eq!(after(ran("a", &[(Failed, 10)])), (Some(1000), Some(Failed)));
    assert_eq!(after(ran("a", &[(Failed, 10), (Passed, 400)])), (Some(800), Some(Flaky)));
    assert_eq!(after(ran("a", &[])), (Some(800), Some(Flaky)));
}

#[test]
fn one_bad_repetition_is_remembered() {
    let (mut record, known) = (Record::default(), [test("a"), test("b")]);
    let runs = [Outcome::Passed, Outcome::Crashed, Outcome::Passed].map(|outcome| ran("a", &[(outcome, 10)]));
    record.update("p", &known, &runs);
    assert_eq!(record.outcome("s/a"), Some(Outcome::Crashed));
    assert_eq!(record.outcome("s/b"), None);
    record.update("p", &known, &[ran("a", &[(Outcome::Passed, 10)])]);
    assert_eq!(record.outcome("s/a"), Some(Outcome::Passed));
    // Those of another project are its own.
    record.update("q", &[], &[ran("b", &[(Outcome::Passed, 10)])]);
    assert_eq!(record.outcome("s/b"), None);
}

#[test]
fn what_is_gone_is_forgotten_after_a_while() {
    let mut record = Record::default();
    record.update(
        "p",
        &[test("a"), test("b")],
        &[ran("a", &[(Outcome::Passed, 10)]), ran("b", &[(Outcome::Passed, 20)])],
    );
    for _ in 0..19 {
        record.update("p", &[test("b")], &[]);
    }
    // It comes back, and the count begins anew.
    assert_eq!(record.took("s/a"), Some(10));
    record.update("p", &[test("a"), test("b")], &[]);
    for _ in 0..19 {
        record.update("p", &[test("b")], &[]);
    }
    assert_eq!(record.took("s/a"), Some(10));
    record.update("p", &[test("b")], &[]);
    assert_eq!((record.took("s/a"), record.took("s/b")), (None, Some(20)));
}

#[test]
fn written_and_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = Record::file(&directory.path().join("state"));
    assert_eq!(Record::load(&file), (Record::default(), None));
    let mut record = Record::default();
    record.update("p", &[test("a \"b\"\n")], &[ran("a \"b\"\n", &[(Outcome::TimedOut, 7)])]);
    record.write(&file).unwrap();
    assert_eq!(Record::load(&file), (record.clone(), None));
    insta::assert_snapshot!(std::fs::read_to_string(&file).unwrap(), @r#"
    {"version":1,"tests":{"s/a \"b\"\n":{"outcome":"timed-out","took":7}}}
    "#);
    // Again, over the old one; and nothing else lies there.
    record.write(&file).unwrap();
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn damage_is_as_if_there_were_none() {
    let directory = tempfile::tempdir().unwrap();
    let file = Record::file(directory.path());
    let mut all = String::new();
    let cases: [&[u8]; 5] = [
        b"",
        b"{\"version\":1,\"tests\":{\"a\":",
        b"{\"version\":2,\"tests\":[]}",
        b"{\"version\":1,\"tests\":{\"a\":{}}}",
        b"\xff\xfe",
    ];
    for bytes in cases {
        std::fs::write(&file, bytes).unwrap();
        let (record, warning) = Record::load(&file);
        assert_eq!(record, Record::default());
        let style = Style { width: 400, ..Style::default() };
        all.push_str(&render(&warning.unwrap(), &SourceMap::new(), style));
    }
    insta::assert_snapshot!(all.replace(&file.display().to_string(), "tests.json"), @"
    thinking::state

      ⚠ what tests.json says of earlier test runs cannot be used: it is damaged (EOF while parsing a value at line 1 column 0)
      help: durations and --last-failed begin anew; the file is replaced when the tests have run
    thinking::state

      ⚠ what tests.json says of earlier test runs cannot be used: it is damaged (EOF while parsing a value at line 1 column 26)
      help: durations and --last-failed begin anew; the file is replaced when the tests have run
    thinking::state

      ⚠ what tests.json says of earlier test runs cannot be used: its format is 2, this program reads 1
      help: durations and --last-failed begin anew; the file is replaced when the tests have run
    thinking::state

      ⚠ what tests.json says of earlier test runs cannot be used: it is damaged (missing field `outcome`)
      help: durations and --last-failed begin anew; the file is replaced when the tests have run
    thinking::state

      ⚠ what tests.json says of earlier test runs cannot be used: it is damaged (expected value at line 1 column 1)
      help: durations and --last-failed begin anew; the file is replaced when the tests have run
    ");
    // A directory in its place.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(Record::load(&file).1.is_some() && Record::default().write(&file).is_err());
}
