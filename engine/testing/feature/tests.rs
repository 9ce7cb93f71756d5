//! Files as trees, mistakes with their places, steps with their definitions.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{Definitions, Feature, StepText, parse};
use proptest::prelude::*;
use std::fmt::Write as _;
use thinking_diagnostic::{Diagnostic, MappedText, SourceId, SourceMap, Span, Style, render};
use thinking_event::testing::PhaseKind;

fn read(text: &str) -> (SourceMap, Result<Feature, Vec<Diagnostic>>) {
    let mut sources = SourceMap::new();
    let id = sources.add("a.feature", text);
    let feature = parse(&sources, id);
    (sources, feature)
}

fn shown(sources: &SourceMap, problems: &[Diagnostic]) -> String {
    problems.iter().map(|problem| render(problem, sources, Style::default())).collect()
}

/// A feature, a line for each part.
fn tree(text: &str) -> String {
    let (sources, feature) = read(text);
    let feature = match feature {
        Ok(feature) => feature,
        Err(problems) => return shown(&sources, &problems),
    };
    let mut out = format!("{} ({}:{}) {:?}", feature.name, feature.file, feature.line, feature.tags);
    let about = |text: &Option<String>| text.as_ref().map_or(String::new(), |text| format!(" -- {text:?}"));
    out.push_str(&about(&feature.description));
    for scenario in &feature.scenarios {
        let (suites, name, line) = (scenario.suites.join("/"), &scenario.name, scenario.line);
        let _ = write!(out, "\n{line}: {suites}/{name} {:?}", scenario.tags);
        if let Some(case) = &scenario.case {
            let _ = write!(out, " ({case})");
        }
        out.push_str(&about(&scenario.description));
        for step in &scenario.steps {
            let _ = write!(out, "\n  {}: {} [{}] {}", step.line, step.kind.word(), step.keyword, step.text);
            assert!(sources.slice(step.span).starts_with(&step.keyword), "{:?}", sources.slice(step.span));
            if let Some(doc) = &step.doc {
                let _ = write!(out, "\n    {}{:?}", doc.media.as_deref().unwrap_or(""), doc.text);
            }
            if let Some(table) = &step.table {
                let _ = write!(out, "\n    {} {:?}", table.lists(), table.maps());
            }
        }
    }
    out + "\n" + &shown(&sources, &feature.warnings)
}

#[test]
fn everything_that_a_file_may_hold() {
    let text = r#"# a comment
@all @words
Feature: Words  
  Splits texts.
  * a line of the description

  Background:
    Given a dictionary
      | word | count |
      | a\|b | 2     |
      | 007  | -1.5  |

  # about the next one
  @fast @all
  Scenario: one text
    It is short.
    Given a text "a b"
    # in between
    And these rules:
      """json
      { "a": 1,
        "b": "\"\"\"" }

      # no comment
      Given no step
      """
    When it is split
    * it is sorted
    But not reversed
    Then there are 2 words

  Scenario Outline: many <text>
    Given a text "<text>"
      | <text> | <n> |
    Then there are <n> words, not <m> or <text

    @slow
    Examples: short ones
      | text | n |

      # nothing
      | a b  | 2 |
      | <n>  | 1 |
    @empty
    Examples:
      About these.
      | n | text |
      | 0 |      |

  @rules
  Rule: Nothing is lost
    Background:
      Given a log
    Example: with a star first
      * a thing
      When two
    Scenario:
      Then three
"#;
    insta::assert_snapshot!(tree(text));
    assert_eq!(tree(&text.replace('\n', "\r\n")), tree(text), "lines may end as they do on Windows");
    assert_eq!(tree(&format!("\u{feff}{text}")), tree(text), "with a byte order mark");
    assert_eq!(tree(text.trim_end()), tree(text), "without an end of the last line");
}

