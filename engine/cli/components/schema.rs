//! What a JSON Schema says of the fields of an object, for people.

use serde_json::{Value, json};

/// A field of a configuration, or an argument.
pub(crate) struct Field {
    pub name: String,
    /// Its type in words: `text`, `list of whole number`.
    pub kind: String,
    pub required: bool,
    pub default: Option<Value>,
    /// One paragraph; may be empty.
    pub doc: String,
}

impl Field {
    /// One field by itself.
    pub fn new(name: &str, schema: &Value, required: bool) -> Self {
        let doc = schema["description"].as_str().unwrap_or_default();
        Self {
            name: name.to_owned(),
            kind: kind(schema),
            required,
            default: schema.get("default").filter(|default| !default.is_null()).cloned(),
            doc: doc.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// `epochs: whole number = 3`, or `corpus: text, must be given`.
    pub fn line(&self) -> String {
        let rest = match (&self.default, self.required) {
            (Some(default), _) => format!(" = {default}"),
            (None, true) => ", must be given".to_owned(),
            (None, false) => String::new(),
        };
        format!("{}: {}{rest}", self.name, self.kind)
    }

    pub fn json(&self) -> Value {
        json!({
            "name": self.name, "type": self.kind, "required": self.required, "default": self.default, "doc": self.doc,
        })
    }
}

/// The fields of an object's schema, in its order.
pub(crate) fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object();
    let fields = properties.into_iter().flatten();
    fields.map(|(name, schema)| Field::new(name, schema, required.contains(&name.as_str()))).collect()
}

/// A type in words.
fn kind(schema: &Value) -> String {
    let word = |word: &str| match word {
        "string" => "text",
        "integer" => "whole number",
        "number" => "number",
        "boolean" => "true or false",
        "object" => "block",
        "null" => "nothing",
        _ => "anything",
    };
    if let Some(allowed) = schema["enum"].as_array() {
        return allowed.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    if let Some(only) = schema.get("const") {
        return only.to_string();
    }
    for choices in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choices].as_array() {
            let kinds: Vec<String> = choices.iter().filter(|choice| choice["type"] != "null").map(kind).collect();
            return kinds.join(" | ");
        }
    }
    match &schema["type"] {
        Value::String(one) if one == "array" => match schema.get("items") {
            Some(items) => format!("list of {}", kind(items)),
            None => "list".to_owned(),
        },
        Value::String(one) => word(one).to_owned(),
        Value::Array(several) => {
            let kinds = several.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.map(|kind| if kind == "array" { "list" } else { word(kind) }).collect::<Vec<_>>().join(" | ")
        }
        _ => "anything".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::fields;
    use serde_json::json;

    #[test]
    fn in_words() {
        let schema = json!({
            "properties": {
                "corpus": { "type": "string", "description": "What to\n read." },
                "epochs": { "type": "integer", "default": 3 },
                "rate": { "type": ["number", "null"], "default": null },
                "kind": { "enum": ["a", "b"], "default": "a" },
                "layers": { "type": "array", "items": { "type": "integer" } },
                "either": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                "free": true,
            },
            "required": ["corpus"],
        });
        let lines: Vec<String> = fields(&schema).iter().map(|field| field.line()).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        corpus: text, must be given
        epochs: whole number = 3
        rate: number
        kind: "a" | "b" = "a"
        layers: list of whole number
        either: text
        free: anything
        "#);
        assert_eq!(fields(&schema)[0].doc, "What to read.");
    }
}
