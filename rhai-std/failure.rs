//! Failures on their way through a script.

use crate::evaluation::{is_fatal, note_fatal, note_place, noted_place};
use rhai::{Dynamic, EvalAltResult, INT, Map, Position};
use std::time::Duration;
use thinking_step::{ErrorKind, StepError};

/// What a function of the library gives: a value, or a failure as Rhai carries it.
pub type Answer<T> = Result<T, Box<EvalAltResult>>;

/// A script's own kind of failure.
pub fn fail(message: impl Into<String>) -> Box<EvalAltResult> {
    raise(StepError::script(message))
}

/// Hands a failure to Rhai. A script that catches it sees a map with `kind` and `message`; one that throws it on loses nothing. What ends the
/// attempt anyway cannot be caught.
#[must_use]
pub fn raise(error: StepError) -> Box<EvalAltResult> {
    note_fatal(&error);
    note_place(&error);
    let fatal = is_fatal(error.kind);
    let map = Dynamic::from_map(error_map(&error));
    Box::new(if fatal {
        EvalAltResult::ErrorTerminated(map, Position::NONE)
    } else {
        EvalAltResult::ErrorRuntime(map, Position::NONE)
    })
}

/// A failure as scripts see it.
#[must_use]
pub fn error_map(error: &StepError) -> Map {
    let mut map = Map::new();
    map.insert("kind".into(), error.kind.name().into());
    map.insert("message".into(), error.message.clone().into());
    if let Some(help) = &error.help {
        map.insert("help".into(), help.clone().into());
    }
    if let Some(after) = error.retry_after {
        let milliseconds = INT::try_from(after.as_millis()).unwrap_or(INT::MAX);
        map.insert("retry_after".into(), milliseconds.into());
    }
    if !error.details.is_empty() {
        let lines = error.details.iter().map(|line| Dynamic::from(line.clone())).collect();
        map.insert("details".into(), Dynamic::from_array(lines));
    }
    map
}

/// The failure that a thrown value stands for: a map with `kind` and `message`, or a message.
#[must_use]
pub fn step_error(thrown: &Dynamic) -> StepError {
    let Ok(map) = thrown.as_map_ref() else {
        let message = if thrown.is_unit() { "the script threw".to_owned() } else { thrown.to_string() };
        return StepError::script(message);
    };
    let text = |name: &str| map.get(name).map(ToString::to_string);
    let kind = text("kind").and_then(|word| kind_of(&word)).unwrap_or(ErrorKind::Script);
    let message = text("message").unwrap_or_else(|| thrown.to_string());
    let mut error = StepError::new(kind, message);
    error.help = text("help");
    let after = map.get("retry_after").and_then(|after| u64::try_from(after.as_int().ok()?).ok());
    error.retry_after = after.map(Duration::from_millis);
    error.span = noted_place(&error);
    if let Some(lines) = map.get("details").and_then(|lines| lines.as_array_ref().ok()) {
        error.details = lines.iter().map(ToString::to_string).collect();
    }
    error
}

/// The failure that one of the library's functions gave.
#[expect(clippy::boxed_local, reason = "failures come boxed")]
pub(crate) fn unraised(error: Box<EvalAltResult>) -> StepError {
    match *error {
        EvalAltResult::ErrorTerminated(thrown, _) | EvalAltResult::ErrorRuntime(thrown, _) => step_error(&thrown),
        other => StepError::script(other.to_string()),
    }
}

fn kind_of(word: &str) -> Option<ErrorKind> {
    // What the engine alone decides cannot be claimed by a script.
    [
        ErrorKind::Timeout,
        ErrorKind::Http,
        ErrorKind::Exec,
        ErrorKind::Script,
        ErrorKind::Native,
        ErrorKind::Conflict,
        ErrorKind::Permission,
    ]
    .into_iter()
    .find(|kind| kind.name() == word)
}
