//! A plain line per task as it starts and ends, and the summary.

use crate::marks::Marks;
use crate::sink::Sink;
use crate::{clean, duration, summary};
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use thinking_diagnostic::{SourceMap, Span, Style};
use thinking_event::{Event, Reporter, RunEnd};
use thinking_step::{LogLevel, StepError};

/// How a [`ConsoleReporter`] talks.
#[derive(Debug, Clone)]
pub struct ConsoleOptions {
    /// Colours, signs and width.
    pub style: Style,
    /// Only what went wrong, and what was not finished.
    pub quiet: bool,
    /// The least level of log lines that are shown. Output of programs counts as `info`.
    pub level: LogLevel,
    /// What to type to go on after a failure: `thinking apply pipeline.kdl`.
    pub resume_command: String,
}

/// Tells people about a run, line by line. Lines that come quickly are written together, and none waits longer than a tenth of a
/// second. A closed pipe is not a failure. Text from programs and scripts cannot steer the terminal.
pub struct ConsoleReporter {
    sink: Sink,
    teller: Teller,
}

/// Makes text of events.
pub(crate) struct Teller {
    pub(crate) options: ConsoleOptions,
    pub(crate) marks: Marks,
    sources: Arc<SourceMap>,
}

impl ConsoleReporter {
    /// A reporter that writes there; `sources` are the texts that spans of events point into.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>, options: ConsoleOptions, sources: Arc<SourceMap>) -> Self {
        Self { sink: Sink::new(writer), teller: Teller::new(options, sources) }
    }
}

impl Reporter for ConsoleReporter {
    fn event(&self, event: &Event) {
        let now = matches!(event, Event::RunEnded { .. } | Event::TaskFailed { .. } | Event::Stopping { .. });
        self.sink.add(now, |out| self.teller.tell(out, event));
    }

    fn finish(&self) {
        self.sink.finish();
    }
}

/// Durations stand in a column of their own, if names are not longer than this.
const COLUMN: usize = 34;

impl Teller {
    pub(crate) fn new(options: ConsoleOptions, sources: Arc<SourceMap>) -> Self {
        Self { marks: Marks::new(options.style), options, sources }
    }

    /// The same for lines of at most that many columns.
    pub(crate) fn narrow(&self, columns: usize) -> Self {
        let mut options = self.options.clone();
        options.style.width = options.style.width.min(columns);
        Self::new(options, self.sources.clone())
    }

