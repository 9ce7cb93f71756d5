//! A composed manifest to the plan of a pipeline: every script compiled, every reference followed.

use crate::compile::{Compiler, Scope, Wrong};
use crate::definition::Definer;
use crate::links::Links;
use crate::task::{Body, Branch, Call, Exec, OnError, Plan, Retry, StdoutAs, Step, Task, TaskId, TaskKind};
use crate::{Backoff, FromValue, NativeSteps, Parameters, Setting, Template, TemplateValue, names, script_name};
use std::path::PathBuf;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap, Span, Spanned, did_you_mean};
use thinking_manifest::{Model, Project};
use thinking_schema::{self as schema, Templated};
use thinking_step::{
    Access, Definition, ErrorKind, Permissions, Program, Purpose, ReferenceKind, ScopeEntry, StaticScope, VariableKind,
};

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
    /// Compiles scripts.
    pub compiler: &'w mut Compiler<'l>,
    /// All texts; script files are added.
    pub sources: &'w mut SourceMap,
    /// The state's directory: never permitted to steps.
    pub state: PathBuf,
}

impl Workshop<'_, '_> {
    /// Checks everything that does not depend on values: parameters' declarations, the runtime, all pipelines.
    pub fn check(&mut self, diagnostics: &mut Diagnostics) {
        let manifest = &self.model.manifest;
        crate::params::check(&manifest.param, diagnostics);
        crate::settings::check(self, diagnostics);
        let names: Vec<String> = manifest.pipeline.names().map(str::to_owned).collect();
        for name in names {
            self.plan(&name, diagnostics);
        }
    }

    /// The plan of a pipeline. What is wrong is in `diagnostics`; with errors there the plan must not run.
    pub fn plan(&mut self, pipeline: &str, diagnostics: &mut Diagnostics) -> Option<Plan> {
        let model = self.model;
        let permissions = crate::settings::permissions(self, diagnostics)?;
        let facets: Vec<Arc<str>> = active_facets(model);
        let declared: Vec<Arc<str>> = self.project.facets.names().map(Arc::from).collect();
        let (name, body) = model.manifest.pipeline.entry(pipeline)?;
        let (name, body) = (name.clone(), body.clone());
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
        let mut databases = Vec::new();
        if let Some(runtime) = &model.manifest.runtime {
            for (name, _) in runtime.database.iter() {
                if let Some(why) = names::reserved(name, self.compiler.language()) {
                    diagnostics.push(
                        Diagnostic::error(Code::ReservedName, format!("a database cannot be called `{}`", name.value))
                            .at(name.span, why),
                    );
                    continue;
                }
                let entry = ScopeEntry { kind: VariableKind::Kv(name.value.clone()), span: name.span };
                scope.variables.insert(script_name(name), entry);
                databases.push(Arc::from(name.value.as_str()));
            }
        }
        let scope = self.compiler.scope(scope);
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
            tasks: Vec::new(),
            frames: vec![Vec::new()],
            running: vec![name.value.clone()],
            links: Links::default(),
        };
        let place = Place { path: "".into(), parent: None, scope, retry: None };
        let root = builder.tasks(&body.tasks, &place);
        builder.links.check(&builder.tasks, &builder.model.manifest, builder.diagnostics);
        let tasks = builder.tasks;
        if root.is_empty() && body.tasks.is_empty() {
            diagnostics.push(
                Diagnostic::warning(Code::Missing, format!("pipeline `{pipeline}` has no tasks"))
                    .at(name.span, "nothing to do")
                    .help("add a step: step \"name\" { rhai #\"…\"# }".to_owned()),
            );
        }
        let mut plan = Plan {
            project: project_name(self.project, model),
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
        };
        plan.digest = crate::definition::plan_digest(&plan);
        Some(plan)
    }
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

/// What is around the tasks of a container.
#[derive(Clone)]
struct Place {
    path: Arc<str>,
    parent: Option<TaskId>,
    scope: Scope,
    retry: Option<Arc<Retry>>,
}

