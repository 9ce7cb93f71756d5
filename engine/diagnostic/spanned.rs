//! A value together with its place in a text.

use crate::{SourceId, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::{borrow::Cow, fmt, marker::PhantomData, ops::Deref};

/// The struct name by which [`Spanned`] asks a deserializer that knows places for them.
pub const SPANNED_NAME: &str = "$thinking::Spanned";
/// The fields that such a deserializer answers with: source, start, end and the value.
pub const SPANNED_FIELDS: [&str; 4] = ["$source", "$start", "$end", "$value"];

/// A value and where it was written. Equality, order and hashing look at the value alone.
#[derive(Debug, Clone, Copy)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written, if it was written anywhere.
    pub span: Option<Span>,
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span: Some(span) }
    }

    /// The same place, another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}

impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Self { value, span: None }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: serde::Serialize> serde::Serialize for Spanned<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Only a deserializer that knows places (the manifest's) can make one; it answers to [`SPANNED_NAME`].
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Spanned<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value with its place")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Spanned<T>, A::Error> {
                let (mut source, mut start, mut end, mut value) = (None, None, None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match SPANNED_FIELDS.iter().position(|field| *field == key) {
                        Some(0) => source = Some(map.next_value::<u32>()?),
                        Some(1) => start = Some(map.next_value::<u32>()?),
                        Some(2) => end = Some(map.next_value::<u32>()?),
                        Some(3) => value = Some(map.next_value()?),
                        _ => return Err(A::Error::custom("not a value with its place")),
                    }
                }
                let value = value.ok_or_else(|| A::Error::custom("a value with its place lacks the value"))?;
                let span = match (source, start, end) {
                    (Some(source), Some(start), Some(end)) => Some(Span { source: SourceId(source), start, end }),
                    _ => None,
                };
                Ok(Spanned { value, span })
            }
        }
        deserializer.deserialize_struct(SPANNED_NAME, &SPANNED_FIELDS, Parts(PhantomData))
    }
}
