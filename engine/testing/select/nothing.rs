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
        let before = self.steps.iter().take_while(|(_, left)| *left > 0).map(|(_, left)| *left).last();
        let removed = self.steps.iter().find(|(_, left)| *left == 0).map_or("", |(label, _)| label.as_str());
        let tests =
            |number: usize| if number == 1 { "the only test".to_owned() } else { format!("the {number} tests") };
        let message = format!(
            "nothing is selected: none of {} is left by {removed}",
            match before {
                Some(before) if before < self.known =>
                    format!("{} that other filters left of {}", plural(before), self.known),
                _ => tests(self.known),
            }
        );
        let mut diagnostic = error(message);
        if self.steps.len() > 1 {
            let steps = self.steps.iter().map(|(label, left)| format!("{left} after {label}"));
            let steps: Vec<String> = [format!("{} in all", self.known)].into_iter().chain(steps).collect();
            diagnostic = diagnostic.help(steps.join(", "));
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

fn plural(number: usize) -> String {
    if number == 1 { "the one test".to_owned() } else { format!("the {number} tests") }
}
