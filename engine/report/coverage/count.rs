//! How much of something was reached.

use std::collections::BTreeMap;
use thinking_event::testing::{Coverage, PartKind};

/// So many out of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub reached: usize,
    pub all: usize,
}

impl Count {
    /// Of hits.
    pub fn of(hits: impl Iterator<Item = u64>) -> Self {
        hits.fold(Self::default(), |count, hits| Self {
            reached: count.reached + usize::from(hits > 0),
            all: count.all + 1,
        })
    }

    /// Lines of a file.
    pub fn lines(lines: &BTreeMap<usize, u64>) -> Self {
        Self::of(lines.values().copied())
    }

    /// Lines of all files.
    pub fn all_lines(coverage: &Coverage) -> Self {
        Self::of(coverage.lines.values().flat_map(|lines| lines.values().copied()))
    }

    /// Parts of a kind.
    pub fn parts(coverage: &Coverage, kind: PartKind) -> Self {
        Self::of(coverage.parts.iter().filter(|(key, _)| key.kind == kind).map(|(_, reach)| reach.hits))
    }

    /// Whole percent, rounded down, so that 100 means all; nothing to reach is all of it.
    pub fn percent(self) -> usize {
        (self.reached * 100).checked_div(self.all).unwrap_or(100)
    }

    /// Between 0 and 1 with four digits, rounded down.
    pub fn rate(self) -> String {
        let parts = (self.reached * 10_000).checked_div(self.all).unwrap_or(10_000);
        format!("{}.{:04}", parts / 10_000, parts % 10_000)
    }
}

/// What parts are called, if there are several.
pub fn plural(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Task => "tasks",
        PartKind::Branch => "branches",
        PartKind::Facet => "facets",
        PartKind::Binding => "bindings",
        PartKind::ErrorPath => "error paths",
    }
}
