//! What earlier test runs came to: a file for each project, in the directory of its state.
//!
//! Nothing depends on it but order and comfort, so damage is no error: then it is as if there were none.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Code, Diagnostic};
use thinking_event::testing::{Outcome, TestInfo, TestRecord};

const VERSION: u32 = 1;
/// After so many test runs of its project without it a test is forgotten: enough for a branch that is left and comes back.
const FORGOTTEN_AFTER: u32 = 20;
/// A new duration counts for one part in so many. One odd run does not turn the order over, and after five the old duration counts for an eighth.
const SMOOTHING: f64 = 3.0;

/// What is known of the tests of one project, by their paths.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    tests: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// How it ended when it last ran.
    outcome: Outcome,
    /// How long it takes, microseconds, smoothed.
    took: u64,
    /// For so many runs it has not been there.
    #[serde(default, skip_serializing_if = "is_zero")]
    absent: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
struct File<T> {
    version: u32,
    tests: T,
}

impl Record {
    /// Where the record of a project lies whose state is in that directory ([`Ready::state`](crate::protocol::Ready::state)).
    #[must_use]
    pub fn file(state: &Path) -> PathBuf {
        state.join("tests.json")
    }

    /// Reads a record. One that is not there is empty; one that cannot be read is empty too, and there is a warning.
    #[must_use]
    pub fn load(file: &Path) -> (Self, Option<Diagnostic>) {
        let read = match fs::read(file) {
            Ok(bytes) => Self::parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok(record) => (record, None),
            Err(why) => {
                let message = format!("what {} says of earlier test runs cannot be used: {why}", file.display());
                let help = "durations and --last-failed begin anew; the file is replaced when the tests have run";
                (Self::default(), Some(Diagnostic::warning(Code::State, message).help(help.to_owned())))
            }
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| format!("it is damaged ({error})");
        let file: File<serde_json::Value> = serde_json::from_slice(bytes).map_err(wrong)?;
        if file.version != VERSION {
            return Err(format!("its format is {}, this program reads {VERSION}", file.version));
        }
        Ok(Self { tests: serde_json::from_value(file.tests).map_err(wrong)? })
    }

    /// Writes it as a whole or not at all, and makes its directory.
    ///
    /// # Errors
    /// It cannot be written; what was there stays.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let directory = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let mut new = tempfile::NamedTempFile::new_in(directory)?;
        new.write_all(&serde_json::to_vec(&File { version: VERSION, tests: &self.tests })?)?;
        new.write_all(b"\n")?;
        new.persist(file)?;
        Ok(())
    }

    /// Takes in a test run. `known`: all tests that the project has now, selected or not. Records of other projects are passed over.
    ///
    /// Of several repetitions the worst outcome counts. A failed try may have ended early, so its duration counts only for want of a better one.
    pub fn update(&mut self, project: &str, known: &[TestInfo], records: &[TestRecord]) {
        let own = |test: &TestInfo| test.project == project;
        let known: BTreeSet<String> = known.iter().filter(|test| own(test)).map(TestInfo::path).collect();
        for (path, entry) in &mut self.tests {
            entry.absent = if known.contains(path) { 0 } else { entry.absent.saturating_add(1) };
        }
        self.tests.retain(|_, entry| entry.absent < FORGOTTEN_AFTER);
        let mut seen = BTreeSet::new();
        for record in records.iter().filter(|record| own(&record.test)) {
            let Some(last) = record.last() else { continue };
            let path = record.test.path();
            let fresh = || Entry { outcome: record.outcome, took: last.took, absent: 0 };
            let is_new = !self.tests.contains_key(&path);
            let entry = self.tests.entry(path.clone()).or_insert_with(fresh);
            if !is_new && !record.outcome.is_failure() {
                entry.took = smoothed(entry.took, last.took);
            }
            let repeated = !seen.insert(path);
            if !(repeated && entry.outcome.is_failure()) {
                entry.outcome = record.outcome;
            }
        }
    }

    /// How a test ended when it last ran.
    #[must_use]
    pub fn outcome(&self, path: &str) -> Option<Outcome> {
        Some(self.tests.get(path)?.outcome)
    }

    /// How long a try of a test takes, microseconds, smoothed over earlier runs.
    #[must_use]
    pub fn took(&self, path: &str) -> Option<u64> {
        Some(self.tests.get(path)?.took)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "microseconds of a test"
)]
fn smoothed(before: u64, now: u64) -> u64 {
    (before as f64 + (now as f64 - before as f64) / SMOOTHING).round() as u64
}

/// The records of all projects of a test run, by the name of the project.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records(pub BTreeMap<String, Record>);

impl Records {
    /// How a test ended when it last ran.
    #[must_use]
    pub fn outcome(&self, test: &TestInfo) -> Option<Outcome> {
        self.0.get(&test.project)?.outcome(&test.path())
    }

    /// How long a try of a test takes, microseconds.
    #[must_use]
    pub fn took(&self, test: &TestInfo) -> Option<u64> {
        self.0.get(&test.project)?.took(&test.path())
    }
}

#[cfg(test)]
mod tests;
