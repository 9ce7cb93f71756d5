//! Which lines of scripts ran.
//!
//! The tree of a script that was checked is given counting statements: one before the first statement of each line. They are of a kind that no
//! text can say, keep the places of all others, and lead to the hook for variables ([`MARK`]). The text is not touched, so what identifies a
//! script and where its failures stand stay as they are; and what runs without a recorder has nothing of this.

mod bodies;
mod counters;
mod instrument;
mod recorder;

pub use bodies::accept_bodies;
pub use instrument::instrument;
pub use recorder::Recorder;

/// The variable that counting statements name; no script can.
pub const MARK: &str = "$";
