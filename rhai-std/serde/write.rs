//! What Rust gives, as scripts' values.

use super::Problem;
use crate::evaluation::check_memory;
use crate::failure::unraised;
use ::serde::ser::{self, Error, Serialize, Serializer};
use rhai::{Array, Dynamic, INT, Map};

/// What something says of itself by serde, as a script's value: structs are maps, bytes are blobs, `None` is `()`; alternatives are as in JSON.
///
/// # Errors
/// An int that scripts cannot hold, or a map whose keys are no names.
pub fn to_dynamic(value: &dyn erased_serde::Serialize) -> Result<Dynamic, Problem> {
    erased_serde::serialize(value, Writer)
}

#[derive(Clone, Copy)]
struct Writer;

/// A list under construction; `variant` names the alternative that it belongs to.
struct Listed {
    items: Array,
    variant: Option<&'static str>,
}

/// A map under construction.
struct Mapped {
    fields: Map,
    name: Option<String>,
    variant: Option<&'static str>,
}

/// A value that belongs to an alternative, or stands for itself.
fn named(variant: Option<&'static str>, value: Dynamic) -> Dynamic {
    match variant {
        Some(variant) => Dynamic::from_map(Map::from([(variant.into(), value)])),
        None => value,
    }
}

fn too_large(number: impl std::fmt::Display) -> Problem {
    Problem(format!("{number} does not fit into an int"))
}

impl Listed {
    fn new(length: Option<usize>, variant: Option<&'static str>) -> Self {
        // What is announced may be wrong.
        Self { items: Array::with_capacity(length.unwrap_or(0).min(1 << 20)), variant }
    }

    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        if self.items.len().is_multiple_of(4096) {
            check_memory().map_err(|error| Problem(unraised(error).message))?;
        }
        self.items.push(value.serialize(Writer)?);
        Ok(())
    }

    fn done(self) -> Dynamic {
        named(self.variant, Dynamic::from_array(self.items))
    }
}

impl Mapped {
    fn new(variant: Option<&'static str>) -> Self {
        Self { fields: Map::new(), name: None, variant }
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Problem> {
        self.fields.insert(name.into(), value.serialize(Writer)?);
        Ok(())
    }

    fn done(self) -> Dynamic {
        named(self.variant, Dynamic::from_map(self.fields))
    }
}

impl Serializer for Writer {
    type Ok = Dynamic;
    type Error = Problem;
    type SerializeSeq = Listed;
    type SerializeTuple = Listed;
    type SerializeTupleStruct = Listed;
    type SerializeTupleVariant = Listed;
    type SerializeMap = Mapped;
    type SerializeStruct = Mapped;
    type SerializeStructVariant = Mapped;

