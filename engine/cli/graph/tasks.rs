//! The task tree of a pipeline as a drawing.

use super::drawing::{ArrowLook, Drawing, FrameLook, Look};
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_diagnostic::SourceMap;
use thinking_plan::{
    Body, Plan, Setting, Task, TaskId, TaskKind, Template, TemplatePart, TemplateValue, Wait, script_name, without_keys,
};
use thinking_step::{Program, ReferenceKind};

/// Longest text of an expression or command line in a box.
const LONGEST: usize = 48;

/// Draws the tasks of a plan into a frame of the pipeline's name, and gives the boxes where each begins.
pub(crate) fn tasks(plan: &Plan, sources: &SourceMap, drawing: &mut Drawing) -> Beginnings {
    let frame = drawing.frame(format!("pipeline {}", plan.pipeline), None, FrameLook::Plain);
    let mut painter = Painter { plan, sources, drawing, ends: BTreeMap::new() };
    painter.sequence(&plan.root, frame);
    painter.results();
    painter.ends.into_iter().filter_map(|(id, ends)| Some((id, *ends.first.first()?))).collect()
}

/// The box where each task begins.
pub(crate) type Beginnings = BTreeMap<TaskId, usize>;

/// Where a task begins and ends, as boxes.
#[derive(Debug, Clone, Default)]
struct Ends {
    first: Vec<usize>,
    last: Vec<usize>,
}

struct Painter<'p> {
    plan: &'p Plan,
    sources: &'p SourceMap,
    drawing: &'p mut Drawing,
    ends: BTreeMap<TaskId, Ends>,
}

