//! What a test run says: plain data that crosses from worker processes to the reports.

use serde::{Deserialize, Serialize};

/// What is known of a test before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct TestInfo {
    /// The project that it belongs to: its manifest as it was named on the command line.
    pub project: String,
    /// The suites around it, outermost first.
    pub suites: Vec<String>,
    /// Its own name, with the number of its row if it is one of a table: `table[2]`.
    pub name: String,
    /// What is special about this row, for people: `text="a b" n=2`.
    pub case: Option<String>,
    /// Words to select it by, its own and those of the suites around it.
    pub tags: Vec<String>,
    /// Facets that are active in it, the mode's left out.
    pub facets: Vec<String>,
    /// The file that it is written in, as it is shown.
    pub file: String,
    /// The line in that file, from 1.
    pub line: usize,
    /// How long one try may take, milliseconds; `None`: as the command line or the manifest says.
    pub timeout: Option<u64>,
}

impl TestInfo {
    /// Suites and name, joined: `tokenizer/table[2]`. Unique in its project.
    #[must_use]
    pub fn path(&self) -> String {
        let names: Vec<&str> = self.suites.iter().map(String::as_str).chain([self.name.as_str()]).collect();
        names.join("/")
    }
}

/// What a part of a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    /// `setup` of the test or of a suite around it.
    Setup,
    /// `given "…"`
    Given,
    /// `when "…"`
    When,
    /// `then "…"`
    Then,
    /// A body that stands in the test itself.
    Body,
    /// A pipeline under test.
    Run,
    /// `teardown` of the test or of a suite around it.
    Teardown,
    /// An aspect before or after one of the others.
    Aspect,
}

impl PhaseKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Given => "given",
            Self::When => "when",
            Self::Then => "then",
            Self::Body => "body",
            Self::Run => "run",
            Self::Teardown => "teardown",
            Self::Aspect => "aspect",
        }
    }
}

/// Where a line of output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputSource {
    /// Standard output, of a started program or of native code.
    Stdout,
    /// Standard error.
    Stderr,
    /// `log::…`, `print` and what components log.
    Log,
}

/// A line of output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OutputLine {
    /// Where it comes from.
    pub source: OutputSource,
    /// How loud a log line is (`info`, `warn`, …); empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub level: String,
    /// The line, without its end; secrets are masked.
    pub text: String,
}

/// Why a part of a test failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct TestFailure {
    /// What kind: `assertion`, or a step's kinds (`script`, `native`, `exec`, `timeout`, …), `crash`, `leak`, `snapshot`, `not-failed`, `difference`.
    pub kind: String,
    /// One line.
    pub message: String,
    /// The diagnostic as it is shown on a terminal, without colours: message, text with the place underlined, help, differences.
    pub rendered: String,
    /// The same with colours; empty if there are none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub coloured: String,
    /// The file of the place; empty if there is no place.
    pub file: String,
    /// The line of the place, from 1.
    pub line: usize,
    /// The column of the place, from 1.
    pub column: usize,
}

/// A part of a test that was done, or begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Phase {
    /// What it is.
    pub kind: PhaseKind,
    /// Its title, templates filled in (`has 2 words`); for a pipeline its name; may be empty.
    pub title: String,
    /// When it began, milliseconds since 1970 UTC.
    pub at: i64,
    /// How long it took, microseconds of real time.
    pub took: u64,
    /// What it wrote.
    pub output: Vec<OutputLine>,
    /// Why it failed, if it did.
    pub failure: Option<TestFailure>,
}

/// How a try, or a test as a whole, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Of a test: it passed, but only after a retry.
    Flaky,
    /// Something in it failed.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Its process ended under it.
    Crashed,
    /// It was selected and never began: the run stopped before.
    NotRun,
}

impl Outcome {
    /// Whether it counts as a failure of the test run.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Crashed)
    }

    /// The word for it, for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Crashed => "crashed",
            Self::NotRun => "not run",
        }
    }
}

/// Something that a test left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "what")]
pub enum Leak {
    /// A process that still runs: its number and command line.
    Process(String),
    /// A file that was not there before, or is still open.
    File(String),
    /// A step that began and never ended.
    Step(String),
}

