//! The components of a run: created and started when a step or an expression first needs any, stopped at its end.

use crate::calls;
use crate::decide::Place;
use crate::executor::contained;
use crate::hook_host::{HookHost, Sightings};
use crate::host::Deadline;
use crate::reads::Read;
use crate::world::World;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use thinking_container::{
    Choice, Container, Environment, Hook, HookReport, LifecyclePlan, Lifetime, Outcome, ResourceId, Scope, ScopeKey,
    Side, Unit, Wiring, Work,
};
use thinking_event::{Event, TaskRef};
use thinking_plan::{Call, Callee, OnBody, Plan, TaskId, TaskKind};
use thinking_step::{ErrorKind, Host, Known, NamedArguments, StepError, Value, VariableKind, with_current};

/// A component that did not start.
#[derive(Clone)]
pub(crate) struct NotStarted {
    /// What it was about: `trainer.startup`.
    pub task: TaskRef,
    pub error: Box<StepError>,
}

/// All components of a run.
pub(crate) struct Components {
    /// `None`: there are none, and no hooks.
    container: Option<Container>,
    /// Whether some live shorter than the run.
    scoped: bool,
    /// Whether anything may happen; a preview only creates what it asks.
    live: bool,
    environment: OnceLock<Arc<dyn Environment>>,
    /// What was seen while each binding's component started.
    seen: Mutex<HashMap<Arc<str>, Sightings>>,
    /// How many hooks failed while scoped components were stopped.
    unstopped: AtomicUsize,
    /// How the start went, once it was tried.
    started: Mutex<Option<Result<(), NotStarted>>>,
}

impl Components {
    /// Those of a plan; nothing is created yet.
    pub(crate) fn new(plan: &Plan, live: bool) -> Self {
        let idle = plan.wiring.units.is_empty() && plan.hooks.plan.targets.iter().all(|target| target.hooks.is_empty());
        let hooks = if live { plan.hooks.plan.clone() } else { LifecyclePlan::default() };
        Self {
            container: (!idle).then(|| Container::new(plan.wiring.clone(), hooks)),
            scoped: plan.wiring.units.iter().any(|unit| unit.lifetime != Lifetime::Run),
            live,
            environment: OnceLock::new(),
            seen: Mutex::default(),
            unstopped: AtomicUsize::new(0),
            started: Mutex::default(),
        }
    }

    fn environment(&self, world: &Arc<World>) -> &Arc<dyn Environment> {
        self.environment.get_or_init(|| Arc::new(Around { world: Arc::downgrade(world) }))
    }

    /// Creates and starts what lives for the whole run, once.
    pub(crate) fn start(&self, world: &Arc<World>) -> Result<(), NotStarted> {
        let Some(container) = &self.container else { return Ok(()) };
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let result = started.get_or_insert_with(|| {
            container.start(self.environment(world)).map_err(|failed| {
                let failed = *failed;
                let place = failed
                    .failure
                    .target
                    .as_deref()
                    .map_or_else(|| failed.failure.who.clone(), |target| hook_name(&failed.failure.who, target));
                let also = failed.also.iter().chain(&failed.stopping).map(ToString::to_string);
                let details: Vec<String> = also.collect();
                let error = match failed.failure.target {
                    None if failed.failure.error.kind != ErrorKind::Cancelled => {
                        StepError { message: failed.failure.to_string(), ..*failed.failure.error }
                    }
                    _ => *failed.failure.error,
                };
                let task = TaskRef { path: place.into(), span: None };
                NotStarted { task, error: Box::new(error.details(details)) }
            })
        });
        result.clone()
    }

    /// The component of a binding for a task.
    pub(crate) fn get(
        &self,
        world: &Arc<World>,
        binding: &str,
        place: &Place,
        attempt: Option<u32>,
    ) -> Result<Known, StepError> {
        if !self.live && is_started(&world.plan, binding) {
            return Err(StepError::script(format!("`{binding}` is started only in a run")));
        }
        let key = if self.scoped { scope_key(&world.plan, place, attempt) } else { ScopeKey::default() };
        self.find(world, binding, &key)
    }

    /// The component of a binding for a hook: one that lives for the whole run.
    pub(crate) fn get_shared(&self, world: &Arc<World>, binding: &str) -> Result<Known, StepError> {
        let Some(container) = &self.container else { return Err(unknown(binding)) };
        container.get(self.environment(world), binding, &ScopeKey::default())
    }

    fn find(&self, world: &Arc<World>, binding: &str, key: &ScopeKey) -> Result<Known, StepError> {
        let Some(container) = &self.container else { return Err(unknown(binding)) };
        let environment = self.environment(world);
        match container.get(environment, binding, key) {
            Ok(found) => Ok(found),
            // An expression may come before the first step.
            Err(_) if self.started.lock().unwrap_or_else(PoisonError::into_inner).is_none() => {
                self.start(world).map_err(|failed| *failed.error)?;
                container.get(environment, binding, key)
            }
            Err(error) => Err(error),
        }
    }

