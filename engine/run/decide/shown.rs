//! Values as messages show them.

use thinking_step::Value;

/// A value as text: as JSON, but `()` where that says `null`, since that is how people write it.
pub(crate) fn shown(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Null => "()".to_owned(),
        Value::Array(items) => format!("[{}]", list(items.iter().map(shown).collect())),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), shown(value));
            format!("{{{}}}", list(fields.iter().map(field).collect()))
        }
        other => other.to_string(),
    }
}
