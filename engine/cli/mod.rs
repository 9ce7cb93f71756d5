//! The verbs, one file each. The only room that prints, reads the environment, or decides about exit codes.

mod apply;
mod args;
mod chosen;
mod completions;
mod components;
mod diff;
mod doctor;
mod exit;
mod explain;
mod facets;
mod faults;
mod fmt;
mod given;
mod graph;
mod help;
mod here;
mod history;
mod init;
mod late_file;
mod logging;
mod logs;
mod output;
mod past;
mod permissions;
mod plan;
mod prepare;
mod resolved;
mod retell;
mod runner;
mod schema;
mod seek;
mod session;
mod show;
mod signals;
mod start;
mod state;
mod tail;
mod test;
#[cfg(feature = "opentelemetry")]
mod traces;
mod validate;

use args::{Cli, Verb};
use clap::FromArgMatches;
use std::process::ExitCode;

/// The whole command line: reads the process's arguments, does what they say, gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    if std::env::args_os().len() < 2 {
        return start::run().code();
    }
    let cli = match help::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    signals::survive_file_size_limits();
    let json = cli.verb.json();
    let exit = match cli.verb {
        Verb::Apply(args) => apply::run(&args),
        Verb::Plan(args) => plan::run(&args),
        Verb::Validate(args) => validate::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::TestWorker(args) => test::work(&args),
        Verb::Fmt(args) => fmt::run(&args),
        Verb::Init(args) => init::run(&args),
        Verb::History(args) => history::run(&args),
        Verb::Show(args) => show::run(&args),
        Verb::Facets(args) => facets::run(&args),
        Verb::Components(args) => components::run(&args),
        Verb::Graph(args) => graph::run(&args),
        Verb::Diff(args) => diff::run(&args),
        Verb::Logs(args) => logs::run(&args),
        Verb::Schema(args) => schema::run(&args),
        Verb::State(args) => state::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Completions(args) => completions::run(&args),
    };
    exit.unwrap_or_else(|trouble| trouble.tell(json)).code()
}
