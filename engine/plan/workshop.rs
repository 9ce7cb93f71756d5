//! A composed manifest to the plan of a pipeline: every script compiled, every reference followed.

use crate::assembly::{assemble, fill_defaults, forgotten, hooks, what_dependencies_can_do};
use crate::bindings::Bindings;
use crate::builder::{Builder, Place, Siblings};
use crate::compile::Compiler;
use crate::database::{Database, Parts};
use crate::links::Links;
use crate::survey::Use;
use crate::task::Plan;
use crate::{NativeSteps, Parameters, script_name};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use thinking_container::Wiring;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap, Span, Spanned};
use thinking_manifest::{Model, Project};
use thinking_schema::Task;
use thinking_step::{ComponentType, ScopeEntry, StaticScope, VariableKind};

/// What plans are made of.
pub struct Workshop<'w, 'l> {
    /// The project.
    pub project: &'w Project,
    /// The composed manifest.
    pub model: &'w Model,
    /// Parameters with their values; for checks without values an empty set does.
    pub params: Parameters,
    /// Native steps.
    pub steps: &'w dyn NativeSteps,
    /// Native components.
    pub components: &'w [Arc<dyn ComponentType>],
    /// Compiles scripts.
    pub compiler: &'w mut Compiler<'l>,
    /// All texts; script files are added.
    pub sources: &'w mut SourceMap,
    /// The state's directory: never permitted to steps.
    pub state: PathBuf,
}

impl Workshop<'_, '_> {
    /// Checks everything that does not depend on values: parameters' declarations, the runtime, all pipelines. What is given back of the
    /// bindings is wrong only if no other selection of facets mends it.
    pub fn check(&mut self, diagnostics: &mut Diagnostics) -> Bindings {
        let manifest = &self.model.manifest;
        crate::params::check(self, diagnostics);
        crate::settings::check(self, diagnostics);
        let names: Vec<String> = manifest.pipeline.names().map(str::to_owned).collect();
        let (mut used, mut whole) = (BTreeSet::new(), !names.is_empty());
        for name in names {
            match self.plan(&name, diagnostics) {
                Some(plan) => used.extend(plan.wiring.used()),
                None => whole = false,
            }
        }
        let databases = crate::database::declared(self, diagnostics);
        let assembly = assemble(self, &databases, diagnostics);
        // What is wrong elsewhere may be what would use it.
        whole &= !diagnostics.has_errors();
        Bindings::of(&assembly.wirer, &manifest.bind, whole.then_some(used), diagnostics)
    }

    /// The plan of a pipeline. What is wrong is in `diagnostics`; with errors there the plan must not run.
    pub fn plan(&mut self, pipeline: &str, diagnostics: &mut Diagnostics) -> Option<Plan> {
        self.plan_and_uses(pipeline, diagnostics).map(|(plan, _)| plan)
    }

    /// The plan, and what its tasks touch outside.
    pub(crate) fn plan_and_uses(&mut self, pipeline: &str, diagnostics: &mut Diagnostics) -> Option<(Plan, Vec<Use>)> {
        let (name, body) = self.model.manifest.pipeline.entry(pipeline)?;
        self.plan_tasks(name, &body.tasks, None, diagnostics)
    }

    /// The plan of tasks that no pipeline holds, under a name for messages: scripts pass the variables that they declare on to those after them, and
    /// see `flow` from the beginning. What is wrong is in `diagnostics`.
    pub fn plan_flow(
        &mut self,
        name: &Spanned<String>,
        tasks: &[Task],
        flow: &[(String, Option<Span>)],
        diagnostics: &mut Diagnostics,
    ) -> Option<Plan> {
        self.plan_tasks(name, tasks, Some(flow.to_vec()), diagnostics).map(|(plan, _)| plan)
    }

