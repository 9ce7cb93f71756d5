//! The plain data that stores speak in.

use std::sync::Arc;

/// Position in the journal, from 1; 0 is before everything. Order is by seq, never by a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
pub struct Seq(pub u64);

/// A stretch of the journal that was written without going back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
pub struct SegmentId(pub u32);

/// The commits of one segment from `lo` to `hi`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Piece {
    /// The segment.
    pub segment: SegmentId,
    /// First seq.
    pub lo: Seq,
    /// Last seq; `Seq(u64::MAX)` for the piece that is being written.
    pub hi: Seq,
}

/// A line: its pieces in tree order, and the pieces that it had before it was last changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// In tree order. The last one is open (`hi` is `u64::MAX`) and takes new commits. Empty for a line never written.
    pub pieces: Vec<Piece>,
    /// The pieces before the last [`LineChange`].
    pub previous: Vec<Piece>,
}

/// A line as it was right after the commit `at`. Later pieces hide earlier ones; within a piece later commits hide earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// In tree order; `hi` may be `u64::MAX`.
    pub pieces: Arc<[Piece]>,
    /// Commits after this one are not seen, whatever the pieces say.
    pub at: Seq,
}

/// Number of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct DatabaseId(pub u16);

/// Number of an interned content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct InternId(pub u32);

/// Which instance of which task, as bytes that sort the instances of one task together and in the order of their keys. Made by [`TaskKey::new`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TaskKey(pub Vec<u8>);

/// One iteration's key in a task path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IterationKey {
    /// `epoch[3]`
    Integer(i64),
    /// `url["a/b"]`
    Text(Arc<str>),
}

impl TaskKey {
    /// Longest encoding of a text key; a longer one is replaced by its hash.
    const LONGEST_TEXT: usize = 64;

    /// The key of a task whose path without keys is interned as `path`, at these iterations, outermost first. At most six iterations fit into a
    /// store's key with room to spare; deeper ones are hashed together.
    #[must_use]
    pub fn new(path: InternId, iterations: &[IterationKey]) -> Self {
        let mut bytes = path.0.to_be_bytes().to_vec();
        let (direct, deeper) = iterations.split_at(iterations.len().min(4));
        direct.iter().for_each(|key| key.encode(&mut bytes));
        if !deeper.is_empty() {
            let mut rest = Vec::new();
            deeper.iter().for_each(|key| key.encode(&mut rest));
            bytes.push(4);
            bytes.extend_from_slice(&blake3::hash(&rest).as_bytes()[..16]);
        }
        Self(bytes)
    }
}

impl IterationKey {
    fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => {
                bytes.push(1);
                bytes.extend_from_slice(&((*number as u64) ^ (1 << 63)).to_be_bytes());
            }
            Self::Text(text) if text.len() <= TaskKey::LONGEST_TEXT && !text.contains('\0') => {
                bytes.push(2);
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(0);
            }
            Self::Text(text) => {
                bytes.push(3);
                bytes.extend_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
            }
        }
    }
}

/// Who is trying: commits under an old token are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Token {
    /// Rises with every process that opens the state for writing.
    pub epoch: u64,
    /// Rises with every attempt in a process.
    pub counter: u64,
}

