//! Keeps secrets out of what is stored and shown.

use std::path::Path;
use thinking_plan::Parameters;
use thinking_step::{StepError, Value};

const HIDDEN: &str = "•••";
/// A text that is shorter stands in too many others by chance: it is looked for as a word of its own only.
const SHORTEST: usize = 4;
/// So many bytes of a line of output are shown.
const SHOWN: usize = 16 << 10;
/// So many bytes of a line of output are kept before secrets are taken out: a secret that begins in what is shown ends in what is kept.
pub(crate) const KEPT: usize = 32 << 10;

/// All secrets in the forms in which they could be stored or shown.
#[derive(Default)]
pub(crate) struct Mask {
    /// Looked for anywhere, the longest first.
    texts: Vec<Needle>,
    /// Short texts and numbers: looked for as whole words and whole values.
    words: Vec<Needle>,
    /// Lists and maps: looked for as whole values.
    wholes: Vec<(String, Value)>,
    /// Lines of secrets of several lines: hidden, since output is told line by line.
    lines: Vec<String>,
}

/// What is looked for, and the name of the parameter that it is from.
struct Needle {
    name: String,
    text: String,
}

impl Mask {
    /// The secrets among the parameters, with all that is in lists and maps. What is too short to be one (`true`, `0`, an empty text) is not looked for.
    pub(crate) fn new(params: &Parameters) -> Self {
        let mut mask = Self::default();
        for (name, param) in params.values.iter().filter(|(_, param)| param.secret) {
            mask.add(name, &param.value);
        }
        mask.texts.sort_by_key(|needle| std::cmp::Reverse(needle.text.len()));
        mask.words.sort_by_key(|needle| std::cmp::Reverse(needle.text.len()));
        mask.lines.sort_by_key(|line| std::cmp::Reverse(line.len()));
        mask
    }

    fn add(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) => self.add_text(name, text),
            Value::Number(number) => self.add_text(name, &number.to_string()),
            Value::Array(items) => {
                if !items.is_empty() {
                    self.wholes.push((name.to_owned(), value.clone()));
                }
                items.iter().for_each(|item| self.add(name, item));
            }
            Value::Object(fields) => {
                if !fields.is_empty() {
                    self.wholes.push((name.to_owned(), value.clone()));
                }
                fields.values().for_each(|field| self.add(name, field));
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn add_text(&mut self, name: &str, text: &str) {
        let needle = |text: &str| Needle { name: name.to_owned(), text: text.to_owned() };
        match text.chars().count() {
            0 | 1 => {}
            short if short < SHORTEST => self.words.push(needle(text)),
            _ => {
                self.texts.push(needle(text));
                // As JSON and Rhai write it between quotes.
                let quoted = [Value::from(text).to_string(), format!("{text:?}")];
                for written in &quoted {
                    let inside = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
                    if inside != text && !self.texts.iter().any(|known| known.text == inside) {
                        self.texts.push(needle(inside));
                    }
                }
                // As a part of a URL.
                let encoded = url_encoded(text);
                if encoded != text {
                    self.texts.push(needle(&encoded));
                }
                if text.contains('\n') {
                    let long = text.lines().map(str::trim).filter(|line| line.len() >= 2 * SHORTEST);
                    self.lines.extend(long.map(str::to_owned));
                }
            }
        }
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.words.is_empty() && self.wholes.is_empty()
    }

    /// The text without secrets.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in self.texts.iter().map(|needle| &needle.text).chain(&self.lines) {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), HIDDEN);
            }
        }
        for needle in &self.words {
            shown = without_word(shown, &needle.text);
        }
        shown
    }

    /// A line of output without secrets, cut if it is very long. `text` are at most its first [`KEPT`] bytes.
    pub(crate) fn line(&self, text: &str) -> String {
        let mut shown = self.text(text);
        if text.len() + 3 >= KEPT {
            // What was left out may hold the rest of a secret that begins here.
            let ends = |secret: &str| {
                (1..secret.len()).rev().find(|end| secret.get(..*end).is_some_and(|part| shown.ends_with(part)))
            };
            let begun = self.texts.iter().filter_map(|needle| ends(&needle.text)).max().unwrap_or(0);
            shown.truncate(shown.len().saturating_sub(begun));
        }
        if shown.len() > SHOWN {
            let end = (0..=SHOWN).rev().find(|end| shown.is_char_boundary(*end)).unwrap_or(0);
            shown.truncate(end);
            shown.push_str(" …");
        }
        shown
    }

    /// The error without secrets.
    pub(crate) fn error(&self, mut error: StepError) -> StepError {
        error.details = error.details.iter().map(|line| self.line(line)).collect();
        if !self.is_empty() {
            error.message = self.text(&error.message);
            error.help = error.help.map(|help| self.text(&help));
        }
        error
    }

    /// The name of a secret that is in `value`.
    pub(crate) fn find(&self, value: &Value) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        if let Some((name, _)) = self.wholes.iter().find(|(_, whole)| whole == value) {
            return Some(name);
        }
        match value {
            Value::String(text) => self.find_text(text),
            Value::Number(number) => {
                let text = number.to_string();
                let same = |needle: &&Needle| {
                    needle.text == text
                        || needle.text.parse().ok().is_some_and(|secret: f64| number.as_f64() == Some(secret))
                };
                self.texts.iter().chain(&self.words).find(same).map(|needle| needle.name.as_str())
            }
            Value::Array(items) => items.iter().find_map(|item| self.find(item)),
            Value::Object(fields) => {
                fields.iter().find_map(|(key, field)| self.find_text(key).or_else(|| self.find(field)))
            }
            Value::Null | Value::Bool(_) => None,
        }
    }

    /// The name of a secret that is in `text`.
    pub(crate) fn find_text(&self, text: &str) -> Option<&str> {
        let within = self.texts.iter().find(|needle| text.contains(needle.text.as_str()));
        let same = || self.words.iter().find(|needle| needle.text == text);
        within.or_else(same).map(|needle| needle.name.as_str())
    }

    /// The name of a secret that is in `bytes`.
    pub(crate) fn find_bytes(&self, bytes: &[u8]) -> Option<&str> {
        let within = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        let found = self.texts.iter().find(|needle| within(&needle.text));
        let same = || self.words.iter().find(|needle| needle.text.as_bytes() == bytes);
        found.or_else(same).map(|needle| needle.name.as_str())
    }

    /// The name of a secret that is in a path, seen from the project's directory.
    pub(crate) fn find_path(&self, root: &Path, path: &Path) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        let within = path.strip_prefix(root).unwrap_or(path);
        let parts = within.components().filter_map(|part| part.as_os_str().to_str());
        self.find_text(within.to_str().unwrap_or_default())
            .or_else(|| parts.into_iter().find_map(|part| self.find_text(part)))
    }
}

