//! Flags together, and what is said when nothing is left.

use super::{TESTS, letters, shown, tests};
use crate::record::{Record, Records};
use crate::select::{Dialect, Filter, Selection, Shard, select};
use thinking_diagnostic::SourceMap;
use thinking_event::testing::{Outcome, TestInfo, TestRecord, Try};

/// Flags with their values.
type Flags<'a> = &'a [(&'a str, &'a str)];

/// What is selected by these flags, of tests of which some failed.
fn selected(flags: Flags, failed: &str) -> String {
    let (tests, mut sources) = (tests(), SourceMap::new());
    let mut selection = Selection::default();
    for (flag, value) in flags {
        match *flag {
            "-E" => selection.expressions.push(Filter::parse(Dialect::Tests, value, &mut sources).unwrap()),
            "--tag" => selection.tags.push(Filter::parse(Dialect::Tags, value, &mut sources).unwrap()),
            "-k" => selection.texts.push((*value).to_owned()),
            "--shard" => selection.shard = Some(value.parse().unwrap()),
            "--last-failed" => selection.last_failed = true,
            "--stepwise" => selection.stepwise = true,
            _ => panic!("{flag}"),
        }
    }
    match select(&tests, &selection, &records(&tests, failed)) {
        Ok(selected) => letters(selected.tests) + &shown(&selected.hints, &sources),
        Err(wrong) => shown(&wrong, &sources),
    }
}

/// All tests ran, those with these letters failed; nothing ran if there is a `-`.
fn records(tests: &[TestInfo], failed: &str) -> Records {
    let mut records = Records::default();
    let ran: Vec<TestRecord> = (0..tests.len())
        .filter(|_| failed != "-")
        .map(|number| {
            let outcome = if failed.contains(TESTS[number].0) { Outcome::TimedOut } else { Outcome::Passed };
            let (phases, failures, leaks, properties) = Default::default();
            let tries = vec![Try { number: 1, at: 0, took: 1, outcome, phases, failures, leaks, properties }];
            TestRecord { test: tests[number].clone(), repetition: 1, outcome, tries, slow: false }
        })
        .collect();
    for project in ["app.kdl", "far/app.kdl"] {
        let mut record = Record::default();
        record.update(project, tests, &ran);
        records.0.insert(project.to_owned(), record);
    }
    records
}

#[test]
fn flags_combine() {
    let cases: &[(Flags, &str, &str)] = &[
        (&[], "", "abcdef"),
        (&[("-k", "ROWS")], "", "bc"),
        (&[("-k", "rows"), ("-k", "train")], "", "bcf"),
        (&[("-k", "rows"), ("--tag", "slow")], "", "c"),
        (&[("--tag", "slow"), ("--tag", "net-slow"), ("-E", "path(net)")], "", "de"),
        (&[("--last-failed", "")], "bd", "bd"),
        (&[("--last-failed", ""), ("-k", "rows")], "bd", "b"),
        (&[("--stepwise", "")], "ce", "cdef"),
        (&[("--stepwise", "")], "", "abcdef"),
        // In the order of projects and paths: b c a f, d e.
        (&[("--shard", "1/2")], "", "abd"),
        (&[("--shard", "2/2")], "", "cef"),
        (&[("--shard", "1/3"), ("-k", "o")], "", "be"),
        // What failed here plays no part in what is whose.
        (&[("--shard", "2/2"), ("--last-failed", "")], "ac", "c"),
    ];
    for (flags, failed, expected) in cases {
        assert_eq!(selected(flags, failed), *expected, "{flags:?} {failed}");
    }
}

#[test]
fn shards_are_all_tests_once() {
    let tests = tests();
    for of in 1..=8 {
        let mut all = Vec::new();
        for number in 1..=of {
            let shard = format!("{number}/{of}").parse::<Shard>().unwrap();
            let part = shard.part(&tests, (0..tests.len()).collect());
            assert!(part.len() == tests.len() / of || part.len() == tests.len().div_ceil(of));
            all.extend(part);
        }
        all.sort_unstable();
        assert_eq!(all, (0..tests.len()).collect::<Vec<_>>());
    }
    for wrong in ["", "1", "0/2", "3/2", "a/b", "1/2/3", "-1/2"] {
        let message = wrong.parse::<Shard>().unwrap_err();
        assert!(message.starts_with(&format!("`{wrong}`")), "{message}");
    }
}

