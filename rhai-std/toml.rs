//! `toml`.

use crate::convert::{from_value, value_from};
use crate::failure::{Answer, fail, raise};
use crate::file;
use crate::namespace::Namespace;
use crate::number::kind;
use rhai::{Dynamic, ImmutableString};
use thinking_step::{Class, Value};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("toml");
    ns.function(
        "parse",
        Class::Pure,
        "parse(text) -> map",
        "What a TOML text says; dates become strings.",
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
        "A map as TOML. Throws for what TOML cannot say: `()`, and a value that is no map.",
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
    let Value::Object(fields) = value_from(value).map_err(raise)? else {
        return Err(fail(format!("TOML is made of a map, not of {}", kind(value))));
    };
    let mut table = toml::Table::new();
    for (name, value) in fields {
        table.insert(name.clone(), told(value, &format!(".{name}"))?);
    }
    toml::to_string_pretty(&table).map_err(|error| fail(format!("cannot write TOML: {error}")))
}

/// `way` is the place in the whole, for messages.
fn told(value: Value, way: &str) -> Answer<toml::Value> {
    Ok(match value {
        Value::Null => return Err(fail(format!("TOML cannot say `()` (at {way}): leave it out"))),
        Value::Bool(flag) => flag.into(),
        Value::Number(number) => match number.as_i64() {
            Some(int) => int.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => toml::Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(at, item)| told(item, &format!("{way}[{at}]")))
                .collect::<Answer<_>>()?,
        ),
        Value::Object(fields) => toml::Value::Table(
            fields
                .into_iter()
                .map(|(name, field)| {
                    let field = told(field, &format!("{way}.{name}"))?;
                    Ok((name, field))
                })
                .collect::<Answer<_>>()?,
        ),
    })
}

fn parse(text: &str, what: &str) -> Answer<Dynamic> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| fail(format!("{what} is not TOML: {}", error.message())))?;
    Ok(from_value(&plain(toml::Value::Table(table))))
}

fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(int) => int.into(),
        toml::Value::Float(float) => float.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Table(fields) => fields.into_iter().map(|(name, value)| (name, plain(value))).collect(),
    }
}
