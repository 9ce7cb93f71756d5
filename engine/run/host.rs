//! The world as one attempt, or one expression, of a real run sees it.

use crate::compare::seen_param;
use crate::decide::Place;
use crate::inputs::{name_in, recorded_path};
use crate::overlay::Overlay;
use crate::reads::{Read, ResultRead, few, hex, names_digest};
use crate::results::{Asked, Source};
use crate::world::World;
use crate::{Stop, clock, datum, results, scratch, written};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thinking_event::Event;
use thinking_step::{
    Access, Class, Component, ComponentType, Datum, Enlisted, ErrorKind, Host, Limits, LogLevel, Mode, RunInfo,
    Serving, StepError, TaskInfo, Value, digest,
};
use thinking_store::{Commit, Entry, Scan, Token, View};

/// What a host is for.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    /// An attempt of a step.
    Attempt { token: Token, number: u32 },
    /// An expression of a task.
    Expression,
    /// `until`: sees the iteration that has just ended from inside.
    Iteration,
}

/// The host of one attempt or expression.
pub(crate) struct RunHost {
    world: Arc<World>,
    place: Place,
    view: View,
    role: Role,
    deadline: Option<Deadline>,
    seen: Mutex<Seen>,
}

/// When an attempt must be over.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    /// By the clock's `elapsed`.
    pub at: u64,
    /// What to say then.
    pub message: String,
}

/// What an attempt saw and did.
#[derive(Default)]
pub(crate) struct Seen {
    pub reads: Vec<Read>,
    /// Loop variables that the task's key does not say, with digests.
    pub variables: Vec<(String, String)>,
    /// Results of containers, with digests.
    pub results: Vec<ResultRead>,
    pub writes: Overlay,
    /// The wall clock or the run was looked at.
    pub volatile: bool,
    /// An attempt entry is durable.
    pub touched: bool,
    /// Files that the attempt may have written itself: reading them again says nothing about the outside.
    pub written: Vec<PathBuf>,
    /// Directories that were listed, and what was in them then.
    pub listed: Vec<(PathBuf, Vec<String>)>,
    /// Declared outputs, which may be written.
    pub outputs: Vec<PathBuf>,
    /// Files that `input` matched, which may be read.
    pub inputs: Vec<PathBuf>,
    /// Files that a program was given as arguments, or itself.
    pub arguments: Vec<PathBuf>,
    /// Files that were written.
    pub wrote: Vec<PathBuf>,
    /// Bindings whose components were used.
    pub components: Vec<String>,
    /// What in memory takes part in the attempt.
    pub enlisted: Vec<Enlisted>,
}

