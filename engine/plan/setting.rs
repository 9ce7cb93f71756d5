//! Properties that are a value or a template whose value is checked when it is evaluated.

use crate::{Evaluate, OnError, Template};
use std::time::Duration;
use thinking_step::{StepError, Value};

/// A property: fixed, or computed just before each attempt.
#[derive(Clone)]
pub enum Setting<T> {
    /// Known from the manifest.
    Fixed(T),
    /// A template.
    Computed(Template),
}

impl<T: FromValue + Clone> Setting<T> {
    /// The value.
    ///
    /// # Errors
    /// What the template threw, or that its value is of the wrong type.
    pub fn get(&self, evaluate: &dyn Evaluate) -> Result<T, StepError> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Computed(template) => {
                let value = template.value(evaluate)?;
                T::from_value(&value).ok_or_else(|| {
                    StepError::script(format!("`{}` gives {value}, where {} is needed", template.source, T::WANTED))
                        .at(template.span)
                })
            }
        }
    }
}

/// What a property's value can be made of.
pub trait FromValue: Sized {
    /// A phrase for messages: "a duration such as \"5m\"".
    const WANTED: &'static str;
    /// The value, if `value` can be one.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for u32 {
    const WANTED: &'static str = "a whole number from 0";
    fn from_value(value: &Value) -> Option<Self> {
        value.as_u64().and_then(|number| number.try_into().ok())
    }
}

impl FromValue for bool {
    const WANTED: &'static str = "true or false";
    fn from_value(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromValue for String {
    const WANTED: &'static str = "a string";
    fn from_value(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl FromValue for Duration {
    const WANTED: &'static str = "a duration such as \"5m\"";
    fn from_value(value: &Value) -> Option<Self> {
        thinking_manifest::units::duration(value.as_str()?)
    }
}

impl FromValue for OnError {
    const WANTED: &'static str = "\"fail\" or \"skip\"";
    fn from_value(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "fail" => Some(Self::Fail),
            "skip" => Some(Self::Skip),
            _ => None,
        }
    }
}

impl FromValue for crate::Backoff {
    const WANTED: &'static str = "\"fixed\", \"linear\" or \"exponential\"";
    fn from_value(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "fixed" => Some(Self::Fixed),
            "linear" => Some(Self::Linear),
            "exponential" => Some(Self::Exponential),
            _ => None,
        }
    }
}
