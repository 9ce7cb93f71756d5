//! What a test asks of the runner around it.

use crate::{StepError, Value};
use std::time::Duration;

/// A call of an operation that is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// Binding, as in the manifest, and operation, as in scripts: `trainer.fit`.
    pub operation: String,
    /// The arguments by the names of the parameters, as in scripts; those that were not given are left out. Bytes are lists of numbers.
    pub arguments: serde_json::Map<String, Value>,
    /// What it gave, or the message that it failed with; `None` while it goes on.
    pub ended: Option<Result<Value, String>>,
}

/// The test that a body belongs to, as [`Host::trial`](crate::Host::trial) gives it.
pub trait Trial: Send + Sync {
    /// The calls of an operation in the order in which they began; without a name those of all operations that are watched.
    ///
    /// # Errors
    /// Nothing is called so, or it is neither stubbed nor spied on.
    fn calls(&self, operation: Option<&str>) -> Result<Vec<Called>, StepError>;

    /// The test's own time, in milliseconds since 1970 UTC.
    fn now(&self) -> i64;

    /// Lets that much of the test's own time pass at once.
    ///
    /// # Errors
    /// Time ends before that.
    fn advance(&self, by: Duration) -> Result<(), StepError>;

    /// Sets the test's own time, in milliseconds since 1970 UTC.
    ///
    /// # Errors
    /// It would go back to before the time that it is, where that cannot be.
    fn set(&self, now: i64) -> Result<(), StepError>;

    /// Compares a value with the one that was written under that name before; the first one is written.
    ///
    /// # Errors
    /// They differ (where, in the details), or the file cannot be read or written.
    fn snapshot(&self, name: &str, value: &Value) -> Result<(), StepError>;

    /// Notes that this case says nothing, because what it assumes does not hold. Gives the failure that ends its body, which no `catch` of
    /// the script can stop; the runner passes over the case.
    fn discard(&self) -> StepError;
}
