//! What a run of tests is given.

use std::path::PathBuf;
use std::time::Duration;
use thinking_event::testing::TestInfo;

/// A test in the list of those that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The test; its project is one of the pool's.
    pub test: TestInfo,
    /// Number of its repetition, from 1.
    pub repetition: u32,
    /// How long it took in earlier runs, microseconds; decides whether another worker is worth its start.
    pub expected: Option<u64>,
}

/// How tests are run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Id of the test run.
    pub run: String,
    /// Directory of the test run, as it is shown.
    pub directory: String,
    /// Where each try gets a directory of its own.
    pub work: PathBuf,
    /// How many tests there are in all.
    pub known: usize,
    /// The seed of `--shuffle`, to be told.
    pub shuffle: Option<u64>,
    /// Expected wall time in microseconds, to be told.
    pub expected: Option<u64>,
    /// How long a try may take, unless the test says so itself; `None`: as its manifest says.
    pub timeout: Option<Duration>,
    /// How long a worker may take beyond a timeout to tear down and reply, before it is killed.
    pub grace: Duration,
    /// From when on a test is slow; `None`: as its manifest says.
    pub slow: Option<Duration>,
    /// How often a failed test is tried again; `None`: as its manifest says.
    pub retries: Option<u32>,
    /// No test starts after one has failed (`--fail-fast`, `--stepwise`); those that run then end by themselves.
    pub fail_fast: bool,
    /// What properties draw their cases from; `None`: fresh.
    pub seed: Option<u64>,
    /// Snapshots that differ are written anew.
    pub update: bool,
    /// What tests reach is counted.
    pub coverage: bool,
    /// Workers take SIGINT for a wish that they end the test that they are at, tear down and reply.
    pub interruptible: bool,
}

impl Default for RunOptions {
    /// One try, no limits, and 5 seconds to tear down.
    fn default() -> Self {
        Self {
            run: String::new(),
            directory: String::new(),
            work: PathBuf::new(),
            known: 0,
            shuffle: None,
            expected: None,
            timeout: None,
            grace: Duration::from_secs(5),
            slow: None,
            retries: None,
            fail_fast: false,
            seed: None,
            update: false,
            coverage: false,
            interruptible: false,
        }
    }
}

/// Whether the user asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interrupt {
    /// No.
    None,
    /// Once: no test starts; those that run are asked to end if they understand that, else they end by themselves.
    Graceful,
    /// Twice, or the patience is over: running tests are killed.
    Now,
}
