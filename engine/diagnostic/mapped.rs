//! Text decoded out of another text, that still knows where each character stood.

use crate::{SourceId, Span};
use std::sync::Arc;

/// A decoded text (a KDL string without its quotes, escapes and indentation, or a whole file) and, for every byte of it, the place
/// in the source.
#[derive(Debug, Clone)]
pub struct MappedText {
    /// The text as decoded.
    pub text: Arc<str>,
    /// The whole literal in the source, quotes included.
    pub whole: Span,
    /// Whether escapes were decoded (the literal is not raw and holds a backslash).
    pub escaped: bool,
    /// Runs `(offset in text, offset in source)`, ascending: inside a run both advance together.
    runs: Vec<(u32, u32)>,
    /// `(offset in text, offset in source)` of the ends of escapes, ascending: they are wider in the source than in the text.
    ends: Vec<(u32, u32)>,
    /// Source offset of the text's end.
    end: u32,
}

impl MappedText {
    /// A text that stands in its source as it is: a whole file.
    #[must_use]
    pub fn whole_file(source: SourceId, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let end = text.len() as u32;
        Self { whole: Span { source, start: 0, end }, escaped: false, runs: vec![(0, 0)], ends: Vec::new(), end, text }
    }

    /// A decoded literal. `runs` are `(offset in text, offset in source)`, ascending by the first; inside a run both advance
    /// together. `ends` says the same of the ends of escapes; there are some if anything was escaped. `end` is the source offset where
    /// the content ends (before the closing quote).
    #[must_use]
    pub fn decoded(
        text: impl Into<Arc<str>>,
        whole: Span,
        runs: Vec<(u32, u32)>,
        ends: Vec<(u32, u32)>,
        end: u32,
    ) -> Self {
        let runs = if runs.is_empty() { vec![(0, whole.start)] } else { runs };
        Self { text: text.into(), whole, escaped: !ends.is_empty(), runs, ends, end }
    }

    /// A text whose inner places are not known: every place in it is the whole literal.
    #[must_use]
    pub fn opaque(text: impl Into<Arc<str>>, whole: Span) -> Self {
        Self { text: text.into(), whole, escaped: false, runs: Vec::new(), ends: Vec::new(), end: whole.end }
    }

    /// The source span of the decoded bytes `start..end`.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        if self.runs.is_empty() {
            return self.whole;
        }
        let first = self.source_offset(start);
        let last = if end > start { self.source_end(end) } else { first };
        Span { source: self.whole.source, start: first, end: last.max(first) }
    }

    /// A part of this text as a text of its own, with the same places.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Self {
        let text: Arc<str> = self.text.get(start..end).unwrap_or("").into();
        if self.runs.is_empty() {
            return Self { text, ..self.clone() };
        }
        let mut runs = vec![(0, self.source_offset(start))];
        runs.extend(
            self.runs
                .iter()
                .filter(|(at, _)| (*at as usize) > start && (*at as usize) < end)
                .map(|(at, source)| (at - start as u32, *source)),
        );
        let inside = |(at, _): &&(u32, u32)| (*at as usize) > start && (*at as usize) <= end;
        let ends = self.ends.iter().filter(inside).map(|(at, source)| (at - start as u32, *source)).collect();
        Self { text, whole: self.whole, escaped: self.escaped, runs, ends, end: self.span(start, end).end }
    }

    /// The byte offset in the text of a line and a column, both from 1, the column in characters (as Rhai counts them).
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let mut start = 0;
        for (number, content) in self.text.split_inclusive('\n').enumerate() {
            if number + 1 == line {
                let content = content.trim_end_matches('\n');
                let within = content.char_indices().nth(column.saturating_sub(1)).map_or(content.len(), |(at, _)| at);
                return start + within;
            }
            start += content.len();
        }
        self.text.len()
    }

    fn source_offset(&self, offset: usize) -> u32 {
        let offset = offset as u32;
        if offset as usize >= self.text.len() {
            return self.end;
        }
        let run = self.runs.partition_point(|(at, _)| *at <= offset).saturating_sub(1);
        let (at, source) = self.runs[run];
        source + offset.saturating_sub(at)
    }

    /// Where the character that ends at `end` in the text ends in the source.
    fn source_end(&self, end: usize) -> u32 {
        match self.ends.binary_search_by_key(&(end as u32), |(at, _)| *at) {
            Ok(escape) => self.ends[escape].1,
            Err(_) => self.source_offset(end - 1) + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: SourceId = SourceId(0);

    #[test]
    fn escapes_and_dedents_keep_their_places() {
        // source: `"a\tb"`: a at 1, \t at 2..4, b at 4
        let text = MappedText::decoded("a\tb", Span::new(SOURCE, 0, 6), vec![(0, 1), (2, 4)], vec![(2, 4)], 5);
        assert_eq!(text.span(0, 1), Span::new(SOURCE, 1, 2));
        assert_eq!(text.span(1, 2), Span::new(SOURCE, 2, 4), "the escape is two bytes wide");
        assert_eq!(text.span(2, 3), Span::new(SOURCE, 4, 5));
        assert_eq!(text.span(3, 3), Span::new(SOURCE, 5, 5));
        // two lines, dedented by 4: x at 8, y at 14
        let text = MappedText::decoded("x\ny", Span::new(SOURCE, 0, 20), vec![(0, 8), (2, 14)], Vec::new(), 15);
        assert_eq!(text.span(2, 3), Span::new(SOURCE, 14, 15));
        assert_eq!(text.offset(2, 1), 2);
        assert_eq!(text.offset(7, 1), 3);
        let part = text.part(2, 3);
        assert_eq!((&*part.text, part.span(0, 1)), ("y", Span::new(SOURCE, 14, 15)));
    }
}
