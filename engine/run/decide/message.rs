//! What the core asks for, and what it is told.

use crate::decide::{Force, Items, Place, RetryPolicy};
use std::sync::Arc;
use std::time::Duration;
use thinking_step::{StepError, Value};
use thinking_store::IterationKey;

/// Which expression of a task is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// `when`
    When,
    /// `in` of an `each`
    Items,
    /// `key` of an `each`, in the scope of the item
    Key,
    /// `until` of a `repeat`, in the scope of the iteration
    Until,
    /// `max` of a `repeat`
    Max,
    /// The condition of that branch of a `choose`
    Condition(usize),
    /// `params` of a `run`, as an object
    Params,
    /// The reason of a `fail`
    Reason,
    /// `on-error`
    OnError,
}

/// What the core wants done. Each command is answered by one [`Input`].
#[derive(Debug)]
pub(crate) enum Command {
    /// Evaluate an expression on the data as it is here. Answer: `Value` or `Failed`.
    Evaluate { place: Place, question: Question },
    /// A container is entered. Answer: `Go` or `Failed`.
    Open { place: Place, iterations: Option<u64> },
    /// A container is done; its shape is how its result is found. Answer: `Go`.
    Close { place: Place, shape: Shape },
    /// A task is not there this time. Answer: `Go`.
    Skip { place: Place },
    /// Compare a step with what is recorded. Answer: `Kept`, `PassedOver` or `Run`.
    Check { place: Place, force: Force },
    /// Try a step. Answer: `Done` or `AttemptFailed`.
    Attempt { place: Place, number: u32 },
    /// Tell of a failed attempt and pause. Answer: `Go`.
    Pause { place: Place, number: u32, error: StepError, pause: Duration },
    /// Record that a failure of `place`, or inside of it, is passed over. Answer: `Go`.
    PassOver { place: Place, failure: Box<Failure> },
    /// Nothing more is to be done.
    Finish(Ending),
}

/// What the core is told.
#[derive(Debug)]
pub(crate) enum Input {
    /// Go on.
    Go,
    /// The value of the expression.
    Value(Value),
    /// The expression, or the entering of a container, failed.
    Failed(StepError),
    /// The step is recorded and holds.
    Kept,
    /// The failure of the container at that depth, in which this step is, is recorded and holds. `item`: only of its iteration that is under way.
    PassedOver { depth: usize, item: bool },
    /// The step has to run.
    Run,
    /// The attempt is committed.
    Done,
    /// The attempt failed; how to try again if it may be.
    AttemptFailed { error: StepError, policy: Option<RetryPolicy> },
    /// The run is to stop.
    Stop,
    /// The container at that depth has used up its time.
    TimedOut { depth: usize, error: StepError },
}

/// How a container went: what is needed to find its result later.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// The last task's result counts.
    Plain,
    /// One result per element.
    Items(Items),
    /// One result per element, under these keys.
    Keys(Arc<Vec<IterationKey>>),
    /// Iterations from 1 to this.
    Counted(u32),
    /// The branches taken.
    Branches(Vec<usize>),
}

impl Shape {
    /// Whether a loop had that iteration.
    pub(crate) fn has(&self, key: &IterationKey) -> bool {
        match self {
            Self::Plain | Self::Branches(_) => true,
            Self::Items(items) => items.position(key).is_some(),
            Self::Keys(keys) => keys.contains(key),
            Self::Counted(count) => {
                matches!(key, IterationKey::Integer(number) if (1..=i64::from(*count)).contains(number))
            }
        }
    }
}

/// A failure for good.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// What failed first.
    pub place: Place,
    /// Why.
    pub error: StepError,
    /// Attempts made; 0 for what is not a step.
    pub attempts: u32,
}

/// How the walk ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Everything was walked.
    Done,
    /// A task failed.
    Failed(Box<Failure>),
    /// The end of the selection was reached.
    Stopped { path: String },
    /// It was told to stop.
    Interrupted,
}
