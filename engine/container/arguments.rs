//! Arguments of native steps: one struct gives their schema and takes them apart.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use thinking_step::{ErrorKind, StepError, Value};

/// The JSON Schema of an argument struct, in one piece.
pub(crate) fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Value::Object(fields) = &mut schema {
        fields.remove("$schema");
        fields.remove("title");
    }
    schema
}

/// Arguments as their struct. They were checked against the schema, except for the values of templates.
pub(crate) fn decode<T: DeserializeOwned>(step: &str, arguments: &Value) -> Result<T, StepError> {
    T::deserialize(arguments)
        .map_err(|error| StepError::new(ErrorKind::Native, format!("`{step}` cannot take these arguments: {error}")))
}
