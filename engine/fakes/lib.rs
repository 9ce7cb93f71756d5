//! Components that stand in for the outside world in tests. They find their way into a program by being linked; [`NAMES`] says which there are.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly"))]

mod http;

/// The names of the components that this crate ships. A program offers them where a manifest names them, so that they are in nobody's way.
pub const NAMES: &[&str] = &["fake-http"];
