//! Whether a value is what an operation says that it gives.

use thinking_step::Value;

/// Whether a value can be of a type, as it is written in Rust (`Vec<String>`). What is not known of the type is no reason to refuse.
pub(crate) fn fits(written: &str, value: &Value) -> bool {
    let text: String = written.chars().filter(|letter| !letter.is_whitespace()).collect();
    of(&text, value)
}

fn of(kind: &str, value: &Value) -> bool {
    let kind = kind.trim_start_matches('&').trim_start_matches("'static");
    if let Some(inner) = kind.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let parts = parts(inner);
        return match value {
            Value::Null => parts.is_empty(),
            Value::Array(items) => !parts.is_empty() && all(&parts, items),
            _ => false,
        };
    }
    if let Some(inner) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let one = inner.rsplit_once(';').map_or(inner, |(one, _)| one);
        return list(one, value);
    }
    let (name, inner) = match kind.split_once('<') {
        Some((name, rest)) => (name, parts(rest.strip_suffix('>').unwrap_or(rest))),
        None => (kind, Vec::new()),
    };
    // `std::collections::BTreeMap` is known by its last word.
    let name = name.rsplit("::").next().unwrap_or(name);
    match (name, &*inner) {
        ("bool", []) => value.is_boolean(),
        ("i8" | "i16" | "i32" | "i64" | "isize", []) => value.is_i64(),
        ("u8" | "u16" | "u32" | "u64" | "usize", []) => value.is_u64(),
        ("f32" | "f64", []) => value.is_number(),
        ("String" | "str" | "char" | "PathBuf", []) => value.is_string(),
        ("Vec" | "VecDeque" | "BTreeSet" | "HashSet", [one, ..]) => list(one, value),
        ("BTreeMap" | "HashMap", [_, one, ..]) => {
            value.as_object().is_some_and(|fields| fields.values().all(|value| of(one, value)))
        }
        ("Option", [one]) => value.is_null() || of(one, value),
        ("Box" | "Arc" | "Rc" | "Result", [one, ..]) => of(one, value),
        _ => true,
    }
}

fn list(one: &str, value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(|item| of(one, item)))
}

fn all(kinds: &[&str], items: &[Value]) -> bool {
    kinds.len() == items.len() && kinds.iter().zip(items).all(|(kind, item)| of(kind, item))
}

/// What stands between commas that are in no brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::fits;
    use serde_json::{Value, json};

    #[test]
    fn values_of_types() {
        // The type, what fits, what does not.
        let cases: [(&str, Value, Value); 12] = [
            ("bool", json!([true, false]), json!([0, "true", null])),
            ("usize", json!([0, 7]), json!([-1, 1.5, "7"])),
            ("i32", json!([-1, 0]), json!([0.5, null])),
            ("f64", json!([1, 1.5]), json!(["1"])),
            ("String", json!(["", "a"]), json!([1, ["a"]])),
            ("Vec < String >", json!([[], ["a"]]), json!(["a", [1], null])),
            ("Option<Vec<u8>>", json!([null, [1]]), json!([1, [-1]])),
            ("BTreeMap<String, Vec<(String, f32)>>", json!([{}, { "a": [["b", 1]] }]), json!([[], { "a": [["b"]] }])),
            ("(String, usize)", json!([["a", 1]]), json!([["a"], null, ["a", 1, 2]])),
            ("()", json!([null]), json!([0, []])),
            ("Result<bool, StepError>", json!([true]), json!(["no"])),
            ("Report", json!([null, 1, {}, "x"]), json!([])),
        ];
        for (kind, good, bad) in cases {
            good.as_array().expect("a list").iter().for_each(|value| assert!(fits(kind, value), "{kind} {value}"));
            bad.as_array().expect("a list").iter().for_each(|value| assert!(!fits(kind, value), "{kind} {value}"));
        }
    }
}