/// A text as it stands in a URL's query.
fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = std::fmt::Write::write_fmt(&mut encoded, format_args!("%{byte:02X}"));
        }
    }
    encoded
}

/// Hides a word where it stands by itself.
fn without_word(text: String, word: &str) -> String {
    if !text.contains(word) {
        return text;
    }
    let joins =
        |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || character == '_');
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text.as_str());
    while let Some((before, after)) = rest.split_once(word) {
        shown.push_str(before);
        let alone = !joins(shown.chars().next_back()) && !joins(after.chars().next());
        shown.push_str(if alone { HIDDEN } else { word });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use thinking_plan::ParamValue;

    fn mask(secret: Value) -> Mask {
        let mut params = Parameters::default();
        params.values.insert("tok".into(), ParamValue { value: secret, secret: true, given: true, span: None });
        Mask::new(&params)
    }

    #[test]
    fn secrets_are_hidden_in_every_form() {
        let quoted = mask(json!("sup\"er\\x"));
        for text in ["a sup\"er\\x b", r#"a "sup\"er\\x" b"#] {
            assert!(!quoted.text(text).contains("er"), "{}", quoted.text(text));
        }
        assert_eq!(mask(json!("a b/ü")).text("GET `http://x/?q=a%20b%2F%C3%BC&z`"), "GET `http://x/?q=•••&z`");
        let key = mask(json!("-----BEGIN KEY-----\nabcdefghij\n"));
        assert_eq!(key.text("line: abcdefghij"), "line: •••");
        let pin = mask(json!("42"));
        assert_eq!(pin.text("42 of 142, x=42"), "••• of 142, x=•••");
        assert_eq!(mask(json!(4242)).text("got 4242"), "got •••");
    }

    #[test]
    fn secrets_are_found_in_lists_and_maps() {
        let mask = mask(json!({"user": "anna", "keys": ["hunter2", 123_456, "ab", true]}));
        for value in [
            json!("x hunter2"),
            json!([[123_456]]),
            json!(123_456.0),
            json!({"hunter2": 1}),
            json!("ab"),
            json!(["hunter2", 123_456, "ab", true]),
        ] {
            assert_eq!(mask.find(&value), Some("tok"), "{value}");
        }
        for value in [json!("abc"), json!(1_234_567), json!(true), json!([])] {
            assert_eq!(mask.find(&value), None, "{value}");
        }
    }

    #[test]
    fn long_lines_are_cut_without_half_a_secret() {
        let mask = mask(json!("hunter2hunter2"));
        assert_eq!(mask.line("short hunter2hunter2"), "short •••");
        let line = mask.line(&format!("{}hunter2h", "x".repeat(KEPT - 8)));
        assert_eq!((line.len(), line.ends_with("x …")), (SHOWN + 4, true));
        let line = mask.line(&format!("{}hunter2h", "hunter2hunter2".repeat(KEPT / 14)));
        assert!(!line.contains("hunter"), "{line}");
    }
}
