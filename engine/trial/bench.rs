//! What tests of a project are made with.

use crate::case::{Case, Variable};
use crate::codes::Codes;
use crate::cover::{Reach, Seen};
use crate::crash::Crashes;
use crate::faults::without_templates;
use crate::sandbox::Sandbox;
use crate::setting::{Setting, Settings};
use crate::shape::{Shape, VARIABLES, run_task, shape};
use crate::steps::TestSteps;
use crate::trial::Prepared;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use thinking_container::Calls;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, MappedText, SourceMap, Span, Spanned, Style, did_you_mean};
use thinking_event::testing::{Coverage, PartKind};
use thinking_manifest::{Model, Project, mapped_string};
use thinking_plan::{Compiler, Given, NativeSteps, Parameters, Plan, Workshop, script_name};
use thinking_run::StopSignal;
use thinking_schema::{Task, Tree};
use thinking_script::ForAll;
use thinking_step::ComponentType;

/// A project, and what is needed to make tests of it.
pub struct Bench<'b, 'l> {
    pub(crate) parts: Parts<'b, 'l>,
    pub(crate) crashes: Arc<Crashes>,
    codes: Codes,
    settings: Settings,
    pub(crate) seen: Seen,
    pub(crate) width: usize,
    /// Asks the test that runs to end.
    pub(crate) interrupt: StopSignal,
    /// Lines of the tests' own scripts, by file.
    own_lines: BTreeMap<String, BTreeSet<usize>>,
}

/// What a [`Bench`] is made of.
pub struct Parts<'b, 'l> {
    /// The project.
    pub project: &'b Project,
    /// The manifest as it is where a test says nothing.
    pub base: &'b Model,
    /// Values of parameters where a test says nothing.
    pub given: Given,
    /// Native steps.
    pub steps: &'b dyn NativeSteps,
    /// Native components.
    pub components: &'b [Arc<dyn ComponentType>],
    /// Compiles scripts.
    pub compiler: &'b mut Compiler<'l>,
    /// All texts; script files are added.
    pub sources: &'b mut SourceMap,
    /// The project's state: never permitted to steps.
    pub state: PathBuf,
    /// Makes the command line of a process for a pipeline that is killed on purpose: one that hands what it reads to [`Bench::child`].
    pub child: Box<dyn Fn() -> Command + Send + Sync>,
}

impl<'b, 'l> Bench<'b, 'l> {
    /// A bench with nothing on it.
    #[must_use]
    pub fn new(mut parts: Parts<'b, 'l>) -> Self {
        let codes = Codes::new(parts.sources);
        let child = std::mem::replace(&mut parts.child, Box::new(|| Command::new("true")));
        Self {
            parts,
            crashes: Arc::new(Crashes::new(child)),
            codes,
            settings: Settings::default(),
            seen: Seen::default(),
            width: Style::default().width,
            interrupt: StopSignal::default(),
            own_lines: BTreeMap::new(),
        }
    }

    /// What ends the test that runs, when it is asked: it is torn down, and counts as failed.
    #[must_use]
    pub fn interrupt(&self) -> &StopSignal {
        &self.interrupt
    }

    /// Says how many columns wide failures are shown.
    pub fn width(&mut self, width: usize) {
        self.width = width;
    }

    /// What processes of pipelines that were killed on purpose reached since this was last asked.
    #[must_use]
    pub fn reached_by_children(&self) -> Coverage {
        self.crashes.reached()
    }

    /// Leaves lines of what tests are made of out of what they reach: that they run says nothing of the project.
    #[must_use]
    pub fn of_the_project(&self, mut coverage: Coverage) -> Coverage {
        for (file, lines) in &mut coverage.lines {
            if let Some(own) = self.own_lines.get(file) {
                lines.retain(|line, _| !own.contains(line));
            }
        }
        coverage.lines.retain(|file, lines| !file.starts_with('<') && !lines.is_empty());
        coverage
    }

    /// Notes where scripts of tests stand.
    fn note_own(&mut self, tasks: &[Task]) {
        for task in tasks {
            match task {
                Task::Stage(stage) => self.note_own(&stage.value.tasks),
                Task::Step(step) => {
                    let Some(span) = step.value.rhai.as_ref().and_then(|code| code.0.span) else { continue };
                    let Some(file) = self.parts.sources.get(span.source) else { continue };
                    let lines = file.line_column(span.start).line..=file.line_column(span.end).line;
                    self.own_lines.entry(file.name.to_string()).or_default().extend(lines);
                }
                _ => {}
            }
        }
    }

    /// All texts.
    #[must_use]
    pub fn sources(&self) -> &SourceMap {
        self.parts.sources
    }