    fn plan_tasks(
        &mut self,
        name: &Spanned<String>,
        body: &[Task],
        flow: Option<Vec<(String, Option<Span>)>>,
        diagnostics: &mut Diagnostics,
    ) -> Option<(Plan, Vec<Use>)> {
        let (model, pipeline) = (self.model, name.value.as_str());
        let permissions = crate::settings::permissions(self, diagnostics)?;
        let facets: Vec<Arc<str>> = active_facets(model);
        let declared: Vec<Arc<str>> = self.project.facets.names().map(Arc::from).collect();
        let mut scope = StaticScope::default();
        let mut add = |name: &str, kind| {
            scope.variables.insert(name.to_owned(), ScopeEntry { kind, span: None });
        };
        add("params", VariableKind::Params(model.manifest.param.names().map(script_name).collect()));
        add("facets", VariableKind::Facets(declared.iter().map(ToString::to_string).collect()));
        add("mode", VariableKind::Mode);
        add("run", VariableKind::Run);
        add("results", VariableKind::Results(Vec::new()));
        add("step", VariableKind::Step);
        let (mut databases, mut parts) = (Vec::new(), Parts::new());
        let stored = crate::database::declared(self, diagnostics);
        let mut assembly = assemble(self, &stored, diagnostics);
        for declared in stored {
            let entry = ScopeEntry { kind: declared.kind, span: declared.name.span };
            scope.variables.insert(script_name(&declared.name.value), entry);
            parts.insert(declared.name.value, declared.parts);
            databases.push(declared.database);
        }
        for (name, entry) in &assembly.variables {
            scope.variables.entry(name.clone()).or_insert_with(|| entry.clone());
        }
        let variables = scope.clone();
        let scope = self.compiler.scope(scope);
        let mut roots = Vec::new();
        let mut hooks = hooks(self, &assembly, variables, &mut roots, diagnostics);
        assembly.hooked = std::mem::take(&mut hooks.hooked);
        let names = model.manifest.param.names().map(script_name).collect();
        let pure = crate::pure::scope(self.compiler, names, &declared, false);
        let mut builder = Builder {
            model,
            project: self.project,
            steps: self.steps,
            compiler: &mut *self.compiler,
            sources: &mut *self.sources,
            diagnostics,
            permissions: &permissions,
            declared: &declared,
            base: scope.clone(),
            pure,
            params: &self.params,
            databases: &parts,
            assembly: &assembly,
            roots: Vec::new(),
            tasks: Vec::new(),
            frames: vec![Siblings::new()],
            running: vec![name.value.clone()],
            links: Links::default(),
            outputs: Vec::new(),
            uses: Vec::new(),
            read: Vec::new(),
            flow,
        };
        let place = Place { path: "".into(), parent: None, scope, retry: None };
        let root = builder.tasks(body, &place);
        if builder.flow.is_some() {
            // A test may run a pipeline twice, to see what that does to its outputs.
            builder.check_values();
        } else {
            builder.check_shared_outputs();
        }
        builder.links.check(&builder.tasks, &builder.model.manifest, builder.diagnostics);
        let (tasks, touches) = (builder.tasks, builder.uses);
        roots.extend(builder.roots);
        let (mut wiring, wrong) = assembly.wirer.wire(&roots);
        diagnostics.extend(wrong);
        fill_defaults(&assembly, &mut wiring, diagnostics);
        what_dependencies_can_do(&assembly, &wiring, self.compiler, diagnostics);
        let hooks = hooks.planned(&assembly, &wiring, diagnostics);
        forgotten(&wiring, &hooks, diagnostics);
        databases.extend(states(&wiring));
        let uses = crate::survey::uses(pipeline, &tasks, touches);
        if root.is_empty() && body.is_empty() {
            diagnostics.push(
                Diagnostic::warning(Code::Missing, format!("pipeline `{pipeline}` has no tasks"))
                    .at(name.span, "nothing to do")
                    .help("add a step: step \"name\" { rhai #\"…\"# }".to_owned()),
            );
        }
        let mut plan = Plan {
            project: project_name(self.project, model),
            named: model.manifest.project.is_some(),
            pipeline: pipeline.into(),
            tasks,
            root,
            databases,
            params: self.params.clone(),
            facets,
            remembered_facets: Vec::new(),
            mode: model.selection.mode,
            permissions,
            seed: crate::settings::seed(self, diagnostics),
            digest: thinking_step::digest(b""),
            directory: self.project.directory.clone(),
            wiring: Arc::new(wiring),
            resources: assembly.resources(),
            hooks: Arc::new(hooks),
            wirer: Arc::new(assembly.wirer),
        };
        plan.digest = crate::definition::plan_digest(&plan);
        Some((plan, uses))
    }
}

/// What the persistent parts of components are kept under.
fn states(wiring: &Wiring) -> impl Iterator<Item = Database> {
    let persistent = wiring.units.iter().filter(|unit| !unit.component.about().persistent.is_empty());
    // No name in a manifest has a colon.
    persistent.map(|unit| Database { name: unit.name.clone(), stored: format!("{}:component", unit.name).into() })
}

/// The project's name, or a stand-in made from its directory.
#[must_use]
pub fn project_name(project: &Project, model: &Model) -> Arc<str> {
    match &model.manifest.project {
        Some(declared) => declared.name.value.as_str().into(),
        None => {
            let directory = project.directory.canonicalize().unwrap_or_else(|_| project.directory.clone());
            format!("in {}", directory.display()).into()
        }
    }
}

/// Active facets with the mode, sorted.
pub(crate) fn active_facets(model: &Model) -> Vec<Arc<str>> {
    let mut facets: Vec<Arc<str>> = model.selection.active.iter().map(|name| Arc::from(name.as_str())).collect();
    facets.push(model.selection.mode.name().into());
    facets.sort();
    facets
}
