//! What an `each` goes over.

use crate::decide::shown;
use crate::mask::Mask;
use std::collections::HashSet;
use std::sync::Arc;
use thinking_step::{StepError, Value};
use thinking_store::IterationKey;

/// The elements of a loop. A range is kept as its two ends: a million iterations cost nothing before they run.
#[derive(Debug, Clone)]
pub(crate) enum Items {
    /// From the first up to, not including, the second.
    Range(i64, i64),
    /// An array, and whether its elements are their own keys.
    List(Arc<Vec<Value>>, bool),
    /// A map's keys and values, in its order.
    Map(Arc<Vec<(Arc<str>, Value)>>),
}

impl Items {
    /// Reads the value of `in`: an array, a map, or a range as `{"$range": [first, end]}`.
    pub(crate) fn new(value: Value) -> Result<Self, StepError> {
        match value {
            Value::Array(items) => {
                // A range may arrive written out.
                if let Some(range) = consecutive(&items) {
                    return Ok(range);
                }
                let own = own_keys(&items);
                Ok(Self::List(Arc::new(items), own))
            }
            Value::Object(fields) => Ok(range(&fields).unwrap_or_else(|| {
                Self::Map(Arc::new(fields.into_iter().map(|(key, value)| (key.into(), value)).collect()))
            })),
            other => Err(StepError::script(format!(
                "`in` gives {}, where an array, a range or a map is needed",
                shown(&other)
            ))),
        }
    }

    /// The name of a secret that would be a key. Of a range only the ends are looked at: what lies between was not made of a secret.
    pub(crate) fn secret_key<'m>(&self, mask: &'m Mask) -> Option<&'m str> {
        if mask.is_empty() {
            return None;
        }
        match self {
            Self::Range(first, end) => {
                [*first, end.saturating_sub(1)].iter().find_map(|end| mask.find(&Value::from(*end)))
            }
            Self::List(items, true) => items.iter().find_map(|item| mask.find(item)),
            Self::List(_, false) => None,
            Self::Map(fields) => fields.iter().find_map(|(key, _)| mask.find_text(key)),
        }
    }

    /// Which one has that key, as elements have it by themselves.
    pub(crate) fn position(&self, key: &IterationKey) -> Option<u64> {
        let found = |at: Option<usize>| at.and_then(|at| u64::try_from(at).ok());
        match (self, key) {
            (Self::Range(first, end), IterationKey::Integer(number)) => {
                (first..end).contains(&number).then(|| number.abs_diff(*first))
            }
            (Self::List(items, true), key) => {
                found(items.iter().position(|item| own_key(item).is_some_and(|own| own == *key)))
            }
            (Self::List(items, false), IterationKey::Integer(number)) => {
                u64::try_from(*number).ok().filter(|at| *at < items.len() as u64)
            }
            (Self::Map(fields), IterationKey::Text(text)) => found(fields.iter().position(|(own, _)| **own == **text)),
            _ => None,
        }
    }

    /// The keys alone, for when the elements are not needed any more.
    pub(crate) fn without_values(self) -> Self {
        match self {
            Self::List(items, false) => Self::Range(0, i64::try_from(items.len()).unwrap_or(i64::MAX)),
            Self::Map(fields) => {
                Self::Map(Arc::new(fields.iter().map(|(key, _)| (key.clone(), Value::Null)).collect()))
            }
            other => other,
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Range(first, end) => end.abs_diff(*first.min(end)),
            Self::List(items, _) => items.len() as u64,
            Self::Map(fields) => fields.len() as u64,
        }
    }

    /// The element at `index`, with the key that it has by itself. The two flags: the key is the value; the key is the index.
    pub(crate) fn get(&self, index: u64) -> Option<Item> {
        let at = usize::try_from(index).ok()?;
        match self {
            Self::Range(first, end) => {
                let value = first.checked_add(i64::try_from(index).ok()?).filter(|value| value < end)?;
                Some(Item {
                    value: value.into(),
                    key: IterationKey::Integer(value),
                    value_is_key: true,
                    index_is_key: value == index as i64,
                })
            }
            Self::List(items, true) => {
                let value = items.get(at)?.clone();
                let key = own_key(&value)?;
                Some(Item { value, key, value_is_key: true, index_is_key: false })
            }
            Self::List(items, false) => {
                let key = IterationKey::Integer(i64::try_from(index).ok()?);
                Some(Item { value: items.get(at)?.clone(), key, value_is_key: false, index_is_key: true })
            }
            Self::Map(fields) => {
                let (key, value) = fields.get(at)?;
                let key = IterationKey::Text(key.clone());
                Some(Item { value: value.clone(), key, value_is_key: false, index_is_key: false })
            }
        }
    }
}

/// One element.
#[derive(Debug)]
pub(crate) struct Item {
    /// The value.
    pub value: Value,
    /// The key that it has by itself.
    pub key: IterationKey,
    /// Whether the key says the value.
    pub value_is_key: bool,
    /// Whether the key says the index.
    pub index_is_key: bool,
}

/// The key that a string or a whole number is.
pub(crate) fn own_key(value: &Value) -> Option<IterationKey> {
    match value {
        Value::String(text) => Some(IterationKey::Text(text.as_str().into())),
        Value::Number(number) => number.as_i64().map(IterationKey::Integer),
        _ => None,
    }
}

fn own_keys(items: &[Value]) -> bool {
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| own_key(item).is_some_and(|key| seen.insert(key)))
}

/// A list of whole numbers, each one more than the one before, is the range from the first.
fn consecutive(items: &[Value]) -> Option<Items> {
    let first = items.first()?.as_i64()?;
    let end = first.checked_add(i64::try_from(items.len()).ok()?)?;
    let straight = items.iter().zip(first..end).all(|(item, number)| item.as_i64() == Some(number));
    straight.then_some(Items::Range(first, end))
}

fn range(fields: &serde_json::Map<String, Value>) -> Option<Items> {
    let (1, Some(Value::Array(ends))) = (fields.len(), fields.get("$range")) else { return None };
    match ends.as_slice() {
        [first, end] => Some(Items::Range(first.as_i64()?, end.as_i64()?)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(value: Value) -> Vec<String> {
        let items = Items::new(value).unwrap();
        (0..items.len())
            .map(|at| {
                let mut text = String::new();
                crate::decide::push_key(&mut text, &items.get(at).unwrap().key);
                text
            })
            .collect()
    }

    #[test]
    fn elements_are_their_own_keys_where_that_is_unambiguous() {
        assert_eq!(keys(json!(["a", "b c", 3])), ["[a]", "[\"b c\"]", "[3]"]);
        assert_eq!(keys(json!(["a", "a"])), ["[0]", "[1]"]);
        assert_eq!(keys(json!([{"x": 1}, 7])), ["[0]", "[1]"]);
        assert_eq!(keys(json!({"x": 1, "y": 2})), ["[x]", "[y]"]);
        assert_eq!(keys(json!([5, 6, 7])), ["[5]", "[6]", "[7]"]);
        assert_eq!(keys(json!([7, 6, 6])), ["[0]", "[1]", "[2]"]);
        assert_eq!(keys(json!({"$range": [1, 4]})), ["[1]", "[2]", "[3]"]);
        assert_eq!(keys(json!({"$range": [4, 1]})), Vec::<String>::new());
        assert!(Items::new(json!(5)).is_err());
    }
}
