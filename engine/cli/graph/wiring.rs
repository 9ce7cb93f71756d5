//! What a pipeline is wired to as a drawing: bindings, databases, and who uses them.

use super::drawing::{ArrowLook, Drawing, FrameLook, Look};
use super::tasks::{Beginnings, programs};
use std::collections::BTreeMap;
use thinking_container::{Lifetime, ResourceId, Target, Unit};
use thinking_plan::{Body, Callee, Plan, Task, TaskKind, Wired};
use thinking_step::{ReferenceKind, VariableKind};

/// Draws the bindings of a plan in a frame of their own (unless `components` is false) and the databases beside it, with arrows from the
/// tasks that use them, where those are drawn.
pub(crate) fn wiring(plan: &Plan, tasks: Option<&Beginnings>, components: bool, drawing: &mut Drawing) {
    let mut painter = Painter { plan, drawing, units: BTreeMap::new(), databases: BTreeMap::new() };
    if components && !plan.wiring.units.is_empty() {
        painter.units();
    }
    for (task, from) in tasks.into_iter().flatten() {
        painter.uses(plan.task(*task), *from);
    }
}

struct Painter<'p> {
    plan: &'p Plan,
    drawing: &'p mut Drawing,
    /// By position in the wiring.
    units: BTreeMap<usize, usize>,
    databases: BTreeMap<String, usize>,
}

impl Painter<'_> {
    fn units(&mut self) {
        let plan = self.plan;
        let frame = self.drawing.frame("components", None, FrameLook::Plain);
        for (at, unit) in plan.wiring.units.iter().enumerate() {
            let node = self.drawing.node(lines(unit), Some(frame), Look::Component);
            self.units.insert(at, node);
        }
        for (at, unit) in plan.wiring.units.iter().enumerate() {
            let needs = &unit.component.about().needs;
            for (need, choice) in needs.iter().zip(&unit.choices) {
                for target in choice.targets() {
                    let Some(from) = self.units.get(&at).copied() else { continue };
                    let to = match target {
                        Target::Unit(unit) => {
                            plan.wiring.position(*unit).and_then(|position| self.units.get(&position).copied())
                        }
                        Target::Resource(ResourceId(number)) => {
                            let resource = plan.resources.get(*number);
                            resource.and_then(|(_, what)| self.database(what))
                        }
                    };
                    if let Some(to) = to {
                        self.drawing.arrow(from, to, &*need.name, ArrowLook::Takes);
                    }
                }
            }
        }
    }

    fn uses(&mut self, task: &Task, from: usize) {
        for reference in programs(task).iter().flat_map(|program| program.references()) {
            match &reference.kind {
                ReferenceKind::Database(name) => {
                    let to = self.named_database(name);
                    self.drawing.arrow(from, to, "", ArrowLook::Uses);
                }
                ReferenceKind::Component(binding) => self.uses_binding(from, binding),
                _ => {}
            }
        }
        let TaskKind::Step(step) = &task.kind else { return };
        let Body::Call(call) = &step.body else { return };
        match &call.callee {
            Callee::Operation { binding, .. } => self.uses_binding(from, binding),
            Callee::Step { dependencies, .. } => {
                for wired in dependencies.iter().flatten() {
                    match wired {
                        Wired::Component(binding) => self.uses_binding(from, binding),
                        Wired::Engine(_, what) => {
                            if let Some(to) = self.database(what) {
                                self.drawing.arrow(from, to, "", ArrowLook::Uses);
                            }
                        }
                    }
                }
            }
        }
    }

    fn uses_binding(&mut self, from: usize, binding: &str) {
        let position = self.plan.wiring.find(binding);
        if let Some(to) = position.and_then(|position| self.units.get(&position)) {
            self.drawing.arrow(from, *to, "", ArrowLook::Uses);
        }
    }

    /// The box of a database; nothing for what else the engine has.
    fn database(&mut self, what: &VariableKind) -> Option<usize> {
        what.database().map(|name| self.named_database(name))
    }

    fn named_database(&mut self, name: &str) -> usize {
        if let Some(known) = self.databases.get(name) {
            return *known;
        }
        let node = self.drawing.node(vec![name.to_owned()], None, Look::Database);
        self.databases.insert(name.to_owned(), node);
        node
    }
}

/// What is written in the box of a binding: its name, its component, what that provides, how long it lives.
fn lines(unit: &Unit) -> Vec<String> {
    let about = unit.component.about();
    let mut lines = vec![unit.name.to_string()];
    if about.name != *unit.name {
        lines.push(about.name.clone());
    }
    let provides: Vec<&str> = about.provides.iter().map(|interface| interface.name.as_str()).collect();
    if !provides.is_empty() {
        lines.push(format!("provides {}", provides.join(", ")));
    }
    if unit.lifetime != Lifetime::Run {
        lines.push(format!("one for each {}", unit.lifetime));
    }
    lines
}