    /// What tests reached of the manifest since this was last asked.
    pub fn seen(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }

    /// Everything in the manifest that a test can reach.
    pub fn reach(&mut self) -> Reach {
        let mut reach = Reach::default();
        let base = self.parts.base;
        let setting = Setting { model: base.clone(), params: Parameters::default() };
        let names: Vec<String> = base.manifest.pipeline.names().map(str::to_owned).collect();
        for name in names {
            if let Some(plan) = self.shop(&setting, |shop| shop.plan(&name, &mut Diagnostics::new())) {
                reach.add(&name, &plan);
            }
        }
        for facet in &self.parts.project.facets.facets {
            reach.add_named(PartKind::Facet, &facet.name, Some(facet.span));
        }
        for (name, _) in base.manifest.bind.iter() {
            reach.add_named(PartKind::Binding, &name.value, name.span);
        }
        reach
    }

    /// Makes a test ready to run. `None` if it has mistakes, which are in `diagnostics`.
    pub fn prepare(&mut self, case: &Case<'_>, diagnostics: &mut Diagnostics) -> Option<Prepared> {
        let setting = self.setting(case, Map::new(), diagnostics)?;
        let mut found = Diagnostics::new();
        let mut shape = shape(case, &self.codes);
        self.note_own(&shape.tasks);
        let for_all = self.for_all(case, &mut shape, &mut found);
        // What the manifest calls so keeps its name.
        let taken = self.taken();
        shape.variables.retain(|(name, span)| span.is_some() || !VARIABLES.contains(&&**name) || !taken.contains(name));
        self.reserved(&shape, &mut found);
        let plan = self.plan(case, &setting, &shape.tasks, &shape.variables, &mut found);
        self.bindings(case, plan.as_ref(), &mut found);
        if let (Some(cases), None) = (&case.test.cases, &case.test.for_all) {
            found.push(
                Diagnostic::error(
                    Code::InvalidValue,
                    "`cases` says how many values of `for-all` are tried, and there is none",
                )
                .at(cases.span, "of what?")
                .help("add for-all x=\"int(0..100)\"".to_owned()),
            );
        }
        let doubles = self.doubles(case, &setting, &mut found);
        if let Some(plan) = &plan
            && !doubles.is_empty()
            && let Err(wrong) = plan.clone().double(&doubles, &Arc::new(Calls::default()))
        {
            found.extend(wrong);
        }
        // Pipelines that run in processes of their own are no part of that plan.
        for run in &shape.crashes {
            let run = without_templates(run, &setting);
            self.plan(case, &setting, &[run_task(&run)], &shape.variables, &mut found);
        }
        let faults = self.faults(&setting, &shape, &mut found);
        let wrong = found.has_errors();
        diagnostics.extend(found);
        let plan = plan.filter(|_| !wrong)?;
        let crashed: Vec<String> = shape.crashes.iter().map(|run| run.value.pipeline.value.clone()).collect();
        let mut sandbox = Sandbox::of(&plan);
        for pipeline in crashed {
            // What it leaves is looked at by what follows in the test.
            let plan = self.shop(&setting, |shop| shop.plan(&pipeline, &mut Diagnostics::new()));
            sandbox = sandbox.or_else(|| plan.as_ref().and_then(Sandbox::of));
        }
        let sandbox = sandbox.map(Arc::new);
        let cases = case.test.cases.as_ref().map_or(100, |cases| cases.value);
        Some(Prepared {
            plan: Arc::new(plan),
            shape: Arc::new(shape),
            doubles: doubles.into(),
            faults: faults.into(),
            for_all: for_all.map(Arc::new),
            cases,
            sandbox,
            setting,
        })
    }

    /// The plan of a pipeline as a test sees it, with parameters of its own.
    pub(crate) fn pipeline(
        &mut self,
        case: &Case<'_>,
        name: &str,
        params: Map<String, Value>,
        found: &mut Diagnostics,
    ) -> Option<Plan> {
        let setting = self.setting(case, params, found)?;
        let doubles = self.doubles(case, &setting, found);
        let mut plan = self.shop(&setting, |shop| shop.plan(name, found))?;
        if !doubles.is_empty()
            && let Err(wrong) = plan.double(&doubles, &Arc::new(Calls::default()))
        {
            found.extend(wrong);
        }
        (!found.has_errors()).then_some(plan)
    }

    /// The plan of some tasks of a test.
    pub(crate) fn plan(
        &mut self,
        case: &Case<'_>,
        setting: &Setting,
        tasks: &[Task],
        variables: &[(String, Option<Span>)],
        found: &mut Diagnostics,
    ) -> Option<Plan> {
        let name = Spanned { value: case.info.path(), span: case.span };
        self.shop(setting, |shop| shop.plan_flow(&name, tasks, variables, found))
    }

