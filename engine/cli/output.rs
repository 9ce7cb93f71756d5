//! Writing to the terminal: data to standard output, talk to standard error.

use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use thinking_diagnostic::{Diagnostic, Diagnostics, Severity, SourceMap, Style, render, to_json};
use thinking_store::StoreError;

/// Most mistakes that are shown to a person at once.
const MOST: usize = 30;

/// How text on standard error looks: colours on a terminal unless `NO_COLOR` says otherwise.
pub(crate) fn style() -> Style {
    let terminal = io::stderr().is_terminal();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Style { color: terminal && !plain && !dumb, unicode: !dumb, width: 100 }
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
pub(crate) fn json_data(value: &Value) {
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
            (Code::State, Some("use this project's own state, or another directory with --state DIR".to_owned()))
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
