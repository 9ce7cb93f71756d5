//! `thinking doctor`: looks whether a run will find what it needs, before it does.

mod finding;
mod machine;
mod needs;
mod place;
mod programs;

use crate::cli::args::Common;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::session::{self, Session};
use crate::cli::{apply, explain, here, output, runner};
use finding::{Level, Report};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use thinking_diagnostic::Diagnostics;
use thinking_manifest::Selection;
use thinking_script::Rhai;

pub(crate) fn run(common: &Common) -> Result<Exit, Trouble> {
    let manifest = match &common.manifest {
        Some(_) => Some(session::manifest(common)?),
        None => here::manifest(),
    };
    let mut report = Report::default();
    report.section("This machine", machine::checks(manifest.as_deref()));
    let wrong = match manifest {
        Some(path) => with_manifest(common, &path, &mut report)?,
        None => {
            let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
            let state = session::state_directory(common, &folder);
            report.section(&title(&state, &folder), place::checks(&state, None));
            false
        }
    };
    if common.json {
        output::json_data(&report.json());
    } else {
        let style = output::data_style();
        let text = report.text(style, common.quiet);
        // A line each where something else reads them.
        output::data(&if std::io::stdout().is_terminal() { explain::wrapped(&text, style.width) } else { text });
    }
    Ok(if wrong {
        Exit::Wrong
    } else if report.worst() == Level::Bad {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// The checks that a manifest makes possible. Says whether the manifest is wrong.
fn with_manifest(common: &Common, path: &Path, report: &mut Report) -> Result<bool, Trouble> {
    let language = Rhai::new();
    let mut session = match Session::load(path, &language) {
        Ok(session) => session,
        Err((sources, diagnostics)) => {
            report.section(&needs_title(path), vec![needs::wrong(&diagnostics)]);
            output::diagnostics(&diagnostics, &sources, false);
            return Ok(true);
        }
    };
    runner::enter(&session, common)?;
    let folder = session.project.directory.clone();
    let state = session::state_directory(common, &folder);
    let model = session.project.compose(&Selection::default(), &mut Diagnostics::new());
    let owner = model.map(|model| {
        let name = thinking_plan::project_name(&session.project, &model);
        apply::owner(
            model.manifest.project.is_some(),
            &name,
            &folder.join(session.project.path.file_name().unwrap_or_default()),
            &state,
        )
    });
    report.section(&title(&state, &folder), place::checks(&state, owner.as_deref()));
    session.check(&state);
    if session.diagnostics.has_errors() {
        report.section(&needs_title(path), vec![needs::wrong(&session.diagnostics)]);
        output::diagnostics(&session.diagnostics, &session.sources, false);
        return Ok(true);
    }
    let found = needs::checks(&mut session, path, &state);
    report.section(&needs_title(path), found);
    Ok(false)
}

fn needs_title(path: &Path) -> String {
    format!("What {} needs", path.display())
}

fn title(state: &Path, folder: &Path) -> String {
    let shown = state.strip_prefix(folder).unwrap_or(state);
    format!("The state's place, {}", shown.display())
}
