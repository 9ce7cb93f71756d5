//! Plan and store to events: a pure decision core, a dispatcher, executors.
//!
//! [`apply`] makes the recorded state match a plan; [`preview`] says what it would do. Inside, in the order of a step's life: `decide` (which task is next;
//! pure), `recorded` and `compare` (does what is recorded still hold), `walk` (the dispatcher: carries out what the core decides), `attempt` and
//! `executor` (a try), `host` (the world as it sees it), `head` (its commit), `announce` (its events, when they are durable).

mod always;
mod announce;
mod apply;
mod attempt;
mod calls;
mod clock;
mod compare;
mod components;
pub mod datum;
mod decide;
mod difference;
pub mod executor;
pub mod faults;
mod figures;
mod files;
mod forecast;
mod groups;
mod head;
mod hook_host;
mod host;
mod inputs;
mod leftover;
mod mask;
mod misplaced;
mod outputs;
mod overlay;
pub mod past;
mod preview;
pub mod process;
mod question;
mod reads;
mod recorded;
mod results;
mod runs;
mod scratch;
mod spawn;
mod stop;
mod summary;
mod tally;
#[cfg(test)]
mod tests;
mod took;
mod verdicts;
mod wait;
mod walk;
mod world;
mod written;

pub use apply::{ApplyError, Ended, Environment, Launch, Options, apply};
pub use clock::{Clock, ManualClock, SystemClock, VirtualClock};
pub use difference::{Difference, Side, What, difference};
pub use preview::{Preview, PreviewRequest, PreviewTask, Verdict, preview};
pub use runs::unfinished;
pub use stop::{Stop, StopSignal};
pub use took::expected;
