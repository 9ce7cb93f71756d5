//! A user's JSON Schema in the plain form that values are fitted to and checked against.

use serde_json::{Map, Value, json};

/// The schema with its choices made plain: "this or null" is one schema, a choice between words is a list of words. Objects with properties take no
/// others unless the schema says what those are: a slip of the keyboard is not to pass in silence.
pub(crate) fn plain(schema: &Value) -> Value {
    let mut plain = schema.clone();
    settle(&mut plain);
    plain
}

/// The same with names as a manifest writes them: `min-count` for `min_count`.
pub(crate) fn as_written(schema: &Value) -> Value {
    let mut written = plain(schema);
    rename(&mut written);
    written
}

/// A name as a manifest writes it.
pub(crate) fn written(name: &str) -> String {
    name.replace('_', "-")
}

fn settle(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(choices)) = fields.get(keyword)
            && let Some(merged) = merged(choices)
        {
            fields.remove(keyword);
            for (key, value) in merged {
                fields.entry(key).or_insert(value);
            }
        }
    }
    let composed =
        ["allOf", "anyOf", "oneOf", "if", "patternProperties", "additionalProperties", "unevaluatedProperties"];
    if fields.contains_key("properties") && !composed.iter().any(|keyword| fields.contains_key(*keyword)) {
        fields.insert("additionalProperties".to_owned(), false.into());
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(settle);
    }
    for keyword in ["items", "additionalProperties"] {
        fields.get_mut(keyword).into_iter().for_each(settle);
    }
    if let Some(Value::Array(items)) = fields.get_mut("prefixItems") {
        items.iter_mut().for_each(settle);
    }
}

/// Choices as one schema, if that says the same: words, or one schema beside null.
fn merged(choices: &[Value]) -> Option<Map<String, Value>> {
    let real: Vec<&Value> = choices.iter().filter(|choice| choice["type"] != "null").collect();
    let null = real.len() < choices.len();
    let mut one = match &*real {
        [Value::Object(only)] if null => {
            let mut only = Value::Object(only.clone());
            settle(&mut only);
            let Value::Object(only) = only else { return None };
            only
        }
        many => {
            let mut words: Vec<Value> = Vec::new();
            for choice in many {
                match (&choice["const"], &choice["enum"]) {
                    (Value::String(word), _) => words.push(word.clone().into()),
                    (_, Value::Array(more)) if more.iter().all(Value::is_string) => words.extend(more.iter().cloned()),
                    _ => return None,
                }
            }
            let Value::Object(words) = json!({ "type": "string", "enum": words }) else { return None };
            words
        }
    };
    if null {
        match one.get_mut("type") {
            Some(Value::Array(kinds)) => kinds.push("null".into()),
            Some(kind) => *kind = json!([kind.take(), "null"]),
            None => return None,
        }
        if let Some(Value::Array(words)) = one.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    Some(one)
}

fn rename(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(rename);
        let unclear = properties.keys().any(|name| written(name) != *name && properties.contains_key(&written(name)));
        if !unclear {
            *properties = std::mem::take(properties).into_iter().map(|(name, own)| (written(&name), own)).collect();
            for keyword in ["required", "x-kdl-arguments"] {
                if let Some(Value::Array(names)) = fields.get_mut(keyword) {
                    names.iter_mut().for_each(rename_text);
                }
            }
            if let Some(Value::Object(nodes)) = fields.get_mut("x-kdl-nodes") {
                nodes.values_mut().for_each(rename_text);
            }
        }
    }
    for keyword in ["items", "additionalProperties"] {
        fields.get_mut(keyword).into_iter().for_each(rename);
    }
    for keyword in ["prefixItems", "allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(choices)) = fields.get_mut(keyword) {
            choices.iter_mut().for_each(rename);
        }
    }
}

fn rename_text(name: &mut Value) {
    if let Value::String(text) = name {
        *text = written(text);
    }
}
