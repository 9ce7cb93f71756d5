//! The script library: one file per namespace.
//!
//! Every function is registered together with its class, its signature and a line for people, so that the checker, `explain` and the
//! engine can never disagree about what exists. Functions find their [`Host`](thinking_step::Host) through [`evaluate`]: it holds for
//! the thread and the time of one evaluation, which costs a few nanoseconds and leaves nothing behind.

mod assertion;
mod brief;
mod chart;
mod component;
mod convert;
mod csv;
mod difference;
mod documents;
mod evaluation;
mod facets;
mod failure;
mod file;
mod file_view;
mod fs;
mod guard;
mod hash;
mod http;
mod id;
mod json;
mod kv;
mod library;
mod lines;
mod list;
mod log;
mod manual;
mod math;
mod memory;
mod namespace;
mod nesting;
mod number;
mod objects;
mod orders;
mod page;
mod params;
mod permitted;
mod rand;
mod results;
mod run_info;
mod serde;
mod stats;
mod stdin;
mod step_info;
mod stream;
mod sys;
mod text;
mod time;
mod toml;
mod trial;
mod units;
mod vectors;
mod walk;

#[cfg(test)]
mod tests;

pub use component::{Handle, Scripted, crossing, operations};
pub use convert::{datum_from, from_datum, from_value, value_from};
pub use csv::{CsvCase, csv_cases};
pub use documents::{Documents, WRITES as DOCUMENTS_WRITES};
pub use evaluation::{
    check_cancelled, check_depth, check_memory, evaluate, evaluate_within, host, spend_operations, stack_used,
};
pub use facets::Facets;
pub use failure::{Answer, error_map, fail, raise, step_error};
pub use fs::glob_base;
pub use http::net_target;
pub use kv::{Kv, WRITES as KV_WRITES};
pub use library::{Library, library, renaming};
pub use namespace::{FunctionDoc, Namespace};
pub use nesting::{DEEPEST, too_deep};
pub use objects::{Objects, WRITES as OBJECTS_WRITES};
pub use page::{page, topics};
pub use params::Params;
pub use results::Results;
pub use run_info::RunHandle;
pub use serde::{Given, Positional, Problem, Taken, to_dynamic};
pub use step_info::StepHandle;
pub use trial::ClockHandle;
pub use vectors::{Vectors, WRITES as VECTORS_WRITES};
