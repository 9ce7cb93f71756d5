//! Components and steps that are written in Rust: what `#[component]`, `#[operations]` and `#[step]` stand on.
//!
//! - [`component_types`] and [`native_steps`] give what is linked into the program; there is no list to keep.
//! - [`Inject`], [`Kv`], [`Params`], [`Facets`] and [`Run`] are what components and steps can depend on ([`Injectable`]).
//! - [`State`] is the part of a component that is saved with the steps that change it.
//! - What happens inside of a call reaches its world through [`thinking_step::current`]; [`here`] and [`log`] are the user's side of it.
//!
//! Users see all of this as `thinking::prelude`.

mod arguments;
mod blob;
mod component;
mod dependency;
mod failure;
pub mod here;
mod inject;
mod kv;
pub mod log;
mod name;
mod outcome;
pub mod prelude;
mod registry;
mod state;
mod step;
mod surroundings;

#[doc(hidden)]
pub mod __private;

pub use blob::Blob;
pub use dependency::{Injectable, Wanted};
pub use inject::Inject;
pub use kv::Kv;
pub use outcome::Outcome;
pub use registry::{component_types, native_steps};
pub use state::{Changing, Reading, State};
pub use surroundings::{Facets, Params, Run};
