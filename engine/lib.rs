//! Runs long programs step by step and never loses a finished step.
//!
//! This crate is the `thinking` program and the library that a project's own Rust crate depends on: `fn main() -> ExitCode { thinking::main() }`
//! gives the whole command line.

pub mod cli;

pub use cli::main;
pub use thinking_native::prelude;

#[doc(hidden)]
pub use thinking_native::__private;
