//! What was looked at, and how it stands.

use serde_json::{Value, json};
use std::fmt::Write as _;
use thinking_diagnostic::Style;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As it should be.
    Fine,
    /// Worth knowing; a run can do without.
    Note,
    /// A run will break on it.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// A word for it, which does not change: `open-files`.
    pub check: &'static str,
    /// How it stands.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    pub fn fine(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Fine, found: found.into(), advice: None }
    }

    pub fn note(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, level: Level::Note, found: found.into(), advice: Some(advice.into()) }
    }

    pub fn bad(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Bad, ..Self::note(check, found, advice) }
    }
}

/// Everything that was looked at, in parts.
#[derive(Debug, Default)]
pub(super) struct Report {
    sections: Vec<(String, Vec<Finding>)>,
}

impl Report {
    pub fn section(&mut self, title: &str, findings: Vec<Finding>) {
        self.sections.push((title.to_owned(), findings));
    }

    fn all(&self) -> impl Iterator<Item = &Finding> {
        self.sections.iter().flat_map(|(_, findings)| findings)
    }

    /// The worst of all.
    pub fn worst(&self) -> Level {
        self.all().map(|finding| finding.level).max().unwrap_or(Level::Fine)
    }

    /// For people: a line for each, and one for what to do. `quiet` leaves out what is fine.
    pub fn text(&self, style: Style, quiet: bool) -> String {
        let colour = |text: &str, code: &str| match style.color {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        };
        let sign = |unicode, ascii| if style.unicode { unicode } else { ascii };
        let width = self.all().map(|finding| finding.check.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (title, findings) in &self.sections {
            let shown: Vec<&Finding> =
                findings.iter().filter(|finding| !quiet || finding.level != Level::Fine).collect();
            if shown.is_empty() {
                continue;
            }
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", colour(title, "1"));
            for finding in shown {
                let mark = match finding.level {
                    Level::Fine => colour(sign("✓", "+"), "32"),
                    Level::Note => colour("!", "33"),
                    Level::Bad => colour(sign("✗", "x"), "31"),
                };
                let _ = writeln!(text, "  {mark} {:width$}  {}", finding.check, finding.found);
                if let Some(advice) = &finding.advice {
                    let _ = writeln!(text, "    {:width$}  {} {advice}", "", sign("→", "->"));
                }
            }
            text.push('\n');
        }
        let count = |level| self.all().filter(|finding| finding.level == level).count();
        let (notes, bad) = (count(Level::Note), count(Level::Bad));
        let plural = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {many}"),
        };
        let notes_text = plural(notes, "thing is worth a look", "things are worth a look");
        match (bad, notes) {
            (0, 0) => text.push_str("all is well\n"),
            (0, _) => {
                let _ = writeln!(text, "nothing will break a run; {notes_text}");
            }
            (bad, notes) => {
                let rest = if notes == 0 { String::new() } else { format!("; {notes_text}") };
                let _ = writeln!(text, "{} break a run{rest}", plural(bad, "thing will", "things will"));
            }
        }
        text
    }

    /// For machines: `ok`, and the `checks` with `section`, `check`, `level` (fine, note, bad), `found` and `advice`.
    pub fn json(&self) -> Value {
        let checks = self.sections.iter().flat_map(|(section, findings)| {
            findings.iter().map(move |finding| {
                let level = match finding.level {
                    Level::Fine => "fine",
                    Level::Note => "note",
                    Level::Bad => "bad",
                };
                json!({
                    "section": section, "check": finding.check, "level": level,
                    "found": finding.found, "advice": finding.advice,
                })
            })
        });
        json!({ "ok": self.worst() != Level::Bad, "checks": checks.collect::<Vec<_>>() })
    }
}

/// Bytes for people: `1.5 GB`.
pub(super) fn bytes(count: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_round() {
        for (count, text) in
            [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (99_600, "100 kB"), (u64::MAX, "18.4 EB")]
        {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn the_end_says_how_it_stands() {
        let plain = Style { color: false, unicode: true, width: 80 };
        let with = |findings: Vec<Finding>| {
            let mut report = Report::default();
            report.section("Here", findings);
            report
        };
        let fine = Finding::fine("clock", "right");
        let note = Finding::note("disk", "small", "buy one");
        let bad = Finding::bad("program", "`x` is missing", "install it");
        assert!(with(vec![fine.clone()]).text(plain, false).ends_with("all is well\n"));
        let two = with(vec![fine.clone(), note.clone()]);
        assert!(two.text(plain, false).ends_with("nothing will break a run; 1 thing is worth a look\n"));
        let all = with(vec![fine, note, bad]);
        insta::assert_snapshot!(all.text(plain, true), @r#"
        Here
          ! disk     small
                     → buy one
          ✗ program  `x` is missing
                     → install it

        1 thing will break a run; 1 thing is worth a look
        "#);
        let colourful = all.text(Style { color: true, ..plain }, false);
        assert!(colourful.contains("\u{1b}[31m✗\u{1b}[0m program  `x` is missing"), "{colourful}");
        let ascii = all.text(Style { unicode: false, ..plain }, false);
        assert!(ascii.is_ascii() && ascii.contains("x program") && ascii.contains("-> install it"), "{ascii}");
        assert_eq!(all.json()["ok"], false);
    }
}
