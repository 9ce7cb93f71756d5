//! The components that exist, how they are wired and started, and the native steps that ship.
//!
//! [`Catalog`] and [`Wirer`] decide what each dependency takes and give a [`Wiring`]; [`plan_lifecycle`] says what happens before and after
//! the pipeline. [`Registry`] answers `call "name"`. Each step is a file of its own; what they share (arguments, digests, replacing a file as a
//! whole) stands beside them.

#![cfg_attr(test, allow(clippy::expect_used, reason = "a test may fail loudly"))]

mod arguments;
mod digest;
mod double;
mod file_copy;
mod file_fetch;
mod file_hash;
mod lifecycle;
mod live;
mod local;
mod registry;
mod replace;
mod wiring;

pub use double::{Calls, Double, Stand, StandIn, double};
pub use lifecycle::{
    Direction, Hook, LifecyclePlan, On, OnAction, Outcome, OwnTarget, Place, STANDARD_TARGETS, Side, TargetPlan,
    plan_lifecycle,
};
pub use live::{Container, Environment, HookFailure, HookReport, Scope, ScopeKey, StartFailure, Work};
pub use registry::Registry;
pub use wiring::{
    Binding, Candidate, Catalog, Choice, Declared, Lifetime, Resource, ResourceId, Root, Target, Unit, UnitId, Wire,
    Wirer, Wiring,
};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
