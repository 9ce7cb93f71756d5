//! What the program that schedules and its workers say to each other: one JSON value a line, requests on a worker's standard input, replies on the
//! descriptor that it kept of its standard output.
//!
//! A worker belongs to one project. It says [`Reply::Ready`] once, then answers each request with one reply, in order. When its input ends it stops.
//! A worker that ends without a reply to a request has crashed in that test.
//!
//! The name of a variant stands around its content (`{"done": {…}}`), not in it: what is tagged inside is read by way of a copy in which the line numbers of
//! [`Coverage`] could not be keys.

use serde::{Deserialize, Serialize};
use thinking_event::testing::{Coverage, TestInfo, Try};

/// What a worker is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Run one test once.
    Run(Box<Order>),
}

/// One try of a test.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Order {
    /// Which, by its path in the project.
    pub test: String,
    /// Number of the repetition, from 1.
    pub repetition: u32,
    /// Number of the try, from 1.
    pub attempt: u32,
    /// A directory of its own for this try; the worker makes it if the test needs one and removes it unless the test failed.
    pub directory: String,
    /// How long it may take, milliseconds; then the worker stops it, tears down and replies. A worker that does not reply within a grace of its own
    /// is killed.
    pub timeout: Option<u64>,
    /// What properties draw their cases from; `None`: fresh.
    pub seed: Option<u64>,
    /// Snapshots that differ are written anew.
    pub update: bool,
    /// What it reaches is counted.
    pub coverage: bool,
}

/// What a worker says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The project is loaded, or it is wrong.
    Ready(Box<Ready>),
    /// A try is over.
    Done(Box<Done>),
}

/// What a project has to offer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Ready {
    /// Its tests in the order of the text; none if it has errors.
    pub tests: Vec<TestInfo>,
    /// What the manifest says of running tests.
    pub settings: Settings,
    /// Errors, as they are shown on a terminal; if there are any, nothing of this project runs and the exit code is 2.
    pub errors: String,
    /// How many errors.
    pub error_count: usize,
    /// Warnings, as they are shown on a terminal.
    pub warnings: String,
    /// The project's directory, absolute.
    pub root: String,
    /// Where its state lies, absolute: records of earlier test runs are kept beside it.
    pub state: String,
    /// Everything that can be reached, with no hits: what no test touches is in the coverage too.
    pub coverage: Coverage,
}

/// `runtime { testing { … } }`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Settings {
    /// How long one try may take, milliseconds.
    pub timeout: Option<u64>,
    /// From when on a test is told as slow, milliseconds.
    pub slow: Option<u64>,
    /// How often a test that failed is tried again.
    pub retries: Option<u32>,
    /// How many tests at once.
    pub jobs: Option<usize>,
    /// Where reports go, by name (`junit`, `html`, `json`, `github`, `coverage`).
    pub reports: std::collections::BTreeMap<String, Destination>,
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// Nowhere.
    Off,
    /// To the directory of the test run.
    Run,
    /// To this file or directory, absolute.
    To(String),
}

/// How a try went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Done {
    /// Which test, as it was asked for; the number of the try is in its result. A reply that does not belong to the request is known by them.
    pub test: String,
    /// The repetition, as it was asked for.
    pub repetition: u32,
    /// The try.
    pub result: Try,
    /// What it reached; empty if that was not asked for. What it did not touch need not be there: that is known from [`Ready::coverage`].
    pub coverage: Coverage,
}
