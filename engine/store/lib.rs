//! Journal and versioned data as traits over plain types.
//!
//! A [`Store`] keeps an append-only journal of [`Entry`]s and, beside it, data versioned by commit. A *line* has one state: a list of
//! [`Piece`]s of the journal in tree order. A [`View`] is a line as it was right after one commit; every read goes through one, so any past
//! state can be read while new commits are made, and going back is writing a shorter list of pieces.
//!
//! Implementations: `thinking-store-lmdb`, and [`memory::MemoryStore`] and [`failing::FailingStore`] here. All of them pass the suite in `contract`.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod dump;
pub mod failing;
#[cfg(any(test, feature = "contract"))]
pub mod history;
pub mod memory;
mod types;
pub mod watched;
mod wrapped;

pub use types::*;

use std::sync::Arc;

/// A journal with versioned data. All methods may be called from any thread.
///
/// *Accepted* means visible to views taken from then on, in the order of [`Seq`]; *durable* means that it survives a loss of power.
/// A commit never becomes durable before those accepted before it.
pub trait Store: Send + Sync {
    /// Which state this is.
    fn identity(&self) -> Identity;

    /// The line of that name as last accepted; a line that never was written has no pieces.
    ///
    /// # Errors
    /// The store failed.
    fn line(&self, name: &str) -> Result<Line, StoreError>;
    /// The line as it is now, for reading.
    ///
    /// # Errors
    /// The store failed.
    fn view(&self, line: &str) -> Result<View, StoreError>;

    /// The number of a database; numbers are given once and stay.
    ///
    /// # Errors
    /// The store failed, or 65,535 databases exist.
    fn database(&self, name: &str) -> Result<DatabaseId, StoreError>;
    /// All databases that have a number, in the order of their numbers.
    ///
    /// # Errors
    /// The store failed.
    fn databases(&self) -> Result<Vec<(DatabaseId, String)>, StoreError>;
    /// The value of a key as the view sees it.
    ///
    /// # Errors
    /// The store failed.
    fn get(&self, view: &View, database: DatabaseId, key: &[u8]) -> Result<Option<Arc<[u8]>>, StoreError>;
    /// Up to `limit` rows whose keys start with `prefix`, after the key `after`, in byte order of the keys.
    ///
    /// # Errors
    /// The store failed.
    fn scan(&self, view: &View, request: Scan<'_>) -> Result<Vec<Row>, StoreError>;

    /// The number of a content (a definition, a set of reads): equal bytes have equal numbers. Becomes durable with the next commit.
    ///
    /// # Errors
    /// The store failed.
    fn intern(&self, bytes: &[u8]) -> Result<InternId, StoreError>;
    /// The bytes of an interned content.
    ///
    /// # Errors
    /// The store failed, or no such content exists.
    fn interned(&self, id: InternId) -> Result<Arc<[u8]>, StoreError>;

    /// The latest entry of a task instance that the view sees.
    ///
    /// # Errors
    /// The store failed.
    fn done(&self, view: &View, task: &TaskKey) -> Result<Option<(Seq, StepEntry)>, StoreError>;
    /// The latest entries of all task instances whose keys start with `prefix`, ordered by seq.
    ///
    /// # Errors
    /// The store failed.
    fn instances(&self, view: &View, prefix: &[u8]) -> Result<Vec<(Seq, StepEntry)>, StoreError>;
    /// Up to `limit` step entries that the view sees, in its order (piece after piece, each ascending), after the position `after`.
    ///
    /// # Errors
    /// The store failed.
    fn steps(&self, view: &View, after: Option<Seq>, limit: usize) -> Result<Vec<(Seq, StepEntry)>, StoreError>;
    /// Up to `limit` entries of the whole journal from `from` on, whatever their line or segment.
    ///
    /// # Errors
    /// The store failed.
    fn journal(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Entry)>, StoreError>;

    /// Records of runs, oldest first.
    ///
    /// # Errors
    /// The store failed.
    fn runs(&self) -> Result<Vec<RunRecord>, StoreError>;
    /// Up to `limit` records of runs with smaller numbers than `before`, if given, newest first. Reads no others.
    ///
    /// # Errors
    /// The store failed.
    fn runs_before(&self, before: Option<u32>, limit: usize) -> Result<Vec<RunRecord>, StoreError>;
    /// What the commit `seq` wrote; `None` if there is no such commit. For people: it may look through all data.
    ///
    /// # Errors
    /// The store failed.
    fn written(&self, seq: Seq) -> Result<Option<Written>, StoreError>;
    /// A named note.
    ///
    /// # Errors
    /// The store failed.
    fn note(&self, name: &str) -> Result<Option<Arc<[u8]>>, StoreError>;

    /// Starts an attempt of a task: from now on only commits with this token are accepted for it.
    ///
    /// # Errors
    /// The store is stopped or was opened for reading.
    fn begin(&self, line: &str, task: &TaskKey) -> Result<Token, StoreError>;
    /// Accepts a commit: checks its token, gives it the next seq and makes it visible; durability follows in order. Blocks while too much is
    /// waiting to become durable.
    ///
    /// # Errors
    /// Fenced (the token is not the current one), or the store failed, now or in an earlier commit.
    fn accept(&self, commit: Commit) -> Result<Seq, StoreError>;
    /// Waits until everything up to `seq` is durable. At `Durability::None` it waits until it is written.
    ///
    /// # Errors
    /// The store failed; nothing after the last durable commit exists any more.
    fn wait_durable(&self, seq: Seq) -> Result<(), StoreError>;
    /// The last accepted and the last durable seq.
    fn progress(&self) -> Progress;
    /// Waits until all accepted is durable and stops accepting.
    ///
    /// # Errors
    /// The store failed.
    fn close(&self) -> Result<(), StoreError>;
}
