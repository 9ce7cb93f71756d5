//! Paths to nested values: `"layers.0.weights"`, or a list such as `["a b", 0]`.

use crate::failure::{Answer, fail};
use crate::number::kind;
use rhai::Dynamic;

/// How deep values may be nested.
pub(super) const DEEPEST: usize = 120;

/// The names and indexes that lead to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub steps: Vec<String>,
}

impl Path {
    /// A script's path.
    ///
    /// # Errors
    /// It is neither a string nor a list of strings and ints, is empty, or has an empty name in a string.
    pub fn new(given: &Dynamic) -> Answer<Self> {
        let steps = if let Ok(text) = given.as_immutable_string_ref() {
            let steps: Vec<String> = text.split('.').map(str::to_owned).collect();
            if steps.iter().any(String::is_empty) {
                let which = if text.is_empty() { "is empty" } else { "has an empty name" };
                return Err(fail(format!("the path {:?} {which}: write names with dots between them", text.as_str())));
            }
            steps
        } else if let Ok(list) = given.as_array_ref() {
            list.iter().map(step).collect::<Answer<Vec<_>>>()?
        } else {
            return Err(fail(format!("a path must be a string such as \"a.b\" or a list, not {}", kind(given))));
        };
        if steps.is_empty() {
            return Err(fail("the path is empty: it needs at least one name"));
        }
        if steps.len() > DEEPEST {
            return Err(fail(format!("the path is deeper than {DEEPEST} levels")));
        }
        Ok(Self { steps })
    }

    /// The way to what is around its last step, and that step.
    pub fn split(&self) -> (&[String], &str) {
        match self.steps.split_last() {
            Some((last, around)) => (around, last),
            None => (&[], ""),
        }
    }
}

fn step(value: &Dynamic) -> Answer<String> {
    if let Ok(index) = value.as_int() {
        return Ok(index.to_string());
    }
    match value.as_immutable_string_ref() {
        Ok(name) => Ok(name.to_string()),
        Err(_) => Err(fail(format!("a path is made of strings and ints, not of {}", kind(value)))),
    }
}

/// Steps as people read them: `layers.0`.
pub(super) fn shown(steps: &[String]) -> String {
    if steps.is_empty() { "the whole".to_owned() } else { format!("`{}`", steps.join(".")) }
}

/// A step as the index of a list.
pub(super) fn index(step: &str) -> Option<usize> {
    // `007` and `+1` are no indexes.
    step.parse::<usize>().ok().filter(|index| index.to_string() == *step)
}
