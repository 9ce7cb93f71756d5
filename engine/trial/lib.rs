//! One test: from its suite in the manifest to what it did.
//!
//! A test becomes a pipeline of its own: each script, call and program in it is a step, each pipeline under test a `run`. That pipeline runs on an
//! empty state, and is watched: what fails is passed over, so that teardowns run whatever happened.
//!
//! 1. `collect`: suites to [`Case`]s, one for each row of a table
//! 2. `shape`: a case to tasks, and which part of the test each task belongs to
//! 3. `setting`: the manifest as a case sees it: facets, bindings, parameters, doubles
//! 4. `trial`: the plan runs; what happened becomes a [`Try`](thinking_event::testing::Try)

mod ask;
mod bench;
mod case;
mod child;
mod codes;
mod collect;
mod cover;
mod crash;
mod doubles;
mod failure;
mod faults;
mod features;
mod leaks;
mod names;
mod property;
mod sandbox;
mod setting;
mod shape;
mod steps;
mod trial;
mod watch;

pub use bench::{Bench, Parts};
pub use case::{Case, Variable};
pub use child::{ChildOrder, ChildReply};
pub use collect::{Collected, collect};
pub use cover::{Reach, Seen};
pub use trial::Prepared;
