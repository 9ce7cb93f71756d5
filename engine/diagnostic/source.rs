//! Texts by number, and places in them.

use std::sync::Arc;

/// Which text of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A range of bytes in one text. `end` is exclusive; an empty span marks a place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// Byte after the last one.
    pub end: u32,
}

impl Span {
    /// A span of `source` from byte `start` up to, not including, `end`.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX).max(start);
        Self { source, start, end }
    }

    /// The smallest span that holds both; `self` if they are in different texts.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.source != other.source {
            return self;
        }
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A place as people count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One text: its name as shown to people, and its content.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The name that messages show: a path relative to where the user stands.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    fn new(name: Arc<str>, text: Arc<str>) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1));
        Self { name, text, line_starts }
    }

    /// The line and column of a byte offset; offsets past the end count as the end.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start as usize <= offset);
        let start = self.line_starts.get(line.saturating_sub(1)).map_or(0, |start| *start as usize);
        LineColumn { line, column: self.text[start..offset].chars().count() + 1 }
    }

    /// The byte offset of a line and a column (both from 1), cut to the line's end.
    #[must_use]
    pub fn offset(&self, place: LineColumn) -> u32 {
        let Some(start) = self.line_starts.get(place.line.saturating_sub(1)).copied() else {
            return self.text.len() as u32;
        };
        let line = self.text[start as usize..].split('\n').next().unwrap_or("");
        let within = line.char_indices().nth(place.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        start + within as u32
    }
}

/// Every text that was read, by [`SourceId`].
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text in and returns its number. `name` is what messages show.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile::new(name.into(), text.into()));
        id
    }

    /// The text of that number, if it came from this map.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The words under a span; empty if the span is not of this map.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).and_then(|file| file.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }

    /// Where a span starts.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<LineColumn> {
        self.get(span.source).map(|file| file.line_column(span.start))
    }

    /// `file:line:column` of a span's start.
    #[must_use]
    pub fn describe(&self, span: Span) -> String {
        match self.get(span.source) {
            Some(file) => {
                let LineColumn { line, column } = file.line_column(span.start);
                format!("{}:{line}:{column}", file.name)
            }
            None => "?".to_owned(),
        }
    }

    /// All texts with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (SourceId(at as u32), file))
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_survive_offsets_inside_one() {
        let mut map = SourceMap::new();
        let id = map.add("a.kdl", "eins\nzwölf x\n");
        let file = map.get(id).expect("just added");
        assert_eq!(file.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(5), LineColumn { line: 2, column: 1 });
        assert_eq!(file.line_column(8), LineColumn { line: 2, column: 3 }, "inside the two bytes of ö");
        assert_eq!(file.line_column(12), LineColumn { line: 2, column: 7 });
        assert_eq!(file.line_column(9999), LineColumn { line: 3, column: 1 });
        assert_eq!(file.offset(LineColumn { line: 2, column: 7 }), 12);
        assert_eq!(file.offset(LineColumn { line: 9, column: 1 }), file.text.len() as u32);
    }
}
