//! `toml`.

use crate::convert::{DEEPEST, value_from};
use crate::evaluation::check_memory;
use crate::failure::{Answer, fail};
use crate::file;
use crate::namespace::Namespace;
use crate::number::kind;
use crate::stream::settled;
use rhai::{Dynamic, ImmutableString};
use thinking_step::{Class, Value};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("toml");
    ns.function(
        "parse",
        Class::Pure,
        "parse(text) -> map",
        "What a TOML text says; dates become strings, `inf` and `nan` floats.",
        |text: ImmutableString| parse(&text, "the text"),
    );
    ns.function("read", Class::Observe, "read(path) -> map", "Reads a TOML file.", |path: ImmutableString| {
        parse(&file::read_text(&path, "toml::read")?, &format!("`{path}`"))
    })
    .reads(0);
    ns.function(
        "to_string",
        Class::Pure,
        "to_string(map) -> string",
        "A map as TOML. Throws for what TOML cannot say: `()`, a blob, a function, and a value that is no map; it can say `inf` and `nan`.",
        |value: Dynamic| print(&value),
    );
    ns.function(
        "write",
        Class::Effect,
        "write(path, map)",
        "Writes a map as a TOML file, as a whole or not at all; makes its directory if needed. Throws as `to_string`.",
        |path: ImmutableString, value: Dynamic| -> Answer<()> {
            file::write(&path, print(&value)?.as_bytes(), "toml::write")
        },
    )
    .writes(0);
    ns
}

fn print(value: &Dynamic) -> Answer<String> {
    if value.as_map_ref().is_err() {
        return Err(fail(format!("TOML is made of a map, not of {}", kind(value))));
    }
    let table = told(value, &mut Vec::new())?;
    toml::to_string_pretty(&table).map_err(|error| fail(format!("cannot write TOML: {error}")))
}

/// `way` is the place in the whole, for messages. Unlike JSON, TOML can say every float.
fn told(value: &Dynamic, way: &mut Vec<String>) -> Answer<toml::Value> {
    if way.len() > DEEPEST {
        return Err(fail(format!("the value is nested deeper than {DEEPEST} levels")));
    }
    check_memory()?;
    if let Ok(float) = value.as_float() {
        return Ok(float.into());
    }
    if let Ok(map) = value.as_map_ref() {
        let mut table = toml::Table::new();
        for (name, field) in map.iter() {
            way.push(format!(".{name}"));
            table.insert(name.to_string(), told(field, way)?);
            way.pop();
        }
        return Ok(table.into());
    }
    let list = settled(value)?;
    if let Ok(list) = list.as_array_ref() {
        let mut items = Vec::with_capacity(list.len());
        for (at, item) in list.iter().enumerate() {
            way.push(format!("[{at}]"));
            items.push(told(item, way)?);
            way.pop();
        }
        return Ok(items.into());
    }
    if value.is_unit() {
        return Err(fail(format!("TOML cannot say `()`{}: leave it out", place(way))));
    }
    let simple = value_from(value).ok().and_then(simple);
    simple.ok_or_else(|| fail(format!("TOML cannot say {}{}", kind(value), place(way))))
}

fn place(way: &[String]) -> String {
    if way.is_empty() { String::new() } else { format!(" (at {})", way.concat()) }
}

/// What JSON says as TOML says it: a text, a bool, an int, or the ints of a range.
fn simple(value: Value) -> Option<toml::Value> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Bool(flag) => Some(flag.into()),
        Value::Number(number) => number.as_i64().map(Into::into),
        Value::Array(items) => items.into_iter().map(simple).collect::<Option<Vec<_>>>().map(Into::into),
        Value::Null | Value::Object(_) => None,
    }
}

fn parse(text: &str, what: &str) -> Answer<Dynamic> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| fail(format!("{what} is not TOML: {}", error.message())))?;
    Ok(plain(toml::Value::Table(table)))
}

fn plain(value: toml::Value) -> Dynamic {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(int) => int.into(),
        toml::Value::Float(float) => float.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => Dynamic::from_array(items.into_iter().map(plain).collect()),
        toml::Value::Table(fields) => {
            Dynamic::from_map(fields.into_iter().map(|(name, value)| (name.into(), plain(value))).collect())
        }
    }
}
