//! Scripts' values as what Rust takes.

use super::Problem;
use super::items::{Bytes, Fields, List, unreadable};
use crate::convert::DEEPEST;
use crate::failure::unraised;
use crate::stream::Stream;
use ::serde::de::value::{MapAccessDeserializer, SeqDeserializer};
use ::serde::de::{Deserializer, IntoDeserializer, Visitor};
use ::serde::forward_to_deserialize_any;
use rhai::{Dynamic, INT};
use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use thinking_step::Arguments;

/// Most numbers of a range that becomes a list.
const LONGEST: i128 = 10_000_000;

/// The arguments of a call from a script, in their order. Ints fit where floats are asked for; ranges and streams are lists, blobs are bytes,
/// `()` is nothing.
pub struct Positional<'v, 'd> {
    values: &'v [&'d mut Dynamic],
    way: RefCell<Vec<String>>,
}

impl<'v, 'd> Positional<'v, 'd> {
    /// Arguments of those values.
    #[must_use]
    pub fn new(values: &'v [&'d mut Dynamic]) -> Self {
        Self { values, way: RefCell::default() }
    }
}

impl Arguments for Positional<'_, '_> {
    fn positional(&self) -> Option<usize> {
        Some(self.values.len())
    }

    fn get<'a>(&'a mut self, position: usize, _: &str) -> Option<Box<dyn erased_serde::Deserializer<'a> + 'a>> {
        let value = self.values.get(position)?;
        self.way.borrow_mut().clear();
        let reader = Reader { value, way: &self.way, depth: 0 };
        Some(Box::new(<dyn erased_serde::Deserializer<'_>>::erase(reader)))
    }
}

/// One value, or a part of it.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub value: &'a Dynamic,
    /// What led to a part that did not fit, innermost first.
    pub way: &'a RefCell<Vec<String>>,
    /// How many lists and maps are around it.
    pub depth: usize,
}

impl<'a> Reader<'a> {
    /// A part of this one.
    pub fn part(self, value: &'a Dynamic) -> Self {
        Self { value, depth: self.depth + 1, ..self }
    }

    /// Says where in the argument it went wrong, once the error is outside of all parts.
    fn whole<T>(self, result: Result<T, Problem>) -> Result<T, Problem> {
        let Err(Problem(message)) = result else { return result };
        let mut way = self.way.borrow_mut();
        if self.depth > 0 || way.is_empty() {
            return Err(Problem(message));
        }
        let path: String = way.drain(..).rev().collect();
        Err(Problem(format!("{message} (at {path})")))
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let value = self.value;
        if value.is_unit() {
            return visitor.visit_unit();
        }
        if let Ok(int) = value.as_int() {
            return visitor.visit_i64(int);
        }
        if let Ok(float) = value.as_float() {
            return visitor.visit_f64(float);
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            return visitor.visit_str(&text);
        }
        if let Ok(flag) = value.as_bool() {
            return visitor.visit_bool(flag);
        }
        if let Ok(character) = value.as_char() {
            return visitor.visit_char(character);
        }
        if self.depth > DEEPEST {
            return Err(Problem(format!("it is nested deeper than {DEEPEST} levels")));
        }
        if let Ok(items) = value.as_array_ref() {
            return visitor.visit_seq(List::new(self, &items));
        }
        if let Ok(bytes) = value.as_blob_ref() {
            return visitor.visit_bytes(&bytes);
        }
        if let Ok(map) = value.as_map_ref() {
            return visitor.visit_map(Fields::new(self, &map));
        }
        if let Some(stream) = value.read_lock::<Stream>() {
            let items = stream.list().map_err(|error| Problem(unraised(error).message))?;
            return visitor.visit_seq(List::new(self, &items));
        }
        if let Some(range) = value.read_lock::<Range<INT>>() {
            return numbers(range.clone(), i128::from(range.end) - i128::from(range.start), visitor);
        }
        if let Some(range) = value.read_lock::<RangeInclusive<INT>>() {
            return numbers(range.clone(), i128::from(*range.end()) - i128::from(*range.start()) + 1, visitor);
        }
        Err(unreadable(value))
    }
}

fn numbers<'de, V: Visitor<'de>>(
    range: impl Iterator<Item = INT>,
    length: i128,
    visitor: V,
) -> Result<V::Value, Problem> {
    if length > LONGEST {
        return Err(Problem(format!("a range of {length} numbers is too long for a list")));
    }
    visitor.visit_seq(SeqDeserializer::new(range))
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.whole(self.any(visitor))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.value.as_int() {
            Ok(int) => self.whole(visitor.visit_f64(int as f64)),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.value.is_unit() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        // What takes a list of bytes may take a blob.
        match self.value.as_blob_ref() {
            Ok(bytes) => self.whole(visitor.visit_seq(Bytes(bytes.iter()))),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    /// As JSON has it: a name, or a map with the name alone.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        if let Ok(name) = self.value.as_immutable_string_ref() {
            return self.whole(visitor.visit_enum(name.as_str().into_deserializer()));
        }
        match self.value.as_map_ref() {
            Ok(map) if map.len() == 1 => {
                let fields = Fields::new(self, &map);
                self.whole(visitor.visit_enum(MapAccessDeserializer::new(fields)))
            }
            Ok(map) => Err(Problem(format!("expected a map with one name, not {}", map.len()))),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct map struct identifier
    }
}
