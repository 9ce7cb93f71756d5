//! Suites to cases.

use crate::case::{Case, Variable};
use crate::features::{Files, Known};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap, Span, Spanned};
use thinking_event::testing::TestInfo;
use thinking_manifest::{Project, units};
use thinking_plan::script_name;
use thinking_schema::{DurationText, Examples, Manifest, Named, Suite, Test, Tree};
use thinking_testing::feature::Feature;

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
    project: &Project,
    shown: &str,
    sources: &mut SourceMap,
    diagnostics: &mut Diagnostics,
) -> Collected<'m> {
    let folder = Path::new(shown).parent().unwrap_or(Path::new(""));
    let features = Files::load(manifest, &project.directory, folder, sources, diagnostics);
    let mut collector = Collector {
        manifest,
        directory: &project.directory,
        folder,
        project: shown,
        sources,
        diagnostics,
        features,
        cases: Vec::new(),
        known: BTreeMap::new(),
    };
    collector.suites(&manifest.suite, &Around::default());
    let features = std::mem::take(&mut collector.features);
    collector.features(features.free(), &Around::default());
    Collected { cases: collector.cases }
}

struct Collector<'m, 'c> {
    manifest: &'m Manifest,
    directory: &'c Path,
    /// The project's directory as messages show it.
    folder: &'c Path,
    project: &'c str,
    sources: &'c mut SourceMap,
    features: Files,
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
            let features = std::mem::take(&mut self.features);
            for pattern in &suite.feature {
                self.features(features.named(self.directory, &pattern.value), &inner);
            }
            self.features = features;
            if suite.test.is_empty() && suite.suite.is_empty() && suite.feature.is_empty() {
                self.diagnostics.push(
                    Diagnostic::warning(Code::Missing, format!("suite `{}` has no tests", name.value))
                        .at(name.span, "nothing to run")
                        .help("add one: test \"name\" { rhai \"assert_eq(1 + 1, 2)\" }".to_owned()),
                );
            }
        }
    }

    fn features<'f>(&mut self, features: impl Iterator<Item = &'f Feature>, around: &Around<'m>) {
        let mut known = None;
        for feature in features {
            let known = known
                .get_or_insert_with(|| Known::new(self.manifest, &around.suites, self.sources, self.diagnostics))
                .as_ref();
            let Some(known) = known else { return };
            for scenario in &feature.scenarios {
                let Some((test, given)) = known.test(scenario, self.diagnostics) else { continue };
                let mut tags = around.tags.clone();
                tags.extend(scenario.tags.iter().filter(|tag| !around.tags.contains(tag)).cloned());
                let info = TestInfo {
                    project: self.project.to_owned(),
                    suites: around.names.iter().chain(&scenario.suites).cloned().collect(),
                    name: scenario.name.clone(),
                    case: scenario.case.clone(),
                    tags,
                    facets: around.facets.clone(),
                    file: feature.file.clone(),
                    line: scenario.line,
                    timeout: around.timeout,
                };
                self.add(Case {
                    info,
                    manifest: self.manifest,
                    suites: around.suites.clone(),
                    test: Cow::Owned(test),
                    given,
                    span: Some(scenario.span),
                    row: Vec::new(),
                });
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
                written: has_templates(&value.value).then(|| value.clone()),
            };
            rows.push(fields.iter().map(variable).collect());
        }
        if let Some(csv) = &examples.csv {
            self.csv(csv, &mut rows);
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
        self.add(Case {
            info,
            manifest: self.manifest,
            suites: around.suites.clone(),
            test: Cow::Borrowed(test),
            given: BTreeMap::new(),
            span: name.span,
            row,
        });
    }

    fn add(&mut self, case: Case<'m>) {
        let path = case.info.path();
        match self.known.insert(path.clone(), case.span) {
            Some(before) => self.diagnostics.push(
                Diagnostic::error(Code::Duplicate, format!("two tests are called `{path}`"))
                    .at(case.span, "again here")
                    .at(before, "first here"),
            ),
            None => self.cases.push(case),
        }
    }

    /// Rows from a file.
    fn csv(&mut self, csv: &Spanned<String>, rows: &mut Vec<Vec<Variable>>) {
        let name = self.folder.join(&csv.value).display().to_string();
        let text = match std::fs::read_to_string(self.directory.join(&csv.value)) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("cannot read `{name}`: {error}");
                self.diagnostics.push(Diagnostic::error(Code::UnreadableFile, message).at(csv.span, "named here"));
                return;
            }
        };
        let source = self.sources.add(name, text);
        match thinking_std::csv_cases(self.sources, source) {
            Ok(cases) => {
                for case in cases {
                    let variable = |(name, value): (String, Value)| Variable {
                        name: Spanned { value: script_name(&name), span: Some(case.span) },
                        value,
                        written: None,
                    };
                    rows.push(case.values.clone().into_iter().map(variable).collect());
                }
            }
            Err(wrong) => self.diagnostics.extend(wrong),
        }
    }
}

/// Whether any text in it is a template.
pub(crate) fn has_templates(tree: &Tree) -> bool {
    match tree {
        Tree::Text(text) => text.contains("${"),
        Tree::List(items) => items.iter().any(|item| has_templates(&item.value)),
        Tree::Map(fields) => fields.iter().any(|(_, field)| has_templates(&field.value)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) => false,
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
