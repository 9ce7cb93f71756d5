//! Columns of text.

/// Rows under a heading; columns are as wide as their widest cell, the last one is as it is.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

/// Blanks between columns.
const GAP: usize = 2;

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    pub(crate) fn add(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The width of each column.
    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
        (0..columns).map(|column| self.rows.iter().map(|row| width(row, column)).max().unwrap_or(0)).collect()
    }

    /// How wide all but the last column is, and the heading of the last.
    pub(crate) fn width(&self) -> usize {
        let widths = self.widths();
        let last = self.rows.first().and_then(|head| head.last()).map_or(0, |cell| cell.chars().count());
        widths.iter().rev().skip(1).map(|width| width + GAP).sum::<usize>() + last
    }

    /// One line for each row, the heading first.
    pub(crate) fn lines(&self) -> Vec<String> {
        let widths = self.widths();
        let line = |row: &Vec<String>| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + GAP));
            }
            line.truncate(line.trim_end().len());
            line
        };
        self.rows.iter().map(line).collect()
    }
}

/// At most so many characters of a text; what is cut off shows as `…`.
#[must_use]
pub fn cut(text: &str, most: usize, ellipsis: &str) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(ellipsis.chars().count())).collect();
    short.push_str(ellipsis);
    short
}

/// At most so many characters of a text, the last ones; what is cut off shows as `…`.
#[must_use]
pub fn cut_front(text: &str, most: usize, ellipsis: &str) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(ellipsis.chars().count());
    ellipsis.chars().chain(text.chars().skip(length - kept)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Table, cut, cut_front};

    #[test]
    fn columns() {
        let mut table = Table::new(&["a", "long head", "c"]);
        table.add(vec!["one".to_owned(), "x".to_owned(), "y".to_owned()]);
        table.add(vec!["→".to_owned(), String::new(), String::new()]);
        assert_eq!(table.lines(), ["a    long head  c", "one  x          y", "→"]);
        assert_eq!(table.width(), "a    long head  c".len());
    }

    #[test]
    fn cuts() {
        assert_eq!(cut("zwölf", 5, "…"), "zwölf");
        assert_eq!(cut("zwölf", 4, "…"), "zwö…");
        assert_eq!(cut("zwölf", 4, "..."), "z...");
        assert_eq!(cut("zwölf", 0, "…"), "…");
        assert_eq!(cut_front("zwölf", 5, "…"), "zwölf");
        assert_eq!(cut_front("zwölf", 4, "…"), "…ölf");
    }
}
