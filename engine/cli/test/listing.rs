//! `--list`: which tests there are.

use crate::cli::output;
use std::fmt::Write as _;
use thinking_event::testing::TestInfo;

/// Prints tests: a line each, or JSON.
pub(super) fn print<'t>(tests: impl Iterator<Item = &'t TestInfo>, json: bool, projects: bool) {
    if json {
        let tests: Vec<&TestInfo> = tests.collect();
        output::json_data(&tests);
        return;
    }
    let mut text = String::new();
    for test in tests {
        if projects {
            let _ = write!(text, "{} ", test.project);
        }
        text.push_str(&test.path());
        if let Some(case) = &test.case {
            let _ = write!(text, "  {case}");
        }
        for tag in &test.tags {
            let _ = write!(text, "  #{tag}");
        }
        text.push('\n');
    }
    output::data(&text);
}
