//! A process that runs one pipeline of a test, and may be killed in it.

use crate::bench::Bench;
use crate::case::Case;
use crate::cover::{Seen, What};
use crate::crash::LINE;
use crate::sandbox::Sandbox;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use thinking_diagnostic::Diagnostics;
use thinking_event::testing::Coverage;
use thinking_event::{Event, Reporter, RunEnd};
use thinking_run::faults::{Fault, Faults, KillPoint, counting, killing};
use thinking_run::{Environment, Launch, Options, StopSignal, VirtualClock, apply};
use thinking_store::{Durability, Store};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

/// When every run in a child begins, so that two runs can be compared: 2026-01-01, in milliseconds.
const BEGINNING: i64 = 1_767_225_600_000;
/// What a child is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChildOrder {
    /// The test that it belongs to, by its path in the project: its facets, bindings and parameters hold.
    pub test: String,
    /// The pipeline.
    pub pipeline: String,
    /// Parameters that differ.
    pub params: Map<String, Value>,
    /// The directory of its state.
    pub state: PathBuf,
    /// A copy of the project, made if it is not there and the pipeline writes files.
    pub root: PathBuf,
    /// A copy of the project as all runs that are compared begin with, made if it is not there; none if the path is empty.
    pub pristine: PathBuf,
    /// Ports of this machine that the test listens on, and the pipeline may connect to.
    pub ports: Vec<u16>,
    /// The commit at which it is killed: `before 3`, `after 3`, `end`.
    pub kill: Option<String>,
    /// The step in which it is killed.
    pub crash: Option<String>,
}

/// How a child ended, if it was not killed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChildReply {
    /// How many commits it made.
    pub commits: u64,
    /// The pipeline's result.
    pub result: Value,
    /// Why it failed, if it did: one line.
    pub failed: Option<String>,
    /// What it reached; whoever made the process fills it in.
    pub coverage: Coverage,
}

/// Hears what a pipeline reaches.
struct Ears {
    pipeline: String,
    seen: Mutex<Seen>,
}

impl Reporter for Ears {
    fn event(&self, event: &Event) {
        let (task, what) = match event {
            Event::StepStarted { task, .. } => (task, What::Begun),
            Event::TaskSkipped { task } => (task, What::Skipped),
            Event::AttemptFailed { task, .. } => (task, What::Retried),
            Event::TaskFailed { task, passed_over: true, .. } => (task, What::PassedOver),
            _ => return,
        };
        let path = thinking_plan::without_keys(&task.path);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).note(&self.pipeline, &path, what);
    }
}

impl Bench<'_, '_> {
    /// Does what a child process is there for.
    pub fn child(&mut self, case: &Case<'_>, order: &ChildOrder, environment: &Environment) -> ChildReply {
        match self.run_child(case, order, environment) {
            Ok(reply) => reply,
            Err(message) => ChildReply { failed: Some(message), ..ChildReply::default() },
        }
    }

    fn run_child(
        &mut self,
        case: &Case<'_>,
        order: &ChildOrder,
        environment: &Environment,
    ) -> Result<ChildReply, String> {
        let mut found = Diagnostics::new();
        let plan = self.pipeline(case, &order.pipeline, order.params.clone(), &mut found);
        let told = |found: &Diagnostics| found.iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; ");
        let mut plan = plan.ok_or_else(|| told(&found))?;
        let hidden = self.secrets(case);
        if let Some(sandbox) = Sandbox::of(&plan) {
            if !order.root.is_dir() {
                let make = |from: &Path, to: &Path| {
                    let made = std::fs::create_dir_all(to).and_then(|()| sandbox.make(from, to));
                    made.map(|_| ()).map_err(|error| error.to_string())
                };
                // The project may change while runs are compared.
                let frozen = !order.pristine.as_os_str().is_empty();
                if frozen && !order.pristine.is_dir() {
                    make(plan.permissions.root(), &order.pristine)?;
                }
                make(if frozen { &order.pristine } else { plan.permissions.root() }, &order.root)?;
            }
            crate::trial::move_to(&mut plan, &order.root, &order.state)?;
        }
        let _serving: Vec<_> = order.ports.iter().map(|port| plan.permissions.serve(*port)).collect();
        let plan = Arc::new(plan);
        let faults = match &order.crash {
            Some(step) => Some(Arc::new(Faults::new([Fault::crash(step)], &plan).map_err(|found| told(&found))?)),
            None => None,
        };
        let options = OpenOptions::new(&order.state, "test".to_owned());
        let store = LmdbStore::open(options).map_err(|error| error.to_string())?;
        let point: Option<KillPoint> = order.kill.as_deref().map(str::parse).transpose()?;
        let counted = point.is_none().then(|| store.progress().durable.0);
        let store: Arc<dyn Store> = match point {
            Some(point) => Arc::new(killing(store, point)),
            None => Arc::new(counting(store)),
        };
        let ears = Arc::new(Ears { pipeline: order.pipeline.clone(), seen: Mutex::default() });
        let launch = Launch {
            plan,
            store: store.clone(),
            line: LINE.to_owned(),
            reporter: ears.clone(),
            stop: StopSignal::default(),
            clock: Arc::new(VirtualClock::still(BEGINNING)),
            runs_directory: order.state.join("runs"),
            state_directory: order.state.clone(),
            options: Options { faults, ..Options::default() },
            remembered: Vec::new(),
            durability: Durability::Step,
            environment: environment.clone(),
            test: None,
            hidden,
        };
        let ended = apply(launch).map_err(|error| error.to_string())?;
        self.seen.add(std::mem::take(&mut *ears.seen.lock().unwrap_or_else(PoisonError::into_inner)));
        let commits = store.progress().durable.0.saturating_sub(counted.unwrap_or_default());
        let result = result(&*store).unwrap_or_default();
        store.close().map_err(|error| error.to_string())?;
        let failed = match ended.end {
            RunEnd::Done | RunEnd::Unchanged | RunEnd::Stopped { .. } => None,
            RunEnd::Failed { error, .. } => Some(error.message),
            RunEnd::Interrupted => Some("it was interrupted".to_owned()),
            RunEnd::StoreFailed { message, .. } => Some(message),
        };
        Ok(ChildReply { commits, result, failed, ..ChildReply::default() })
    }
}

/// The result of a pipeline that is done: that of its last step.
fn result(store: &dyn Store) -> Option<Value> {
    let view = store.view(LINE).ok()?;
    let last = store.journal(thinking_store::Seq(1), 1_000_000).ok()?;
    let mut steps = last.into_iter().filter(|(seq, _)| *seq <= view.at).filter_map(|(_, entry)| match entry {
        thinking_store::Entry::Step(step) => Some(step),
        _ => None,
    });
    let last = steps.next_back()?;
    serde_json::from_slice(&last.result).ok()
}
