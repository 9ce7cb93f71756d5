//! One test on the page.

use super::escape::{push as push_text, text};
use super::page;
use crate::duration;
use crate::suites::words;
use std::fmt::Write as _;
use thinking_event::testing::{Outcome, OutputSource, Phase, TestFailure, TestRecord, Try};

/// What a test's line depends on beside the test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// Its place when failures come first.
    pub place: usize,
    /// How long the longest test took, microseconds.
    pub longest: u64,
    /// Whether its project is named.
    pub project: bool,
}

/// As much output of a phase is kept, half of it from its beginning, bytes.
const MOST: usize = 64 * 1024;
/// Only so many failures are open when the page is.
const OPEN: usize = 20;

/// Adds the test: a line that opens.
pub(super) fn push(out: &mut String, record: &TestRecord, scene: Scene) {
    let test = &record.test;
    let failed = record.outcome.is_failure();
    let (class, sign) = match record.outcome {
        Outcome::Passed if record.leaks() => ("warn", "✓"),
        Outcome::Passed => ("good", "✓"),
        Outcome::Flaky => ("warn", "↻"),
        Outcome::NotRun => ("dim", "–"),
        _ => ("bad", "✗"),
    };
    let open = if failed && scene.place < OPEN { " open" } else { "" };
    let took = record.took();
    // Writing to a string cannot fail, so what `write!` answers is dropped here and below.
    let _ = write!(
        out,
        "<details class=\"test {class}\" data-outcome=\"{}\" data-took=\"{took}\" data-tags=\"",
        page::outcomes(record)
    );
    // A tag may have blanks in it.
    let tags: Vec<String> = test.tags.iter().map(|tag| text(tag)).collect();
    out.push_str(&tags.join("&#10;"));
    let _ = write!(out, "\"{open}>\n<summary><span class=\"sign\" title=\"{}\">{sign}</span>", record.outcome.word());
    let _ = write!(out, "<span class=\"name\">{}", text(&page::name(record, scene.project)));
    if let Some(case) = &test.case {
        let _ = write!(out, " <small>{}</small>", text(case));
    }
    for tag in &tags {
        let _ = write!(out, " <i class=\"tag\">{tag}</i>");
    }
    out.push_str("</span>");
    if failed {
        let _ = write!(out, "<span class=\"why\">{}</span>", text(&words::reason_of(record)));
    }
    notes(out, record);
    if record.outcome != Outcome::NotRun {
        #[expect(clippy::cast_precision_loss, reason = "a bar's length")]
        let share = took as f64 / scene.longest as f64 * 100.0;
        let _ = write!(
            out,
            "<span class=\"took\">{}</span><span class=\"bar\"><i style=\"width:{share:.1}%\"></i></span>",
            duration(took)
        );
    }
    out.push_str("</summary>\n<div class=\"body\">\n");
    about(out, record);
    for one in record.tries.iter().rev() {
        attempt(out, one, record.tries.len());
    }
    out.push_str("</div>\n</details>\n");
}

fn notes(out: &mut String, record: &TestRecord) {
    match record.outcome {
        Outcome::TimedOut | Outcome::Crashed | Outcome::NotRun => {
            let _ = write!(out, "<span class=\"note\">{}</span>", record.outcome.word());
        }
        Outcome::Flaky => {
            let _ = write!(out, "<span class=\"note\">flaky: passed at attempt {}</span>", record.tries.len());
        }
        Outcome::Passed | Outcome::Failed => {}
    }
    if record.leaks() {
        out.push_str("<span class=\"note\">leaking</span>");
    }
    if record.slow {
        out.push_str("<span class=\"note\">slow</span>");
    }
}

/// Where it is written and what is known of it.
fn about(out: &mut String, record: &TestRecord) {
    let test = &record.test;
    let _ = write!(out, "<p class=\"about\">{}:{}", text(&test.file), test.line);
    if !test.facets.is_empty() {
        let _ = write!(out, " · facets {}", text(&test.facets.join(" ")));
    }
    if let Some(timeout) = test.timeout {
        let _ = write!(out, " · may take {}", duration(timeout.saturating_mul(1000)));
    }
    out.push_str("</p>\n");
    if record.leaks() {
        let _ = writeln!(out, "<p class=\"warn\">left behind: {}</p>", text(&words::leaks(record)));
    }
    if record.tries.is_empty() {
        out.push_str("<p>The test run stopped before it.</p>\n");
    }
}

/// The last try comes first.
fn attempt(out: &mut String, one: &Try, tries: usize) {
    if tries > 1 {
        let took = duration(one.took);
        let _ = writeln!(out, "<h3>attempt {} <small>{} · {took}</small></h3>", one.number, one.outcome.word());
    }
    for (name, value) in &one.properties {
        let _ = writeln!(out, "<p class=\"property\"><b>{}</b> {}</p>", text(name), text(value));
    }
    for failure in &one.failures {
        self::failure(out, failure);
    }
    if one.phases.is_empty() {
        return;
    }
    out.push_str("<ol class=\"phases\">\n");
    for phase in &one.phases {
        let cut = words::cut_off(one).is_some_and(|cut| std::ptr::eq(cut, phase));
        self::phase(out, phase, cut);
    }
    out.push_str("</ol>\n");
}

/// `cut`: it was never over.
fn phase(out: &mut String, phase: &Phase, cut: bool) {
    let (class, sign) = match phase.failure {
        Some(_) => ("bad", "✗"),
        None if cut => ("warn", "▸"),
        None => ("good", "✓"),
    };
    let _ = write!(out, "<li class=\"{class}\"><span class=\"sign\">{sign}</span> ");
    let _ = write!(out, "<b>{}</b> {} ", phase.kind.word(), text(&phase.title));
    let _ = writeln!(out, "<small>{}</small>", duration(phase.took));
    if let Some(failure) = &phase.failure {
        self::failure(out, failure);
    }
    if !phase.output.is_empty() {
        output(out, phase);
    }
    out.push_str("</li>\n");
}

fn failure(out: &mut String, failure: &TestFailure) {
    out.push_str("<pre class=\"failure\">");
    for (number, line) in words::rendered(failure).lines().enumerate() {
        out.push_str(if number > 0 { "\n" } else { "" });
        match words::difference(failure, line) {
            Some(sign) => {
                let class = if sign == '-' { "minus" } else { "plus" };
                let _ = write!(out, "<span class=\"{class}\">{}</span>", text(line));
            }
            None => push_text(out, line),
        }
    }
    out.push_str("</pre>\n");
}

fn output(out: &mut String, phase: &Phase) {
    let told: Vec<String> = phase
        .output
        .iter()
        .map(|line| {
            let mut html = String::new();
            let (class, word) = match line.source {
                OutputSource::Stdout => ("", String::new()),
                OutputSource::Stderr => ("err", String::new()),
                OutputSource::Log => ("log", words::level(&line.level)),
            };
            if !class.is_empty() {
                html.push_str("<span class=\"");
                push_text(&mut html, format!("{class} {word}").trim_end());
                html.push_str("\">");
            }
            if !word.is_empty() {
                push_text(&mut html, &word);
                html.push_str(": ");
            }
            html.push_str(&text(&crate::clean::line(&line.text)));
            if !class.is_empty() {
                html.push_str("</span>");
            }
            html
        })
        .collect();
    let (head, left_out, tail) = words::ends(&told, MOST);
    let _ = write!(out, "<pre class=\"output\">\n{}", head.join("\n"));
    if left_out > 0 {
        let _ = write!(out, "\n<i>… {left_out} lines left out …</i>\n{}", tail.join("\n"));
    }
    out.push_str("</pre>\n");
}
