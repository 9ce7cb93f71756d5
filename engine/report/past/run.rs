//! Runs as text.

use super::step::step_list;
use super::{PastPage, field, text};
use crate::duration;
use crate::marks::Marks;
use crate::table::Table;
use serde_json::Value;
use std::fmt::Write as _;
use thinking_event::past::{PastRun, PastRunSteps, PastStatus};

/// Runs, newest first, with where the recorded state went back. `more`: there are earlier ones, and what to type to see them.
#[must_use]
pub fn history_text(runs: &[PastRun], more: Option<&str>, page: &PastPage) -> String {
    let marks = page.marks();
    let mut table = Table::new(&["run", "pipeline", "status", "started", "took", "steps", "given"]);
    for run in runs {
        table.add(vec![
            text(&run.id),
            text(&run.pipeline),
            run.status.word().to_owned(),
            page.minute(run.started),
            run.took.map(duration).unwrap_or_default(),
            steps(run),
            given(run),
        ]);
    }
    let narrow = page.width.is_some_and(|width| table.width() > width);
    let mut out = String::new();
    let lines = table.lines();
    let mut lines = lines.iter();
    if let Some(head) = lines.next().filter(|_| !narrow) {
        let _ = writeln!(out, "{}{head}{}", marks.dim, marks.plain);
    }
    for (run, line) in runs.iter().zip(lines) {
        if narrow {
            block(&mut out, run, page);
        } else {
            let line = page.fit(line, 0);
            let (id, rest) = line.split_at(text(&run.id).len().min(line.len()));
            let _ = writeln!(out, "{}{id}{}{}", color(run.status, &marks), marks.plain, rest);
        }
        notes(&mut out, run, page);
    }
    if let Some(more) = more {
        let _ = writeln!(out, "{} earlier runs: {more}", page.ellipsis());
    }
    out
}

/// A run on a narrow terminal.
fn block(out: &mut String, run: &PastRun, page: &PastPage) {
    let marks = page.marks();
    let _ = writeln!(out, "{}{}{}", color(run.status, &marks), text(&run.id), marks.plain);
    let mut line = |content: String| {
        if !content.is_empty() {
            let _ = writeln!(out, "  {content}");
        }
    };
    line(text(&run.pipeline));
    line(run.status.word().to_owned());
    line(page.minute(run.started));
    line(run.took.map(duration).unwrap_or_default());
    line(run.counts.map_or(String::new(), |_| format!("steps: {}", steps(run))));
    line(given(run));
}

fn color(status: PastStatus, marks: &Marks) -> &'static str {
    match status {
        PastStatus::Done => marks.green,
        PastStatus::Failed | PastStatus::Killed => marks.red,
        PastStatus::Running => marks.bold,
        PastStatus::Interrupted | PastStatus::Stopped => marks.yellow,
        PastStatus::Abandoned => marks.dim,
    }
}

/// How many steps it did.
fn steps(run: &PastRun) -> String {
    let Some(counts) = run.counts else { return String::new() };
    let plus = if counts.at_least { "+" } else { "" };
    format!("{}{plus}", counts.done)
}

/// `-p epochs=5 --facet smoke`
fn given(run: &PastRun) -> String {
    let mut words: Vec<String> = Vec::new();
    for (name, value) in &run.params {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        words.push(format!("-p {name}={value}"));
    }
    if !run.facets.is_empty() {
        words.push(format!("--facet {}", run.facets.join(",")));
    }
    text(&words.join(" "))
}

/// Below a run: what to do, and how it changed the line.
fn notes(out: &mut String, run: &PastRun, page: &PastPage) {
    let marks = page.marks();
    if run.status == PastStatus::Killed {
        let _ = writeln!(out, "  killed, goes on with `{}`", page.resume_command);
    }
    if run.fresh {
        let _ = writeln!(out, "  {}{}{} fresh: on empty data", marks.yellow, marks.again, marks.plain);
    }
    if run.earlier_changes > 0 {
        let _ = writeln!(
            out,
            "  {}{}{} went back {} times before",
            marks.yellow, marks.again, marks.plain, run.earlier_changes
        );
    }
    for change in &run.changes {
        let given_up = match change.dropped {
            0 => String::new(),
            1 => "; 1 recorded step given up".to_owned(),
            many => format!("; {many} recorded steps given up"),
        };
        let line = format!("again from `{}`: {}{given_up}", text(&change.task), text(&change.reason));
        let _ = writeln!(out, "  {}{}{} {}", marks.yellow, marks.again, marks.plain, page.fit(&line, 4));
    }
}

/// A run with its steps.
#[must_use]
pub fn run_text(detail: &PastRunSteps, page: &PastPage) -> String {
    let (run, marks) = (&detail.run, page.marks());
    let mut out = String::new();
    let _ = writeln!(out, "run {}{}{}  pipeline {}", marks.bold, text(&run.id), marks.plain, text(&run.pipeline));
    let status = match run.status {
        PastStatus::Killed => "killed".to_owned(),
        status if status.is_unfinished() => format!("{}, goes on with `{}`", status.word(), page.resume_command),
        status => status.word().to_owned(),
    };
    field(&mut out, "status", &status);
    field(&mut out, "started", &page.second(run.started));
    if let Some(ended) = run.ended {
        field(&mut out, "ended", &page.second(ended));
    }
    if let Some(took) = run.took {
        let processes = if run.processes > 1 { format!(", in {} processes", run.processes) } else { String::new() };
        field(&mut out, "took", &format!("{}{processes}", duration(took)));
    }
    if !given(run).is_empty() {
        field(&mut out, "given", &given(run));
    }
    if let Some(counts) = run.counts {
        let mut words = vec![format!("{} done", steps(run))];
        for (number, word) in
            [(counts.failed, "failed and passed over"), (counts.skipped, "skipped"), (counts.retried, "tried again")]
        {
            words.extend(number.filter(|number| *number > 0).map(|number| format!("{number} {word}")));
        }
        field(&mut out, "steps", &words.join(", "));
    }
    notes(&mut out, run, page);
    if !detail.steps.is_empty() {
        out.push('\n');
        step_list(&mut out, &detail.steps, page);
    }
    out
}
