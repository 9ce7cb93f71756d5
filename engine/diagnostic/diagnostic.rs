//! One mistake, and a pile of them.

use crate::{Code, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// Worth a look; does not stop anything.
    Warning,
}

/// A place and what is to be said of it. The first label of a diagnostic is the place of the mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say there; empty underlines only.
    pub text: String,
}

/// One mistake: what is wrong, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which rule was broken.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One line: what is wrong.
    pub message: String,
    /// Places; the first is where the mistake is.
    pub labels: Vec<Label>,
    /// The next thing to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with that code and message, nowhere yet.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None }
    }

    /// A warning with that code and message, nowhere yet.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place with what to say there.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>, text: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// Sets the help line; `None` leaves it as it is.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        if let Some(help) = help.into() {
            self.help = Some(match self.help.take() {
                Some(before) => format!("{before}\n{help}"),
                None => help,
            });
        }
        self
    }
}

/// Mistakes in the order found, each once.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty pile.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless the same rule is known to be broken at the same place (every facet is checked, and most mistakes are in all of them).
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.has(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// Whether the same rule is known to be broken at the same place.
    #[must_use]
    pub fn has(&self, diagnostic: &Diagnostic) -> bool {
        self.list.iter().any(|other| match (diagnostic.labels.first(), other.labels.first()) {
            (Some(one), Some(another)) => diagnostic.code == other.code && one.span == another.span,
            _ => diagnostic == other,
        })
    }

    /// Adds many.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Orders them by file and place, those without a place first.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iterator: I) -> Self {
        let mut all = Self::new();
        all.extend(iterator);
        all
    }
}
