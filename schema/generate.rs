//! The JSON Schema of manifests, generated from the types.

use crate::Manifest;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

const DEFS: &str = "#/$defs/";
const OVERLAY: &str = ".overlay";

/// The schema of a manifest file, JSON Schema draft 2020-12.
///
/// A file that has `use` or `include` may overlay what it takes in, so nothing is required in it (`Manifest.overlay`); the composed manifest
/// is checked against `Manifest` again. Inside facets nothing is required either.
#[must_use]
pub fn json_schema() -> Value {
    let generated = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Manifest>().to_value();
    let Value::Object(mut root) = generated else { return Value::Null };
    let mut definitions = match root.remove("$defs") {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    root.remove("$schema");
    let title = root.remove("title");
    definitions.insert("Manifest".to_owned(), Value::Object(root));
    tidy_all(&mut definitions);
    definitions.values_mut().for_each(require_a_body);
    let overlays: Vec<(String, Value)> = definitions
        .iter()
        .map(|(name, schema)| {
            let mut schema = schema.clone();
            relax(&mut schema);
            (format!("{name}{OVERLAY}"), schema)
        })
        .collect();
    // What a facet holds is an overlay, also where the facet itself is not in one.
    if let Some(facet) = definitions.get_mut("Facet") {
        relax(facet);
    }
    definitions.extend(overlays);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title.unwrap_or_else(|| "Manifest".into()),
        "description": "A manifest of thinking, as JSON: what `thinking validate --emit json` prints.",
        "if": { "anyOf": [{ "required": ["use"] }, { "required": ["include"] }] },
        "then": { "$ref": format!("{DEFS}Manifest{OVERLAY}") },
        "else": { "$ref": format!("{DEFS}Manifest") },
        "$defs": definitions,
    })
}

/// The schema as it is checked in and as the program ships it.
pub const PUBLISHED: &str = include_str!("thinking.schema.json");

/// The schema as text, made anew.
#[must_use]
pub fn json_schema_text() -> String {
    let mut text = serde_json::to_string_pretty(&json_schema()).unwrap_or_default();
    text.push('\n');
    text
}

/// The name of the definition that requires nothing.
#[must_use]
pub fn overlay_definition(definition: &str) -> String {
    format!("{definition}{OVERLAY}")
}

/// Where bodies are to choose from, exactly one is there.
fn require_a_body(definition: &mut Value) {
    if let Some(Value::Array(bodies)) = definition.get("x-kdl-bodies") {
        let choices: Vec<Value> = bodies.iter().map(|body| json!({ "required": [body] })).collect();
        definition["oneOf"] = choices.into();
    }
}

/// Takes out what schemars adds and no reader needs: `null` as a type (an absent property is absent), defaults, number formats.
fn tidy_all(definitions: &mut Map<String, Value>) {
    definitions.values_mut().for_each(tidy);
}

fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            // `anyOf [X, null]` of an optional reference is X.
            if let Some(Value::Array(choices)) = fields.get("anyOf") {
                let real: Vec<&Value> = choices.iter().filter(|choice| choice["type"] != "null").collect();
                if let [Value::Object(only)] = &*real {
                    let only = (*only).clone();
                    fields.remove("anyOf");
                    for (key, value) in only {
                        fields.entry(key).or_insert(value);
                    }
                }
            }
            if let Some(Value::Array(kinds)) = fields.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = &**kinds {
                    let only = only.clone();
                    fields.insert("type".to_owned(), only);
                }
            }
            if fields.get("format").is_some_and(Value::is_string) {
                fields.remove("format");
            }
            if !fields.contains_key("properties") || fields.contains_key("type") {
                fields.remove("default");
            }
            for (key, value) in fields.iter_mut() {
                // Under these keys stand names, not keywords.
                if let ("properties" | "$defs", Value::Object(named)) = (key.as_str(), &mut *value) {
                    named.values_mut().for_each(tidy);
                } else {
                    tidy(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Makes a definition an overlay: requires nothing, refers to overlays, and a map's key may be empty (the only one of its kind is meant).
fn relax(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("required").is_some_and(Value::is_array) {
                fields.remove("required");
            }
            if fields.contains_key("x-kdl-bodies") {
                fields.remove("oneOf");
            }
            if fields.contains_key("x-kdl-key")
                && let Some(pattern) = fields.get("propertyNames").and_then(|names| names["pattern"].as_str())
            {
                let pattern = format!("{pattern}|^$");
                fields.insert("propertyNames".to_owned(), json!({ "pattern": pattern }));
            }
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && !reference.ends_with(OVERLAY)
            {
                reference.push_str(OVERLAY);
            }
            for (key, value) in fields.iter_mut() {
                if let ("properties", Value::Object(named)) = (key.as_str(), &mut *value) {
                    named.values_mut().for_each(relax);
                } else {
                    relax(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    /// The checked-in file is what the types say. To write it anew: `THINKING_UPDATE=1 cargo test -p thinking-schema`.
    #[test]
    fn checked_in_schema_is_current() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("thinking.schema.json");
        let current = super::json_schema_text();
        if std::env::var_os("THINKING_UPDATE").is_some() {
            std::fs::write(&path, &current).expect("the schema can be written");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == current, "schema/thinking.schema.json is out of date: run with THINKING_UPDATE=1");
    }

    #[test]
    fn no_choices_that_flood() {
        let text = super::json_schema_text();
        assert_eq!(text.matches("oneOf").count(), 1, "only for the body of a step, which has a message of its own");
        assert_eq!(text.matches("anyOf").count(), 1, "only at the root, where it decides what is required");
    }
}