/// One try of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Try {
    /// Number of the try, from 1.
    pub number: u32,
    /// When it began, milliseconds since 1970 UTC.
    pub at: i64,
    /// How long it took as a whole, microseconds of real time.
    pub took: u64,
    /// How it ended; never [`Outcome::Flaky`] or [`Outcome::NotRun`].
    pub outcome: Outcome,
    /// Its parts, in order.
    pub phases: Vec<Phase>,
    /// What failed outside of its parts: a crash, a timeout, a failure that was expected and did not come.
    pub failures: Vec<TestFailure>,
    /// What it left behind.
    pub leaks: Vec<Leak>,
    /// What is to be known beside: `seed` and `case` of a property that failed, snapshots that were written, `aspect.x`.
    pub properties: Vec<(String, String)>,
}

impl Try {
    /// All failures in order, each with the part that it is of.
    pub fn all_failures(&self) -> impl Iterator<Item = (Option<&Phase>, &TestFailure)> {
        let inside = self.phases.iter().filter_map(|phase| Some((Some(phase), phase.failure.as_ref()?)));
        inside.chain(self.failures.iter().map(|failure| (None, failure)))
    }
}

/// A test that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TestRecord {
    /// Which.
    pub test: TestInfo,
    /// Number of its repetition, from 1 (`--repeat`).
    pub repetition: u32,
    /// How it ended, all tries together.
    pub outcome: Outcome,
    /// Its tries; none if it was not run.
    pub tries: Vec<Try>,
    /// Whether it took longer than the threshold for slow tests.
    pub slow: bool,
}

impl TestRecord {
    /// How long all tries took together, microseconds.
    #[must_use]
    pub fn took(&self) -> u64 {
        self.tries.iter().map(|one| one.took).sum()
    }

    /// The try that decides, which is the last.
    #[must_use]
    pub fn last(&self) -> Option<&Try> {
        self.tries.last()
    }

    /// Whether any try left something behind.
    #[must_use]
    pub fn leaks(&self) -> bool {
        self.tries.iter().any(|one| !one.leaks.is_empty())
    }
}

/// Counts of a test run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TestCounts {
    /// Passed, flaky ones left out.
    pub passed: usize,
    /// Passed after a retry.
    pub flaky: usize,
    /// Failed, timed out or crashed.
    pub failed: usize,
    /// Those among the failed that took too long.
    pub timed_out: usize,
    /// Those among the failed whose process ended.
    pub crashed: usize,
    /// Never begun.
    pub not_run: usize,
    /// Slow ones, however they ended.
    pub slow: usize,
    /// Those that left something behind, however they ended.
    pub leaking: usize,
}

impl TestCounts {
    /// Counts one more.
    pub fn add(&mut self, record: &TestRecord) {
        match record.outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Flaky => self.flaky += 1,
            Outcome::Failed | Outcome::TimedOut | Outcome::Crashed => self.failed += 1,
            Outcome::NotRun => self.not_run += 1,
        }
        self.timed_out += usize::from(record.outcome == Outcome::TimedOut);
        self.crashed += usize::from(record.outcome == Outcome::Crashed);
        self.slow += usize::from(record.slow);
        self.leaking += usize::from(record.leaks());
    }

    /// All that ran.
    #[must_use]
    pub fn ran(&self) -> usize {
        self.passed + self.flaky + self.failed
    }
}

/// How a test run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestRunEnd {
    /// All that was selected ran.
    Finished,
    /// It stopped at a failure (`--fail-fast`, `--stepwise`).
    Stopped,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

