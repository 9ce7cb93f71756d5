//! `thinking history`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use crate::cli::past::{self, PastArgs};
use clap::Args;
use std::io::IsTerminal;
use std::path::PathBuf;
use thinking_run::past::{Asked, history};

/// So many runs are shown on a terminal, unless asked otherwise.
const ON_A_TERMINAL: usize = 20;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking history                 the latest runs, newest first
  thinking history -n 0            all of them
  thinking history --json | jq '.runs[] | select(.status == \"failed\")'")]
pub(crate) struct HistoryArgs {
    /// The manifest, or a directory, beside which the state lies; it is not read [default: here]
    pub manifest: Option<PathBuf>,
    #[command(flatten)]
    pub past: PastArgs,
    /// Show at most so many runs, 0 for all [default: 20 on a terminal, elsewhere all]
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only runs of this pipeline
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
}

pub(crate) fn run(args: &HistoryArgs) -> Result<Exit, Trouble> {
    let manifest = args.manifest.as_deref();
    let directory = past::directory(&args.past, manifest);
    let Some(opened) = past::open(directory.clone())? else {
        if args.past.json {
            output::json_data(&serde_json::json!({ "runs": [], "more": false }));
        } else if !args.past.quiet {
            output::talk(&past::nothing(&directory));
        }
        return Ok(Exit::Done);
    };
    let usual = (std::io::stdout().is_terminal() && !args.past.json).then_some(ON_A_TERMINAL);
    let limit = match args.limit {
        Some(0) => None,
        Some(limit) => Some(limit),
        None => usual,
    };
    let asked = Asked { pipeline: args.pipeline.clone(), limit };
    let (runs, more) = history(&opened.past()?, &asked)?;
    if args.past.json {
        output::json_data(&thinking_report::history_json(&runs, more));
    } else if runs.is_empty() {
        let of = args.pipeline.as_ref().map(|name| format!(" of pipeline `{name}`")).unwrap_or_default();
        output::talk(&format!("no run{of} is recorded in {}\n", directory.display()));
    } else {
        let page = past::page(&args.past, manifest, false);
        output::data(&thinking_report::history_text(&runs, more.then_some("thinking history -n 0"), &page));
    }
    Ok(Exit::Done)
}
