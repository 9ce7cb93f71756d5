//! A filter expression, read.

use super::parser;
use super::pattern::{Mark, Pattern};
use thinking_diagnostic::{Diagnostic, SourceMap, Span};

/// What a word that stands alone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `-E`: nothing.
    Tests,
    /// `--tag`: a tag.
    Tags,
}

impl Dialect {
    /// The flag whose value is read; also what the text is called in messages.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Tests => "-E",
            Self::Tags => "--tag",
        }
    }
}

/// A filter expression: `tag(slow) & !path(net)`.
///
/// - Predicates: `tag(…)` and `facet(…)`, which must be equal to the pattern; `path(…)`, `name(…)`, `suite(…)` (any suite around the test, or all of them
///   joined with `/`) and `project(…)`, which must contain it; `all()` and `none()`.
/// - Patterns: `*` in one stands for any text, and it is then compared with the whole. `=text` is equal, `~text` is contained, `#text` is a glob with `*`,
///   `?`, `[ab]` and `{a,b}`, `/text/` is a regular expression. Parentheses that match need no care; others, and blanks at the ends, are kept by `"…"` or `\`.
/// - Operators, the closest first: `!` or `not`; `&`, `&&` or `and`, and `-` for "and not"; `|`, `||` or `or`. Parentheses group.
/// - With [`Dialect::Tags`] a word that stands alone is a tag's pattern: `slow & !net`.
#[derive(Debug, Clone)]
pub struct Filter {
    pub(super) expression: Expression,
    text: String,
}

impl Filter {
    /// Reads an expression and enters its text into the sources.
    ///
    /// # Errors
    /// It is none: what is wrong at which place.
    pub fn parse(dialect: Dialect, text: &str, sources: &mut SourceMap) -> Result<Self, Diagnostic> {
        let source = sources.add(dialect.flag(), text);
        Ok(Self { expression: parser::parse(dialect, source, text)?, text: text.to_owned() })
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What must hold of a test.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Holds(Predicate),
}

/// Something that one test has and another has not.
#[derive(Debug, Clone)]
pub(super) struct Predicate {
    pub kind: Kind,
    pub pattern: Pattern,
    /// Where the pattern stands.
    pub span: Span,
}

/// What a predicate looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tag,
    Path,
    Name,
    Suite,
    Facet,
    Project,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Tag, Self::Path, Self::Name, Self::Suite, Self::Facet, Self::Project];

    pub fn word(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Path => "path",
            Self::Name => "name",
            Self::Suite => "suite",
            Self::Facet => "facet",
            Self::Project => "project",
        }
    }

    /// What a pattern without a mark means.
    pub fn usual(self) -> Mark {
        match self {
            Self::Tag | Self::Facet => Mark::Exact,
            Self::Path | Self::Name | Self::Suite | Self::Project => Mark::Contains,
        }
    }
}
