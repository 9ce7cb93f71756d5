//! What `thinking test` takes.

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// What `test` takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TestArgs {
    /// Manifests, files of suites, or directories with all that is below them [default: what is here]
    pub paths: Vec<PathBuf>,
    /// Tests whose path holds this text
    #[arg(short = 'k', value_name = "TEXT", help_heading = "Which tests")]
    pub keyword: Vec<String>,
    /// Tests that an expression selects: tag(slow) & !path(net)
    #[arg(short = 'E', long = "filter", value_name = "EXPR", help_heading = "Which tests")]
    pub filter: Vec<String>,
    /// Tests with these tags: slow & !net
    #[arg(long, value_name = "EXPR", help_heading = "Which tests")]
    pub tag: Vec<String>,
    /// Tests that failed last time
    #[arg(long, help_heading = "Which tests")]
    pub last_failed: bool,
    /// The part K of N of all tests, for several machines
    #[arg(long, value_name = "K/N", help_heading = "Which tests")]
    pub shard: Option<String>,
    /// Only say which tests there are
    #[arg(long, help_heading = "Which tests")]
    pub list: bool,
    /// Tests that failed last time come first
    #[arg(long, help_heading = "How they run")]
    pub failed_first: bool,
    /// Begin at the test that failed last time, stop at the first failure
    #[arg(long, help_heading = "How they run")]
    pub stepwise: bool,
    /// No test starts after one has failed
    #[arg(long, help_heading = "How they run")]
    pub fail_fast: bool,
    /// How many at once [default: one for each core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024), help_heading = "How they run")]
    pub jobs: Option<usize>,
    /// In an order drawn by chance; the seed is told and gives the same order again
    #[arg(long, value_name = "SEED", num_args = 0..=1, default_missing_value = "", help_heading = "How they run")]
    pub shuffle: Option<String>,
    /// Tries of a test after it failed
    #[arg(long, value_name = "N", help_heading = "How they run")]
    pub retries: Option<u32>,
    /// Each test so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), help_heading = "How they run")]
    pub repeat: u32,
    /// How long a try may take where the test does not say so itself: 30s, 5m
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "How they run")]
    pub timeout: Option<Duration>,
    /// Switch facets on
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "How they run")]
    pub facet: Vec<String>,
    /// What `for-all` draws its values from
    #[arg(long, value_name = "SEED", help_heading = "How they run")]
    pub seed: Option<u64>,
    /// Write snapshots that differ anew
    #[arg(long, help_heading = "How they run")]
    pub update: bool,
    /// What tests wrote: of which it is shown
    #[arg(long, value_name = "WHEN", default_value = "failures", help_heading = "Reports")]
    pub output: When,
    /// JUnit XML into this file
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub junit: Option<PathBuf>,
    /// The page into this file
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub html: Option<PathBuf>,
    /// Coverage into this directory: lcov, Cobertura, HTML
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub coverage: Option<PathBuf>,
    /// Do not count what tests reach
    #[arg(long, conflicts_with = "coverage", help_heading = "Reports")]
    pub no_coverage: bool,
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

/// Of which tests something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// Of all
    All,
    /// Of those that failed
    #[default]
    Failures,
    /// Of none
    Never,
}

fn duration(text: &str) -> Result<Duration, String> {
    thinking_manifest::units::duration(text).ok_or_else(|| "write 500ms, 30s, 5m or 2h".to_owned())
}

/// What a worker is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkerArgs {
    /// The manifest.
    pub manifest: PathBuf,
    /// Where the state lies.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// Facets.
    #[arg(long, value_delimiter = ',')]
    pub facet: Vec<String>,
    /// Another worker has checked the project.
    #[arg(long)]
    pub checked: bool,
    /// Lines of scripts are counted.
    #[arg(long)]
    pub coverage: bool,
    /// Columns of what is shown.
    #[arg(long, default_value_t = 100)]
    pub width: usize,
    /// A pipeline that is killed on purpose.
    #[arg(long)]
    pub child: bool,
}
