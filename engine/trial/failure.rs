//! What failed, as reports show it.

use crate::case::Case;
use thinking_diagnostic::{SourceMap, Style, render_failure};
use thinking_event::testing::{Outcome, TestFailure, Try};
use thinking_schema::Fails;
use thinking_step::{ErrorKind, StepError};

/// Keeps secrets that stand in the manifest's own text out of what is shown of it.
pub(crate) fn mask(result: &mut Try, secrets: &[(String, String)]) {
    let phases = result.phases.iter_mut().filter_map(|phase| phase.failure.as_mut());
    for failure in phases.chain(result.failures.iter_mut()) {
        for (_, secret) in secrets {
            for text in [&mut failure.message, &mut failure.rendered, &mut failure.coloured] {
                *text = text.replace(secret.as_str(), "•••");
            }
        }
    }
}

/// A test that must fail passes if it did, as it should.
pub(crate) fn expected(result: &mut Try, case: &Case<'_>, sources: (&SourceMap, usize)) {
    let Some(fails) = &case.test.fails else { return };
    let text = match &fails.value {
        Fails::Any(false) => return,
        Fails::Any(true) => None,
        Fails::With(text) => Some(text.as_str()),
    };
    let messages: Vec<String> = result.all_failures().map(|(_, failure)| failure.message.clone()).collect();
    let error = match (messages.first(), text) {
        (None, _) => StepError::script("it was to fail, and did not"),
        (Some(_), None) => {
            passes(result);
            return;
        }
        (Some(_), Some(text)) if messages.iter().any(|message| message.contains(text)) => {
            passes(result);
            return;
        }
        (Some(_), Some(text)) => StepError::script(format!("it was to fail with \"{text}\", and failed otherwise")),
    };
    let mut failure = failure(&error.at(fails.span), case, sources);
    failure.kind = "not-failed".to_owned();
    result.outcome = Outcome::Failed;
    result.failures.push(failure);
}

fn passes(result: &mut Try) {
    if result.outcome == Outcome::Failed {
        result.outcome = Outcome::Passed;
        result.phases.iter_mut().for_each(|phase| phase.failure = None);
    }
}

/// What failed, as reports show it.
pub(crate) fn failure(error: &StepError, case: &Case<'_>, (sources, width): (&SourceMap, usize)) -> TestFailure {
    let place = error.span.filter(|span| sources.get(span.source).is_some_and(|file| !file.name.starts_with('<')));
    let place = place.or(case.span);
    let render = |color: bool| {
        let style = Style { color, width, ..Style::default() };
        let mut text = render_failure(&error.message, place, error.help.as_deref(), sources, style);
        for line in &error.details {
            let colour = match line.as_bytes() {
                [b'-', b' ', ..] if color => "\u{1b}[31m",
                [b'+', b' ', ..] if color => "\u{1b}[32m",
                _ => "",
            };
            let plain = if colour.is_empty() { "" } else { "\u{1b}[0m" };
            text.push_str(&format!("  {colour}{line}{plain}\n"));
        }
        text
    };
    let start = place.and_then(|span| sources.place(span));
    let end = place.and_then(|span| sources.get(span.source));
    TestFailure {
        kind: kind(error).to_owned(),
        message: error.message.clone(),
        rendered: render(false),
        coloured: render(true),
        file: end.map(|file| file.name.to_string()).unwrap_or_default(),
        line: start.map_or(0, |start| start.line),
        column: start.map_or(0, |start| start.column),
    }
}

fn kind(error: &StepError) -> &'static str {
    match error.kind {
        ErrorKind::Script if is_assertion(error) => "assertion",
        kind => kind.name(),
    }
}

/// Whether it says that something is not as the test wants it.
fn is_assertion(error: &StepError) -> bool {
    error.details.iter().any(|line| line.starts_with("left:") || line.starts_with("right:"))
        || error.message.contains("assert")
        || error.message.starts_with("the two values")
        || error.message.starts_with("the snapshot")
}
