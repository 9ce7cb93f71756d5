//! `json`.

use crate::convert::{from_value, value_from};
use crate::failure::{Answer, fail, raise};
use crate::file;
use crate::namespace::Namespace;
use rhai::{Dynamic, ImmutableString};
use thinking_step::{Class, Value};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("json");
    ns.function("parse", Class::Pure, "parse(text)", "The value that a JSON text says: objects are maps, `null` is `()`. Throws, with line and column, where it is not JSON.", |text: ImmutableString| {
        parse(&text, "the text")
    });
    ns.function(
        "to_string",
        Class::Pure,
        "to_string(value) -> string",
        "A value as JSON on one line. Throws for what JSON cannot say (NaN, a blob, a function), with the way to it.",
        |value: Dynamic| -> Answer<String> { Ok(value_from(&value).map_err(raise)?.to_string()) },
    );
    ns.function(
        "pretty",
        Class::Pure,
        "pretty(value) -> string",
        "A value as JSON over several lines.",
        |value: Dynamic| pretty(&value),
    );
    ns.function(
        "read",
        Class::Observe,
        "read(path)",
        "Reads a JSON file as `parse` does; the whole value is held.",
        |path: ImmutableString| parse(&file::read_text(&path, "json::read")?, &format!("`{path}`")),
    )
    .reads(0);
    ns.function(
        "write",
        Class::Effect,
        "write(path, value)",
        "Writes a value as a JSON file over several lines, as a whole or not at all; makes its directory if needed.",
        |path: ImmutableString, value: Dynamic| -> Answer<()> {
            file::write(&path, format!("{}\n", pretty(&value)?).as_bytes(), "json::write")
        },
    )
    .writes(0);
    ns
}

fn parse(text: &str, what: &str) -> Answer<Dynamic> {
    let value: Value = serde_json::from_str(text).map_err(|error| fail(format!("{what} is not JSON: {error}")))?;
    Ok(from_value(&value))
}

fn pretty(value: &Dynamic) -> Answer<String> {
    let value = value_from(value).map_err(raise)?;
    serde_json::to_string_pretty(&value).map_err(|error| fail(error.to_string()))
}
