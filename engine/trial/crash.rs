//! Pipelines that are killed on purpose, in processes of their own.
//!
//! A child process plans the pipeline as the test does, runs it on a state on disk and says how it went, if it gets there. The parent kills nothing: the child
//! ends itself (SIGKILL) at the moment that it was given, as nothing else could do so precisely.

use crate::bench::Bench;
use crate::case::Case;
use crate::cover::{Seen, What};
use crate::sandbox::Sandbox;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thinking_diagnostic::Diagnostics;
use thinking_event::testing::Coverage;
use thinking_event::{Event, Reporter, RunEnd};
use thinking_run::faults::{Fault, Faults, KillPoint, Killed, counting, killing};
use thinking_run::{Environment, Launch, Options, Side, StopSignal, VirtualClock, apply, datum, difference};
use thinking_step::{Class, ErrorKind, Host, NativeCall, NativeStep, Permissions, StepError};
use thinking_store::{Durability, Scan, Store};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

/// When every run in a child begins, so that two runs can be compared: 2026-01-01, in milliseconds.
const BEGINNING: i64 = 1_767_225_600_000;
/// Rows that are read at once.
const ROWS: usize = 256;
const LINE: &str = "main";

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

/// What crash tests need to know of the test that runs.
pub(crate) struct Crashes {
    /// Makes the command line of a child.
    child: Box<dyn Fn() -> Command + Send + Sync>,
    current: Mutex<Current>,
    reached: Mutex<Coverage>,
}

#[derive(Clone, Default)]
struct Current {
    test: String,
    directory: PathBuf,
    number: usize,
    root: PathBuf,
    /// The test's own copy of the project.
    own: PathBuf,
    permissions: Option<Permissions>,
}

impl Crashes {
    pub fn new(child: Box<dyn Fn() -> Command + Send + Sync>) -> Self {
        Self { child, current: Mutex::default(), reached: Mutex::default() }
    }

    /// A test begins; children work below that directory. `root` is the project's.
    pub fn begin(&self, test: &str, directory: &Path, root: &Path, permissions: &Permissions) {
        let current = Current {
            test: test.to_owned(),
            directory: directory.to_owned(),
            number: 0,
            root: root.to_owned(),
            own: directory.join("project"),
            permissions: Some(permissions.clone()),
        };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// What children reached since this was last asked; those that were killed could not say.
    pub fn reached(&self) -> Coverage {
        std::mem::take(&mut *self.reached.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The test, and a directory that no child had before.
    fn next(&self) -> Current {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.number += 1;
        let mut next = current.clone();
        next.directory = current.directory.join(format!("crash-{}", current.number));
        next
    }

    /// Runs a child; `None`: it was killed, as it should.
    fn run(&self, order: &ChildOrder, host: &dyn Host) -> Result<Option<ChildReply>, StepError> {
        let failed =
            |what: &str| StepError::new(ErrorKind::Native, format!("the process of `{}` {what}", order.pipeline));
        host.check_cancelled()?;
        let mut command = (self.child)();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(&format!("cannot be started: {error}")))?;
        if let Some(mut input) = child.stdin.take() {
            // A child that is gone already says why on its standard error.
            let _ = input.write_all(&serde_json::to_vec(order).unwrap_or_default());
        }
        let mut complaints = child.stderr.take();
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            if let Some(complaints) = &mut complaints {
                let _ = complaints.read_to_string(&mut text);
            }
            text
        });
        let mut answer = String::new();
        let mut output = child.stdout.take();
        let listening = std::thread::spawn(move || {
            if let Some(output) = &mut output {
                let _ = output.read_to_string(&mut answer);
            }
            answer
        });
        let status = loop {
            match child.try_wait().map_err(|error| failed(&format!("cannot be waited for: {error}")))? {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(2)),
            }
            if let Err(error) = host.check_cancelled() {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        let (answer, complaints) = (listening.join().unwrap_or_default(), reading.join().unwrap_or_default());
        if status.signal() == Some(9) {
            return Ok(None);
        }
        match serde_json::from_str::<ChildReply>(&answer) {
            Ok(mut reply) if status.success() => {
                let coverage = std::mem::take(&mut reply.coverage);
                self.reached.lock().unwrap_or_else(PoisonError::into_inner).add(coverage);
                Ok(Some(reply))
            }
            _ => {
                let lines: Vec<String> = complaints.lines().rev().take(20).map(str::to_owned).collect();
                Err(failed(&format!("ended otherwise: {status}")).details(lines.into_iter().rev()))
            }
        }
    }
}

/// `test.crash`: a pipeline that is killed at each commit and compared, or killed in some steps and taken up again.
pub(crate) struct Crash(pub Arc<Crashes>);

impl NativeStep for Crash {
    fn name(&self) -> &'static str {
        "test.crash"
    }
    fn summary(&self) -> &'static str {
        "Runs a pipeline in processes that are killed."
    }
    fn schema(&self) -> Value {
        json!({ "type": "object" })
    }
    fn class(&self) -> Class {
        Class::Pure
    }
    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError> {
        let text = |name: &str| call.arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let params = call.arguments.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
        let current = self.0.next();
        let order = ChildOrder {
            test: current.test.clone(),
            pipeline: text("text"),
            params,
            state: current.directory.join("state"),
            root: current.directory.join("project"),
            pristine: current.directory.join("pristine"),
            ports: current.permissions.as_ref().map(Permissions::served_ports).unwrap_or_default(),
            kill: None,
            crash: None,
        };
        match call.arguments.get("crash").and_then(Value::as_array) {
            Some(steps) => {
                // The test's own copy of the project: what it made is there, and what the pipeline leaves stays there.
                let order = ChildOrder { root: current.own.clone(), pristine: PathBuf::new(), ..order };
                self.in_steps(&order, steps, &**call.host)
            }
            None => self.everywhere(&order, &current, &**call.host),
        }
    }
}

