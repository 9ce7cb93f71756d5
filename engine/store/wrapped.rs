//! What stores that wrap another one have in common.

/// The methods of a [`Store`](crate::Store) that only look: they are those of the field `store`.
macro_rules! looks_at_the_wrapped_store {
    () => {
        fn identity(&self) -> $crate::Identity {
            self.store.identity()
        }

        fn line(&self, name: &str) -> Result<$crate::Line, $crate::StoreError> {
            self.store.line(name)
        }

        fn view(&self, line: &str) -> Result<$crate::View, $crate::StoreError> {
            self.store.view(line)
        }

        fn database(&self, name: &str) -> Result<$crate::DatabaseId, $crate::StoreError> {
            self.store.database(name)
        }

        fn databases(&self) -> Result<Vec<($crate::DatabaseId, String)>, $crate::StoreError> {
            self.store.databases()
        }

        fn get(
            &self,
            view: &$crate::View,
            database: $crate::DatabaseId,
            key: &[u8],
        ) -> Result<Option<std::sync::Arc<[u8]>>, $crate::StoreError> {
            self.store.get(view, database, key)
        }

        fn scan(&self, view: &$crate::View, request: $crate::Scan<'_>) -> Result<Vec<$crate::Row>, $crate::StoreError> {
            self.store.scan(view, request)
        }

        fn intern(&self, bytes: &[u8]) -> Result<$crate::InternId, $crate::StoreError> {
            self.store.intern(bytes)
        }

        fn interned(&self, id: $crate::InternId) -> Result<std::sync::Arc<[u8]>, $crate::StoreError> {
            self.store.interned(id)
        }

        fn done(
            &self,
            view: &$crate::View,
            task: &$crate::TaskKey,
        ) -> Result<Option<($crate::Seq, $crate::StepEntry)>, $crate::StoreError> {
            self.store.done(view, task)
        }

        fn instances(
            &self,
            view: &$crate::View,
            prefix: &[u8],
        ) -> Result<Vec<($crate::Seq, $crate::StepEntry)>, $crate::StoreError> {
            self.store.instances(view, prefix)
        }

        fn steps(
            &self,
            view: &$crate::View,
            after: Option<$crate::Seq>,
            limit: usize,
        ) -> Result<Vec<($crate::Seq, $crate::StepEntry)>, $crate::StoreError> {
            self.store.steps(view, after, limit)
        }

        fn journal(
            &self,
            from: $crate::Seq,
            limit: usize,
        ) -> Result<Vec<($crate::Seq, $crate::Entry)>, $crate::StoreError> {
            self.store.journal(from, limit)
        }

        fn runs(&self) -> Result<Vec<$crate::RunRecord>, $crate::StoreError> {
            self.store.runs()
        }

        fn runs_before(&self, before: Option<u32>, limit: usize) -> Result<Vec<$crate::RunRecord>, $crate::StoreError> {
            self.store.runs_before(before, limit)
        }

        fn written(&self, seq: $crate::Seq) -> Result<Option<$crate::Written>, $crate::StoreError> {
            self.store.written(seq)
        }

        fn note(&self, name: &str) -> Result<Option<std::sync::Arc<[u8]>>, $crate::StoreError> {
            self.store.note(name)
        }
    };
}
pub(crate) use looks_at_the_wrapped_store;