    pub(crate) fn shop<T>(&mut self, setting: &Setting, work: impl FnOnce(&mut Workshop<'_, 'l>) -> T) -> T {
        let steps = TestSteps { others: self.parts.steps, crash: self.crashes.clone() };
        let mut shop = Workshop {
            project: self.parts.project,
            model: &setting.model,
            params: setting.params.clone(),
            steps: &steps,
            components: self.parts.components,
            compiler: self.parts.compiler,
            sources: self.parts.sources,
            state: self.parts.state.clone(),
        };
        work(&mut shop)
    }

    fn setting(
        &mut self,
        case: &Case<'_>,
        params: Map<String, Value>,
        found: &mut Diagnostics,
    ) -> Option<Arc<Setting>> {
        let mut settings = std::mem::take(&mut self.settings);
        let setting = settings.of(&mut self.parts, case, params, found);
        self.settings = settings;
        setting
    }

    /// The row of a case, its templates filled in. What is wrong with it is in `found`.
    pub fn row(&mut self, case: &Case<'_>, found: &mut Diagnostics) -> Vec<Variable> {
        let mut row = case.row.clone();
        if row.iter().all(|variable| variable.written.is_none()) {
            return row;
        }
        let Some(setting) = self.setting(case, Map::new(), found) else { return row };
        for variable in &mut row {
            let Some(written) = variable.written.take() else { continue };
            if let Some(value) = self.shop(&setting, |shop| shop.constant(&written, found)) {
                variable.value = value;
            }
        }
        row
    }

    /// Environment variables that hold secrets in a test.
    pub(crate) fn secrets(&mut self, case: &Case<'_>) -> Vec<String> {
        self.setting(case, Map::new(), &mut Diagnostics::new()).map(|setting| setting.secrets()).unwrap_or_default()
    }

    /// The values of a property, and their variables.
    fn for_all(&self, case: &Case<'_>, shape: &mut Shape, found: &mut Diagnostics) -> Option<ForAll> {
        let Tree::Map(fields) = &case.test.for_all.as_ref()?.value else { return None };
        let mut texts: Vec<(String, MappedText)> = Vec::new();
        for (name, value) in fields {
            let Tree::Text(text) = &value.value else { continue };
            let text = Spanned { value: text.clone(), span: value.span };
            texts.extend(mapped_string(&text, self.parts.sources).map(|text| (script_name(&name.value), text)));
            shape.variables.push((script_name(&name.value), name.span));
        }
        match ForAll::parse(&texts) {
            Ok(for_all) => Some(for_all),
            Err(wrong) => {
                found.extend(wrong);
                None
            }
        }
    }

    /// Bindings that take the place of none, and that nothing uses either.
    fn bindings(&self, case: &Case<'_>, plan: Option<&Plan>, found: &mut Diagnostics) {
        let Some(plan) = plan else { return };
        let known = &self.parts.base.manifest.bind;
        for (name, _) in case.suites.iter().flat_map(|suite| suite.bind.iter()).chain(case.test.bind.iter()) {
            if known.get(&name.value).is_some() || plan.wiring.units.iter().any(|unit| *unit.name == *name.value) {
                continue;
            }
            let near = did_you_mean(&name.value, known.names()).map(|near| format!("did you mean `{near}`?"));
            let message =
                format!("the binding `{}` takes the place of none, and this test does not use it", name.value);
            found.push(Diagnostic::warning(Code::UnusedBinding, message).at(name.span, "never created").help(near));
        }
    }

    /// Names in scripts that databases and bindings have.
    fn taken(&self) -> Vec<String> {
        let databases = self.parts.base.manifest.runtime.iter().flat_map(|runtime| runtime.database.names());
        databases.chain(self.parts.base.manifest.bind.names()).map(script_name).collect()
    }

    /// Names that variables of a test cannot have.
    fn reserved(&self, shape: &Shape, found: &mut Diagnostics) {
        let taken = self.taken();
        for (name, span) in &shape.variables {
            let why = match name.as_str() {
                "params" | "facets" | "mode" | "run" | "results" | "this" | "step" | "clock" => "a name of the engine",
                name if taken.iter().any(|taken| taken == name) => "a binding or a database",
                _ => continue,
            };
            found.push(
                Diagnostic::error(Code::ReservedName, format!("a variable of a test cannot be called `{name}`"))
                    .at(*span, format!("it is {why}"))
                    .help("choose another name".to_owned()),
            );
        }
    }
}