/// What a test run says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum TestEvent {
    /// A test run starts.
    #[serde(rename = "test-run-started")]
    RunStarted {
        /// Its id: `20261120-150432-cd23`.
        run: String,
        /// When, milliseconds since 1970 UTC.
        at: i64,
        /// Its directory, where reports go.
        directory: String,
        /// How many tests were selected, repetitions included.
        tests: usize,
        /// How many there are in all.
        known: usize,
        /// How many at once.
        jobs: usize,
        /// The seed of `--shuffle`.
        seed: Option<u64>,
        /// How long it will take as far as earlier runs tell, microseconds of wall time.
        expected: Option<u64>,
    },
    /// A try of a test starts.
    #[serde(rename = "test-started")]
    Started {
        /// Its project.
        project: String,
        /// Its path in the project.
        test: String,
        /// Number of its repetition, from 1.
        repetition: u32,
        /// Number of the try, from 1.
        attempt: u32,
        /// When, milliseconds since 1970 UTC.
        at: i64,
    },
    /// A try failed and there will be another.
    #[serde(rename = "test-retried")]
    Retried {
        /// Its project.
        project: String,
        /// Its path in the project.
        test: String,
        /// Number of its repetition, from 1.
        repetition: u32,
        /// The try that failed.
        failed: Box<Try>,
    },
    /// A test is over.
    #[serde(rename = "test-ended")]
    Ended(Box<TestRecord>),
    /// Ctrl-C: no new test starts.
    #[serde(rename = "test-stopping")]
    Stopping {
        /// How many still run.
        running: usize,
    },
    /// The test run ended.
    #[serde(rename = "test-run-ended")]
    RunEnded {
        /// How.
        end: TestRunEnd,
        /// Counts.
        counts: TestCounts,
        /// How long it took, microseconds.
        took: u64,
    },
}

/// Takes what a test run says, in order.
pub trait TestReporter: Send {
    /// Takes one event.
    fn event(&mut self, event: &TestEvent);
    /// Time passes without events: a live picture may move on.
    fn tick(&mut self) {}
    /// Nothing follows. Gives a line for people about what could not be written, if anything could not.
    fn finish(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// What tests reached, for coverage. Sums of several tests are made with [`Coverage::add`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Coverage {
    /// Script lines by the file that they stand in (a script or a manifest, as it is shown): line from 1, and how often it ran. Every line that
    /// can run is there, those that did not with 0.
    pub lines: std::collections::BTreeMap<String, std::collections::BTreeMap<usize, u64>>,
    /// Parts of the manifest that can be reached.
    pub parts: std::collections::BTreeMap<PartKey, PartReach>,
}

/// A part of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", into = "String", try_from = "String")]
pub struct PartKey {
    /// What it is: `task`, `branch`, `facet`, `binding`, `error-path`.
    pub kind: PartKind,
    /// Which: `train:fit/epoch/train`, `trainer`, `gpu`.
    pub name: String,
}

impl From<PartKey> for String {
    fn from(key: PartKey) -> Self {
        format!("{} {}", key.kind.word(), key.name)
    }
}

impl TryFrom<String> for PartKey {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (kind, name) = text.split_once(' ').ok_or_else(|| format!("`{text}` is no part of a manifest"))?;
        let kind = PartKind::ALL.into_iter().find(|known| known.word() == kind);
        Ok(Self { kind: kind.ok_or_else(|| format!("`{text}` is no part of a manifest"))?, name: name.to_owned() })
    }
}

/// What a part of a manifest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// A task of a pipeline.
    Task,
    /// A branch of `choose`, or a `when` that was true or false.
    Branch,
    /// A facet.
    Facet,
    /// A binding or component.
    Binding,
    /// What happens after a failure: a `retry`, an `on-error`.
    ErrorPath,
}

impl PartKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Task, Self::Branch, Self::Facet, Self::Binding, Self::ErrorPath];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Branch => "branch",
            Self::Facet => "facet",
            Self::Binding => "binding",
            Self::ErrorPath => "error-path",
        }
    }
}

/// How far a part of a manifest was reached, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct PartReach {
    /// The file that it is written in, as it is shown.
    pub file: String,
    /// The line, from 1; 0 if it has no place.
    pub line: usize,
    /// How often it was reached.
    pub hits: u64,
}

impl Coverage {
    /// Adds what another test reached.
    pub fn add(&mut self, other: Self) {
        for (file, lines) in other.lines {
            let own = self.lines.entry(file).or_default();
            for (line, hits) in lines {
                *own.entry(line).or_default() += hits;
            }
        }
        for (key, reach) in other.parts {
            match self.parts.get_mut(&key) {
                Some(own) => own.hits += reach.hits,
                None => drop(self.parts.insert(key, reach)),
            }
        }
    }
}
