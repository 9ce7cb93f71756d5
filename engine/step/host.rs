//! The world as a running body sees it.

use crate::{Datum, Enlisted, Known, Limits, StepError, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a function of the script library touches the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Depends on its arguments alone. Allowed everywhere.
    Pure,
    /// Touches databases and recorded things only.
    State,
    /// Looks at the world outside (reads a file, asks the clock, gets a page). Not allowed where only pure functions are.
    Observe,
    /// Changes the world outside (writes a file, posts to a server). Steps only, and only after everything before is durable.
    Effect,
}

/// Something outside that a body wants to touch; the manifest's `permissions` decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access<'a> {
    /// Read a file or directory.
    Read(&'a Path),
    /// Write, create or delete a file.
    Write(&'a Path),
    /// Connect to a host and port.
    Net(&'a str, u16),
    /// Start a program, as written.
    Run(&'a str),
    /// Read an environment variable.
    Env(&'a str),
}

/// `app` or `test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The pipeline itself.
    #[default]
    App,
    /// A suite runs it.
    Test,
}

impl Mode {
    /// The word for it, also its facet.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Test => "test",
        }
    }
}

/// The binding `run`. Volatile: reading it never makes a step stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInfo {
    /// The run's id.
    pub id: Arc<str>,
    /// Its directory (absolute).
    pub directory: PathBuf,
    /// When it started, RFC 3339 in UTC.
    pub started: Arc<str>,
}

/// Which task this is, for `step.key`, `step.attempt` and seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInfo {
    /// Path with keys: `fit/epoch[3]/train`.
    pub path: Arc<str>,
    /// Number of this attempt, from 1.
    pub attempt: u32,
    /// Seed for random numbers: hash of the project's seed and the path; every attempt starts over with it.
    pub seed: [u8; 32],
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For following every detail.
    Trace,
    /// For finding a mistake.
    Debug,
    /// Worth knowing.
    Info,
    /// Looks wrong.
    Warn,
    /// Is wrong.
    Error,
}

impl LogLevel {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// The world as one attempt (or one expression of a task) sees it. Every look is recorded, so that a change of what was seen is a
/// reason to run again; every touch of the world outside is permitted first.
///
/// Methods take `&self`: scripts hold the host in their variables. Names are as in scripts (`batch_size`) or as in the manifest
/// (`batch-size`); both work.
pub trait Host: Send + Sync {
    /// Which task.
    fn task(&self) -> TaskInfo;

    /// The path of the task, and the number of the attempt, from 1: what tells attempts apart. Looking at it counts as nothing seen.
    fn attempt(&self) -> (Arc<str>, u32) {
        let task = self.task();
        (task.path, task.attempt)
    }

    /// The parameter of that name; `None` if there is none. An optional one without a value is `Value::Null`.
    fn param(&self, name: &str) -> Option<Value>;
    /// Names of all parameters, as in scripts.
    fn param_names(&self) -> Vec<String>;
    /// Whether the facet is active.
    fn facet(&self, name: &str) -> bool;
    /// `app` or `test`.
    fn mode(&self) -> Mode;
    /// The binding `run`; `None` where a run is not known yet (defaults, `detect`).
    fn run(&self) -> Option<RunInfo>;
    /// A loop variable, or `index`; `None` if there is none of that name.
    fn variable(&self, name: &str) -> Option<Value>;
    /// Variables that pass from one script to the next: in tests only.
    fn flow(&self) -> Option<&crate::Flow> {
        None
    }
    /// `results.name`: the result of a preceding sibling or of a preceding sibling of an ancestor; `None` if there is none of that name.
    ///
    /// # Errors
    /// The store failed.
    fn sibling_result(&self, name: &str) -> Result<Option<Value>, StepError>;
    /// `result("path")` of any task before; `None` if no such task ran before.
    ///
    /// # Errors
    /// The store failed.
    fn result(&self, path: &str) -> Result<Option<Value>, StepError>;

