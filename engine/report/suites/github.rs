//! Notes beside the changed lines on GitHub: workflow commands on standard output.

use super::target::ReportTarget;
use super::words;
use std::fmt::Write as _;
use thinking_event::testing::{TestEvent, TestRecord, TestReporter};

/// Writes a workflow command for each failure (`::error`), and for each test that is flaky or left something behind (`::warning`). GitHub shows the first
/// ten of each kind of a step. The caller decides whether it is used; usually if `GITHUB_ACTIONS` is set.
///
/// Files are named as tests name them, with a prefix if one is given. All is written when the reporter is finished.
#[derive(Debug)]
pub struct TestAnnotations {
    target: ReportTarget,
    prefix: String,
    text: String,
}

impl TestAnnotations {
    /// A reporter that writes there: standard output for GitHub's runner.
    #[must_use]
    pub fn new(target: ReportTarget) -> Self {
        Self { target, prefix: String::new(), text: String::new() }
    }

    /// Names files from the repository's root: `prefix` is the path from there to the working directory, empty or without a slash at its end. Absolute
    /// paths stay.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        prefix.trim_end_matches('/').clone_into(&mut self.prefix);
        self
    }

    fn note(&mut self, kind: &str, (file, line, column): (&str, usize, usize), title: &str, message: &str) {
        let file = match self.prefix.as_str() {
            prefix if prefix.is_empty() || file.starts_with('/') => file.to_owned(),
            prefix => format!("{prefix}/{file}"),
        };
        let out = &mut self.text;
        // Writing to a string cannot fail.
        let _ = write!(out, "::{kind} file={}", property(&file));
        if line > 0 {
            let _ = write!(out, ",line={line}");
        }
        if column > 0 {
            let _ = write!(out, ",col={column}");
        }
        let _ = writeln!(out, ",title={}::{}", property(title), data(message));
    }

    fn ended(&mut self, record: &TestRecord) {
        let path = words::path(&record.test, record.repetition);
        let Some(last) = record.last() else { return };
        let own = (record.test.file.as_str(), record.test.line, 0);
        if record.outcome.is_failure() {
            for (phase, failure) in last.all_failures() {
                let (file, line) = words::place(&record.test, Some(failure));
                let column = if failure.file.is_empty() { 0 } else { failure.column };
                let title = match phase {
                    Some(phase) => format!("{path}: {}", words::heading(phase)),
                    None => path.clone(),
                };
                self.note("error", (file, line, column), &title, &words::rendered(failure));
            }
            if last.all_failures().next().is_none() {
                self.note("error", own, &path, record.outcome.word());
            }
        } else if let Some(failed) = record.tries.iter().rev().nth(1) {
            let message = format!("flaky: passed at attempt {}; before: {}", record.tries.len(), words::reason(failed));
            self.note("warning", own, &path, &message);
        }
        if record.leaks() {
            self.note("warning", own, &path, &format!("left behind: {}", words::leaks(record)));
        }
    }
}

impl TestReporter for TestAnnotations {
    fn event(&mut self, event: &TestEvent) {
        if let TestEvent::Ended(record) = event {
            self.ended(record);
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() { Ok(()) } else { self.target.write("what GitHub shows beside the lines", text.as_bytes()) }
    }
}

/// A message, in which only the end of the line and the sign that escapes have a meaning.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value, which also ends at a colon or comma.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{ReportTarget, TestAnnotations};
    use crate::suites::sample;
    use crate::testing::Paper;

    #[test]
    fn notes() {
        let paper = Paper::default();
        let mut reporter =
            TestAnnotations::new(ReportTarget::Writer(Box::new(paper.clone()))).with_prefix("examples/words/");
        sample::tell(&mut reporter, &sample::events());
        insta::assert_snapshot!(paper.text());
        assert!(paper.text().lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")));
    }

    #[test]
    fn nothing_for_tests_that_passed() {
        let paper = Paper::default();
        let mut reporter = TestAnnotations::new(ReportTarget::Writer(Box::new(paper.clone())));
        sample::tell(&mut reporter, &sample::run(vec![sample::passed(&[], "a", 1)]));
        assert_eq!(paper.text(), "");
    }
}
