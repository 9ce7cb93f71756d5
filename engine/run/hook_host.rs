//! The world as components see it while they are created, started and stopped: everything but changing data.

use crate::clock;
use crate::compare::seen_param;
use crate::host::Deadline;
use crate::reads::{Read, few, hex, names_digest};
use crate::world::World;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use thinking_event::{Event, TaskRef};
use thinking_step::{
    Access, Class, Component, ComponentType, Datum, Enlisted, ErrorKind, Host, Limits, LogLevel, Mode, RunInfo,
    Serving, StepError, TaskInfo, Value,
};
use thinking_store::{Scan, View};

/// The host of one hook, or of the creation of one component.
pub(crate) struct HookHost {
    /// The world holds its components, and they may hold this.
    world: Weak<World>,
    /// What is at work: `trainer.startup`.
    task: TaskRef,
    /// Why things stop; `None` while they start.
    outcome: Option<&'static str>,
    deadline: Option<Deadline>,
    /// The file that the target requires, or what stands in for it.
    file: Option<String>,
    /// What was seen outside: steps that use what starts here depend on it.
    seen: Sightings,
}

/// What was seen while something started.
pub(crate) type Sightings = Arc<Mutex<Vec<Read>>>;

impl HookHost {
    /// A host for what is called so. `outcome` is given to what stops.
    pub(crate) fn new(
        world: &Arc<World>,
        task: TaskRef,
        outcome: Option<&'static str>,
        deadline: Option<Deadline>,
    ) -> Self {
        Self { world: Arc::downgrade(world), task, outcome, deadline, file: None, seen: Sightings::default() }
    }

    /// A host for when there is no world any more.
    pub(crate) fn gone(task: TaskRef) -> Self {
        Self { world: Weak::new(), task, outcome: None, deadline: None, file: None, seen: Sightings::default() }
    }

    /// The same; what it sees goes there.
    pub(crate) fn seeing(self, seen: Sightings) -> Self {
        Self { seen, ..self }
    }

    fn note(&self, read: Read) {
        // What stops makes nothing.
        if self.outcome.is_some() {
            return;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(&read) {
            seen.push(read);
        }
    }

    /// The data as it is seen here. What starts sees it as it was before the pipeline's first step, also where a run goes on: what it makes of it is then
    /// the same as in a run from the beginning.
    fn view(&self, world: &World) -> View {
        let first = world.start_view.get().filter(|_| self.outcome.is_none());
        first.cloned().unwrap_or_else(|| world.head().view.clone())
    }

    /// The same with a file for its variable `file`.
    pub(crate) fn with_file(self, file: String) -> Self {
        Self { file: Some(file), ..self }
    }

    fn world(&self) -> Result<Arc<World>, StepError> {
        self.world.upgrade().ok_or_else(|| StepError::new(ErrorKind::Cancelled, "the run is over"))
    }

    fn read_only(database: &str) -> StepError {
        StepError::script(format!("`{database}` is read-only here: only steps write"))
            .help("move the write into a step")
    }
}

impl Host for HookHost {
    fn task(&self) -> TaskInfo {
        let mut hasher = blake3::Hasher::new();
        if let Some(world) = self.world.upgrade() {
            hasher.update(&world.plan.seed.to_le_bytes());
        }
        hasher.update(self.task.path.as_bytes());
        self.note(Read::Seed(self.world.upgrade().map_or(0, |world| world.plan.seed)));
        TaskInfo { path: self.task.path.clone(), attempt: 1, seed: *hasher.finalize().as_bytes() }
    }

    fn param(&self, name: &str) -> Option<Value> {
        let world = self.world.upgrade()?;
        let mut params = world.plan.params.values.iter();
        let (name, param) = params.find(|(param, _)| ***param == *name || param.replace('-', "_") == name)?;
        if !param.secret {
            self.note(Read::Param(name.to_string(), seen_param(&world.mask, &param.value)));
        }
        Some(param.value.clone())
    }

    fn param_names(&self) -> Vec<String> {
        let names = |world: Arc<World>| world.plan.params.values.keys().map(|name| name.replace('-', "_")).collect();
        self.world.upgrade().map(names).unwrap_or_default()
    }

    fn facet(&self, name: &str) -> bool {
        let active = self.world.upgrade().is_some_and(|world| world.plan.facets.iter().any(|facet| **facet == *name));
        self.note(Read::Facet(name.to_owned(), active));
        active
    }

    fn mode(&self) -> Mode {
        let mode = self.world.upgrade().map(|world| world.plan.mode).unwrap_or_default();
        self.note(Read::Mode(mode.name().to_owned()));
        mode
    }

    fn run(&self) -> Option<RunInfo> {
        self.world.upgrade().map(|world| world.run.clone())
    }

    fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "outcome" => self.outcome.map(Value::from),
            "file" => self.file.clone().map(Value::from),
            _ => None,
        }
    }

    fn sibling_result(&self, _: &str) -> Result<Option<Value>, StepError> {
        Ok(None)
    }

    fn result(&self, path: &str) -> Result<Option<Value>, StepError> {
        Err(StepError::script(format!("the result of `{path}` is known only to tasks")))
    }

    fn get(&self, database: &str, key: &str) -> Result<Option<Datum>, StepError> {
        let world = self.world()?;
        let id = world.database(database)?;
        let view = self.view(&world);
        let found = world.store.get(&view, id, key.as_bytes()).map_err(|error| world.store_failed(error))?;
        found.map(|bytes| crate::datum::decode(&bytes)).transpose()
    }

    fn put(&self, database: &str, _: &str, _: Datum) -> Result<(), StepError> {
        Err(Self::read_only(database))
    }

    fn delete(&self, database: &str, _: &str) -> Result<bool, StepError> {
        Err(Self::read_only(database))
    }

    fn clear(&self, database: &str) -> Result<(), StepError> {
        Err(Self::read_only(database))
    }

    fn scan(
        &self,
        database: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Datum)>, StepError> {
        let world = self.world()?;
        let id = world.database(database)?;
        let view = self.view(&world);
        let request = Scan { database: id, prefix: prefix.as_bytes(), after: after.map(str::as_bytes), limit };
        let rows = world.store.scan(&view, request).map_err(|error| world.store_failed(error))?;
        rows.into_iter()
            .map(|(key, value)| Ok((String::from_utf8_lossy(&key).into_owned(), crate::datum::decode(&value)?)))
            .collect()
    }

    fn component(&self, binding: &str) -> Result<(Arc<dyn Component>, Arc<dyn ComponentType>), StepError> {
        let world = self.world()?;
        world.components.get_shared(&world, binding)
    }

    fn enlist(&self, _: &Enlisted) -> Result<bool, StepError> {
        // Each look sees the state as it is now.
        Ok(true)
    }

    fn limits(&self) -> Limits {
        self.world.upgrade().map(|world| world.plan.permissions.limits()).unwrap_or_default()
    }

    fn serve(&self, port: u16) -> Option<Serving> {
        Some(self.world.upgrade()?.plan.permissions.serve(port))
    }

    fn permit(&self, access: Access<'_>) -> Result<PathBuf, StepError> {
        let world = self.world()?;
        if let Access::Read(path) = access
            && let Some(secret) =
                world.mask.find_path(world.plan.permissions.root(), &world.plan.permissions.resolve(path))
        {
            return Err(crate::inputs::recorded_path(secret));
        }
        Ok(world.plan.permissions.check(access)?)
    }

    fn touch(&self, _: Class, _: &str) -> Result<(), StepError> {
        self.check_cancelled()
    }

    fn saw_file(&self, path: &Path) {
        let Some(world) = self.world.upgrade() else { return };
        if world.mask.find_path(world.plan.permissions.root(), path).is_some() {
            return;
        }
        let shown = world.recorded_path(path);
        self.note(match world.files.names(path) {
            Some(names) => Read::List(shown, Vec::new(), Some(names_digest(&names, &[])), few(names)),
            None => Read::File(shown, world.files.digest(path).map(hex)),
        });
    }

    fn saw_env(&self, name: &str, value: Option<&str>) {
        let secret = |world: Arc<World>| value.is_some_and(|value| world.mask.find_text(value).is_some());
        if !self.world.upgrade().is_some_and(secret) {
            self.note(Read::Env(name.to_owned(), value.map(|value| hex(thinking_step::digest(value.as_bytes())))));
        }
    }

    fn now(&self) -> i64 {
        self.world.upgrade().map_or(0, |world| world.clock.now())
    }

    fn pause(&self, duration: Duration) -> Result<(), StepError> {
        let world = self.world()?;
        clock::wait(&*world.clock, duration, self.deadline.as_ref(), || self.check_cancelled())
    }

    fn idempotency_key(&self) -> Result<String, StepError> {
        Err(StepError::script("only a step has an idempotency key"))
    }

    fn log(&self, level: LogLevel, message: &str) {
        if let Some(world) = self.world.upgrade() {
            world.tell(Event::Log { task: self.task.clone(), level, message: world.mask.text(message) });
        }
    }

    fn check_cancelled(&self) -> Result<(), StepError> {
        let world = self.world()?;
        // What stops is not hurried by the request to stop: it has a time of its own.
        if self.outcome.is_none() && world.stop.asked() != crate::Stop::No {
            return Err(StepError::new(ErrorKind::Cancelled, "the run is stopping"));
        }
        match &self.deadline {
            Some(deadline) if world.clock.elapsed() >= deadline.at => {
                Err(StepError::new(ErrorKind::Timeout, deadline.message.clone()))
            }
            _ => Ok(()),
        }
    }
}
