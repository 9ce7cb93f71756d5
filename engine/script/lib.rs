//! Rhai behind the step seam.
//!
//! [`Rhai`] parses and checks code and gives programs; what a program may call is what `thinking-std` and Rhai's own packages
//! registered, so no list of functions is kept here.

mod canonical;
mod chain;
mod check;
mod component;
mod coverage;
mod engine;
mod failure;
mod flow;
mod generate;
mod known;
mod methods;
mod parse_error;
mod places;
mod program;
mod rhai;
mod start;
mod tokens;

#[cfg(test)]
mod tests;

pub use coverage::Recorder;
pub use generate::{Counterexample, ForAll, Named, Search, Searched, Verdict, literal};
pub use rhai::Rhai;
pub use thinking_std::{FunctionDoc, page, topics};