#[test]
fn nothing_selected() {
    let cases: &[(Flags, &str)] = &[
        (&[("-k", "nowhere")], ""),
        (&[("--tag", "slwo")], ""),
        (&[("-k", "net"), ("-E", "tag(unit)"), ("--tag", "slow")], ""),
        (&[("-k", "it's new"), ("-k", "rows 3")], ""),
        (&[("--last-failed", "")], ""),
        (&[("--last-failed", "")], "-"),
        (&[("-k", "rows"), ("--last-failed", "")], "a"),
        (&[("--shard", "7/8")], ""),
    ];
    let mut all = String::new();
    for (flags, failed) in cases {
        all.push_str(&selected(flags, failed));
        all.push('\n');
    }
    let none = select(&[], &Selection::default(), &Records::default()).unwrap_err();
    all.push_str(&shown(&none, &SourceMap::new()));
    insta::assert_snapshot!(all, @r#"
    thinking::command-line

      × nothing is selected: -k nowhere leaves none of 6 tests
      help: `thinking test --list` shows all tests

    thinking::command-line

      × nothing is selected: --tag slwo leaves none of 6 tests
      help: `thinking test --list` shows all tests with their tags

    thinking::command-line

      ⚠ no test has the tag `slwo`
       ╭─[--tag:1:1]
     1 │ slwo
       · ──┬─
       ·   ╰── unknown
       ╰────
      help: did you mean `slow`?

    thinking::command-line

      × nothing is selected: -k net leaves none of 3 tests
      help: 6 in all, 3 after -E 'tag(unit)', none after -k net
            `thinking test --list` shows all tests with their tags

    thinking::command-line

      × nothing is selected: -k 'it'\''s new' -k 'rows 3' leaves none of 6 tests
      help: `thinking test --list` shows all tests

    thinking::command-line

      × nothing is selected: --last-failed leaves none of 6 tests
      help: what you selected passed when it last ran; without --last-failed it runs again

    thinking::command-line

      × nothing is selected: --last-failed leaves none of 6 tests
      help: no earlier run is recorded here: run once without --last-failed

    thinking::command-line

      × nothing is selected: --last-failed leaves none of 2 tests
      help: 6 in all, 2 after -k rows, none after --last-failed
            what you selected passed when it last ran; without --last-failed it runs again

    thinking::command-line

      × nothing is selected: --shard 7/8 leaves none of 6 tests
      help: there are more machines than tests: a smaller N is enough

    thinking::command-line

      × there are no tests here
      help: write one into the manifest or into tests/*.kdl: suite "first" { test "adds" { rhai
            "assert_eq(1 + 1, 2)" } }
    "#);
}

#[test]
fn names_that_no_test_has() {
    let hints = selected(&[("-E", "tag(slow) - tag(nett) - facet(tpu) - suite(=nat) - path(~nowhere)")], "");
    insta::assert_snapshot!(hints, @"
    cdthinking::command-line

      ⚠ no test has the tag `nett`
       ╭─[-E:1:17]
     1 │ tag(slow) - tag(nett) - facet(tpu) - suite(=nat) - path(~nowhere)
       ·                 ──┬─
       ·                   ╰── unknown
       ╰────
      help: did you mean `net`?

    thinking::command-line

      ⚠ no test has the facet `tpu`
       ╭─[-E:1:31]
     1 │ tag(slow) - tag(nett) - facet(tpu) - suite(=nat) - path(~nowhere)
       ·                               ─┬─
       ·                                ╰── unknown
       ╰────
      help: did you mean `gpu`?

    thinking::command-line

      ⚠ no suite is called `nat`
       ╭─[-E:1:45]
     1 │ tag(slow) - tag(nett) - facet(tpu) - suite(=nat) - path(~nowhere)
       ·                                             ─┬─
       ·                                              ╰── unknown
       ╰────
      help: did you mean `net`?
    ");
}
