//! One try of a test.

use crate::ask::Asked;
use crate::bench::Bench;
use crate::case::Case;
use crate::cover::What;
use crate::failure::{expected, failure, mask};
use crate::leaks::Before;
use crate::names::file_name;
use crate::sandbox::{Linked, Sandbox};
use crate::setting::Setting;
use crate::shape::Shape;
use crate::watch::{Listener, Watcher};
use std::any::Any;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use thinking_container::{Calls, Double};
use thinking_diagnostic::Diagnostics;
use thinking_event::RunEnd;
use thinking_event::testing::{Leak, Outcome, Phase, Try};
use thinking_plan::{Body, Plan, TaskKind};
use thinking_run::faults::{Action, Fault, Faults};
use thinking_run::{Clock, Environment, Launch, Options, Stop, StopSignal, SystemClock, VirtualClock, apply};
use thinking_schema::Task;
use thinking_script::ForAll;
use thinking_step::{Carried, ErrorKind, Flow, StepError, UnderTest};
use thinking_store::memory::MemoryStore;
use thinking_store::{Durability, Store};
use thinking_testing::protocol::Order;

/// A test that is ready to run, any number of times.
#[derive(Clone)]
pub struct Prepared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) shape: Arc<Shape>,
    pub(crate) setting: Arc<Setting>,
    pub(crate) doubles: Arc<[Double]>,
    pub(crate) faults: Arc<[Fault]>,
    pub(crate) for_all: Option<Arc<ForAll>>,
    pub(crate) cases: u32,
    pub(crate) sandbox: Option<Arc<Sandbox>>,
}

impl Prepared {
    /// The bindings that it uses.
    pub fn bindings(&self) -> impl Iterator<Item = &str> {
        self.plan.wiring.units.iter().map(|unit| &*unit.name)
    }
}

/// How long a teardown may take after a test was stopped.
const GRACE: Duration = Duration::from_secs(4);

/// Values of variables that no manifest gives.
pub(crate) type Values = [(String, Arc<dyn Any + Send + Sync>)];

impl Bench<'_, '_> {
    /// Runs a test once; a property, for as many values as it takes.
    pub fn run(&mut self, case: &Case<'_>, prepared: &Prepared, order: &Order, environment: &Environment) -> Try {
        let before = Before::look(&self.parts.project.directory);
        let mut result = match prepared.for_all.clone() {
            Some(for_all) => self.property(&for_all, case, prepared, order, environment),
            None => {
                let limit = order.timeout.map(Duration::from_millis);
                self.once(case, prepared, order, environment, &[], limit).0
            }
        };
        let wrote = result.properties.iter().any(|(name, _)| name == "snapshot.written");
        // The folder of the first snapshot is meant to stay.
        let meant = |leak: &Leak| wrote && *leak == Leak::File("tests".to_owned());
        result.leaks.extend(before.leaks().into_iter().filter(|leak| !meant(leak)));
        result
    }

