//! `toml`: reading only.

use crate::convert::from_value;
use crate::failure::{Answer, fail};
use crate::file;
use crate::namespace::Namespace;
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
    ns
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
