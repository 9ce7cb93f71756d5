//! Keeps secrets out of what is stored and shown.

use thinking_plan::Parameters;
use thinking_step::{StepError, Value};

const HIDDEN: &str = "•••";

/// The texts of all secrets, each with its name, the longest first.
#[derive(Default)]
pub(crate) struct Mask {
    secrets: Vec<(String, String)>,
}

impl Mask {
    /// The secrets among the parameters. What is too short to be one (`true`, `0`, an empty text) is not looked for.
    pub(crate) fn new(params: &Parameters) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()).filter(|text| text.len() >= 4),
            _ => None,
        };
        let mut secrets: Vec<(String, String)> = params
            .values
            .iter()
            .filter(|(_, param)| param.secret)
            .filter_map(|(name, param)| Some((name.to_string(), text(&param.value)?)))
            .collect();
        secrets.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
        Self { secrets }
    }

    /// The text without secrets.
    pub(crate) fn text(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, (_, secret)| text.replace(secret.as_str(), HIDDEN))
    }

    /// The error without secrets.
    pub(crate) fn error(&self, mut error: StepError) -> StepError {
        if !self.secrets.is_empty() {
            error.message = self.text(&error.message);
            error.help = error.help.map(|help| self.text(&help));
            error.details = error.details.iter().map(|line| self.text(line)).collect();
        }
        error
    }

    /// The name of a secret that is in `value`.
    pub(crate) fn find(&self, value: &Value) -> Option<&str> {
        if self.secrets.is_empty() {
            return None;
        }
        match value {
            Value::String(text) => self.find_text(text),
            Value::Number(number) => self.find_text(&number.to_string()),
            Value::Array(items) => items.iter().find_map(|item| self.find(item)),
            Value::Object(fields) => {
                fields.iter().find_map(|(key, field)| self.find_text(key).or_else(|| self.find(field)))
            }
            Value::Null | Value::Bool(_) => None,
        }
    }

    /// The name of a secret that is in `text`.
    pub(crate) fn find_text(&self, text: &str) -> Option<&str> {
        self.secrets.iter().find(|(_, secret)| text.contains(secret.as_str())).map(|(name, _)| name.as_str())
    }

    /// The name of a secret that is in `bytes`.
    pub(crate) fn find_bytes(&self, bytes: &[u8]) -> Option<&str> {
        let within = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        self.secrets.iter().find(|(_, secret)| within(secret)).map(|(name, _)| name.as_str())
    }
}