    /// Runs a test for some values; says too whether it passed over them. `limit` is what all of the test may take, of which this is a part.
    pub(crate) fn once(
        &mut self,
        case: &Case<'_>,
        prepared: &Prepared,
        order: &Order,
        environment: &Environment,
        values: &Values,
        limit: Option<Duration>,
    ) -> (Try, bool) {
        let real = Arc::new(SystemClock::default());
        let (at, began) = (real.now(), Instant::now());
        let directory = PathBuf::from(&order.directory);
        // How fast the computer is shows in reports, not in what a test sees.
        let clock = Arc::new(VirtualClock::still(at));
        let calls = Arc::new(Calls::default());
        let flow = Arc::new(Flow::default());
        let row = self.row(case, &mut Diagnostics::new());
        let watcher = Arc::new(Watcher::new(case, &row, prepared.shape.clone(), flow.clone(), real.clone()));
        for (name, value) in values {
            flow.set(name, Carried::Kept(value.clone()));
        }
        let asked = Arc::new(Asked {
            calls: calls.clone(),
            clock: clock.clone(),
            snapshots: self.snapshots(case),
            update: order.update,
            discarded: AtomicBool::new(false),
            secrets: prepared.setting.secret_values(),
            written: Mutex::default(),
        });
        let stage = Stage {
            directory: &directory,
            store: Arc::new(MemoryStore::new(&*prepared.plan.project)),
            clock,
            environment,
            watcher: &watcher,
            test: UnderTest { flow, watch: watcher.clone(), trial: asked.clone() },
            calls,
            linked: Mutex::default(),
        };
        let stop = StopSignal::new(Duration::ZERO);
        let staged = stage.plan(prepared, &prepared.plan);
        if let Ok(plan) = &staged {
            self.crashes.begin(&case.info.path(), &directory, &self.parts.project.directory, &plan.permissions);
        }
        let ended = match staged {
            Ok(plan) => {
                let interrupt = self.interrupt.clone();
                limited(order.timeout, Some(&interrupt), &stop, || stage.play(plan, prepared, stop.clone()))
            }
            Err(message) => Err(StepError::new(ErrorKind::Native, message)),
        };
        let mut timed_out = false;
        match ended {
            Ok(true) => {}
            Ok(false) => {
                timed_out = self.interrupt.asked() == Stop::No;
                if timed_out {
                    let message = format!("it took longer than {}", shown(limit.unwrap_or_default()));
                    watcher.stopped(Outcome::TimedOut, StepError::new(ErrorKind::Timeout, message).at(case.span));
                } else {
                    let error = StepError::new(ErrorKind::Cancelled, "it was interrupted").at(case.span);
                    watcher.stopped(Outcome::Failed, error);
                }
                self.tear_down(case, prepared, &stage);
            }
            Err(error) => watcher.failed_outside(error),
        }
        let linked = std::mem::take(&mut *stage.linked.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(file) = linked.changed(&self.parts.project.directory).next() {
            let message = format!(
                "`{}` of the project itself was changed: it is too large to be copied for a test",
                file.display()
            );
            let help = "let the program write to another file, or give the test a smaller one";
            watcher.failed_outside(StepError::new(ErrorKind::Exec, message).at(case.span).help(help));
        }
        self.seen.add(watcher.seen());
        for facet in prepared.setting.model.selection.active.iter() {
            self.seen.note("", facet, What::Facet);
        }
        for unit in &prepared.plan.wiring.units {
            self.seen.note("", &unit.name, What::Binding);
        }
        // What failed as it should did not end by itself either.
        let expects = prepared.shape.runs.iter().any(|run| run.fails.is_some());
        let failed = watcher.has_failed();
        let (mut happened, open) = watcher.take();
        let sources = (self.sources(), self.width);
        let mut phases = Vec::new();
        for (number, part) in prepared.shape.parts.iter().enumerate() {
            let Some(one) = happened.remove(&number) else { continue };
            // One that never began holds what was said outside of all.
            let moment = one.began.map_or(began, |(_, moment)| moment);
            phases.push((
                moment,
                Phase {
                    kind: part.kind,
                    title: one.title.unwrap_or_else(|| part.title.clone()),
                    at: one.began.map_or(at, |(at, _)| at),
                    took: one.took,
                    output: one.output.lines(),
                    failure: one.failure.map(|error| failure(&error, case, sources)),
                },
            ));
        }
        phases.sort_by_key(|(moment, _)| *moment);
        let phases = phases.into_iter().map(|(_, phase)| phase).collect();
        let written = std::mem::take(&mut *asked.written.lock().unwrap_or_else(PoisonError::into_inner));
        let mut result = Try {
            number: order.attempt,
            at,
            took: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            outcome: match (timed_out, failed) {
                (true, _) => Outcome::TimedOut,
                (false, true) => Outcome::Failed,
                (false, false) => Outcome::Passed,
            },
            phases,
            failures: Vec::new(),
            // What was stopped did not end by itself, and that is no news.
            leaks: if timed_out || failed || expects { Vec::new() } else { open.into_iter().map(Leak::Step).collect() },
            properties: written.into_iter().map(|name| ("snapshot.written".to_owned(), name)).collect(),
        };
        expected(&mut result, case, sources);
        mask(&mut result, &prepared.setting.secret_values());
        if result.outcome == Outcome::Passed {
            // What cannot be removed is in nobody's way: the next test has a directory of its own.
            let _ = std::fs::remove_dir_all(&directory);
        }
        (result, asked.is_discarded())
    }

    /// What a test has to tear down although it was stopped. What does not end is stopped too, and what is after it still has its turn.
    fn tear_down(&mut self, case: &Case<'_>, prepared: &Prepared, stage: &Stage<'_>) {
        let mut variables = prepared.shape.variables.clone();
        for task in &prepared.plan.tasks {
            let TaskKind::Step(step) = &task.kind else { continue };
            let Body::Script(program) = &step.body else { continue };
            variables.extend(program.declares().into_iter().map(|(name, span)| (name, Some(span))));
        }
        let (began, mut known) = (Instant::now(), usize::MAX);
        loop {
            let is_left = |parts: &Range<usize>| !parts.clone().any(|part| stage.watcher.has_begun(part));
            let left = prepared.shape.torn_down().filter(|(_, parts)| is_left(parts));
            let tasks: Vec<Task> = left.map(|(task, _)| task.clone()).collect();
            let rest = GRACE.saturating_sub(began.elapsed());
            // One that cannot even begin ends this too.
            if tasks.is_empty() || tasks.len() == known || rest.is_zero() {
                return;
            }
            known = tasks.len();
            let grace = if known == 1 { rest } else { rest / 2 };
            let plan = self.plan(case, &prepared.setting, &tasks, &variables, &mut Diagnostics::new());
            let Some(Ok(plan)) = plan.map(|plan| stage.plan(prepared, &Arc::new(plan))) else { return };
            let stop = StopSignal::new(Duration::ZERO);
            let grace = u64::try_from(grace.as_millis()).ok();
            if let Err(error) = limited(grace, None, &stop, || stage.play(plan, prepared, stop.clone())) {
                stage.watcher.failed_outside(error);
            }
        }
    }

    /// Where the snapshots of a test lie.
    fn snapshots(&self, case: &Case<'_>) -> PathBuf {
        let mut path = self.parts.project.directory.join("tests/snapshots");
        path.extend(case.info.suites.iter().map(|suite| file_name(suite)));
        path.join(file_name(&case.info.name))
    }
}

/// Where a try takes place.
struct Stage<'s> {
    directory: &'s Path,
    store: Arc<dyn Store>,
    clock: Arc<VirtualClock>,
    environment: &'s Environment,
    watcher: &'s Arc<Watcher>,
    test: UnderTest,
    calls: Arc<Calls>,
    linked: Mutex<Linked>,
}