impl RunHost {
    /// A host at that place, on that view.
    pub(crate) fn new(world: Arc<World>, place: Place, view: View, role: Role, deadline: Option<Deadline>) -> Self {
        Self { world, place, view, role, deadline, seen: Mutex::default() }
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was seen, all of it.
    pub(crate) fn take_seen(&self) -> Seen {
        let mut seen = std::mem::take(&mut *self.seen());
        for (directory, names) in std::mem::take(&mut seen.listed) {
            // What the step makes there itself is no reason to run it again.
            let own = seen.written.iter().chain(&seen.outputs).filter_map(|path| name_in(&directory, path));
            let mut own: Vec<String> = own.collect();
            own.sort_unstable();
            own.dedup();
            let digest = names_digest(&names, &own);
            seen.reads.push(Read::List(self.world.recorded_path(&directory), own, Some(digest), few(names)));
        }
        seen
    }

    /// Notes that a file, or all that is in a directory, was read.
    pub(crate) fn saw_content(&self, path: &Path) {
        if self.world.mask.find_path(self.world.plan.permissions.root(), path).is_some() {
            return;
        }
        let text = self.world.recorded_path(path);
        if self.seen().reads.iter().any(|read| matches!(read, Read::File(file, _) if *file == text)) {
            return;
        }
        let digest = self.world.files.digest(path).map(hex);
        self.note(Read::File(text, digest));
    }

    /// A program is over: what it changed among the files that it was given, it wrote itself.
    pub(crate) fn look_at_arguments_again(&self) {
        let arguments = self.seen().arguments.clone();
        for path in arguments {
            let text = self.world.recorded_path(&path);
            let now = self.world.files.digest(&path).map(hex);
            let changed = self
                .seen()
                .reads
                .iter()
                .any(|read| matches!(read, Read::File(file, was) if *file == text && *was != now));
            if changed {
                self.wrote_file(&path);
            }
        }
    }

    /// What was written besides declared outputs, as recorded, with digests of how it is now.
    pub(crate) fn wrote(&self, seen: &Seen) -> Vec<(String, Option<String>)> {
        let root = self.world.plan.permissions.root();
        let others = seen.wrote.iter().filter(|path| {
            let declared = seen.outputs.iter().any(|output| path.starts_with(output));
            !declared && self.world.mask.find_path(root, path).is_none()
        });
        others.map(|path| (self.world.recorded_path(path), self.world.files.digest(path).map(hex))).collect()
    }

    /// Notes something seen.
    pub(crate) fn note(&self, read: Read) {
        let mut seen = self.seen();
        if !seen.reads.contains(&read) {
            seen.reads.push(read);
        }
    }

    /// The deadline of the attempt.
    pub(crate) fn deadline(&self) -> Option<&Deadline> {
        self.deadline.as_ref()
    }

    /// Looks a result up. A step's own record says what it gave, so only which step it is needs to be noted.
    fn look_up(&self, asked: Asked<'_>) -> Result<Option<Value>, StepError> {
        let found = results::look_up(&self.world, &self.view, &self.place, asked);
        let found = found.map_err(|error| self.world.store_failed(error))?;
        if let (Asked::Path(path), true) = (asked, found.missing) {
            return Err(StepError::script(format!("there is no task `{path}` before this")));
        }
        if matches!(self.role, Role::Attempt { .. }) {
            let (name, sibling) = match asked {
                Asked::Sibling(name, _) => (name.to_owned(), true),
                Asked::Path(path) => (path.to_owned(), false),
            };
            match found.source {
                Source::Step(path) if sibling => self.note(Read::Sibling(name, Some(path.to_string()))),
                Source::Step(path) => self.note(Read::Task(path.to_string(), true)),
                Source::Nothing if sibling => self.note(Read::Sibling(name, None)),
                Source::Nothing => self.note(Read::Task(name, false)),
                Source::Container => {
                    let digest = result_digest(found.value.as_ref());
                    self.seen().results.push(ResultRead { name, sibling, digest });
                }
            }
        }
        Ok(found.value)
    }

    fn writing(&self, database: &str) -> Result<(), StepError> {
        match self.role {
            Role::Attempt { .. } => Ok(()),
            _ => Err(StepError::script(format!("`{database}` is read-only here: only steps write"))
                .help("move the write into a step")),
        }
    }

    /// Waits until all before is durable and records the attempt, once.
    fn barrier(&self, token: Token) -> Result<(), StepError> {
        if self.seen().touched {
            return Ok(());
        }
        let failed = |error| self.world.store_failed(error);
        let key = self.idempotency_key()?;
        let entry =
            Entry::Attempt { run: self.world.run_number, task: self.place.key.clone(), token, key: key.clone() };
        let note =
            (attempt_note(&self.world.line, &self.place), Some(format!("{} {key}", self.world.run.id).into_bytes()));
        let commit = Commit { token: Some(token), notes: vec![note], ..Commit::entry(self.world.line.clone(), entry) };
        let store = &*self.world.store;
        let seq = self.world.head().commit(store, commit).map_err(failed)?;
        store.wait_durable(seq).map_err(failed)?;
        self.seen().touched = true;
        Ok(())
    }
}

/// The note that holds the idempotency key of a task that has touched the world and not committed yet.
pub(crate) fn attempt_note(line: &str, place: &Place) -> String {
    let mut name = format!("attempt/{line}/");
    for byte in &place.key.0 {
        // Writing to a string cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut name, format_args!("{byte:02x}"));
    }
    name
}

fn seed(world: &World, path: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&world.plan.seed.to_le_bytes());
    hasher.update(path.as_bytes());
    *hasher.finalize().as_bytes()
}

