//! Values for messages: as JSON says them where it can, and never longer than a line should be.

use crate::number::kind;
use crate::stream::as_list;
use rhai::{Dynamic, FnPtr};
use std::fmt::Write as _;

/// A value on one line of about `most` characters. What does not fit is counted: `[1,2, … 998 more]`.
pub fn brief(value: &Dynamic, most: usize) -> String {
    let mut out = String::new();
    write(value, most, &mut out);
    out
}

/// Two values that differ. Where that cannot be seen (`'a'` and `"a"`), it is said what they are.
pub fn brief_pair(left: &Dynamic, right: &Dynamic, most: usize) -> (String, String) {
    if let (Ok(left), Ok(right)) = (left.as_immutable_string_ref(), right.as_immutable_string_ref()) {
        return text_pair(&left, &right, most);
    }
    let (mut first, mut second) = (brief(left, most), brief(right, most));
    if first == second && kind(left) != kind(right) {
        let _ = write!(first, " ({})", kind(left));
        let _ = write!(second, " ({})", kind(right));
    } else if first == second && is_nan(left) {
        second.push_str(" (NaN equals nothing, not even itself)");
    }
    (first, second)
}

fn is_nan(value: &Dynamic) -> bool {
    value.as_float().is_ok_and(f64::is_nan)
}

fn write(value: &Dynamic, most: usize, out: &mut String) {
    if let Ok(text) = value.as_immutable_string_ref() {
        return quote(&text, most.saturating_sub(out.len()).max(8), out);
    }
    if let Ok(list) = value.as_array_ref() {
        return items(&list, most, out);
    }
    if let Ok(map) = value.as_map_ref() {
        let fields = map.iter().map(|(name, value)| (Some(name.as_str()), value));
        return parts(('{', '}'), fields, map.len(), most, out);
    }
    if let Ok(bytes) = value.as_blob_ref() {
        let _ = write!(out, "blob({} bytes)", bytes.len());
        let shown = bytes.iter().take(16);
        shown.for_each(|byte| {
            let _ = write!(out, " {byte:02x}");
        });
        if bytes.len() > 16 {
            out.push_str(" …");
        }
        return;
    }
    if let Ok(float) = value.as_float() {
        match serde_json::Number::from_f64(float) {
            Some(number) => out.push_str(&number.to_string()),
            None => out.push_str(&float.to_string()),
        }
        return;
    }
    if let Ok(letter) = value.as_char() {
        return quote(letter.encode_utf8(&mut [0; 4]), 8, out);
    }
    if value.read_lock::<FnPtr>().is_some_and(|function| function.is_anonymous()) {
        // Its name is one that Rhai made up.
        return out.push_str("a function");
    }
    match as_list(value) {
        Ok(Some(list)) => items(&list, most, out),
        _ if value.is_unit() => out.push_str("()"),
        _ => out.push_str(&value.to_string()),
    }
}

fn items(list: &[Dynamic], most: usize, out: &mut String) {
    parts(('[', ']'), list.iter().map(|item| (None, item)), list.len(), most, out);
}

/// The parts of a list or a map, as many as there is room for.
fn parts<'a>(
    (open, close): (char, char),
    parts: impl Iterator<Item = (Option<&'a str>, &'a Dynamic)>,
    count: usize,
    most: usize,
    out: &mut String,
) {
    out.push(open);
    for (at, (name, part)) in parts.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if out.len() >= most {
            let blank = if at > 0 { " " } else { "" };
            let _ = write!(out, "{blank}… {} more", count - at);
            break;
        }
        if let Some(name) = name {
            quote(name, 40, out);
            out.push(':');
        }
        write(part, most, out);
    }
    out.push(close);
}

/// A text in quotes, cut after `most` characters.
fn quote(text: &str, most: usize, out: &mut String) {
    match text.char_indices().nth(most) {
        None => out.push_str(&quoted(text)),
        Some((end, _)) => {
            let _ = write!(out, "{}… ({} characters)", quoted(&text[..end]), text.chars().count());
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Two texts that differ, each around the first character that does.
fn text_pair(left: &str, right: &str, most: usize) -> (String, String) {
    let equal = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    if equal < most / 2 {
        return (brief(&left.into(), most), brief(&right.into(), most));
    }
    // What stands before tells where it is.
    let start = equal - most / 4;
    let from = |text: &str| -> String {
        let mut out = "…".to_owned();
        let rest: String = text.chars().skip(start).take(most).collect();
        out.push_str(&quoted(&rest));
        if text.chars().count() > start + most {
            out.push('…');
        }
        let _ = write!(out, " (from character {start} of {})", text.chars().count());
        out
    };
    (from(left), from(right))
}
