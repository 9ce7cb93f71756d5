//! Filters on a small suite.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::{Dialect, Filter, Selection, Shard, select};
use crate::record::{Record, Records};
use thinking_diagnostic::{Diagnostic, SourceMap, Style, render};
use thinking_event::testing::{Outcome, TestInfo, TestRecord, Try};

/// Letter, path, tags and facets of each test.
const TESTS: [(&str, &str, &str, &str); 6] = [
    ("a", "tokenizer/splits on spaces", "unit", ""),
    ("b", "tokenizer/rows[1]", "unit table", ""),
    ("c", "tokenizer/rows[2]", "unit table slow", ""),
    ("d", "net/client/asks (twice)", "slow net", "gpu"),
    ("e", "net/client/what now?", "net-slow", ""),
    ("f", "trains", "", "gpu big"),
];

fn tests() -> Vec<TestInfo> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let test = |(_, path, tags, facets): &(&str, &str, &str, &str)| {
        let mut suites: Vec<String> = path.split('/').map(str::to_owned).collect();
        let name = suites.pop().unwrap_or_default();
        let project = if path.starts_with("net") { "far/app.kdl" } else { "app.kdl" }.to_owned();
        TestInfo { project, suites, name, tags: words(tags), facets: words(facets), ..TestInfo::default() }
    };
    TESTS.iter().map(test).collect()
}

fn letters(selected: impl IntoIterator<Item = usize>) -> String {
    selected.into_iter().map(|number| TESTS[number].0).collect()
}

fn shown(found: &[Diagnostic], sources: &SourceMap) -> String {
    let style = Style { width: 100, ..Style::default() };
    found.iter().map(|one| render(one, sources, style)).collect::<Vec<_>>().join("\n")
}

fn chosen(dialect: Dialect, text: &str) -> String {
    let mut sources = SourceMap::new();
    match Filter::parse(dialect, text, &mut sources) {
        Ok(filter) => letters(tests().iter().enumerate().filter(|(_, test)| filter.matches(test)).map(|(at, _)| at)),
        Err(wrong) => wrong.message,
    }
}

#[test]
fn expressions() {
    let cases = [
        ("all()", "abcdef"),
        ("none()", ""),
        ("all ( )", "abcdef"),
        ("!none()", "abcdef"),
        // Patterns
        ("tag(slow)", "cd"),
        ("tag(=slow)", "cd"),
        ("tag(~slow)", "cde"),
        ("tag(*slow)", "cde"),
        ("tag(net*)", "de"),
        ("tag(#{slow,table})", "bcd"),
        ("tag(/^(slow|net)$/)", "cd"),
        ("path(rows)", "bc"),
        ("path(=trains)", "f"),
        ("path(=train)", ""),
        ("path(rows[2])", "c"),
        ("path(*rows[*])", "bc"),
        ("path(#*rows[12])", ""),
        ("path(#*rows\\[[12]\\])", "bc"),
        (r"path(#*rows\[?\])", "bc"),
        (r"name(#asks \(twice\))", "d"),
        ("path(/rows\\[\\d\\]$/)", "bc"),
        ("path(net/client)", "de"),
        (r"path(/client\/asks/)", "d"),
        ("name(what now?)", "e"),
        ("name(  now  )", "e"),
        ("name(\" \")", "ade"),
        ("name(asks (twice))", "d"),
        (r"name(\(twice)", "d"),
        ("name(=\"asks (twice)\")", "d"),
        ("suite(client)", "de"),
        ("suite(=net)", "de"),
        ("suite(=net/client)", "de"),
        ("suite(=client/net)", ""),
        ("facet(gpu)", "df"),
        ("facet(g)", ""),
        ("project(far)", "de"),
        ("project(=app.kdl)", "abcf"),
        // Operators
        ("tag(slow) & !path(net)", "c"),
        ("tag(slow) - path(net)", "c"),
        ("tag(slow)&&not path(net)", "c"),
        ("tag(slow) and not (path(net) or facet(big))", "c"),
        ("tag(table) | tag(slow) & tag(net)", "bcd"),
        ("(tag(table) | tag(slow)) & tag(net)", "d"),
        ("tag(table) || facet(gpu) or name(splits)", "abcdf"),
        ("!!tag(slow)", "cd"),
        ("! tag(slow) & tag(unit)", "ab"),
        ("all() - tag(slow) - tag(unit)", "ef"),
    ];
    for (text, expected) in cases {
        assert_eq!(chosen(Dialect::Tests, text), expected, "{text}");
    }
}

#[test]
fn words_are_tags() {
    let cases = [
        ("slow", "cd"),
        ("slow & !net", "c"),
        ("slow -net", "c"),
        ("net-slow", "e"),
        ("*slow", "cde"),
        ("~slow", "cde"),
        ("/^net/ | \"table\"", "bcde"),
        ("not slow and (unit or facet(big))", "abf"),
        ("tag(slow)", "cd"),
    ];
    for (text, expected) in cases {
        assert_eq!(chosen(Dialect::Tags, text), expected, "{text}");
    }
}

