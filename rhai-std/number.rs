//! Numbers as scripts give them: int or float, one as good as the other.

use crate::failure::{Answer, fail};
use rhai::{Array, Dynamic, INT};

/// An int or a float as a float.
///
/// # Errors
/// It is neither; `what` names it in the message.
pub fn number(value: &Dynamic, what: &str) -> Answer<f64> {
    if let Ok(float) = value.as_float() {
        return Ok(float);
    }
    match value.as_int() {
        Ok(int) => Ok(int as f64),
        Err(_) => Err(fail(format!("{what} must be a number, not {}", kind(value)))),
    }
}

/// All numbers of a list as floats.
///
/// # Errors
/// One of them is no number; says which.
pub fn numbers(list: &Array) -> Answer<Vec<f64>> {
    list.iter().enumerate().map(|(at, value)| number(value, &format!("element {at}"))).collect()
}

/// A float that is whole as an int.
///
/// # Errors
/// It is too large for one.
pub fn whole(value: f64) -> Answer<INT> {
    // Both bounds are exact as floats; the upper one is the first that does not fit.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        Ok(value as INT)
    } else {
        Err(fail(format!("{value} does not fit into an int")))
    }
}

/// A count or a size: an int that is not negative.
///
/// # Errors
/// It is negative; `what` names it.
pub fn count(value: INT, what: &str) -> Answer<usize> {
    usize::try_from(value).map_err(|_| fail(format!("{what} must not be negative, but is {value}")))
}

/// What sort of value it is, for messages.
pub fn kind(value: &Dynamic) -> &'static str {
    match value.type_name() {
        "()" => "()",
        "i64" => "an int",
        "f64" => "a float",
        "string" => "a string",
        "array" => "a list",
        "map" => "a map",
        "bool" => "a bool",
        "char" => "a char",
        "blob" => "a blob",
        "Fn" => "a function",
        _ if value.is::<crate::stream::Stream>() => "a list",
        _ => "something else",
    }
}
