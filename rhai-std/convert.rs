//! Between what JSON can say and what Rhai holds.

use crate::failure::unraised;
use crate::stream::as_list;
use rhai::{Dynamic, INT, Map};
use thinking_step::{Datum, StepError, Value};

/// How deep a value may be nested: as deep as JSON is read back.
pub(crate) const DEEPEST: usize = 120;

/// A JSON value for a script.
pub fn from_value(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(int) => int.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Dynamic::from_array(items.iter().map(from_value).collect()),
        Value::Object(fields) => {
            Dynamic::from_map(fields.iter().map(|(name, value)| (name.as_str().into(), from_value(value))).collect())
        }
    }
}

/// A script's value as JSON: ints, floats, strings, chars, bools, arrays, maps (by key) and `()`.
///
/// # Errors
/// What JSON cannot say, with the way to it (`.rows[3].price`).
pub fn value_from(value: &Dynamic) -> Result<Value, StepError> {
    convert(value, &mut Vec::new())
}

/// What a database holds, for a script.
pub fn from_datum(datum: Datum) -> Dynamic {
    match datum {
        Datum::Json(value) => from_value(&value),
        Datum::Blob(bytes) => Dynamic::from_blob(bytes),
    }
}

/// A script's value for a database.
///
/// # Errors
/// As [`value_from`].
pub fn datum_from(value: &Dynamic) -> Result<Datum, StepError> {
    match value.as_blob_ref() {
        Ok(bytes) => Ok(Datum::Blob(bytes.clone())),
        Err(_) => value_from(value).map(Datum::Json),
    }
}

/// Most numbers of a range that becomes a list.
const LONGEST: i128 = 10_000_000;

/// A text so long that there may be no room for many copies, in bytes.
const LONG: usize = 1 << 16;

fn room() -> Result<(), StepError> {
    crate::evaluation::check_memory().map_err(unraised)
}

enum Way {
    Field(String),
    Item(usize),
}

fn convert(value: &Dynamic, way: &mut Vec<Way>) -> Result<Value, StepError> {
    if way.len() > DEEPEST {
        return Err(StepError::script(format!("the value is nested deeper than {DEEPEST} levels")));
    }
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(int) = value.as_int() {
        return Ok(Value::from(int));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        // Scripts share long texts, JSON does not.
        if text.len() > LONG {
            room()?;
        }
        return Ok(Value::from(text.as_str()));
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(Value::from(flag));
    }
    if let Ok(float) = value.as_float() {
        return serde_json::Number::from_f64(float).map(Value::Number).ok_or_else(|| {
            StepError::script(format!("JSON cannot say {float}{}", shown(way)))
                .help("check with `is_nan()` and `is_infinite()`, or leave the value out")
        });
    }
    if let Ok(character) = value.as_char() {
        return Ok(Value::from(character.to_string()));
    }
    if let Some(items) = as_list(value).map_err(unraised)? {
        return convert(&Dynamic::from_array(items), way);
    }
    if let Ok(items) = value.as_array_ref() {
        let mut list = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            way.push(Way::Item(at));
            if at.is_multiple_of(4096) {
                room()?;
            }
            list.push(convert(item, way)?);
            way.pop();
        }
        return Ok(Value::Array(list));
    }
    if let Ok(map) = value.as_map_ref() {
        return object(&map, way);
    }
    if let Some(range) = value.read_lock::<std::ops::Range<INT>>() {
        return numbers(range.clone(), i128::from(range.end) - i128::from(range.start), way);
    }
    if let Some(range) = value.read_lock::<std::ops::RangeInclusive<INT>>() {
        return numbers(range.clone(), i128::from(*range.end()) - i128::from(*range.start()) + 1, way);
    }
    Err(unfit(value, way))
}

/// A range as the list of its numbers; `1..` alone would be nearly endless.
fn numbers(range: impl Iterator<Item = INT>, length: i128, way: &[Way]) -> Result<Value, StepError> {
    if length > LONGEST {
        return Err(StepError::script(format!("a range of {length} numbers is too long for a list{}", shown(way))));
    }
    Ok(range.map(Value::from).collect())
}

fn object(map: &Map, way: &mut Vec<Way>) -> Result<Value, StepError> {
    let mut fields = serde_json::Map::with_capacity(map.len());
    for (name, value) in map {
        way.push(Way::Field(name.to_string()));
        fields.insert(name.to_string(), convert(value, way)?);
        way.pop();
    }
    Ok(Value::Object(fields))
}

fn unfit(value: &Dynamic, way: &[Way]) -> StepError {
    let (what, help) = if value.is_blob() {
        ("a blob", "keep it in a database with `put`, or make it text")
    } else if value.is_fnptr() {
        ("a function", "call it: a result is a value")
    } else if value.is_timestamp() {
        ("a timestamp", "use `time::now()`, which is a number")
    } else {
        ("a part of the engine", "take what you need out of it, for instance `params.name`")
    };
    StepError::script(format!("{what} cannot be a result or be stored as JSON{}", shown(way))).help(help)
}

fn shown(way: &[Way]) -> String {
    if way.is_empty() {
        return String::new();
    }
    let path: String = way
        .iter()
        .map(|part| match part {
            Way::Field(name) => format!(".{name}"),
            Way::Item(at) => format!("[{at}]"),
        })
        .collect();
    format!(" (at {path})")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_json_cannot_say_is_named_with_its_place() {
        let mut map = Map::new();
        map.insert("a".into(), Dynamic::from_array(vec![1.into(), f64::NAN.into()]));
        let error = value_from(&Dynamic::from_map(map)).unwrap_err();
        assert_eq!(error.message, "JSON cannot say NaN (at .a[1])");
        let error = value_from(&Dynamic::from_blob(vec![1])).unwrap_err();
        assert_eq!(error.message, "a blob cannot be a result or be stored as JSON");
        assert_eq!(value_from(&'x'.into()).unwrap(), Value::from("x"));
        assert_eq!(value_from(&Dynamic::from(1..4_i64)).unwrap(), serde_json::json!([1, 2, 3]));
        assert_eq!(value_from(&Dynamic::from(1..=3_i64)).unwrap(), serde_json::json!([1, 2, 3]));
        let error = value_from(&Dynamic::from(0..i64::MAX)).unwrap_err();
        assert_eq!(error.message, "a range of 9223372036854775807 numbers is too long for a list");
        assert!(value_from(&Dynamic::from(i64::MIN..=i64::MAX)).is_err());
    }

    #[test]
    fn too_deep_a_value_is_refused() {
        let mut value = Dynamic::UNIT;
        for _ in 0..500 {
            value = Dynamic::from_array(vec![value]);
        }
        assert_eq!(value_from(&value).unwrap_err().message, "the value is nested deeper than 120 levels");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9_f64).prop_map(Value::from),
            "[a-zß\"\\\\]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{0,3}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn json_survives_the_way_through_rhai(value in any_json()) {
            prop_assert_eq!(value_from(&from_value(&value)).unwrap(), value);
        }
    }
}
