//! Wiring: which binding each dependency takes, decided before anything runs.
//!
//! [`Catalog`] knows the kinds of components, [`Wirer`] adds bindings and what the engine has ([`Resource`]) and decides by the choice
//! rules, and [`Wiring`] is what comes out for a pipeline: the units that it needs, in the order in which they start.

mod binding;
mod catalog;
mod choice;
mod cycle;
mod explain;
mod fit;
mod graph;
mod order;
mod resolve;
mod tell;
mod unused;
mod wirer;

pub use binding::{Binding, Lifetime, Resource, Wire};
pub use catalog::Catalog;
pub use choice::{Candidate, Choice, ResourceId, Target, UnitId};
pub use graph::{Root, Unit, Wiring};
pub use wirer::{Declared, Wirer};

pub(crate) use fit::word;
