//! Earlier runs and steps as text.

mod change;
mod json;
mod run;
mod step;

pub use json::{history_json, run_json, run_steps_json, step_json, tasks_json};
pub use run::{history_text, run_text};
pub use step::{step_text, tasks_text};

use crate::clean;
use crate::marks::Marks;
use crate::table::cut;
use std::fmt::Write as _;
use thinking_diagnostic::Style;

/// How the past is shown.
#[derive(Debug, Clone)]
pub struct PastPage {
    /// Colours and signs.
    pub style: Style,
    /// Columns of the terminal; what is longer is shortened. `None`: nothing is.
    pub width: Option<usize>,
    /// The zone in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// What to type to go on with a run: `thinking apply`.
    pub resume_command: String,
}

impl PastPage {
    pub(super) fn marks(&self) -> Marks {
        Marks::new(self.style)
    }

    pub(super) fn ellipsis(&self) -> &'static str {
        if self.style.unicode { "…" } else { "..." }
    }

    /// Shortened to what is left of a line.
    pub(super) fn fit(&self, text: &str, used: usize) -> String {
        match self.width {
            Some(width) => cut(text, width.saturating_sub(used).max(12), self.ellipsis()),
            None => text.to_owned(),
        }
    }

    pub(super) fn time(&self, at: i64, format: &str) -> String {
        let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        time.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    pub(super) fn minute(&self, at: i64) -> String {
        self.time(at, "%Y-%m-%d %H:%M")
    }

    pub(super) fn second(&self, at: i64) -> String {
        self.time(at, "%Y-%m-%d %H:%M:%S")
    }
}

/// A line under its name; further lines of the value stand below its first.
fn field(out: &mut String, name: &str, value: &str) {
    let mut lines = value.lines();
    let _ = writeln!(out, "  {name:<8} {}", lines.next().unwrap_or_default());
    for line in lines {
        let _ = writeln!(out, "  {:<8} {line}", "");
    }
}

/// A text on one line, made harmless.
fn text(text: &str) -> String {
    let mut out = String::new();
    clean::push(&mut out, text);
    out
}

fn first(message: &str) -> String {
    clean::lines(message).next().unwrap_or_default()
}

fn lines(message: &str) -> String {
    clean::lines(message).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
#[path = "past_tests.rs"]
mod tests;
