//! What is inside of lists and maps, on its way to Rust and to JSON.

use super::Problem;
use super::read::Reader;
use crate::convert::{DEEPEST, value_from};
use crate::evaluation::check_memory;
use crate::failure::unraised;
use crate::number::kind;
use ::serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};
use ::serde::ser::Error as _;
use ::serde::ser::{Serialize, Serializer};
use rhai::{Dynamic, Map};

/// The elements of a list.
pub struct List<'a> {
    around: Reader<'a>,
    items: std::slice::Iter<'a, Dynamic>,
    next: usize,
}

impl<'a> List<'a> {
    pub fn new(around: Reader<'a>, items: &'a [Dynamic]) -> Self {
        Self { around, items: items.iter(), next: 0 }
    }
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let at = self.next;
        self.next += 1;
        if at.is_multiple_of(4096) {
            check_memory().map_err(|error| Problem(unraised(error).message))?;
        }
        match seed.deserialize(self.around.part(item)) {
            Ok(value) => Ok(Some(value)),
            Err(problem) => {
                self.around.way.borrow_mut().push(format!("[{at}]"));
                Err(problem)
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The bytes of a blob, one after the other.
pub struct Bytes<'a>(pub std::slice::Iter<'a, u8>);

impl<'de> SeqAccess<'de> for Bytes<'_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        self.0.next().map(|byte| seed.deserialize((*byte).into_deserializer())).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of a map.
pub struct Fields<'a> {
    around: Reader<'a>,
    fields: std::collections::btree_map::Iter<'a, rhai::Identifier, Dynamic>,
    value: Option<(&'a str, &'a Dynamic)>,
}

impl<'a> Fields<'a> {
    pub fn new(around: Reader<'a>, map: &'a Map) -> Self {
        Self { around, fields: map.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = Some((name, value));
        seed.deserialize(Key(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Problem> {
        let Some((name, value)) = self.value.take() else { return Err(Problem("a value without a name".to_owned())) };
        seed.deserialize(self.around.part(value)).inspect_err(|_| {
            self.around.way.borrow_mut().push(format!(".{name}"));
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}

/// A name in a map: text, and a number where numbers are asked for, as JSON has it.
struct Key<'a>(&'a str);

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: ::serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_str(self.0),
            }
        }
    )*};
}

impl<'de> ::serde::Deserializer<'de> for Key<'_> {
    type Error = Problem;

    fn deserialize_any<V: ::serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_str(self.0)
    }

    fn deserialize_enum<V: ::serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_newtype_struct<V: ::serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    numbers!(deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_bool visit_bool bool);

    ::serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// Why a value cannot be handed on.
pub fn unreadable(value: &Dynamic) -> Problem {
    let what = match kind(value) {
        "a function" => "a function",
        _ if value.is_timestamp() => "a timestamp",
        _ => "a part of the engine",
    };
    Problem(format!("{what} cannot be handed on: only values can"))
}

/// What a script gives, for whoever asks with serde.
pub struct Given(pub Dynamic);

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, 0, serializer)
    }
}

/// A part of it.
struct Part<'a>(&'a Dynamic, usize);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.0, self.1, serializer)
    }
}

fn serialize<S: Serializer>(value: &Dynamic, depth: usize, serializer: S) -> Result<S::Ok, S::Error> {
    if depth > DEEPEST {
        return Err(S::Error::custom(format!("it is nested deeper than {DEEPEST} levels")));
    }
    if let Ok(bytes) = value.as_blob_ref() {
        return serializer.serialize_bytes(&bytes);
    }
    if let Ok(items) = value.as_array_ref() {
        return serializer.collect_seq(items.iter().map(|item| Part(item, depth + 1)));
    }
    if let Ok(map) = value.as_map_ref() {
        return serializer.collect_map(map.iter().map(|(name, value)| (name.as_str(), Part(value, depth + 1))));
    }
    if let Ok(float) = value.as_float() {
        return serializer.serialize_f64(float);
    }
    value_from(value).map_err(S::Error::custom)?.serialize(serializer)
}
