//! What tests alone have: `calls`, `called_with`, `assert_called`, `snapshot`, `assume` and the variable `clock`.
//!
//! The checker refuses them elsewhere; a script that reaches one all the same (a function value handed around) is told when it runs.

use crate::assertion::equal;
use crate::brief::brief;
use crate::convert::{from_value, value_from};
use crate::evaluation::host;
use crate::failure::{Answer, error_map, fail, raise};
use crate::namespace::Namespace;
use crate::stream::settled_within;
use crate::time::parse;
use crate::units::duration;
use rhai::{Array, Dynamic, EvalAltResult, INT, ImmutableString, Map, Position};
use serde_json::Value;
use thinking_step::{Called, Class, StepError, Trial};

/// The variable `clock`: the test's own time.
#[derive(Debug, Clone, Copy)]
pub struct ClockHandle;

/// Characters of one call in a message.
const SHOWN: usize = 100;
/// Calls that a message shows.
const MOST: usize = 8;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("");
    ns.function(
        "calls",
        Class::State,
        "calls(operation) -> list",
        "The arguments of each call of an operation that is stubbed or spied on, as maps by name, in order. Without a name all \
         calls, as maps with `operation`, `arguments`, `result` and `error`.",
        |operation: ImmutableString| -> Answer<Array> {
            Ok(called(&operation)?.into_iter().map(|call| from_value(&Value::Object(call.arguments))).collect())
        },
    )
    .in_tests();
    ns.form("calls", || -> Answer<Array> {
        Ok(trial("calls", |trial| trial.calls(None))?.into_iter().map(whole).collect())
    });
    ns.function(
        "called_with",
        Class::State,
        "called_with(operation, arguments) -> bool",
        "Whether any call of an operation that is stubbed or spied on had these arguments, a map by name; others may have been anything.",
        |operation: ImmutableString, arguments: Map| -> Answer<bool> {
            Ok(called(&operation)?.iter().any(|call| has(call, &arguments)))
        },
    )
    .in_tests();
    ns.function(
        "assert_called",
        Class::State,
        "assert_called(operation)",
        "Fails unless an operation that is stubbed or spied on was called; a second argument, a map by name, says with which arguments.",
        |operation: ImmutableString| assert_called(&operation, &Map::new()),
    )
    .in_tests();
    ns.form("assert_called", |operation: ImmutableString, arguments: Map| assert_called(&operation, &arguments));
    ns.function(
        "snapshot",
        Class::State,
        "snapshot(name, value)",
        "Compares a value with the one that was written under that name before, and says where they differ; the first one is written.",
        |name: ImmutableString, value: Dynamic| -> Answer<()> {
            let value = value_from(&*settled_within(&value)?).map_err(raise)?;
            trial("snapshot", |trial| trial.snapshot(&name, &value))
        },
    )
    .in_tests();
    ns.function(
        "assume",
        Class::State,
        "assume(condition)",
        "Passes over this case of a property unless the condition holds: another one is drawn instead.",
        |condition: bool| if condition { Ok(()) } else { discard() },
    )
    .in_tests();
    ns
}

/// The methods of `clock`.
pub(crate) fn clock() -> Namespace {
    let mut ns = Namespace::global("clock");
    ns.function(
        "now",
        Class::State,
        "now() -> int",
        "The test's own time, in milliseconds since 1970 UTC.",
        |_: &mut ClockHandle| -> Answer<INT> { trial("clock.now", |trial| Ok(trial.now())) },
    )
    .in_tests();
    ns.function(
        "advance",
        Class::State,
        "advance(duration)",
        "Lets a time pass at once: \"2h\", \"1h30m\", or an int of milliseconds.",
        |_: &mut ClockHandle, by: Dynamic| -> Answer<()> {
            let by = duration(&by, "how far the clock goes on")?;
            trial("clock.advance", |trial| trial.advance(by))
        },
    )
    .in_tests();
    ns.function(
        "set",
        Class::State,
        "set(time)",
        "Sets the test's own time: a text as `time::parse` reads it, or milliseconds since 1970 UTC.",
        |_: &mut ClockHandle, time: Dynamic| -> Answer<()> {
            let text = time.as_immutable_string_ref().ok().map(|text| text.clone());
            let now = match (text, time.as_int()) {
                (Some(text), _) => parse(&text)?,
                (None, Ok(milliseconds)) => milliseconds,
                (None, Err(kind)) => {
                    return Err(fail(format!(
                        "the time must be a text such as \"2026-01-31T08:00:00Z\", or milliseconds since 1970, not {kind}"
                    )));
                }
            };
            trial("clock.set", |trial| trial.set(now))
        },
    )
    .in_tests();
    ns
}

/// Asks the test that the script belongs to.
fn trial<T>(function: &str, ask: impl FnOnce(&dyn Trial) -> Result<T, StepError>) -> Answer<T> {
    let host = host()?;
    match host.trial() {
        Some(trial) => ask(trial).map_err(raise),
        None => Err(raise(
            StepError::script(format!("`{function}` works in tests only"))
                .help("a step that is to behave otherwise in tests asks `mode == \"test\"`"),
        )),
    }
}

fn called(operation: &str) -> Answer<Vec<Called>> {
    trial("calls", |trial| trial.calls(Some(operation)))
}

/// A call with all that is known of it.
fn whole(call: Called) -> Dynamic {
    let mut map = Map::new();
    map.insert("operation".into(), call.operation.into());
    map.insert("arguments".into(), from_value(&Value::Object(call.arguments)));
    let (result, error) = match call.ended {
        Some(Ok(value)) => (from_value(&value), Dynamic::UNIT),
        Some(Err(message)) => (Dynamic::UNIT, message.into()),
        None => (Dynamic::UNIT, Dynamic::UNIT),
    };
    map.insert("result".into(), result);
    map.insert("error".into(), error);
    Dynamic::from_map(map)
}

/// Whether a call had these arguments.
fn has(call: &Called, arguments: &Map) -> bool {
    let given = |name: &str| call.arguments.get(name).or_else(|| call.arguments.get(&name.replace('-', "_")));
    arguments.iter().all(|(name, value)| match given(name) {
        Some(given) => equal(&from_value(given), value),
        // What was left out is nothing.
        None => value.is_unit(),
    })
}

fn assert_called(operation: &str, arguments: &Map) -> Answer<()> {
    let calls = called(operation)?;
    if calls.iter().any(|call| has(call, arguments)) {
        return Ok(());
    }
    if calls.is_empty() {
        return Err(fail(format!("`{operation}` was not called")));
    }
    let wanted = brief(&Dynamic::from_map(arguments.clone()), SHOWN);
    let count =
        if calls.len() == 1 { "its only call was".to_owned() } else { format!("its {} calls were", calls.len()) };
    let mut lines = vec![format!("{count}:")];
    for call in calls.iter().take(MOST) {
        lines.push(format!("  {}", brief(&from_value(&Value::Object(call.arguments.clone())), SHOWN)));
    }
    if let Some(more) = calls.len().checked_sub(MOST).filter(|more| *more > 0) {
        lines.push(format!("  … {more} more"));
    }
    Err(raise(StepError::script(format!("`{operation}` was not called with {wanted}")).details(lines)))
}

/// Ends the case. No `catch` can stop that.
fn discard() -> Answer<()> {
    let error = trial("assume", |trial| Ok(trial.discard()))?;
    Err(Box::new(EvalAltResult::ErrorTerminated(Dynamic::from_map(error_map(&error)), Position::NONE)))
}
