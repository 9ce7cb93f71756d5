//! Nested values as rows: see the head of [`super`].

use super::path::{DEEPEST, index, shown};
use crate::convert::{datum_from, from_datum, from_value};
use crate::evaluation::{check_cancelled, check_memory};
use crate::failure::{Answer, fail, raise};
use crate::walk::walk;
use rhai::{Array, Dynamic, Map};
use std::ops::ControlFlow;
use thinking_step::{Datum, ErrorKind, Host, StepError, Value};

/// The key of the whole.
pub(super) const ROOT: &str = "o";
/// Ends each step of a key.
const END: &str = "\0\0";
/// Most rows of a page.
const MOST_ROWS: usize = 1000;
/// Orders directly after all that is below a step whose END it stands for.
const PAST: &str = "\0\u{1}";

/// What a row says of its value.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A map; what is in it has rows of its own.
    Map,
    /// A list of so many elements, which have rows of their own.
    List(usize),
    /// A list of plain values.
    Plain(Vec<Value>),
    /// Anything else.
    Leaf(Datum),
}

/// A database of objects under a host.
pub(super) struct Tree<'t> {
    pub host: &'t dyn Host,
    pub database: &'t str,
}

/// The key of what a map has under a name.
pub(super) fn named(key: &str, name: &str) -> String {
    format!("{key}{}{END}", name.replace('\0', PAST))
}

/// The key of a list's element.
pub(super) fn element(key: &str, index: usize) -> String {
    format!("{key}{index:08x}{END}")
}

/// The row of a map that has nothing in it yet.
pub(super) fn map_row() -> Datum {
    Datum::Json(Value::Object(serde_json::Map::new()))
}

fn list_row(length: usize) -> Datum {
    Datum::Json(serde_json::json!({ "list": length }))
}

/// Whether a value has no values in it.
fn is_plain(value: &Dynamic) -> bool {
    value.is_unit() || value.is_int() || value.is_float() || value.is_bool() || value.is_string() || value.is_char()
}

fn damaged() -> Box<rhai::EvalAltResult> {
    raise(StepError::new(ErrorKind::Store, "a stored object is damaged"))
}

/// The rows of a value, with keys from it on. Nothing is written before all of it is known to be fit.
pub(super) fn rows(value: &Dynamic, steps: &mut Vec<String>) -> Answer<Vec<(String, Datum)>> {
    let mut rows = Vec::new();
    add_rows(value, String::new(), steps, &mut rows)?;
    Ok(rows)
}

fn add_rows(value: &Dynamic, key: String, steps: &mut Vec<String>, rows: &mut Vec<(String, Datum)>) -> Answer<()> {
    if steps.len() > DEEPEST {
        return Err(fail(format!("the value is nested deeper than {DEEPEST} levels")));
    }
    if let Ok(map) = value.as_map_ref() {
        rows.push((key.clone(), map_row()));
        for (name, value) in map.iter() {
            steps.push(name.to_string());
            add_rows(value, named(&key, name), steps, rows)?;
            steps.pop();
        }
        return Ok(());
    }
    if let Ok(list) = value.as_array_ref()
        && !list.iter().all(is_plain)
    {
        rows.push((key.clone(), list_row(list.len())));
        for (at, value) in list.iter().enumerate() {
            steps.push(at.to_string());
            add_rows(value, element(&key, at), steps, rows)?;
            steps.pop();
        }
        return Ok(());
    }
    let datum = datum_from(value).map_err(|error| {
        let message = format!("{}, below {}", error.message, shown(steps));
        raise(StepError { message, ..error })
    })?;
    rows.push((key, datum));
    Ok(())
}

