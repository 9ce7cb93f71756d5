//! Arguments and their schemas.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use thinking_step::{Arguments, ErrorKind, Parameter, StepError, Value};

/// The JSON Schema of a type, in one piece.
pub fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Value::Object(fields) = &mut schema {
        fields.remove("$schema");
        fields.remove("title");
    }
    schema
}

/// The schema of a configuration in which nothing can be said.
pub fn no_schema() -> Value {
    json!({ "type": "object", "additionalProperties": false })
}

/// A parameter of an operation.
pub fn parameter<T: JsonSchema + DeserializeOwned>(name: &str, doc: &str, optional: bool) -> Parameter {
    Parameter { name: name.to_owned(), schema: described(schema::<T>(), doc), optional }
}

/// An argument of a step, by its name in manifests.
pub fn argument<T: JsonSchema + DeserializeOwned>(name: &str, doc: &str, optional: bool) -> Parameter {
    parameter::<T>(name, doc, optional)
}

/// An argument of a step that has a default.
pub fn argument_or<T: JsonSchema + DeserializeOwned + Serialize>(name: &str, doc: &str, default: T) -> Parameter {
    let mut parameter = parameter::<T>(name, doc, true);
    if let (Value::Object(fields), Ok(default)) = (&mut parameter.schema, serde_json::to_value(default)) {
        fields.insert("default".to_owned(), default);
    }
    parameter
}

fn described(mut schema: Value, doc: &str) -> Value {
    if doc.is_empty() {
        return schema;
    }
    // `true` as an object is `{}`.
    if schema == Value::Bool(true) {
        schema = json!({});
    }
    if let Value::Object(fields) = &mut schema {
        fields.insert("description".to_owned(), doc.into());
    }
    schema
}

/// The schema of a step's arguments.
pub(crate) fn object(arguments: Vec<Parameter>) -> Value {
    let required: Vec<&str> = arguments.iter().filter(|one| !one.optional).map(|one| one.name.as_str()).collect();
    let mut schema = json!({ "type": "object", "properties": {}, "required": required, "additionalProperties": false });
    for argument in arguments {
        schema["properties"][argument.name] = argument.schema;
    }
    schema
}

/// An argument that may be missing.
pub fn given<T: DeserializeOwned>(
    arguments: &mut dyn Arguments,
    position: usize,
    name: &str,
    operation: &str,
) -> Result<Option<T>, StepError> {
    thinking_step::argument(arguments, position, name, operation)
}

/// An argument whose type says what it is when it is missing.
pub fn optional<T: DeserializeOwned + Default>(
    arguments: &mut dyn Arguments,
    position: usize,
    name: &str,
    operation: &str,
) -> Result<T, StepError> {
    Ok(given(arguments, position, name, operation)?.unwrap_or_default())
}

/// An argument that must be there.
pub fn required<T: DeserializeOwned>(
    arguments: &mut dyn Arguments,
    position: usize,
    name: &str,
    operation: &str,
) -> Result<T, StepError> {
    given(arguments, position, name, operation)?
        .ok_or_else(|| StepError::new(ErrorKind::Native, format!("`{operation}` needs `{name}`")))
}
