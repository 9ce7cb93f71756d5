//! What is known of earlier runs: plain data that the run room reads out of the journal and the report room shows.
//!
//! Times are milliseconds since 1970 UTC, durations microseconds. Secrets are in none of it, as they never reach the journal.

use thinking_step::Value;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastStatus {
    /// A process is at it.
    Running,
    /// Its process is gone without a word: killed, or the machine went off.
    Killed,
    /// All done.
    Done,
    /// A task failed.
    Failed,
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// Stopped where `--until` said.
    Stopped,
    /// Put aside by `--fresh`.
    Abandoned,
}

impl PastStatus {
    /// The word for it, in tables and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Killed => "killed",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether `thinking apply` goes on with the pipeline's latest run.
    #[must_use]
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::Killed | Self::Failed | Self::Interrupted | Self::Stopped)
    }
}

/// The recorded state went back: what came after a task was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastChange {
    /// When.
    pub at: i64,
    /// The first task that was given up, with keys.
    pub task: String,
    /// Why: "its `rhai` changed".
    pub reason: String,
    /// How many recorded steps were given up.
    pub dropped: u64,
}

/// How many steps and failures a run had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PastCounts {
    /// Steps that it did.
    pub done: u64,
    /// There may be more: the run has many and is still running or was killed.
    pub at_least: bool,
    /// Steps and containers whose `when` was false; `None` while nobody left the run.
    pub skipped: Option<u64>,
    /// Failures that were passed over; `None` while nobody left the run.
    pub failed: Option<u64>,
    /// Attempts that were tried again.
    pub retried: Option<u64>,
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// Number on the state, from 1.
    pub number: u32,
    /// Its id.
    pub id: String,
    /// Its line.
    pub line: String,
    /// Its pipeline.
    pub pipeline: String,
    /// How it stands.
    pub status: PastStatus,
    /// When it began.
    pub started: i64,
    /// When it was last left.
    pub ended: Option<i64>,
    /// How long processes were at it together; `None` if that was not recorded.
    pub took: Option<u64>,
    /// How many processes worked on it; 0 if that was not recorded.
    pub processes: u32,
    /// What it did; `None` if that was not recorded.
    pub counts: Option<PastCounts>,
    /// Parameters that were given, by name.
    pub params: Vec<(String, Value)>,
    /// Facets that were given or detected.
    pub facets: Vec<String>,
    /// Whether it began on empty data because it was asked to.
    pub fresh: bool,
    /// Where the recorded state went back, oldest first.
    pub changes: Vec<PastChange>,
    /// How often it did before those.
    pub earlier_changes: u64,
}

/// A list that may be too long to be shown: its beginning, its end, and how many are left out between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened<T> {
    /// The first ones.
    pub first: Vec<T>,
    /// How many are left out.
    pub left_out: u64,
    /// The last ones.
    pub last: Vec<T>,
}

impl<T> Default for Shortened<T> {
    fn default() -> Self {
        Self { first: Vec::new(), left_out: 0, last: Vec::new() }
    }
}

impl<T> Shortened<T> {
    /// How many there are, those left out included.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.left_out + (self.first.len() + self.last.len()) as u64
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those that are not left out.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.last)
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastOutcome {
    /// It is done.
    Done,
    /// It failed and was passed over. The message.
    PassedOver(String),
    /// It failed for good, and with it the run. The message.
    Failed(String),
}

/// A step that was done or failed.
#[derive(Debug, Clone, PartialEq)]
pub struct PastStep {
    /// Its path with keys.
    pub path: String,
    /// Its pipeline.
    pub pipeline: String,
    /// Number of the attempt that ended it.
    pub attempt: u32,
    /// When that attempt started; of a failure, when it was over.
    pub started: i64,
    /// How long it took; `None` for failures.
    pub took: Option<u64>,
    /// How it ended.
    pub outcome: PastOutcome,
    /// Its result.
    pub result: Value,
    /// Whether the recorded state builds on it; `false`: it was given up, or done anew, later.
    pub current: bool,
}

/// A run with what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRunSteps {
    /// The run.
    pub run: PastRun,
    /// Its steps and failures, in their order.
    pub steps: Shortened<PastStep>,
}

/// Something that a step saw outside of the recorded state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRead {
    /// `param`, `facet`, `mode`, `seed`, `env`, `file`, `directory`, `files`, `result` or `variable`.
    pub kind: &'static str,
    /// Its name or path.
    pub name: String,
    /// What it was, if it says something to people.
    pub value: Option<String>,
}

/// A value of a database.
#[derive(Debug, Clone, PartialEq)]
pub enum PastValue {
    /// There was none.
    Absent,
    /// It is not known any more.
    Unknown,
    /// What JSON can say.
    Json(Value),
    /// So many bytes.
    Blob(u64),
}

/// What a key of a database stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum PastItem {
    /// Itself: the database is a kv.
    Key,
    /// The document with that id.
    Document(Value),
    /// The vector with that id.
    Vector(Value),
    /// What was added with the vector of that id.
    VectorData(Value),
    /// The value at that path, of names and indexes. Of a map and of a list whose parts have keys of their own, `{}` and `{"list": length}` are stored.
    Path(Vec<Value>),
    /// Nothing that people put there: what the database keeps for itself, such as an index.
    Internal,
}

/// A change that a step made to data.
#[derive(Debug, Clone, PartialEq)]
pub struct PastWrite {
    /// The database as it is stored: `papers:documents`, of a kv only its name.
    pub database: String,
    /// What the key stands for.
    pub item: PastItem,
    /// The key; `None`: everything in it was deleted.
    pub key: Option<String>,
    /// What was there before the step.
    pub before: PastValue,
    /// What the step left.
    pub after: PastValue,
}

/// One step with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PastStepDetail {
    /// The step.
    pub step: PastStep,
    /// The id of the run that did it.
    pub run: String,
    /// How often a result of it was given up before.
    pub generation: u32,
    /// Its position in the journal.
    pub seq: u64,
    /// What it saw outside of the recorded state.
    pub reads: Vec<PastRead>,
    /// Declared outputs.
    pub outputs: Vec<String>,
    /// Other files that it wrote or, if `false`, removed.
    pub files: Vec<(String, bool)>,
    /// What it changed in databases.
    pub writes: Shortened<PastWrite>,
    /// What databases changed for themselves along with that.
    pub internal: Shortened<PastWrite>,
}

/// All instances of one task together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTask {
    /// Its path without keys.
    pub path: String,
    /// Instances that are done.
    pub done: u64,
    /// Instances whose failure was passed over.
    pub passed_over: u64,
    /// How long the done ones took together.
    pub took: u64,
    /// When the first of them started.
    pub first: i64,
    /// When the last of them ended.
    pub last: i64,
}

/// What is recorded of a task with several instances, or of a container.
#[derive(Debug, Clone, PartialEq)]
pub struct PastTasks {
    /// The path that was asked for.
    pub path: String,
    /// Their pipeline.
    pub pipeline: String,
    /// The tasks at and below it, in the order in which they were first done.
    pub tasks: Vec<PastTask>,
    /// Their instances.
    pub steps: Shortened<PastStep>,
}

impl PastWrite {
    /// The database's name and kind as in manifests.
    #[must_use]
    pub fn name_and_kind(&self) -> (&str, &str) {
        self.database.split_once(':').unwrap_or((&self.database, "kv"))
    }
}
