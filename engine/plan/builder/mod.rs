//! A pipeline's tasks, one by one, from the manifest to the plan.
//!
//! Here the kinds of tasks; beside it [`names`] (paths, siblings, loop variables), [`programs`] (code and templates), [`retries`] (settings),
//! [`bodies`] (what steps do) and [`calls`] (of components).

mod bodies;
mod calls;
mod names;
mod programs;
mod retries;

pub(crate) use calls::{arguments_schema, unknown as unknown_callee};

use crate::Setting;
use crate::assembly::Assembly;
use crate::compile::{Compiler, Scope};
use crate::database::Parts;
use crate::links::Links;
use crate::script_name;
use crate::survey::Touch;
use crate::task::{Branch, OnError, Retry, Task, TaskId, TaskKind};
use crate::{NativeSteps, Parameters};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use thinking_container::Root;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap, Span, Spanned, did_you_mean};
use thinking_manifest::{Model, Project};
use thinking_schema::{self as schema, Templated};
use thinking_step::{Permissions, Program, Purpose, ScopeEntry, VariableKind};

/// What is around the tasks of a container.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) path: Arc<str>,
    pub(crate) parent: Option<TaskId>,
    pub(crate) scope: Scope,
    pub(crate) retry: Option<Arc<Retry>>,
}

/// The properties that every task has.
pub(crate) struct Common<'c> {
    pub(crate) name: Option<&'c Spanned<String>>,
    pub(crate) span: Option<Span>,
    pub(crate) when: &'c Option<schema::Code>,
    pub(crate) timeout: &'c Option<Templated<schema::DurationText>>,
    pub(crate) retry: &'c Option<schema::Retry>,
    pub(crate) on_error: &'c Option<Templated<schema::OnErrorWord>>,
}

/// A task among its siblings.
pub(crate) struct Sibling {
    span: Option<Span>,
    /// It is being built: its result is not there yet.
    open: bool,
}

/// Siblings by their names in scripts.
pub(crate) type Siblings = BTreeMap<String, Sibling>;

pub(crate) struct Builder<'b, 'l> {
    pub(crate) model: &'b Model,
    pub(crate) project: &'b Project,
    pub(crate) steps: &'b dyn NativeSteps,
    pub(crate) compiler: &'b mut Compiler<'l>,
    pub(crate) sources: &'b mut SourceMap,
    pub(crate) diagnostics: &'b mut Diagnostics,
    pub(crate) permissions: &'b Permissions,
    pub(crate) declared: &'b [Arc<str>],
    /// The scope at the top of a pipeline.
    pub(crate) base: Scope,
    /// What templates that shape the plan see.
    pub(crate) pure: Scope,
    /// Parameters with their values; empty for checks without values.
    pub(crate) params: &'b Parameters,
    /// What definitions say of the databases that they use.
    pub(crate) databases: &'b Parts,
    /// What components there are.
    pub(crate) assembly: &'b Assembly,
    /// What tasks need of them, so far.
    pub(crate) roots: Vec<Root>,
    pub(crate) tasks: Vec<Task>,
    /// Names of the siblings so far, of each container around, outermost first.
    pub(crate) frames: Vec<Siblings>,
    /// Pipelines that are being built, outermost first.
    pub(crate) running: Vec<String>,
    pub(crate) links: Links,
    /// Fixed outputs so far: the path with links resolved, its step, its place.
    pub(crate) outputs: Vec<(PathBuf, TaskId, Option<Span>)>,
    /// What tasks touch outside, as far as it can be seen, so far.
    pub(crate) uses: Vec<(TaskId, Touch, Option<Span>)>,
    /// Parameters that programs read, where, and of which task.
    pub(crate) read: Vec<(String, Span, TaskId)>,
    /// Variables that scripts of this pipeline pass on to those after them; `None` where each script is on its own.
    pub(crate) flow: Option<Vec<(String, Option<Span>)>>,
}

impl Builder<'_, '_> {
    pub(crate) fn tasks(&mut self, tasks: &[schema::Task], place: &Place) -> Vec<TaskId> {
        let mut ids = Vec::with_capacity(tasks.len());
        for task in tasks {
            let place = self.with_flow(place);
            ids.extend(self.task(task, &place));
        }
        ids
    }

    /// A place that sees what earlier scripts pass on.
    fn with_flow(&mut self, place: &Place) -> Place {
        let mut place = place.clone();
        // A pipeline that is run sees nothing of that.
        if let (Some(flow), [_]) = (&self.flow, &*self.running) {
            let entry = |span: &Option<Span>| ScopeEntry { kind: VariableKind::Flow, span: *span };
            let variables = flow.iter().map(|(name, span)| (name.clone(), entry(span)));
            // A binding of that name keeps it; functions of tests are there all the same.
            let taken = Compiler::has(&place.scope, "clock").is_some_and(|entry| entry.kind != VariableKind::Clock);
            let clock = if taken { "test_clock" } else { "clock" };
            let clock = (clock.to_owned(), ScopeEntry { kind: VariableKind::Clock, span: None });
            place.scope = self.compiler.extended_by(&place.scope, variables.chain([clock]));
        }
        place
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
                match self.step(step, &inner) {
                    Some(body) => Some(self.close(id, TaskKind::Step(Box::new(body)))),
                    None => {
                        self.settle(Some(&step.name));
                        None
                    }
                }
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
                self.frames.push(Siblings::new());
                let children = self.tasks(&repeat.tasks, &inner);
                // `until` sees the results of the iteration that just ended.
                let until = self.program(&repeat.until, &inner, Purpose::Expression, id);
                self.frames.pop();
                let variable = script_name(&repeat.var).into();
                Some(self.close(id, TaskKind::Repeat { variable, until, max, children }))
            }
            schema::Task::Choose(choose) => {
                let (id, inner) = self.open(common!(choose, None), place);
                let all = choose
                    .mode
                    .as_ref()
                    .is_some_and(|mode| self.now(mode, schema::ChooseMode::First) == schema::ChooseMode::All);
                let conditions: Vec<Arc<dyn Program>> = choose
                    .branches
                    .iter()
                    .map(|branch| self.program(&branch.condition, &inner, Purpose::Expression, id))
                    .collect();
                let (mut branches, mut earlier) = (Vec::new(), Vec::new());
                for (branch, condition) in choose.branches.iter().zip(conditions) {
                    let condition = Some(condition);
                    let before = self.settled();
                    let children = self.tasks(&branch.tasks, &inner);
                    if all {
                        // Branches are taken at once: none sees what another one gives.
                        earlier.extend(self.hide_all_but(&before));
                    }
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
                self.show_again(&earlier);
                Some(self.close(id, TaskKind::Choose { all, branches }))
            }
            schema::Task::Wait(wait) => self.wait(wait, place),
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
        let task = &mut self.tasks[id.0 as usize];
        task.kind = kind;
        let name = task.name.clone();
        self.settle(name.as_deref());
        id
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
        let outside = std::mem::replace(&mut self.frames, vec![Siblings::new()]);
        let children = self.tasks(&pipeline.tasks.clone(), &inner);
        self.frames = outside;
        self.running.pop();
        Some(self.close(id, TaskKind::Run { pipeline: name.value.as_str().into(), params, children }))
    }
}
