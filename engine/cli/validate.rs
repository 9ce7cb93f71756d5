//! `thinking validate`

use crate::cli::args::{Emit, RunArgs, ValidateArgs};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::session::{self, Session};
use crate::cli::{given, output, permissions, prepare, runner, test};
use std::path::Path;
use thinking_diagnostic::{Diagnostic, Diagnostics};
use thinking_manifest::Selection;
use thinking_script::Rhai;

pub(crate) fn run(args: &ValidateArgs) -> Result<Exit, Trouble> {
    let common = &args.common;
    let path = session::manifest(common)?;
    let language = Rhai::new();
    // What is printed of a manifest is without its tests.
    let tests = args.emit.is_none() && !args.permissions;
    let loaded = if tests { Session::load_with_tests(&path, &language) } else { Session::load(&path, &language) };
    let mut session = match loaded {
        Ok(session) => session,
        Err((sources, diagnostics)) => {
            output::diagnostics(&diagnostics, &sources, common.json);
            return Ok(Exit::Wrong);
        }
    };
    let entered = runner::enter(&session, common);
    if args.emit == Some(Emit::Json) {
        output::json_data(&session.project.authored());
    }
    let state = session::state_directory(common, &session.project.directory);
    if entered.is_err() && args.emit == Some(Emit::Resolved) {
        // What the crates hold says nothing of the manifest itself.
        emit_resolved(args, &mut session, &state)?;
    }
    entered?;
    session.check(&state);
    if tests && !session.diagnostics.has_errors() {
        test::check_suites(&mut session, &path.display().to_string(), &state)?;
    }
    let wrong = session.diagnostics.has_errors();
    if args.emit == Some(Emit::Resolved) {
        emit_resolved(args, &mut session, &state)?;
    }
    let asked = args.permissions && !wrong;
    if asked {
        let surveys = session.surveys(&state);
        let all = permissions::Overview::new(&surveys);
        match common.json {
            true => output::json_data(&all.json(&session.sources, &session.diagnostics)),
            false => output::data(&all.text(&session.sources, &path, output::data_style())),
        }
    }
    if args.emit.is_some() || asked {
        // Standard output holds the manifest; what is wrong with it is talk.
        if !(asked && common.json) {
            output::diagnostics(&session.diagnostics, &session.sources, false);
        }
    } else if common.json || !session.diagnostics.is_empty() {
        output::diagnostics(&session.diagnostics, &session.sources, common.json);
    }
    if wrong || session.diagnostics.has_errors() {
        return Ok(Exit::Wrong);
    }
    if !common.quiet && !common.json && args.emit.is_none() {
        let facets = session.project.facets.facets.len();
        let with = match facets {
            0 => String::new(),
            1 => ", 1 facet checked".to_owned(),
            many => format!(", {many} facets checked"),
        };
        output::talk(&format!("{} is valid{with}\n", path.display()));
    }
    Ok(Exit::Done)
}

/// Which facets are active: those that are asked for here, and what `detect` finds. What a run remembers is no part of a manifest.
fn chosen(
    args: &ValidateArgs,
    session: &mut Session<'_>,
    state: &Path,
) -> Result<Result<Selection, Vec<Diagnostic>>, Trouble> {
    let run = RunArgs { facet: args.facet.clone(), ..RunArgs::default() };
    let Some(base) = session.project.compose(&Selection::default(), &mut Diagnostics::new()) else {
        return Ok(Ok(Selection::default()));
    };
    let given = given::params(&run, None)?;
    Ok(prepare::select(session, &base, &given, &given::facets(&run, None), state))
}

/// Prints the composed manifest; what keeps it from being composed joins the mistakes.
fn emit_resolved(args: &ValidateArgs, session: &mut Session<'_>, state: &Path) -> Result<(), Trouble> {
    match chosen(args, session, state)? {
        Ok(selection) => {
            if let Some(model) = session.project.compose(&selection, &mut Diagnostics::new()) {
                output::json_data(&model.to_json());
            }
        }
        Err(wrong) => session.diagnostics.extend(wrong),
    }
    Ok(())
}
