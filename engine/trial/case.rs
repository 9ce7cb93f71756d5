//! A test that can run.

use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use thinking_diagnostic::{Span, Spanned};
use thinking_event::testing::TestInfo;
use thinking_schema::{Manifest, Suite, Test, Tree};

/// A test, or a row of one.
pub struct Case<'m> {
    /// What is known of it.
    pub info: TestInfo,
    /// The manifest that it is written in, for what holds in every suite.
    pub manifest: &'m Manifest,
    /// The suites around it, outermost first.
    pub suites: Vec<&'m Suite>,
    /// What it does.
    pub test: Cow<'m, Test>,
    /// What steps of a feature file are given, by the number of the part that they are.
    pub given: BTreeMap<usize, Vec<Variable>>,
    /// Where it is written.
    pub span: Option<Span>,
    /// Its row, if it is one of a table.
    pub row: Vec<Variable>,
}

/// A variable with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name in scripts.
    pub name: Spanned<String>,
    /// Its value.
    pub value: Value,
    /// How it is written, if it has templates.
    pub written: Option<Spanned<Tree>>,
}

impl Case<'_> {
    /// The name of the test without the number of its row: the same for all rows.
    #[must_use]
    pub fn bare_name(&self) -> &str {
        match self.row.is_empty() {
            true => &self.info.name,
            false => self.info.name.rsplit_once('[').map_or(&self.info.name, |(name, _)| name),
        }
    }
}
