//! Which of the tests run.
//!
//! Filters are given as flags. Those of one flag add up (`-k a -k b`: either), those of different flags narrow each other down (`-k a --tag slow`:
//! both). What comes after that is done in this order: `--shard`, `--last-failed`, `--stepwise`.

mod evaluate;
mod filter;
mod nothing;
mod parser;
mod pattern;
mod shard;

#[cfg(test)]
mod tests;

pub use filter::{Dialect, Filter};
pub use shard::Shard;

use crate::record::Records;
use nothing::Narrowed;
use thinking_diagnostic::Diagnostic;
use thinking_event::testing::{Outcome, TestInfo};

/// What the command line says of which tests run; the default is all.
#[derive(Debug, Default)]
pub struct Selection {
    /// `-E`
    pub expressions: Vec<Filter>,
    /// `--tag`
    pub tags: Vec<Filter>,
    /// `-k`: contained in the path, in capitals or not.
    pub texts: Vec<String>,
    /// `--shard`
    pub shard: Option<Shard>,
    /// `--last-failed`: those that failed when they last ran.
    pub last_failed: bool,
    /// `--stepwise`: from the first on that failed when it last ran; all if none did. (That the run stops at a failure is the pool's matter, and that the
    /// order is that of the text the schedule's.)
    pub stepwise: bool,
}

/// Which tests run.
#[derive(Debug)]
pub struct Selected {
    /// Their numbers in the list of all, ascending.
    pub tests: Vec<usize>,
    /// Warnings: names in filters that no test has, so mistyped ones are found.
    pub hints: Vec<Diagnostic>,
}

/// Selects among all tests of all projects.
///
/// # Errors
/// Nothing is left: first why, with what each filter left and what to type next, then hints about names that no test has.
pub fn select(tests: &[TestInfo], selection: &Selection, records: &Records) -> Result<Selected, Vec<Diagnostic>> {
    let hints: Vec<Diagnostic> =
        selection.expressions.iter().chain(&selection.tags).flat_map(|filter| filter.unmatched(tests)).collect();
    let mut narrowed = Narrowed::new(tests.len());
    let mut left: Vec<usize> = (0..tests.len()).collect();
    let mut keep = |left: &mut Vec<usize>, label: String, wanted: &dyn Fn(&TestInfo) -> bool| {
        left.retain(|number| tests.get(*number).is_some_and(wanted));
        narrowed.to(label, left.len());
    };
    if !selection.expressions.is_empty() {
        let label = labels("-E", selection.expressions.iter().map(Filter::text));
        keep(&mut left, label, &|test| selection.expressions.iter().any(|filter| filter.matches(test)));
    }
    if !selection.texts.is_empty() {
        let wanted: Vec<String> = selection.texts.iter().map(|text| text.to_lowercase()).collect();
        let label = labels("-k", selection.texts.iter().map(String::as_str));
        keep(&mut left, label, &|test| {
            let path = test.path().to_lowercase();
            wanted.iter().any(|text| path.contains(text))
        });
    }
    if !selection.tags.is_empty() {
        let label = labels("--tag", selection.tags.iter().map(Filter::text));
        keep(&mut left, label, &|test| selection.tags.iter().any(|filter| filter.matches(test)));
    }
    if let Some(shard) = selection.shard {
        left = shard.part(tests, left);
        narrowed.to(format!("--shard {shard}"), left.len());
    }
    let failed = |number: &usize| {
        let outcome = tests.get(*number).and_then(|test| records.outcome(test));
        outcome.is_some_and(Outcome::is_failure)
    };
    if selection.last_failed {
        left.retain(failed);
        narrowed.to("--last-failed".to_owned(), left.len());
    }
    if selection.stepwise
        && let Some(first) = left.iter().position(failed)
    {
        left.drain(..first);
    }
    if left.is_empty() {
        let recorded = tests.iter().any(|test| records.outcome(test).is_some());
        return Err([narrowed.told(selection, recorded)].into_iter().chain(hints).collect());
    }
    Ok(Selected { tests: left, hints })
}

/// Flags as they were typed.
fn labels<'a>(flag: &str, values: impl Iterator<Item = &'a str>) -> String {
    let quoted = |value: &str| {
        let plain = |c: char| c.is_alphanumeric() || "-_./=,:".contains(c);
        if !value.is_empty() && value.chars().all(plain) {
            format!("{flag} {value}")
        } else {
            format!("{flag} '{}'", value.replace('\'', r"'\''"))
        }
    };
    values.map(quoted).collect::<Vec<_>>().join(" ")
}