/// The properties that every task has.
struct Common<'c> {
    name: Option<&'c Spanned<String>>,
    span: Option<Span>,
    when: &'c Option<schema::Code>,
    timeout: &'c Option<Templated<schema::DurationText>>,
    retry: &'c Option<schema::Retry>,
    on_error: &'c Option<Templated<schema::OnErrorWord>>,
}

struct Builder<'b, 'l> {
    model: &'b Model,
    project: &'b Project,
    steps: &'b dyn NativeSteps,
    compiler: &'b mut Compiler<'l>,
    sources: &'b mut SourceMap,
    diagnostics: &'b mut Diagnostics,
    permissions: &'b Permissions,
    declared: &'b [Arc<str>],
    /// The scope at the top of a pipeline.
    base: Scope,
    tasks: Vec<Task>,
    /// Names of the siblings so far, of each container around, outermost first.
    frames: Vec<Vec<(String, Option<Span>)>>,
    /// Pipelines that are being built, outermost first.
    running: Vec<String>,
    links: Links,
}

impl Builder<'_, '_> {
    fn tasks(&mut self, tasks: &[schema::Task], place: &Place) -> Vec<TaskId> {
        tasks.iter().filter_map(|task| self.task(task, place)).collect()
    }

    fn task(&mut self, task: &schema::Task, place: &Place) -> Option<TaskId> {
        macro_rules! common {
            ($task:expr, $name:expr) => {
                Common {
                    name: $name,
                    span: $task.span,
                    when: &$task.when,
                    timeout: &$task.timeout,
                    retry: &$task.retry,
                    on_error: &$task.on_error,
                }
            };
        }
        match task {
            schema::Task::Stage(stage) => {
                let (id, inner) = self.open(common!(stage, stage.name.as_ref()), place);
                let children = self.inside(stage.name.is_some(), |builder| builder.tasks(&stage.tasks, &inner));
                Some(self.close(id, TaskKind::Stage { children }))
            }
            schema::Task::Step(step) => {
                let (id, inner) = self.open(common!(step, Some(&step.name)), place);
                let body = self.step(step, &inner);
                Some(self.close(id, TaskKind::Step(Box::new(body?))))
            }
            schema::Task::Each(each) => {
                let (id, inner) = self.open(common!(each, Some(&each.var)), place);
                let items = self.program(&each.r#in, place, Purpose::Expression, id);
                let inner = self.with_variable(&each.var, inner);
                let key = each.key.as_ref().map(|key| self.program(key, &inner, Purpose::Expression, id));
                let children = self.inside(true, |builder| builder.tasks(&each.tasks, &inner));
                let variable = script_name(&each.var).into();
                Some(self.close(id, TaskKind::Each { variable, items, key, children }))
            }
            schema::Task::Repeat(repeat) => {
                let (id, inner) = self.open(common!(repeat, Some(&repeat.var)), place);
                let inner = self.with_variable(&repeat.var, inner);
                let max = repeat.max.as_ref().map(|max| self.setting(max, place, |max| Some(*max)));
                self.frames.push(Vec::new());
                let children = self.tasks(&repeat.tasks, &inner);
                // `until` sees the results of the iteration that just ended.
                let until = self.program(&repeat.until, &inner, Purpose::Expression, id);
                self.frames.pop();
                let variable = script_name(&repeat.var).into();
                Some(self.close(id, TaskKind::Repeat { variable, until, max, children }))
            }
            schema::Task::Choose(choose) => {
                let (id, inner) = self.open(common!(choose, None), place);
                let mut branches = Vec::new();
                for branch in &choose.branches {
                    let condition = Some(self.program(&branch.condition, &inner, Purpose::Expression, id));
                    let children = self.tasks(&branch.tasks, &inner);
                    branches.push(Branch { condition, children, span: branch.span });
                }
                if let Some(otherwise) = &choose.otherwise {
                    let children = self.tasks(&otherwise.tasks, &inner);
                    branches.push(Branch { condition: None, children, span: otherwise.span });
                }
                if choose.branches.is_empty() {
                    self.diagnostics.push(
                        Diagnostic::error(Code::Missing, "`choose` needs at least one `when`")
                            .at(choose.span, "chooses nothing")
                            .help("write choose { when #\"…\"# { … }; otherwise { … } }".to_owned()),
                    );
                }
                let all = choose.mode.as_ref().is_some_and(|mode| mode.value == schema::ChooseMode::All);
                Some(self.close(id, TaskKind::Choose { all, branches }))
            }
            schema::Task::Run(run) => self.run(run, common!(run, Some(&run.pipeline)), place),
            schema::Task::End(end) => {
                let common = Common {
                    name: None,
                    span: end.span,
                    when: &end.when,
                    timeout: &None,
                    retry: &None,
                    on_error: &None,
                };
                let (id, _) = self.open(common, place);
                Some(self.close(id, TaskKind::End))
            }
            schema::Task::Fail(fail) => {
                let common = Common {
                    name: None,
                    span: fail.span,
                    when: &fail.when,
                    timeout: &None,
                    retry: &None,
                    on_error: &None,
                };
                let (id, inner) = self.open(common, place);
                let reason = self.template(&fail.reason, &inner, id);
                Some(self.close(id, TaskKind::Fail { reason }))
            }
        }
    }

    /// Takes a place in the list of tasks, so that a parent stands before its children.
    fn open(&mut self, common: Common<'_>, place: &Place) -> (TaskId, Place) {
        let id = TaskId(self.tasks.len() as u32);
        let path: Arc<str> = match common.name {
            Some(name) if place.path.is_empty() => name.value.as_str().into(),
            Some(name) => format!("{}/{}", place.path, name.value).into(),
            None => place.path.clone(),
        };
        self.tasks.push(Task {
            name: common.name.map(|name| name.value.as_str().into()),
            path: path.clone(),
            parent: place.parent,
            span: common.name.and_then(|name| name.span).or(common.span),
            when: None,
            retry: None,
            timeout: None,
            on_error: Setting::Fixed(OnError::Fail),
            kind: TaskKind::End,
        });
        let when = common.when.as_ref().map(|when| self.program(when, place, Purpose::Expression, id));
        let timeout = common
            .timeout
            .as_ref()
            .map(|timeout| self.setting(timeout, place, |text| thinking_manifest::units::duration(&text.0)));
        let on_error = match common.on_error {
            Some(on_error) => self.setting(on_error, place, |word| {
                Some(match word {
                    schema::OnErrorWord::Fail => OnError::Fail,
                    schema::OnErrorWord::Skip => OnError::Skip,
                })
            }),
            None => Setting::Fixed(OnError::Fail),
        };
        let retry = match common.retry {
            Some(retry) => Some(Arc::new(self.retry(retry, place))),
            None => place.retry.clone(),
        };
        if let Some(name) = common.name {
            self.declare(name);
        }
        let task = &mut self.tasks[id.0 as usize];
        (task.when, task.timeout, task.on_error, task.retry) = (when, timeout, on_error, retry.clone());
        let inner = Place { path, parent: Some(id), scope: place.scope.clone(), retry };
        (id, inner)
    }

    fn close(&mut self, id: TaskId, kind: TaskKind) -> TaskId {
        self.tasks[id.0 as usize].kind = kind;
        id
    }

    fn inside<T>(&mut self, named: bool, work: impl FnOnce(&mut Self) -> T) -> T {
        if !named {
            // The tasks of an unnamed container count as siblings of what is around it.
            return work(self);
        }
        self.frames.push(Vec::new());
        let done = work(self);
        self.frames.pop();
        done
    }

    fn declare(&mut self, name: &Spanned<String>) {
        let Some(frame) = self.frames.last_mut() else { return };
        if let Some((_, first)) = frame.iter().find(|(known, _)| *known == name.value) {
            let first = *first;
            self.diagnostics.push(
                Diagnostic::error(Code::Duplicate, format!("two siblings are called `{}`", name.value))
                    .at(name.span, "again here")
                    .at(first, "first here")
                    .help("names are unique among siblings, and the tasks of an unnamed container count as siblings of what is around it".to_owned()),
            );
        } else {
            frame.push((name.value.clone(), name.span));
        }
    }

    /// The names that `results` can have here: of the preceding siblings, and of those of each container around.
    fn results(frames: &[Vec<(String, Option<Span>)>]) -> Vec<String> {
        let open = frames.len().saturating_sub(1);
        frames
            .iter()
            .enumerate()
            .flat_map(|(at, frame)| {
                // The container that is being built is the last name of its frame, and its result is not there yet.
                let known = if at < open { frame.len().saturating_sub(1) } else { frame.len() };
                frame[..known].iter().map(|(name, _)| script_name(name))
            })
            .collect()
    }

    fn with_variable(&mut self, name: &Spanned<String>, mut place: Place) -> Place {
        let script = script_name(name);
        let hidden = Compiler::has(&place.scope, &script);
        let why = names::reserved(name, self.compiler.language());
        if let Some(why) = why {
            self.diagnostics.push(
                Diagnostic::error(Code::ReservedName, format!("a loop variable cannot be called `{}`", name.value))
                    .at(name.span, why),
            );
        } else if let Some(hidden) = hidden {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::ReservedName,
                    format!("the loop variable `{}` hides another variable", name.value),
                )
                .at(name.span, "hides")
                .at(hidden.span, "this")
                .help("give it another name".to_owned()),
            );
        } else {
            let entry = |span| ScopeEntry { kind: VariableKind::Loop, span };
            place.scope = self.compiler.extended(&place.scope, script, entry(name.span));
            place.scope = self.compiler.extended(&place.scope, "index".to_owned(), entry(None));
        }
        place
    }

    fn program(&mut self, code: &schema::Code, place: &Place, purpose: Purpose, task: TaskId) -> Arc<dyn Program> {
        let frames = &self.frames;
        let results = || Self::results(frames);
        let program = self.compiler.code(code, self.sources, &place.scope, &results, purpose, self.diagnostics);
        self.linked(program, task)
    }

    fn linked(&mut self, program: Option<Arc<dyn Program>>, task: TaskId) -> Arc<dyn Program> {
        let Some(program) = program else { return Arc::new(Wrong) };
        for reference in program.references() {
            match &reference.kind {
                ReferenceKind::Result(path) => self.links.result(path, reference.span, task),
                ReferenceKind::Facet(name) if !self.declared.iter().any(|known| **known == **name) => {
                    self.diagnostics.push(self.project.facets.unknown(name, Some(reference.span)));
                }
                ReferenceKind::ReadsFile(path) => self.permitted(Access::Read(path.as_ref()), Some(reference.span)),
                ReferenceKind::WritesFile(path) => self.permitted(Access::Write(path.as_ref()), Some(reference.span)),
                _ => {}
            }
        }
        program
    }

    fn permitted(&mut self, access: Access<'_>, span: Option<Span>) {
        if let Err(refusal) = self.permissions.check(access) {
            self.diagnostics.push(
                Diagnostic::error(Code::NotPermitted, refusal.message).at(span, "refused").help(format!(
                    "to permit it, add to the manifest: runtime {{ permissions {{ {} }} }}",
                    refusal.line
                )),
            );
        }
    }

    fn template(&mut self, string: &Spanned<String>, place: &Place, task: TaskId) -> Template {
        let frames = &self.frames;
        let results = || Self::results(frames);
        let template =
            self.compiler.template(string, self.sources, &place.scope, &results, Purpose::Expression, self.diagnostics);
        for part in &template.parts {
            if let crate::TemplatePart::Code(program) = part {
                self.linked(Some(program.clone()), task);
            }
        }
        template
    }

    fn tree(&mut self, tree: &Spanned<schema::Tree>, place: &Place, task: TaskId) -> TemplateValue {
        let frames = &self.frames;
        let results = || Self::results(frames);
        let value =
            self.compiler.tree(tree, self.sources, &place.scope, &results, Purpose::Expression, self.diagnostics);
        self.link_value(&value, task);
        value
    }

    fn link_value(&mut self, value: &TemplateValue, task: TaskId) {
        match value {
            TemplateValue::Fixed(_) => {}
            TemplateValue::Template(template) => {
                for part in &template.parts {
                    if let crate::TemplatePart::Code(program) = part {
                        self.linked(Some(program.clone()), task);
                    }
                }
            }
            TemplateValue::List(items) => items.iter().for_each(|item| self.link_value(item, task)),
            TemplateValue::Map(fields) => fields.iter().for_each(|(_, field)| self.link_value(field, task)),
        }
    }

    /// A value as text with templates: numbers and booleans as they are written in JSON.
    fn word(&mut self, tree: &Spanned<schema::Tree>, place: &Place, task: TaskId) -> Template {
        match &tree.value {
            schema::Tree::Text(text) => {
                let string = Spanned { value: text.clone(), span: tree.span };
                self.template(&string, place, task)
            }
            other => Template::fixed(other.to_json().to_string(), tree.span),
        }
    }

    fn setting<S, T: FromValue + Clone>(
        &mut self,
        templated: &Templated<S>,
        place: &Place,
        fixed: impl Fn(&S) -> Option<T>,
    ) -> Setting<T> {
        match templated {
            Templated::Template(string) => Setting::Computed(self.template(string, place, TaskId(u32::MAX))),
            Templated::Value(value) => match fixed(&value.value) {
                Some(fixed) => Setting::Fixed(fixed),
                None => {
                    self.diagnostics.push(
                        Diagnostic::error(Code::InvalidValue, format!("this is not {}", T::WANTED))
                            .at(value.span, "here"),
                    );
                    Setting::Computed(Template::fixed("", value.span))
                }
            },
        }
    }

    fn retry(&mut self, retry: &schema::Retry, place: &Place) -> Retry {
        let fixed_tries = |tries: &u32| Some(*tries);
        let duration = |text: &schema::DurationText| thinking_manifest::units::duration(&text.0);
        match retry {
            schema::Retry::Tries(tries) => Retry {
                tries: self.setting(tries, place, fixed_tries),
                backoff: Setting::Fixed(Backoff::Fixed),
                initial: Setting::Fixed(std::time::Duration::ZERO),
                max: None,
                jitter: Setting::Fixed(false),
                on: Vec::new(),
            },
            schema::Retry::Options(options) => Retry {
                tries: self.setting(&options.tries, place, fixed_tries),
                backoff: match &options.backoff {
                    Some(backoff) => self.setting(backoff, place, |word| {
                        Some(match word {
                            schema::BackoffWord::Fixed => Backoff::Fixed,
                            schema::BackoffWord::Linear => Backoff::Linear,
                            schema::BackoffWord::Exponential => Backoff::Exponential,
                        })
                    }),
                    None => Setting::Fixed(Backoff::Fixed),
                },
                initial: match &options.initial {
                    Some(initial) => self.setting(initial, place, duration),
                    // A growing pause has to start somewhere.
                    None if options.backoff.is_some() => Setting::Fixed(std::time::Duration::from_secs(1)),
                    None => Setting::Fixed(std::time::Duration::ZERO),
                },
                max: options.max.as_ref().map(|max| self.setting(max, place, duration)),
                jitter: match &options.jitter {
                    Some(jitter) => self.setting(jitter, place, |jitter| Some(*jitter)),
                    None => Setting::Fixed(false),
                },
                on: options
                    .on
                    .iter()
                    .filter_map(|word| match word.value.as_str() {
                        "timeout" => Some(ErrorKind::Timeout),
                        "http" => Some(ErrorKind::Http),
                        "exec" => Some(ErrorKind::Exec),
                        "script" => Some(ErrorKind::Script),
                        "native" => Some(ErrorKind::Native),
                        "conflict" => Some(ErrorKind::Conflict),
                        _ => None,
                    })
                    .collect(),
            },
        }
    }

    fn run(&mut self, run: &Spanned<schema::RunPipeline>, common: Common<'_>, place: &Place) -> Option<TaskId> {
        let name = &run.pipeline;
        let Some((_, pipeline)) = self.model.manifest.pipeline.entry(&name.value) else {
            let known: Vec<&str> = self.model.manifest.pipeline.names().collect();
            let help = match did_you_mean(&name.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            self.diagnostics.push(
                Diagnostic::error(Code::UnknownPipeline, format!("no pipeline is called `{}`", name.value))
                    .at(name.span, "unknown")
                    .help(help),
            );
            return None;
        };
        if let Some(at) = self.running.iter().position(|running| *running == name.value) {
            let mut round: Vec<&str> = self.running[at..].iter().map(String::as_str).collect();
            // Each circle is told once: where its first name closes it.
            if round.iter().any(|other| *other < name.value.as_str()) {
                return None;
            }
            round.push(&name.value);
            self.diagnostics.push(
                Diagnostic::error(
                    Code::PipelineCycle,
                    format!("pipelines run each other in a circle: {}", round.join(" → ")),
                )
                .at(name.span, "closes the circle"),
            );
            return None;
        }
        let (id, inner) = self.open(common, place);
        let mut params = Vec::new();
        if let Some(Spanned { value: schema::Tree::Map(fields), .. }) = &run.params {
            for (param, value) in fields {
                if self.model.manifest.param.get(&param.value).is_none() {
                    let help = did_you_mean(&param.value, self.model.manifest.param.names())
                        .map(|near| format!("did you mean `{near}`?"));
                    self.diagnostics.push(
                        Diagnostic::error(Code::UnknownParam, format!("no parameter is called `{}`", param.value))
                            .at(param.span, "unknown")
                            .help(help),
                    );
                    continue;
                }
                params.push((param.value.as_str().into(), self.tree(value, &inner, id)));
            }
        }
        let inner = Place { scope: self.base.clone(), ..inner };
        self.running.push(name.value.clone());
        // The other pipeline sees its own tasks only.
        let outside = std::mem::replace(&mut self.frames, vec![Vec::new()]);
        let children = self.tasks(&pipeline.tasks.clone(), &inner);
        self.frames = outside;
        self.running.pop();
        Some(self.close(id, TaskKind::Run { pipeline: name.value.as_str().into(), params, children }))
    }

    fn step(&mut self, step: &schema::Step, place: &Place) -> Option<Step> {
        let id = place.parent?;
        let mut definer = Definer::default();
        let body = if let Some(code) = &step.rhai {
            let program = self.program(code, place, Purpose::Step, id);
            definer.program("`rhai`", &*program, code.0.span);
            Body::Script(program)
        } else if let Some(file) = &step.script {
            let program = self.script_file(file, place, id)?;
            definer.program(&format!("script `{}`", file.value), &*program, file.span);
            Body::Script(program)
        } else if let Some(call) = &step.call {
            Body::Call(self.call(call, place, id, &mut definer)?)
        } else {
            let exec = step.exec.as_ref()?;
            Body::Exec(Box::new(self.exec(exec, place, id, &mut definer)))
        };
        let inputs: Vec<Template> = step.input.iter().map(|input| self.template(input, place, id)).collect();
        let outputs: Vec<Template> = step.output.iter().map(|output| self.template(output, place, id)).collect();
        inputs.iter().for_each(|input| definer.template("`input`", input));
        outputs.iter().for_each(|output| definer.template("`output`", output));
        let definition = Arc::new(Definition { parts: definer.parts });
        Some(Step { body, inputs, outputs, always: step.always.unwrap_or(false), definition })
    }

    fn script_file(&mut self, file: &Spanned<String>, place: &Place, task: TaskId) -> Option<Arc<dyn Program>> {
        let path = self.project.directory.join(&file.value);
        let main = self.sources.get(self.project.main).map(|main| main.name.to_string()).unwrap_or_default();
        let shown = std::path::Path::new(&main).with_file_name("").join(&file.value);
        let text = match self.compiler.file(&path, &shown.display().to_string(), self.sources) {
            Ok(text) => text,
            Err(error) => {
                let why = match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    _ => error.to_string(),
                };
                self.diagnostics.push(
                    Diagnostic::error(Code::UnreadableFile, format!("cannot read the script `{}`: {why}", file.value))
                        .at(file.span, "named here"),
                );
                return None;
            }
        };
        let frames = &self.frames;
        let results = || Self::results(frames);
        let program = self.compiler.text(&text, &place.scope, &results, Purpose::Step, self.diagnostics);
        Some(self.linked(program, task))
    }

    fn call(
        &mut self,
        call: &Spanned<schema::Call>,
        place: &Place,
        task: TaskId,
        definer: &mut Definer,
    ) -> Option<Call> {
        let name = &call.operation;
        let Some(step) = self.steps.get(&name.value) else {
            let known = self.steps.names();
            let help = match did_you_mean(&name.value, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            self.diagnostics.push(
                Diagnostic::error(Code::UnknownComponent, format!("nothing provides `{}`", name.value))
                    .at(name.span, "unknown")
                    .help(help),
            );
            return None;
        };
        self.diagnostics.extend(thinking_manifest::check_arguments(&step.schema(), name, &call.arguments));
        definer.fixed("operation", &format!("{} {}", step.name(), step.version()), name.span);
        let mut arguments: Vec<(String, TemplateValue)> = Vec::new();
        for (argument, value) in &call.arguments {
            let compiled = self.tree(value, place, task);
            arguments.push((argument.value.clone(), compiled));
        }
        // The order of arguments means nothing.
        arguments.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (argument, value) in &arguments {
            let span =
                call.arguments.iter().find(|(known, _)| known.value == *argument).and_then(|(_, value)| value.span);
            definer.value(&format!("argument `{argument}`"), value, span);
        }
        Some(Call { step, arguments: TemplateValue::Map(arguments) })
    }

    fn exec(&mut self, exec: &Spanned<schema::Exec>, place: &Place, task: TaskId, definer: &mut Definer) -> Exec {
        let program = self.template(&exec.program, place, task);
        if let Some(fixed) = program.as_fixed() {
            self.permitted(Access::Run(&fixed), exec.program.span);
        }
        definer.template("program", &program);
        let arguments: Vec<Template> = exec.arguments.iter().map(|argument| self.word(argument, place, task)).collect();
        for (at, argument) in arguments.iter().enumerate() {
            definer.template(&format!("argument {}", at + 1), argument);
        }
        let environment: Vec<(Arc<str>, Template)> =
            exec.env.iter().map(|(name, value)| (Arc::from(name.as_str()), self.word(value, place, task))).collect();
        for (name, value) in &environment {
            definer.template(&format!("environment variable {name}"), value);
        }
        let stdin = exec.stdin.as_ref().map(|stdin| self.template(stdin, place, task));
        let directory = exec.cwd.as_ref().map(|cwd| self.template(cwd, place, task));
        if let Some(stdin) = &stdin {
            definer.template("`stdin`", stdin);
        }
        if let Some(directory) = &directory {
            definer.template("`cwd`", directory);
        }
        let stdout = exec.stdout.as_ref().map(|stdout| {
            self.setting(stdout, place, |word| {
                Some(match word {
                    schema::StdoutWord::Text => StdoutAs::Text,
                    schema::StdoutWord::Lines => StdoutAs::Lines,
                    schema::StdoutWord::Json => StdoutAs::Json,
                })
            })
        });
        if let Some(stdout) = &stdout {
            match stdout {
                Setting::Fixed(kind) => definer.fixed("`stdout`", &format!("{kind:?}"), exec.span),
                Setting::Computed(template) => definer.template("`stdout`", template),
            }
        }
        Exec { program, arguments, environment, stdin, directory, stdout }
    }
}
