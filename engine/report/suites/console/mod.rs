//! A test run for people: lines as tests end, failures in full, and a summary that fits a screen.

mod failure;
mod frame;
mod live;
mod summary;

pub use live::TestLive;

use super::words;
use crate::live::frame::passed;
use crate::live::text::{push_wrapped, width};
use crate::marks::Marks;
use crate::sink::Sink;
use crate::summary::count;
use crate::{clean, duration};
use std::fmt::Write as _;
use std::io::Write;
use thinking_diagnostic::Style;
use thinking_event::testing::{Outcome, TestEvent, TestRecord, TestReporter, Try};

/// Which tests get a line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShowTests {
    /// Those that failed, and those that are slow, flaky or left something behind.
    #[default]
    Failures,
    /// All of them.
    All,
}

/// Of which tests the output is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShowOutput {
    /// Of those that failed.
    #[default]
    Failures,
    /// Of all of them.
    All,
    /// Of none: reports have it.
    Never,
}

/// How a [`TestConsole`] or [`TestLive`] talks.
#[derive(Debug, Clone, Default)]
pub struct TestConsoleOptions {
    /// Colours, signs and width.
    pub style: Style,
    /// Only what went wrong.
    pub quiet: bool,
    /// Which tests get a line.
    pub show: ShowTests,
    /// Of which tests the output is shown.
    pub output: ShowOutput,
    /// Whether tests of several projects run: their names stand before those of tests.
    pub projects: bool,
    /// Where reports will be, as they are named in the summary. The first one is where the rest of a long list can be read.
    pub reports: Vec<String>,
    /// What to type to run what failed again: `thinking test --last-failed`.
    pub again_command: String,
}

/// Tells people about a test run, line by line. Lines that come quickly are written together, and none waits longer than a tenth of a second. A closed pipe
/// is not a failure. Text from tests cannot steer the terminal.
pub struct TestConsole {
    sink: Sink,
    teller: Teller,
}

impl TestConsole {
    /// A reporter that writes there.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>, options: TestConsoleOptions) -> Self {
        Self { sink: Sink::new(writer), teller: Teller::new(options) }
    }
}

impl TestReporter for TestConsole {
    fn event(&mut self, event: &TestEvent) {
        let now = match event {
            TestEvent::Ended(record) => record.outcome.is_failure(),
            TestEvent::Stopping { .. } | TestEvent::RunEnded { .. } => true,
            _ => false,
        };
        let teller = &mut self.teller;
        self.sink.add(now, |out| teller.tell(out, event));
    }

    fn finish(&mut self) -> Result<(), String> {
        self.sink.finish();
        Ok(())
    }
}

/// Makes text of events, and remembers what the summary needs.
struct Teller {
    options: TestConsoleOptions,
    marks: Marks,
    summary: summary::Notes,
}

/// Durations stand in a column of their own, if names are not longer than this.
const COLUMN: usize = 34;

impl Teller {
    fn new(options: TestConsoleOptions) -> Self {
        Self { marks: Marks::new(options.style), options, summary: summary::Notes::default() }
    }

    /// Adds what is to be said of an event: nothing, a line, or several.
    fn tell(&mut self, out: &mut String, event: &TestEvent) {
        let marks = self.marks;
        // Writing to a string cannot fail, so what `write!` answers is dropped here and below.
        match event {
            TestEvent::RunStarted { run, tests, known, jobs, seed, expected, .. } => {
                if self.options.quiet {
                    return;
                }
                // Where the line is broken, a second blank would begin the next one.
                let gap = if self.options.style.width < 60 { " " } else { "  " };
                let mut head = format!("run {}{run}{}{gap}{}", marks.bold, marks.plain, selected(*tests, *known));
                if *jobs > 1 {
                    let _ = write!(head, ", {jobs} at once");
                }
                if let Some(seed) = seed {
                    let _ = write!(head, ", shuffled with seed {seed}");
                }
                if let Some(expected) = expected.filter(|expected| *expected >= 1_000_000) {
                    let _ = write!(head, ", about {}", passed(expected));
                }
                head.push('\n');
                push_wrapped(out, &head, self.options.style.width);
            }
            TestEvent::Started { .. } => {}
            TestEvent::Retried { project, test, repetition, failed } => {
                if !self.options.quiet {
                    self.retried(out, &self.name(project, &words::numbered(test, *repetition)), failed);
                }
            }
            TestEvent::Ended(record) => {
                let name = self.name(&record.test.project, &words::path(&record.test, record.repetition));
                self.ended(out, &name, record);
                self.summary.add(name, record);
            }
            TestEvent::Stopping { running: 0 } => out.push_str("stopping\n"),
            TestEvent::Stopping { running } => {
                let are = if *running == 1 { "is" } else { "are" };
                let tests = count(*running as u64, "test");
                let _ = writeln!(out, "stopping: {tests} {are} given time to end; Ctrl-C again stops at once");
            }
            TestEvent::RunEnded { end, counts, took } => {
                if !self.options.quiet || counts.failed > 0 || counts.not_run > 0 {
                    self.summary.tell(out, &self.options, &marks, *end, counts, *took);
                }
            }
        }
    }

