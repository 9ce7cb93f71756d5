//! A host for tests: data in memory, everything permitted below one directory.

use crate::{
    Access, Class, Datum, Enlisted, ErrorKind, Host, Known, Limits, LogLevel, Mode, Permissions, RunInfo, Serving,
    StepError, TaskInfo, Trial, Value,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A host whose data is in memory. Fields may be set before use; what happened is in `seen`.
pub struct MemoryHost {
    /// Parameters by name.
    pub params: BTreeMap<String, Value>,
    /// Loop variables by name.
    pub variables: BTreeMap<String, Value>,
    /// Results by name or path.
    pub results: BTreeMap<String, Value>,
    /// Active facets.
    pub facets: Vec<String>,
    /// Whether data may be written and the world be changed.
    pub writable: bool,
    /// What is permitted.
    pub permissions: Permissions,
    /// Databases, by name, then key.
    pub data: Mutex<BTreeMap<String, BTreeMap<String, Datum>>>,
    /// Files and environment variables seen, log lines written, functions that touched the world.
    pub seen: Mutex<Vec<String>>,
    /// The clock, in milliseconds since 1970.
    pub clock: i64,
    /// Whether running bodies are to stop.
    pub stopping: AtomicBool,
    /// What a script may take.
    pub limits: Limits,
    /// Called once when a function has been permitted to touch the world and is about to.
    pub before_touch: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// The path of the task.
    pub path: Arc<str>,
    /// The test that bodies belong to.
    pub trial: Option<Arc<dyn Trial>>,
    /// Components by their bindings.
    pub components: BTreeMap<String, Known>,
    /// What takes part in the attempt; [`MemoryHost::end`] ends it.
    pub enlisted: Mutex<Vec<Enlisted>>,
}

impl MemoryHost {
    /// A host whose project lies in `root`; reading and writing below it is permitted.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        let everything = ["**".to_owned()];
        let permissions = Permissions::new(root, &root.join(".thinking"), &everything, &everything, &[], &[], &[]);
        Self {
            params: BTreeMap::new(),
            variables: BTreeMap::new(),
            results: BTreeMap::new(),
            facets: Vec::new(),
            writable: true,
            permissions: match permissions {
                Ok(permissions) => permissions,
                Err((glob, why)) => unreachable!("{glob}: {why}"),
            },
            data: Mutex::default(),
            seen: Mutex::default(),
            clock: 0,
            stopping: AtomicBool::new(false),
            limits: Limits::default(),
            before_touch: Mutex::default(),
            path: "test".into(),
            trial: None,
            components: BTreeMap::new(),
            enlisted: Mutex::default(),
        }
    }

    /// Ends the attempt: what takes part is saved if the body succeeded, and told.
    ///
    /// # Errors
    /// Something could not be saved; then nothing is committed.
    pub fn end(&self, succeeded: bool) -> Result<(), StepError> {
        let all = std::mem::take(&mut *locked(&self.enlisted));
        let saved = if succeeded { all.iter().try_for_each(|participant| participant.save(self)) } else { Ok(()) };
        all.iter().for_each(|participant| participant.settle(succeeded && saved.is_ok()));
        saved
    }

    fn note(&self, text: String) {
        locked(&self.seen).push(text);
    }

    fn writing(&self, database: &str) -> Result<(), StepError> {
        if self.writable {
            return Ok(());
        }
        Err(StepError::script(format!("`{database}` is read-only here: only steps write")))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host for MemoryHost {
    fn task(&self) -> TaskInfo {
        TaskInfo { path: Arc::clone(&self.path), attempt: 1, seed: [7; 32] }
    }
    fn param(&self, name: &str) -> Option<Value> {
        self.params.get(name).cloned()
    }
    fn param_names(&self) -> Vec<String> {
        self.params.keys().cloned().collect()
    }
    fn facet(&self, name: &str) -> bool {
        self.facets.iter().any(|facet| facet == name)
    }
    fn mode(&self) -> Mode {
        Mode::App
    }
    fn run(&self) -> Option<RunInfo> {
        Some(RunInfo { id: "run".into(), directory: PathBuf::from("/run"), started: "2026-01-01T00:00:00Z".into() })
    }
    fn variable(&self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }
    fn sibling_result(&self, name: &str) -> Result<Option<Value>, StepError> {
        Ok(self.results.get(name).cloned())
    }
    fn result(&self, path: &str) -> Result<Option<Value>, StepError> {
        Ok(self.results.get(path).cloned())
    }
    fn get(&self, database: &str, key: &str) -> Result<Option<Datum>, StepError> {
        Ok(locked(&self.data).get(database).and_then(|rows| rows.get(key)).cloned())
    }
    fn put(&self, database: &str, key: &str, value: Datum) -> Result<(), StepError> {
        self.writing(database)?;
        locked(&self.data).entry(database.to_owned()).or_default().insert(key.to_owned(), value);
        Ok(())
    }
    fn delete(&self, database: &str, key: &str) -> Result<bool, StepError> {
        self.writing(database)?;
        Ok(locked(&self.data).get_mut(database).is_some_and(|rows| rows.remove(key).is_some()))
    }
    fn clear(&self, database: &str) -> Result<(), StepError> {
        self.writing(database)?;
        locked(&self.data).remove(database);
        Ok(())
    }
    fn scan(
        &self,
        database: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Datum)>, StepError> {
        let data = locked(&self.data);
        let Some(rows) = data.get(database) else { return Ok(Vec::new()) };
        Ok(rows
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }
    fn component(&self, binding: &str) -> Result<Known, StepError> {
        let found = self.components.get(binding).cloned();
        found.ok_or_else(|| StepError::script(format!("there is no component `{binding}`")))
    }
    fn enlist(&self, participant: &Enlisted) -> Result<bool, StepError> {
        let mut all = locked(&self.enlisted);
        let known = all.iter().any(|known| Arc::ptr_eq(known, participant));
        if !known {
            all.push(Arc::clone(participant));
        }
        Ok(!known)
    }
    fn may_write(&self) -> bool {
        self.writable
    }
    fn serve(&self, port: u16) -> Option<Serving> {
        Some(self.permissions.serve(port))
    }
    fn trial(&self) -> Option<&dyn Trial> {
        self.trial.as_deref()
    }
    fn limits(&self) -> Limits {
        self.limits
    }
    fn permit(&self, access: Access<'_>) -> Result<PathBuf, StepError> {
        self.permissions.check(access).map_err(StepError::from)
    }
    fn touch(&self, class: Class, function: &str) -> Result<(), StepError> {
        if let Some(act) = locked(&self.before_touch).take() {
            act();
        }
        self.note(format!("{class:?} {function}"));
        if class == Class::Effect && !self.writable {
            return Err(StepError::new(ErrorKind::Permission, format!("`{function}` is for steps only")));
        }
        Ok(())
    }
    fn saw_file(&self, path: &Path) {
        self.note(format!("file {}", path.display()));
    }
    fn saw_env(&self, name: &str, value: Option<&str>) {
        self.note(format!("env {name}={value:?}"));
    }
    fn now(&self) -> i64 {
        self.clock
    }
    fn idempotency_key(&self) -> Result<String, StepError> {
        Ok("key".to_owned())
    }
    fn log(&self, level: LogLevel, message: &str) {
        self.note(format!("{level:?} {message}"));
    }
    fn check_cancelled(&self) -> Result<(), StepError> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(StepError::new(ErrorKind::Cancelled, "the run is stopping"));
        }
        Ok(())
    }
}
