//! Arguments of calls: where they come from, and as Rust values.

use crate::{Arguments, ErrorKind, StepError, Value};
use serde::de::DeserializeOwned;

/// Arguments by name: a JSON object, as the manifest gives it. Names are as in scripts or as in manifests.
pub struct NamedArguments<'v>(pub &'v Value);

impl Arguments for NamedArguments<'_> {
    fn positional(&self) -> Option<usize> {
        None
    }

    fn get<'a>(&'a mut self, _: usize, name: &str) -> Option<Box<dyn erased_serde::Deserializer<'a> + 'a>> {
        let value = match self.0.get(name) {
            Some(value) => value,
            None => self.0.get(name.replace('_', "-"))?,
        };
        Some(Box::new(<dyn erased_serde::Deserializer<'_>>::erase(value)))
    }
}

/// The argument for a parameter as a Rust value; `None` if it was not given.
///
/// # Errors
/// It is there and does not fit: names the operation and the parameter.
pub fn argument<T: DeserializeOwned>(
    arguments: &mut dyn Arguments,
    position: usize,
    name: &str,
    operation: &str,
) -> Result<Option<T>, StepError> {
    let Some(mut given) = arguments.get(position, name) else { return Ok(None) };
    erased_serde::deserialize(&mut *given).map(Some).map_err(|error| {
        StepError::new(ErrorKind::Native, format!("argument `{name}` of `{operation}` does not fit: {error}"))
    })
}
