//! What travels between steps, scripts and the store.

/// What JSON can say: results, parameters, arguments.
pub type Value = serde_json::Value;

/// What a database holds under a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// What JSON can say.
    Json(Value),
    /// Bytes as they are.
    Blob(Vec<u8>),
}

impl From<Value> for Datum {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}
