//! What goes wrong around the pipeline.

use std::fmt;
use thinking_step::{ErrorKind, StepError};

/// A creation or hook that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookFailure {
    /// The target; `None`: it could not be created.
    pub target: Option<String>,
    /// The binding, or `on "target"` for the project's own.
    pub who: String,
    /// Why.
    pub error: Box<StepError>,
}

impl HookFailure {
    /// The error, with who failed and when in its message.
    #[must_use]
    pub fn into_error(self) -> StepError {
        if self.error.kind == ErrorKind::Cancelled {
            return *self.error;
        }
        let message = self.to_string();
        StepError { message, ..*self.error }
    }
}

impl fmt::Display for HookFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            None => write!(formatter, "`{}` cannot be created: {}", self.who, self.error),
            Some(target) if self.who.starts_with("on ") => write!(formatter, "{} failed: {}", self.who, self.error)
                .and_then(
                    |()| if self.who.contains(target.as_str()) { Ok(()) } else { write!(formatter, " ({target})") },
                ),
            Some(target) => write!(formatter, "`{}` failed in `{target}`: {}", self.who, self.error),
        }
    }
}

/// Why a run did not start. What had started was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFailure {
    /// What failed first.
    pub failure: HookFailure,
    /// What failed at the same time (of hooks that ran at once).
    pub also: Vec<HookFailure>,
    /// What failed while the others were stopped.
    pub stopping: Vec<HookFailure>,
}
