//! The command line.

use crate::cli::completions::CompletionsArgs;
use crate::cli::explain::ExplainArgs;
use crate::cli::fmt::FmtArgs;
use crate::cli::help;
use crate::cli::init::InitArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use thinking_run::Options;

/// Runs long programs step by step and never loses a finished step.
#[derive(Debug, Parser)]
#[command(
    name = "thinking",
    version,
    max_term_width = 100,
    after_help = help::OVERVIEW
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a pipeline, or go on with it where it was
    #[command(after_help = help::APPLY)]
    Apply(RunArgs),
    /// Say what `apply` would do, and why
    #[command(after_help = help::PLAN)]
    Plan(RunArgs),
    /// Check a manifest: every facet, every script, everything before anything runs
    #[command(after_help = help::VALIDATE)]
    Validate(ValidateArgs),
    /// Run the tests of suites
    #[command(after_help = help::TEST)]
    Test(crate::cli::test::TestArgs),
    /// A process of `test`
    #[command(hide = true, name = "internal-worker")]
    TestWorker(crate::cli::test::WorkerArgs),
    /// Lay manifests out: blanks and line breaks, nothing else
    Fmt(FmtArgs),
    /// Begin a project from a template
    Init(InitArgs),
    /// Say what was run here, newest first
    History(crate::cli::history::HistoryArgs),
    /// Say what a run or a task did: when, how long, which data it changed
    Show(crate::cli::show::ShowArgs),
    /// Say which facets there are, which are active and why, and what each would change
    Facets(crate::cli::facets::FacetsArgs),
    /// Say which components there are, which are taken for what and why, and native steps
    Components(crate::cli::components::ComponentsArgs),
    /// Draw the tasks and the wiring of a pipeline
    Graph(crate::cli::graph::GraphArgs),
    /// Say how the manifest differs between two choices of facets
    Diff(crate::cli::diff::DiffArgs),
    /// Say again what a run said, or follow it
    Logs(crate::cli::logs::LogsArgs),
    /// Print the JSON Schema of manifests
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArgs),
    /// Look after the recorded state
    #[command(after_help = help::STATE)]
    State(StateArgs),
    /// Tell more of a mistake, by its code, or of a function of the script library
    #[command(after_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Look whether this machine and this folder have what a run needs
    #[command(after_help = help::DOCTOR)]
    Doctor(Common),
    /// Print a script that completes command lines in a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
}

impl Verb {
    /// Whether what goes wrong is told as JSON.
    pub fn json(&self) -> bool {
        match self {
            Self::Apply(args) | Self::Plan(args) => args.common.json,
            Self::Validate(args) => args.common.json,
            Self::State(args) => match &args.verb {
                StateVerb::Verify(common) => common.json,
            },
            Self::Test(args) => args.json,
            Self::TestWorker(_) => false,
            Self::Fmt(args) => args.json,
            Self::Init(args) => args.json,
            Self::History(args) => args.past.json,
            Self::Show(args) => args.past.json,
            Self::Logs(args) => args.past.json,
            Self::Facets(args) => args.look.common.json,
            Self::Components(args) => args.json,
            Self::Graph(args) => args.look.common.json,
            Self::Diff(args) => args.json,
            Self::Schema(args) => args.json,
            Self::Explain(args) => args.json,
            Self::Doctor(common) => common.json,
            Self::Completions(args) => args.json,
        }
    }
}

/// What every verb that reads a manifest takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Common {
    /// The manifest [default: pipeline.kdl, else the only *.kdl here]
    pub manifest: Option<PathBuf>,
    /// Directory of the recorded state [default: .thinking beside the manifest]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// For machines: JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Only failures
    #[arg(long, short)]
    pub quiet: bool,
}

/// What `apply` and `plan` take.
#[derive(Debug, Default, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub common: Common,
    /// Give a parameter its value
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Take parameters from a file (.kdl, .json or .toml)
    #[arg(long = "params", value_name = "FILE")]
    pub params_files: Vec<PathBuf>,
    /// Switch facets on
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub facet: Vec<String>,
    /// The pipeline, if there are several
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
    /// Steps that may run at once; this version runs one at a time
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub jobs: Option<usize>,
    /// Start over on empty data; the old run stays in the history
    #[arg(long, conflicts_with_all = ["from", "only"])]
    pub fresh: bool,
    /// Run this task and what follows even if done
    #[arg(long, value_name = "PATH")]
    pub from: Option<String>,
    /// Run this task even if done, and stop after it
    #[arg(long, value_name = "PATH", conflicts_with_all = ["from", "until"])]
    pub only: Option<String>,
    /// Stop after this task; the run stays unfinished
    #[arg(long, value_name = "PATH")]
    pub until: Option<String>,
    /// Print help, and the manifest's parameters
    #[arg(short, long)]
    pub help: bool,
}

impl RunArgs {
    /// What part to run, and how.
    pub fn options(&self) -> Options {
        Options {
            fresh: self.fresh,
            from: self.from.clone(),
            only: self.only.clone(),
            until: self.until.clone(),
            jobs: self.jobs,
            faults: None,
        }
    }
}

/// The schema is JSON and belongs to the program: the options that every verb takes change nothing.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Print the JSON Schema of the events of `apply --json` and `logs --json` instead
    #[arg(long)]
    pub events: bool,
    /// Print the JSON Schema of the events of `test --json` instead
    #[arg(long, conflicts_with = "events")]
    pub test_events: bool,
    /// No difference: the schema is JSON
    #[arg(long)]
    pub json: bool,
    /// No difference: there is nothing else to say
    #[arg(long, short)]
    pub quiet: bool,
    /// No difference: no state is looked at
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub common: Common,
    /// Print the manifest as JSON
    #[arg(long, value_name = "WHAT")]
    pub emit: Option<Emit>,
    /// Show what the manifest may touch, and what its steps are seen to touch
    #[arg(long, conflicts_with = "emit")]
    pub permissions: bool,
    /// Facets of `--emit resolved`
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub facet: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// The file as written, also if it is wrong
    Json,
    /// The composed manifest: includes merged, facets applied
    Resolved,
}

#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    #[command(subcommand)]
    pub verb: StateVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StateVerb {
    /// Read all of the recorded state and check its checksums
    #[command(after_help = help::STATE_VERIFY)]
    Verify(Common),
}
