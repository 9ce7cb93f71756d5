//! A composed manifest in the words of KDL, with the place that each value comes from: to print it, and to say how two of them differ.
//!
//! 1. `unmap`: the JSON with places back to nodes ([`Node`]), driven by the schema as the mapping was
//! 2. `origin`: which facet brought a value ([`Origins`])
//! 3. `write`: nodes to KDL text with origins beside it
//! 4. `compare`: two trees of nodes to the [`Change`]s between them

mod compare;
mod node;
mod origin;
mod string;
pub(crate) mod unmap;
mod write;

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests;

pub use compare::{Change, Side, changes};
pub use node::{Child, Node, Setting, Written};
pub use origin::{Origin, Origins};
pub use string::{literal, literals};
pub use write::{Line, lines};
