//! Nothing is selected: why, and what to type.

use super::Selection;
use thinking_diagnostic::{Code, Diagnostic};

/// How many tests each filter left.
pub(super) struct Narrowed {
    known: usize,
    steps: Vec<(String, usize)>,
}

impl Narrowed {
    pub fn new(known: usize) -> Self {
        Self { known, steps: Vec::new() }
    }

    /// One more filter, as it was typed, and what it left.
    pub fn to(&mut self, label: String, left: usize) {
        self.steps.push((label, left));
    }

    /// The error. `recorded`: outcomes of earlier runs are known.
    pub fn told(&self, selection: &Selection, recorded: bool) -> Diagnostic {
        let error = |message: String| Diagnostic::error(Code::CommandLine, message);
        if self.known == 0 {
            return error("there are no tests here".to_owned())
                .help(r#"write one into the manifest or into tests/*.kdl: suite "first" { test "adds" { rhai "assert_eq(1 + 1, 2)" } }"#.to_owned());
        }
        let zero = self.steps.iter().position(|(_, left)| *left == 0).unwrap_or(0);
        let removed = self.steps.get(zero).map_or("", |(label, _)| label.as_str());
        let before = zero.checked_sub(1).and_then(|at| self.steps.get(at)).map_or(self.known, |(_, left)| *left);
        let of = match before {
            1 => "leaves out the only test".to_owned(),
            _ => format!("leaves none of {before} tests"),
        };
        let mut diagnostic = error(format!("nothing is selected: {removed} {of}"));
        if zero > 0 {
            let steps = self.steps.iter().take(zero).map(|(label, left)| format!(", {left} after {label}"));
            let steps: String = steps.collect();
            diagnostic = diagnostic.help(format!("{} in all{steps}, none after {removed}", self.known));
        }
        let help = if removed == "--last-failed" && !recorded {
            "no earlier run is recorded here: run once without --last-failed"
        } else if removed == "--last-failed" {
            "what you selected passed when it last ran; without --last-failed it runs again"
        } else if removed.starts_with("--shard") {
            "there are more machines than tests: a smaller N is enough"
        } else if !(selection.tags.is_empty() && selection.expressions.is_empty()) {
            "`thinking test --list` shows all tests with their tags"
        } else {
            "`thinking test --list` shows all tests"
        };
        diagnostic.help(help.to_owned())
    }
}
