//! How a value of a database is written down: one byte that says what it is, then JSON text or the bytes themselves.

use thinking_step::{Datum, ErrorKind, StepError};

const JSON: u8 = 1;
const BLOB: u8 = 2;

/// The bytes to store.
#[must_use]
pub fn encode(datum: &Datum) -> Vec<u8> {
    match datum {
        Datum::Json(value) => {
            let mut bytes = vec![JSON];
            // A JSON value always has a text, and writing to memory cannot fail.
            let _ = serde_json::to_writer(&mut bytes, value);
            bytes
        }
        Datum::Blob(blob) => {
            let mut bytes = Vec::with_capacity(blob.len() + 1);
            bytes.push(BLOB);
            bytes.extend_from_slice(blob);
            bytes
        }
    }
}

/// What was stored.
///
/// # Errors
/// The bytes are none that [`encode`] gives: kind `store`.
pub fn decode(bytes: &[u8]) -> Result<Datum, StepError> {
    let damaged = || StepError::new(ErrorKind::Store, "a stored value is damaged");
    match bytes.split_first() {
        Some((&JSON, text)) => serde_json::from_slice(text).map(Datum::Json).map_err(|_| damaged()),
        Some((&BLOB, blob)) => Ok(Datum::Blob(blob.to_vec())),
        _ => Err(damaged()),
    }
}