    /// What the components that a binding leads to saw while they started, as reads of whoever uses it.
    pub(crate) fn seen(&self, world: &World, binding: &str) -> Vec<Read> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reads = Vec::new();
        if seen.is_empty() {
            return reads;
        }
        for unit in closure(&world.plan.wiring, binding) {
            let Some(sightings) = seen.get(&unit.name) else { continue };
            let sightings = sightings.lock().unwrap_or_else(PoisonError::into_inner);
            reads.extend(sightings.iter().map(|read| Read::Start(Box::new(read.clone()))));
        }
        reads
    }

    fn sightings(&self, binding: &str) -> Sightings {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).entry(binding.into()).or_default().clone()
    }

    /// Stops what belongs to scopes that are not around `place`; `outcome` says how they ended.
    pub(crate) fn leave(&self, world: &Arc<World>, place: &Place, outcome: Outcome) {
        let Some(container) = self.container.as_ref().filter(|_| self.scoped) else { return };
        let around = around(&world.plan, place);
        let still = |scope: &Scope| around.contains(&*scope.key);
        let failed = container.leave(self.environment(world), outcome, still).len();
        self.unstopped.fetch_add(failed, Ordering::Relaxed);
    }

    /// Stops everything; gives how many hooks failed.
    pub(crate) fn stop(&self, world: &Arc<World>, outcome: Outcome) -> usize {
        let Some(container) = self.container.as_ref().filter(|_| self.live) else { return 0 };
        container.stop(self.environment(world), outcome).len() + self.unstopped.load(Ordering::Relaxed)
    }
}

/// The units that a binding leads to, itself among them.
fn closure<'w>(wiring: &'w Wiring, binding: &str) -> Vec<&'w Unit> {
    let mut open: Vec<usize> = wiring.find(binding).into_iter().collect();
    let mut seen: HashSet<usize> = HashSet::new();
    let mut all = Vec::new();
    while let Some(at) = open.pop() {
        if let Some(unit) = wiring.units.get(at).filter(|_| seen.insert(at)) {
            all.push(unit);
            let needed = unit.choices.iter().flat_map(Choice::units);
            open.extend(needed.filter_map(|id| wiring.position(id)));
        }
    }
    all
}

/// Whether something is done with a binding, or what it leads to, before the pipeline.
fn is_started(plan: &Plan, binding: &str) -> bool {
    let units = closure(&plan.wiring, binding);
    plan.hooks.plan.side(Side::Start).flat_map(|target| &target.hooks).any(|hook| match hook {
        Hook::Unit { unit, .. } => units.iter().any(|known| known.id == *unit),
        Hook::Project { on } => plan
            .hooks
            .ons
            .get(*on)
            .is_some_and(|on| on.about.iter().any(|binding| units.iter().any(|known| known.name == *binding))),
    })
}

fn unknown(binding: &str) -> StepError {
    StepError::script(format!("there is no binding `{binding}` here"))
}

fn hook_name(who: &str, target: &str) -> String {
    if who.starts_with("on ") { target.to_owned() } else { format!("{who}.{target}") }
}

/// What surrounds a task.
fn scope_key(plan: &Plan, place: &Place, attempt: Option<u32>) -> ScopeKey {
    let mut key = ScopeKey::default();
    for (id, loops) in ancestors(plan, place) {
        match &plan.task(id).kind {
            TaskKind::Stage { .. } if key.stage.is_none() => key.stage = Some(instance("stage", id, place, loops)),
            TaskKind::Each { .. } | TaskKind::Repeat { .. } if key.item.is_none() => {
                key.item = Some(instance("item", id, place, loops + 1));
            }
            _ => {}
        }
    }
    let number = attempt.unwrap_or(0);
    key.step = Some(format!("step {} {number}", instance("", place.task, place, place.iterations.len())).into());
    key
}

/// The keys of all scopes that go on at a place, but for its own attempt.
fn around(plan: &Plan, place: &Place) -> HashSet<Arc<str>> {
    let keys = ancestors(plan, place).into_iter().filter_map(|(id, loops)| match &plan.task(id).kind {
        TaskKind::Stage { .. } => Some(instance("stage", id, place, loops)),
        TaskKind::Each { .. } | TaskKind::Repeat { .. } => Some(instance("item", id, place, loops + 1)),
        _ => None,
    });
    keys.collect()
}

/// The containers around a task, innermost first, each with how many loops are around it.
fn ancestors(plan: &Plan, place: &Place) -> Vec<(TaskId, usize)> {
    let chain: Vec<TaskId> = std::iter::successors(plan.task(place.task).parent, |id| plan.task(*id).parent).collect();
    let is_loop = |id: &TaskId| matches!(plan.task(*id).kind, TaskKind::Each { .. } | TaskKind::Repeat { .. });
    let mut loops = 0;
    let mut all: Vec<(TaskId, usize)> = Vec::with_capacity(chain.len());
    for id in chain.iter().rev() {
        all.push((*id, loops));
        loops += usize::from(is_loop(id));
    }
    all.reverse();
    all
}

