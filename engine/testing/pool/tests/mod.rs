//! The pool with workers that do everything wrong.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail loudly")]

mod ends;
mod fake;
mod left;
mod starts;

use super::{Interrupt, Planned, Pool, RunOptions, TestRunResult};
use std::fmt::Write as _;
use thinking_event::testing::{TestEvent, TestReporter};

/// Writes down what it is told, without times.
#[derive(Default)]
struct Told(String);

impl TestReporter for Told {
    fn event(&mut self, event: &TestEvent) {
        let line = match event {
            TestEvent::RunStarted { tests, known, jobs, .. } => format!("{tests} of {known} tests, {jobs} at once"),
            TestEvent::Started { project, test, repetition, attempt, .. } => {
                format!("  started  {project} {test} #{repetition} try {attempt}")
            }
            TestEvent::Retried { test, failed, .. } => format!("  again    {test}: {}", failed.outcome.word()),
            TestEvent::Ended(record) => {
                let mut line = format!("  ended    {}: {}", record.test.name, record.outcome.word());
                if record.slow {
                    line.push_str(", slow");
                }
                for failure in record.last().into_iter().flat_map(|last| &last.failures) {
                    let text = if failure.rendered.is_empty() { &failure.message } else { &failure.rendered };
                    let _ = write!(line, "\n    {}", text.replace('\n', "\n    "));
                }
                line
            }
            TestEvent::Stopping { running } => format!("stopping, {running} run"),
            TestEvent::RunEnded { end, counts, .. } => format!(
                "{end:?}: {} passed, {} flaky, {} failed ({} timed out, {} crashed), {} not run, {} slow",
                counts.passed,
                counts.flaky,
                counts.failed,
                counts.timed_out,
                counts.crashed,
                counts.not_run,
                counts.slow
            ),
        };
        self.0.push_str(&line);
        self.0.push('\n');
    }
}

/// A list of tests, by number of the project and name.
fn plan(tests: &[(usize, String)]) -> Vec<Planned> {
    let planned = |(project, name): &(usize, String)| Planned {
        test: fake::info(&format!("p{project}"), name),
        repetition: 1,
        expected: None,
    };
    tests.iter().map(planned).collect()
}

/// Runs tests of one project, one after the other.
fn run(tests: &[&str], options: &RunOptions) -> (TestRunResult, String) {
    let names: Vec<String> = tests.iter().map(|name| (*name).to_owned()).collect();
    let mut pool = Pool::new(vec![fake::project("p0", &names, "ready")], 1);
    let ready = pool.load(&|| Interrupt::None, &mut || {}).unwrap();
    assert_eq!(ready[0].as_ref().unwrap().tests.len(), tests.len());
    let plan = plan(&names.into_iter().map(|name| (0, name)).collect::<Vec<_>>());
    let mut told = Told::default();
    let options = RunOptions { known: tests.len(), ..options.clone() };
    let result = pool.run(&plan, &options, &|| Interrupt::None, &mut told);
    assert!(pool.workers.is_empty());
    (result, told.0)
}
