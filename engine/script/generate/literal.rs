//! Values as one would type them.

use crate::tokens::{Shape, tokens};
use rhai::{Dynamic, Engine};
use std::fmt::Write as _;

/// A value as Rhai reads it, on one line. After about `most` characters the rest is counted only: `[1, 2, … 998 more]`.
#[must_use]
pub fn literal(value: &Dynamic, most: usize) -> String {
    let mut out = String::new();
    write(value, most, &mut out);
    out
}

fn write(value: &Dynamic, most: usize, out: &mut String) {
    if let Ok(text) = value.as_immutable_string_ref() {
        return quote(&text, most.saturating_sub(out.len()).max(8), out);
    }
    if let Ok(list) = value.as_array_ref() {
        return parts("[", "]", list.iter().map(|item| (None, item)), list.len(), most, out);
    }
    if let Ok(map) = value.as_map_ref() {
        if map.is_empty() {
            return out.push_str("#{}");
        }
        let fields = map.iter().map(|(name, value)| (Some(name.as_str()), value));
        return parts("#{ ", " }", fields, map.len(), most, out);
    }
    if let Ok(bytes) = value.as_blob_ref() {
        // There is no literal for bytes; this says what is in them.
        let _ = write!(out, "blob({})", bytes.len());
        let shown = most.saturating_sub(out.len()).max(24) / 3;
        for byte in bytes.iter().take(shown) {
            let _ = write!(out, " {byte:02x}");
        }
        if bytes.len() > shown {
            out.push_str(" …");
        }
        return;
    }
    if let Ok(letter) = value.as_char() {
        out.push('\'');
        escape(letter, '\'', out);
        return out.push('\'');
    }
    if let Ok(float) = value.as_float() {
        let _ = write!(out, "{float:?}");
        return;
    }
    if value.is_unit() {
        return out.push_str("()");
    }
    let _ = write!(out, "{value}");
}

/// The parts of a list or a map, as many as there is room for.
fn parts<'a>(
    open: &str,
    close: &str,
    parts: impl Iterator<Item = (Option<&'a str>, &'a Dynamic)>,
    count: usize,
    most: usize,
    out: &mut String,
) {
    out.push_str(open);
    for (at, (name, part)) in parts.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        if out.len() >= most {
            let _ = write!(out, "… {} more", count - at);
            break;
        }
        match name {
            Some(name) if is_name(name) => {
                let _ = write!(out, "{name}: ");
            }
            Some(name) => {
                quote(name, 40, out);
                out.push_str(": ");
            }
            None => {}
        }
        write(part, most, out);
    }
    out.push_str(close);
}

/// Whether a key needs no quotes.
fn is_name(text: &str) -> bool {
    let tokens = tokens(&Engine::new_raw(), text);
    matches!(&*tokens, [only] if only.shape == Shape::Name && only.text == text)
}

fn quote(text: &str, most: usize, out: &mut String) {
    out.push('"');
    let cut = text.char_indices().nth(most).map(|(end, _)| end);
    text[..cut.unwrap_or(text.len())].chars().for_each(|letter| escape(letter, '"', out));
    out.push('"');
    if cut.is_some() {
        let _ = write!(out, "… ({} characters)", text.chars().count());
    }
}

/// A character as it stands in a literal; what cannot be seen, or would change the line, is written as a number.
fn escape(letter: char, quote: char, out: &mut String) {
    let code = u32::from(letter);
    match letter {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\\' => out.push_str("\\\\"),
        _ if letter == quote => {
            out.push('\\');
            out.push(letter);
        }
        ' ' => out.push(' '),
        // Debug knows which characters have no picture of their own.
        _ if letter.is_control() || letter.escape_debug().len() > 1 && !matches!(letter, '\'' | '"') => {
            let _ = match code {
                0..0x100 => write!(out, "\\x{code:02x}"),
                0x100..0x1_0000 => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
        }
        _ => out.push(letter),
    }
}
