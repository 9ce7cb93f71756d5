//! Databases of nested values, as variables of their names.
//!
//! Every value has a row of its own, so that a small value in a large object is read and written alone. The key is `o` and the steps that lead to it,
//! each ended by `␀␀` (`␀` in a name is `␀␁`; an index is 8 hexadecimal digits), so what is in a value lies directly behind it. A map's row is `{}`, a
//! list's `{"list": length}`, and their parts have rows; any other row is the value itself. A list of plain values only (numbers, strings, bools, `()`) is
//! one row, so writing one of its elements writes the list; when something larger is put into it, its elements get rows.

mod path;
mod tree;

use crate::failure::{Answer, fail, raise};
use crate::namespace::Namespace;
use crate::number::kind;
use path::{Path, index, shown};
use rhai::{Array, Dynamic, ImmutableString};
use thinking_step::{Class, Datum, StepError, Value};
use tree::{Node, ROOT, Tree, element, map_row, named, place_in};

/// The methods that write.
pub const WRITES: &[&str] = &["put", "delete", "clear"];

/// A database of nested values as a script holds it.
#[derive(Debug, Clone)]
pub struct Objects {
    name: ImmutableString,
}

impl Objects {
    /// The database of that name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into() }
    }
}

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("objects");
    ns.function(
        "get",
        Class::State,
        "get(path)",
        "The value at a path, with all that is in it; `()` if there is none. A path is a string with dots, `\"layers.0.weights\"`, or a list, \
         `[\"a b\", 0]`, for names that have dots themselves.",
        |db: &mut Objects, path: Dynamic| get(db, &Path::new(&path)?),
    );
    ns.function("get", Class::State, "get() -> map", "All that there is, as a map.", |db: &mut Objects| {
        within(db, |tree| tree.value(ROOT, Node::Map))
    });
    ns.function(
        "put",
        Class::State,
        "put(path, value)",
        "Writes a value (what JSON can say, and blobs) at a path, in the place of what is there. Makes the maps on the way that are missing; in a list \
         the index must be that of an element or the next one. Writes only what it puts: an object's other parts are left alone, except that a list of \
         plain values is written as a whole.",
        |db: &mut Objects, path: Dynamic, value: Dynamic| put(db, &Path::new(&path)?, &value),
    );
    ns.function(
        "delete",
        Class::State,
        "delete(path) -> bool",
        "Deletes the value at a path with all that is in it; says whether it was there. What stands behind it in a list moves up.",
        |db: &mut Objects, path: Dynamic| delete(db, &Path::new(&path)?),
    );
    ns.function(
        "has",
        Class::State,
        "has(path) -> bool",
        "Whether there is a value at the path, `()` among them.",
        |db: &mut Objects, path: Dynamic| -> Answer<bool> {
            let path = Path::new(&path)?;
            within(db, |tree| Ok(locate(tree, &path.steps)?.is_some()))
        },
    );
    ns.function(
        "keys",
        Class::State,
        "keys() -> list",
        "The names on the outermost level, in the order of their bytes.",
        |db: &mut Objects| within(db, |tree| keys(tree, &[])),
    );
    ns.function(
        "keys",
        Class::State,
        "keys(path) -> list",
        "The names of the map at a path, in the order of their bytes, or the indexes of the list there; none if there is nothing.",
        |db: &mut Objects, path: Dynamic| -> Answer<Array> {
            let path = Path::new(&path)?;
            within(db, |tree| keys(tree, &path.steps))
        },
    );
    ns.function("clear", Class::State, "clear()", "Deletes everything.", |db: &mut Objects| -> Answer<()> {
        crate::host()?.clear(&db.name).map_err(raise)
    });
    ns
}

