//! How the program ends: all exit codes in one place.

use crate::cli::output;
use std::process::ExitCode;
use thinking_store::StoreError;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// The pipeline failed.
    Failed,
    /// The command line, the manifest or the state is wrong; nothing ran.
    Wrong,
    /// The state is in use by another process.
    InUse,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl Exit {
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Wrong => 2,
            Self::InUse => 75,
            Self::Interrupted => 130,
        })
    }
}

/// What ends a verb early. It was not printed yet.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It was printed.
    Told(Exit),
    /// The state cannot be used.
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Trouble {
    /// Prints what was not printed yet, and says how the program ends.
    pub fn tell(self, json: bool) -> Exit {
        match self {
            Self::Told(exit) => exit,
            Self::Store(error) => {
                output::store_error(&error, json);
                match error {
                    StoreError::InUse { .. } => Exit::InUse,
                    StoreError::Foreign { .. } | StoreError::Unusable { .. } | StoreError::Absent(_) => Exit::Wrong,
                    _ => Exit::Failed,
                }
            }
        }
    }
}
