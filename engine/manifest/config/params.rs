//! The JSON Schema of a scripted component's config, from its parameters.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use thinking_schema::{DurationText, Named, Param, ParamType, SizeText};

/// What `param` nodes of a component say about its config, as a JSON Schema: an object without other properties. A default with a template in it
/// stays the template's text.
#[must_use]
pub fn params_schema(params: &Named<Param>) -> Value {
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for (name, param) in params.iter() {
        properties.insert(name.value.clone(), property(param));
        if param.default.is_none() && !param.optional {
            required.push(name.value.clone().into());
        }
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(param: &Param) -> Value {
    let kind = param.r#type.as_ref().map_or(ParamType::String, |kind| kind.value);
    let Value::Object(mut schema) = of_type(kind) else { return Value::Bool(true) };
    if param.optional {
        match schema.get_mut("type") {
            Some(Value::Array(kinds)) => kinds.push("null".into()),
            Some(only) => *only = json!([only.take(), "null"]),
            None => {}
        }
    }
    if let Some(one_of) = &param.one_of {
        let mut words = one_of.value.clone();
        words.extend(param.optional.then_some(Value::Null));
        schema.insert("enum".to_owned(), words.into());
    }
    for (keyword, bound) in [("minimum", &param.min), ("maximum", &param.max)] {
        if let Some(bound) = bound {
            schema.insert(keyword.to_owned(), number(bound.value));
        }
    }
    if let Some(default) = &param.default {
        schema.insert("default".to_owned(), default.value.to_json());
    }
    if let Some(help) = &param.help {
        schema.insert("description".to_owned(), help.as_str().into());
    }
    Value::Object(schema)
}

/// A bound as people wrote it: 1, not 1.0.
fn number(bound: f64) -> Value {
    let whole = bound as i64;
    if whole as f64 == bound { whole.into() } else { bound.into() }
}

fn of_type(kind: ParamType) -> Value {
    match kind {
        ParamType::String => json!({ "type": "string" }),
        ParamType::Int => json!({ "type": "integer" }),
        ParamType::Float => json!({ "type": "number" }),
        ParamType::Bool => json!({ "type": "boolean" }),
        ParamType::Path => json!({ "type": "string", "x-what": "a path" }),
        ParamType::Datetime => json!({
            "type": "string",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})$",
            "x-what": "a date and time (RFC 3339), such as \"2026-01-31T12:00:00Z\"",
        }),
        ParamType::Duration => of::<DurationText>(&["string"]),
        // As text, or in bytes.
        ParamType::Size => of::<SizeText>(&["string", "integer"]),
        ParamType::Json => json!({}),
        ParamType::List => json!({ "type": "array" }),
    }
}

fn of<T: schemars::JsonSchema>(kinds: &[&str]) -> Value {
    let mut schema = T::json_schema(&mut SchemaSettings::draft2020_12().into_generator()).to_value();
    if let [_, _, ..] = kinds {
        schema["type"] = kinds.into();
    }
    schema
}
