//! A manifest that was found, read and checked: what the verbs begin with.

use crate::cli::args::Common;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thinking_container::Registry;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Severity, SourceMap, Span};
use thinking_manifest::guide::{self, no_pipeline};
use thinking_manifest::{Model, Project, Selection};
use thinking_plan::{Bindings, Compiler, NativeSteps, Parameters, Survey, Workshop};
use thinking_script::Rhai;
use thinking_step::{ComponentType, NativeStep};

/// Native steps, as the plan looks them up.
pub(crate) struct Steps(pub Registry);

impl NativeSteps for Steps {
    fn get(&self, name: &str) -> Option<Arc<dyn NativeStep>> {
        self.0.get(name)
    }
    fn names(&self) -> Vec<String> {
        self.0.names().into_iter().map(|name| name.to_string()).collect()
    }
}

/// The native steps that ship, and those that are linked into this program.
fn native() -> Registry {
    thinking_native::native_steps().into_iter().fold(Registry::shipped(), Registry::with)
}

/// The components that are linked into this program. Those that stand in for others in tests are there where a text says their name: nobody else
/// is to find them among his own.
pub(crate) fn native_components(sources: &SourceMap) -> Vec<Arc<dyn ComponentType>> {
    let named = |name: &str| sources.iter().any(|(_, file)| file.text.contains(name));
    let mut all = thinking_native::component_types();
    all.retain(|kind| !thinking_fakes::NAMES.contains(&&*kind.about().name) || named(&kind.about().name));
    all
}

/// Finds the manifest that a command line means.
pub(crate) fn manifest(common: &Common) -> Result<PathBuf, Trouble> {
    let given = common.manifest.clone().unwrap_or_else(|| PathBuf::from("."));
    if common.manifest.is_some() && !given.is_dir() {
        return Ok(given);
    }
    let file = |name: &Path| if common.manifest.is_some() { given.join(name) } else { name.to_path_buf() };
    let usual = file(Path::new("pipeline.kdl"));
    if usual.is_file() {
        return Ok(usual);
    }
    let mut manifests: Vec<PathBuf> = std::fs::read_dir(&given)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .map(|entry| PathBuf::from(entry.file_name()))
        .filter(|name| name.extension().is_some_and(|extension| extension == "kdl"))
        .collect();
    manifests.sort();
    match &*manifests {
        [only] => Ok(file(only)),
        several => {
            let (message, help) = if several.is_empty() {
                (
                    match &common.manifest {
                        Some(directory) => format!("there is no manifest in `{}`", directory.display()),
                        None => "there is no manifest here".to_owned(),
                    },
                    "begin with a project: thinking init\nor say which file: thinking apply FILE".to_owned(),
                )
            } else {
                let names: Vec<String> = several.iter().map(|name| name.display().to_string()).collect();
                (format!("which manifest? there are {}", names.join(", ")), "say which: thinking apply FILE".to_owned())
            };
            output::complain(Diagnostic::error(Code::CommandLine, message).help(help), common.json);
            Err(Trouble::Told(Exit::Wrong))
        }
    }
}

/// Where the state lies.
pub(crate) fn state_directory(common: &Common, project_directory: &Path) -> PathBuf {
    match &common.state {
        Some(directory) => std::path::absolute(directory).unwrap_or_else(|_| directory.clone()),
        None => project_directory.join(".thinking"),
    }
}

/// How a project is read.
type Load = fn(&Path, &mut SourceMap, &mut Diagnostics) -> Option<Project>;

/// A project with everything found wrong in it.
pub(crate) struct Session<'l> {
    pub sources: SourceMap,
    pub project: Project,
    pub compiler: Compiler<'l>,
    pub steps: Steps,
    /// Native components.
    pub components: Vec<Arc<dyn ComponentType>>,
    pub diagnostics: Diagnostics,
}

impl<'l> Session<'l> {
    /// Reads a manifest. On failure the diagnostics say why.
    pub fn load(path: &Path, language: &'l Rhai) -> Result<Self, (SourceMap, Diagnostics)> {
        Self::load_by(Project::load, path, language)
    }

