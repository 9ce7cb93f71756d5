//! Doubles in a plan.

use crate::task::{Body, Callee, Plan, TaskKind, Wired};
use std::sync::Arc;
use thinking_container::{Calls, Double, double};
use thinking_diagnostic::{Code, Diagnostic};

impl Plan {
    /// Replaces or watches operations while this plan runs; `calls` records what is called. Several doubles of one operation take turns, and
    /// the last stays. Bindings that the pipeline does not need are checked and left alone.
    ///
    /// # Errors
    /// All mistakes, as [`double`] finds them, and native steps that hold a binding with a double as a Rust type. The plan is as it was then.
    pub fn double(&mut self, doubles: &[Double], calls: &Arc<Calls>) -> Result<(), Vec<Diagnostic>> {
        let mut wiring = (*self.wiring).clone();
        let mut wrong = self.unseen(doubles);
        wrong.extend(double(&mut wiring, &self.wirer, &self.hooks.plan, doubles, calls).err().unwrap_or_default());
        if !wrong.is_empty() {
            return Err(wrong);
        }
        for task in &mut self.tasks {
            let TaskKind::Step(step) = &mut task.kind else { continue };
            let Body::Call(call) = &mut step.body else { continue };
            let Callee::Operation { binding, number, class, .. } = &mut call.callee else { continue };
            let unit = wiring.find(binding).and_then(|at| wiring.units.get(at));
            let doubled = unit
                .filter(|unit| doubles.iter().any(|double| wiring.find(&double.binding) == wiring.position(unit.id)));
            if let Some(operation) = doubled.and_then(|unit| unit.component.about().operations.get(*number)) {
                // A stub touches nothing outside, so nothing has to be durable before it.
                *class = operation.class;
            }
        }
        self.wiring = Arc::new(wiring);
        Ok(())
    }

    /// Native steps that call a binding with a double without asking anybody.
    fn unseen(&self, doubles: &[Double]) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        for double in doubles {
            let Some(unit) = self.wiring.find(&double.binding).and_then(|at| self.wiring.units.get(at)) else {
                continue;
            };
            for task in &self.tasks {
                let TaskKind::Step(step) = &task.kind else { continue };
                let Body::Call(call) = &step.body else { continue };
                let Callee::Step { step, dependencies } = &call.callee else { continue };
                let mut held = step.needs().iter().zip(dependencies).filter(|(need, _)| need.rust.is_some());
                let is_it = |wired: &Wired| matches!(wired, Wired::Component(binding) if *binding == unit.name);
                if held.any(|(_, wired)| wired.iter().any(is_it)) {
                    let (step, name) = (step.name(), &unit.name);
                    let message = format!("`{step}` calls `{name}` directly in Rust, where a double would not be seen");
                    let help = format!("bind another component in its place for the test: bind \"{name}\" to=\"…\"");
                    wrong.push(Diagnostic::error(Code::NotAllowedHere, message).at(double.span, "").help(help));
                }
            }
        }
        wrong
    }
}
