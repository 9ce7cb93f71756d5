//! What happens before and after the pipeline.

use crate::lifecycle::hooks::{HookedTarget, hooks, known};
use crate::lifecycle::target::in_order;
use crate::lifecycle::{Direction, Hook, On, OwnTarget, Side};
use crate::wiring::{Wirer, Wiring};
use thinking_diagnostic::{Diagnostic, Diagnostics};

/// All targets, in the order in which they are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LifecyclePlan {
    /// In order; the pipeline runs between the last of [`Side::Start`] and the first of [`Side::Stop`].
    pub targets: Vec<TargetPlan>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetPlan {
    /// Its name.
    pub name: String,
    /// On which side of the pipeline it is.
    pub side: Side,
    /// In which order units take part.
    pub direction: Direction,
    /// What is done, in order (of [`Direction::Gather`] all at once).
    pub hooks: Vec<Hook>,
    /// Which of the own targets it is; `None`: a standard one.
    pub own: Option<usize>,
}

impl LifecyclePlan {
    /// The targets of one side, in order.
    pub fn side(&self, side: Side) -> impl Iterator<Item = &TargetPlan> {
        self.targets.iter().filter(move |target| target.side == side)
    }
}

/// Plans the lifecycle. An `on` that calls an operation of a binding which the wiring does not hold does nothing there; the mistakes in it
/// are found all the same.
#[must_use]
pub fn plan_lifecycle(
    targets: &[OwnTarget],
    ons: &[On],
    wirer: &Wirer,
    wiring: &Wiring,
) -> (LifecyclePlan, Vec<Diagnostic>) {
    let (order, mut wrong) = in_order(targets);
    let names: Vec<(&str, Side)> = order.iter().map(|(name, side, _)| (name.as_str(), *side)).collect();
    let ons = known(ons, &names, wirer, &mut wrong);
    let mut plan = LifecyclePlan::default();
    for (name, side, own) in &order {
        let usual = if *side == Side::Start { Direction::Forward } else { Direction::Backward };
        let direction = own.and_then(|own| targets.get(own)).and_then(|target| target.direction).unwrap_or(usual);
        let target = HookedTarget { name, side: *side, direction };
        let hooks = hooks(&target, &ons, wiring, &mut wrong);
        plan.targets.push(TargetPlan { name: name.clone(), side: *side, direction, hooks, own: *own });
    }
    (plan, wrong.into_iter().collect::<Diagnostics>().into_iter().collect())
}
