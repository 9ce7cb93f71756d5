//! What a test run says, told to people, to build servers and to programs.
//!
//! Each reporter takes the same events: [`TestConsole`] for people, [`TestLive`] for people before a terminal, [`TestJunit`] for build servers,
//! [`TestHtml`] as a page, [`TestJson`] for programs, [`TestAnnotations`] beside the changed lines on GitHub; [`ManyTests`] is several at once. Those that make a whole file write it when
//! they are finished, so that a reader sees the old one or the new one.

mod console;
mod github;
mod html;
mod json;
mod junit;
mod many;
mod target;
mod words;

pub use console::{ShowOutput, ShowTests, TestConsole, TestConsoleOptions, TestLive};
pub use github::TestAnnotations;
pub use html::TestHtml;
pub use json::{TestJson, test_to_json};
pub use junit::{JunitForm, TestJunit};
pub use many::ManyTests;
pub use target::ReportTarget;

#[cfg(test)]
mod any_text;
#[cfg(test)]
mod sample;
