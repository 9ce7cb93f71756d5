//! A store whose process dies at the n-th commit, and can be opened again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use thinking_store::memory::MemoryStore;
use thinking_store::*;

/// A store in memory that outlives the crashes of its users.
pub(super) struct CrashingStore {
    store: MemoryStore,
    left: AtomicI64,
}

impl CrashingStore {
    pub fn new() -> Self {
        Self { store: MemoryStore::default(), left: AtomicI64::new(i64::MAX) }
    }

    /// From now on so many commits go through, then none.
    pub fn crash_after(&self, commits: Option<i64>) {
        self.left.store(commits.unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.left.load(Ordering::SeqCst) < 0 { Err(StoreError::Io("crash".into())) } else { Ok(()) }
    }
}

impl Store for CrashingStore {
    fn identity(&self) -> Identity {
        self.store.identity()
    }
    fn line(&self, name: &str) -> Result<Line, StoreError> {
        self.store.line(name)
    }
    fn view(&self, line: &str) -> Result<View, StoreError> {
        self.store.view(line)
    }
    fn database(&self, name: &str) -> Result<DatabaseId, StoreError> {
        self.store.database(name)
    }
    fn databases(&self) -> Result<Vec<(DatabaseId, String)>, StoreError> {
        self.store.databases()
    }
    fn get(&self, view: &View, database: DatabaseId, key: &[u8]) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.store.get(view, database, key)
    }
    fn scan(&self, view: &View, request: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        self.store.scan(view, request)
    }
    fn intern(&self, bytes: &[u8]) -> Result<InternId, StoreError> {
        self.store.intern(bytes)
    }
    fn interned(&self, id: InternId) -> Result<Arc<[u8]>, StoreError> {
        self.store.interned(id)
    }
    fn done(&self, view: &View, task: &TaskKey) -> Result<Option<(Seq, StepEntry)>, StoreError> {
        self.store.done(view, task)
    }
    fn instances(&self, view: &View, prefix: &[u8]) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        self.store.instances(view, prefix)
    }
    fn steps(&self, view: &View, after: Option<Seq>, limit: usize) -> Result<Vec<(Seq, StepEntry)>, StoreError> {
        self.store.steps(view, after, limit)
    }
    fn journal(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Entry)>, StoreError> {
        self.store.journal(from, limit)
    }
    fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.store.runs()
    }
    fn note(&self, name: &str) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.store.note(name)
    }
    fn begin(&self, line: &str, task: &TaskKey) -> Result<Token, StoreError> {
        self.check()?;
        self.store.begin(line, task)
    }
    fn accept(&self, commit: Commit) -> Result<Seq, StoreError> {
        self.left.fetch_sub(1, Ordering::SeqCst);
        self.check()?;
        self.store.accept(commit)
    }
    fn wait_durable(&self, seq: Seq) -> Result<(), StoreError> {
        self.check()?;
        self.store.wait_durable(seq)
    }
    fn progress(&self) -> Progress {
        self.store.progress()
    }
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
