//! A kv database, from Rust.

use crate::dependency::{Injectable, Wanted, misfit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use thinking_step::{Datum, ErrorKind, Host, Provided, ProvidedKind, StepError, Value, VariableKind, current, to_json};

/// How many rows are asked for at a time.
const PAGE: usize = 1000;

/// A kv database. It can be read in every call, and written in steps; each step sees a snapshot with its own changes.
#[derive(Debug, Clone)]
pub struct Kv {
    name: Arc<str>,
}

impl Default for Kv {
    /// None yet: fields have this value until the engine fills them.
    fn default() -> Self {
        Self { name: "".into() }
    }
}

impl Kv {
    /// The database of that name in the manifest, for tests.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.into() }
    }

    /// Its name in the manifest.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key; `None` if there is none.
    ///
    /// # Errors
    /// It is of another type, the store failed, or this is not inside of a call.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StepError> {
        match current()?.get(&self.name, key)? {
            None => Ok(None),
            Some(Datum::Json(value)) => T::deserialize(value)
                .map(Some)
                .map_err(|error| self.error(format!("the value of `{key}` in `{}` does not fit: {error}", self.name))),
            Some(Datum::Blob(_)) => Err(self.error(format!("`{key}` in `{}` holds bytes: use `get_blob`", self.name))),
        }
    }

    /// The bytes of a key; `None` if there is none.
    ///
    /// # Errors
    /// There is another value than bytes, the store failed, or this is not inside of a call.
    pub fn get_blob(&self, key: &str) -> Result<Option<Vec<u8>>, StepError> {
        match current()?.get(&self.name, key)? {
            None => Ok(None),
            Some(Datum::Blob(bytes)) => Ok(Some(bytes)),
            Some(Datum::Json(_)) => Err(self.error(format!("`{key}` in `{}` holds no bytes: use `get`", self.name))),
        }
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// JSON cannot say it, this is no step, or the store failed.
    pub fn put<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), StepError> {
        let value =
            to_json(value).map_err(|error| self.error(format!("`{key}` in `{}` cannot be set: {error}", self.name)))?;
        current()?.put(&self.name, key, Datum::Json(value))
    }

    /// Sets the value of a key to bytes.
    ///
    /// # Errors
    /// This is no step, or the store failed.
    pub fn put_blob(&self, key: &str, bytes: impl Into<Vec<u8>>) -> Result<(), StepError> {
        current()?.put(&self.name, key, Datum::Blob(bytes.into()))
    }

    /// Deletes a key; says whether it was there.
    ///
    /// # Errors
    /// This is no step, or the store failed.
    pub fn delete(&self, key: &str) -> Result<bool, StepError> {
        current()?.delete(&self.name, key)
    }

    /// Whether a key is there.
    ///
    /// # Errors
    /// The store failed, or this is not inside of a call.
    pub fn has(&self, key: &str) -> Result<bool, StepError> {
        Ok(current()?.get(&self.name, key)?.is_some())
    }

    /// How many keys there are; they are counted one by one.
    ///
    /// # Errors
    /// The store failed, or this is not inside of a call.
    pub fn len(&self) -> Result<usize, StepError> {
        let mut count = 0;
        self.each("", |_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Whether there is no key.
    ///
    /// # Errors
    /// The store failed, or this is not inside of a call.
    pub fn is_empty(&self) -> Result<bool, StepError> {
        Ok(current()?.scan(&self.name, "", None, 1)?.is_empty())
    }

    /// All keys, in byte order.
    ///
    /// # Errors
    /// The store failed, or this is not inside of a call.
    pub fn keys(&self) -> Result<Vec<String>, StepError> {
        let mut keys = Vec::new();
        self.each("", |key, _| {
            keys.push(key);
            Ok(())
        })?;
        Ok(keys)
    }

    /// The keys with a prefix and their values, in byte order of the keys.
    ///
    /// # Errors
    /// One of the values is bytes, the store failed, or this is not inside of a call.
    pub fn scan(&self, prefix: &str) -> Result<Vec<(String, Value)>, StepError> {
        let mut rows = Vec::new();
        self.each(prefix, |key, value| match value {
            Datum::Json(value) => {
                rows.push((key, value));
                Ok(())
            }
            Datum::Blob(_) => Err(self.error(format!("`{key}` in `{}` holds bytes: use `get_blob`", self.name))),
        })?;
        Ok(rows)
    }

    /// Deletes all keys.
    ///
    /// # Errors
    /// This is no step, or the store failed.
    pub fn clear(&self) -> Result<(), StepError> {
        current()?.clear(&self.name)
    }

    fn each(
        &self,
        prefix: &str,
        mut take: impl FnMut(String, Datum) -> Result<(), StepError>,
    ) -> Result<(), StepError> {
        let host: Arc<dyn Host> = current()?;
        let mut last: Option<String> = None;
        loop {
            let rows = host.scan(&self.name, prefix, last.as_deref(), PAGE)?;
            let more = rows.len() == PAGE;
            last = rows.last().map(|(key, _)| key.clone());
            for (key, value) in rows {
                take(key, value)?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn error(&self, message: String) -> StepError {
        StepError::new(ErrorKind::Native, message)
    }
}

impl Injectable for Kv {
    fn wanted() -> Wanted {
        Wanted::engine("kv")
    }

    fn from_provided(provided: Provided) -> Result<Self, StepError> {
        match provided.what {
            ProvidedKind::Engine(VariableKind::Kv(name)) => Ok(Self { name: name.into() }),
            _ => Err(misfit(&format!("`{}` is no kv database", provided.binding))),
        }
    }
}