    /// `path`, or with several projects `project: path`.
    fn name(&self, project: &str, path: &str) -> String {
        let mut name = String::new();
        if self.options.projects {
            clean::push(&mut name, project);
            name.push_str(": ");
        }
        name.push_str(path);
        name
    }

    /// `  ↻ net/get  attempt 1 failed: connection refused`
    fn retried(&self, out: &mut String, name: &str, failed: &Try) {
        let marks = &self.marks;
        let _ = write!(out, "  {}{}{} {name}  attempt {} ", marks.yellow, marks.again, marks.plain, failed.number);
        let reason = words::reason(failed);
        // Of one without a failure the reason is how it ended.
        let _ = match failed.all_failures().next() {
            Some(_) => writeln!(out, "failed: {reason}\n    trying again"),
            None => writeln!(out, "{reason}\n    trying again"),
        };
    }

    /// A line, and of a failure why.
    fn ended(&self, out: &mut String, name: &str, record: &TestRecord) {
        let failed = record.outcome.is_failure();
        let notable = failed || record.slow || record.leaks() || record.outcome == Outcome::Flaky;
        let wanted = match self.options.show {
            _ if self.options.quiet => failed,
            ShowTests::All => record.outcome != Outcome::NotRun,
            ShowTests::Failures => notable,
        };
        let all = self.options.output == ShowOutput::All && record.last().is_some() && !self.options.quiet;
        if !wanted && !all {
            return;
        }
        self.line(out, name, record);
        if failed {
            self.why(out, record);
        }
        if self.options.output == ShowOutput::All || (failed && self.options.output == ShowOutput::Failures) {
            self.output(out, record);
        }
        if failed {
            out.push('\n');
        }
    }

    /// `  ✓ tokenizer/splits on spaces             0.8ms`
    fn line(&self, out: &mut String, name: &str, record: &TestRecord) {
        let marks = &self.marks;
        let (sign, color) = match record.outcome {
            Outcome::Passed if record.leaks() => (marks.done, marks.yellow),
            Outcome::Passed => (marks.done, marks.green),
            Outcome::Flaky => (marks.again, marks.yellow),
            Outcome::NotRun => (marks.skipped, marks.dim),
            Outcome::Failed | Outcome::TimedOut | Outcome::Crashed => (marks.failed, marks.red),
        };
        let took = duration(record.took());
        let filled = width(name) + took.len();
        // In a narrow terminal a column would only break lines.
        let column = (COLUMN + 8).min(self.options.style.width / 2);
        let blanks = " ".repeat(column.saturating_sub(filled).max(2));
        let _ = write!(out, "  {color}{sign}{} {name}{blanks}{}{took}{}", marks.plain, marks.dim, marks.plain);
        match record.outcome {
            Outcome::Passed | Outcome::NotRun => {}
            Outcome::Flaky => {
                let _ = write!(out, "  flaky: passed at attempt {}", record.tries.len());
            }
            Outcome::Failed | Outcome::TimedOut | Outcome::Crashed => {
                let _ = write!(out, "  {}{}{}", marks.red, record.outcome.word(), marks.plain);
                if record.tries.len() > 1 {
                    let _ = write!(out, " after {} attempts", record.tries.len());
                }
            }
        }
        if record.slow {
            out.push_str("  slow");
        }
        out.push('\n');
        if record.leaks() {
            let _ = writeln!(out, "    {}left behind{}: {}", marks.yellow, marks.plain, words::leaks(record));
        }
    }
}

/// `12 tests`, `12 of 40 tests`
fn selected(tests: usize, known: usize) -> String {
    if tests < known { format!("{tests} of {}", count(known as u64, "test")) } else { count(tests as u64, "test") }
}

#[cfg(test)]
mod tests;