#[test]
fn other_languages() {
    insta::assert_snapshot!(tree("# language: de  \nFunktionalität: Wörter\n  Grundlage:\n    Angenommen ein Wörterbuch\n  Szenario: Grüße\n    Gegeben sei ein Text \"ä\"\n    Wenn er geteilt wird\n    * und noch einmal\n    Und gezählt\n    Dann ist es 1 Wort\n    Aber nicht zwei\n"), @r#"
    Wörter (a.feature:2) []
    5: Wörter/Grüße []
      4: given [Angenommen] ein Wörterbuch
      6: given [Gegeben sei] ein Text "ä"
      7: when [Wenn] er geteilt wird
      8: when [*] und noch einmal
      9: when [Und] gezählt
      10: then [Dann] ist es 1 Wort
      11: then [Aber] nicht zwei
    "#);
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let head = "Feature: f\n  Scenario: s\n    Given a\n";
    let texts = [
        String::new(),
        "\n\n# only a comment\n".to_owned(),
        "Scenario: s\n  Given a\n".to_owned(),
        "# language: dee\nFeature: f\n".to_owned(),
        "# language: klingonisch\nFeature: f\n".to_owned(),
        "Feature f\n".to_owned(),
        format!("{head}    Wehn b\n    Then c\n"),
        format!("{head}    then b\n"),
        format!("{head}    b\n"),
        format!("{head}  Scenario t\n    Given b\n"),
        format!("{head}  Scenaroi: t\n    Given b\n"),
        format!("{head}Feature: g\n"),
        format!("{head}  Background:\n    Given b\n"),
        format!("{head}    \"\"\"\n    open\n"),
        format!("{head}    | a | b |\n    | 1 |\n    | 1 | 2 | 3 |\n"),
        format!("{head}    | a | b\n    | 1 | 2\\|\n"),
        "Feature: f\n  | a |\n  Scenario: s\n    Given a\n".to_owned(),
        "Feature: f\n  Scenario: s\n    \"\"\"\n    x\n    \"\"\"\n    Given a\n".to_owned(),
        format!("{head}    ```\n    x\n    ```\n    ```\n    y\n    ```\n"),
        format!("{head}  @slow\n"),
        format!("{head}  Scenario: s\n    Given b\n"),
        format!("{head}    Given <x>\n    Examples:\n      | x | x |\n      | 1 | 2 |\n"),
        // Warnings.
        "Feature: f\n  Scenario: s\n    Givne a text\n    Given b\n".to_owned(),
        "Feature: f\n  Scenario: s\n".to_owned(),
        "Feature: f\n  Scenario Outline: s\n    Given <x>\n".to_owned(),
        format!("{head}    Given <strat> <html>\n    Examples:\n      | start |\n      | 1 |\n    Examples:\n"),
    ];
    let mut all = String::new();
    for text in texts {
        let (sources, feature) = read(&text);
        let problems = feature.map_or_else(|problems| problems, |feature| feature.warnings);
        assert!(!problems.is_empty(), "{text}");
        let _ = writeln!(all, "=== {text:?}\n{}", shown(&sources, &problems));
    }
    insta::assert_snapshot!(all);
}

fn step(text: &str) -> StepText {
    let span = Span::new(SourceId(1), 6, 6 + text.len());
    StepText {
        kind: PhaseKind::Given,
        keyword: "Given".to_owned(),
        text: text.to_owned(),
        line: 1,
        span,
        doc: None,
        table: None,
    }
}

/// Definitions, a line each, in a file of their own.
fn definitions(lines: &str) -> (SourceMap, Result<Definitions, Vec<Diagnostic>>) {
    let mut sources = SourceMap::new();
    let id = sources.add("steps.kdl", lines);
    let whole = MappedText::whole_file(id, lines);
    let mut at = 0;
    let mut patterns = Vec::new();
    for line in lines.split('\n') {
        let end = at + line.len();
        // As of a text that stands between quotes of its own.
        let mut pattern = whole.part(at, end);
        pattern.whole = whole.span(at, end);
        patterns.push(pattern);
        at = end + 1;
    }
    (sources, Definitions::new(&patterns))
}

#[test]
fn steps_find_their_definitions() {
    let lines = "a text {string}\nthere is/are {int} word(s)\n{float} euro\nthe user {word}\nanything {}\n^the (\\d+|\\w+) of( the)? (.*)$\nit costs \\{x\\}\nsaid {string} and {string} {int}";
    let (_, known) = definitions(lines);
    let known = known.unwrap();
    let table = [
        ("a text \"a b\"", "0 [\"a b\"]"),
        ("a text ''", "0 [\"\"]"),
        (r#"a text "a \"b\" \\n""#, r#"0 ["a \"b\" \\\\n"]"#),
        ("there are 2 words", "1 [2]"),
        ("there is -1 word", "1 [-1]"),
        ("there are 99999999999999999999 words", "1 [1e+20]"),
        ("3.50 euro", "2 [3.5]"),
        ("3 euro", "2 [3.0]"),
        ("NaN euro", "2 [\"NaN\"]"),
        ("the user ada", "3 [\"ada\"]"),
        ("anything at all", "4 [\"at all\"]"),
        ("anything ", "4 [\"\"]"),
        ("the 12 of hearts", "5 [12,null,\"hearts\"]"),
        ("the ace of the 007", "5 [\"ace\",\" the\",\"007\"]"),
        ("it costs {x}", "6 []"),
        ("said 'a' and \"b\" 3", "7 [\"a\",\"b\",3]"),
    ];
    for (text, expected) in table {
        let found = known.find(&step(text)).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        assert_eq!(format!("{} {}", found.index, serde_json::to_string(&found.arguments).unwrap()), expected, "{text}");
    }
}

#[test]
fn missing_and_ambiguous_steps() {
    let (mut sources, known) =
        definitions("a text {string}\nthe text is split\nthere are {int} words\nthere are {} words\nit's {word}");
    let known = known.unwrap();
    let mut all = String::new();
    let texts = [
        "a txet \"a b\"",
        "the text is splitted twice",
        "something else \"a\" with 3 of 2.5, v2 and it's 'so' (a/b)",
        "there are 3 words",
        "A text \"x\"",
        "plain",
    ];
    for text in texts {
        let id = sources.add("a.feature", format!("Given {text}\n"));
        let mut step = step(text);
        step.span.source = id;
        all.push_str(&shown(&sources, &[*known.find(&step).unwrap_err()]));
        all.push('\n');
    }
    let none = Definitions::new(&[]).unwrap();
    all.push_str(&shown(&sources, &[*none.find(&step("a text")).unwrap_err()]));
    insta::assert_snapshot!(all);
}

#[test]
fn proposed_definitions_fit_their_step() {
    for text in
        ["a \"b\" 'c' 3 -4 2.5 v2", "a (b) {c} d/e \\ f", "don't \"x", "1a 2", "", "  a", "50% of 3-4", "\"a\"b \"c\"d"]
    {
        let (pattern, code) = super::snippet::snippet(text);
        if text.is_empty() {
            continue;
        }
        let known = Definitions::new(&[MappedText::opaque(&*pattern, Span::new(SourceId(0), 0, 0))])
            .unwrap_or_else(|problem| panic!("{pattern}: {problem:?}"));
        assert!(known.find(&step(text)).is_ok(), "{text}: {code}");
    }
}

#[test]
fn wrong_definitions() {
    let lines = "a {strin}\na {color}\na {int\na (b\na ()\na (b (c))\na (b{int})\na {b{c}}\na/ b\na }\na \\b\na \\\n^a (b$\na {string}\na {string}\n\nb )";
    let (sources, known) = definitions(lines);
    insta::assert_snapshot!(known.unwrap_err().iter().fold(String::new(), |mut all, problem| {
        let place = problem
            .labels
            .first()
            .map_or(String::new(), |label| format!("{} `{}`", sources.describe(label.span), sources.slice(label.span)));
        let _ = writeln!(all, "{place}: {} ({})", problem.message, problem.help.as_deref().unwrap_or("-"));
        all
    }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_panics(lines in proptest::collection::vec("( {0,4}(Feature: f|Background:|Scenario: s|Scenario Outline: <a>|Examples:|Rule: r|Given a|When <a>|And b|\\* c|\\| a \\||\\| 1 \\| 2 \\||\"\"\"|```|@t( @u)?|# c|# language: (de|xx)|x|é|:|\\|)\r?)?", 0..14)) {
        let text = lines.join("\n");
        let (sources, feature) = read(&text);
        match feature {
            Ok(feature) => for scenario in feature.scenarios {
                for step in scenario.steps {
                    prop_assert!(sources.slice(step.span).starts_with(&step.keyword));
                    prop_assert_eq!(sources.place(step.span).unwrap().line, step.line);
                }
            },
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(!shown(&sources, &problems).is_empty());
            }
        }
    }

    #[test]
    fn no_definition_panics(pattern in "([a{}()/\\\\ ^$\"]|int|é){0,12}", text in "[a \"é1/(]{0,12}") {
        if let Ok(known) = Definitions::new(&[MappedText::whole_file(SourceId(0), pattern)]) {
            let _ = known.find(&step(&text));
        }
        let (pattern, _) = super::snippet::snippet(&text);
        if !text.trim().is_empty() && !pattern.starts_with('^') && !pattern.ends_with('$') {
            let known = Definitions::new(&[MappedText::opaque(&*pattern, Span::new(SourceId(0), 0, 0))]);
            let known = known.map_err(|problem| TestCaseError::fail(format!("{pattern}: {problem:?}")))?;
            prop_assert!(known.find(&step(&text)).is_ok(), "{}", pattern);
        }
    }
}
