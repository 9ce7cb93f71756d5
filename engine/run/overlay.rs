//! The writes of an attempt: its own until it commits.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use thinking_store::{DatabaseId, Row, Scan, Store, StoreError, View, Write};

/// What an attempt wrote so far, on top of a view.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    databases: BTreeMap<DatabaseId, Changes>,
}

#[derive(Debug, Default)]
struct Changes {
    cleared: bool,
    rows: BTreeMap<Vec<u8>, Option<Arc<[u8]>>>,
}

impl Overlay {
    /// Sets or, with `None`, deletes a key.
    pub(crate) fn set(&mut self, database: DatabaseId, key: &[u8], value: Option<Vec<u8>>) {
        self.databases.entry(database).or_default().rows.insert(key.to_vec(), value.map(Into::into));
    }

    /// Deletes everything.
    pub(crate) fn clear(&mut self, database: DatabaseId) {
        *self.databases.entry(database).or_default() = Changes { cleared: true, rows: BTreeMap::new() };
    }

    /// The value as the attempt sees it.
    pub(crate) fn get(
        &self,
        store: &dyn Store,
        view: &View,
        database: DatabaseId,
        key: &[u8],
    ) -> Result<Option<Arc<[u8]>>, StoreError> {
        if let Some(changes) = self.databases.get(&database) {
            if let Some(value) = changes.rows.get(key) {
                return Ok(value.clone());
            }
            if changes.cleared {
                return Ok(None);
            }
        }
        store.get(view, database, key)
    }

    /// Rows as the attempt sees them.
    pub(crate) fn scan(&self, store: &dyn Store, view: &View, request: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        let Some(changes) = self.databases.get(&request.database) else { return store.scan(view, request) };
        let start = match request.after {
            Some(after) if after >= request.prefix => Bound::Excluded(after.to_vec()),
            _ => Bound::Included(request.prefix.to_vec()),
        };
        let mut own = changes
            .rows
            .range((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(request.prefix))
            .peekable();
        let mut rows = Vec::new();
        let mut after = request.after.map(<[u8]>::to_vec);
        let mut base = Vec::new().into_iter().peekable();
        let mut exhausted = changes.cleared;
        while rows.len() < request.limit {
            if base.peek().is_none() && !exhausted {
                let page = store.scan(view, Scan { after: after.as_deref(), ..request })?;
                exhausted = page.len() < request.limit;
                after = page.last().map(|(key, _)| key.clone()).or(after);
                base = page.into_iter().peekable();
            }
            match (base.peek(), own.peek()) {
                (None, None) if exhausted => break,
                (None, None) => {}
                (Some((key, _)), Some((mine, _))) if key < *mine => rows.extend(base.next()),
                (Some(_), None) => rows.extend(base.next()),
                (theirs, Some((mine, _))) => {
                    if theirs.is_some_and(|(key, _)| key == *mine) {
                        base.next();
                    }
                    if let Some((key, Some(value))) = own.next() {
                        rows.push((key.clone(), value.clone()));
                    }
                }
            }
        }
        Ok(rows)
    }

    /// The writes to commit.
    pub(crate) fn into_writes(self) -> Vec<Write> {
        let mut writes = Vec::new();
        for (database, changes) in self.databases {
            if changes.cleared {
                writes.push(Write::Clear(database));
            }
            writes.extend(changes.rows.into_iter().map(|(key, value)| match value {
                Some(value) => Write::Put(database, key, value.to_vec()),
                None => Write::Delete(database, key),
            }));
        }
        writes
    }
}
