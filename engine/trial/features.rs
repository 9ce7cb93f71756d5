//! `.feature` files to cases.

use crate::case::Variable;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, MappedText, SourceMap, Spanned};
use thinking_event::testing::PhaseKind;
use thinking_manifest::mapped_string;
use thinking_plan::script_name;
use thinking_schema::{Act, Define, Manifest, Suite, Test, Titled};
use thinking_testing::feature::{Definitions, Feature, Scenario, parse};

/// The feature files of a project, read.
#[derive(Default)]
pub(crate) struct Files {
    all: Vec<(PathBuf, Feature)>,
    /// Those that some suite names.
    pub claimed: std::collections::BTreeSet<PathBuf>,
}

impl Files {
    /// All feature files below `tests/`, and those that suites name. `shown` is the project's directory as messages show it.
    pub fn load(
        manifest: &Manifest,
        directory: &Path,
        shown: &Path,
        sources: &mut SourceMap,
        found: &mut Diagnostics,
    ) -> Self {
        let mut files = Self::default();
        for path in matching(directory, "tests/**/*.feature") {
            files.read(&path, directory, shown, sources, found);
        }
        let mut suites: Vec<&Suite> = manifest.suite.iter().map(|(_, suite)| &suite.value).collect();
        while let Some(suite) = suites.pop() {
            suites.extend(suite.suite.iter().map(|(_, suite)| &suite.value));
            for pattern in &suite.feature {
                let paths = matching(directory, &pattern.value);
                if paths.is_empty() {
                    found.push(
                        Diagnostic::error(Code::UnreadableFile, format!("no file matches `{}`", pattern.value))
                            .at(pattern.span, "nothing there"),
                    );
                }
                for path in paths {
                    files.read(&path, directory, shown, sources, found);
                    files.claimed.insert(path);
                }
            }
        }
        files
    }

    fn read(&mut self, path: &Path, directory: &Path, shown: &Path, sources: &mut SourceMap, found: &mut Diagnostics) {
        if self.all.iter().any(|(known, _)| known == path) {
            return;
        }
        let name = shown.join(path).display().to_string();
        let text = match std::fs::read_to_string(directory.join(path)) {
            Ok(text) => text,
            Err(error) => {
                found.push(Diagnostic::error(Code::UnreadableFile, format!("cannot read `{name}`: {error}")));
                return;
            }
        };
        let source = sources.add(name, text);
        match parse(sources, source) {
            Ok(mut feature) => {
                found.extend(std::mem::take(&mut feature.warnings));
                self.all.push((path.to_path_buf(), feature));
            }
            Err(wrong) => found.extend(wrong),
        }
    }

    /// Those that nobody names.
    pub fn free(&self) -> impl Iterator<Item = &Feature> {
        self.all.iter().filter(|(path, _)| !self.claimed.contains(path)).map(|(_, feature)| feature)
    }

    /// Those that a pattern means.
    pub fn named<'f>(&'f self, directory: &Path, pattern: &str) -> impl Iterator<Item = &'f Feature> {
        let paths = matching(directory, pattern);
        self.all.iter().filter(move |(path, _)| paths.contains(path)).map(|(_, feature)| feature)
    }
}

/// Files that a path or glob matches, relative to the directory, sorted.
fn matching(directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    if !pattern.contains(['*', '?', '[', '{']) {
        return if directory.join(pattern).is_file() { vec![PathBuf::from(pattern)] } else { Vec::new() };
    }
    let Ok(glob) = globset::GlobBuilder::new(pattern).literal_separator(true).build() else { return Vec::new() };
    let matcher = glob.compile_matcher();
    // Only below what stands before the first sign of a pattern.
    let root: PathBuf =
        Path::new(pattern).iter().take_while(|part| !part.to_string_lossy().contains(['*', '?', '[', '{'])).collect();
    let entries = walkdir::WalkDir::new(directory.join(root)).sort_by_file_name().into_iter().filter_map(Result::ok);
    entries
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.path().strip_prefix(directory).ok().map(Path::to_path_buf))
        .filter(|path| matcher.is_match(path))
        .collect()
}

/// Definitions that are seen at some place, the nearest first.
pub(crate) struct Known<'m> {
    definitions: Definitions,
    all: Vec<&'m Define>,
}

impl<'m> Known<'m> {
    /// Those of the manifest and of suites, and what is wrong with them.
    pub fn new(
        manifest: &'m Manifest,
        suites: &[&'m Suite],
        sources: &SourceMap,
        found: &mut Diagnostics,
    ) -> Option<Self> {
        let own = suites.iter().rev().flat_map(|suite| suite.define.iter());
        let mut all: Vec<(&Spanned<String>, &Define)> = Vec::new();
        for (text, define) in own.chain(manifest.define.iter()) {
            // What is nearer hides what is further out.
            if !all.iter().any(|(known, _)| known.value == text.value) {
                all.push((text, define));
            }
        }
        let patterns: Vec<MappedText> = all.iter().filter_map(|(name, _)| mapped_string(name, sources)).collect();
        if patterns.len() != all.len() {
            return None;
        }
        match Definitions::new(&patterns) {
            Ok(definitions) => Some(Self { definitions, all: all.into_iter().map(|(_, define)| define).collect() }),
            Err(wrong) => {
                found.extend(wrong);
                None
            }
        }
    }

    /// A scenario as a test, and what each of its steps is given.
    pub fn test(&self, scenario: &Scenario, found: &mut Diagnostics) -> Option<(Test, BTreeMap<usize, Vec<Variable>>)> {
        let (mut test, mut given) = (Test::default(), BTreeMap::new());
        let mut whole = true;
        if scenario.steps.is_empty() {
            found.push(
                Diagnostic::error(Code::Missing, format!("the scenario `{}` has no steps", scenario.name))
                    .at(scenario.span, "tests nothing")
                    .help("write Given, When and Then below it".to_owned()),
            );
            return None;
        }
        for step in &scenario.steps {
            let definition = match self.definitions.find(step) {
                Ok(definition) => definition,
                Err(wrong) => {
                    found.push(*wrong);
                    whole = false;
                    continue;
                }
            };
            let Some(define) = self.all.get(definition.index) else { continue };
            if define.args.len() > definition.arguments.len() {
                found.push(
                    Diagnostic::error(Code::InvalidValue, "more names than the text has parameters")
                        .at(define.args.get(definition.arguments.len()).and_then(|name| name.span), "one too many"),
                );
                whole = false;
            }
            let variable = |name: &str, value| Variable {
                name: Spanned { value: script_name(name), span: None },
                value,
                written: None,
            };
            let mut variables = vec![
                variable("doc", step.doc.as_ref().map_or(Value::Null, |doc| doc.text.clone().into())),
                variable("table", step.table.as_ref().map_or(Value::Null, thinking_testing::feature::Table::lists)),
            ];
            for (name, value) in define.args.iter().zip(&definition.arguments) {
                variables.push(Variable {
                    name: Spanned { value: script_name(&name.value), span: name.span },
                    value: value.clone(),
                    written: None,
                });
            }
            variables.push(variable("args", Value::Array(definition.arguments)));
            given.insert(test.acts.len(), variables);
            let titled = Spanned {
                value: Titled {
                    title: Spanned { value: step.text.clone(), span: Some(step.span) },
                    acts: define.acts.clone(),
                    facet: None,
                },
                span: Some(step.span),
            };
            test.acts.push(match step.kind {
                PhaseKind::Given => Act::Given(titled),
                PhaseKind::When => Act::When(titled),
                _ => Act::Then(titled),
            });
        }
        whole.then_some((test, given))
    }
}
