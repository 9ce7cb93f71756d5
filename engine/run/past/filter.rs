//! Telling whether a task is at or below a path.

use crate::decide::TypedPath;

/// A path as typed by a person; keys of iterations may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathFilter(TypedPath);

impl PathFilter {
    /// Takes a path apart; `None` if brackets or quotes do not close.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        TypedPath::parse(path).map(Self)
    }

    /// Whether a task, by its path with or without keys, is the one that is meant, or below it.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        TypedPath::parse(path).is_some_and(|parsed| self.0.holds(path, &parsed.bare))
    }
}
