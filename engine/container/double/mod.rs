//! Doubles: operations of a binding that are replaced or watched while a test runs.
//!
//! A binding with a double keeps its name, its component's kind and its place in the wiring; only the unit's component is wrapped. What is
//! stubbed answers by itself, what is spied on is called through, and both are recorded in [`Calls`]. The component behind a stub is created,
//! started, and given what it depends on, at the first call that needs it: a test whose stubs cover all calls never touches it.

mod apply;
mod calls;
mod component;
mod dependencies;
mod given;
mod kind;
mod returned;

pub use apply::double;
pub use calls::Calls;

use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_step::{ErrorKind, Host, StepError, Value};

/// One double of an operation. Several of one operation take turns: each stands in for one call, and the last for all that follow.
#[derive(Clone)]
pub struct Double {
    /// The binding, as in the manifest or in scripts.
    pub binding: String,
    /// The operation, as in scripts or as in the manifest.
    pub operation: String,
    /// Where that is written.
    pub span: Option<Span>,
    /// What happens instead.
    pub stand: Stand,
}

impl Double {
    /// The double of `binding.operation`, split at the last dot. Without a dot the operation's name is empty, which no component has.
    #[must_use]
    pub fn of(name: &str, span: Option<Span>, stand: Stand) -> Self {
        let (binding, operation) = name.rsplit_once('.').unwrap_or((name, ""));
        Self { binding: binding.to_owned(), operation: operation.to_owned(), span, stand }
    }
}

/// A body that answers instead of an operation: it gets the arguments by name (a JSON object) and the world of whoever called.
pub type StandIn = Arc<dyn Fn(&Value, &Arc<dyn Host>) -> Result<Value, StepError> + Send + Sync>;

/// What stands in for an operation.
#[derive(Clone)]
pub enum Stand {
    /// A value.
    Returns(Value),
    /// A failure with that message; of a kind that `retry { on … }` names, or of the kind that the component's failures have.
    Throws(String, Option<ErrorKind>),
    /// A body.
    Body(StandIn),
    /// The operation itself; its calls are recorded.
    Spy,
}

impl Stand {
    /// Whether the operation itself is left alone.
    #[must_use]
    pub fn is_stub(&self) -> bool {
        !matches!(self, Self::Spy)
    }
}
