//! The components that exist, and the native steps that ship.
//!
//! [`Registry`] answers `call "name"`. Each step is a file of its own; what they share (arguments, digests, replacing a file as a
//! whole) stands beside them.

#![cfg_attr(test, allow(clippy::expect_used, reason = "a test may fail loudly"))]

mod arguments;
mod digest;
mod file_copy;
mod file_fetch;
mod file_hash;
mod local;
mod registry;
mod replace;

pub use registry::Registry;

#[cfg(test)]
mod testing;
