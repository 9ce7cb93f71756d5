//! Comparing what two runs of the same pipeline left, each in a project directory of its own: an undisturbed one, and one that was killed and resumed.
//!
//! Compared is what a user can see: which steps are done and what they gave, every row of every database, the kept state of components, and the files
//! that steps declare as outputs or write by `fs::`. Not compared are times, ids of runs, and how often something was tried. Where a text holds its own
//! run's id or start, its own project's directory, or an idempotency key, that counts as equal.

mod files;
mod left;
mod text;

use crate::past::item_of;
use left::Left;
use std::collections::BTreeSet;
use std::path::Path;
use thinking_event::past::PastItem;
use thinking_store::{Store, StoreError};

/// What one of the two runs left.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Its state; it may be open for reading only.
    pub store: &'a dyn Store,
    /// The line.
    pub line: &'a str,
    /// Its project directory, which paths of outputs are relative to.
    pub root: &'a Path,
}

/// Where two runs differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The step that made it, by its path with keys; `None` if no step that is done did.
    pub step: Option<String>,
    /// What differs.
    pub what: What,
    /// What the undisturbed run left, shortened to where it differs.
    pub undisturbed: String,
    /// What the other one left there.
    pub disturbed: String,
    /// How much else differs.
    pub more: usize,
}

/// A thing that may differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Whether a step is done, or was passed over.
    Outcome,
    /// What a step gave.
    Result,
    /// What lies in a database.
    Data {
        /// Its name as in the manifest.
        database: String,
        /// The key, the document, the path of a value: as people name it.
        key: String,
    },
    /// What a component keeps.
    State {
        /// Its name.
        component: String,
        /// Which part of it; empty if it is one.
        part: String,
    },
    /// A file that a step declares as its output, or in a directory that it declares.
    Output(String),
    /// Another file that a step wrote.
    File(String),
    /// What a database keeps for itself, such as an index.
    Internal(String),
}

/// The first difference in the order of the steps of the undisturbed run. Takes as much memory as both states hold.
///
/// # Errors
/// A store failed.
pub fn difference(undisturbed: Side<'_>, disturbed: Side<'_>) -> Result<Option<Difference>, StoreError> {
    let (one, other) = (Left::new(undisturbed)?, Left::new(disturbed)?);
    let mut found = Vec::new();
    steps(&one, &other, &mut found);
    files::compare(&one, &other, &mut found);
    files::others(&one, &other, &mut found);
    data(&one, &other, &mut found)?;
    let more = found.len().saturating_sub(1);
    let place = |difference: &Difference| match &difference.what {
        // It comes of something else that differs.
        What::Internal(_) => (usize::MAX, difference.what.clone()),
        what => (one.position(difference.step.as_deref()), what.clone()),
    };
    let first = found.into_iter().min_by_key(place);
    Ok(first.map(|first| Difference { more, ..first }))
}

fn steps(one: &Left<'_>, other: &Left<'_>, found: &mut Vec<Difference>) {
    let paths: BTreeSet<&String> = one.steps.keys().chain(other.steps.keys()).collect();
    for path in paths {
        let none = Vec::new();
        let of = |left: &Left<'_>| left.steps.get(path).cloned().unwrap_or_else(|| none.clone());
        let (mine, theirs) = (of(one), of(other));
        for at in 0..mine.len().max(theirs.len()) {
            let (mine, theirs) = (mine.get(at), theirs.get(at));
            let how = |step: Option<&left::Done>| match step {
                None => "not done".to_owned(),
                Some(done) if done.passed_over => "failed and passed over".to_owned(),
                Some(_) => "done".to_owned(),
            };
            let (what, texts) = if how(mine) != how(theirs) {
                (What::Outcome, (how(mine), how(theirs)))
            } else {
                let result = |step: Option<&left::Done>| step.map(|step| step.result.clone()).unwrap_or_default();
                (What::Result, (result(mine), result(theirs)))
            };
            if texts.0 != texts.1 && one.plain(&texts.0) != other.plain(&texts.1) {
                found.push(new(Some(path.clone()), what, &texts.0, &texts.1));
            }
        }
    }
}

