//! Writing to the terminal: data to standard output, talk to standard error.

use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use thinking_diagnostic::{Diagnostic, Diagnostics, Severity, SourceMap, Style, render, to_json};
use thinking_store::StoreError;

/// Most mistakes that are shown to a person at once.
const MOST: usize = 30;

/// How text on standard error looks: colours on a terminal unless `NO_COLOR` says otherwise.
pub(crate) fn style() -> Style {
    Style {
        color: colourful(io::stderr().is_terminal()),
        unicode: !is_dumb(),
        width: terminal_width(&io::stderr(), 100),
    }
}

fn colourful(terminal: bool) -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    terminal && !plain && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// How text on standard output looks: colours and the terminal's width (at most 100) on a terminal, else plain and 80 columns.
pub(crate) fn data_style() -> Style {
    let out = io::stdout();
    Style { color: colourful(out.is_terminal()), unicode: !is_dumb(), width: terminal_width(&out, 80) }
}

/// Columns of a terminal, at most 100: longer lines are hard to read. `otherwise` where there is none.
fn terminal_width(stream: &impl AsFd, otherwise: usize) -> usize {
    terminal_size::terminal_size_of(stream).map_or(otherwise, |(width, _)| usize::from(width.0).clamp(20, 100))
}

/// Whether standard error is a terminal on which a picture can be painted.
pub(crate) fn live() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Writes to standard error; a closed pipe is no reason to fail.
pub(crate) fn talk(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes to standard output. A closed pipe (`| head`) is no reason to fail; data that cannot be written for another reason is.
pub(crate) fn data(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        talk(&format!("standard output cannot be written: {error}\n"));
        std::process::exit(1);
    }
}

/// Prints JSON as data.
pub(crate) fn json_data(value: &impl Serialize) {
    data(&format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default()));
}

/// Prints what was found wrong: for people, or as one JSON object.
pub(crate) fn diagnostics(found: &Diagnostics, sources: &SourceMap, as_json: bool) {
    if as_json {
        let list: Vec<Value> = found.iter().map(|diagnostic| to_json(diagnostic, sources)).collect();
        // One line, so that it fits in with the events of a run.
        data(&format!("{}\n", json!({ "valid": !found.has_errors(), "diagnostics": list })));
        return;
    }
    let style = style();
    for diagnostic in found.iter().take(MOST) {
        talk(&format!("{}\n", render(diagnostic, sources, style)));
    }
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let more =
        if found.len() > MOST { format!(" (the first {MOST} are shown; --json gives all)") } else { String::new() };
    if errors > 1 {
        talk(&format!("{errors} mistakes; nothing was run{more}\n"));
    }
    // For whoever sits before it; a record of a run need not say how to learn the language.
    if io::stderr().is_terminal()
        && let Some(pointer) = pointer(found)
    {
        talk(&pointer);
    }
}

/// Where more is told of what was found.
fn pointer(found: &Diagnostics) -> Option<String> {
    let mut codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.short()).collect();
    codes.sort_unstable();
    codes.dedup();
    match &*codes {
        [] => None,
        [only] => Some(format!("`thinking explain {only}` tells more\n")),
        [first, ..] => Some(format!("`thinking explain {first}` tells more, and so for the others\n")),
    }
}

/// Prints one mistake that has no place in a manifest.
pub(crate) fn complain(diagnostic: Diagnostic, as_json: bool) {
    diagnostics(&Diagnostics::from_iter([diagnostic]), &SourceMap::new(), as_json);
}

/// What clap says: help is data, mistakes are talk with exit code 2.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// What to say of a state that cannot be used.
pub(crate) fn store_error(error: &StoreError, json: bool) {
    use thinking_diagnostic::Code;
    let (code, help) = match error {
        StoreError::InUse { .. } => (
            Code::StateInUse,
            Some(
                "wait until it ends, stop it, or use another state with --state DIR; reading (`plan`) always works"
                    .to_owned(),
            ),
        ),
        StoreError::Foreign { .. } => {
            let help = "use this project's own state, or another directory with --state DIR; several manifests in one folder may share a \
                        state if they have the same name: project \"…\"";
            (Code::State, Some(help.to_owned()))
        }
        StoreError::Unusable { help, .. } => (Code::State, Some(help.clone())),
        StoreError::Absent(_) => (Code::State, Some("`thinking apply` makes one".to_owned())),
        StoreError::Full(_) => {
            (Code::State, Some("make room and run the same command again: every finished step is safe".to_owned()))
        }
        _ => (Code::State, Some("mend that and run the same command again: every finished step is safe".to_owned())),
    };
    complain(Diagnostic::error(code, error.to_string()).help(help), json);
}

#[cfg(test)]
mod tests {
    use super::*;
    use thinking_diagnostic::Code;

    #[test]
    fn one_line_points_at_the_pages() {
        let found = |codes: &[Code]| codes.iter().map(|code| Diagnostic::error(*code, "wrong")).collect();
        assert_eq!(pointer(&found(&[])), None);
        let one = pointer(&found(&[Code::UnknownParam, Code::UnknownParam]));
        assert_eq!(one.as_deref(), Some("`thinking explain unknown-param` tells more\n"));
        let two = pointer(&found(&[Code::UnknownParam, Code::StepBody]));
        assert_eq!(two.as_deref(), Some("`thinking explain step-body` tells more, and so for the others\n"));
    }
}
