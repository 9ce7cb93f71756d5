//! Suites to cases.

use crate::case::{Case, Variable};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap, Span, Spanned};
use thinking_event::testing::TestInfo;
use thinking_manifest::units;
use thinking_plan::script_name;
use thinking_schema::{DurationText, Examples, Manifest, Named, Suite, Test, Tree};

/// All tests of a manifest.
pub struct Collected<'m> {
    /// In the order of the text; suites before what stands after them.
    pub cases: Vec<Case<'m>>,
}

/// What holds for the tests at some place.
#[derive(Clone, Default)]
struct Around<'m> {
    names: Vec<String>,
    suites: Vec<&'m Suite>,
    tags: Vec<String>,
    facets: Vec<String>,
    timeout: Option<u64>,
}

impl<'m> Around<'m> {
    fn within(&self, name: &str, suite: &'m Suite) -> Self {
        let mut inner = self.clone();
        inner.names.push(name.to_owned());
        inner.suites.push(suite);
        add(&mut inner.tags, &suite.tags);
        add(&mut inner.facets, &suite.facets);
        inner.timeout = millis(suite.timeout.as_ref()).or(inner.timeout);
        inner
    }
}

fn add(known: &mut Vec<String>, more: &[Spanned<String>]) {
    for word in more.iter().flat_map(|words| words.value.split([',', ' '])).filter(|word| !word.is_empty()) {
        if !known.iter().any(|known| known == word) {
            known.push(word.to_owned());
        }
    }
}

fn millis(duration: Option<&Spanned<DurationText>>) -> Option<u64> {
    let duration: Duration = units::duration(&duration?.value.0)?;
    u64::try_from(duration.as_millis()).ok()
}

/// The cases of all suites of a manifest. `project` is its name on the command line.
pub fn collect<'m>(
    manifest: &'m Manifest,
    project: &str,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Collected<'m> {
    let mut collector =
        Collector { manifest, project, sources, diagnostics, cases: Vec::new(), known: BTreeMap::new() };
    collector.suites(&manifest.suite, &Around::default());
    Collected { cases: collector.cases }
}

struct Collector<'m, 'c> {
    manifest: &'m Manifest,
    project: &'c str,
    sources: &'c SourceMap,
    diagnostics: &'c mut Diagnostics,
    cases: Vec<Case<'m>>,
    known: BTreeMap<String, Option<Span>>,
}

impl<'m> Collector<'m, '_> {
    fn suites(&mut self, suites: &'m Named<Spanned<Suite>>, around: &Around<'m>) {
        for (name, suite) in suites.iter() {
            let inner = around.within(&name.value, &suite.value);
            for (name, test) in suite.test.iter() {
                self.test(name, &test.value, &inner);
            }
            self.suites(&suite.suite, &inner);
            if suite.test.is_empty() && suite.suite.is_empty() && suite.feature.is_empty() {
                self.diagnostics.push(
                    Diagnostic::warning(Code::Missing, format!("suite `{}` has no tests", name.value))
                        .at(name.span, "nothing to run")
                        .help("add one: test \"name\" { rhai \"assert_eq(1 + 1, 2)\" }".to_owned()),
                );
            }
        }
    }

    fn test(&mut self, name: &'m Spanned<String>, test: &'m Test, around: &Around<'m>) {
        if test.acts.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::Missing, format!("test `{}` does nothing", name.value))
                    .at(name.span, "nothing in it")
                    .help("give it a body: rhai, script, call, exec, run, or given/when/then with one".to_owned()),
            );
            return;
        }
        let Some(examples) = &test.examples else {
            self.case(name, test, around, None, Vec::new());
            return;
        };
        if let Some(for_all) = &test.for_all {
            self.diagnostics.push(
                Diagnostic::error(Code::InvalidValue, "a test has `examples` or `for-all`, not both")
                    .at(for_all.span.or(name.span), "one too many"),
            );
            return;
        }
        let rows = self.rows(&examples.value, examples.span.or(name.span));
        for (at, row) in rows.into_iter().enumerate() {
            self.case(name, test, around, Some(at + 1), row);
        }
    }

    fn rows(&mut self, examples: &'m Examples, place: Option<Span>) -> Vec<Vec<Variable>> {
        let mut rows: Vec<Vec<Variable>> = Vec::new();
        for row in &examples.row {
            let Tree::Map(fields) = &row.value.0 else { continue };
            let variable = |(name, value): &(Spanned<String>, Spanned<Tree>)| Variable {
                name: Spanned { value: script_name(&name.value), span: name.span },
                value: value.value.to_json(),
            };
            rows.push(fields.iter().map(variable).collect());
        }
        if rows.is_empty() && examples.csv.is_none() {
            self.diagnostics.push(
                Diagnostic::error(Code::Missing, "a table needs rows")
                    .at(place, "none")
                    .help("write examples { row text=\"a b\" n=2; row text=\"\" n=0 }".to_owned()),
            );
        }
        if let Some(first) = rows.first() {
            let names = |row: &Vec<Variable>| {
                let mut names: Vec<String> = row.iter().map(|one| one.name.value.clone()).collect();
                names.sort();
                names
            };
            let wanted = names(first);
            for (row, written) in rows.iter().zip(&examples.row) {
                let found = names(row);
                let missing = wanted.iter().find(|name| !found.contains(name));
                let surplus = found.iter().find(|name| !wanted.contains(name));
                let what = match (missing, surplus) {
                    (Some(name), _) => format!("this row has no `{name}`"),
                    (None, Some(name)) => format!("this row has a `{name}`, and the first has none"),
                    (None, None) => continue,
                };
                self.diagnostics.push(
                    Diagnostic::error(Code::InvalidValue, what)
                        .at(written.span, "this row")
                        .help(format!("every row gives the same variables: {}", wanted.join(", "))),
                );
            }
        }
        rows
    }

    fn case(
        &mut self,
        name: &'m Spanned<String>,
        test: &'m Test,
        around: &Around<'m>,
        number: Option<usize>,
        row: Vec<Variable>,
    ) {
        let (mut tags, mut facets) = (around.tags.clone(), around.facets.clone());
        add(&mut tags, &test.tags);
        add(&mut facets, &test.facets);
        let file = name.span.and_then(|span| self.sources.get(span.source)).map(|file| file.name.to_string());
        let line = name.span.and_then(|span| self.sources.place(span)).map_or(0, |place| place.line);
        let info = TestInfo {
            project: self.project.to_owned(),
            suites: around.names.clone(),
            name: number.map_or_else(|| name.value.clone(), |number| format!("{}[{number}]", name.value)),
            case: (!row.is_empty()).then(|| shown(&row)),
            tags,
            facets,
            file: file.unwrap_or_default(),
            line,
            timeout: millis(test.timeout.as_ref()).or(around.timeout),
        };
        let path = info.path();
        if let Some(before) = self.known.insert(path.clone(), name.span) {
            self.diagnostics.push(
                Diagnostic::error(Code::Duplicate, format!("two tests are called `{path}`"))
                    .at(name.span, "again here")
                    .at(before, "first here"),
            );
            return;
        }
        self.cases.push(Case {
            info,
            manifest: self.manifest,
            suites: around.suites.clone(),
            test: Cow::Borrowed(test),
            given: BTreeMap::new(),
            span: name.span,
            row,
        });
    }
}

/// A row for people: `text="a b" n=2`.
fn shown(row: &[Variable]) -> String {
    let one = |variable: &Variable| format!("{}={}", variable.name.value, short(&variable.value));
    row.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// A value in a few characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
