//! What a script may take.

use std::time::Duration;

/// Calls inside of each other, without anything else said.
pub const USUAL_DEPTH: usize = 64;

/// What one evaluation of a script may take: `permissions { limits … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// By how many bytes the process may grow meanwhile; `None`: 4 GiB, or a quarter of the machine's memory if that is less.
    pub memory: Option<u64>,
    /// How many operations it may take; `None`: any number in a step, which may work for days.
    pub operations: Option<u64>,
    /// How many calls may be inside of each other; `None`: [`USUAL_DEPTH`]. Whatever is said, they end where the stack would.
    pub depth: Option<usize>,
    /// How long it may take; `None`: as long as the step may.
    pub time: Option<Duration>,
}