impl Host for RunHost {
    fn task(&self) -> TaskInfo {
        let attempt = if let Role::Attempt { number, .. } = self.role { number } else { 1 };
        self.note(Read::Seed(self.world.plan.seed));
        TaskInfo { path: self.place.path.clone(), attempt, seed: seed(&self.world, &self.place.path) }
    }

    fn attempt(&self) -> (Arc<str>, u32) {
        let number = if let Role::Attempt { number, .. } = self.role { number } else { 1 };
        (self.place.path.clone(), number)
    }

    fn param(&self, name: &str) -> Option<Value> {
        let params = &self.world.plan.params.values;
        let (name, param) =
            params.get_key_value(name).or_else(|| params.iter().find(|(param, _)| param.replace('-', "_") == name))?;
        let value = self.place.scope.param(name).unwrap_or(&param.value).clone();
        if !param.secret {
            self.note(Read::Param(name.to_string(), seen_param(&self.world.mask, &value)));
        }
        Some(value)
    }

    fn param_names(&self) -> Vec<String> {
        self.world.plan.params.values.keys().map(|name| name.replace('-', "_")).collect()
    }

    fn facet(&self, name: &str) -> bool {
        let active = self.world.plan.facets.iter().any(|facet| **facet == *name);
        self.note(Read::Facet(name.to_owned(), active));
        active
    }

    fn mode(&self) -> Mode {
        self.note(Read::Mode(self.world.plan.mode.name().to_owned()));
        self.world.plan.mode
    }

    fn run(&self) -> Option<RunInfo> {
        self.seen().volatile = true;
        Some(self.world.run.clone())
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let variable = self.place.scope.variable(name)?;
        // Not even a digest of a secret is kept.
        if !variable.implied && self.world.mask.find(&variable.value).is_none() {
            let mut seen = self.seen();
            if !seen.variables.iter().any(|(known, _)| known == name) {
                seen.variables.push((name.to_owned(), variable_digest(&variable.value)));
            }
        }
        Some(variable.value)
    }

    fn sibling_result(&self, name: &str) -> Result<Option<Value>, StepError> {
        self.look_up(Asked::Sibling(name, matches!(self.role, Role::Iteration)))
    }

    fn result(&self, path: &str) -> Result<Option<Value>, StepError> {
        self.look_up(Asked::Path(path))
    }

    fn get(&self, database: &str, key: &str) -> Result<Option<Datum>, StepError> {
        let id = self.world.database(database)?;
        let store = &*self.world.store;
        let found = self.seen().writes.get(store, &self.view, id, key.as_bytes());
        match found.map_err(|error| self.world.store_failed(error))? {
            Some(bytes) => datum::decode(&bytes).map(Some),
            None => Ok(None),
        }
    }

    fn put(&self, database: &str, key: &str, value: Datum) -> Result<(), StepError> {
        self.writing(database)?;
        let id = self.world.database(database)?;
        let mask = &self.world.mask;
        let secret = match &value {
            Datum::Json(value) => mask.find(value),
            Datum::Blob(blob) => mask.find_bytes(blob),
        };
        if let Some(secret) = secret.or_else(|| mask.find_text(key)) {
            return Err(StepError::script(format!("the secret `{secret}` must not be stored in `{database}`")));
        }
        self.seen().writes.set(id, key.as_bytes(), Some(datum::encode(&value)));
        Ok(())
    }

    fn delete(&self, database: &str, key: &str) -> Result<bool, StepError> {
        self.writing(database)?;
        let id = self.world.database(database)?;
        let mut seen = self.seen();
        let found = seen.writes.get(&*self.world.store, &self.view, id, key.as_bytes());
        let was = found.map_err(|error| self.world.store_failed(error))?.is_some();
        if was {
            seen.writes.set(id, key.as_bytes(), None);
        }
        Ok(was)
    }

