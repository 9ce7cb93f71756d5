//! How values of documents compare.

use std::cmp::Ordering;
use thinking_step::Value;

/// Whether two values are equal: numbers as numbers (`1` is `1.0`), lists and maps by what is in them.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => numbers(one, other) == Ordering::Equal,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| equal(value, other)))
        }
        (one, other) => one == other,
    }
}

/// How two numbers, or two strings, compare; other values do not.
pub(super) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => Some(numbers(one, other)),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// The order in which documents are sorted: what is missing or `()` first, then bools, numbers, strings, lists and maps.
pub(super) fn sorted(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let (one, other) = (one.unwrap_or(&Value::Null), other.unwrap_or(&Value::Null));
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => {
            let pairs = one.iter().zip(other).map(|(one, other)| sorted(Some(one), Some(other)));
            pairs.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&other.len()))
        }
        (Value::Object(_), Value::Object(_)) => one.to_string().cmp(&other.to_string()),
        _ => compare(one, other).unwrap_or_else(|| rank(one).cmp(&rank(other))),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// Exactly, also beyond what a float can count.
fn numbers(one: &serde_json::Number, other: &serde_json::Number) -> Ordering {
    let whole = |number: &serde_json::Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    let float = |number: &serde_json::Number| number.as_f64().unwrap_or(f64::NAN);
    let by_float = float(one).partial_cmp(&float(other)).unwrap_or(Ordering::Equal);
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        // Equal as floats: a float as large as an int that does not fit is whole.
        (Some(int), None) => by_float.then_with(|| int.cmp(&(float(other) as i128))),
        (None, Some(int)) => by_float.then_with(|| (float(one) as i128).cmp(&int)),
        (None, None) => by_float,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_compare_exactly() {
        let (large, next) = (json!(9_007_199_254_740_992_i64), json!(9_007_199_254_740_993_i64));
        assert_eq!(compare(&next, &json!(9_007_199_254_740_992.0)), Some(Ordering::Greater));
        assert_eq!(compare(&json!(9_007_199_254_740_992.0), &next), Some(Ordering::Less));
        assert!(equal(&large, &json!(9_007_199_254_740_992.0)) && !equal(&large, &next));
        assert!(equal(&json!({"a": [1, 2.0]}), &json!({"a": [1.0, 2]})));
        assert_eq!(compare(&json!(1), &json!("1")), None);
    }

    #[test]
    fn sorting_knows_every_value() {
        let values = [json!(null), json!(false), json!(true), json!(-1.5), json!(2), json!("a"), json!([]), json!([1])];
        for (at, one) in values.iter().enumerate() {
            for (place, other) in values.iter().enumerate() {
                assert_eq!(sorted(Some(one), Some(other)), at.cmp(&place), "{one} {other}");
            }
        }
        assert_eq!(sorted(None, Some(&json!(null))), Ordering::Equal);
    }
}