/// How a committed step ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Outcome {
    /// It did its work.
    Done,
    /// It failed and `on-error="skip"` let the run go on; none of its writes exist. The message.
    Skipped(String),
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StepEntry {
    /// Number of the run that did it.
    pub run: u32,
    /// Number of the pipeline (an interned name).
    pub pipeline: InternId,
    /// Which instance.
    pub task: TaskKey,
    /// Its path with keys, for people.
    pub path: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Number of the attempt that succeeded, from 1.
    pub attempt: u32,
    /// How often a committed result of this task was superseded before.
    pub generation: u32,
    /// Its definition (interned).
    pub definition: InternId,
    /// What it saw outside of the line (interned).
    pub reads: InternId,
    /// Its result as JSON text.
    pub result: Vec<u8>,
    /// Its outputs, as the run encodes them; empty for none.
    pub outputs: Vec<u8>,
    /// When the attempt started, milliseconds since 1970 UTC. For people only.
    pub started: i64,
    /// How long the attempt took, microseconds.
    pub took: u64,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Entry {
    /// A step is done.
    Step(StepEntry),
    /// A run began, or a process took it up again.
    RunStarted {
        /// Number of the run.
        run: u32,
        /// When.
        at: i64,
    },
    /// A process left a run.
    RunStopped {
        /// Number of the run.
        run: u32,
        /// When.
        at: i64,
        /// How.
        status: RunStatus,
    },
    /// An attempt is about to touch the world outside; names its idempotency key.
    Attempt {
        /// Number of the run.
        run: u32,
        /// Which instance.
        task: TaskKey,
        /// Who tries.
        token: Token,
        /// The idempotency key.
        key: String,
    },
    /// A task failed for good in that run.
    Failed {
        /// Number of the run.
        run: u32,
        /// Path with keys.
        path: String,
        /// Number of attempts made.
        attempts: u32,
        /// Why, in a line or more.
        message: String,
        /// When.
        at: i64,
    },
    /// The line was changed: its state went back.
    LineChanged {
        /// Why, for people.
        reason: String,
        /// When.
        at: i64,
    },
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum RunStatus {
    /// A process is at it, or was killed.
    Running,
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

/// A run, as it now stands.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RunRecord {
    /// Number, from 1.
    pub number: u32,
    /// Id for people, also the name of its directory.
    pub id: String,
    /// Its line.
    pub line: String,
    /// Its pipeline.
    pub pipeline: String,
    /// How it stands.
    pub status: RunStatus,
    /// When it began, milliseconds since 1970 UTC.
    pub started: i64,
    /// When it was last left.
    pub ended: Option<i64>,
    /// Parameters that were given (never secrets), by name.
    pub params: std::collections::BTreeMap<String, serde_json::Value>,
    /// Facets that were given or detected.
    pub facets: Vec<String>,
    /// How it went so far. Records that were written before there were figures have none: `processes` is 0.
    #[serde(default)]
    pub figures: RunFigures,
}

/// How a run went, for people: as it was when a process last began or left it. What a killed process did is counted when the next one takes the
/// run up.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RunFigures {
    /// All entries of the run come after this one.
    pub after: Seq,
    /// When it was last left, no entry of the run comes after this one; 0 while a process is at it or was killed.
    pub until: Seq,
    /// Processes that worked on it, the present one included.
    pub processes: u32,
    /// When the last of them began, milliseconds since 1970 UTC.
    pub resumed: i64,
    /// How long they were at it together, microseconds; of a killed one up to its last step.
    pub took: u64,
    /// Steps that it did.
    pub done: u64,
    /// Steps and containers whose `when` was false, as the last process that left it saw it.
    pub skipped: u64,
    /// Failures that were passed over, as the last process that left it saw it.
    pub failed: u64,
    /// Attempts that failed and were tried again.
    pub retried: u64,
    /// Whether it began on empty data because it was asked to.
    pub fresh: bool,
    /// Where it went back on the line, oldest first; at most [`RunFigures::CHANGES`], the latest.
    pub changes: Vec<RunChange>,
    /// How often it went back before those.
    pub earlier_changes: u64,
}

impl RunFigures {
    /// Most changes of the line that are kept with a run.
    pub const CHANGES: usize = 20;

    /// Adds a change of the line.
    pub fn change(&mut self, change: RunChange) {
        if self.changes.len() >= Self::CHANGES {
            self.changes.remove(0);
            self.earlier_changes += 1;
        }
        self.changes.push(change);
    }
}

/// The recorded state no longer fitted from a task on, and went back to before it.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RunChange {
    /// When, milliseconds since 1970 UTC.
    pub at: i64,
    /// Path with keys of the first task that was given up.
    pub task: String,
    /// Why, for people.
    pub reason: String,
    /// So many recorded steps were given up.
    pub dropped: u64,
}