    fn serialize_bool(self, value: bool) -> Result<Dynamic, Problem> {
        Ok(value.into())
    }
    fn serialize_i8(self, value: i8) -> Result<Dynamic, Problem> {
        Ok(INT::from(value).into())
    }
    fn serialize_i16(self, value: i16) -> Result<Dynamic, Problem> {
        Ok(INT::from(value).into())
    }
    fn serialize_i32(self, value: i32) -> Result<Dynamic, Problem> {
        Ok(INT::from(value).into())
    }
    fn serialize_i64(self, value: i64) -> Result<Dynamic, Problem> {
        Ok(value.into())
    }
    fn serialize_i128(self, value: i128) -> Result<Dynamic, Problem> {
        INT::try_from(value).map(Dynamic::from).map_err(|_| too_large(value))
    }
    fn serialize_u8(self, value: u8) -> Result<Dynamic, Problem> {
        Ok(INT::from(value).into())
    }
    fn serialize_u16(self, value: u16) -> Result<Dynamic, Problem> {
        Ok(INT::from(value).into())
    }
    fn serialize_u32(self, value: u32) -> Result<Dynamic, Problem> {
        Ok(INT::from(value).into())
    }
    fn serialize_u64(self, value: u64) -> Result<Dynamic, Problem> {
        INT::try_from(value).map(Dynamic::from).map_err(|_| too_large(value))
    }
    fn serialize_u128(self, value: u128) -> Result<Dynamic, Problem> {
        INT::try_from(value).map(Dynamic::from).map_err(|_| too_large(value))
    }
    fn serialize_f32(self, value: f32) -> Result<Dynamic, Problem> {
        // Exactly: what is handed back is the same number again.
        Ok(f64::from(value).into())
    }
    fn serialize_f64(self, value: f64) -> Result<Dynamic, Problem> {
        Ok(value.into())
    }
    fn serialize_char(self, value: char) -> Result<Dynamic, Problem> {
        Ok(value.into())
    }
    fn serialize_str(self, value: &str) -> Result<Dynamic, Problem> {
        Ok(value.into())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<Dynamic, Problem> {
        Ok(Dynamic::from_blob(value.to_vec()))
    }
    fn serialize_none(self) -> Result<Dynamic, Problem> {
        Ok(Dynamic::UNIT)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Dynamic, Problem> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Dynamic, Problem> {
        Ok(Dynamic::UNIT)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Dynamic, Problem> {
        Ok(Dynamic::UNIT)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Dynamic, Problem> {
        Ok(variant.into())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Dynamic, Problem> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Dynamic, Problem> {
        Ok(named(Some(variant), value.serialize(self)?))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Listed, Problem> {
        Ok(Listed::new(length, None))
    }
    fn serialize_tuple(self, length: usize) -> Result<Listed, Problem> {
        Ok(Listed::new(Some(length), None))
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Listed, Problem> {
        Ok(Listed::new(Some(length), None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Listed, Problem> {
        Ok(Listed::new(Some(length), Some(variant)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Mapped, Problem> {
        Ok(Mapped::new(None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Mapped, Problem> {
        Ok(Mapped::new(None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Mapped, Problem> {
        Ok(Mapped::new(Some(variant)))
    }
}

impl ser::SerializeSeq for Listed {
    type Ok = Dynamic;
    type Error = Problem;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.add(value)
    }
    fn end(self) -> Result<Dynamic, Problem> {
        Ok(self.done())
    }
}

impl ser::SerializeTuple for Listed {
    type Ok = Dynamic;
    type Error = Problem;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.add(value)
    }
    fn end(self) -> Result<Dynamic, Problem> {
        Ok(self.done())
    }
}

impl ser::SerializeTupleStruct for Listed {
    type Ok = Dynamic;
    type Error = Problem;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.add(value)
    }
    fn end(self) -> Result<Dynamic, Problem> {
        Ok(self.done())
    }
}

impl ser::SerializeTupleVariant for Listed {
    type Ok = Dynamic;
    type Error = Problem;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.add(value)
    }
    fn end(self) -> Result<Dynamic, Problem> {
        Ok(self.done())
    }
}

impl ser::SerializeMap for Mapped {
    type Ok = Dynamic;
    type Error = Problem;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Problem> {
        let key = key.serialize(Writer)?;
        let plain = key.is_string() || key.is_int() || key.is_char() || key.is_bool();
        if !plain {
            return Err(Problem::custom("the keys of a map must be texts or numbers"));
        }
        self.name = Some(key.to_string());
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        let Some(name) = self.name.take() else { return Err(Problem::custom("a value without a key")) };
        self.fields.insert(name.into(), value.serialize(Writer)?);
        Ok(())
    }
    fn end(self) -> Result<Dynamic, Problem> {
        Ok(self.done())
    }
}

impl ser::SerializeStruct for Mapped {
    type Ok = Dynamic;
    type Error = Problem;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Problem> {
        self.field(name, value)
    }
    fn end(self) -> Result<Dynamic, Problem> {
        Ok(self.done())
    }
}

impl ser::SerializeStructVariant for Mapped {
    type Ok = Dynamic;
    type Error = Problem;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Problem> {
        self.field(name, value)
    }
    fn end(self) -> Result<Dynamic, Problem> {
        Ok(self.done())
    }
}
