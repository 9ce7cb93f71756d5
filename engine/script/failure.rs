//! What went wrong in a running script.

use crate::engine::CALL_LEVELS;
use crate::parse_error::lower_first;
use crate::places::Places;
use rhai::{EvalAltResult, Position};
use thinking_std::step_error;
use thinking_step::StepError;

/// A script's failure, with the innermost place in its text.
pub fn explain(error: EvalAltResult, places: &Places) -> StepError {
    let position = error.position();
    let found = match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            explain(*inner, places)
        }
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => step_error(&value),
        EvalAltResult::ErrorStackOverflow(_) => {
            StepError::script(format!("functions call each other more than {CALL_LEVELS} levels deep"))
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => not_found(&signature),
        EvalAltResult::ErrorMismatchDataType(wanted, found, _)
        | EvalAltResult::ErrorMismatchOutputType(wanted, found, _) => {
            StepError::script(format!("expected {}, not {}", kind(&wanted), kind(&found)))
        }
        EvalAltResult::ErrorDotExpr(text, _) => StepError::script(property(&text)),
        EvalAltResult::ErrorIndexingType(text, _) => {
            let of = text.split(" [").next().unwrap_or(&text);
            StepError::script(format!("{} has no elements that `[…]` or `.name` could take", kind(of)))
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            StepError::script(format!("there is no variable `{name}` here")).help("functions see only their arguments")
        }
        EvalAltResult::ErrorFor(_) => StepError::script("`for` goes through lists, ranges, maps and strings only"),
        mut other => {
            let _ = other.take_position();
            StepError::script(lower_first(&other.to_string()))
        }
    };
    let span = if position == Position::NONE { None } else { places.call(position).or_else(|| places.token(position)) };
    found.at(span)
}

fn not_found(signature: &str) -> StepError {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ")"));
    let types: Vec<String> =
        types.trim_end_matches(')').split(", ").filter(|name| !name.is_empty()).map(kind).collect();
    if types.is_empty() {
        return StepError::script(format!("`{name}` needs arguments"));
    }
    if types.first().is_some_and(|first| first == "()") {
        return StepError::script(format!("`{name}` cannot take {}", types.join(", ")))
            .help("the value is `()`: is something missing? `x ?? other` takes `other` then");
    }
    StepError::script(format!("`{name}` cannot take {}", types.join(", ")))
}

/// A type's name for people.
fn kind(name: &str) -> String {
    match name.trim() {
        "i64" | "INT" => "an int".to_owned(),
        "f64" => "a float".to_owned(),
        "string" | "&str" | "ImmutableString" | "String" | "&str | ImmutableString | String" => "a string".to_owned(),
        "array" => "a list".to_owned(),
        "map" => "a map".to_owned(),
        "bool" => "a bool".to_owned(),
        "char" => "a char".to_owned(),
        "blob" => "a blob".to_owned(),
        "Fn" => "a function".to_owned(),
        other => other.to_owned(),
    }
}

/// Rhai says which property of which type in one sentence; this says it shorter.
fn property(text: &str) -> String {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    match (quoted.next(), quoted.next()) {
        (Some(name), Some(of)) if text.starts_with("Unknown property") => {
            format!("{} has no property `{name}`", kind(of))
        }
        (Some(name), Some(of)) if text.starts_with("No writable property") => {
            format!("the property `{name}` of {} cannot be set", kind(of))
        }
        _ => lower_first(text),
    }
}
