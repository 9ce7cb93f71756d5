//! The page: what there is to know of the run, then its tests.

use super::Run;
use super::escape::text;
use super::test;
use crate::duration;
use crate::suites::words;
use crate::summary::count;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use thinking_event::testing::{Outcome, TestRecord, TestRunEnd};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole text.
pub(super) fn page(run: &Run, records: &[TestRecord], coverage: Option<&str>) -> String {
    let mut out = String::with_capacity(64 * 1024 + records.len() * 1024);
    let title = format!("{} · tests", text(&run.id));
    // Nothing is fetched: what a test wrote can neither load nor send anything, even if it got past the escapes.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; img-src data:\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    head(&mut out, run);
    let mut sorted: Vec<&TestRecord> = records.iter().collect();
    sorted.sort_by_cached_key(|record| {
        (rank(record), record.test.project.clone(), record.test.path(), record.repetition)
    });
    controls(&mut out, run, &sorted);
    out.push_str("<main id=\"tests\">\n");
    let longest = records.iter().map(TestRecord::took).max().unwrap_or(0).max(1);
    let projects = records.iter().map(|record| &record.test.project).collect::<BTreeSet<_>>().len() > 1;
    for (place, record) in sorted.iter().enumerate() {
        test::push(&mut out, record, test::Scene { place, longest, project: projects });
    }
    out.push_str("</main>\n<p id=\"none\" hidden>No test fits.</p>\n");
    if let Some(coverage) = coverage {
        let _ = write!(out, "<section id=\"coverage\">\n<h2>Coverage</h2>\n{coverage}\n</section>\n");
    }
    let _ = write!(out, "<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// What a reader looks for first.
fn rank(record: &TestRecord) -> usize {
    match record.outcome {
        outcome if outcome.is_failure() => 0,
        Outcome::Flaky => 1,
        _ if record.leaks() => 2,
        Outcome::NotRun => 3,
        _ if record.slow => 4,
        _ => 5,
    }
}

fn head(out: &mut String, run: &Run) {
    let counts = &run.counts;
    let (class, word) = match run.end {
        Some(TestRunEnd::Interrupted) => ("warn", "stopped"),
        None => ("warn", "not finished"),
        _ if counts.failed > 0 => ("bad", "failed"),
        Some(TestRunEnd::Stopped) => ("warn", "stopped"),
        Some(TestRunEnd::Finished) => ("good", "passed"),
    };
    let _ = write!(out, "<header>\n<h1>Tests <b class=\"{class}\">{word}</b></h1>\n<p class=\"about\">");
    let _ = write!(out, "run {}", text(&run.id));
    if let Ok(moment) = jiff::Timestamp::from_millisecond(run.at) {
        let _ = write!(out, " · {} UTC", moment.strftime("%Y-%m-%d %H:%M:%S"));
    }
    let _ = write!(out, " · {}", duration(run.took));
    if run.known > counts.ran() + counts.not_run {
        let _ = write!(out, " · {} of {}", counts.ran() + counts.not_run, count(run.known as u64, "test"));
    }
    if run.jobs > 1 {
        let _ = write!(out, " · {} at once", run.jobs);
    }
    if let Some(seed) = run.seed {
        let _ = write!(out, " · shuffled with seed {seed}");
    }
    out.push_str("</p>\n");
    let parts = [
        ("bad", counts.failed, "failed"),
        ("warn", counts.flaky, "flaky"),
        ("good", counts.passed, "passed"),
        ("dim", counts.not_run, "not run"),
    ];
    out.push_str("<div class=\"share\" aria-hidden=\"true\">");
    for (class, number, _) in parts.iter().filter(|(_, number, _)| *number > 0) {
        let _ = write!(out, "<i class=\"{class}\" style=\"flex-grow:{number}\"></i>");
    }
    out.push_str("</div>\n<ul class=\"counts\">\n");
    let more = [
        ("bad", counts.timed_out, "timed out"),
        ("bad", counts.crashed, "crashed"),
        ("warn", counts.leaking, "leaking"),
        ("dim", counts.slow, "slow"),
    ];
    for (class, number, word) in parts.iter().chain(&more).filter(|(_, number, _)| *number > 0) {
        let _ = writeln!(out, "<li class=\"{class}\"><b>{number}</b> {word}</li>");
    }
    out.push_str("</ul>\n</header>\n");
}

/// Search, filters and order; they appear when a script can serve them.
fn controls(out: &mut String, run: &Run, records: &[&TestRecord]) {
    let counts = &run.counts;
    out.push_str(
        "<form id=\"controls\" hidden>\n<input id=\"q\" type=\"search\" placeholder=\"Search in names, tags, messages and output\" \
         aria-label=\"Search\">\n<span class=\"group\" id=\"outcomes\">",
    );
    let outcomes = [
        ("failed", counts.failed),
        ("timed-out", counts.timed_out),
        ("crashed", counts.crashed),
        ("flaky", counts.flaky),
        ("leaking", counts.leaking),
        ("slow", counts.slow),
        ("passed", counts.passed),
        ("not-run", counts.not_run),
    ];
    for (word, number) in outcomes.iter().filter(|(_, number)| *number > 0) {
        let shown = word.replace('-', " ");
        let _ = write!(
            out,
            "<button type=\"button\" data-outcome=\"{word}\" aria-pressed=\"false\">{shown} {number}</button>"
        );
    }
    out.push_str("</span>\n");
    let tags: BTreeSet<&String> = records.iter().flat_map(|record| &record.test.tags).collect();
    if !tags.is_empty() {
        out.push_str("<select id=\"tag\" aria-label=\"Tag\"><option value=\"\">all tags</option>");
        for tag in tags {
            let tag = text(tag);
            let _ = write!(out, "<option value=\"{tag}\">{tag}</option>");
        }
        out.push_str("</select>\n");
    }
    out.push_str(
        "<select id=\"sort\" aria-label=\"Order\"><option value=\"\">failures first</option>\
         <option value=\"took\">slowest first</option><option value=\"name\">by name</option></select>\n\
         <output id=\"shown\"></output>\n</form>\n",
    );
}

/// Words by which a test is found when its outcome is chosen.
pub(super) fn outcomes(record: &TestRecord) -> String {
    let mut words = vec![match record.outcome {
        Outcome::Passed => "passed",
        Outcome::Flaky => "flaky",
        Outcome::Failed => "failed",
        Outcome::TimedOut => "failed timed-out",
        Outcome::Crashed => "failed crashed",
        Outcome::NotRun => "not-run",
    }];
    words.extend(record.leaks().then_some("leaking"));
    words.extend(record.slow.then_some("slow"));
    words.join(" ")
}

/// The name of a test in its line.
pub(super) fn name(record: &TestRecord, project: bool) -> String {
    let path = words::path(&record.test, record.repetition);
    if project { format!("{}: {path}", record.test.project) } else { path }
}