fn within<T>(db: &Objects, body: impl FnOnce(&Tree<'_>) -> Answer<T>) -> Answer<T> {
    let host = crate::host()?;
    body(&Tree { host: &*host, database: &db.name })
}

/// Something that a path leads to.
enum Found {
    /// It has a row.
    Row(String, Node),
    /// It is an element of a list that has one.
    Element(Value),
}

/// What a path leads to; `None` where anything on the way is missing.
fn locate(tree: &Tree<'_>, steps: &[String]) -> Answer<Option<Found>> {
    let mut found = Found::Row(ROOT.to_owned(), Node::Map);
    for step in steps {
        let next = match found {
            Found::Row(key, Node::Map) => named(&key, step),
            Found::Row(key, Node::List(length)) => match index(step).filter(|at| *at < length) {
                Some(at) => element(&key, at),
                None => return Ok(None),
            },
            Found::Row(_, Node::Plain(items)) => match index(step).and_then(|at| items.into_iter().nth(at)) {
                Some(item) => {
                    found = Found::Element(item);
                    continue;
                }
                None => return Ok(None),
            },
            Found::Row(_, Node::Leaf(_)) | Found::Element(_) => return Ok(None),
        };
        match tree.node(&next)? {
            Some(node) => found = Found::Row(next, node),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

fn get(db: &Objects, path: &Path) -> Answer<Dynamic> {
    within(db, |tree| match locate(tree, &path.steps)? {
        Some(Found::Row(key, node)) => tree.value(&key, node),
        Some(Found::Element(item)) => Ok(crate::convert::from_value(&item)),
        None => Ok(Dynamic::UNIT),
    })
}

fn keys(tree: &Tree<'_>, steps: &[String]) -> Answer<Array> {
    let indexes = |length: usize| (0..length).map(|at| (at as rhai::INT).into()).collect();
    let leaf = |what: &Dynamic| Err(fail(format!("{} has no keys: it is {}", shown(steps), kind(what))));
    match locate(tree, steps)? {
        None => Ok(Array::new()),
        Some(Found::Row(key, Node::Map)) => Ok(tree.names(&key)?.into_iter().map(Into::into).collect()),
        Some(Found::Row(_, Node::List(length))) => Ok(indexes(length)),
        Some(Found::Row(_, Node::Plain(items))) => Ok(indexes(items.len())),
        Some(Found::Row(_, Node::Leaf(datum))) => leaf(&crate::convert::from_datum(datum)),
        Some(Found::Element(item)) => leaf(&crate::convert::from_value(&item)),
    }
}

fn put(db: &Objects, path: &Path, value: &Dynamic) -> Answer<()> {
    let rows = tree::rows(value, &mut path.steps.clone())?;
    within(db, |tree| {
        let (around, last) = path.split();
        let (mut key, mut node) = (ROOT.to_owned(), Node::Map);
        for (at, step) in around.iter().enumerate() {
            (key, node) = enter(tree, &key, node, step, &path.steps[..at])?;
        }
        if let Node::Plain(items) = &mut node {
            let at = place_in(last, items.len(), around)?;
            match &*rows {
                [(_, Datum::Json(plain))] if !plain.is_object() && !plain.is_array() => {
                    match items.get_mut(at) {
                        Some(item) => *item = plain.clone(),
                        None => items.push(plain.clone()),
                    }
                    return tree.put(&key, Datum::Json(Value::Array(std::mem::take(items))));
                }
                _ => {
                    tree.split(&key, items)?;
                    node = Node::List(items.len());
                }
            }
        }
        match node {
            Node::List(length) => {
                let at = place_in(last, length, around)?;
                if at == length {
                    tree.put_length(&key, length + 1)?;
                }
                tree.place(&element(&key, at), rows)
            }
            _ => tree.place(&named(&key, last), rows),
        }
    })
}

/// On the way of a `put`: from a map or list to what is in it, which must be one too, and is made a map if it is missing or `()`.
fn enter(tree: &Tree<'_>, key: &str, node: Node, step: &str, way: &[String]) -> Answer<(String, Node)> {
    let length = match &node {
        Node::List(length) => *length,
        Node::Plain(items) => {
            let at = place_in(step, items.len(), way)?;
            if let Some(item) = items.get(at).filter(|item| !item.is_null()) {
                return Err(no_room(way, step, &crate::convert::from_value(item)));
            }
            tree.split(key, items)?;
            items.len()
        }
        _ => 0,
    };
    let child = match &node {
        Node::List(_) | Node::Plain(_) => {
            let at = place_in(step, length, way)?;
            if at == length {
                tree.put_length(key, length + 1)?;
            }
            element(key, at)
        }
        _ => named(key, step),
    };
    match tree.node(&child)? {
        None | Some(Node::Leaf(Datum::Json(Value::Null))) => {
            tree.put(&child, map_row())?;
            Ok((child, Node::Map))
        }
        Some(Node::Leaf(datum)) => Err(no_room(way, step, &crate::convert::from_datum(datum))),
        Some(inner) => Ok((child, inner)),
    }
}

fn no_room(way: &[String], step: &str, what: &Dynamic) -> Box<rhai::EvalAltResult> {
    let full: Vec<String> = way.iter().cloned().chain([step.to_owned()]).collect();
    let error = StepError::script(format!("{} is {}: nothing can be put into it", shown(&full), kind(what)));
    raise(error.help("delete it first, or choose another path"))
}

fn delete(db: &Objects, path: &Path) -> Answer<bool> {
    within(db, |tree| {
        let (around, last) = path.split();
        let Some(Found::Row(key, node)) = locate(tree, around)? else { return Ok(false) };
        match node {
            Node::Map => {
                let child = named(&key, last);
                let was = tree.node(&child)?.is_some();
                if was {
                    tree.remove(&child)?;
                }
                Ok(was)
            }
            Node::List(length) => match index(last).filter(|at| *at < length) {
                Some(at) => tree.take_out(&key, at, length).map(|()| true),
                None => Ok(false),
            },
            Node::Plain(mut items) => match index(last).filter(|at| *at < items.len()) {
                Some(at) => {
                    items.remove(at);
                    tree.put(&key, Datum::Json(Value::Array(items))).map(|()| true)
                }
                None => Ok(false),
            },
            Node::Leaf(_) => Ok(false),
        }
    })
}

#[cfg(test)]
mod tests;
