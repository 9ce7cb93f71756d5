//! Values that one script hands to another.

use crate::convert::DEEPEST;
use crate::number::kind;
use crate::stream::{Stream, settled};
use rhai::{Array, Dynamic, INT, Map};
use std::ops::{Range, RangeInclusive};
use thinking_step::StepError;

/// The value as another script may have it: nothing in it is shared, and streams are lists.
///
/// # Errors
/// A function or a part of the engine is in it: they work only in the script that has them.
pub fn crossing(value: Dynamic) -> Result<Dynamic, StepError> {
    if is_plain(&value, 0)? { Ok(value) } else { rebuilt(value) }
}

/// Whether the value can be handed on as it is.
fn is_plain(value: &Dynamic, depth: usize) -> Result<bool, StepError> {
    if depth > DEEPEST {
        return Err(StepError::script(format!("the value is nested deeper than {DEEPEST} levels")));
    }
    if value.is_shared() || value.is::<Stream>() {
        return Ok(false);
    }
    if let Ok(items) = value.as_array_ref() {
        return every(items.iter(), depth);
    }
    if let Ok(map) = value.as_map_ref() {
        return every(map.values(), depth);
    }
    let plain = value.is_unit()
        || value.is_int()
        || value.is_float()
        || value.is_string()
        || value.is_bool()
        || value.is_char()
        || value.is_blob()
        || value.is_timestamp()
        || value.is::<Range<INT>>()
        || value.is::<RangeInclusive<INT>>();
    if plain {
        return Ok(true);
    }
    let (what, help) = if value.is_fnptr() {
        ("a function", "a function works only in its own script: hand on what it gives")
    } else {
        (
            "a part of the engine",
            "take what the other needs out of it, or let the other have it as a dependency of its own",
        )
    };
    Err(StepError::script(format!("{what} cannot be handed to another component or back")).help(help))
}

fn every<'a>(values: impl Iterator<Item = &'a Dynamic>, depth: usize) -> Result<bool, StepError> {
    let mut plain = true;
    for value in values {
        plain &= is_plain(value, depth + 1)?;
    }
    Ok(plain)
}

fn rebuilt(value: Dynamic) -> Result<Dynamic, StepError> {
    let value = value.flatten();
    let value = settled(&value).map_err(crate::failure::unraised)?.into_owned();
    if kind(&value) == "a list" {
        let items = value.into_array().unwrap_or_default();
        return Ok(Dynamic::from_array(items.into_iter().map(crossing).collect::<Result<Array, _>>()?));
    }
    match value.try_cast_result::<Map>() {
        Ok(map) => {
            let fields = map.into_iter().map(|(name, value)| Ok((name, crossing(value)?)));
            Ok(Dynamic::from_map(fields.collect::<Result<Map, StepError>>()?))
        }
        Err(value) => crossing(value),
    }
}
