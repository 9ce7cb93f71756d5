//! What would follow after the first step that runs, as far as it can be told without running it.

use crate::decide::{Core, Items, Place, Question, Remaining, Scope};
use crate::preview::Verdict;
use crate::question;
use crate::tally::Absence;
use crate::verdicts::Found;
use crate::world::World;
use std::collections::HashMap;
use std::sync::Arc;
use thinking_plan::{OnError, Setting, TaskId, TaskKind, Template, TemplatePart, TemplateValue};
use thinking_step::{Host, Program, ReferenceKind, Value};
use thinking_store::TaskKey;

/// What is known of the time after the first step that runs, besides the verdicts.
#[derive(Default)]
pub(crate) struct Foreseen {
    /// The `fail` that ends the run if no step before it does, and why.
    pub fails: Option<(TaskId, String)>,
    /// What loops go over.
    pub items: HashMap<TaskId, Items>,
}

/// Fills in the verdicts of all tasks after the first that runs, where the walk is; `path` is its path with keys.
pub(crate) fn follow(world: &Arc<World>, core: &Core, path: &str, verdicts: &mut [Found]) -> Foreseen {
    let (scope, later, items) = (Arc::default(), Vec::new(), HashMap::new());
    let mut forecast = Forecast { world, path, verdicts, scope, later, items };
    let mut flow = Flow::On;
    for Remaining { container, rest, again, scope } in core.remaining() {
        forecast.scope = scope.clone();
        if matches!(flow, Flow::On) {
            flow = forecast.list(rest, false);
        }
        if let Some(container) = container {
            flow = forecast.leave(container, flow);
            if again && matches!(flow, Flow::On) {
                forecast.further_passes(container);
            }
        }
    }
    let fails = match flow {
        Flow::Failed(task, reason) => {
            forecast.note(task, Verdict::Fails(reason.clone()), &reason);
            Some((task, reason))
        }
        Flow::On | Flow::Ended => None,
    };
    Foreseen { fails, items: forecast.items }
}

/// How it goes on after a task.
enum Flow {
    /// With the next.
    On,
    /// Not at all in its pipeline.
    Ended,
    /// Not at all: this `fail` was reached, for that reason.
    Failed(TaskId, String),
}

struct Forecast<'a> {
    world: &'a Arc<World>,
    path: &'a str,
    verdicts: &'a mut [Found],
    /// The parameters that a `run` around gives, as far as they are known.
    scope: Arc<Scope>,
    /// Those whose values are made by steps to come, as scripts call them.
    later: Vec<String>,
    /// What loops go over that do not depend on what is to come.
    items: HashMap<TaskId, Items>,
}

/// The outcome of an expression, if it can be known now.
enum Known {
    Value(Value),
    Later,
}

