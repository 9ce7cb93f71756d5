//! What takes part in a step's commit besides the databases.

use crate::{Host, StepError};
use std::sync::Arc;

/// Something in memory that a step may change and that is recorded with it. It is enlisted by [`Host::enlist`] at its first use in an
/// attempt and told how the attempt ended, so that memory never says anything else than the recorded state.
pub trait Participant: Send + Sync {
    /// The body succeeded: writes what changed into the databases of `host`.
    ///
    /// # Errors
    /// It cannot be saved; the attempt fails.
    fn save(&self, host: &dyn Host) -> Result<(), StepError>;

    /// The attempt is over. `committed`: what was saved is recorded. Otherwise whatever changed since must be forgotten.
    fn settle(&self, committed: bool);
}

/// A participant, shared.
pub type Enlisted = Arc<dyn Participant>;
