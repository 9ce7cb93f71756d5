//! The world around the container.

use crate::lifecycle::{Outcome, TargetPlan};
use crate::wiring::ResourceId;
use std::sync::Arc;
use std::time::Duration;
use thinking_step::{Host, Known, StepError, VariableKind};

/// What is about to be done, for whoever makes the world that it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work<'a> {
    /// The binding.
    pub who: &'a str,
    /// The target that it takes part in; `None` while it is created.
    pub target: Option<&'a str>,
    /// How long it may take: it is left behind after that. `None`: as long as it likes.
    pub limit: Option<Duration>,
}

/// What the container asks of the run around it.
pub trait Environment: Send + Sync {
    /// The world as one creation or hook sees it. Its [`Host::check_cancelled`] is asked before the work begins; on the stop side it should
    /// say no only once the work's limit is over.
    fn host(&self, work: &Work<'_>) -> Arc<dyn Host>;

    /// Does the project's own hook: the script or native step of the `on` of that number. `of` is
    /// the component whose operation it calls, where it takes part as such; `outcome` is there on the stop side; `limit` as in
    /// [`Work`].
    ///
    /// # Errors
    /// It failed.
    fn action(
        &self,
        on: usize,
        of: Option<&Known>,
        outcome: Option<Outcome>,
        limit: Option<Duration>,
    ) -> Result<(), StepError>;

    /// Something of the engine, as it is given to the components that need it: its name, as in the manifest, and what it is.
    fn resource(&self, resource: ResourceId) -> (Arc<str>, VariableKind);

    /// A target is reached: the place to see whether the files that it requires are there.
    ///
    /// # Errors
    /// Something is missing; the target counts as failed.
    fn reached(&self, target: &TargetPlan) -> Result<(), StepError> {
        let _ = target;
        Ok(())
    }

    /// Something was done, well or not.
    fn told(&self, report: &HookReport<'_>);

    /// How long it is since some moment before the run; never goes back.
    fn elapsed(&self) -> Duration;

    /// How long each hook of the stop side may take.
    fn grace(&self) -> Duration;
}

/// What was done.
#[derive(Debug, Clone, Copy)]
pub struct HookReport<'a> {
    /// The target; `None`: it was created.
    pub target: Option<&'a str>,
    /// The binding, or `on "target"` for the project's own.
    pub who: &'a str,
    /// How long it took.
    pub took: Duration,
    /// Why it failed.
    pub error: Option<&'a StepError>,
}
