//! The signs before lines, and colours.

use thinking_diagnostic::Style;
use thinking_step::ErrorKind;

/// Signs and colours of a style; colours are empty where there are none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    pub start: &'static str,
    pub done: &'static str,
    pub failed: &'static str,
    pub again: &'static str,
    pub skipped: &'static str,
    pub kept: &'static str,
    pub bar: &'static str,
    /// What stands for text that was left out.
    pub gap: &'static str,
    /// A progress bar's done part, its tip, and the rest.
    pub progress: [&'static str; 3],
    pub green: &'static str,
    pub red: &'static str,
    pub yellow: &'static str,
    pub dim: &'static str,
    pub bold: &'static str,
    pub plain: &'static str,
}

impl Marks {
    pub(crate) fn new(style: Style) -> Self {
        let color = |code| if style.color { code } else { "" };
        let sign = |unicode, ascii| if style.unicode { unicode } else { ascii };
        Self {
            start: sign("▸", ">"),
            done: sign("✓", "+"),
            failed: sign("✗", "x"),
            again: sign("↻", "~"),
            skipped: sign("–", "-"),
            kept: "=",
            bar: sign("│", "|"),
            gap: sign("…", "~"),
            progress: [sign("━", "="), sign("╸", ">"), sign("─", "-")],
            green: color("\u{1b}[32m"),
            red: color("\u{1b}[31m"),
            yellow: color("\u{1b}[33m"),
            dim: color("\u{1b}[2m"),
            bold: color("\u{1b}[1m"),
            plain: color("\u{1b}[0m"),
        }
    }

    /// The colour of a line of a failure's details: what a script was to give, or gave too much, is told behind `-` and `+`. Programs
    /// print lists that way, which mean nothing of the sort.
    pub(crate) fn detail(&self, kind: ErrorKind, line: &str) -> &'static str {
        match line {
            line if kind == ErrorKind::Script && line.starts_with("- ") => self.red,
            line if kind == ErrorKind::Script && line.starts_with("+ ") => self.green,
            _ => "",
        }
    }
}
