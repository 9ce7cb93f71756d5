//! Pipelines that are killed on purpose, in processes of their own.
//!
//! A child process plans the pipeline as the test does, runs it on a state on disk and says how it went, if it gets there. The parent kills nothing: the child
//! ends itself (SIGKILL) at the moment that it was given, as nothing else could do so precisely.

use crate::child::{ChildOrder, ChildReply};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thinking_event::testing::Coverage;
use thinking_run::faults::{KillPoint, Killed};
use thinking_run::{Side, datum, difference};
use thinking_step::{Class, ErrorKind, Host, NativeCall, NativeStep, Permissions, StepError};
use thinking_store::{Scan, Store};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

/// Rows that are read at once.
const ROWS: usize = 256;
/// The line that children work on.
pub(crate) const LINE: &str = "main";

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
