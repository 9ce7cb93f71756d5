//! One line of the picture: a sign, a name, and as many words behind it as the width allows. It never wraps.

use super::text::{clip, first, width};
use crate::marks::Marks;

/// A line to be made.
#[derive(Debug, Default, Clone)]
pub(crate) struct Row {
    /// Columns before it.
    pub indent: usize,
    /// Sign before the name; may be empty.
    pub sign: &'static str,
    /// Colour of the sign.
    pub color: &'static str,
    /// Colour of the name.
    pub tone: &'static str,
    /// The name: clipped in its middle where it does not fit.
    pub name: String,
    /// It is clipped at its end instead.
    pub cut: bool,
    /// Columns that the name fills at least, if there is room.
    pub column: usize,
    /// Done and total of a loop.
    pub bar: Option<(u64, u64)>,
    /// What stands behind.
    pub words: Vec<Word>,
}

/// Something that stands behind a name, or is left out.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// The text.
    pub text: String,
    /// Its colour.
    pub color: &'static str,
    /// The least important words go first.
    pub weight: u8,
    /// Columns that it fills, blanks first.
    pub column: usize,
}

impl Word {
    pub(crate) fn new(text: impl Into<String>, color: &'static str, weight: u8) -> Self {
        Self { text: text.into(), color, weight, column: 0 }
    }

    fn columns(&self) -> usize {
        GAP + width(&self.text).max(self.column)
    }
}

/// Blanks between words.
const GAP: usize = 2;
/// Names are not clipped to less than this for the sake of words.
const NAME: usize = 12;
/// A bar is never longer than this, nor shorter than the other.
const BAR: usize = 24;
const SHORTEST_BAR: usize = 6;

/// A line and the columns that it fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The text, with colours.
    pub text: String,
    /// Columns.
    pub width: usize,
}

impl Row {
    /// The line, of at most that many columns.
    pub(crate) fn line(mut self, columns: usize, marks: &Marks) -> Line {
        // Where there is little room, little of it goes for indents.
        self.indent = self.indent.min(columns / 5);
        let sign = if self.sign.is_empty() { 0 } else { width(self.sign) + 1 };
        let room = columns.saturating_sub(self.indent + sign);
        let wanted = width(&self.name).max(self.column);
        let name = wanted.min(NAME).min(room / 2);
        while name + self.words.iter().map(Word::columns).sum::<usize>() > room {
            let least = self.words.iter().enumerate().min_by_key(|(_, word)| word.weight).map(|(at, _)| at);
            let Some(least) = least else { break };
            self.words.remove(least);
        }
        let mut free = room - self.words.iter().map(Word::columns).sum::<usize>().min(room);
        let bar = match self.bar {
            Some(bar) if free >= wanted.min(NAME) + GAP + SHORTEST_BAR => {
                let length = (free - wanted.min(free - GAP - SHORTEST_BAR) - GAP).clamp(SHORTEST_BAR, BAR);
                free -= length + GAP;
                Some((bar, length))
            }
            _ => None,
        };
        let mut line = Line { text: String::new(), width: 0 };
        line.blanks(self.indent.min(columns));
        if sign > 0 && columns > self.indent + sign {
            line.push(self.sign, self.color, marks);
            line.blanks(1);
        }
        let name = match self.cut && width(&self.name) > free {
            true => first(&self.name, free.saturating_sub(width(marks.gap))) + marks.gap,
            false => clip(&self.name, free, marks.gap),
        };
        let filled = width(&name);
        line.push(&name, self.tone, marks);
        if !self.words.is_empty() || bar.is_some() {
            line.blanks(self.column.min(free).saturating_sub(filled));
        }
        if let Some(((done, total), length)) = bar {
            line.blanks(GAP);
            line.bar(done, total, length, marks);
        }
        for word in &self.words {
            line.blanks(word.columns() - width(&word.text));
            line.push(&word.text, word.color, marks);
        }
        line
    }
}

impl Line {
    fn blanks(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
        self.width += count;
    }

    fn push(&mut self, text: &str, color: &str, marks: &Marks) {
        self.width += width(text);
        if color.is_empty() || text.is_empty() {
            self.text.push_str(text);
        } else {
            self.text.extend([color, text, marks.plain]);
        }
    }

    fn bar(&mut self, done: u64, total: u64, length: usize, marks: &Marks) {
        let halves =
            if total == 0 { 0 } else { u128::from(done.min(total)) * (length as u128 * 2) / u128::from(total) };
        let halves = usize::try_from(halves).unwrap_or(0);
        let [full, tip, rest] = marks.progress;
        let mut filled = full.repeat(halves / 2);
        if halves % 2 == 1 {
            filled.push_str(tip);
        }
        self.push(&filled, marks.green, marks);
        self.push(&rest.repeat(length - halves.div_ceil(2)), marks.dim, marks);
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Word};
    use crate::live::text::width;
    use crate::marks::Marks;
    use thinking_diagnostic::Style;

    fn row() -> Row {
        Row {
            indent: 4,
            sign: "▸",
            name: "epoch[a-rather-long-key-of-an-iteration]".to_owned(),
            bar: Some((25, 60)),
            words: vec![Word::new("25/60", "", 90), Word::new("4.2/s", "", 50), Word::new("~9s left", "", 70)],
            ..Row::default()
        }
    }

    #[test]
    fn fits_any_width() {
        let marks = Marks::new(Style::default());
        let shown: Vec<String> =
            [100, 76, 60, 44, 30, 20, 12, 5, 1].iter().map(|columns| row().line(*columns, &marks).text).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
           ▸ epoch[a-rather-long-key-of-an-iteration]  ━━━━━━━━━━──────────────  25/60  4.2/s  ~9s left
           ▸ epoch[a-rather-long…y-of-an-iteration]  ━━╸───  25/60  4.2/s  ~9s left
           ▸ epoch[a-rat…iteration]  ━━╸───  25/60  4.2/s  ~9s left
           ▸ epoch[a…ation]  25/60  4.2/s  ~9s left
           ▸ epoch[a-…eration]  25/60
           ▸ epo…on]  25/60
         ▸ epoc…on]
        ▸ e…
        "#);
        for columns in 0..120 {
            let line = row().line(columns, &marks);
            assert_eq!(width(&line.text), line.width);
            assert!(line.width <= columns, "{} in {columns}", line.text);
        }
    }

    #[test]
    fn bars() {
        let marks = Marks::new(Style::default());
        let shown: Vec<String> =
            [(0, 60), (1, 60), (30, 60), (59, 60), (60, 60), (70, 60), (0, 0), (u64::MAX - 1, u64::MAX)]
                .iter()
                .map(|bar| Row { bar: Some(*bar), ..Row::default() }.line(22, &marks).text)
                .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        ────────────────────
        ────────────────────
        ━━━━━━━━━━──────────
        ━━━━━━━━━━━━━━━━━━━╸
        ━━━━━━━━━━━━━━━━━━━━
        ━━━━━━━━━━━━━━━━━━━━
        ────────────────────
        ━━━━━━━━━━━━━━━━━━━╸
        "#);
    }

    #[test]
    fn colours() {
        let marks = Marks::new(Style { color: true, unicode: false, width: 80 });
        let row = Row { indent: 0, sign: "+", color: marks.green, tone: marks.dim, bar: Some((1, 3)), ..row() };
        insta::assert_snapshot!(row.line(50, &marks).text.replace('\u{1b}', "ESC"), @r#"ESC[32m+ESC[0m ESC[2mepoch[a-~ration]ESC[0m  ESC[32m==ESC[0mESC[2m----ESC[0m  25/60  4.2/s  ~9s left"#);
    }
}
