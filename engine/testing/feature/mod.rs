//! `.feature` files: scenarios in prose, whose steps are matched with definitions.

mod definitions;
mod outline;
mod parse;
mod scan;
mod snippet;

#[cfg(test)]
mod tests;

pub use definitions::{Definitions, Found};
pub use parse::parse;
pub use scan::Doc;

use std::collections::BTreeMap;
use thinking_diagnostic::{Diagnostic, Span};
use thinking_event::testing::PhaseKind;
use thinking_step::Value;

/// A file as it is read.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Its name: the outermost suite.
    pub name: String,
    /// The file, as it is shown.
    pub file: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// What stands below its name.
    pub description: Option<String>,
    /// Its tags, without `@`.
    pub tags: Vec<String>,
    /// Its scenarios in the order of the text, each row of a table as one.
    pub scenarios: Vec<Scenario>,
    /// What is probably not meant as it is written.
    pub warnings: Vec<Diagnostic>,
}

/// A test.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The suites around it: the feature, and the rule if it is in one.
    pub suites: Vec<String>,
    /// Its name, with the number of its row if it has rows: `eating[2]`.
    pub name: String,
    /// The row's values: `start=12 eat=5`.
    pub case: Option<String>,
    /// Its tags and those of what is around it, without `@`.
    pub tags: Vec<String>,
    /// Its line, or that of its row, from 1.
    pub line: usize,
    /// Its name's line, or its row.
    pub span: Span,
    /// What stands below its name.
    pub description: Option<String>,
    /// Its steps, those of the background first.
    pub steps: Vec<StepText>,
}

/// A step as it is written.
#[derive(Debug, Clone)]
pub struct StepText {
    /// `given`, `when` or `then`; what begins with `And`, `But` or `*` is what the step before is.
    pub kind: PhaseKind,
    /// The word that it begins with: `And`.
    pub keyword: String,
    /// What follows, with the values of the row in it.
    pub text: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// The line without blanks around it.
    pub span: Span,
    /// The text below it.
    pub doc: Option<Doc>,
    /// The table below it.
    pub table: Option<Table>,
}

/// A table below a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its rows, all of the same length, at least one.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Rows as lists; cells that are plain numbers are numbers.
    #[must_use]
    pub fn lists(&self) -> Value {
        self.rows.iter().map(|row| Value::from_iter(row.iter().map(|cell| thinking_step::from_text(cell)))).collect()
    }

    /// The rows after the first as maps by the names in the first one; cells that are plain numbers are numbers.
    #[must_use]
    pub fn maps(&self) -> Vec<BTreeMap<String, Value>> {
        let Some((names, rows)) = self.rows.split_first() else { return Vec::new() };
        let map = |row: &Vec<String>| {
            names.iter().cloned().zip(row.iter().map(|cell| thinking_step::from_text(cell))).collect()
        };
        rows.iter().map(map).collect()
    }
}
