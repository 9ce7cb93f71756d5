//! What stays at the end of a test run: what failed, what else is to be known, where reports are, what to type next. It fits on a screen of 24 lines.

use super::TestConsoleOptions;
use crate::live::text::{clip, first, push_wrapped, width};
use crate::marks::Marks;
use crate::suites::words;
use crate::summary::count;
use crate::{clean, duration};
use std::fmt::Write as _;
use thinking_event::testing::{Outcome, TestCounts, TestRecord, TestRunEnd};

/// More lines than this are not listed of failures, and of each of the other lists; the others are counted.
const FAILURES: usize = 7;
const OTHERS: usize = 2;
const REPORTS: usize = 3;

/// What is to be told at the end.
#[derive(Debug, Default)]
pub(super) struct Notes {
    failed: Listed,
    flaky: Listed,
    slow: Listed,
    leaking: Listed,
    /// Snapshots that were written, not compared.
    snapshots: u64,
}

/// Tests that are listed, and how many more there are.
#[derive(Debug, Default)]
struct Listed {
    lines: Vec<(String, String)>,
    more: usize,
}

impl Listed {
    /// One more than fits is kept: a single one takes no more room than the line that would count it.
    fn add(&mut self, most: usize, name: &str, told: impl FnOnce() -> String) {
        if self.lines.len() <= most { self.lines.push((name.to_owned(), told())) } else { self.more += 1 }
    }
}

impl Notes {
    /// Takes note of a test that is over.
    pub(super) fn add(&mut self, name: String, record: &TestRecord) {
        let properties = record.tries.iter().flat_map(|one| &one.properties);
        self.snapshots += properties.filter(|(name, _)| name == "snapshot.written").count() as u64;
        if record.outcome.is_failure() {
            self.failed.add(FAILURES, &name, || words::reason_of(record));
        } else if record.outcome == Outcome::Flaky {
            self.flaky.add(OTHERS, &name, || {
                let before = record.tries.iter().rev().nth(1).map(words::reason).unwrap_or_default();
                format!("flaky: passed at attempt {}; before: {before}", record.tries.len())
            });
        }
        // How long one that timed out took is told already.
        if record.slow && record.outcome != Outcome::TimedOut {
            self.slow.add(OTHERS, &name, || format!("slow: {}", duration(record.took())));
        }
        if record.leaks() {
            self.leaking.add(OTHERS, &name, || format!("left behind: {}", words::leaks(record)));
        }
    }

    /// Adds the summary; `took` is in microseconds.
    pub(super) fn tell(
        &self,
        out: &mut String,
        options: &TestConsoleOptions,
        marks: &Marks,
        end: TestRunEnd,
        counts: &TestCounts,
        took: u64,
    ) {
        let columns = options.style.width;
        let (color, word) = match end {
            TestRunEnd::Interrupted => (marks.yellow, "stopped"),
            _ if counts.failed > 0 => (marks.red, "failed"),
            TestRunEnd::Stopped => (marks.yellow, "stopped"),
            TestRunEnd::Finished if counts.flaky + counts.leaking > 0 => (marks.yellow, "done"),
            TestRunEnd::Finished => (marks.green, "done"),
        };
        let head = format!("{color}{word}{}: {}, in {}\n", marks.plain, told(counts, word == "failed"), duration(took));
        push_wrapped(out, &head, columns);
        let lists = [
            (&self.failed, FAILURES, marks.red, marks.failed),
            (&self.flaky, OTHERS, marks.yellow, marks.again),
            (&self.leaking, OTHERS, marks.yellow, marks.start),
            (&self.slow, OTHERS, marks.dim, marks.start),
        ];
        let report = options.reports.first().map(String::as_str);
        for (listed, most, color, sign) in lists {
            list(out, listed, most, (color, sign), report, columns, marks);
        }
        if self.snapshots > 0 {
            let snapshots = count(self.snapshots, "snapshot");
            let them = if self.snapshots == 1 { "it" } else { "them" };
            let (dim, sign, plain) = (marks.dim, marks.start, marks.plain);
            let line = format!("  {dim}{sign}{plain} {snapshots} written; look at what is in {them}\n");
            push_wrapped(out, &line, columns);
        }
        reports(out, &options.reports, marks);
        if counts.failed > 0 && !options.again_command.is_empty() {
            let mut command = String::new();
            clean::push(&mut command, &options.again_command);
            let line = format!("`{}{command}{}` runs what failed again.\n", marks.bold, marks.plain);
            push_wrapped(out, &line, columns);
        }
    }
}

fn reports(out: &mut String, reports: &[String], marks: &Marks) {
    let shown = if reports.len() > REPORTS { REPORTS - 1 } else { reports.len() };
    for (at, report) in reports[..shown].iter().enumerate() {
        out.push_str(if at == 0 { "reports: " } else { "         " });
        clean::push(out, report);
        out.push('\n');
    }
    if shown < reports.len() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "         {} and {} more", marks.gap, reports.len() - shown);
    }
}

fn list(
    out: &mut String,
    listed: &Listed,
    most: usize,
    (color, sign): (&str, &str),
    report: Option<&str>,
    columns: usize,
    marks: &Marks,
) {
    let folded = listed.more > 0;
    let shown = if folded { most } else { listed.lines.len() };
    for (name, told) in &listed.lines[..shown] {
        // Writing to a string cannot fail.
        let _ =
            writeln!(out, "  {color}{sign}{} {}", marks.plain, fitting(name, told, columns.saturating_sub(4), marks));
    }
    if folded {
        let mut line = format!("{} and {} more", marks.gap, listed.lines.len() - shown + listed.more);
        if let Some(report) = report {
            line.push_str(": ");
            clean::push(&mut line, report);
        }
        let _ = writeln!(out, "  {line}");
    }
}

/// Name and words in a line that is not longer than that: both are cut where they must be, the name no shorter than a third.
fn fitting(name: &str, told: &str, columns: usize, marks: &Marks) -> String {
    if width(name) + 2 + width(told) <= columns {
        return format!("{name}  {told}");
    }
    let least = if columns < 40 { columns } else { columns * 2 / 5 };
    let name = clip(name, least.max(columns.saturating_sub(2 + width(told))), marks.gap);
    let room = columns.saturating_sub(width(&name) + 2);
    if room < 8 {
        return clip(&name, columns, marks.gap);
    }
    if width(told) <= room {
        return format!("{name}  {told}");
    }
    format!("{name}  {}{}", first(told, room - width(marks.gap)), marks.gap)
}

/// What happened, in numbers; `failed`: that word stands before it.
fn told(counts: &TestCounts, failed: bool) -> String {
    let number = |number: usize| count(number as u64, "test");
    let mut parts = Vec::new();
    if counts.failed > 0 {
        let all = counts.ran() + counts.not_run;
        let word = if failed { "" } else { " failed" };
        let mut text = format!("{} of {}{word}", counts.failed, number(all));
        let kinds: Vec<String> = [(counts.timed_out, "timed out"), (counts.crashed, "crashed")]
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if !kinds.is_empty() {
            let _ = write!(text, " ({})", kinds.join(", "));
        }
        parts.push(text);
        parts.extend((counts.passed > 0).then(|| format!("{} passed", counts.passed)));
    } else {
        parts.push(format!("{} passed", number(counts.passed)));
    }
    let more =
        [(counts.flaky, "flaky"), (counts.leaking, "leaking"), (counts.slow, "slow"), (counts.not_run, "not run")];
    parts.extend(more.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    parts.join(", ")
}
