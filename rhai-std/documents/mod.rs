//! Databases of documents, as variables of their names.
//!
//! Rows: `d` and the id's key (see [`Id`]) → the document with its `id`; `x…` → index rows (see [`index`]); `m` → [`Meta`]: the next number, and the
//! fields of which there are index rows. Index rows are written with their documents, in the transaction of the step. If other fields are declared
//! than `m` says, reads use what both have and the next write makes the rows anew, so no change of the declaration can lead to wrong answers.

mod filter;
mod index;
mod order;
mod rows;
mod search;

use crate::convert::{from_value, value_from};
use crate::failure::{Answer, fail, raise};
use crate::id::Id;
use crate::namespace::Namespace;
use crate::number::kind;
use filter::Filter;
use rhai::{Array, Dynamic, INT, ImmutableString};
use search::{Options, Search};
use std::sync::Arc;
use thinking_step::{Class, StepError, Value};

/// The methods that write.
pub const WRITES: &[&str] = &["insert", "update", "remove", "clear"];

/// A database of documents as a script holds it.
#[derive(Debug, Clone)]
pub struct Documents {
    name: ImmutableString,
    index: Arc<[String]>,
}

impl Documents {
    /// The database of that name, with its indexed fields.
    #[must_use]
    pub fn new(name: &str, index: &[String]) -> Self {
        Self { name: name.into(), index: index.into() }
    }
}

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("documents");
    ns.function(
        "insert",
        Class::State,
        "insert(document) -> id",
        "Adds a document, a map of what JSON can say. Its `id` is a string or an int; without one it gets the next number, from 1 (a removed \
         document's number is not given again, unless all are cleared). An id that is there already is an error. Gives the id.",
        |db: &mut Documents, document: Dynamic| insert(db, &document),
    );
    ns.function(
        "get",
        Class::State,
        "get(id) -> map",
        "The document of that id, with its `id`; `()` if there is none.",
        |db: &mut Documents, id: Dynamic| -> Answer<Dynamic> {
            let found = rows::get(&*crate::host()?, &db.name, &Id::new(&id)?.key())?;
            Ok(found.map_or(Dynamic::UNIT, |document| from_value(&document)))
        },
    );
    ns.function(
        "update",
        Class::State,
        "update(id, fields)",
        "Lays fields over the document of that id: those given replace whole fields, the others stay. A missing id is an error.",
        |db: &mut Documents, id: Dynamic, fields: Dynamic| update(db, &id, &fields),
    );
    ns.function(
        "remove",
        Class::State,
        "remove(id) -> bool",
        "Takes a document away; says whether it was there.",
        |db: &mut Documents, id: Dynamic| remove(db, &id),
    );
    ns.function(
        "find",
        Class::State,
        "find(filter) -> list",
        "All documents that pass, by id: ints first, then strings. `#{ year: 2020 }` asks for equality (`1` is `1.0`; `()` is also a missing field), \
         `#{ year: #{ gte: 2020, lt: 2030 } }` for all of `eq ne gt gte lt lte in contains exists` that are given; `\"author.name\"` is a field inside \
         of a field. `gt` and the like compare numbers with numbers and strings with strings (by their bytes), `in` takes a list (write `\"in\"`, because `in` is a word of Rhai), `contains` looks for \
         an element of a list or a piece of a string. Equality, `in` of a list and `gt gte lt lte` of a number or string on a field that `index` names, \
         and equality on `id`, read only the documents in question; anything else reads all of them.",
        |db: &mut Documents, filter: Dynamic| find(db, &filter, Options::default()),
    );
    ns.function(
        "find",
        Class::State,
        "find(filter, #{ sort, descending, limit }) -> list",
        "The same, ordered by the field `sort` (missing ones first, then bools, numbers, strings; equal ones by id), backwards with `descending: true`, \
         and at most `limit` of them.",
        |db: &mut Documents, filter: Dynamic, options: Dynamic| find(db, &filter, Options::new(&options)?),
    );
    ns.function(
        "count",
        Class::State,
        "count() -> int",
        "How many documents there are. Reads all of them.",
        |db: &mut Documents| count(db, &Filter::default()),
    );
    ns.function(
        "count",
        Class::State,
        "count(filter) -> int",
        "How many documents pass a filter, as for `find`.",
        |db: &mut Documents, filter: Dynamic| count(db, &Filter::new(&filter)?),
    );
    ns.function(
        "all",
        Class::State,
        "all() -> list",
        "All documents, by id: ints first, then strings.",
        |db: &mut Documents| -> Answer<Array> { Search::new(db, &Filter::default(), Options::default()).list() },
    );
    ns.function(
        "clear",
        Class::State,
        "clear()",
        "Takes all documents away; numbers begin at 1 again.",
        |db: &mut Documents| -> Answer<()> { crate::host()?.clear(&db.name).map_err(raise) },
    );
    ns
}

