//! Key-value databases, as variables of their names.

use crate::convert::{datum_from, from_datum, from_value, value_from};
use crate::evaluation::{check_cancelled, host};
use crate::failure::{Answer, fail, raise};
use crate::namespace::Namespace;
use crate::number::kind;
use rhai::{Array, Dynamic, INT, ImmutableString, Map};
use thinking_step::{Class, Datum};

/// The methods that write.
pub const WRITES: &[&str] = &["put", "delete", "clear"];

/// Rows per page when a database is walked.
const PAGE: usize = 1000;

/// A database as a script holds it: its name. Reads and writes go through the host.
#[derive(Debug, Clone)]
pub struct Kv {
    /// The name in the manifest.
    pub name: ImmutableString,
}

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("kv");
    ns.function(
        "get",
        Class::State,
        "get(key)",
        "The value under a key; `()` if there is none.",
        |db: &mut Kv, key: ImmutableString| get(db, &key),
    );
    ns.form("get", |_: &mut Kv, key: Dynamic| -> Answer<Dynamic> { Err(bad_key(&key)) });
    ns.function(
        "put",
        Class::State,
        "put(key, value)",
        "Writes a value (what JSON can say, or a blob) under a key.",
        |db: &mut Kv, key: ImmutableString, value: Dynamic| put(db, &key, &value),
    );
    ns.form("put", |_: &mut Kv, key: Dynamic, _value: Dynamic| -> Answer<()> { Err(bad_key(&key)) });
    ns.function(
        "delete",
        Class::State,
        "delete(key) -> bool",
        "Deletes a key; says whether it was there.",
        |db: &mut Kv, key: ImmutableString| -> Answer<bool> { host()?.delete(&db.name, &key).map_err(raise) },
    );
    ns.function(
        "has",
        Class::State,
        "has(key) -> bool",
        "Whether there is a value under the key.",
        |db: &mut Kv, key: ImmutableString| -> Answer<bool> {
            Ok(host()?.get(&db.name, &key).map_err(raise)?.is_some())
        },
    );
    ns.function("len", Class::State, "len() -> int", "How many keys there are.", |db: &mut Kv| -> Answer<INT> {
        let mut count = 0;
        rows(db, "", |_, _| count += 1)?;
        Ok(count)
    });
    ns.function("keys", Class::State, "keys() -> list", "All keys, in the order of their bytes.", |db: &mut Kv| {
        let mut keys = Array::new();
        rows(db, "", |key, _| keys.push(key.into()))?;
        Answer::Ok(keys)
    });
    ns.function(
        "values",
        Class::State,
        "values() -> list",
        "All values, in the order of their keys.",
        |db: &mut Kv| {
            let mut values = Array::new();
            rows(db, "", |_, value| values.push(from_datum(value)))?;
            Answer::Ok(values)
        },
    );
    ns.function("clear", Class::State, "clear()", "Deletes all keys.", |db: &mut Kv| -> Answer<()> {
        host()?.clear(&db.name).map_err(raise)
    });
    ns.function(
        "scan",
        Class::State,
        "scan(prefix) -> list of #{ key, value }",
        "All rows whose keys start with `prefix`, in the order of their bytes.",
        |db: &mut Kv, prefix: ImmutableString| -> Answer<Array> {
            let mut found = Array::new();
            rows(db, &prefix, |key, value| {
                let mut row = Map::new();
                row.insert("key".into(), key.into());
                row.insert("value".into(), from_datum(value));
                found.push(Dynamic::from_map(row));
            })?;
            Ok(found)
        },
    );
    ns
}

fn get(db: &Kv, key: &str) -> Answer<Dynamic> {
    Ok(match host()?.get(&db.name, key).map_err(raise)? {
        Some(Datum::Json(value)) => from_value(&value),
        Some(blob) => from_datum(blob),
        None => Dynamic::UNIT,
    })
}

fn put(db: &Kv, key: &str, value: &Dynamic) -> Answer<()> {
    let datum = if value.is_blob() { datum_from(value) } else { value_from(value).map(Datum::Json) };
    host()?.put(&db.name, key, datum.map_err(raise)?).map_err(raise)
}

fn rows(db: &Kv, prefix: &str, mut each: impl FnMut(String, Datum)) -> Answer<()> {
    let host = host()?;
    let mut after: Option<String> = None;
    loop {
        let page = host.scan(&db.name, prefix, after.as_deref(), PAGE).map_err(raise)?;
        let full = page.len() >= PAGE;
        after = page.last().map(|(key, _)| key.clone());
        page.into_iter().for_each(|(key, value)| each(key, value));
        if !full {
            return Ok(());
        }
        check_cancelled()?;
    }
}

fn bad_key(key: &Dynamic) -> Box<rhai::EvalAltResult> {
    fail(format!("a key must be a string, not {}: write `\"{key}\"` or `x.to_string()`", kind(key)))
}
