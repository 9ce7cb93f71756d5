//! From Rhai's lines and columns to places in the source.

use crate::tokens::{Shape, Token};
use rhai::Position;
use thinking_diagnostic::{MappedText, Span};

/// A text and where its lines and tokens are.
#[derive(Debug)]
pub struct Places {
    code: MappedText,
    lines: Vec<usize>,
    /// Start, end and shape of every token, ascending.
    tokens: Vec<(usize, usize, Shape)>,
}

impl Places {
    /// Prepares a text whose tokens are known.
    pub fn new(code: &MappedText, tokens: &[Token]) -> Self {
        Self {
            lines: line_starts(&code.text),
            tokens: tokens.iter().map(|token| (token.start, token.end, token.shape)).collect(),
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
        let near = self.tokens.partition_point(|(start, ..)| *start <= offset).checked_sub(1);
        let end = near.and_then(|at| self.tokens.get(at)).map_or(offset, |(_, end, _)| *end).max(offset);
        if end > offset {
            return Some(self.code.span(offset, end));
        }
        let rest = self.code.text.get(offset..).and_then(|rest| rest.chars().next());
        Some(self.code.span(offset, offset + rest.map_or(0, char::len_utf8)))
    }

    /// The last token of the text: where something is missing at the end.
    pub fn last(&self) -> Span {
        let end = self.code.text.trim_end().len();
        let last = self.tokens.iter().rfind(|(start, ..)| *start < end);
        let (start, end) = last.map_or((0, end), |(start, end, _)| (*start, *end));
        self.code.span(start, end)
    }

    /// The call whose function's name stands at a position, from its namespace to its closing parenthesis; `None` if there is no
    /// call, or if it takes more than a line, which is too much to underline.
    pub fn call(&self, position: Position) -> Option<Span> {
        let offset = self.offset(position)?;
        let text = |at: usize| self.tokens.get(at).and_then(|(start, end, _)| self.code.text.get(*start..*end));
        let name = self.tokens.partition_point(|(start, ..)| *start < offset);
        let (start, _, shape) = self.tokens.get(name).copied()?;
        if start != offset || shape != Shape::Name {
            return None;
        }
        let mut first = name;
        while first >= 2 && text(first - 1) == Some("::") {
            first -= 2;
        }
        let mut depth = 0_usize;
        let mut last = None;
        for (at, (_, end, shape)) in self.tokens.iter().enumerate().skip(name + 1) {
            let opens = text(at).is_some_and(|text| text.starts_with('('));
            match shape {
                _ if at == name + 1 && !opens => return None,
                Shape::Open => depth += 1,
                Shape::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                last = Some(*end);
                break;
            }
        }
        let (start, end) = (self.tokens.get(first)?.0, last?);
        let one_line = self.code.text.get(start..end).is_some_and(|text| !text.contains(['\n', '\r']));
        one_line.then(|| self.code.span(start, end))
    }

    /// From the token at one position to the token at another.
    pub fn range(&self, first: Position, last: Position) -> Option<Span> {
        let first = self.token(first)?;
        Some(self.token(last).map_or(first, |last| first.to(last)))
    }
}

/// The byte offset of each line's start.
pub fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
        .collect()
}

/// The byte offset of a position: lines from 1, columns in characters from 1.
fn offset(text: &str, lines: &[usize], position: Position) -> Option<usize> {
    let line = position.line()?;
    let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(text.len());
    let mut cursor = Cursor { text, lines, line, column: 1, offset: start };
    Some(cursor.go_to(position))
}

/// Follows ascending positions through a text without starting over.
pub struct Cursor<'a> {
    text: &'a str,
    lines: &'a [usize],
    line: usize,
    column: usize,
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// At the text's start.
    pub fn new(text: &'a str, lines: &'a [usize]) -> Self {
        Self { text, lines, line: 1, column: 1, offset: 0 }
    }

    /// The byte offset of a position, which is not before the last one asked for; columns past a line's end are its end.
    pub fn go_to(&mut self, position: Position) -> usize {
        let Some(line) = position.line() else { return self.offset };
        if line > self.line {
            self.offset = self.lines.get(line - 1).copied().unwrap_or(self.text.len());
            (self.line, self.column) = (line, 1);
        }
        let wanted = position.position().unwrap_or(1).max(1);
        let rest = self.text.get(self.offset..).unwrap_or("");
        for character in rest.chars().take(wanted.saturating_sub(self.column)) {
            if character == '\n' {
                break;
            }
            self.offset += character.len_utf8();
            self.column += 1;
        }
        self.offset
    }
}