#[test]
fn mistakes() {
    let cases = [
        "",
        "  ",
        "tga(slow)",
        "owner(me)",
        "slow",
        "tag",
        "all",
        "all(x)",
        "tag()",
        "tag(slow",
        "tag(slow) &",
        "tag(slow) & | tag(net)",
        "tag(slow) tag(net)",
        "(tag(slow)",
        "tag(slow))",
        "path(/ab[/)",
        "path(/ab)",
        "path(\"ab)",
        "path(\"ab\" c)",
        "path(#[z-a])",
        "name(größe) & ñame(x)",
    ];
    let mut all = String::new();
    for text in cases {
        let mut sources = SourceMap::new();
        let wrong = Filter::parse(Dialect::Tests, text, &mut sources).unwrap_err();
        all.push_str(&shown(&[wrong], &sources));
        all.push('\n');
    }
    insta::assert_snapshot!(all, @r#"
    thinking::command-line

      × the filter is empty
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × the filter is empty
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × there is no predicate `tga`
       ╭─[-E:1:1]
     1 │ tga(slow)
       · ─┬─
       ·  ╰── unknown
       ╰────
      help: did you mean `tag`?

    thinking::command-line

      × there is no predicate `owner`
       ╭─[-E:1:1]
     1 │ owner(me)
       · ──┬──
       ·   ╰── unknown
       ╰────
      help: there are: tag, path, name, suite, facet, project, all, none

    thinking::command-line

      × `slow` is no condition
       ╭─[-E:1:1]
     1 │ slow
       · ──┬─
       ·   ╰── a word that stands alone
       ╰────
      help: did you mean tag(slow) or path(slow)? With --tag a word is a tag

    thinking::command-line

      × `tag` needs a pattern
       ╭─[-E:1:1]
     1 │ tag
       · ─┬─
       ·  ╰── of what?
       ╰────
      help: for instance: tag(slow)

    thinking::command-line

      × `all` is written with parentheses
       ╭─[-E:1:1]
     1 │ all
       · ─┬─
       ·  ╰── here
       ╰────
      help: write all()

    thinking::command-line

      × `all()` takes no pattern
       ╭─[-E:1:5]
     1 │ all(x)
       ·     ┬
       ·     ╰── surplus
       ╰────

    thinking::command-line

      × `tag` needs a pattern
       ╭─[-E:1:4]
     1 │ tag()
       ·    ─┬
       ·     ╰── nothing in it
       ╰────
      help: for instance: tag(slow)

    thinking::command-line

      × a `)` is missing
       ╭─[-E:1:4]
     1 │ tag(slow
       ·    ┬
       ·    ╰── opened here
       ╰────

    thinking::command-line

      × the filter ends where a condition should be
       ╭─[-E:1:11]
     1 │ tag(slow) &
       ·           ┬
       ·           ╰── what comes after this?
       ╰────
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × there should be a condition before this `|`
       ╭─[-E:1:13]
     1 │ tag(slow) & | tag(net)
       ·             ┬
       ·             ╰── here
       ╰────
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × two conditions with nothing between them
       ╭─[-E:1:11]
     1 │ tag(slow) tag(net)
       ·           ─┬─
       ·            ╰── the second
       ╰────
      help: write `&` for both, `|` for either

    thinking::command-line

      × a `)` is missing
       ╭─[-E:1:1]
     1 │ (tag(slow)
       · ┬
       · ╰── opened here
       ╰────

    thinking::command-line

      × a `)` too many
       ╭─[-E:1:10]
     1 │ tag(slow))
       ·          ┬
       ·          ╰── nothing opens it
       ╰────

    thinking::command-line

      × `ab[` is no regular expression: unclosed character class
       ╭─[-E:1:7]
     1 │ path(/ab[/)
       ·       ──┬─
       ·         ╰── here
       ╰────

    thinking::command-line

      × the regular expression has no end
       ╭─[-E:1:6]
     1 │ path(/ab)
       ·      ┬
       ·      ╰── begins here
       ╰────
      help: it ends with another `/`

    thinking::command-line

      × the text has no end
       ╭─[-E:1:6]
     1 │ path("ab)
       ·      ┬
       ·      ╰── begins here
       ╰────
      help: it ends with another `"`

    thinking::command-line

      × the pattern has ended before this
       ╭─[-E:1:11]
     1 │ path("ab" c)
       ·           ┬
       ·           ╰── a `)` should be here
       ╰────

    thinking::command-line

      × `[z-a]` is no glob: invalid range; 'z' > 'a'
       ╭─[-E:1:7]
     1 │ path(#[z-a])
       ·       ──┬──
       ·         ╰── here
       ╰────

    thinking::command-line

      × there is no predicate `ñame`
       ╭─[-E:1:17]
     1 │ name(größe) & ñame(x)
       ·               ──┬─
       ·                 ╰── unknown
       ╰────
      help: did you mean `name`?
    "#);
    assert_eq!(chosen(Dialect::Tags, "slow &"), "the filter ends where a condition should be");
    assert_eq!(chosen(Dialect::Tags, "slow net"), "two conditions with nothing between them");
}

#[test]
fn nothing_makes_the_parser_fall() {
    let deep = ["!".repeat(100_000), "(".repeat(100_000), format!("{}tag(a){}", "(".repeat(50), ")".repeat(50))];
    assert_eq!(chosen(Dialect::Tests, &deep[0]), "the filter is nested too deeply");
    assert_eq!(chosen(Dialect::Tests, &deep[1]), "the filter is nested too deeply");
    assert_eq!(chosen(Dialect::Tests, &deep[2]), "");
    proptest::proptest!(|(text in "[tagnoe()!&|/\"\\\\=~#*\\- é\\[]{0,24}")| {
        for dialect in [Dialect::Tests, Dialect::Tags] {
            let mut sources = SourceMap::new();
            // Every place that is told of is one in the text.
            if let Err(wrong) = Filter::parse(dialect, &text, &mut sources) {
                proptest::prop_assert!(wrong.labels.iter().all(|label| label.span.end as usize <= text.len()));
                shown(&[wrong], &sources);
            }
        }
    });
}

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