impl Crash {
    /// Killed in each of the steps, one after the other; what is left at the end becomes the test's own data.
    fn in_steps(&self, order: &ChildOrder, steps: &[Value], host: &dyn Host) -> Result<Value, StepError> {
        for step in steps.iter().filter_map(Value::as_str) {
            let order = ChildOrder { crash: Some(step.to_owned()), ..order.clone() };
            if let Some(reply) = self.0.run(&order, host)? {
                let why = match reply.failed {
                    Some(failed) => format!("it failed before: {failed}"),
                    None => "no such step came up".to_owned(),
                };
                return Err(StepError::script(format!("`{}` was to be killed in `{step}`: {why}", order.pipeline)));
            }
        }
        let reply = self.0.run(order, host)?.ok_or_else(|| killed_by_somebody(order))?;
        if let Some(failed) = reply.failed {
            return Err(StepError::script(format!("`{}` failed after it was killed: {failed}", order.pipeline)));
        }
        take_over(order, host)?;
        Ok(reply.result)
    }

    fn everywhere(&self, order: &ChildOrder, current: &Current, host: &dyn Host) -> Result<Value, StepError> {
        let undisturbed = self.0.run(order, host)?.ok_or_else(|| killed_by_somebody(order))?;
        if let Some(failed) = undisturbed.failed {
            return Err(StepError::script(format!("`{}` fails even if nothing disturbs it: {failed}", order.pipeline)));
        }
        let known = open(&order.state)?;
        let mut points = 0;
        for point in KillPoint::all(undisturbed.commits) {
            let directory = current.directory.join(point.to_string().replace(' ', "-"));
            let own = ChildOrder { state: directory.join("state"), root: directory.join("project"), ..order.clone() };
            let killed = Killed::new(point, undisturbed.commits, &known).map_err(broken)?;
            self.0.run(&ChildOrder { kill: Some(point.to_string()), ..own.clone() }, host)?;
            // A run that was over has nothing to go on with; to apply it again would be another run.
            if !is_over(&own)? {
                let reply = self.0.run(&own, host)?.ok_or_else(|| killed_by_somebody(order))?;
                if let Some(failed) = reply.failed {
                    let message = format!("`{}` does not go on after a kill: {failed}", order.pipeline);
                    return Err(StepError::script(message).details([killed.to_string()]));
                }
            }
            let disturbed = open(&own.state)?;
            let root = |root: &Path| if root.is_dir() { root.to_owned() } else { current.root.clone() };
            let (left, right) = (root(&order.root), root(&own.root));
            let found = difference(
                Side { store: &known, line: LINE, root: &left },
                Side { store: &disturbed, line: LINE, root: &right },
            );
            if let Some(found) = found.map_err(broken)? {
                return Err(StepError::script(found.message(&killed))
                    .details(found.details(&killed))
                    .help(found.help(&killed)));
            }
            drop(disturbed);
            points += 1;
            // What is left of it is of no use.
            let _ = std::fs::remove_dir_all(&directory);
        }
        drop(known);
        let _ = std::fs::remove_dir_all(&current.directory);
        Ok(json!({ "kills": points, "commits": undisturbed.commits }))
    }
}

/// Whether the run of a child that was killed had come to its end.
fn is_over(order: &ChildOrder) -> Result<bool, StepError> {
    let store = open(&order.state)?;
    let runs = store.runs_before(None, 1).map_err(broken)?;
    let over = runs.first().is_some_and(|run| run.ended.is_some());
    drop(store);
    Ok(over)
}

fn broken(error: thinking_store::StoreError) -> StepError {
    StepError::new(ErrorKind::Native, error.to_string())
}

fn killed_by_somebody(order: &ChildOrder) -> StepError {
    let message = format!("the process of `{}` was killed, and not by the test", order.pipeline);
    StepError::new(ErrorKind::Native, message).help("is there too little memory?")
}

fn open(state: &Path) -> Result<LmdbStore, StepError> {
    LmdbStore::open(OpenOptions::new(state, "test".to_owned())).map_err(broken)
}

/// What a child left in databases becomes what the step around wrote.
fn take_over(order: &ChildOrder, host: &dyn Host) -> Result<(), StepError> {
    let store = open(&order.state)?;
    let view = store.view(LINE).map_err(broken)?;
    // What components keep has names with a colon, and is their own.
    for (database, name) in store.databases().map_err(broken)?.into_iter().filter(|(_, name)| !name.contains(':')) {
        host.clear(&name)?;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let scan = Scan { database, prefix: b"", after: after.as_deref(), limit: ROWS };
            let rows = store.scan(&view, scan).map_err(broken)?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            for (key, value) in &rows {
                host.put(&name, &String::from_utf8_lossy(key), datum::decode(value)?)?;
            }
        }
    }
    Ok(())
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
