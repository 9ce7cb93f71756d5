//! What one run needs everywhere: plan, store, clock, and where the line stands.

use crate::announce::Announcer;
use crate::components::Components;
use crate::decide::Shape;
use crate::files::FileCache;
use crate::head::Head;
use crate::mask::Mask;
use crate::written::Written;
use crate::{Clock, Environment, StopSignal, files};
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use thinking_plan::{Plan, TaskId};
use thinking_step::{Definition, ErrorKind, RunInfo, StepError, UnderTest};
use thinking_store::{DatabaseId, InternId, IterationKey, Store, StoreError, View};

/// Shared by the dispatcher and the hosts of its attempts.
pub(crate) struct World {
    pub plan: Arc<Plan>,
    pub store: Arc<dyn Store>,
    pub line: String,
    pub clock: Arc<dyn Clock>,
    pub stop: StopSignal,
    pub environment: Environment,
    /// Inherited variables that started programs must not see.
    pub hidden: Vec<String>,
    /// The test that it belongs to.
    pub test: Option<UnderTest>,
    pub state_directory: PathBuf,
    /// `None` where nothing may be told or written (a preview).
    pub announcer: Option<Announcer>,
    pub files: FileCache,
    pub mask: Arc<Mask>,
    pub head: Mutex<Head>,
    pub run: RunInfo,
    pub run_number: u32,
    pub pipeline: InternId,
    /// Numbers of the tasks' paths, by task.
    pub ids: Arc<[InternId]>,
    pub databases: HashMap<String, DatabaseId>,
    /// The components, created and started as they are needed.
    pub components: Components,
    /// How many steps run at this moment.
    pub running: AtomicU64,
    definitions: Mutex<HashMap<TaskId, InternId>>,
    shapes: Mutex<Shapes>,
    failure: Mutex<Option<StoreError>>,
    written: OnceLock<Written>,
    /// The data as it was before the pipeline's first step: what starts sees it so.
    pub start_view: OnceLock<View>,
}

type Shapes = HashMap<(TaskId, Arc<[IterationKey]>), Shape>;

/// Numbers of contents. In a state that is open for reading only, what was never recorded gets a number that nothing has.
pub(crate) struct Interner<'a> {
    pub store: &'a dyn Store,
    pub read_only: bool,
}

impl Interner<'_> {
    /// The number of some bytes.
    pub(crate) fn intern(&self, bytes: &[u8]) -> Result<InternId, StoreError> {
        match self.store.intern(bytes) {
            Err(StoreError::Closed) if self.read_only => Ok(InternId(u32::MAX)),
            other => other,
        }
    }

    fn database(&self, name: &str) -> Result<DatabaseId, StoreError> {
        match self.store.database(name) {
            Err(StoreError::Closed) if self.read_only => Ok(DatabaseId(u16::MAX)),
            other => other,
        }
    }
}

/// What a [`World`] is made of.
pub(crate) struct Parts {
    pub plan: Arc<Plan>,
    pub store: Arc<dyn Store>,
    pub line: String,
    pub clock: Arc<dyn Clock>,
    pub stop: StopSignal,
    pub environment: Environment,
    /// Inherited variables that started programs must not see.
    pub hidden: Vec<String>,
    /// The test that it belongs to.
    pub test: Option<UnderTest>,
    pub state_directory: PathBuf,
    pub announcer: Option<Announcer>,
    pub run: RunInfo,
    pub run_number: u32,
}

impl World {
    /// Looks up the numbers that everything else needs.
    pub(crate) fn new(parts: Parts) -> Result<Self, StoreError> {
        let Parts {
            plan,
            store,
            line,
            clock,
            stop,
            environment,
            hidden,
            test,
            state_directory,
            announcer,
            run,
            run_number,
        } = parts;
        // Links resolved, as in the paths that it is compared with.
        let state_directory = files::real(&state_directory);
        let interner = Interner { store: &*store, read_only: announcer.is_none() };
        // Paths of two pipelines on one line are kept apart by the pipeline's name.
        let number = |path: &str| interner.intern(format!("{}:{path}", plan.pipeline).as_bytes());
        let ids = plan.tasks.iter().map(|task| number(&container_path(task))).collect::<Result<_, _>>()?;
        let databases = plan
            .databases
            .iter()
            .map(|database| Ok((database.name.to_string(), interner.database(&database.stored)?)))
            .collect::<Result<_, StoreError>>()?;
        let pipeline = interner.intern(plan.pipeline.as_bytes())?;
        let (view, previous) = (store.view(&line)?, store.line(&line)?.previous);
        Ok(Self {
            components: Components::new(&plan, announcer.is_some()),
            mask: Arc::new(Mask::new(&plan.params)),
            head: Mutex::new(Head::new(view, previous)),
            files: FileCache::new(&state_directory),
            running: AtomicU64::new(0),
            definitions: Mutex::default(),
            shapes: Mutex::default(),
            failure: Mutex::default(),
            written: OnceLock::new(),
            start_view: OnceLock::new(),
            plan,
            store,
            line,
            clock,
            stop,
            environment,
            hidden,
            test,
            state_directory,
            announcer,
            run,
            run_number,
            pipeline,
            ids,
            databases,
        })
    }