    /// Adds what is to be said of an event: nothing, a line, or several.
    pub(crate) fn tell(&self, out: &mut String, event: &Event) {
        let marks = &self.marks;
        let wanted = !self.options.quiet
            || match event {
                Event::TaskFailed { passed_over, .. } => *passed_over,
                Event::HookEnded { error, passed_over, .. } => *passed_over && error.is_some(),
                Event::RunEnded { end, .. } => {
                    !matches!(end, RunEnd::Done | RunEnd::Unchanged | RunEnd::Stopped { .. })
                }
                _ => false,
            };
        if !wanted {
            return;
        }
        // Writing to a string cannot fail, so what `write!` answers is dropped here and below.
        match event {
            Event::RunStarted { run, pipeline, resumed, remembered, .. } => {
                let goes_on = if *resumed { " goes on" } else { "" };
                let _ = write!(out, "run {}{run}{}{goes_on}  pipeline ", marks.bold, marks.plain);
                clean::push(out, pipeline);
                out.push('\n');
                if !remembered.is_empty() {
                    out.push_str("  with ");
                    clean::push(out, &remembered.join(" "));
                    out.push_str(", as given before\n");
                }
            }
            Event::Rerun { task, reason, span, dropped, others } => {
                let _ = write!(out, "  {}{}{} again from `", marks.yellow, marks.again, marks.plain);
                clean::push(out, &task.path);
                out.push_str("`: ");
                clean::push(out, reason);
                if let Some(span) = span.filter(|span| self.known(*span)) {
                    let _ = write!(out, " ({})", self.sources.describe(span));
                }
                match dropped {
                    0 => {}
                    1 => out.push_str("; 1 recorded step is given up"),
                    count => {
                        let _ = write!(out, "; {count} recorded steps are given up");
                    }
                }
                for (pipeline, count) in others {
                    let _ = write!(out, ", {count} of {} of pipeline `", if *dropped == 1 { "it" } else { "them" });
                    clean::push(out, pipeline);
                    out.push('`');
                }
                out.push('\n');
            }
            // The pipeline itself has no path: its line is that of the run.
            Event::ContainerStarted { task, .. } | Event::ContainerEnded { task, .. } if task.path.is_empty() => {}
            Event::ContainerStarted { task, iterations, .. } => {
                self.head(out, marks.dim, marks.start, &task.path);
                match iterations {
                    None => {}
                    Some(1) => out.push_str("  1 iteration"),
                    Some(count) => {
                        let _ = write!(out, "  {count} iterations");
                    }
                }
                out.push('\n');
            }
            Event::StepStarted { task, attempt, .. } => {
                self.head(out, marks.dim, marks.start, &task.path);
                attempt_number(out, *attempt);
                out.push('\n');
            }
            Event::Waiting { task, at, until, condition } => {
                self.head(out, marks.dim, marks.start, &task.path);
                let left = until.map(|until| u64::try_from(until.saturating_sub(*at)).unwrap_or(0));
                let left = left.map(|left| duration(left.saturating_mul(1000)));
                let _ = match (left, condition) {
                    (Some(left), false) => writeln!(out, "  waits {left}"),
                    (Some(left), true) => writeln!(out, "  waits for its condition, {left} at most"),
                    (None, _) => writeln!(out, "  waits for its condition"),
                };
            }
            Event::ContainerEnded { task, took } => self.done(out, &task.path, *took, 1),
            Event::StepDone { task, attempt, took } => self.done(out, &task.path, *took, *attempt),
            Event::StepsKept { task, count } => {
                self.head(out, marks.dim, marks.kept, &task.path);
                match count.saturating_sub(1) {
                    0 => out.push_str("  kept\n"),
                    before => {
                        let _ = writeln!(out, "  kept, and {} before", summary::count(before, "step"));
                    }
                }
            }
            Event::TaskSkipped { task } => {
                self.head(out, marks.dim, marks.skipped, &task.path);
                out.push_str("  skipped: its `when` is false\n");
            }
            Event::AttemptFailed { task, attempt, error, pause } => {
                self.head(out, marks.yellow, marks.again, &task.path);
                let _ = write!(out, "  attempt {attempt} failed: ");
                self.message(out, &error.message);
                match pause {
                    0 => out.push_str("    trying again\n"),
                    pause => {
                        let pause = duration(pause.saturating_mul(1000));
                        let _ = writeln!(out, "    trying again in {pause}");
                    }
                }
            }
            Event::TaskFailed { task, attempts, error, passed_over } => {
                self.head(out, marks.red, marks.failed, &task.path);
                out.push_str("  failed");
                if *attempts > 1 {
                    let _ = write!(out, " after {attempts} attempts");
                }
                if *passed_over {
                    out.push_str(", the run goes on: ");
                    self.message(out, &error.message);
                    self.quote(out, error);
                } else {
                    // The summary, which follows, says why.
                    out.push('\n');
                }
            }
            Event::HookEnded { task, error: Some(error), passed_over, .. } => {
                self.head(out, marks.red, marks.failed, &task.path);
                out.push_str("  failed");
                if *passed_over {
                    out.push_str(": ");
                    self.message(out, &error.message);
                    self.quote(out, error);
                } else {
                    // The summary, which follows, says why.
                    out.push('\n');
                }
            }
            // Most take no time worth a line.
            Event::HookEnded { task, took, .. } if *took >= 100_000 => self.done(out, &task.path, *took, 1),
            Event::HookEnded { .. } => {}
            Event::Output { task, line, .. } if self.options.level <= LogLevel::Info => {
                self.said(out, &task.path, "", "", &clean::line(line));
            }
            Event::Log { task, level, message } if *level >= self.options.level => {
                let (color, word) = match level {
                    LogLevel::Trace => (marks.dim, "trace: "),
                    LogLevel::Debug => (marks.dim, "debug: "),
                    LogLevel::Info => ("", ""),
                    LogLevel::Warn => (marks.yellow, "warning: "),
                    LogLevel::Error => (marks.red, "error: "),
                };
                let mut lines = clean::lines(message);
                self.said(out, &task.path, color, word, &lines.next().unwrap_or_default());
                lines.for_each(|line| self.said(out, &task.path, "", "", &line));
            }
            Event::Output { .. } | Event::Log { .. } => {}
            Event::Stopping { running: 0 } => out.push_str("stopping\n"),
            Event::Stopping { running } => {
                let are = if *running == 1 { "is" } else { "are" };
                let steps = summary::count(*running, "step");
                let _ = writeln!(out, "stopping: {steps} {are} given time to end; Ctrl-C again stops at once");
            }
            Event::RunEnded { end, counts, took, .. } => {
                let scene = summary::Scene {
                    style: self.options.style,
                    marks,
                    sources: &self.sources,
                    resume_command: &self.options.resume_command,
                };
                scene.tell(out, end, counts, *took);
            }
        }
    }

