//! All that a crate with components and steps needs: `use thinking::prelude::*;`.
//!
//! ```
//! # extern crate thinking_native as thinking;
//! use std::collections::BTreeMap;
//! use thinking::prelude::*;
//!
//! pub trait Tokenizer: Send + Sync {
//!     fn split(&self, text: &str) -> Vec<String>;
//! }
//!
//! /// What was seen so far.
//! #[data]
//! #[derive(Default)]
//! pub struct Seen {
//!     words: BTreeMap<String, u64>,
//! }
//!
//! /// Splits text into words.
//! #[component("text.split", provides = Tokenizer)]
//! pub struct Split {
//!     /// Whether case is dropped.
//!     #[serde(default)]
//!     lowercase: bool,
//!     #[state]
//!     seen: State<Seen>,
//! }
//!
//! impl Tokenizer for Split {
//!     fn split(&self, text: &str) -> Vec<String> {
//!         let text = if self.lowercase { text.to_lowercase() } else { text.to_owned() };
//!         text.split_whitespace().map(str::to_owned).collect()
//!     }
//! }
//!
//! #[operations]
//! impl Split {
//!     /// Notes the words of a text, and gives how many different ones there are: `call "split.learn" text="…"`.
//!     #[operation(state)]
//!     pub fn learn(&self, text: &str) -> Result<usize> {
//!         let mut seen = self.seen.write()?;
//!         for word in self.split(text) {
//!             *seen.words.entry(word).or_default() += 1;
//!         }
//!         Ok(seen.words.len())
//!     }
//!
//!     /// Called when the run is over.
//!     pub fn shutdown(&self, outcome: Outcome) {
//!         log::info(format_args!("it is {outcome:?}"));
//!     }
//! }
//!
//! #[data]
//! pub struct Summary {
//!     kept: usize,
//! }
//!
//! /// Counts words: `call "vocab.build" text="…" min-count=3`.
//! #[step("vocab.build", class = "state")]
//! fn build(
//!     tokenizer: Inject<dyn Tokenizer>,
//!     words: Kv,
//!     #[arg] text: &str,
//!     /// Rarer words are dropped.
//!     #[arg(default = 5)]
//!     min_count: u64,
//! ) -> Result<Summary> {
//!     let mut counts = BTreeMap::<String, u64>::new();
//!     for word in tokenizer.split(text) {
//!         *counts.entry(word).or_default() += 1;
//!     }
//!     counts.retain(|_, count| *count >= min_count);
//!     for (word, count) in &counts {
//!         words.put(word, count)?;
//!     }
//!     Ok(Summary { kept: counts.len() })
//! }
//!
//! fn main() {
//!     assert_eq!(thinking::component_types()[0].about().name, "text.split");
//!     assert_eq!(thinking::native_steps()[0].name(), "vocab.build");
//! }
//! ```
//!
//! Structs of one's own among arguments, results and states are marked `#[data]`; `serde` and `schemars` are needed among a crate's dependencies only for
//! its own `#[derive]`s of them outside of `#[component]` and `#[data]`.

pub use crate::{Blob, Facets, Inject, Injectable, Kv, Outcome, Params, Run, State, here, log};
pub use anyhow::{Context, Error, Result, anyhow, bail, ensure};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::json;
pub use thinking_macros::{component, data, operations, step};
pub use thinking_step::{ErrorKind, StepError, Value};
