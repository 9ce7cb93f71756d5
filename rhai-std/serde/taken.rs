//! What anybody gives, as a script's value.

use ::serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use rhai::{Array, Dynamic, INT, Map};
use std::fmt::Formatter;

/// A script's value made of what a deserializer holds.
pub struct Taken(pub Dynamic);

impl<'de> Deserialize<'de> for Taken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Take).map(Self)
    }
}

struct Take;

fn int<E: Error>(value: impl TryInto<INT> + Copy + std::fmt::Display) -> Result<Dynamic, E> {
    value.try_into().map(Dynamic::from).map_err(|_| E::custom(format!("{value} does not fit into an int")))
}

impl<'de> Visitor<'de> for Take {
    type Value = Dynamic;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Dynamic, E> {
        int(value)
    }
    fn visit_i128<E: Error>(self, value: i128) -> Result<Dynamic, E> {
        int(value)
    }
    fn visit_u128<E: Error>(self, value: u128) -> Result<Dynamic, E> {
        int(value)
    }
    fn visit_f64<E>(self, value: f64) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_char<E>(self, value: char) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_bytes<E>(self, value: &[u8]) -> Result<Dynamic, E> {
        Ok(Dynamic::from_blob(value.to_vec()))
    }
    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }
    fn visit_none<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dynamic, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dynamic, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Dynamic, A::Error> {
        let mut list = Array::new();
        while let Some(Taken(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Dynamic::from_array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Dynamic, A::Error> {
        let mut map = Map::new();
        while let Some((name, Taken(value))) = fields.next_entry::<String, Taken>()? {
            map.insert(name.into(), value);
        }
        Ok(Dynamic::from_map(map))
    }
}