    /// The sign and the name.
    fn head(&self, out: &mut String, color: &str, sign: &str, path: &str) {
        out.push_str("  ");
        out.push_str(color);
        out.push_str(sign);
        if !color.is_empty() {
            out.push_str(self.marks.plain);
        }
        out.push(' ');
        clean::push(out, path);
    }

    fn done(&self, out: &mut String, path: &str, took: u64, attempt: u32) {
        self.head(out, self.marks.green, self.marks.done, path);
        let took = duration(took);
        let filled = path.chars().count() + took.len();
        let blanks = (COLUMN + 8).saturating_sub(filled).max(2);
        out.extend(std::iter::repeat_n(' ', blanks));
        out.push_str(self.marks.dim);
        out.push_str(&took);
        out.push_str(self.marks.plain);
        attempt_number(out, attempt);
        out.push('\n');
    }

    /// A message; its further lines stand below the first.
    fn message(&self, out: &mut String, message: &str) {
        let mut lines = clean::lines(message);
        out.push_str(&lines.next().unwrap_or_default());
        out.push('\n');
        for line in lines {
            let _ = writeln!(out, "    {line}");
        }
    }

    /// Lines that belong to a failure.
    fn quote(&self, out: &mut String, error: &StepError) {
        for line in error.details.iter().flat_map(|detail| clean::lines(detail)) {
            let blank = if line.is_empty() { "" } else { " " };
            let color = self.marks.detail(error.kind, &line);
            let plain = if color.is_empty() { "" } else { self.marks.plain };
            let _ = writeln!(out, "    {}{blank}{color}{line}{plain}", self.marks.bar);
        }
    }

    /// What a task itself says.
    fn said(&self, out: &mut String, path: &str, color: &str, word: &str, line: &str) {
        let marks = &self.marks;
        let _ = write!(out, "    {}", marks.dim);
        clean::push(out, path);
        let _ = write!(out, " {}{}", marks.bar, marks.plain);
        if !word.is_empty() {
            let _ = write!(out, " {color}{}{}", word.trim_end(), if color.is_empty() { "" } else { marks.plain });
        }
        if !line.is_empty() {
            out.push(' ');
            out.push_str(line);
        }
        out.push('\n');
    }

    fn known(&self, span: Span) -> bool {
        self.sources.get(span.source).is_some()
    }
}

fn attempt_number(out: &mut String, attempt: u32) {
    if attempt > 1 {
        let _ = write!(out, "  attempt {attempt}");
    }
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
