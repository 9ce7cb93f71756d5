//! Components that live: created, started and stopped, each exactly once.

mod call;
mod container;
mod create;
mod environment;
mod failure;
mod scope;
mod start;
mod stop;

pub use container::Container;
pub use environment::{Environment, HookReport, Work};
pub use failure::{HookFailure, StartFailure};
pub use scope::{Scope, ScopeKey};

pub(crate) use call::contained;
