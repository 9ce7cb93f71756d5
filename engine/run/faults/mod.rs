//! Faults on purpose, for tests of pipelines: attempts that fail, and a process that dies in the middle of one.
//!
//! A [`Fault`] says where and what; [`Faults::new`] checks all of them against a plan before anything runs; in [`crate::Options`] they are given
//! to a run. To end a process at each of its commits there are [`KillPoint`] and [`killing`].

mod kill;
mod killed;
mod pattern;

pub use kill::{KillPoint, Killer, counting, killing};
pub use killed::Killed;

use crate::decide::Place;
use pattern::Pattern;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span};
use thinking_plan::{Body, Plan, Step};
use thinking_step::{ErrorKind, StepError};
use thinking_store::Store;

/// Something that is to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The steps: `fit/epoch[3]/train`. A loop without a key means all its iterations; `*` stands for any name or key, `**` for any number of tasks.
    pub at: String,
    /// Where that is written.
    pub span: Option<Span>,
    /// What goes wrong.
    pub action: Action,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Attempts fail at their start, as if the step had: `retry`, `on-error` and `timeout`s act as ever.
    Fail {
        /// So many attempts of each instance of the step; `u32::MAX` for all.
        times: u32,
        /// What kind of failure; `None`: what the step's body gives (`exec`, `native`, `script`).
        kind: Option<ErrorKind>,
        /// One line; `None`: that a test wants it.
        message: Option<String>,
    },
    /// The process is killed (SIGKILL to itself): nothing is said, nothing is tidied up. All that was recorded before is durable by then.
    Crash(Moment),
}

/// When in an attempt the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Moment {
    /// It has begun and done nothing yet.
    Begun,
    /// It has done its work (or failed), and nothing of that is recorded.
    #[default]
    Worked,
    /// Its commit is durable, and nothing has happened since. An attempt that fails gets there never.
    Committed,
}

impl Fault {
    /// The first attempt of each instance fails.
    pub fn fail(at: impl Into<String>) -> Self {
        Self { at: at.into(), span: None, action: Action::Fail { times: 1, kind: None, message: None } }
    }

    /// The process dies when an attempt has done its work.
    pub fn crash(at: impl Into<String>) -> Self {
        Self { at: at.into(), span: None, action: Action::Crash(Moment::default()) }
    }
}

/// Faults of one run of one plan.
#[derive(Debug)]
pub struct Faults {
    faults: Vec<Checked>,
    /// How often an instance of a step was made to fail, by the fault and the path.
    failed: Mutex<HashMap<(usize, Arc<str>), u32>>,
}

#[derive(Debug)]
struct Checked {
    fault: Fault,
    pattern: Pattern,
    struck: AtomicU64,
}

impl Faults {
    /// Checks them against the plan that is to run.
    ///
    /// # Errors
    /// A path means no step of the plan, or a fault cannot be.
    pub fn new(faults: impl IntoIterator<Item = Fault>, plan: &Plan) -> Result<Self, Diagnostics> {
        let mut wrong = Diagnostics::new();
        let mut checked = Vec::new();
        for fault in faults {
            match check(fault, plan) {
                Ok(fault) => checked.push(fault),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.is_empty() { Ok(Self { faults: checked, failed: Mutex::default() }) } else { Err(wrong) }
    }

    /// Those that did not strike: no such iteration came up, or the step was not run at all.
    pub fn unused(&self) -> impl Iterator<Item = &Fault> {
        let unused = self.faults.iter().filter(|checked| checked.struck.load(Ordering::Relaxed) == 0);
        unused.map(|checked| &checked.fault)
    }

    /// How often faults struck so far, crashes left out: they leave nobody to ask.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.faults.iter().map(|checked| checked.struck.load(Ordering::Relaxed)).sum()
    }

    /// Why an attempt that begins now fails, if it is to.
    pub(crate) fn failure(&self, place: &Place, step: &Step) -> Option<StepError> {
        for (number, checked) in self.meant(place) {
            let Action::Fail { times, kind, message } = &checked.fault.action else { continue };
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            let so_far = failed.entry((number, place.path.clone())).or_default();
            if *so_far >= *times {
                continue;
            }
            *so_far += 1;
            checked.struck.fetch_add(1, Ordering::Relaxed);
            let message = message.clone().unwrap_or_else(|| "the test makes it fail".to_owned());
            return Some(StepError::new(kind.unwrap_or(usual_kind(step)), message));
        }
        None
    }

    /// Ends the process if it is to die at this moment of an attempt.
    pub(crate) fn crash(&self, place: &Place, moment: Moment, store: &dyn Store) {
        let dies = |(_, checked): &(usize, &Checked)| checked.fault.action == Action::Crash(moment);
        if self.meant(place).any(|one| dies(&one)) {
            // A store that failed has nothing to wait for.
            let _ = store.wait_durable(store.progress().accepted);
            kill::die();
        }
    }

    fn meant<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = (usize, &'a Checked)> {
        self.faults.iter().enumerate().filter(|(_, checked)| checked.pattern.means(place.task, &place.path))
    }
}

fn check(fault: Fault, plan: &Plan) -> Result<Checked, Diagnostic> {
    if let Action::Fail { kind: Some(kind @ (ErrorKind::Store | ErrorKind::Cancelled)), .. } = &fault.action {
        let message = format!("no step fails with the kind `{}` by itself", kind.name());
        let help = "kinds of failures are timeout, http, exec, script, native, conflict and permission".to_owned();
        return Err(Diagnostic::error(Code::InvalidValue, message).at(fault.span, "here").help(help));
    }
    if let Action::Fail { times: 0, .. } = &fault.action {
        let message = format!("`{}` is to fail 0 times: then it does not fail", fault.at);
        return Err(Diagnostic::error(Code::InvalidValue, message).at(fault.span, "here"));
    }
    let pattern = Pattern::new(&fault.at, plan, fault.span)?;
    Ok(Checked { fault, pattern, struck: AtomicU64::new(0) })
}

fn usual_kind(step: &Step) -> ErrorKind {
    match step.body {
        Body::Script(_) | Body::Wait(_) => ErrorKind::Script,
        Body::Exec(_) => ErrorKind::Exec,
        Body::Call(_) => ErrorKind::Native,
    }
}
