//! What travels between steps, scripts and the store.

/// What JSON can say: results, parameters, arguments.
pub type Value = serde_json::Value;

/// What a database holds under a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// What JSON can say.
    Json(Value),
    /// Bytes as they are.
    Blob(Vec<u8>),
}

impl From<Value> for Datum {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// What a text of a table is: a number if it is one as JSON writes it as a whole (`12`, `-0.5`, `1e3`), a string otherwise. No plus sign, no leading
/// zeros, no blanks: keys such as `007` stay what they are.
#[must_use]
pub fn from_text(text: &str) -> Value {
    if !is_plain_number(text) {
        return text.into();
    }
    if text.contains(['.', 'e', 'E']) {
        return match text.parse::<f64>() {
            Ok(float) if float.is_finite() => float.into(),
            _ => text.into(),
        };
    }
    text.parse::<i64>().map_or_else(|_| text.into(), Into::into)
}

fn is_plain_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}
