//! Earlier runs and steps as text.

use crate::marks::Marks;
use crate::table::{Table, cut};
use crate::{clean, duration};
use serde_json::Value;
use std::fmt::Write as _;
use thinking_diagnostic::Style;
use thinking_event::past::{
    PastOutcome, PastRun, PastRunSteps, PastStatus, PastStep, PastStepDetail, PastTasks, PastValue, Shortened,
};

/// How the past is shown.
#[derive(Debug, Clone)]
pub struct PastPage {
    /// Colours and signs.
    pub style: Style,
    /// Columns of the terminal; what is longer is shortened. `None`: nothing is.
    pub width: Option<usize>,
    /// The zone in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// What to type to go on with a run: `thinking apply`.
    pub resume_command: String,
}

impl PastPage {
    pub(crate) fn marks(&self) -> Marks {
        Marks::new(self.style)
    }

    fn ellipsis(&self) -> &'static str {
        if self.style.unicode { "…" } else { "..." }
    }

    /// Shortened to what is left of a line.
    fn fit(&self, text: &str, used: usize) -> String {
        match self.width {
            Some(width) => cut(text, width.saturating_sub(used).max(12), self.ellipsis()),
            None => text.to_owned(),
        }
    }

    fn time(&self, at: i64, format: &str) -> String {
        let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        time.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    fn minute(&self, at: i64) -> String {
        self.time(at, "%Y-%m-%d %H:%M")
    }

    fn second(&self, at: i64) -> String {
        self.time(at, "%Y-%m-%d %H:%M:%S")
    }
}

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

fn field(out: &mut String, name: &str, value: &str) {
    let mut lines = value.lines();
    let _ = writeln!(out, "  {name:<8} {}", lines.next().unwrap_or_default());
    for line in lines {
        let _ = writeln!(out, "  {:<8} {line}", "");
    }
}

fn step_list(out: &mut String, steps: &Shortened<PastStep>, page: &PastPage) {
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

/// What it changed in databases, one line for each key.
fn changes(out: &mut String, detail: &PastStepDetail, page: &PastPage) {
    if detail.writes.is_empty() {
        if detail.step.outcome == PastOutcome::Done {
            field(out, "changed", "no data");
        }
        return;
    }
    let arrow = if page.style.unicode { "→" } else { "->" };
    for (number, write) in detail.writes.iter().enumerate() {
        if number == detail.writes.first.len() && detail.writes.left_out > 0 {
            let more = format!("{} {} more; --all shows them", page.ellipsis(), detail.writes.left_out);
            field(out, "", &more);
        }
        let name = if number == 0 { "changed" } else { "" };
        let database = text(&write.database);
        let Some(key) = &write.key else {
            field(out, name, &format!("{database}: everything in it was deleted"));
            continue;
        };
        let key = Value::String(key.clone()).to_string();
        let head = format!("{database} {}", page.fit(&text(&key), 40));
        let room = 11 + head.chars().count() + 3;
        let half = page.width.map(|width| width.saturating_sub(room) / 2);
        let short = |text: String| match half {
            Some(half) => cut(&text, half.max(8), page.ellipsis()),
            None => text,
        };
        let change = match (&write.before, &write.after) {
            (PastValue::Absent, PastValue::Absent) => "deleted; it was not there".to_owned(),
            (PastValue::Absent, after) => format!("new {arrow} {}", short(value(after))),
            (before, PastValue::Absent) => format!("{} {arrow} deleted", short(value(before))),
            (before, after) if before == after => format!("{}, as before", short(value(after))),
            (before, after) => format!("{} {arrow} {}", short(value(before)), short(value(after))),
        };
        field(out, name, &format!("{head}  {change}"));
    }
}

fn value(value: &PastValue) -> String {
    match value {
        PastValue::Absent => "nothing".to_owned(),
        PastValue::Unknown => "not known any more".to_owned(),
        PastValue::Json(value) => text(&value.to_string()),
        PastValue::Blob(bytes) => format!("{bytes} bytes"),
    }
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

/// A text on one line, made harmless.
fn text(text: &str) -> String {
    let mut out = String::new();
    clean::push(&mut out, text);
    out
}

fn first(message: &str) -> String {
    clean::lines(message).next().unwrap_or_default()
}

fn lines(message: &str) -> String {
    clean::lines(message).collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
#[path = "past_tests.rs"]
mod tests;
