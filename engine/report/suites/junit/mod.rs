//! Test results for build servers: JUnit XML.
//!
//! `junit-report` writes suites, cases, failures and output. What it has no words for is added to its text: counts of skipped tests, properties, tries
//! before the last one, and where a test is written.

mod cases;
mod complete;

use super::target::ReportTarget;
use cases::Suite;
use thinking_event::testing::{TestEvent, TestRecord, TestReporter};

/// What may stand in the file. There is no one format; this is what readers differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JunitForm {
    /// What the schema of Jenkins' xUnit plugin (`junit-10.xsd`) allows, and all others read: what is to be known of a test stands at the head of its
    /// output as `[[PROPERTY|name=value]]`.
    #[default]
    Strict,
    /// Each test also has `file`, `line` and `<properties>`: GitLab links the file, Jenkins' JUnit plugin keeps properties.
    Full,
}

/// Collects a test run and writes it as JUnit XML when it is finished. A test is an `error` if it crashed, took too long or could not be carried out, and a
/// `failure` if an assertion did not hold. Tries that failed before are `rerunFailure` or `flakyFailure`, as Surefire writes them.
///
/// Of the output of a phase 64 KiB are kept, the beginning and the end: GitLab takes no file of more than 30 MB.
#[derive(Debug)]
pub struct TestJunit {
    target: ReportTarget,
    form: JunitForm,
    run: Vec<(String, String)>,
    began: i64,
    records: Vec<TestRecord>,
}

impl TestJunit {
    /// A reporter that writes there, in that form.
    #[must_use]
    pub fn new(target: ReportTarget, form: JunitForm) -> Self {
        Self { target, form, run: Vec::new(), began: 0, records: Vec::new() }
    }

    fn text(&self) -> Result<Vec<u8>, String> {
        let suites = Suite::group(&self.records);
        let told = |error: &dyn std::fmt::Display| format!("the JUnit report cannot be made: {error}");
        let report = cases::report(&suites, self.form, self.began);
        let mut text = Vec::new();
        report.write_xml(&mut text).map_err(|error| told(&error))?;
        complete::complete(&text, &suites, self.form, &self.run).map_err(|error| told(&error))
    }
}

impl TestReporter for TestJunit {
    fn event(&mut self, event: &TestEvent) {
        match event {
            TestEvent::RunStarted { run, at, seed, .. } => {
                self.began = *at;
                self.run = vec![("run".to_owned(), run.clone())];
                self.run.extend(seed.map(|seed| ("shuffle.seed".to_owned(), seed.to_string())));
            }
            TestEvent::Ended(record) => self.records.push((**record).clone()),
            _ => {}
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        let text = self.text()?;
        self.target.write("the JUnit report", &text)
    }
}

#[cfg(test)]
mod tests;
