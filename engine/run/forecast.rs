//! What would follow after the first step that runs, as far as it can be told without running it.

use crate::decide::{Core, Items, Place, Question, Scope};
use crate::preview::Verdict;
use crate::question;
use crate::tally::Absence;
use crate::verdicts::Found;
use crate::world::World;
use std::sync::Arc;
use thinking_plan::{TaskId, TaskKind};
use thinking_plan::{Template, TemplatePart, TemplateValue};
use thinking_step::{Program, ReferenceKind, Value};
use thinking_store::TaskKey;

/// Fills in the verdicts of all tasks after `task`, the first that runs; `path` is its path with keys.
pub(crate) fn follow(world: &Arc<World>, core: &Core, task: TaskId, path: &str, verdicts: &mut [Found]) {
    let mut forecast = Forecast { world, path, verdicts, own_params: false };
    let mut over = false;
    let mut inner = Some(task);
    for (container, rest, again) in core.remaining() {
        forecast.own_params = inside_own_params(world, container.or(inner));
        for task in rest {
            over = over || forecast.task(*task, false);
        }
        if again
            && !over
            && let Some(container) = container
        {
            forecast.further_passes(container);
        }
        // `end` ends the pipeline that it is in, and that one only.
        if container.is_some_and(|container| matches!(world.plan.task(container).kind, TaskKind::Run { .. })) {
            over = false;
        }
        inner = container;
    }
}

struct Forecast<'a> {
    world: &'a Arc<World>,
    path: &'a str,
    verdicts: &'a mut [Found],
    /// Inside a `run` that sets parameters, whose values are not known here.
    own_params: bool,
}

/// The outcome of an expression, if it can be known now.
enum Known {
    Value(Value),
    Later,
}

impl Forecast<'_> {
    /// Says what becomes of a task and all in it. `unknown`: whether it is reached depends on data to come. True: nothing after it in its
    /// pipeline is reached.
    fn task(&mut self, task: TaskId, unknown: bool) -> bool {
        let plan = self.world.plan.clone();
        let about = plan.task(task);
        let mut unknown = unknown;
        if about.when.is_some() {
            match self.ask(task, Question::When) {
                Known::Value(Value::Bool(true)) => {}
                Known::Value(Value::Bool(false)) => {
                    self.absent(task, Absence::When);
                    return false;
                }
                _ => unknown = true,
            }
        }
        match &about.kind {
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
                false
            }
            TaskKind::Stage { children } => self.list(children, unknown),
            TaskKind::Run { children, params, .. } => {
                let outer = self.own_params;
                self.own_params |= !params.is_empty();
                self.list(children, unknown);
                self.own_params = outer;
                false
            }
            TaskKind::Each { children, .. } => {
                match self.ask(task, Question::Items) {
                    Known::Value(value) => {
                        if Items::new(value).is_ok_and(|items| items.len() == 0) {
                            self.absent(task, Absence::NoIterations);
                            return false;
                        }
                    }
                    Known::Later => unknown = true,
                }
                self.list(children, unknown)
            }
            TaskKind::Repeat { children, .. } => self.list(children, unknown),
            TaskKind::Choose { all, branches } => {
                let (mut taken, mut over) = (false, false);
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
                            over |= self.list(&branch.children, unknown) && !unknown;
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
                over
            }
            TaskKind::End | TaskKind::Fail { .. } => !unknown,
        }
    }

    fn list(&mut self, tasks: &[TaskId], unknown: bool) -> bool {
        for task in tasks {
            if self.task(*task, unknown) {
                return true;
            }
        }
        false
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

    fn ask(&self, task: TaskId, question: Question) -> Known {
        let place = Place {
            task,
            path: self.world.plan.task(task).path.clone(),
            key: TaskKey(Vec::new()),
            iterations: Arc::new([]),
            scope: Arc::new(Scope::default()),
            depth: 1,
        };
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
        program.references().iter().any(|reference| match reference.kind {
            ReferenceKind::Param(_) | ReferenceKind::AnyParam => self.own_params,
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

/// Whether a task is in, or is, a `run` that sets parameters.
fn inside_own_params(world: &World, task: Option<TaskId>) -> bool {
    std::iter::successors(task, |task| world.plan.task(*task).parent)
        .any(|task| matches!(&world.plan.task(task).kind, TaskKind::Run { params, .. } if !params.is_empty()))
}
