//! `thinking logs`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use crate::cli::past::{self, Opened, PastArgs};
use crate::cli::retell::Teller;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_run::past::{PathFilter, Sought, find_run};
use thinking_step::LogLevel;
use thinking_store::RunRecord;

/// How often a followed log is looked at.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking logs                            what the latest run said
  thinking logs -f                         follow it, also from another terminal
  thinking logs fit/epoch --level warn     warnings and failures of a task and what is below
  thinking logs --run 20261120-0811 -n 50   the last 50 lines of an earlier run")]
pub(crate) struct LogsArgs {
    /// Only this task and what is below: fit/epoch[3]; keys may be left out
    pub path: Option<String>,
    #[command(flatten)]
    pub past: PastArgs,
    /// The manifest, or a directory, beside which the state lies; it is not read
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Go on until the run ends; waits for a run if there is none yet
    #[arg(long, short)]
    pub follow: bool,
    /// The run, by its id or the beginning of it [default: the latest]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Only what is at least so loud; a failed attempt is a warning, a failed task an error
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<Loudness>,
    /// Only the last N events
    #[arg(short = 'n', long = "lines", value_name = "N")]
    pub lines: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Loudness {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Loudness> for LogLevel {
    fn from(level: Loudness) -> Self {
        match level {
            Loudness::Trace => Self::Trace,
            Loudness::Debug => Self::Debug,
            Loudness::Info => Self::Info,
            Loudness::Warn => Self::Warn,
            Loudness::Error => Self::Error,
        }
    }
}

pub(crate) fn run(args: &LogsArgs) -> Result<Exit, Trouble> {
    let filter = match &args.path {
        Some(path) => match PathFilter::parse(path) {
            Some(filter) => Some(filter),
            None => {
                let help = "write the key of an iteration in brackets: fit/epoch[3]".to_owned();
                return Ok(wrong(args, format!("`{path}` is no path of a task"), help));
            }
        },
        None => None,
    };
    let directory = past::directory(&args.past, args.manifest.as_deref());
    let Some((opened, record)) = find(args, &directory)? else { return Ok(Exit::Done) };
    let record = match record {
        Ok(record) => record,
        Err(exit) => return Ok(exit),
    };
    Teller::new(args, &opened, record, filter).tell()
}

/// The run that is meant, perhaps after waiting for one. `None`: there is none, and that was said.
type Meant = Option<(Opened, Result<RunRecord, Exit>)>;

fn find(args: &LogsArgs, directory: &Path) -> Result<Meant, Trouble> {
    let mut told = false;
    loop {
        if let Some(opened) = past::open(directory.to_path_buf())? {
            let sought = find_run(&opened.past()?, args.run.as_deref())?;
            match sought {
                Sought::Run(record) => return Ok(Some((opened, Ok(*record)))),
                Sought::None(_) if args.run.is_none() => {}
                other => {
                    let exit = unknown(args, &other);
                    return Ok(Some((opened, Err(exit))));
                }
            }
        }
        if !args.follow {
            if !args.past.quiet {
                output::talk(&past::nothing(directory));
            }
            return Ok(None);
        }
        if !told && !args.past.quiet {
            output::talk("nothing was run here yet: waiting for a run to begin (Ctrl-C ends this)\n");
        }
        told = true;
        std::thread::sleep(PAUSE);
    }
}

fn unknown(args: &LogsArgs, sought: &Sought) -> Exit {
    let wanted = args.run.as_deref().unwrap_or_default();
    match sought {
        Sought::Several(ids) => {
            let message = format!("the ids of several runs begin with `{wanted}`: {}", ids.join(", "));
            wrong(args, message, "type more of it".to_owned())
        }
        Sought::None(ids) => {
            let help = match did_you_mean(wanted, ids.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`thinking history` lists the runs".to_owned(),
            };
            wrong(args, format!("no run `{wanted}` is recorded"), help)
        }
        Sought::Run(_) => Exit::Done,
    }
}

pub(crate) fn wrong(args: &LogsArgs, message: String, help: String) -> Exit {
    output::complain(Diagnostic::error(Code::CommandLine, message).help(help), args.past.json);
    Exit::Wrong
}
