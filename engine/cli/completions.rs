//! `thinking completions`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::{help, output};
use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// What `completions` takes.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// For which shell
    pub shell: Shell,
    /// No difference: it is a script for a shell
    #[arg(long)]
    pub json: bool,
    /// No difference: there is nothing else to say
    #[arg(long, short)]
    pub quiet: bool,
    /// No difference: no state is looked at
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut help::command(), "thinking", &mut script);
    output::data(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
