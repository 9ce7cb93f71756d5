//! A store whose process dies at the n-th commit, and can be opened again.

use thinking_store::StoreError;
use thinking_store::failing::FailingStore;
use thinking_store::memory::MemoryStore;

/// A store in memory that outlives the crashes of its users.
pub(super) type CrashingStore = FailingStore<MemoryStore>;

/// One that does not crash yet.
pub(super) fn crashing() -> CrashingStore {
    let store = FailingStore::new(MemoryStore::default(), 0, StoreError::Io("crash".to_owned()));
    store.fail_after(None);
    store
}
