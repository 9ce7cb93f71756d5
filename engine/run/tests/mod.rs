//! The run against a store in memory, with plans made by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

mod crashing;
mod faulty;
mod files;
mod killing;
mod outside;
mod previewing;
mod property;
mod support;
mod waiting;
mod walking;