impl Stage<'_> {
    /// A plan as it is run: with doubles, in a copy of the project if it writes files.
    fn plan(&self, prepared: &Prepared, plan: &Arc<Plan>) -> Result<Arc<Plan>, String> {
        if prepared.doubles.is_empty() && prepared.sandbox.is_none() {
            return Ok(plan.clone());
        }
        let mut plan = (**plan).clone();
        if !prepared.doubles.is_empty() {
            let told = |wrong: Vec<thinking_diagnostic::Diagnostic>| wrong.into_iter().next().map(|one| one.message);
            plan.double(&prepared.doubles, &self.calls).map_err(|wrong| told(wrong).unwrap_or_default())?;
        }
        if let Some(sandbox) = &prepared.sandbox {
            let root = self.directory.join("project");
            if !root.is_dir() {
                let made = std::fs::create_dir_all(&root).and_then(|()| sandbox.make(plan.permissions.root(), &root));
                let linked = made.map_err(|error| format!("the test's copy of the project cannot be made: {error}"))?;
                *self.linked.lock().unwrap_or_else(PoisonError::into_inner) = linked;
            }
            move_to(&mut plan, &root, &self.directory.join("state"))?;
        }
        Ok(Arc::new(plan))
    }

    /// Runs a plan; says whether it ran to its end, and was not stopped.
    fn play(&self, plan: Arc<Plan>, prepared: &Prepared, stop: StopSignal) -> Result<bool, StepError> {
        let faults = match prepared.faults.is_empty() {
            true => None,
            false => Faults::new(prepared.faults.iter().cloned(), &plan).ok().map(Arc::new),
        };
        let launch = Launch {
            plan,
            store: self.store.clone(),
            line: "main".to_owned(),
            reporter: Arc::new(Listener(self.watcher.clone())),
            stop,
            clock: self.clock.clone(),
            runs_directory: self.directory.join("runs"),
            state_directory: self.directory.join("state"),
            options: Options { faults: faults.clone(), ..Options::default() },
            remembered: Vec::new(),
            durability: Durability::None,
            environment: self.environment.clone(),
            hidden: prepared.setting.secrets(),
            test: Some(self.test.clone()),
        };
        let ended = apply(launch).map_err(|error| StepError::script(error.to_string()))?;
        match ended.end {
            RunEnd::Done | RunEnd::Unchanged | RunEnd::Stopped { .. } => {}
            RunEnd::Failed { error, .. } => return Err(error),
            RunEnd::Interrupted => return Ok(false),
            RunEnd::StoreFailed { message, .. } => return Err(StepError::new(ErrorKind::Store, message)),
        }
        if ended.unstopped > 0 {
            return Err(StepError::new(ErrorKind::Native, "components did not stop as they should"));
        }
        // A fault that never struck tests nothing; if the test failed before, that is said already.
        if let Some(faults) = faults.filter(|_| !self.watcher.has_failed())
            && let Some(unused) = faults.unused().next()
        {
            let Fault { at, span, action } = unused;
            let word = if matches!(action, Action::Fail { .. }) { "fail" } else { "crash" };
            let path = at.split_once('/').map_or(&**at, |(_, path)| path);
            let message = format!("`{path}` was to {word}, and never ran");
            return Err(StepError::script(message).at(*span));
        }
        Ok(true)
    }
}

/// Lets a plan take place in a copy of its project.
pub(crate) fn move_to(plan: &mut Plan, root: &Path, state: &Path) -> Result<(), String> {
    plan.permissions = plan.permissions.moved(root, state).map_err(|(glob, why)| format!("`{glob}`: {why}"))?;
    plan.directory = root.to_owned();
    Ok(())
}

/// So often it is looked whether a test is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Does something that is stopped when its time is over, or when somebody asks for it.
fn limited<T>(timeout: Option<u64>, interrupt: Option<&StopSignal>, stop: &StopSignal, work: impl FnOnce() -> T) -> T {
    let end = timeout.and_then(|timeout| Instant::now().checked_add(Duration::from_millis(timeout)));
    let (done, over) = channel::<()>();
    let stop = stop.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while over.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let is_over = end.is_some_and(|end| Instant::now() >= end);
                if is_over || interrupt.is_some_and(|interrupt| interrupt.asked() != Stop::No) {
                    stop.request();
                    stop.request();
                    return;
                }
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn shown(limit: Duration) -> String {
    match limit.as_millis() {
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        millis => format!("{millis} ms"),
    }
}
