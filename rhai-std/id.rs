//! Ids of documents and vectors: strings or ints.
//!
//! As a part of a key an int is `i` and 16 hexadecimal digits that order as the ints do, a string is `s` and itself: ints come first, in their
//! order, then strings in the order of their bytes.

use crate::failure::{Answer, fail};
use crate::number::kind;
use rhai::{Dynamic, INT};
use thinking_step::Value;

/// Turns the order of signed ints into that of unsigned ones.
const SIGN: u64 = 1 << 63;

/// An id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Id {
    Int(INT),
    Text(String),
}

impl Id {
    /// A script's value as an id.
    ///
    /// # Errors
    /// It is neither a string nor an int.
    pub fn new(value: &Dynamic) -> Answer<Self> {
        if let Ok(int) = value.as_int() {
            return Ok(Self::Int(int));
        }
        match value.as_immutable_string_ref() {
            Ok(text) => Ok(Self::Text(text.to_string())),
            Err(_) => Err(fail(format!("an id must be a string or an int, not {}", kind(value)))),
        }
    }

    /// The id that a stored value stands for, if it can be one.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Self::Int),
            Value::String(text) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }

    /// Its part of a key.
    pub fn key(&self) -> String {
        match self {
            Self::Int(int) => format!("i{:016x}", int.cast_unsigned() ^ SIGN),
            Self::Text(text) => format!("s{text}"),
        }
    }

    /// The id of a part of a key; `None` if it is none.
    pub fn parse(key: &str) -> Option<Self> {
        match key.split_at_checked(1)? {
            ("i", digits) => Some(Self::Int((u64::from_str_radix(digits, 16).ok()? ^ SIGN).cast_signed())),
            ("s", text) => Some(Self::Text(text.to_owned())),
            _ => None,
        }
    }

    /// For a script.
    pub fn into_dynamic(self) -> Dynamic {
        match self {
            Self::Int(int) => int.into(),
            Self::Text(text) => text.into(),
        }
    }

    /// For a document.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Int(int) => (*int).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(int) => write!(formatter, "{int}"),
            Self::Text(text) => write!(formatter, "{text:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Id;
    use proptest::prelude::*;

    fn any_id() -> impl Strategy<Value = Id> {
        prop_oneof![
            any::<i64>().prop_map(Id::Int),
            (-3..3_i64).prop_map(Id::Int),
            "[\u{0}a-cß]{0,3}".prop_map(Id::Text)
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_order_as_ids_do(one in any_id(), other in any_id()) {
            prop_assert_eq!(one.key().cmp(&other.key()), one.cmp(&other));
            prop_assert_eq!(Id::parse(&one.key()), Some(one));
        }
    }
}
