//! Values of Rust as JSON, without silent losses: `serde_json` writes `null` for NaN, and scripts know no whole number beyond 64 bits with sign.

use crate::Value;
use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;

/// A value as JSON.
///
/// # Errors
/// What JSON or scripts cannot say: NaN and infinities, whole numbers beyond 64 bits with sign, maps with other keys than text.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    value.serialize(Check)?;
    serde_json::to_value(value)
}

/// Walks over a value and finds what would be lost.
struct Check;

fn finite(number: f64) -> Result<(), Error> {
    if number.is_finite() { Ok(()) } else { Err(Error::custom(format_args!("JSON cannot say {number}"))) }
}

fn fits(number: impl TryInto<i64> + std::fmt::Display + Copy) -> Result<(), Error> {
    match number.try_into() {
        Ok(_) => Ok(()),
        Err(_) => {
            Err(Error::custom(format_args!("{number} does not fit into a 64-bit number with sign: make it text")))
        }
    }
}

macro_rules! fine {
    ($($method:ident($kind:ty))*) => {
        $(fn $method(self, _: $kind) -> Result<(), Error> { Ok(()) })*
    };
}

impl Serializer for Check {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fine! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_char(char) serialize_str(&str)
        serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    fn serialize_u64(self, number: u64) -> Result<(), Error> {
        fits(number)
    }
    fn serialize_i128(self, number: i128) -> Result<(), Error> {
        fits(number)
    }
    fn serialize_u128(self, number: u128) -> Result<(), Error> {
        fits(number)
    }
    fn serialize_f32(self, number: f32) -> Result<(), Error> {
        finite(f64::from(number))
    }
    fn serialize_f64(self, number: f64) -> Result<(), Error> {
        finite(number)
    }
    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }
}

macro_rules! inside {
    ($($kind:ident::$method:ident)*) => {
        $(impl $kind for Check {
            type Ok = ();
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                value.serialize(Check)
            }
            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        })*
    };
}

inside! {
    SerializeSeq::serialize_element SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field SerializeTupleVariant::serialize_field
}

macro_rules! fields {
    ($($kind:ident)*) => {
        $(impl $kind for Check {
            type Ok = ();
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Error> {
                value.serialize(Check)
            }
            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        })*
    };
}

fields! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Check {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Error> {
        // Whether it can be one is told where JSON is made.
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Check)
    }
    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::to_json;
    use std::collections::BTreeMap;

    #[test]
    fn what_would_be_lost_is_refused() {
        assert_eq!(to_json(&(1, "a", [Some(1.5), None])).unwrap().to_string(), r#"[1,"a",[1.5,null]]"#);
        let wrong = |value: Result<serde_json::Value, serde_json::Error>| value.unwrap_err().to_string();
        assert_eq!(wrong(to_json(&f64::NAN)), "JSON cannot say NaN");
        assert_eq!(wrong(to_json(&vec![Some(f32::INFINITY)])), "JSON cannot say inf");
        assert_eq!(wrong(to_json(&BTreeMap::from([("a", (1, f64::NAN))]))), "JSON cannot say NaN");
        let large = wrong(to_json(&u64::MAX));
        assert_eq!(large, "18446744073709551615 does not fit into a 64-bit number with sign: make it text");
        assert_eq!(to_json(&(1_u64 << 62)).unwrap(), 1_i64 << 62);
        assert!(to_json(&BTreeMap::from([((1, 2), 3)])).is_err());
    }
}