fn data(one: &Left<'_>, other: &Left<'_>, found: &mut Vec<Difference>) -> Result<(), StoreError> {
    let (mut mine, mut theirs) = (one.data()?, other.data()?);
    mine.retain(|place, row| match theirs.get(place) {
        Some(their) if their == row => {
            theirs.remove(place);
            false
        }
        _ => true,
    });
    if mine.is_empty() && theirs.is_empty() {
        return Ok(());
    }
    // What is the same but for names of the run is the same.
    let (mine, theirs) = (one.plain_data(mine), other.plain_data(theirs));
    let places: BTreeSet<_> = mine.keys().chain(theirs.keys()).cloned().collect();
    let differ: Vec<_> = places.into_iter().filter(|place| mine.get(place) != theirs.get(place)).collect();
    if differ.is_empty() {
        return Ok(());
    }
    let (writers, other_writers) = (one.writers()?, other.writers()?);
    for place in differ {
        let row = |rows: &left::Rows| rows.get(&place).map_or_else(|| "nothing".to_owned(), |row| row.shown.clone());
        let list = || mine.get(&place).or_else(|| theirs.get(&place)).is_some_and(|row| row.is_list());
        let (database, key) = (&place.0, String::from_utf8_lossy(&place.1).into_owned());
        let own = |rows: &left::Rows| rows.get(&place).map_or_else(|| place.clone(), |row| row.place.clone());
        // The later one did what the other run lacks.
        let writers = [writers.of(&own(&mine)), other_writers.of(&own(&theirs))];
        let writer = writers.into_iter().flatten().max_by_key(|step| one.position(Some(step)));
        found.push(new(writer, what(database, &key, list), &row(&mine), &row(&theirs)));
    }
    Ok(())
}

/// What a row is to people.
fn what(database: &str, key: &str, list: impl Fn() -> bool) -> What {
    let (name, kind) = database.split_once(':').unwrap_or((database, ""));
    if kind == "component" {
        // A component in a script is kept as a whole.
        let part = if key == "this" { String::new() } else { key.to_owned() };
        return What::State { component: name.to_owned(), part };
    }
    let key = match item_of(database, key, |_| list()) {
        PastItem::Key => key.to_owned(),
        PastItem::Document(id) | PastItem::Vector(id) | PastItem::VectorData(id) => id.to_string(),
        PastItem::Path(steps) => steps.iter().map(step_text).collect::<Vec<_>>().join("."),
        PastItem::Internal => return What::Internal(name.to_owned()),
    };
    What::Data { database: name.to_owned(), key }
}

fn step_text(step: &thinking_step::Value) -> String {
    step.as_str().map_or_else(|| step.to_string(), str::to_owned)
}

/// Two texts that differ.
fn new(step: Option<String>, what: What, undisturbed: &str, disturbed: &str) -> Difference {
    let (undisturbed, disturbed) = text::around(undisturbed, disturbed);
    Difference { step, what, undisturbed, disturbed, more: 0 }
}

#[cfg(test)]
mod tests {
    use super::what;

    #[test]
    fn rows_are_named_as_people_know_them() {
        let name = |database: &str, key: &str| what(database, key, || key == "oa\0\0").to_string();
        for (database, key, expected) in [
            ("log", "a/3", "`a/3` in the database `log`"),
            ("papers:documents", "di8000000000000007", "`7` in the database `papers`"),
            ("papers:documents", "dsx", "`\"x\"` in the database `papers`"),
            ("papers:documents", "m", "what the database `papers` keeps for itself"),
            ("tree:objects", "oa\0\0b\0\0", "`a.b` in the database `tree`"),
            ("counter:component", "count", "`count` in the state of the component `counter`"),
            ("counter:component", "this", "the state of the component `counter`"),
        ] {
            assert_eq!(name(database, key), expected);
        }
    }
}
