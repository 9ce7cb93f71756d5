//! How a state is opened for writing.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use thinking_store::{Durability, Seq};

/// A place where a test may break the disk or kill the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A large value is about to be written to a file of its own. An error refuses the commit; the store goes on.
    BeforeBlob,
    /// The large value's file is complete and synced, but nothing names it yet. An error refuses the commit; the store goes on.
    AfterBlob,
    /// A commit is about to be accepted under this seq. An error refuses it; the store goes on.
    BeforeAccept(Seq),
    /// A commit was accepted but may not be durable. An error stops the store.
    AfterAccept(Seq),
    /// The commits from the first to the second are about to be written. An error stops the store; none of them exists any more.
    BeforeCommit(Seq, Seq),
    /// Everything of the group is written into the transaction, which is about to be committed. An error stops the store as before.
    BeforeSync(Seq),
    /// Everything up to this seq is durable, but nobody has been told. An error stops the store.
    AfterCommit(Seq),
}

/// What a test does at a [`Point`]; an error there counts as the disk's. It may end the process or wait, but not call the store.
pub type Hook = Arc<dyn Fn(Point) -> std::io::Result<()> + Send + Sync>;

/// How a state is opened for writing.
#[derive(Clone)]
pub struct OpenOptions {
    /// The state's directory.
    pub directory: PathBuf,
    /// The project that asks; a state of another project is refused.
    pub project: String,
    /// Whether a missing state is made.
    pub create: bool,
    /// When commits become durable. At `Durability::None` a group's data is still synced before the page that points to it is written, so that
    /// no loss of power can damage the file; it may lose the last groups. A killed process loses nothing that was written.
    pub durability: Durability,
    /// For tests: called at every [`Point`].
    pub hook: Option<Hook>,
    /// Bytes of address space to reserve at first; for tests. By default as much as the system gives, up to 1 TiB. The file grows beyond a
    /// smaller reservation by reserving anew.
    pub map_size: Option<usize>,
}

impl OpenOptions {
    /// Opens or makes the state of `project` in `directory`, every group of commits synced.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, project: impl Into<String>) -> Self {
        Self {
            directory: directory.into(),
            project: project.into(),
            create: true,
            durability: Durability::Step,
            hook: None,
            map_size: None,
        }
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenOptions")
            .field("directory", &self.directory)
            .field("project", &self.project)
            .field("create", &self.create)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}
