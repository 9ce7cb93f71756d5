//! What the keys of databases that are no kv stand for. How they are made is said in the library, at the head of each kind.

use thinking_event::past::PastItem;
use thinking_step::Value;

/// Ends each step of the key of a nested value.
const END: &str = "\0\0";
/// Stands for `␀` in a name.
const NUL: &str = "\0\u{1}";

/// What a key of a database, named as it is stored, stands for; `is_list` says whether a list's length lies under the key that it is given.
pub(crate) fn item(database: &str, key: &str, is_list: impl Fn(&str) -> bool) -> PastItem {
    let found = match database.split_once(':').map(|(_, kind)| kind) {
        Some("documents") => key.strip_prefix('d').map(|rest| id(rest).map(PastItem::Document)),
        Some("vectors") => match key.split_at_checked(1) {
            Some(("v", rest)) => Some(id(rest).map(PastItem::Vector)),
            Some(("a", rest)) => Some(id(rest).map(PastItem::VectorData)),
            _ => None,
        },
        Some("objects") => Some(path(key, is_list).map(PastItem::Path)),
        _ => return PastItem::Key,
    };
    match found {
        // A key that cannot be read is shown as it is.
        Some(item) => item.unwrap_or(PastItem::Key),
        None => PastItem::Internal,
    }
}

/// `i` and 16 hexadecimal digits that order as the ints do, or `s` and a string.
fn id(key: &str) -> Option<Value> {
    match key.split_at_checked(1)? {
        ("i", digits) => Some((u64::from_str_radix(digits, 16).ok()? ^ 1 << 63).cast_signed().into()),
        ("s", text) => Some(text.into()),
        _ => None,
    }
}

/// `o` and the steps, each with its end.
fn path(key: &str, is_list: impl Fn(&str) -> bool) -> Option<Vec<Value>> {
    let mut at = key.strip_prefix('o')?;
    let mut steps = Vec::new();
    while !at.is_empty() {
        let around = key.get(..key.len() - at.len())?;
        let (step, rest) = at.split_once(END)?;
        let index = || u64::from_str_radix(step, 16).ok().filter(|_| step.len() == 8 && is_list(around));
        steps.push(index().map_or_else(|| Value::from(step.replace(NUL, "\0")), Value::from));
        at = rest;
    }
    Some(steps)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_what_people_put_there() {
        let list = |key: &str| key == "oa\0\0";
        let of = |kind: &str, key: &str| item(&format!("name:{kind}"), key, list);
        assert_eq!(of("documents", "di8000000000000007"), PastItem::Document(json!(7)));
        assert_eq!(of("documents", "di7fffffffffffffff"), PastItem::Document(json!(-1)));
        assert_eq!(of("documents", "dsa b"), PastItem::Document(json!("a b")));
        assert_eq!(of("documents", "m"), PastItem::Internal);
        assert_eq!(of("documents", "xyear\0\0n00\0\0i8000000000000007"), PastItem::Internal);
        assert_eq!(of("vectors", "vs1"), PastItem::Vector(json!("1")));
        assert_eq!(of("vectors", "ai8000000000000001"), PastItem::VectorData(json!(1)));
        let path =
            |key: &str, steps: Value| assert_eq!(of("objects", key), PastItem::Path(steps.as_array().unwrap().clone()));
        path("oa\0\0", json!(["a"]));
        path("oa\0\x000000000b\0\0c\0\0", json!(["a", 11, "c"]));
        path("ob\0\0deadbeef\0\0", json!(["b", "deadbeef"]));
        path("oa\0\u{1}b\0\0", json!(["a\0b"]));
        // What cannot be read is shown as it is.
        for (kind, key) in [("documents", "di80"), ("documents", "d"), ("objects", "oa"), ("other", "d")] {
            let expected = if key == "di80" { PastItem::Document(json!(i64::MIN + 0x80)) } else { PastItem::Key };
            assert_eq!(of(kind, key), expected, "{kind} {key}");
        }
        assert_eq!(item("name", "di8000000000000007", list), PastItem::Key);
    }
}
