//! Reading and writing single rows.

use super::filter::Field;
use super::index;
use crate::failure::{Answer, raise};
use crate::walk::walk;
use rhai::INT;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use thinking_step::{Datum, ErrorKind, Host, StepError, Value};

/// The prefix of documents' keys.
pub(super) const DOCUMENT: &str = "d";
const META: &str = "m";

/// What is kept besides the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    /// The number of the next document without an id.
    pub next: INT,
    /// The fields of which there are index rows, sorted.
    pub index: BTreeSet<String>,
}

/// A document, by its id's key.
pub(super) fn get(host: &dyn Host, database: &str, id: &str) -> Answer<Option<Value>> {
    match host.get(database, &format!("{DOCUMENT}{id}")).map_err(raise)? {
        Some(datum) => document(datum).map(Some),
        None => Ok(None),
    }
}

/// A stored document.
pub(super) fn document(datum: Datum) -> Answer<Value> {
    match datum {
        Datum::Json(value) if value.is_object() => Ok(value),
        _ => Err(damaged()),
    }
}

fn damaged() -> Box<rhai::EvalAltResult> {
    raise(StepError::new(ErrorKind::Store, "a stored document is damaged"))
}

/// What is kept besides the documents; `None` if nothing was written yet.
pub(super) fn meta(host: &dyn Host, database: &str) -> Answer<Option<Meta>> {
    let Some(datum) = host.get(database, META).map_err(raise)? else { return Ok(None) };
    let read = || {
        let Datum::Json(value) = &datum else { return None };
        let index = value["index"].as_array()?.iter().map(|field| field.as_str().map(str::to_owned));
        Some(Meta { next: value["next"].as_i64()?, index: index.collect::<Option<_>>()? })
    };
    read().map(Some).ok_or_else(damaged)
}

/// Writes down what is kept besides the documents.
pub(super) fn keep(host: &dyn Host, database: &str, meta: &Meta) -> Answer<()> {
    let value = serde_json::json!({ "next": meta.next, "index": meta.index });
    host.put(database, META, Datum::Json(value)).map_err(raise)
}

/// Before a write: sees to it that there are index rows of the declared fields, and no others.
pub(super) fn prepare(host: &dyn Host, database: &str, declared: &[String]) -> Answer<Meta> {
    let known = meta(host, database)?;
    let declared: BTreeSet<String> = declared.iter().cloned().collect();
    if let Some(known) = &known
        && known.index == declared
    {
        return Ok(known.clone());
    }
    let (next, had) = known.map_or((1, BTreeSet::new()), |known| (known.next, known.index));
    for field in had.difference(&declared) {
        index::remove(host, database, field)?;
    }
    let missing: Vec<&String> = declared.difference(&had).collect();
    let mut rows = Vec::new();
    if !missing.is_empty() {
        walk(host, database, DOCUMENT, None, |id, datum| {
            let document = document(datum)?;
            rows.extend(missing.iter().filter_map(|field| row(field, Some(&document), id)));
            Ok(ControlFlow::Continue(()))
        })?;
    }
    for row in rows {
        host.put(database, &row, Datum::Blob(Vec::new())).map_err(raise)?;
    }
    let meta = Meta { next, index: declared };
    keep(host, database, &meta)?;
    Ok(meta)
}

/// Puts a document in another's place, with its index rows. Call [`prepare`] before.
pub(super) fn write(
    host: &dyn Host,
    database: &str,
    fields: &[String],
    id: &str,
    old: Option<&Value>,
    new: Option<&Value>,
) -> Answer<()> {
    for field in fields {
        let (before, after) = (row(field, old, id), row(field, new, id));
        if before == after {
            continue;
        }
        if let Some(key) = before {
            host.delete(database, &key).map_err(raise)?;
        }
        if let Some(key) = after {
            host.put(database, &key, Datum::Blob(Vec::new())).map_err(raise)?;
        }
    }
    let key = format!("{DOCUMENT}{id}");
    match new {
        Some(document) => host.put(database, &key, Datum::Json(document.clone())).map_err(raise),
        None => host.delete(database, &key).map(drop).map_err(raise),
    }
}

fn row(field: &str, document: Option<&Value>, id: &str) -> Option<String> {
    index::key(field, Field { name: field.to_owned() }.of(document?), id)
}