impl Painter<'_> {
    /// Tasks one after the other.
    fn sequence(&mut self, tasks: &[TaskId], frame: usize) -> Ends {
        let mut whole = Ends::default();
        for (at, id) in tasks.iter().enumerate() {
            let ends = self.task(*id, frame);
            if at == 0 {
                whole.first.clone_from(&ends.first);
            }
            for from in &whole.last {
                for to in &ends.first {
                    self.drawing.arrow(*from, *to, "", ArrowLook::Next);
                }
            }
            whole.last = ends.last;
        }
        whole
    }

    fn task(&mut self, id: TaskId, frame: usize) -> Ends {
        let plan = self.plan;
        let task = plan.task(id);
        let name = task.name.as_deref().unwrap_or_default();
        let ends = match &task.kind {
            TaskKind::Step(step) => {
                let (look, what) = match &step.body {
                    Body::Wait(wait) => (Look::Wait, self.waits(wait)),
                    body => (Look::Step, self.does(body, task)),
                };
                let word = if look == Look::Wait { "wait" } else { "step" };
                self.leaf(task, format!("{word} {name}"), Some(what), frame, look)
            }
            TaskKind::Stage { children } => {
                self.inside(task, format!("stage {name}"), FrameLook::Plain, children, frame)
            }
            TaskKind::Each { items, children, .. } => {
                let title = format!("each {name} in {}", self.code(items));
                self.inside(task, title, FrameLook::Loop, children, frame)
            }
            TaskKind::Repeat { until, children, .. } => {
                let title = format!("repeat {name} until {}", self.code(until));
                self.inside(task, title, FrameLook::Loop, children, frame)
            }
            TaskKind::Run { pipeline, children, .. } => {
                self.inside(task, format!("run {pipeline}"), FrameLook::Plain, children, frame)
            }
            TaskKind::Choose { all, branches } => {
                let title = if *all { "choose every one that holds" } else { "choose the first that holds" };
                let own = self.drawing.frame(self.conditional(task, title), Some(frame), FrameLook::Choice);
                let mut ends = Ends::default();
                for branch in branches {
                    let title = match &branch.condition {
                        Some(condition) => format!("when {}", self.code(condition)),
                        None => "otherwise".to_owned(),
                    };
                    let inner = self.branch(title, &branch.children, own);
                    ends.first.extend(inner.first);
                    ends.last.extend(inner.last);
                }
                ends
            }
            TaskKind::End => {
                let mut ends = self.leaf(task, "end".to_owned(), None, frame, Look::End);
                if task.when.is_none() {
                    ends.last.clear();
                }
                ends
            }
            TaskKind::Fail { reason } => {
                let reason = short(&reason.source);
                let mut ends = self.leaf(task, "fail".to_owned(), Some(reason), frame, Look::End);
                if task.when.is_none() {
                    ends.last.clear();
                }
                ends
            }
        };
        self.ends.insert(id, ends.clone());
        ends
    }

    fn leaf(&mut self, task: &Task, title: String, what: Option<String>, frame: usize, look: Look) -> Ends {
        let mut lines = vec![title];
        lines.extend(what);
        if let Some(when) = &task.when {
            lines.push(format!("when {}", self.code(when)));
        }
        let node = self.drawing.node(lines, Some(frame), look);
        Ends { first: vec![node], last: vec![node] }
    }

    fn inside(&mut self, task: &Task, title: String, look: FrameLook, children: &[TaskId], frame: usize) -> Ends {
        let title = self.conditional(task, title.trim_end());
        if children.is_empty() {
            return self.branch(title, children, frame);
        }
        let own = self.drawing.frame(title, Some(frame), look);
        self.sequence(children, own)
    }

    /// A frame, or a box if nothing is in it.
    fn branch(&mut self, title: String, children: &[TaskId], frame: usize) -> Ends {
        if children.is_empty() {
            let node = self.drawing.node(vec![title, "nothing".to_owned()], Some(frame), Look::End);
            return Ends { first: vec![node], last: vec![node] };
        }
        let own = self.drawing.frame(title, Some(frame), FrameLook::Choice);
        self.sequence(children, own)
    }

    fn conditional(&self, task: &Task, title: &str) -> String {
        match &task.when {
            Some(when) => format!("{title}, when {}", self.code(when)),
            None => title.to_owned(),
        }
    }

    /// An expression as it is written, on one line.
    fn code(&self, program: &Arc<dyn Program>) -> String {
        let (canonical, places) = program.canonical();
        let ends = places.first().zip(places.last());
        let written = ends.map(|((_, first), (_, last))| self.sources.slice(first.to(*last))).unwrap_or_default();
        short(if written.is_empty() { canonical } else { written })
    }

    fn does(&self, body: &Body, task: &Task) -> String {
        match body {
            Body::Exec(exec) => {
                let words = std::iter::once(&exec.program).chain(&exec.arguments).map(|word| word.source.as_ref());
                short(&format!("exec {}", words.collect::<Vec<_>>().join(" ")))
            }
            Body::Call(call) => short(&format!("call {}", call.callee.name())),
            Body::Script(_) | Body::Wait(_) => {
                let TaskKind::Step(step) = &task.kind else { return String::new() };
                let label = step.definition.parts.first().map(|part| part.label.replace('`', "")).unwrap_or_default();
                short(&label)
            }
        }
    }

    fn waits(&self, wait: &Wait) -> String {
        match wait {
            Wait::For(Setting::Fixed(time)) => format!("for {time:?}"),
            Wait::For(Setting::Computed(time)) => short(&format!("for {}", time.source)),
            Wait::Until { condition, .. } => format!("until {}", self.code(condition)),
        }
    }

    /// Arrows for results that are read.
    fn results(&mut self) {
        let plan = self.plan;
        for (at, task) in plan.tasks.iter().enumerate() {
            let Ok(at) = u32::try_from(at) else { return };
            let id = TaskId(at);
            let Some(ends) = self.ends.get(&id).cloned() else { continue };
            let Some(to) = ends.first.first().copied() else { continue };
            for reference in programs(task).iter().flat_map(|program| program.references()) {
                match &reference.kind {
                    ReferenceKind::SiblingResult(name) => {
                        if let Some(source) = self.sibling(id, name) {
                            self.result(source, to);
                        }
                    }
                    ReferenceKind::Result(path) => {
                        let around = plan.run_around(id).map(|run| format!("{}/", plan.task(run).path));
                        let path = format!("{}{}", around.unwrap_or_default(), without_keys(path));
                        if let Some(source) = plan.find(&path) {
                            self.result(source, to);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn result(&mut self, source: TaskId, to: usize) {
        let label = self.plan.task(source).name.as_deref().unwrap_or_default().to_owned();
        let from = self.ends.get(&source).map(|ends| ends.last.clone()).unwrap_or_default();
        for from in from {
            self.drawing.arrow(from, to, &*label, ArrowLook::Result);
        }
    }

    /// The task before this one, or before one around it, whose result has that name in scripts.
    fn sibling(&self, id: TaskId, name: &str) -> Option<TaskId> {
        let mut inner = id;
        loop {
            let parent = self.plan.task(inner).parent;
            let before = (0..inner.0).rev().map(TaskId);
            let same = |task: &Task| task.name.as_deref().is_some_and(|own| script_name(own) == name);
            // Unnamed containers add nothing: what is in them counts as standing beside them.
            let named = |mut task: TaskId| {
                while let Some(parent) =
                    self.plan.task(task).parent.filter(|parent| self.plan.task(*parent).name.is_none())
                {
                    task = parent;
                }
                self.plan.task(task).parent
            };
            let mut siblings =
                before.filter(|other| self.plan.task(*other).parent == parent || named(*other) == parent);
            if let Some(found) = siblings.find(|other| same(self.plan.task(*other))) {
                return Some(found);
            }
            inner = parent?;
        }
    }
}

/// Everything in a task that is evaluated.
pub(crate) fn programs(task: &Task) -> Vec<Arc<dyn Program>> {
    let mut all: Vec<Arc<dyn Program>> = task.when.iter().cloned().collect();
    match &task.kind {
        TaskKind::Step(step) => {
            step.inputs.iter().chain(&step.outputs).for_each(|template| template_programs(template, &mut all));
            match &step.body {
                Body::Script(program) => all.push(program.clone()),
                Body::Exec(exec) => {
                    let words = std::iter::once(&exec.program).chain(&exec.arguments);
                    let words = words.chain(exec.environment.iter().map(|(_, value)| value));
                    words.chain(&exec.stdin).chain(&exec.directory).for_each(|word| template_programs(word, &mut all));
                }
                Body::Call(call) => value_programs(&call.arguments, &mut all),
                Body::Wait(Wait::Until { condition, .. }) => all.push(condition.clone()),
                Body::Wait(Wait::For(_)) => {}
            }
        }
        TaskKind::Each { items, key, .. } => {
            all.push(items.clone());
            all.extend(key.clone());
        }
        TaskKind::Repeat { until, .. } => all.push(until.clone()),
        TaskKind::Choose { branches, .. } => all.extend(branches.iter().filter_map(|branch| branch.condition.clone())),
        TaskKind::Run { params, .. } => params.iter().for_each(|(_, value)| value_programs(value, &mut all)),
        TaskKind::Fail { reason } => template_programs(reason, &mut all),
        TaskKind::Stage { .. } | TaskKind::End => {}
    }
    all
}

fn template_programs(template: &Template, all: &mut Vec<Arc<dyn Program>>) {
    all.extend(template.parts.iter().filter_map(|part| match part {
        TemplatePart::Code(program) => Some(program.clone()),
        TemplatePart::Text(_) => None,
    }));
}

fn value_programs(value: &TemplateValue, all: &mut Vec<Arc<dyn Program>>) {
    match value {
        TemplateValue::Fixed(_) => {}
        TemplateValue::Template(template) => template_programs(template, all),
        TemplateValue::List(items) => items.iter().for_each(|item| value_programs(item, all)),
        TemplateValue::Map(fields) => fields.iter().for_each(|(_, field)| value_programs(field, all)),
    }
}

/// A text on one line, not too long.
fn short(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    thinking_report::cut(&words.join(" "), LONGEST, "…")
}
