//! The end: the cause of a failure first, then what is safe, then what to type next.

use crate::marks::Marks;
use crate::{clean, duration};
use std::fmt::Write as _;
use thinking_diagnostic::{Code, Diagnostic, SourceMap, Span, Style, render};
use thinking_event::{Counts, RunEnd, TaskRef};
use thinking_step::StepError;

/// What the summary needs beside how the run ended.
pub(crate) struct Scene<'a> {
    pub style: Style,
    pub marks: &'a Marks,
    pub sources: &'a SourceMap,
    pub resume_command: &'a str,
}

impl Scene<'_> {
    /// Adds the summary. `took` is in microseconds.
    pub(crate) fn tell(&self, out: &mut String, end: &RunEnd, counts: &Counts, took: u64) {
        let marks = self.marks;
        // Writing to a string cannot fail, so what `write!` answers is dropped here and below.
        match end {
            RunEnd::Done => {
                let color = if counts.failed == 0 { marks.green } else { marks.yellow };
                let _ = write!(out, "{color}done{}: ", marks.plain);
                let _ = writeln!(out, "{}, in {}", told(counts), duration(took));
            }
            RunEnd::Unchanged => {
                let steps = match counts.kept {
                    kept if counts.failed > 0 => format!(
                        "all is as recorded: {} done, {} failed and passed over",
                        count(kept.saturating_sub(counts.failed), "step"),
                        counts.failed
                    ),
                    0 => "there is no step that has to run".to_owned(),
                    1 => "the only step is done and unchanged".to_owned(),
                    steps => format!("all {steps} steps are done and unchanged"),
                };
                let _ = writeln!(out, "{}nothing to do{}: {steps}", marks.green, marks.plain);
            }
            RunEnd::Failed { task, error } => {
                out.push('\n');
                self.cause(out, task, error);
                let safe = safe(counts);
                // It begins a sentence here.
                let (first, rest) = safe.split_at(safe.len().min(1));
                let _ = write!(out, "\n{}{rest}.\n", first.to_uppercase());
                self.resume(out, Some(&task.path));
            }
            RunEnd::Stopped { path } => {
                out.push_str("stopped after `");
                clean::push(out, path);
                let _ = writeln!(out, "`, as asked: {}.", safe(counts));
                self.resume(out, None);
            }
            RunEnd::Interrupted => {
                let _ = writeln!(out, "{}stopped{}: {}.", marks.yellow, marks.plain, safe(counts));
                self.resume(out, None);
            }
            RunEnd::StoreFailed { message, help, unusable } => {
                out.push('\n');
                let help = help.as_deref().map(one_text);
                let diagnostic = Diagnostic::error(Code::State, one_text(message)).help(help);
                out.push_str(&render(&diagnostic, self.sources, self.style));
                // A state that cannot be used cannot be gone on with either: the help says what to do first.
                if !unusable {
                    out.push_str("\nSteps that are on the disk are safe, the others run again.\n");
                    self.resume(out, None);
                }
            }
        }
    }

    fn cause(&self, out: &mut String, task: &TaskRef, error: &StepError) {
        let known = |span: &Span| self.sources.get(span.source).is_some();
        let mut path = String::new();
        clean::push(&mut path, &task.path);
        let message = format!("`{path}` failed: {}", one_text(&error.message));
        let mut diagnostic = Diagnostic::error(Code::StepFailed, message).help(error.help.as_deref().map(one_text));
        if let Some(span) = error.span.filter(known) {
            diagnostic = diagnostic.at(span, "here");
        } else if let Some(span) = task.span.filter(known) {
            diagnostic = diagnostic.at(span, "this task");
        }
        out.push_str(&render(&diagnostic, self.sources, self.style));
        if !error.details.is_empty() {
            out.push('\n');
        }
        for line in error.details.iter().flat_map(|detail| clean::lines(detail)) {
            let blank = if line.is_empty() { "" } else { " " };
            let color = self.marks.detail(error.kind, &line);
            let plain = if color.is_empty() { "" } else { self.marks.plain };
            let _ =
                writeln!(out, "  {}{}{}{blank}{color}{line}{plain}", self.marks.dim, self.marks.bar, self.marks.plain);
        }
    }

    fn resume(&self, out: &mut String, at: Option<&str>) {
        if self.resume_command.is_empty() {
            return;
        }
        out.push('`');
        out.push_str(self.marks.bold);
        clean::push(out, self.resume_command);
        out.push_str(self.marks.plain);
        match at.filter(|path| !path.is_empty()) {
            Some(path) => {
                out.push_str("` goes on at `");
                clean::push(out, path);
                out.push_str("`.\n");
            }
            None => out.push_str("` goes on.\n"),
        }
    }
}

/// A number of things: `1 step`, `3 steps`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// What happened, in numbers.
fn told(counts: &Counts) -> String {
    let were = |number: u64, what: &str| format!("{number} {} {what}", if number == 1 { "was" } else { "were" });
    let mut text = match counts.done {
        0 => "no step had to run".to_owned(),
        done => format!("{} ran", count(done, "step")),
    };
    let more = [
        (counts.kept, were(counts.kept, "kept")),
        (counts.skipped, were(counts.skipped, "skipped")),
        (
            counts.failed,
            format!(
                "{} failed and {}",
                counts.failed,
                if counts.failed == 1 { "was passed over" } else { "were passed over" }
            ),
        ),
        (counts.retried, format!("after {}", count(counts.retried, "failed attempt"))),
    ];
    for (number, words) in more {
        if number > 0 {
            let _ = write!(text, ", {words}");
        }
    }
    text
}

fn safe(counts: &Counts) -> String {
    match counts.done.saturating_add(counts.kept) {
        0 => "no step was done yet".to_owned(),
        1 => "1 step is done and safe".to_owned(),
        steps => format!("{steps} steps are done and safe"),
    }
}

/// A message whose lines are harmless.
fn one_text(text: &str) -> String {
    clean::lines(text).collect::<Vec<_>>().join("\n")
}
