//! Events to console lines and logs.
//!
//! Each reporter takes the same events and knows nothing of the run: [`ConsoleReporter`] for people, [`LiveReporter`] for people
//! before a terminal, [`JsonReporter`] for programs, [`TracingReporter`] for the log, [`Many`] for several at once. The
//! reporters of test runs are called `Test…`.

#![cfg_attr(test, allow(clippy::expect_used, reason = "a test may fail loudly"))]

mod clean;
mod console;
pub mod coverage;
mod duration;
mod json;
mod live;
mod log;
mod many;
mod marks;
mod names;
mod parse;
mod past;
mod sink;
mod suites;
mod summary;
mod table;
#[cfg(feature = "opentelemetry")]
mod traces;
mod weave;

pub use console::{ConsoleOptions, ConsoleReporter};
pub use duration::duration;
pub use json::{JsonReporter, to_json, to_json_at};
pub use live::{LiveOptions, LiveReporter, StandardError, Terminal};
pub use log::TracingReporter;
pub use many::Many;
pub use names::event_name;
pub use parse::{LogLine, level_of, parse_line};
pub use past::{
    PastPage, history_json, history_text, run_json, run_steps_json, run_text, step_json, step_text, tasks_json,
    tasks_text,
};
pub use suites::{
    JunitForm, ManyTests, ReportTarget, ShowOutput, ShowTests, TestAnnotations, TestConsole, TestConsoleOptions,
    TestHtml, TestJson, TestJunit, TestLive, test_to_json,
};
pub use table::{cut, cut_front};
#[cfg(feature = "opentelemetry")]
pub use traces::TraceReporter;
pub use weave::{Weave, is_same};

#[cfg(test)]
mod testing;
