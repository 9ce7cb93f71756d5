//! KDL text to a checked, composed manifest: the only room that knows KDL and JSON Schema.
//!
//! The phases, in order; each gives a value and everything that it found wrong, so that one pass shows every mistake:
//!
//! 1. `parse`: text to a KDL document
//! 2. `map`: the document to JSON with places ([`Located`]), driven by the schema
//! 3. `check`: the JSON against the schema, each error at its KDL text; `prune` takes out what does not fit and goes on with the rest
//! 4. `compose`: texts laid over each other under a [`Selection`] of facets, and the whole checked again
//! 5. `decode`: the whole as [`thinking_schema::Manifest`], in a [`Model`]

mod bodies;
mod check;
mod compose;
mod config;
mod decode;
mod facets;
mod foreign;
pub mod format;
pub mod guide;
mod lint;
mod literal;
mod load;
mod located;
mod map;
mod parse;
mod prune;
pub mod resolved;
mod text;
pub mod units;
mod view;

pub use config::{ConfigOf, Fields, check_arguments, check_config, fitted, params_schema};
pub use facets::{FacetDeclaration, Facets, GroupDeclaration, Reason, Requests, Selection};
pub use load::{Model, Project};
pub use located::{Field, Kind, Located};
pub use text::{mapped_string, values};