    fn clear(&self, database: &str) -> Result<(), StepError> {
        self.writing(database)?;
        let id = self.world.database(database)?;
        self.seen().writes.clear(id);
        Ok(())
    }

    fn scan(
        &self,
        database: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Datum)>, StepError> {
        let id = self.world.database(database)?;
        let request = Scan { database: id, prefix: prefix.as_bytes(), after: after.map(str::as_bytes), limit };
        let rows = self.seen().writes.scan(&*self.world.store, &self.view, request);
        let rows = rows.map_err(|error| self.world.store_failed(error))?;
        rows.into_iter()
            .map(|(key, value)| Ok((String::from_utf8_lossy(&key).into_owned(), datum::decode(&value)?)))
            .collect()
    }

    fn flow(&self) -> Option<&thinking_step::Flow> {
        self.world.test.as_ref().map(|test| &*test.flow)
    }

    fn trial(&self) -> Option<&dyn thinking_step::Trial> {
        self.world.test.as_ref().map(|test| &*test.trial)
    }

    fn component(&self, binding: &str) -> Result<(Arc<dyn Component>, Arc<dyn ComponentType>), StepError> {
        if !matches!(self.role, Role::Attempt { .. }) {
            // What an operation answers may be another thing each time.
            self.seen().volatile = true;
        }
        let attempt = if let Role::Attempt { number, .. } = self.role { Some(number) } else { None };
        let found = self.world.components.get(&self.world, binding, &self.place, attempt)?;
        if !self.seen().components.iter().any(|known| known == binding) {
            self.world.components.seen(&self.world, binding).into_iter().for_each(|read| self.note(read));
            self.seen().components.push(binding.to_owned());
        }
        Ok(found)
    }

    fn enlist(&self, participant: &Enlisted) -> Result<bool, StepError> {
        let mut seen = self.seen();
        let known = seen.enlisted.iter().any(|known| Arc::ptr_eq(known, participant));
        if !known {
            seen.enlisted.push(participant.clone());
        }
        Ok(!known)
    }

    fn may_write(&self) -> bool {
        matches!(self.role, Role::Attempt { .. })
    }

    fn limits(&self) -> Limits {
        self.world.plan.permissions.limits()
    }

    fn serve(&self, port: u16) -> Option<Serving> {
        Some(self.world.plan.permissions.serve(port))
    }

    fn permit(&self, access: Access<'_>) -> Result<PathBuf, StepError> {
        let permissions = &self.world.plan.permissions;
        if let Access::Read(path) = access {
            let (root, real) = (permissions.root(), permissions.resolve(path));
            if let Some(secret) = self.world.mask.find_path(root, &real) {
                return Err(recorded_path(secret));
            }
        }
        let checked = permissions.check(access);
        let mut seen = self.seen();
        let path = match (access, checked) {
            (Access::Write(path), Err(refusal)) => {
                let real = permissions.resolve(path);
                if !seen.outputs.iter().any(|output| real.starts_with(output)) {
                    return Err(refusal.into());
                }
                real
            }
            (Access::Read(path), Err(refusal)) => {
                let real = permissions.resolve(path);
                let granted = seen.inputs.iter().chain(&seen.outputs).any(|file| real.starts_with(file));
                if !granted {
                    return Err(refusal.into());
                }
                real
            }
            (_, checked) => checked?,
        };
        if let Access::Write(_) = access
            && !seen.written.contains(&path)
        {
            // A file that was read before it is written stays a read.
            let text = self.world.recorded_path(&path);
            if !seen.reads.iter().any(|read| matches!(read, Read::File(file, _) if *file == text)) {
                seen.written.push(path.clone());
            }
        }
        Ok(path)
    }

    fn touch(&self, class: Class, function: &str) -> Result<(), StepError> {
        if class < Class::Observe {
            return Ok(());
        }
        self.check_cancelled()?;
        match (class, &self.role) {
            (Class::Effect, Role::Attempt { token, .. }) => self.barrier(*token),
            (Class::Effect, _) => {
                Err(StepError::script(format!("`{function}` changes the world outside: only steps may call it")))
            }
            _ => Ok(()),
        }
    }

