//! The part of a component that is saved with the steps that change it.

mod attempt;
mod guard;

pub use guard::{Changing, Reading};

use attempt::{Attempt, Book, locked};
use guard::Lock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex};
use thinking_step::{Datum, Enlisted, ErrorKind, Host, StepError, current, digest};

/// A part of a component that outlives the process: it is saved with each step that changed it, and is what was recorded when a run goes on, when a
/// step fails, and after a rollback.
///
/// A component has it in a field `#[state] name: State<T>`. It starts as `T::default()`. What is recorded is `T` by serde, as MessagePack with names:
/// fields that are added later need `#[serde(default)]`. For the same bytes in every run use `BTreeMap`, not `HashMap`.
///
/// One that was made by `Default` and belongs to no component, as tests make it, is plain memory.
pub struct State<T> {
    shared: Arc<Shared<T>>,
}

pub(crate) struct Shared<T> {
    /// Binding and key; `None`: plain memory.
    place: Option<(Arc<str>, String)>,
    lock: Lock<T>,
    book: Mutex<Book<T>>,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self::at(None)
    }
}

impl<T> State<T> {
    fn at(place: Option<(Arc<str>, String)>) -> Self {
        Self { shared: Arc::new(Shared { place, lock: Lock::default(), book: Mutex::default() }) }
    }
}

/// What `#[component]` puts into a field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept",
    label = "not a `State`",
    note = "write `#[state] name: State<T>`"
)]
pub trait Kept {
    /// The state of that binding under that key.
    fn kept(binding: &str, key: &str) -> Self;
}

impl<T: Serialize + DeserializeOwned + Default + Send + Sync + 'static> Kept for State<T> {
    fn kept(binding: &str, key: &str) -> Self {
        Self::at(Some((binding.into(), key.to_owned())))
    }
}

/// The state of that binding under that key.
pub fn state<S: Kept>(binding: &str, key: &str) -> S {
    S::kept(binding, key)
}

impl<T: Serialize + DeserializeOwned + Default + Send + Sync + 'static> State<T> {
    /// To look at it. Others can look at the same time.
    ///
    /// # Errors
    /// This is not inside of a call, another step is changing it, or what is recorded cannot be read.
    pub fn read(&self) -> Result<Reading<'_, T>, StepError> {
        self.enter(false)?;
        self.shared.lock.read(&self.name(), &stop)
    }

    /// To change it.
    ///
    /// # Errors
    /// As [`State::read`]; and this is no step, or another step is using it.
    pub fn write(&self) -> Result<Changing<'_, T>, StepError> {
        if let Some((binding, _)) = &self.shared.place
            && !current()?.may_write()
        {
            return Err(StepError::new(
                ErrorKind::Native,
                format!("the state of `{binding}` can be changed only in a step"),
            ));
        }
        // What this thread already holds is told before anything counts as changed.
        self.shared.lock.may_write(&self.name())?;
        self.enter(true)?;
        self.shared.lock.write(&self.name(), &stop)
    }

    fn name(&self) -> String {
        self.shared
            .place
            .as_ref()
            .map_or_else(|| "a state".to_owned(), |(binding, _)| format!("the state of `{binding}`"))
    }

    /// Takes part in the attempt under way, with what is recorded in memory.
    fn enter(&self, to_write: bool) -> Result<(), StepError> {
        let Some((binding, key)) = &self.shared.place else {
            return self.shared.lock.replace_unless_there(&self.name(), T::default);
        };
        let host = current()?;
        let task = host.attempt();
        // Dropped after the book is closed: an attempt writes into it when it goes.
        let mut seen = Vec::new();
        let mut book = locked(&self.shared.book);
        book.attempts.retain(|attempt| attempt.strong_count() > 0);
        seen.extend(book.attempts.iter().filter_map(std::sync::Weak::upgrade));
        let known = seen.iter().find(|attempt| attempt.is(&task)).cloned();
        let others = seen.iter().filter(|attempt| !attempt.is(&task));
        let (mut alone, mut quiet) = (true, true);
        for other in others {
            alone = false;
            quiet &= !other.has_changed();
        }
        if !quiet || (to_write && !alone) {
            return Err(conflict(binding));
        }
        let attempt = known.unwrap_or_else(|| Attempt::new(Arc::clone(&self.shared), &task));
        seen.push(Arc::clone(&attempt));
        let participant: Enlisted = attempt.clone();
        if host.enlist(&participant)? {
            book.attempts.retain(|known| !std::ptr::eq(known.as_ptr(), Arc::as_ptr(&attempt)));
            book.attempts.push(Arc::downgrade(&attempt));
            book.checked = false;
        }
        if !book.checked {
            self.restore(&mut book, &*host, binding, key, alone)?;
        }
        if to_write {
            attempt.change();
        }
        Ok(())
    }

    /// Makes memory what is recorded.
    fn restore(
        &self,
        book: &mut Book<T>,
        host: &dyn Host,
        binding: &Arc<str>,
        key: &str,
        alone: bool,
    ) -> Result<(), StepError> {
        let bytes = match host.get(binding, key)? {
            None => None,
            Some(Datum::Blob(bytes)) => Some(bytes),
            Some(Datum::Json(_)) => return Err(unreadable(binding, key, &"it is not bytes")),
        };
        let recorded = bytes.as_deref().map(digest);
        if book.in_memory != Some(recorded) {
            if !alone && book.in_memory.is_some() {
                return Err(conflict(binding));
            }
            let value = match &bytes {
                None => T::default(),
                Some(bytes) => rmp_serde::from_slice(bytes).map_err(|error| unreadable(binding, key, &error))?,
            };
            book.in_memory = None;
            self.shared.lock.replace(&self.name(), value)?;
            book.in_memory = Some(recorded);
        }
        book.checked = true;
        Ok(())
    }
}

/// Without a call, as in tests, nobody stops it.
fn stop() -> Result<(), StepError> {
    current().map_or(Ok(()), |host| host.check_cancelled())
}

fn conflict(binding: &str) -> StepError {
    StepError::new(ErrorKind::Conflict, format!("another step uses the state of `{binding}` at the same time"))
}

fn unreadable(binding: &str, key: &str, why: &dyn std::fmt::Display) -> StepError {
    StepError::new(
        ErrorKind::Native,
        format!("the recorded state `{key}` of `{binding}` cannot be read by this version: {why}"),
    )
    .help("give new fields `#[serde(default)]`, or start over with `--fresh`")
}