fn insert(db: &Documents, given: &Dynamic) -> Answer<Dynamic> {
    let host = crate::host()?;
    if !given.is_map() {
        return Err(fail(format!("a document must be a map, not {}", kind(given))));
    }
    let Value::Object(mut fields) = value_from(given).map_err(raise)? else {
        return Err(fail("a document must be a map"));
    };
    let mut meta = rows::prepare(&*host, &db.name, &db.index)?;
    let id = match fields.get("id") {
        None | Some(Value::Null) => Id::Int(meta.next),
        Some(id) => Id::of(id)
            .ok_or_else(|| fail(format!("the `id` of a document must be a string or an int, not {}", shown(id))))?,
    };
    if rows::get(&*host, &db.name, &id.key())?.is_some() {
        let error = StepError::script(format!("`{}` has a document with the id {id} already", db.name));
        return Err(raise(
            error.help(format!("change it with `update({id}, …)`, or take it away with `remove` first")),
        ));
    }
    if let Id::Int(number) = id
        && number >= meta.next
    {
        // The greatest number that there is has no next one; it is given out, and then never again.
        meta.next = number.saturating_add(1);
        rows::keep(&*host, &db.name, &meta)?;
    }
    fields.insert("id".to_owned(), id.to_value());
    rows::write(&*host, &db.name, &db.index, &id.key(), None, Some(&Value::Object(fields)))?;
    Ok(id.into_dynamic())
}

fn update(db: &Documents, id: &Dynamic, fields: &Dynamic) -> Answer<()> {
    let (host, id) = (crate::host()?, Id::new(id)?);
    if !fields.is_map() {
        return Err(fail(format!("what `update` lays over a document must be a map of fields, not {}", kind(fields))));
    }
    let Value::Object(fields) = value_from(fields).map_err(raise)? else {
        return Err(fail("what `update` lays over a document must be a map of fields"));
    };
    let Some(old) = rows::get(&*host, &db.name, &id.key())? else {
        let error = StepError::script(format!("`{}` has no document with the id {id}", db.name));
        return Err(raise(error.help("add it with `insert`")));
    };
    let mut new = old.clone();
    if let Value::Object(known) = &mut new {
        for (name, value) in fields {
            if name == "id" && value != id.to_value() {
                let error = StepError::script(format!("the id of document {id} cannot change"));
                return Err(raise(error.help("insert it anew and remove the old one")));
            }
            known.insert(name, value);
        }
    }
    rows::prepare(&*host, &db.name, &db.index)?;
    rows::write(&*host, &db.name, &db.index, &id.key(), Some(&old), Some(&new))
}

fn remove(db: &Documents, id: &Dynamic) -> Answer<bool> {
    let (host, id) = (crate::host()?, Id::new(id)?.key());
    let Some(old) = rows::get(&*host, &db.name, &id)? else { return Ok(false) };
    rows::prepare(&*host, &db.name, &db.index)?;
    rows::write(&*host, &db.name, &db.index, &id, Some(&old), None)?;
    Ok(true)
}

fn find(db: &Documents, filter: &Dynamic, options: Options) -> Answer<Array> {
    Search::new(db, &Filter::new(filter)?, options).list()
}

fn count(db: &Documents, filter: &Filter) -> Answer<INT> {
    Search::new(db, filter, Options::default()).count()
}

/// What sort of value it is, for messages.
fn shown(value: &Value) -> &'static str {
    kind(&from_value(value))
}

#[cfg(test)]
mod tests;