/// What one commit wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The segment in which the commit stands.
    pub segment: SegmentId,
    /// Keys that it set or deleted, in the order of databases and keys; without a key: everything before it was deleted.
    pub keys: Vec<(DatabaseId, Option<Vec<u8>>)>,
}

/// A write of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets a key.
    Put(DatabaseId, Vec<u8>, Vec<u8>),
    /// Deletes a key.
    Delete(DatabaseId, Vec<u8>),
    /// Deletes everything that the database held before this commit; puts of the same commit that follow it stay.
    Clear(DatabaseId),
}

/// A new list of pieces for a line. The store appends an open piece in a new segment; what the pieces do not keep is no longer seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// What is kept, in tree order; no piece is open.
    pub keep: Vec<Piece>,
}

/// What is made durable together.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The line.
    pub line: String,
    /// Who commits; `None` for the head itself (runs, line changes).
    pub token: Option<Token>,
    /// A change of the line that takes effect before the entry, if any.
    pub change: Option<LineChange>,
    /// The entry.
    pub entry: Entry,
    /// In order; a later write of a key wins.
    pub writes: Vec<Write>,
    /// A run's record to set.
    pub run: Option<RunRecord>,
    /// Notes to set or to remove.
    pub notes: Vec<(String, Option<Vec<u8>>)>,
}

impl Commit {
    /// A commit of the head itself that only appends an entry.
    #[must_use]
    pub fn entry(line: impl Into<String>, entry: Entry) -> Self {
        Self { line: line.into(), token: None, change: None, entry, writes: Vec::new(), run: None, notes: Vec::new() }
    }
}

/// What to scan.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// The database.
    pub database: DatabaseId,
    /// First bytes of the keys.
    pub prefix: &'a [u8],
    /// Only keys after this one.
    pub after: Option<&'a [u8]>,
    /// At most so many rows.
    pub limit: usize,
}

/// A key and its value.
pub type Row = (Vec<u8>, Arc<[u8]>);

/// Which state a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Random, given when the state was made.
    pub id: String,
    /// Rises with every process that opens it for writing.
    pub epoch: u64,
    /// The project that it belongs to.
    pub project: String,
}

/// How far a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Last accepted.
    pub accepted: Seq,
    /// Last durable.
    pub durable: Seq,
}

/// When commits become durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// As soon as possible; reports wait for it.
    #[default]
    Step,
    /// As soon as possible; reports run ahead.
    Batch,
    /// When the system likes. A loss of power loses the last steps, never the file.
    None,
}

/// Why a store cannot do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The commit's token is not the current one.
    #[error("an older attempt came too late: its commit was refused")]
    Fenced,
    /// The store was closed, or opened for reading only.
    #[error("the state is not open for writing")]
    Closed,
    /// Another process writes to it.
    #[error("the state in {directory} is in use by process {pid} on {host}")]
    InUse {
        /// The state's directory.
        directory: String,
        /// The holder's process id.
        pid: u32,
        /// The holder's host.
        host: String,
    },
    /// It is another project's.
    #[error("the state in {directory} belongs to the project `{found}`, not to `{wanted}`")]
    Foreign {
        /// The state's directory.
        directory: String,
        /// Whose it is.
        found: String,
        /// Who asked.
        wanted: String,
    },
    /// There is no state there.
    #[error("there is no state in {0}")]
    Absent(String),
    /// It cannot be used as it is: damaged, of a newer version, on a network file system. A message and the next thing to do.
    #[error("{message}")]
    Unusable {
        /// What is wrong.
        message: String,
        /// The next thing to do.
        help: String,
    },
    /// No room.
    #[error("the disk is full: {0}")]
    Full(String),
    /// Anything else that the system said.
    #[error("{0}")]
    Io(String),
}
