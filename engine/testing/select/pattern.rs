//! What a predicate's text is compared with.

use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;

/// A pattern: `=exact`, `~contained`, `#glob`, `/regular expression/`, or without any of these what the predicate says.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// The whole text.
    Exact(String),
    /// A part of the text.
    Contains(String),
    /// The whole text, with wildcards.
    Glob(GlobMatcher),
    /// A part of the text.
    Regex(Regex),
}

/// How a pattern is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// `=`
    Exact,
    /// `~`
    Contains,
    /// `#`
    Glob,
    /// `/…/`
    Regex,
}

impl Mark {
    /// The mark that a pattern begins with.
    pub fn of(first: char) -> Option<Self> {
        match first {
            '=' => Some(Self::Exact),
            '~' => Some(Self::Contains),
            '#' => Some(Self::Glob),
            '/' => Some(Self::Regex),
            _ => None,
        }
    }
}

impl Pattern {
    /// Reads a pattern. `usual`: what it means without a mark. Then `*` stands for any text, and nothing else is special, so the numbers of a table's rows
    /// (`rows[*]`) and questions can be written as they are.
    ///
    /// # Errors
    /// Why it is none, for people.
    pub fn new(mark: Option<Mark>, usual: Mark, text: &str) -> Result<Self, String> {
        match mark {
            None if text.contains('*') => {
                glob(&text.split('*').map(globset::escape).collect::<Vec<_>>().join("*")).map(Self::Glob)
            }
            None if usual == Mark::Contains => Ok(Self::Contains(text.to_owned())),
            None | Some(Mark::Exact) => Ok(Self::Exact(text.to_owned())),
            Some(Mark::Contains) => Ok(Self::Contains(text.to_owned())),
            Some(Mark::Glob) => glob(text).map(Self::Glob),
            Some(Mark::Regex) => Regex::new(text).map(Self::Regex).map_err(|error| {
                // Its own picture of the place takes several lines; the last one says what is wrong.
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }),
        }
    }

    /// Whether a text is one that is meant.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Glob(glob) => glob.is_match(text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}