    /// As [`Session::load`], with the suites in `tests/`.
    pub fn load_with_tests(path: &Path, language: &'l Rhai) -> Result<Self, (SourceMap, Diagnostics)> {
        Self::load_by(Project::load_with_tests, path, language)
    }

    fn load_by(load: Load, path: &Path, language: &'l Rhai) -> Result<Self, (SourceMap, Diagnostics)> {
        let mut sources = SourceMap::new();
        let mut diagnostics = Diagnostics::new();
        match load(path, &mut sources, &mut diagnostics) {
            Some(project) => Ok(Self {
                components: native_components(&sources),
                sources,
                project,
                compiler: Compiler::new(language),
                steps: Steps(native()),
                diagnostics,
            }),
            None => Err((sources, diagnostics)),
        }
    }

    /// Checks everything that does not depend on values, under every facet.
    pub fn check(&mut self, state: &Path) {
        let mut found = std::mem::take(&mut self.diagnostics);
        let mut hollow: Option<Vec<_>> = None;
        let mut bindings = Bindings::default();
        for (number, selection) in self.project.facets.every_selection().into_iter().enumerate() {
            let mut own = Diagnostics::new();
            // The first selection is what runs without asking; what goes wrong only under another says so.
            let note = (number > 0).then(|| format!("this is so with --facet {}", selection.active.join(",")));
            let model = self.project.compose(&selection, &mut own);
            if let Some(model) = model {
                // What a facet fills is not empty.
                let now = guide::hollow(&model);
                let always = |one: &(Span, Diagnostic)| now.iter().any(|(span, _)| *span == one.0);
                hollow = Some(match hollow.take() {
                    Some(before) => before.into_iter().filter(always).collect(),
                    None => now,
                });
                let now = self.with_shop(&model, state, |shop| shop.check(&mut own));
                bindings.add(now, note.as_deref());
            }
            for diagnostic in own {
                if !found.has(&diagnostic) {
                    found.push(diagnostic.help(note.clone()));
                }
            }
        }
        found.extend(bindings.wrong());
        found.extend(hollow.into_iter().flatten().map(|(_, warning)| warning));
        if found.is_empty()
            && self
                .project
                .compose(&Selection::default(), &mut Diagnostics::new())
                .is_some_and(|model| model.manifest.pipeline.is_empty() && model.manifest.suite.is_empty())
        {
            found.push(no_pipeline(self.text(), Severity::Warning));
        }
        let (project, sources) = (&self.project, &self.sources);
        let mut real: Diagnostics =
            found.into_iter().filter(|diagnostic| !project.is_follow_up(diagnostic, sources)).collect();
        // A mistake taken out leaves gaps that look odd: warnings wait until the mistakes are mended.
        if real.has_errors() {
            real = real.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
        }
        real.sort();
        self.diagnostics = real;
    }

    /// The main manifest's text.
    pub fn text(&self) -> &str {
        self.sources.get(self.project.main).map_or("", |file| &file.text)
    }

    /// What the manifest may touch and is seen to touch: without asking, and with each facet that is not active then.
    pub fn surveys(&mut self, state: &Path) -> Vec<(Vec<String>, Survey)> {
        let selections = self.project.facets.every_selection();
        let usual = selections.first().map(|selection| selection.active.clone()).unwrap_or_default();
        let mut surveys = Vec::new();
        for selection in selections {
            let model = self.project.compose(&selection, &mut Diagnostics::new());
            let survey = model.map(|model| self.with_shop(&model, state, |shop| shop.survey()));
            let extra = selection.active.into_iter().filter(|facet| !usual.contains(facet)).collect();
            surveys.push((extra, survey.unwrap_or_default()));
        }
        surveys
    }

    /// Does something in the workshop of a composed manifest.
    fn with_shop<T>(&mut self, model: &Model, state: &Path, work: impl FnOnce(&mut Workshop<'_, 'l>) -> T) -> T {
        let mut shop = Workshop {
            project: &self.project,
            model,
            params: Parameters::default(),
            steps: &self.steps,
            components: &self.components,
            compiler: &mut self.compiler,
            sources: &mut self.sources,
            state: state.to_path_buf(),
        };
        work(&mut shop)
    }
}
