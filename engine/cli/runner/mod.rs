//! `components crate="…"`: the program goes on in one that holds the project's own Rust crates.
//!
//! 1. `named`: which crates the manifest names, and where
//! 2. `record`: whether the program that holds them was built from what lies there now; then cargo is not even started
//! 3. `metadata`: what cargo knows of each crate, above all which package `thinking` it depends on
//! 4. `project`: a program of a few lines around the crates, written below the build directory
//! 5. `build`: cargo builds it
//! 6. this file: the process becomes that program, with the same arguments
//!
//! The program that it becomes knows itself by [`GUARD`], which holds its process number: the same number means that this was done, and
//! whatever a step starts has another one.

mod build;
mod cargo;
mod metadata;
mod named;
mod project;
mod record;
mod refusal;
mod source;

pub(crate) use source::dependency;

use crate::cli::args::Common;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use crate::cli::session::{self, Session};
use cargo::Cargo;
use named::Named;
use project::RunnerProject;
use record::Record;
use std::convert::Infallible;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use thinking_diagnostic::{Diagnostic, Diagnostics, Severity};

/// The environment variable that tells a process that it became the program with the project's crates in it.
const GUARD: &str = "THINKING_RUNNER";

/// What ends the way into the runner.
enum Stop {
    /// Something is wrong, and nothing was started.
    Wrong(Box<Diagnostic>),
    /// Ctrl-C or SIGTERM during the build.
    Interrupted,
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Wrong(Box::new(diagnostic))
    }
}

/// Goes on in the program that holds the crates that the manifest names, building it if need be. Returns if there are none, or if this
/// process is that program already.
///
/// # Errors
/// There is none, and cannot be one; why was printed. Nothing was started.
pub(crate) fn enter(session: &Session<'_>, common: &Common) -> Result<(), Trouble> {
    let Some((program, crates)) = needed(session, common)? else { return Ok(()) };
    match become_program(&program, &crates) {
        Ok(never) => match never {},
        Err(stop) => Err(told(stop, session, common)),
    }
}

/// The program that holds the crates that the manifest names, built if need be; `None` if there are none, or this process is it.
///
/// # Errors
/// There is none, and cannot be one; why was printed. Nothing was started.
pub(crate) fn program(session: &Session<'_>, common: &Common) -> Result<Option<PathBuf>, Trouble> {
    Ok(needed(session, common)?.map(|(program, _)| program))
}

fn needed(session: &Session<'_>, common: &Common) -> Result<Option<(PathBuf, Vec<Named>)>, Trouble> {
    if std::env::var(GUARD).is_ok_and(|process| process == std::process::id().to_string()) {
        return Ok(None);
    }
    let asked = match named::crates(session) {
        Ok(Some(asked)) => asked,
        Ok(None) => return Ok(None),
        Err(mut wrong) => {
            wrong.extend(session.diagnostics.iter().filter(|one| one.severity == Severity::Error).cloned());
            wrong.sort();
            output::diagnostics(&wrong, &session.sources, common.json);
            return Err(Trouble::Told(Exit::Wrong));
        }
    };
    if asked.are_here() {
        return Ok(None);
    }
    let places = places(session, common);
    let program = match places.iter().find_map(|place| Record::fresh(&asked.directory(place), &asked)) {
        Some(program) => program,
        // A mistake that is known now would be told after minutes of building.
        None if session.diagnostics.has_errors() => {
            output::diagnostics(&session.diagnostics, &session.sources, common.json);
            return Err(Trouble::Told(Exit::Wrong));
        }
        None => match build(&asked, &places, common.quiet || common.json) {
            Ok(program) => program,
            Err(stop) => return Err(told(stop, session, common)),
        },
    };
    Ok(Some((program, asked.crates)))
}

/// Prints what ends the way into the runner.
fn told(stop: Stop, session: &Session<'_>, common: &Common) -> Trouble {
    match stop {
        Stop::Wrong(diagnostic) => {
            output::diagnostics(&Diagnostics::from_iter([*diagnostic]), &session.sources, common.json);
            Trouble::Told(Exit::Wrong)
        }
        Stop::Interrupted => {
            output::talk("interrupted; nothing was started, and what was built is kept\n");
            Trouble::Told(Exit::Interrupted)
        }
    }
}

/// Where programs may be built: beside the manifest, so that every state of the project shares them; else with the state.
fn places(session: &Session<'_>, common: &Common) -> Vec<PathBuf> {
    let state = session::state_directory(common, &session.project.directory);
    let mut places = vec![session.project.directory.join(".thinking").join("build"), state.join("build")];
    places.dedup();
    places
}

fn build(asked: &named::Asked, places: &[PathBuf], quiet: bool) -> Result<PathBuf, Stop> {
    let Some(first) = asked.crates.first() else { return Err(Stop::Interrupted) };
    let place = usable(places).map_err(|error| refusal::no_place(first, &error))?;
    let cargo = Cargo::new(&first.directory, quiet);
    let known = asked.crates.iter().map(|one| metadata::read(&cargo, one)).collect::<Result<Vec<_>, Stop>>()?;
    let directory = asked.directory(&place);
    let project = RunnerProject::write(&directory, asked, &known)?;
    let begun = std::time::SystemTime::now();
    let program = build::run(&cargo, &project, asked, &place.join("target"))?;
    // Without a record cargo is asked again the next time: that is slower, and never wrong.
    let _ = Record::write(&directory, asked, &project, &program, begun);
    if cargo.interrupted() {
        return Err(Stop::Interrupted);
    }
    Ok(program)
}

/// The first of the places that can be written to.
fn usable(places: &[PathBuf]) -> std::io::Result<PathBuf> {
    let mut first = None;
    for place in places {
        match std::fs::create_dir_all(place).and_then(|()| tempfile::tempfile_in(place)) {
            Ok(_) => return Ok(place.clone()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| std::io::ErrorKind::NotFound.into()))
}

/// The process becomes another program, with the same arguments. Only returns if it cannot.
fn become_program(program: &Path, crates: &[Named]) -> Result<Infallible, Stop> {
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    // Usage lines go by the name that was typed.
    command.arg0(arguments.next().unwrap_or_else(|| "thinking".into()));
    command.args(arguments).env(GUARD, std::process::id().to_string());
    let error = command.exec();
    Err(Stop::from(refusal::cannot_start(crates, program, &error)))
}
