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
    definitions.values_mut().for_each(let_facets_choose);
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

/// Where bodies are to choose from, there is one, and there are not two unless facets choose between them.
fn require_a_body(definition: &mut Value) {
    let Some(Value::Array(bodies)) = definition.get("x-kdl-bodies").cloned() else { return };
    let choices: Vec<Value> = bodies.iter().map(|body| json!({ "required": [body] })).collect();
    definition["anyOf"] = choices.into();
    let always = json!({ "not": { "type": "object", "anyOf": [{ "required": [FACETS] }, { "required": ["facet"] }] } });
    let mut pairs = Vec::new();
    for (at, one) in bodies.iter().enumerate() {
        for other in &bodies[at + 1..] {
            let (Some(one), Some(other)) = (one.as_str(), other.as_str()) else { continue };
            pairs.push(json!({ "not": { "required": [one, other], "properties": { one: always, other: always } } }));
        }
    }
    definition["allOf"] = pairs.into();
}

/// The property of a value that is there under some facets only: `{"$facets": [{"facet": "gpu", "value": 3}]}`.
pub const FACETS: &str = "$facets";

/// Any node may carry `facet=`. Nodes that are blocks have a property for it; one that is a plain value (`timeout "5m" facet="gpu"`) becomes a list of
/// values with their conditions, so plain values and values in lists may be that too. Positional arguments are no nodes.
fn let_facets_choose(definition: &mut Value) {
    if definition.get("x-kdl-children").is_some() {
        // Its plain values are properties of the node, never nodes.
        return;
    }
    let positions: Vec<String> = definition
        .get("x-kdl-arguments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let Some(Value::Object(properties)) = definition.get_mut("properties") else { return };
    for (name, property) in properties {
        if name == "facet" || positions.contains(name) {
            continue;
        }
        match property.get_mut("items") {
            Some(items) if items.get("type").is_some_and(|kind| kind == "string") => choose(items),
            Some(_) => {}
            None => choose(property),
        }
    }
}

fn choose(property: &mut Value) {
    let Value::Object(fields) = property else { return };
    let scalar =
        |kind: &Value| kind.as_str().is_some_and(|kind| ["string", "integer", "number", "boolean"].contains(&kind));
    let kinds = match fields.get("type") {
        Some(Value::Array(kinds)) if kinds.iter().all(scalar) => kinds.clone(),
        Some(kind) if scalar(kind) => vec![kind.clone()],
        _ => return,
    };
    let mut value = fields.clone();
    value.remove("description");
    let mut with_block = kinds;
    with_block.push("object".into());
    fields.insert("type".to_owned(), with_block.into());
    fields.insert("additionalProperties".to_owned(), false.into());
    fields.insert("required".to_owned(), json!([FACETS]));
    let element = json!({
        "type": "object",
        "properties": { "facet": { "type": "string" }, "value": value },
        "required": ["facet", "value"],
        "additionalProperties": false,
    });
    fields.insert("properties".to_owned(), json!({ FACETS: { "type": "array", "items": element } }));
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
                } else if key != "dependentRequired" {
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
            // What a facet chooses between is whole everywhere.
            if fields.get("required").is_some_and(|names| {
                names.is_array() && *names != json!([FACETS]) && *names != json!(["facet", "value"])
            }) {
                fields.remove("required");
            }
            if fields.contains_key("x-kdl-bodies") {
                fields.remove("anyOf");
            }
            if fields.contains_key("properties") {
                fields.remove("dependentRequired");
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
                } else if key != "allOf" {
                    // Two bodies are too many in an overlay too.
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
        assert!(!text.contains("oneOf"), "a failing oneOf reports every branch");
        let decided = |text: &str| text.matches("\"anyOf\": [\n        {\n          \"required\"").count();
        assert_eq!(decided(&text), 4, "only for `step`, `wait`, `on` and `target`, which have messages of their own");
    }
}