    /// The head of the line.
    pub(crate) fn head(&self) -> std::sync::MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A path (absolute, links resolved) as it is recorded: relative to the project's directory if it is inside, so that a copy of the project looks at
    /// its own files.
    pub(crate) fn recorded_path(&self, path: &Path) -> String {
        match path.strip_prefix(self.plan.permissions.root()) {
            Ok(within) if within.as_os_str().is_empty() => ".".to_owned(),
            Ok(within) => within.display().to_string(),
            Err(_) => path.display().to_string(),
        }
    }

    /// Where a recorded path is now.
    pub(crate) fn real_path(&self, recorded: &str) -> PathBuf {
        let root = self.plan.permissions.root();
        if recorded == "." { root.to_owned() } else { root.join(recorded) }
    }

    /// What the pipeline itself wrote into files, by what was recorded when this was first asked for.
    pub(crate) fn written(&self) -> Result<&Written, StoreError> {
        if let Some(written) = self.written.get() {
            return Ok(written);
        }
        let written = Written::recorded(self)?;
        Ok(self.written.get_or_init(|| written))
    }

    /// The database's number; names as in the manifest or as in scripts.
    pub(crate) fn database(&self, name: &str) -> Result<DatabaseId, StepError> {
        let found = self.databases.get(name).or_else(|| self.databases.get(&name.replace('_', "-")));
        found.copied().ok_or_else(|| StepError::script(format!("there is no database `{name}`")))
    }

    /// The number of a step's definition.
    pub(crate) fn definition(&self, task: TaskId, definition: &Definition) -> Result<InternId, StoreError> {
        let mut known = self.definitions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.get(&task) {
            return Ok(*id);
        }
        let interner = Interner { store: &*self.store, read_only: self.announcer.is_none() };
        let id = interner.intern(&definition.to_bytes())?;
        known.insert(task, id);
        Ok(id)
    }

    /// Remembers how a container went.
    pub(crate) fn remember(&self, task: TaskId, iterations: Arc<[IterationKey]>, shape: Shape) {
        // The elements are not needed any more, and a loop inside of a loop is remembered once for each iteration.
        let shape = match shape {
            Shape::Items(items) => Shape::Items(items.without_values()),
            other => other,
        };
        if !matches!(shape, Shape::Plain) {
            let mut shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
            shapes.insert((task, iterations), shape);
        }
    }

    /// How a container went; `None` if it was not there.
    pub(crate) fn shape(&self, task: TaskId, iterations: &Arc<[IterationKey]>) -> Option<Shape> {
        let shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        shapes.get(&(task, iterations.clone())).cloned()
    }

    /// A failure of the store as a step sees it. The store's own words are kept for the end of the run.
    pub(crate) fn store_failed(&self, error: StoreError) -> StepError {
        let text = error.to_string();
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        StepError::new(ErrorKind::Store, text)
    }

    /// The failure of the store that a step ran into, if any.
    pub(crate) fn take_failure(&self) -> Option<StoreError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until everything was told.
    pub(crate) fn finish(&self) {
        if let Some(announcer) = &self.announcer {
            announcer.finish();
        }
    }

    /// Tells an event.
    pub(crate) fn tell(&self, event: thinking_event::Event) {
        if let Some(announcer) = &self.announcer {
            announcer.tell(event);
        }
    }
}

/// What a task is recorded under. An unnamed container shares its path with what is around it, so its kind and place tell them apart.
fn container_path(task: &thinking_plan::Task) -> String {
    match task.parent {
        _ if task.name.is_some() => task.path.to_string(),
        Some(parent) => format!("{}/#{}", task.path, parent.0),
        None => format!("{}/#", task.path),
    }
}
