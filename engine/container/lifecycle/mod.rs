//! The lifecycle, planned before anything runs: which targets there are, in which order, and who takes part in each.

mod hooks;
mod outcome;
mod plan;
mod target;

pub use hooks::{Hook, On, OnAction};
pub use outcome::Outcome;
pub use plan::{LifecyclePlan, TargetPlan, plan_lifecycle};
pub use target::{Direction, OwnTarget, Place, STANDARD_TARGETS, Side};