fn instance(kind: &str, id: TaskId, place: &Place, loops: usize) -> Arc<str> {
    let mut text = format!("{kind} {}", id.0);
    for key in place.iterations.iter().take(loops) {
        // Writing to a string cannot fail.
        let _ = write!(text, " {key:?}");
    }
    text.into()
}

/// What the container sees of the run.
struct Around {
    /// The world holds its components.
    world: Weak<World>,
}

impl Around {
    fn world(&self) -> Result<Arc<World>, StepError> {
        self.world.upgrade().ok_or_else(|| StepError::new(ErrorKind::Cancelled, "the run is over"))
    }

    fn hook_host(
        &self,
        world: &Arc<World>,
        name: String,
        outcome: Option<Outcome>,
        limit: Option<Duration>,
    ) -> HookHost {
        let task = TaskRef { path: name.into(), span: None };
        let deadline = limit.map(|limit| Deadline {
            at: world.clock.elapsed().saturating_add(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)),
            message: "it took longer than it may".to_owned(),
        });
        HookHost::new(world, task, outcome.map(Outcome::name), deadline)
    }
}

impl Environment for Around {
    fn host(&self, work: &Work<'_>) -> Arc<dyn Host> {
        let name = work.target.map_or_else(|| work.who.to_owned(), |target| hook_name(work.who, target));
        match self.world() {
            Ok(world) => {
                // A limit is what the stop side has.
                let outcome = work.limit.map(|_| Outcome::Done);
                let own = work.target.and_then(|target| world.plan.hooks.timeouts.get(target)).copied();
                let seen = world.components.sightings(work.who);
                Arc::new(self.hook_host(&world, name, outcome, work.limit.or(own)).seeing(seen))
            }
            Err(_) => Arc::new(HookHost::gone(TaskRef { path: name.into(), span: None })),
        }
    }

    fn action(
        &self,
        on: usize,
        of: Option<&Known>,
        outcome: Option<Outcome>,
        limit: Option<Duration>,
    ) -> Result<(), StepError> {
        let world = self.world()?;
        let Some(on) = world.plan.hooks.ons.get(on) else { return Ok(()) };
        let name = match &on.body {
            OnBody::Call(Call { callee: Callee::Operation { binding, .. }, .. }) => hook_name(binding, &on.target),
            _ => on.target.clone(),
        };
        let seen = Sightings::default();
        let host = self.hook_host(&world, name, outcome, limit.or(on.timeout)).seeing(seen.clone());
        let host: Arc<dyn Host> = Arc::new(match &on.file {
            Some(file) => {
                if let Some(missing) = &on.missing {
                    // That it appears is a change.
                    host.saw_file(missing);
                }
                host.with_file(shown(&world, file))
            }
            None => host,
        });
        let done = contained(|| match &on.body {
            OnBody::Script(program) => program.eval(&host),
            OnBody::Call(call) => {
                let arguments =
                    call.arguments.value(&|program: &Arc<dyn thinking_step::Program>| program.eval(&host))?;
                match (&call.callee, of) {
                    (Callee::Operation { number, .. }, Some((component, _))) => {
                        with_current(&host, || component.call(*number, &mut NamedArguments(&arguments), &host))?;
                        Ok(Value::Null)
                    }
                    _ => calls::call(&call.callee, &arguments, &host),
                }
            }
        });
        // What it saw is seen by whoever uses what it did something with.
        let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        for binding in &on.about {
            let all = world.components.sightings(binding);
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            for read in &seen {
                if !all.contains(read) {
                    all.push(read.clone());
                }
            }
        }
        done.map(drop).map_err(|error| error.at(on.span))
    }

    fn resource(&self, resource: ResourceId) -> (Arc<str>, VariableKind) {
        let known = self.world.upgrade().and_then(|world| world.plan.resources.get(resource.0).cloned());
        known.unwrap_or_else(|| ("".into(), VariableKind::Mode))
    }

    fn told(&self, report: &HookReport<'_>) {
        let (Some(world), Some(target)) = (self.world.upgrade(), report.target) else { return };
        let starts = world.plan.hooks.plan.side(Side::Start).any(|start| start.name == *target);
        let task = TaskRef { path: hook_name(report.who, target).into(), span: None };
        let took = u64::try_from(report.took.as_micros()).unwrap_or(u64::MAX);
        let error = report.error.map(|error| world.mask.error(error.clone()));
        let passed_over = !starts && error.is_some();
        world.tell(Event::HookEnded { task, target: target.into(), took, error, passed_over });
    }

    fn elapsed(&self) -> Duration {
        self.world.upgrade().map_or(Duration::ZERO, |world| Duration::from_micros(world.clock.elapsed()))
    }

    fn grace(&self) -> Duration {
        self.world.upgrade().map_or(Duration::ZERO, |world| world.plan.hooks.grace)
    }
}

/// A file as scripts name it: relative to the project's directory if it is inside.
fn shown(world: &World, file: &Path) -> String {
    let within = file.strip_prefix(&world.plan.directory).unwrap_or(file);
    within.display().to_string()
}
