//! Runs long programs step by step and never loses a finished step.
//!
//! This crate is the `thinking` program and the library that a project's own Rust crate depends on: `fn main() -> ExitCode { thinking::main() }`
//! gives the whole command line. [`prelude`] is what its components and steps are written with.

pub mod cli;

pub use cli::main;
pub use thinking_native::prelude;

#[doc(hidden)]
pub use thinking_native::__private;

/// The README's Rust is compiled with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
