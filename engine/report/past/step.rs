//! Steps as text.

use super::change::changes;
use super::{PastPage, field, first, lines, text};
use crate::duration;
use crate::table::{Table, cut};
use serde_json::Value;
use std::fmt::Write as _;
use thinking_event::past::{PastOutcome, PastStep, PastStepDetail, PastTasks, Shortened};

/// Steps in their order, one line for each.
pub(super) fn step_list(out: &mut String, steps: &Shortened<PastStep>, page: &PastPage) {
    let marks = page.marks();
    let mut table = Table::new(&["  task", "started", "took", "result"]);
    let row = |step: &PastStep| {
        let (sign, result) = match &step.outcome {
            PastOutcome::Done => (marks.done, one_line(&step.result)),
            PastOutcome::PassedOver(message) => (marks.failed, format!("failed, the run went on: {}", first(message))),
            PastOutcome::Failed(message) => (marks.failed, format!("failed: {}", first(message))),
        };
        let mut result = vec![result].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        if step.attempt > 1 {
            result.insert(0, format!("attempt {}", step.attempt));
        }
        if !step.current && step.outcome == PastOutcome::Done {
            result.insert(0, "given up since".to_owned());
        }
        vec![
            format!("{sign} {}", text(&step.path)),
            page.time(step.started, "%H:%M:%S"),
            step.took.map(duration).unwrap_or_default(),
            result.join("; "),
        ]
    };
    steps.iter().for_each(|step| table.add(row(step)));
    for (number, line) in table.lines().iter().enumerate() {
        if number == steps.first.len() + 1 && steps.left_out > 0 {
            let _ = writeln!(out, "  {} {} more; --all shows them", page.ellipsis(), steps.left_out);
        }
        let line = page.fit(line, 0);
        match number {
            0 => {
                let _ = writeln!(out, "{}{line}{}", marks.dim, marks.plain);
            }
            _ => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
}

/// One step with all that is known of it.
#[must_use]
pub fn step_text(detail: &PastStepDetail, page: &PastPage) -> String {
    let (step, marks) = (&detail.step, page.marks());
    let mut out = String::new();
    let _ = writeln!(out, "{}{}{}  pipeline {}", marks.bold, text(&step.path), marks.plain, text(&step.pipeline));
    let attempt = if step.attempt > 1 { format!(", attempt {}", step.attempt) } else { String::new() };
    let outcome = match &step.outcome {
        PastOutcome::Done => "done".to_owned(),
        PastOutcome::PassedOver(message) => format!("failed, and the run went on: {}", lines(message)),
        PastOutcome::Failed(message) => format!("failed: {}", lines(message)),
    };
    field(&mut out, "outcome", &outcome);
    field(&mut out, "by", &format!("run {}{attempt}", text(&detail.run)));
    field(&mut out, "started", &page.second(step.started));
    if let Some(took) = step.took {
        field(&mut out, "took", &duration(took));
    }
    let now = match (step.current, detail.generation) {
        (false, _) => "given up since: no recorded state builds on it".to_owned(),
        (true, 0) => "current".to_owned(),
        (true, times) => format!("current; a result was given up {} before", times_word(times)),
    };
    field(&mut out, "now", &now);
    if step.outcome == PastOutcome::Done {
        field(&mut out, "result", &pretty(&step.result, page));
    }
    for (number, read) in detail.reads.iter().enumerate() {
        let value = read.value.as_ref().map(|value| format!(" = {}", text(value))).unwrap_or_default();
        let line = format!("{} {}{value}", read.kind, text(&read.name));
        field(&mut out, if number == 0 { "saw" } else { "" }, &page.fit(&line, 11));
    }
    let outputs = detail.outputs.iter().map(|path| format!("output {}", text(path)));
    let files = detail.files.iter().map(|(path, there)| {
        if *there { format!("file {}", text(path)) } else { format!("file {}, removed", text(path)) }
    });
    for (number, line) in outputs.chain(files).enumerate() {
        field(&mut out, if number == 0 { "wrote" } else { "" }, &line);
    }
    changes(&mut out, detail, page);
    out
}

/// A task with several instances, or a container.
#[must_use]
pub fn tasks_text(tasks: &PastTasks, page: &PastPage) -> String {
    let marks = page.marks();
    let mut out = String::new();
    let _ = writeln!(out, "{}{}{}  pipeline {}", marks.bold, text(&tasks.path), marks.plain, text(&tasks.pipeline));
    if !tasks.tasks.is_empty() {
        let mut table = Table::new(&["  task", "done", "each", "together", "from", "to"]);
        for task in &tasks.tasks {
            let failed = if task.passed_over > 0 { format!(", {} failed", task.passed_over) } else { String::new() };
            table.add(vec![
                format!("  {}", text(&task.path)),
                format!("{}{failed}", task.done),
                task.took.checked_div(task.done).map(duration).unwrap_or_default(),
                duration(task.took),
                page.second(task.first),
                page.second(task.last),
            ]);
        }
        table.lines().iter().for_each(|line| {
            let _ = writeln!(out, "{}", page.fit(line, 0));
        });
        out.push('\n');
    }
    step_list(&mut out, &tasks.steps, page);
    out
}

fn times_word(times: u32) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}

/// A result in a list; nothing for none.
fn one_line(result: &Value) -> String {
    if result.is_null() { String::new() } else { text(&cut(&result.to_string(), 200, "…")) }
}

/// Most lines of a result that are shown on a terminal.
const MOST_LINES: usize = 20;

/// A result on its own: on one line if it fits.
fn pretty(result: &Value, page: &PastPage) -> String {
    let line = text(&result.to_string());
    if result.is_null() {
        return "none".to_owned();
    }
    if page.width.is_none_or(|width| line.chars().count() + 11 <= width) && line.chars().count() <= 100 {
        return line;
    }
    let whole = serde_json::to_string_pretty(result).unwrap_or_default();
    let mut lines: Vec<String> = whole.lines().map(|line| page.fit(&text(line), 11)).collect();
    if page.width.is_some() && lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("{} {more} more lines; --all shows them", page.ellipsis()));
    }
    lines.join("\n")
}
