//! JSON values that know where they were written.

use serde_json::{Map, Number, Value};
use std::sync::Arc;
use thinking_diagnostic::Span;

/// A JSON value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// The value.
    pub value: Kind,
    /// Where it stands: of a node its name and arguments, of a scalar its literal.
    pub span: Span,
    /// The name of the node that it was, if it was one: `step`.
    pub node: Option<Arc<str>>,
}

/// The kinds of JSON values.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Located>),
    /// An object, in the order of the text.
    Map(Vec<Field>),
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where the name stands; for a positional argument where its value stands.
    pub name_span: Span,
    /// Whether it was a child node (rather than a property or an argument).
    pub child: bool,
    /// Its value.
    pub value: Located,
}

impl Located {
    /// A value at a place.
    #[must_use]
    pub fn new(value: Kind, span: Span) -> Self {
        Self { value, span, node: None }
    }

    /// The JSON value without places.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.value {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Map(fields) => Value::Object(
                fields.iter().map(|field| (field.name.clone(), field.value.to_json())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// The fields of an object; none for anything else.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        match &self.value {
            Kind::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// The value of the field of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.field(name).map(|field| &field.value)
    }

    /// The fields, to change them.
    pub fn fields_mut(&mut self) -> Option<&mut Vec<Field>> {
        match &mut self.value {
            Kind::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// The field's value, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.fields_mut()?.iter_mut().find(|field| field.name == name).map(|field| &mut field.value)
    }

    /// The elements of a list; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, with its article: "a string".
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match &self.value {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Number(number) if number.is_f64() => "a number",
            Kind::Number(_) => "an integer",
            Kind::Text(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a block",
        }
    }
}
