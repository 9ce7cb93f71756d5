//! What a run of tests comes to.

use std::time::Duration;
use thinking_event::testing::{Coverage, TestCounts, TestRecord, TestRunEnd};

/// What a run of tests comes to.
#[derive(Debug)]
pub struct TestRunResult {
    /// One for each test of the list, in its order; those that were not run are there too.
    pub records: Vec<TestRecord>,
    /// Their counts.
    pub counts: TestCounts,
    /// What they reached, all projects together, with what can be reached at all; empty if it was not asked for.
    pub coverage: Coverage,
    /// How it ended.
    pub end: TestRunEnd,
    /// Wall time.
    pub took: Duration,
    /// Projects whose workers could not be started again in the middle of it: their remaining tests were not run.
    pub errors: Vec<WorkerError>,
}

/// A worker that cannot be started, or is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkerError {
    /// Its project, as it was named on the command line.
    pub project: String,
    /// What happened, one line.
    pub message: String,
    /// The last lines that it wrote to standard error.
    pub last_lines: Vec<String>,
}
