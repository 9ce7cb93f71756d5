//! Test results as one page that stands alone.

mod escape;
mod page;
mod test;

use super::target::ReportTarget;
use std::sync::{Arc, OnceLock};
use thinking_event::testing::{TestCounts, TestEvent, TestRecord, TestReporter, TestRunEnd};

/// Collects a test run and writes it as one HTML file when it is finished: a summary, failures first, each test with its phases, output and tries, bars for
/// durations. Search, filters and order need JavaScript, all else does not. The file refers to nothing outside itself, and a policy in it forbids that.
///
/// The words of the search and the filters stand behind `#` in the address: `#q=net&outcome=failed&tag=unit&sort=took`.
#[derive(Debug)]
pub struct TestHtml {
    target: ReportTarget,
    coverage: Arc<OnceLock<String>>,
    run: Run,
    records: Vec<TestRecord>,
}

/// What is known of the run itself.
#[derive(Debug, Default)]
struct Run {
    id: String,
    at: i64,
    known: usize,
    jobs: usize,
    seed: Option<u64>,
    end: Option<TestRunEnd>,
    counts: TestCounts,
    took: u64,
}

impl TestHtml {
    /// A reporter that writes there.
    #[must_use]
    pub fn new(target: ReportTarget) -> Self {
        Self { target, coverage: Arc::default(), run: Run::default(), records: Vec::new() }
    }

    /// Where the caller puts coverage before the reporter is finished: a fragment of HTML, which must be safe. It becomes a section of the page.
    #[must_use]
    pub fn coverage(&self) -> Arc<OnceLock<String>> {
        self.coverage.clone()
    }
}

impl TestReporter for TestHtml {
    fn event(&mut self, event: &TestEvent) {
        match event {
            TestEvent::RunStarted { run, at, known, jobs, seed, .. } => {
                self.run = Run { id: run.clone(), at: *at, known: *known, jobs: *jobs, seed: *seed, ..Run::default() };
            }
            TestEvent::Ended(record) => {
                self.run.counts.add(record);
                self.records.push((**record).clone());
            }
            TestEvent::RunEnded { end, counts, took } => {
                (self.run.end, self.run.counts, self.run.took) = (Some(*end), *counts, *took);
            }
            _ => {}
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        let text = page::page(&self.run, &self.records, self.coverage.get().map(String::as_str));
        self.target.write("the HTML report", text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
