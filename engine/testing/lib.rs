//! Suites: which tests there are, which of them run, in which order, and how one is run.

pub mod feature;
pub mod pool;
pub mod protocol;
pub mod record;
pub mod schedule;
pub mod select;
