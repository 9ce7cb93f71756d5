//! Mistakes with their places, what is drawn, and how far it is made simpler.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{Counterexample, ForAll, Named, Search, Searched, Verdict, literal};
use proptest::prelude::*;
use rhai::{Dynamic, Engine};
use std::collections::BTreeSet;
use thinking_diagnostic::{MappedText, SourceId, SourceMap};

fn parse(text: &str) -> Result<ForAll, String> {
    ForAll::parse(&[("x".to_owned(), MappedText::whole_file(SourceId(0), text))]).map_err(|problems| {
        let mut map = SourceMap::new();
        map.add("test.kdl", text);
        let line = |problem: &thinking_diagnostic::Diagnostic| {
            let place = problem.labels.first().map_or("?", |label| map.slice(label.span));
            format!(
                "{} | {} | {place} | {}",
                problem.code.short(),
                problem.message,
                problem.help.as_deref().unwrap_or("-")
            )
        };
        problems.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

fn forall(text: &str) -> ForAll {
    parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

/// What the cases of a property are, as they would be typed.
fn cases(text: &str, how: Search) -> Vec<String> {
    let mut all = Vec::new();
    let found = forall(text).run(&how, |values| {
        all.push(shown(values));
        Verdict::<()>::Pass
    });
    assert!(matches!(found, Searched::Held { .. }), "{found:?}");
    all
}

fn shown(values: &[Named]) -> String {
    values.iter().map(|(_, value)| literal(value, usize::MAX)).collect::<Vec<_>>().join(" ")
}

fn fails(text: &str, seed: u64, mut bad: impl FnMut(&Dynamic) -> bool) -> Box<Counterexample<String>> {
    let found = forall(text).run(&Search::new(seed), |values| match bad(&values[0].1) {
        true => Verdict::Fail(shown(values)),
        false => Verdict::Pass,
    });
    match found {
        Searched::Failed(found) => found,
        other => panic!("{text} with seed {seed}: {other:?}"),
    }
}

#[test]
fn mistakes_are_underlined_where_they_stand() {
    let texts = [
        "",
        "int(0..",
        "intt(0..5)",
        "int",
        "5",
        "0..5",
        "0..=5",
        "0.5..1.0",
        "[1, 2]",
        "#{ a: 1 }",
        "int(5..5)",
        "int(5..1)",
        "int(5..=1)",
        "int(\"a\")",
        "int(1, 2)",
        "float(1.0, \"x\")",
        "float(2.0, 1.0)",
        "float(3..1)",
        "text(-1)",
        "text(1000000)",
        "text(\"[a\")",
        "text(\"a(?=b)\")",
        "text(true)",
        "char(5)",
        "char(\"\")",
        "choice([])",
        "choice()",
        "choice(5)",
        "list(0..5)",
        "list(intt(0..5), 3)",
        "list(int(0..5), \"a\")",
        "list(int(0..5), 3..3)",
        "list(0.0..1.0)",
        "map([1])",
        "map(#{ a: 0..3 })",
        "optional()",
        "blob(0.5)",
        "n + 1",
        "texd",
        "zzz",
        "1 + int()",
        "let x = 5",
        "{ int() }",
        "int(1 / 0)",
        "`${int()}`",
        "|x| x",
        "a::b()",
    ];
    let mut all = String::new();
    for text in texts {
        let problem = parse(text).err().unwrap_or_else(|| panic!("{text} is a generator"));
        all.push_str(&format!("{text}\n  {}\n", problem.replace('\n', "\n    ")));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn places_go_through_escapes_and_all_mistakes_are_told() {
    let text = MappedText::decoded(
        "text(\"[\")",
        thinking_diagnostic::Span::new(SourceId(0), 4, 17),
        vec![(0, 5), (5, 10), (6, 12), (7, 13), (8, 15)],
        vec![(6, 12), (8, 15)],
        16,
    );
    let other = MappedText::opaque("x", thinking_diagnostic::Span::new(SourceId(0), 20, 23));
    let problems = ForAll::parse(&[("a".to_owned(), text), ("b".to_owned(), other)]).unwrap_err();
    let spans: Vec<_> =
        problems.iter().map(|problem| (problem.labels[0].span.start, problem.labels[0].span.end)).collect();
    assert_eq!(spans, [(5, 16), (20, 23)]);
}

#[test]
fn the_first_case_is_the_simplest_and_edges_come_early() {
    let simplest = [
        ("int(0..100)", "0"),
        ("int(5..100)", "5"),
        ("int(-9..=-3)", "-3"),
        ("int()", "0"),
        ("float(0.0..1.0)", "0.0"),
        ("float(2, 5)", "2.0"),
        ("float(1..5)", "1.0"),
        ("float()", "0.0"),
        ("bool()", "false"),
        ("char()", "'a'"),
        ("char(\"xyz\")", "'x'"),
        ("text()", "\"\""),
        ("text(2..=3)", "\"aa\""),
        ("blob()", "blob(0)"),
        ("blob(2..3)", "blob(2) 00 00"),
        ("choice([\"b\", \"a\"])", "\"b\""),
        ("choice(7, 8, 9)", "7"),
        ("one_of(int(3..9), text())", "3"),
        ("list(int(0..10), 0..5)", "[]"),
        ("list(int(0..10), 2)", "[0, 0]"),
        ("tuple([int(1..3), text(), 5])", "[1, \"\", 5]"),
        ("tuple(bool(), bool())", "[false, false]"),
        ("map(#{ b: text(), a: int(0..3), \"if\": 'c' })", "#{ a: 0, b: \"\", \"if\": 'c' }"),
        ("optional(int())", "()"),
        ("just(#{ a: [] })", "#{ a: [] }"),
        ("list(map(#{ x: optional(text(3)) }), 1..4)", "[#{ x: () }]"),
    ];
    for (text, first) in simplest {
        assert_eq!(cases(text, Search { seed: 7, cases: 1, tries: 0 }), [first], "{text}");
    }
    for seed in 0..20 {
        let early = cases("int()", Search { seed, cases: 30, tries: 0 });
        assert!(early.contains(&i64::MAX.to_string()) || early.contains(&i64::MIN.to_string()), "{seed}: {early:?}");
        let early = cases("int(3..=90)", Search { seed, cases: 40, tries: 0 });
        assert!(early.contains(&"90".to_owned()) && early.contains(&"3".to_owned()), "{seed}: {early:?}");
        let texts = cases("text()", Search { seed, cases: 40, tries: 0 });
        assert!(texts.iter().any(|text| !text.is_ascii() || text.contains("\\u") || text.contains("\\U")), "{texts:?}");
    }
}

#[test]
fn ranges_hold_and_small_kinds_are_tried_in_full() {
    let how = Search { seed: 3, cases: 300, tries: 0 };
    assert_eq!(cases("bool()", how).len(), 2);
    assert_eq!(cases("int(-3..3)", how).into_iter().collect::<BTreeSet<_>>().len(), 6);
    assert_eq!(cases("tuple(bool(), choice(1, 2, 3))", how).len(), 6);
    assert_eq!(cases("int(0..1000)", how).len(), 300, "as many different ones as asked for");
    let float = forall("float(-0.5..2)").run(&how, |values| {
        assert!((-0.5..=2.0).contains(&values[0].1.as_float().unwrap()), "{values:?}");
        Verdict::<()>::Pass
    });
    assert!(matches!(float, Searched::Held { cases: 300, discarded: 0 }), "{float:?}");
    let lists = forall("list(text(\"^[a-c]{1,3}$\"), 2..=4)").run(&how, |values| {
        let list = values[0].1.as_array_ref().unwrap();
        assert!((2..=4).contains(&list.len()));
        for item in list.iter() {
            let text = item.as_immutable_string_ref().unwrap();
            assert!((1..=3).contains(&text.len()) && text.chars().all(|c| ('a'..='c').contains(&c)), "{}", *text);
        }
        Verdict::<()>::Pass
    });
    assert!(matches!(lists, Searched::Held { cases: 300, .. }), "{lists:?}");
}

#[test]
fn what_fails_is_made_as_simple_as_it_can_be() {
    type Bad = fn(&Dynamic) -> bool;
    let table: [(&str, Bad, &str); 18] = [
        ("int(0..100)", |x| x.as_int().unwrap() > 36, "37"),
        ("int()", |x| x.as_int().unwrap() < -1000, "-1001"),
        ("int()", |x| x.as_int().unwrap().checked_mul(2).is_none(), "4611686018427387904 -4611686018427387905"),
        ("int(10..500)", |x| x.as_int().unwrap() >= 10, "10"),
        ("int(-90..=-5)", |x| x.as_int().unwrap() < -20, "-21"),
        ("float(0..100)", |x| x.as_float().unwrap() > 2.5, "3.0"),
        ("float(0.0..1.0)", |x| x.as_float().unwrap() > 0.25, "1.0 0.3"),
        ("float()", |x| x.as_float().unwrap() >= 1.0e9, "1000000000.0"),
        ("bool()", |x| x.as_bool().unwrap(), "true"),
        ("text()", |x| !x.to_string().is_empty(), "\"a\""),
        ("text()", |x| x.to_string().chars().count() > 4, "\"aaaaa\""),
        ("text(40)", |x| x.to_string().contains(|c: char| c.is_ascii_digit()), "\"0\""),
        ("text()", |x| !x.to_string().is_ascii(), "\"\\x80\""),
        ("list(int(0..100), 0..20)", |x| x.as_array_ref().unwrap().iter().any(|x| x.as_int().unwrap() >= 50), "[50]"),
        (
            "list(int(0..1000))",
            |x| x.as_array_ref().unwrap().iter().map(|x| x.as_int().unwrap()).sum::<i64>() > 999,
            "[500, 500]+",
        ),
        (
            "map(#{ a: int(0..50), b: text() })",
            |x| x.as_map_ref().unwrap()["a"].as_int().unwrap() > 7,
            "#{ a: 8, b: \"\" }",
        ),
        ("optional(int(0..50))", |x| x.as_int().is_ok_and(|x| x > 3), "4"),
        ("one_of(text(), list(int(0..9)))", |x| x.as_array_ref().is_ok_and(|x| x.len() > 1), "[0, 0]"),
    ];
    for (text, bad, expected) in table {
        for seed in 0..10 {
            let found = fails(text, seed, bad);
            let shown = shown(&found.values);
            if let Some(of_sum) = expected.strip_suffix('+') {
                // A sum is spread over any two numbers.
                assert_eq!(shown.matches(',').count(), of_sum.matches(',').count(), "{text}, seed {seed}: {shown}");
                let sum: i64 = found.values[0].1.as_array_ref().unwrap().iter().map(|x| x.as_int().unwrap()).sum();
                assert_eq!(sum, 1000, "{text}, seed {seed}: {shown}");
            } else {
                let fits = expected == shown
                    || expected.contains(' ')
                        && !expected.starts_with(['[', '#'])
                        && expected.split(' ').any(|one| one == shown);
                assert!(fits, "{text}, seed {seed}: {shown} instead of {expected}");
            }
            assert_eq!(found.failure, shown, "the failure is that of the simplest values");
            assert!(bad(&found.original[0].1), "what failed first fails");
            assert!(found.tries <= 500);
        }
    }
}

#[test]
fn several_variables_shrink_together() {
    let text = |text: &str| MappedText::whole_file(SourceId(0), text);
    let both = [
        ("a".to_owned(), text("int(0..1000)")),
        ("b".to_owned(), text("list(int(0..1000))")),
        ("c".to_owned(), text("text()")),
    ];
    let property = ForAll::parse(&both).unwrap();
    assert_eq!(property.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    for seed in 0..10 {
        let found = property.run(&Search::new(seed), |values| {
            let (a, list) = (values[0].1.as_int().unwrap(), values[1].1.as_array_ref().unwrap());
            if list.iter().any(|item| item.as_int().unwrap() > 500) && a > 10 {
                Verdict::Fail(())
            } else {
                Verdict::Pass
            }
        });
        let Searched::Failed(found) = found else { panic!("{found:?}") };
        assert_eq!(shown(&found.values), "11 [501] \"\"", "seed {seed}");
    }
}

#[test]
fn assumptions_limits_and_stops() {
    let even =
        |values: &[Named]| if values[0].1.as_int().unwrap() % 2 == 0 { Verdict::<()>::Pass } else { Verdict::Discard };
    let held = forall("int(0..100000)").run(&Search::new(1), even);
    assert!(matches!(held, Searched::Held { cases: 100, discarded: 20.. }), "{held:?}");
    let none = forall("int()").run(&Search::new(1), |_| Verdict::<()>::Discard);
    assert!(matches!(none, Searched::GaveUp { cases: 0, discarded: 800.. }), "{none:?}");
    let all = forall("bool()").run(&Search::new(1), |_| Verdict::<()>::Discard);
    assert!(matches!(all, Searched::GaveUp { cases: 0, discarded: 2 }), "{all:?}");
    let mut left = 5;
    let stopped = forall("int()").run(&Search::new(1), |_| {
        left -= 1;
        if left == 0 { Verdict::<()>::Stop } else { Verdict::Pass }
    });
    assert!(matches!(stopped, Searched::Stopped { cases: 4 }), "{stopped:?}");
    let mut runs = 0;
    let found = forall("list(int())").run(&Search { seed: 1, cases: 100, tries: 7 }, |values| {
        runs += 1;
        if values[0].1.as_array_ref().unwrap().len() > 3 { Verdict::Fail(()) } else { Verdict::Pass }
    });
    let Searched::Failed(found) = found else { panic!("{found:?}") };
    assert_eq!((found.tries, runs), (7, found.case + 7), "what is known is not run again");
}

#[test]
fn literals_are_short_where_they_have_to_be() {
    let list: rhai::Array = (0..1000_i64).map(Dynamic::from).collect();
    let table = [
        (Dynamic::from_array(list), 20, "[0, 1, 2, 3, 4, 5, 6, … 993 more]"),
        ("a\"b\\c\n\t\u{0}\u{202e}👍é".into(), 99, "\"a\\\"b\\\\c\\n\\t\\x00\\u202e👍é\""),
        ("x".repeat(500).into(), 10, "\"xxxxxxxxxx\"… (500 characters)"),
        (Dynamic::from_blob(vec![255; 100]), 10, "blob(100) ff ff ff ff ff ff ff ff …"),
        (Dynamic::UNIT, 10, "()"),
        ('\''.into(), 10, "'\\''"),
        (1.0e300_f64.into(), 10, "1e300"),
    ];
    for (value, most, expected) in table {
        assert_eq!(literal(&value, most), expected);
    }
}

const KINDS: [&str; 12] = [
    "int()",
    "float()",
    "text()",
    "char()",
    "list(float(-5..5), 0..4)",
    "map(#{ a: text(), \"b c\": optional(char()) })",
    "tuple(bool(), int(1..5))",
    "one_of(int(), text(), list(bool()))",
    "text(\"[a-z]{2,9}|\\\\d+\")",
    "choice([\"a\", 1, 2.5, ()])",
    "list(list(text(4), 0..3), 0..3)",
    "blob()",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_gives_the_same_cases(seed: u64, kind in 0..KINDS.len()) {
        let how = Search { seed, cases: 20, tries: 50 };
        prop_assert_eq!(cases(KINDS[kind], how), cases(KINDS[kind], how));
        let run = || forall(KINDS[kind]).run(&how, |values| if literal(&values[0].1, usize::MAX).len() > 6 { Verdict::Fail(()) } else { Verdict::Pass });
        if let (Searched::Failed(one), Searched::Failed(two)) = (run(), run()) {
            prop_assert_eq!((shown(&one.values), one.tries, one.case), (shown(&two.values), two.tries, two.case));
        }
    }

    #[test]
    fn literals_are_read_back_as_the_value(seed: u64, kind in 0..KINDS.len() - 1) {
        let mut engine = Engine::new();
        engine.set_max_expr_depths(0, 0);
        for text in cases(KINDS[kind], Search { seed, cases: 20, tries: 0 }) {
            let value = engine.eval_expression::<Dynamic>(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            prop_assert_eq!(literal(&value, usize::MAX), text);
        }
    }

    #[test]
    fn no_expression_panics(text in "(int|text|list|map|choice|float|[(){}\\[\\],.#:0-9\"a-]){0,9}") {
        if let Ok(property) = parse(&text) {
            property.run(&Search { seed: 1, cases: 5, tries: 5 }, |_| Verdict::Fail(()));
        }
    }
}