    /// Reads a key of a kv database.
    ///
    /// # Errors
    /// The store failed, or the database does not exist.
    fn get(&self, database: &str, key: &str) -> Result<Option<Datum>, StepError>;
    /// Writes a key.
    ///
    /// # Errors
    /// Data is read-only here (a stage's own expressions), or the store failed.
    fn put(&self, database: &str, key: &str, value: Datum) -> Result<(), StepError>;
    /// Deletes a key; says whether it was there.
    ///
    /// # Errors
    /// As [`Host::put`].
    fn delete(&self, database: &str, key: &str) -> Result<bool, StepError>;
    /// Deletes all keys.
    ///
    /// # Errors
    /// As [`Host::put`].
    fn clear(&self, database: &str) -> Result<(), StepError>;
    /// Up to `limit` rows whose keys start with `prefix`, in byte order of the keys, after the key `after`.
    ///
    /// # Errors
    /// As [`Host::get`].
    fn scan(
        &self,
        database: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Datum)>, StepError>;

    /// The component of a binding, created and started if it was not; with what is known of its kind. The use is recorded.
    ///
    /// # Errors
    /// There is no such binding, it is not known here, or it cannot be created or started.
    fn component(&self, binding: &str) -> Result<Known, StepError> {
        Err(StepError::script(format!("`{binding}` cannot be used here")))
    }
    /// Takes something into the attempt, which is told how the attempt ends. Says whether it is new to it.
    ///
    /// # Errors
    /// There is no attempt here.
    fn enlist(&self, _participant: &Enlisted) -> Result<bool, StepError> {
        Err(StepError::script("the state of components is not known here"))
    }
    /// Whether databases and the state of components may be changed here.
    fn may_write(&self) -> bool {
        false
    }

    /// What a script may take here.
    fn limits(&self) -> Limits {
        Limits::default()
    }
    /// Asks whether the manifest permits an access and, for paths, where it really is: paths are relative to the manifest's
    /// directory; links and `..` are resolved before the check. The path is absolute; empty for other accesses.
    ///
    /// # Errors
    /// Kind `permission`, with the line to add as help.
    fn permit(&self, access: Access<'_>) -> Result<PathBuf, StepError>;
    /// Must be called before a function of class `Observe` or `Effect` acts. For effects it waits until everything before is durable.
    ///
    /// # Errors
    /// The class is not allowed here (an effect in an expression), the run is stopping, or the store failed.
    fn touch(&self, class: Class, function: &str) -> Result<(), StepError>;
    /// Notes that a file was read (its content counts as an input of the step), or looked for in vain. `path` as [`Host::permit`] gave it.
    fn saw_file(&self, path: &Path);
    /// Notes that a file was written or removed: what steps saw of it before does not count as changed then. `path` as [`Host::permit`] gave it.
    fn wrote_file(&self, _path: &Path) {}
    /// A directory for a new content of the file at `path` (as [`Host::permit`] gave it) until it is renamed into place: on the same file system, and
    /// tidied up after a kill. `None`: there is none, so the file's own directory has to do.
    fn temporary_directory(&self, _path: &Path) -> Option<PathBuf> {
        None
    }
    /// Notes that an environment variable was read.
    fn saw_env(&self, name: &str, value: Option<&str>);
    /// The time in milliseconds since 1970 UTC; recorded as volatile.
    fn now(&self) -> i64;
    /// The idempotency key: the same across attempts and resumes until the step commits.
    ///
    /// # Errors
    /// Not in a step.
    fn idempotency_key(&self) -> Result<String, StepError>;

    /// A line for the run's log and, from `info` on, the console. Secrets are masked.
    fn log(&self, level: LogLevel, message: &str);
    /// Whether the attempt should stop (Ctrl-C, timeout): long functions look now and then.
    ///
    /// # Errors
    /// It should stop: kind `timeout` or `cancelled`.
    fn check_cancelled(&self) -> Result<(), StepError>;
}
