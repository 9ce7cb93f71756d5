//! Why a test failed: what was done before, the diagnostic, and what the test wrote.

use super::Teller;
use crate::clean;
use crate::suites::words;
use std::fmt::Write as _;
use thinking_event::testing::{OutputSource, Phase, PhaseKind, TestFailure, TestRecord, Try};

/// Of a phase that wrote more lines than this only the last ones are shown.
const MOST_LINES: usize = 100;
/// More failures of one test than this are counted only: what fails first matters.
const MOST_FAILURES: usize = 10;

impl Teller {
    /// The place, and each failure of the last try.
    pub(super) fn why(&self, out: &mut String, record: &TestRecord) {
        let Some(last) = record.last() else { return };
        let marks = &self.marks;
        // Writing to a string cannot fail, so what `write!` answers is dropped here and below.
        let _ = write!(out, "    {}at ", marks.dim);
        clean::push(out, &record.test.file);
        let _ = write!(out, ":{}", record.test.line);
        if let Some(case) = &record.test.case {
            out.push_str(" with ");
            clean::push(out, case);
        }
        out.push_str(marks.plain);
        out.push('\n');
        for (name, value) in &last.properties {
            out.push_str("    ");
            clean::push(out, name);
            out.push_str(": ");
            clean::push(out, value);
            out.push('\n');
        }
        let failures: Vec<(Option<&Phase>, &TestFailure)> = last.all_failures().collect();
        for (phase, failure) in failures.iter().take(MOST_FAILURES) {
            self.steps(out, last, *phase);
            self.diagnostic(out, failure);
        }
        if failures.len() > MOST_FAILURES {
            let _ = writeln!(out, "    {} and {} more failures", marks.gap, failures.len() - MOST_FAILURES);
        }
    }

    /// `✓ given "a text"` and so on up to what failed.
    fn steps(&self, out: &mut String, last: &Try, failed: Option<&Phase>) {
        let marks = &self.marks;
        let Some(failed) = failed else {
            if let Some(cut) = words::cut_off(last) {
                let _ = writeln!(out, "    {}{}{} {}", marks.yellow, marks.start, marks.plain, words::heading(cut));
            }
            return;
        };
        // A test that is just a body has no parts to tell apart.
        if failed.kind == PhaseKind::Body {
            return;
        }
        for phase in words::before(last, failed) {
            let (color, sign) = match phase.failure {
                Some(_) => (marks.red, marks.failed),
                None => (marks.green, marks.done),
            };
            let _ = writeln!(out, "    {color}{sign}{} {}", marks.plain, words::heading(phase));
        }
        let _ = writeln!(out, "    {}{}{} {}", marks.red, marks.failed, marks.plain, words::heading(failed));
    }

    fn diagnostic(&self, out: &mut String, failure: &TestFailure) {
        let coloured = self.options.style.color && !failure.coloured.is_empty();
        let plain = words::rendered(failure);
        let text = if coloured { failure.coloured.trim_matches('\n') } else { &plain };
        // A diagnostic has its own margin; it needs all of the width.
        let margin = if text.starts_with([' ', '\u{1b}']) && !failure.rendered.is_empty() { "" } else { "    " };
        for line in text.lines() {
            let color = match words::difference(failure, line) {
                Some('-') => self.marks.red,
                Some(_) => self.marks.green,
                None => "",
            };
            out.push_str(if line.is_empty() { "" } else { margin });
            out.push_str(color);
            push_coloured(out, line);
            out.push_str(if color.is_empty() { "" } else { self.marks.plain });
            out.push('\n');
        }
    }

    /// What the last try wrote, by phase.
    pub(super) fn output(&self, out: &mut String, record: &TestRecord) {
        let Some(last) = record.last() else { return };
        let marks = &self.marks;
        for phase in last.phases.iter().filter(|phase| !phase.output.is_empty()) {
            let _ = writeln!(out, "    {}output of {}{}", marks.dim, words::heading(phase), marks.plain);
            let left_out = phase.output.len().saturating_sub(MOST_LINES);
            if left_out > 0 {
                let _ = writeln!(out, "    {} {} {left_out} lines before, which reports have", marks.bar, marks.gap);
            }
            for line in &phase.output[left_out..] {
                let text = clean::line(&line.text);
                let blank = if text.is_empty() && line.level.is_empty() { "" } else { " " };
                let _ = write!(out, "    {}{}{}{blank}", marks.dim, marks.bar, marks.plain);
                let word = if line.source == OutputSource::Log { words::level(&line.level) } else { String::new() };
                if !word.is_empty() {
                    let color = match word.as_str() {
                        "warning" => marks.yellow,
                        "error" => marks.red,
                        _ => marks.dim,
                    };
                    let _ = write!(out, "{color}{word}:{} ", marks.plain);
                }
                out.push_str(&text);
                out.push('\n');
            }
        }
    }
}

/// A line whose colours stay; whatever else steers a terminal is left out or shown.
fn push_coloured(out: &mut String, line: &str) {
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        clean::push(out, &rest[..at]);
        rest = &rest[at + 1..];
        let body = rest.strip_prefix('[').unwrap_or("");
        let end = body.find(|character: char| !character.is_ascii_digit() && character != ';');
        match end.filter(|end| body[*end..].starts_with('m')) {
            Some(end) => {
                out.push_str("\u{1b}[");
                out.push_str(&body[..=end]);
                rest = &body[end + 1..];
            }
            None => clean::push(out, "\u{1b}"),
        }
    }
    clean::push(out, rest);
}

#[cfg(test)]
mod tests {
    use super::push_coloured;

    #[test]
    fn colours_stay_and_nothing_else_steers() {
        let cases = [
            ("\u{1b}[31mred\u{1b}[0m", "\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}[38;5;1ma\u{1b}[m", "\u{1b}[38;5;1ma\u{1b}[m"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\u{1b}]0;title\u{7}", "a\\u{1b}]0;title\\u{7}"),
            ("a\u{1b}", "a\\u{1b}"),
            ("a\u{1b}[3", "a\\u{1b}[3"),
            ("→\u{1b}[→", "→\\u{1b}[→"),
            ("", ""),
        ];
        for (line, shown) in cases {
            let mut out = String::new();
            push_coloured(&mut out, line);
            assert_eq!(out, shown, "{line:?}");
        }
    }
}
