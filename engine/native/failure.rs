//! Errors and panics of users' code as failures of an attempt.

use anyhow::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use thinking_step::{ErrorKind, StepError};

/// An error of users' code: the engine's own one inside of it as it was, with what was added around it; any other of kind `native` with its causes.
pub fn failure<E: Into<Error>>(error: E) -> StepError {
    let error: Error = error.into();
    let message = error.to_string();
    let own = error.chain().position(|cause| cause.is::<StepError>());
    if own == Some(0) || (own.is_none() && error.is::<StepError>()) {
        return match error.downcast::<StepError>() {
            Ok(own) => own,
            Err(other) => StepError::new(ErrorKind::Native, other.to_string()),
        };
    }
    let mut outer = match error.chain().find_map(|cause| cause.downcast_ref::<StepError>()) {
        // What it was stays true for `retry { on … }`, whatever was said around it.
        Some(own) => StepError { message: String::new(), details: Vec::new(), ..own.clone() },
        None => StepError::new(ErrorKind::Native, String::new()),
    };
    outer.message = message;
    let causes = error.chain().skip(1).map(|cause| format!("caused by: {cause}"));
    outer.details = causes.collect();
    if let Some(own) = error.chain().find_map(|cause| cause.downcast_ref::<StepError>()) {
        outer.details.extend(own.details.iter().cloned());
    }
    outer
}

/// Runs users' code; a panic is a failure of what `name` says.
pub(crate) fn contained<T>(
    name: impl Fn() -> String,
    body: impl FnOnce() -> Result<T, StepError>,
) -> Result<T, StepError> {
    // Whatever was half changed is forgotten with the attempt.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned());
        Err(StepError::new(ErrorKind::Native, format!("`{}` panicked: {text}", name())))
    })
}
