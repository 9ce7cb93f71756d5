//! All data that a view sees, to compare two states.

use crate::{Scan, Store, StoreError, View};
use std::collections::BTreeMap;

/// Rows by database and key.
pub type Data = BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>;

/// Everything that the view sees, by the name of its database; databases without rows are left out. Takes as much memory as there is data, so
/// it is for tests and small states.
///
/// # Errors
/// The store failed.
pub fn data(store: &dyn Store, view: &View) -> Result<Data, StoreError> {
    let mut data = Data::new();
    for (database, name) in store.databases()? {
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        loop {
            let after = rows.last_key_value().map(|(key, _)| key.clone());
            let found = store.scan(view, Scan { database, prefix: &[], after: after.as_deref(), limit: 1000 })?;
            if found.is_empty() {
                break;
            }
            rows.extend(found.into_iter().map(|(key, value)| (key, value.to_vec())));
        }
        if !rows.is_empty() {
            data.insert(name, rows);
        }
    }
    Ok(data)
}
