//! Rows that lead from a field's value to the documents that have it.
//!
//! A row's key is `x`, the field, `␀␀`, the value, `␀␀`, the id's key; it holds nothing. The value is `n` and 16 hexadecimal digits that order as
//! floats do, or `s` and the first 64 characters of a string, or `b0`/`b1`; other values have no row. `␀` in a text is written `␀␁`, so that
//! keys order as values do. An int beyond 2^53 and a longer string share their row's value with their neighbours: what an index finds is looked at
//! again.

use super::filter::{Filter, Operator, Test};
use crate::failure::{Answer, raise};
use crate::walk::walk;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use thinking_step::{Host, Value};

/// Ends each part of a key.
const END: &str = "\0\0";
/// Characters of a string that are in its key.
const LONGEST: usize = 64;

fn escaped(text: &str) -> String {
    text.replace('\0', "\0\u{1}")
}

/// What all rows of a field begin with.
pub(super) fn prefix(field: &str) -> String {
    format!("x{}{END}", escaped(field))
}

/// A value as a part of a key; `None` if it has no row.
fn part(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            // There is one zero.
            let bits = (number.as_f64()? + 0.0).to_bits();
            let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
            Some(format!("n{ordered:016x}"))
        }
        Value::String(text) => {
            let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
            Some(format!("s{}", escaped(&text[..end])))
        }
        Value::Bool(flag) => Some(format!("b{}", u8::from(*flag))),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The key of a document's row; `None` if it has none.
pub(super) fn key(field: &str, value: Option<&Value>, id: &str) -> Option<String> {
    Some(format!("{}{}{END}{id}", prefix(field), part(value?)?))
}

/// What an index can answer: where to look.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// At these values.
    Values(Vec<String>),
    /// From one to another, both included; the first character says of which kind they are.
    Range { from: String, to: Option<String> },
}

/// The field by which to look, and where; `None` if all documents must be looked at. Equality comes first, then `in`, then ranges with two ends.
pub(super) fn choose<'f>(filter: &Filter, fields: impl Iterator<Item = &'f str>) -> Option<(&'f str, Look)> {
    let looks = fields.filter_map(|field| {
        let tests: Vec<&Test> = filter.tests.iter().filter(|test| test.field.name == field).collect();
        look(&tests).map(|(cost, look)| (cost, field, look))
    });
    looks.min_by_key(|(cost, ..)| *cost).map(|(_, field, look)| (field, look))
}

fn look(tests: &[&Test]) -> Option<(u8, Look)> {
    let with = |operator: Operator| tests.iter().find(|test| test.operator == operator);
    if let Some(value) = with(Operator::Eq).and_then(|test| part(&test.operand)) {
        return Some((0, Look::Values(vec![value])));
    }
    let listed = with(Operator::In).and_then(|test| test.operand.as_array()?.iter().map(part).collect());
    if let Some(values) = listed {
        return Some((1, Look::Values(values)));
    }
    let bound = |one, other| with(one).or(with(other)).and_then(|test| part(&test.operand));
    match (bound(Operator::Gt, Operator::Gte), bound(Operator::Lt, Operator::Lte)) {
        (Some(from), Some(to)) => Some((2, Look::Range { from, to: Some(to) })),
        (Some(from), None) => Some((3, Look::Range { from, to: None })),
        (None, Some(to)) => {
            let kind = to.get(..1)?.to_owned();
            Some((3, Look::Range { from: kind, to: Some(to) }))
        }
        (None, None) => None,
    }
}

/// The keys of the ids that an index finds, in their order.
pub(super) fn find(host: &dyn Host, database: &str, field: &str, look: &Look) -> Answer<BTreeSet<String>> {
    let (mut found, prefix) = (BTreeSet::new(), prefix(field));
    match look {
        Look::Values(values) => {
            for value in values {
                walk(host, database, &format!("{prefix}{value}{END}"), None, |id, _| {
                    found.insert(id.to_owned());
                    Ok(ControlFlow::Continue(()))
                })?;
            }
        }
        Look::Range { from, to } => {
            let Some(kind) = from.get(..1) else { return Ok(found) };
            let prefix = format!("{prefix}{kind}");
            // Rows of the first value have more behind it, those of values before it have not.
            let start = format!("{prefix}{}", &from[1..]);
            walk(host, database, &prefix, Some(&start), |rest, _| {
                let Some((value, id)) = rest.split_once(END) else { return Ok(ControlFlow::Continue(())) };
                if to.as_ref().is_some_and(|to| !to.starts_with(kind) || value > &to[1..]) {
                    return Ok(ControlFlow::Break(()));
                }
                found.insert(id.to_owned());
                Ok(ControlFlow::Continue(()))
            })?;
        }
    }
    Ok(found)
}

/// Takes all rows of a field away.
pub(super) fn remove(host: &dyn Host, database: &str, field: &str) -> Answer<()> {
    let prefix = prefix(field);
    let mut keys = Vec::new();
    walk(host, database, &prefix, None, |rest, _| {
        keys.push(format!("{prefix}{rest}"));
        Ok(ControlFlow::Continue(()))
    })?;
    keys.iter().try_for_each(|key| host.delete(database, key).map(drop).map_err(raise))
}