impl Tree<'_> {
    /// What is at a key; `None` if nothing is. The whole is a map, also an empty one.
    pub fn node(&self, key: &str) -> Answer<Option<Node>> {
        if key == ROOT {
            return Ok(Some(Node::Map));
        }
        match self.host.get(self.database, key).map_err(raise)? {
            Some(datum) => node_of(datum).map(Some),
            None => Ok(None),
        }
    }

    pub fn put(&self, key: &str, datum: Datum) -> Answer<()> {
        self.host.put(self.database, key, datum).map_err(raise)
    }

    /// Writes down how long a list is whose elements have rows.
    pub fn put_length(&self, key: &str, length: usize) -> Answer<()> {
        self.put(key, list_row(length))
    }

    /// Puts the rows of a value at a key, in the place of what is there.
    pub fn place(&self, key: &str, rows: Vec<(String, Datum)>) -> Answer<()> {
        if !matches!(self.node(key)?, None | Some(Node::Plain(_) | Node::Leaf(_))) {
            self.remove(key)?;
        }
        rows.into_iter().try_for_each(|(rest, datum)| self.put(&format!("{key}{rest}"), datum))
    }

    /// Takes away what is at a key, with all that is below.
    pub fn remove(&self, key: &str) -> Answer<()> {
        let mut below = Vec::new();
        walk(self.host, self.database, key, None, |rest, _| {
            below.push(rest.to_owned());
            Ok(ControlFlow::Continue(()))
        })?;
        below
            .iter()
            .try_for_each(|rest| self.host.delete(self.database, &format!("{key}{rest}")).map(drop).map_err(raise))
    }

    /// Gives each element of a list of plain values a row of its own.
    pub fn split(&self, key: &str, items: &[Value]) -> Answer<()> {
        self.put_length(key, items.len())?;
        let mut rows = items.iter().enumerate();
        rows.try_for_each(|(at, item)| self.put(&element(key, at), Datum::Json(item.clone())))
    }

    /// Takes an element out of a list; those behind it move up.
    pub fn take_out(&self, key: &str, at: usize, length: usize) -> Answer<()> {
        self.remove(&element(key, at))?;
        for from in at + 1..length {
            let (old, new) = (element(key, from), element(key, from - 1));
            let mut rows = Vec::new();
            walk(self.host, self.database, &old, None, |rest, datum| {
                rows.push((rest.to_owned(), datum));
                Ok(ControlFlow::Continue(()))
            })?;
            for (rest, datum) in rows {
                self.host.delete(self.database, &format!("{old}{rest}")).map_err(raise)?;
                self.put(&format!("{new}{rest}"), datum)?;
            }
        }
        self.put_length(key, length - 1)
    }

    /// The names of what is directly in the map at a key. What is below them is jumped over.
    pub fn names(&self, key: &str) -> Answer<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        let mut after = key.to_owned();
        // Two rows are enough for a name and the first row below it; names without anything below come in pages that grow.
        let mut limit = 2;
        loop {
            let page = self.host.scan(self.database, key, Some(&after), limit).map_err(raise)?;
            let mut more = page.len() == limit;
            limit = (limit * 2).min(MOST_ROWS);
            for (row, _) in page {
                let (name, below) = row.strip_prefix(key).and_then(|rest| rest.split_once(END)).ok_or_else(damaged)?;
                after = format!("{key}{name}{PAST}");
                if !below.is_empty() {
                    (limit, more) = (2, true);
                    break;
                }
                names.push(name.replace(PAST, "\0"));
            }
            if !more {
                return Ok(names);
            }
            check_cancelled()?;
            check_memory()?;
        }
    }

    /// The value at a key.
    pub fn value(&self, key: &str, node: Node) -> Answer<Dynamic> {
        let whole = match node {
            Node::Plain(items) => return Ok(from_value(&Value::Array(items))),
            Node::Leaf(datum) => return Ok(from_datum(datum)),
            Node::Map => Building::Map(Map::new()),
            Node::List(_) => Building::List(Array::new()),
        };
        let mut around = vec![(String::new(), whole)];
        walk(self.host, self.database, key, None, |rest, datum| {
            let Some(steps) = rest.strip_suffix(END) else { return Ok(ControlFlow::Continue(())) };
            let (above, name) = steps.rsplit_once(END).map_or((None, steps), |(above, name)| (Some(above), name));
            let depth = above.map_or(1, |above| above.matches(END).count() + 2);
            close(&mut around, depth)?;
            let name = name.replace(PAST, "\0");
            match node_of(datum)? {
                Node::Map => around.push((name, Building::Map(Map::new()))),
                Node::List(_) => around.push((name, Building::List(Array::new()))),
                Node::Plain(items) => attach(&mut around, name, from_value(&Value::Array(items)))?,
                Node::Leaf(datum) => attach(&mut around, name, from_datum(datum))?,
            }
            Ok(ControlFlow::Continue(()))
        })?;
        close(&mut around, 1)?;
        around.pop().map(|(_, whole)| whole.done()).ok_or_else(damaged)
    }
}

fn node_of(datum: Datum) -> Answer<Node> {
    Ok(match datum {
        Datum::Json(Value::Array(items)) => Node::Plain(items),
        Datum::Json(Value::Object(about)) if about.is_empty() => Node::Map,
        Datum::Json(Value::Object(about)) => {
            let length = about.get("list").and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
            Node::List(length.ok_or_else(damaged)?)
        }
        other => Node::Leaf(other),
    })
}

/// A map or list that is being read.
enum Building {
    Map(Map),
    List(Array),
}

impl Building {
    fn done(self) -> Dynamic {
        match self {
            Self::Map(map) => map.into(),
            Self::List(list) => list.into(),
        }
    }
}

/// Ends what is deeper than `depth`: it is whole.
fn close(around: &mut Vec<(String, Building)>, depth: usize) -> Answer<()> {
    while around.len() > depth {
        let Some((name, inner)) = around.pop() else { break };
        attach(around, name, inner.done())?;
    }
    if around.len() == depth { Ok(()) } else { Err(damaged()) }
}

fn attach(around: &mut [(String, Building)], name: String, value: Dynamic) -> Answer<()> {
    match around.last_mut() {
        Some((_, Building::Map(map))) => {
            map.insert(name.into(), value);
        }
        Some((_, Building::List(list))) => list.push(value),
        None => return Err(damaged()),
    }
    Ok(())
}

/// The index that a step means in a list, if it is one of its elements or, for writing, the next one.
pub(super) fn place_in(step: &str, length: usize, list: &[String]) -> Answer<usize> {
    index(step).filter(|at| *at <= length).ok_or_else(|| {
        let many = if length == 1 { "1 element".to_owned() } else { format!("{length} elements") };
        let error = StepError::script(format!("{} is a list of {many}: `{step}` is none of them", shown(list)));
        raise(error.help(format!("an index counts from 0; {length} would be the next element")))
    })
}