    fn saw_file(&self, path: &Path) {
        let own = {
            let seen = self.seen();
            seen.written.iter().chain(&seen.outputs).any(|written| path.starts_with(written))
        };
        if own {
            return;
        }
        // A script that looks into a directory sees names, and reads files one by one.
        match self.world.files.names(path) {
            Some(names) => {
                let mut seen = self.seen();
                if !seen.listed.iter().any(|(known, _)| known == path) {
                    seen.listed.push((path.to_owned(), names));
                }
            }
            None => self.saw_content(path),
        }
    }

    fn wrote_file(&self, path: &Path) {
        let mut seen = self.seen();
        if !seen.wrote.iter().any(|known| known == path) {
            seen.wrote.push(path.to_owned());
            if self.world.mask.find_path(self.world.plan.permissions.root(), path).is_none() {
                written::begin(&self.world, path);
            }
        }
    }

    fn temporary_directory(&self, real: &Path) -> Option<PathBuf> {
        scratch::temporary(&self.world.state_directory, real)
    }

    fn saw_env(&self, name: &str, value: Option<&str>) {
        if value.is_some_and(|value| self.world.mask.find_text(value).is_some()) {
            return;
        }
        self.note(Read::Env(name.to_owned(), value.map(|value| hex(digest(value.as_bytes())))));
    }

    fn now(&self) -> i64 {
        self.seen().volatile = true;
        self.world.clock.now()
    }

    fn pause(&self, duration: Duration) -> Result<(), StepError> {
        clock::wait(&*self.world.clock, duration, self.deadline.as_ref(), || self.check_cancelled())
    }

    fn idempotency_key(&self) -> Result<String, StepError> {
        if !matches!(self.role, Role::Attempt { .. }) {
            return Err(StepError::script("only a step has an idempotency key"));
        }
        let store = &*self.world.store;
        let note = store.note(&attempt_note(&self.world.line, &self.place));
        let note = note.map_err(|error| self.world.store_failed(error))?;
        // A key that an earlier attempt of this run used stays until the step commits.
        let known =
            note.as_deref().and_then(|note| std::str::from_utf8(note).ok()).and_then(|note| note.split_once(' '));
        if let Some((_, key)) = known.filter(|(run, _)| **run == *self.world.run.id) {
            return Ok(key.to_owned());
        }
        let generation =
            results::generation(&self.world, &self.place).map_err(|error| self.world.store_failed(error))?;
        let stretch = self.world.head().stretch();
        Ok(idempotency_key(&self.world.run.id, &self.world.line, &self.place.path, generation, &stretch))
    }

    fn log(&self, level: LogLevel, message: &str) {
        let task = self.place.task_ref(&self.world.plan);
        self.world.tell(Event::Log { task, level, message: self.world.mask.text(message) });
    }

    fn check_cancelled(&self) -> Result<(), StepError> {
        if self.world.stop.asked() == Stop::Now {
            return Err(StepError::new(ErrorKind::Cancelled, "the run is stopping"));
        }
        match &self.deadline {
            Some(deadline) if self.world.clock.elapsed() >= deadline.at => {
                Err(StepError::new(ErrorKind::Timeout, deadline.message.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// The key of a step that a run does in a stretch of a line.
pub(crate) fn idempotency_key(run: &str, line: &str, path: &str, generation: u32, stretch: &str) -> String {
    hex(digest(format!("{run}\0{line}\0{path}\0{generation}\0{stretch}").as_bytes()))
}

/// The digest under which a loop variable's value is recorded.
pub(crate) fn variable_digest(value: &Value) -> String {
    hex(digest(value.to_string().as_bytes()))
}

/// The digest under which a container's result is recorded.
pub(crate) fn result_digest(value: Option<&Value>) -> String {
    value.map_or_else(|| "none".to_owned(), variable_digest)
}
