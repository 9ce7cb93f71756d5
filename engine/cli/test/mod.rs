//! `thinking test`: finds projects, starts their workers, selects, runs, reports.
//!
//! 1. `projects`: which manifests the paths on the command line mean
//! 2. `worker`: a process that loads one project and runs its tests; the same program under a hidden verb
//! 3. `suites`: the tests of a loaded project, checked
//! 4. this file: the rest is put together from `thinking_testing` and `thinking_report`

mod args;
mod coverage;
mod listing;
mod projects;
mod reports;
mod run;
mod settings;
mod suites;
mod worker;

/// The verb of workers.
const WORKER: &str = "internal-worker";

pub(crate) use args::{TestArgs, WorkerArgs};
pub(crate) use run::run;
pub(crate) use suites::check as check_suites;
pub(crate) use worker::run as work;
