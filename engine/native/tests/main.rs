//! Components and steps as users write them. In a user's crate the crate is called `thinking`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

extern crate thinking_native as thinking;

mod bench;
mod described;
mod operations;
mod states;
mod steps;
mod words;
mod wrong;
