//! From Rhai's lines and columns to places in the source.

use crate::tokens::Token;
use rhai::Position;
use thinking_diagnostic::{MappedText, Span};

/// A text and where its lines and tokens are.
#[derive(Debug)]
pub struct Places {
    code: MappedText,
    lines: Vec<usize>,
    /// Start and end of every token, ascending.
    tokens: Vec<(usize, usize)>,
}

impl Places {
    /// Prepares a text whose tokens are known.
    pub fn new(code: &MappedText, tokens: &[Token]) -> Self {
        Self {
            lines: line_starts(&code.text),
            tokens: tokens.iter().map(|token| (token.start, token.end)).collect(),
            code: code.clone(),
        }
    }

    /// The text.
    pub fn code(&self) -> &MappedText {
        &self.code
    }

    /// The byte offset of a position.
    pub fn offset(&self, position: Position) -> Option<usize> {
        offset(&self.code.text, &self.lines, position)
    }

    /// The token at a position, or the text's end; `None` if Rhai does not know where.
    pub fn token(&self, position: Position) -> Option<Span> {
        let offset = self.offset(position)?;
        let near = self.tokens.partition_point(|(start, _)| *start <= offset).checked_sub(1);
        let end = near.and_then(|at| self.tokens.get(at)).map_or(offset, |(_, end)| *end).max(offset);
        if end > offset {
            return Some(self.code.span(offset, end));
        }
        let rest = self.code.text.get(offset..).and_then(|rest| rest.chars().next());
        Some(self.code.span(offset, offset + rest.map_or(0, char::len_utf8)))
    }

    /// The last token of the text: where something is missing at the end.
    pub fn last(&self) -> Span {
        let end = self.code.text.trim_end().len();
        let (start, end) = self.tokens.iter().rfind(|(start, _)| *start < end).copied().unwrap_or((0, end));
        self.code.span(start, end)
    }

    /// From the token at one position to the token at another.
    pub fn range(&self, first: Position, last: Position) -> Option<Span> {
        let first = self.token(first)?;
        Some(self.token(last).map_or(first, |last| first.to(last)))
    }
}

/// The byte offset of each line's start.
pub fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1)).collect()
}

/// The byte offset of a position: lines from 1, columns in characters from 1.
pub fn offset(text: &str, lines: &[usize], position: Position) -> Option<usize> {
    let line = position.line()?;
    let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(text.len());
    let column = position.position().unwrap_or(1).max(1);
    let rest = text.get(start..)?;
    let within = rest.char_indices().take_while(|(_, character)| *character != '\n').nth(column - 1);
    let line_length = rest.find('\n').unwrap_or(rest.len());
    Some(start + within.map_or(line_length, |(at, _)| at))
}
