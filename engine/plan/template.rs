//! Strings and values with `${…}` in them.

use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_step::{Program, StepError, Value};

/// A piece of a template.
#[derive(Clone)]
pub enum TemplatePart {
    /// Text as it is.
    Text(Arc<str>),
    /// The value of an expression.
    Code(Arc<dyn Program>),
}

/// A string of the manifest in which `${expression}` is replaced. A template that is exactly one expression keeps that value's type.
#[derive(Clone)]
pub struct Template {
    /// In order.
    pub parts: Vec<TemplatePart>,
    /// The string in the manifest.
    pub span: Option<Span>,
    /// The string as written, for messages.
    pub source: Arc<str>,
}

/// Evaluates programs: the run gives one that has a host.
pub trait Evaluate {
    /// The program's value.
    ///
    /// # Errors
    /// What the program threw.
    fn evaluate(&self, program: &Arc<dyn Program>) -> Result<Value, StepError>;
}

impl<F: Fn(&Arc<dyn Program>) -> Result<Value, StepError>> Evaluate for F {
    fn evaluate(&self, program: &Arc<dyn Program>) -> Result<Value, StepError> {
        self(program)
    }
}

impl Template {
    /// A template without expressions.
    #[must_use]
    pub fn fixed(text: impl Into<Arc<str>>, span: Option<Span>) -> Self {
        let source = text.into();
        Self { parts: vec![TemplatePart::Text(source.clone())], span, source }
    }

    /// The text, if there is no expression in it.
    #[must_use]
    pub fn as_fixed(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => Some(&**text),
                TemplatePart::Code(_) => None,
            })
            .collect()
    }

    /// Its value: of any type if it is exactly one expression, otherwise a string.
    ///
    /// # Errors
    /// What an expression threw.
    pub fn value(&self, evaluate: &dyn Evaluate) -> Result<Value, StepError> {
        if let [TemplatePart::Code(program)] = &*self.parts {
            return evaluate.evaluate(program).map_err(|error| error.at(self.span));
        }
        let mut text = String::new();
        for part in &self.parts {
            match part {
                TemplatePart::Text(piece) => text.push_str(piece),
                TemplatePart::Code(program) => {
                    text.push_str(&shown(&evaluate.evaluate(program).map_err(|error| error.at(self.span))?));
                }
            }
        }
        Ok(Value::String(text))
    }

    /// Its value as text.
    ///
    /// # Errors
    /// What an expression threw.
    pub fn text(&self, evaluate: &dyn Evaluate) -> Result<String, StepError> {
        self.value(evaluate).map(|value| shown(&value))
    }
}

/// A value as it appears inside text: strings as they are, nothing for `()`, everything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A JSON-like value with templates in it: the arguments of a `call`.
#[derive(Clone)]
pub enum TemplateValue {
    /// Nothing to evaluate.
    Fixed(Value),
    /// A string with expressions.
    Template(Template),
    /// A list.
    List(Vec<TemplateValue>),
    /// Named values, in order.
    Map(Vec<(String, TemplateValue)>),
}

impl TemplateValue {
    /// Its value.
    ///
    /// # Errors
    /// What an expression threw.
    pub fn value(&self, evaluate: &dyn Evaluate) -> Result<Value, StepError> {
        Ok(match self {
            Self::Fixed(value) => value.clone(),
            Self::Template(template) => template.value(evaluate)?,
            Self::List(items) => Value::Array(items.iter().map(|item| item.value(evaluate)).collect::<Result<_, _>>()?),
            Self::Map(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), field.value(evaluate)?)))
                    .collect::<Result<_, StepError>>()?,
            ),
        })
    }
}