impl Forecast<'_> {
    /// Says what becomes of a task and all in it. `unknown`: whether it is reached depends on data to come.
    fn task(&mut self, task: TaskId, unknown: bool) -> Flow {
        let plan = self.world.plan.clone();
        let about = plan.task(task);
        let mut unknown = unknown;
        if about.when.is_some() {
            match self.ask(task, Question::When) {
                Known::Value(Value::Bool(true)) => {}
                Known::Value(Value::Bool(false)) => {
                    self.absent(task, Absence::When);
                    return Flow::On;
                }
                _ => unknown = true,
            }
        }
        let flow = match &about.kind {
            TaskKind::Step(_) => {
                let why = format!("`{}` runs before it", self.path);
                match unknown {
                    false => self.note(task, Verdict::Run, &why),
                    true => self.note(
                        task,
                        Verdict::Unknown(self.path.to_owned()),
                        &format!("unknown until `{}` is done", self.path),
                    ),
                }
                Flow::On
            }
            TaskKind::Stage { children } => self.list(children, unknown),
            TaskKind::Run { children, params, .. } => {
                let outer = (self.scope.clone(), self.later.clone());
                self.give(task, params);
                let flow = self.list(children, unknown);
                (self.scope, self.later) = outer;
                flow
            }
            TaskKind::Each { children, .. } => {
                match self.ask(task, Question::Items) {
                    Known::Value(value) => {
                        if let Ok(items) = Items::new(value) {
                            let none = items.len() == 0;
                            self.items.insert(task, items.without_values());
                            if none {
                                self.absent(task, Absence::NoIterations);
                                return Flow::On;
                            }
                        }
                    }
                    Known::Later => unknown = true,
                }
                self.list(children, unknown)
            }
            TaskKind::Repeat { max: Some(Setting::Fixed(0)), .. } => {
                self.absent(task, Absence::NoIterations);
                Flow::On
            }
            TaskKind::Repeat { children, .. } => self.list(children, unknown),
            TaskKind::Choose { all, branches } => {
                let (mut taken, mut flow) = (false, Flow::On);
                for (at, branch) in branches.iter().enumerate() {
                    let holds = match branch.condition {
                        Some(_) => self.ask(task, Question::Condition(at)),
                        None => Known::Value(Value::Bool(!taken)),
                    };
                    // After the first that holds no other is looked at.
                    let holds = if taken && !*all { Known::Value(Value::Bool(false)) } else { holds };
                    match holds {
                        Known::Value(Value::Bool(true)) => {
                            taken = true;
                            if matches!(flow, Flow::On) {
                                flow = self.list(&branch.children, unknown);
                            }
                        }
                        Known::Value(_) => {
                            branch.children.iter().for_each(|child| self.absent(*child, Absence::Branch))
                        }
                        Known::Later => {
                            unknown = true;
                            self.list(&branch.children, unknown);
                        }
                    }
                }
                flow
            }
            TaskKind::End | TaskKind::Fail { .. } if unknown => Flow::On,
            TaskKind::End => Flow::Ended,
            TaskKind::Fail { reason } => {
                let reason = match self.ask(task, Question::Reason) {
                    Known::Value(Value::String(reason)) => reason,
                    // As it is written: what is put into it is not there yet.
                    _ => self.world.mask.text(&reason.source),
                };
                Flow::Failed(task, reason)
            }
        };
        self.leave(task, flow)
    }

    /// How it goes on after a task in which it went like that.
    fn leave(&mut self, task: TaskId, flow: Flow) -> Flow {
        let plan = self.world.plan.clone();
        let about = plan.task(task);
        match (flow, &about.on_error) {
            // `end` ends the pipeline that it is in, and that one only.
            (Flow::Ended, _) if matches!(about.kind, TaskKind::Run { .. }) => Flow::On,
            (Flow::Failed(..), Setting::Fixed(OnError::Skip)) => {
                self.absent(task, Absence::Passed);
                Flow::On
            }
            // Whether it passes the failure over is known when it is asked.
            (Flow::Failed(..), Setting::Computed(_)) => Flow::On,
            (flow, _) => flow,
        }
    }

    fn list(&mut self, tasks: &[TaskId], unknown: bool) -> Flow {
        for task in tasks {
            let flow = self.task(*task, unknown);
            if !matches!(flow, Flow::On) {
                return flow;
            }
        }
        Flow::On
    }

    /// Tasks of a loop that were done in this pass would run in the next.
    fn further_passes(&mut self, container: TaskId) {
        let plan = self.world.plan.clone();
        let children: &[TaskId] = match &plan.task(container).kind {
            TaskKind::Each { children, .. } | TaskKind::Repeat { children, .. } => children,
            _ => return,
        };
        let decided: Vec<bool> = self.verdicts.iter().map(|found| found.verdict.is_some()).collect();
        let kept: Vec<Found> = self.verdicts.to_vec();
        self.list(children, false);
        for ((found, kept), decided) in self.verdicts.iter_mut().zip(kept).zip(decided) {
            if decided {
                *found = kept;
            }
        }
    }

    fn absent(&mut self, task: TaskId, absence: Absence) {
        if let Some(found) = self.verdicts.get_mut(task.0 as usize) {
            found.tallied.absence = Some(absence);
        }
    }

    fn note(&mut self, task: TaskId, verdict: Verdict, why: &str) {
        if let Some(found) = self.verdicts.get_mut(task.0 as usize) {
            found.verdict = Some(verdict);
            found.why = Some(why.to_owned());
        }
    }

    /// Takes over the parameters of a `run`.
    fn give(&mut self, task: TaskId, params: &[(Arc<str>, TemplateValue)]) {
        if params.is_empty() {
            return;
        }
        let host: Arc<dyn Host> = question::host(self.world, &self.place(task), Question::Params);
        let (mut known, mut later) = (Vec::new(), self.later.clone());
        for (name, value) in params {
            let script = in_scripts(name);
            later.retain(|other| *other != script);
            match (!self.value_depends(value)).then(|| value.value(&|program: &Arc<dyn Program>| program.eval(&host))) {
                Some(Ok(value)) => known.push((name.clone(), value)),
                _ => later.push(script),
            }
        }
        // Nothing is recorded here, so layers need no numbers.
        self.scope = Scope::pipeline(&self.scope, 0, known);
        self.later = later;
    }

    fn place(&self, task: TaskId) -> Place {
        Place {
            task,
            path: self.world.plan.task(task).path.clone(),
            key: TaskKey(Vec::new()),
            iterations: Arc::new([]),
            scope: self.scope.clone(),
            depth: 1,
        }
    }

    fn ask(&self, task: TaskId, question: Question) -> Known {
        let place = self.place(task);
        let later = match question::expression(self.world, &place, question) {
            question::Expression::Program(program) => self.depends(program),
            question::Expression::Template(template) => self.template_depends(template),
            question::Expression::Params(params) => params.iter().any(|(_, value)| self.value_depends(value)),
            question::Expression::None => false,
        };
        if later {
            return Known::Later;
        }
        let host = question::host(self.world, &place, question);
        question::evaluate(self.world, &place, question, &host).map_or(Known::Later, Known::Value)
    }

    /// Whether a program's value may change with what steps before it do, or with the iteration.
    fn depends(&self, program: &Arc<dyn Program>) -> bool {
        program.references().iter().any(|reference| match &reference.kind {
            ReferenceKind::Param(name) => self.later.contains(name),
            ReferenceKind::AnyParam => !self.later.is_empty(),
            ReferenceKind::Facet(_) => false,
            ReferenceKind::SiblingResult(_)
            | ReferenceKind::Result(_)
            | ReferenceKind::AnyResult
            | ReferenceKind::Variable(_)
            | ReferenceKind::Database(_)
            | ReferenceKind::Component(_)
            | ReferenceKind::ReadsFile(_)
            | ReferenceKind::ReadsEnv(_)
            | ReferenceKind::Connects(..)
            | ReferenceKind::WritesFile(_) => true,
        })
    }

    fn template_depends(&self, template: &Template) -> bool {
        template.parts.iter().any(|part| matches!(part, TemplatePart::Code(program) if self.depends(program)))
    }

    fn value_depends(&self, value: &TemplateValue) -> bool {
        match value {
            TemplateValue::Fixed(_) => false,
            TemplateValue::Template(template) => self.template_depends(template),
            TemplateValue::List(items) => items.iter().any(|item| self.value_depends(item)),
            TemplateValue::Map(fields) => fields.iter().any(|(_, field)| self.value_depends(field)),
        }
    }
}

/// A parameter's name as scripts write it.
fn in_scripts(name: &str) -> String {
    name.replace('-', "_")
}
