//! What passes from one part of a test to the next, and who watches.

use crate::{StepError, Trial, Value};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a variable holds that passes from one script to the next.
#[derive(Clone)]
pub enum Carried {
    /// What JSON can say.
    Value(Value),
    /// The result of the task at that path.
    ResultOf(String),
    /// A value of the scripting language; only that knows what it is.
    Kept(Arc<dyn Any + Send + Sync>),
}

/// What the value of the last script is kept under; no variable is called so.
pub const LAST_VALUE: &str = "=";

/// Variables that pass from one script to the next, in memory, by their names.
#[derive(Default)]
pub struct Flow(Mutex<HashMap<String, Carried>>);

impl Flow {
    /// What a variable holds; `None` if it has no value (yet).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Carried> {
        self.all().get(name).cloned()
    }

    /// Gives a variable a value.
    pub fn set(&self, name: &str, value: Carried) {
        self.all().insert(name.to_owned(), value);
    }

    /// Takes a variable away and gives what it held.
    pub fn take(&self, name: &str) -> Option<Carried> {
        self.all().remove(name)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Carried>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a run is given that belongs to a test.
#[derive(Clone)]
pub struct UnderTest {
    /// Variables that pass from one script to the next.
    pub flow: Arc<Flow>,
    /// Who sees each step as it happens.
    pub watch: Arc<dyn Watch>,
    /// What scripts may ask of the test.
    pub trial: Arc<dyn Trial>,
}

/// Sees the steps of a run as they happen, in the thread of the run; paths are without iterations' keys.
pub trait Watch: Send + Sync {
    /// An attempt of a step begins.
    ///
    /// # Errors
    /// The attempt fails so, without doing anything.
    fn begins(&self, path: &str, attempt: u32) -> Result<(), StepError>;
    /// An attempt of a step ended; its commit was accepted, or it failed.
    fn ended(&self, path: &str, result: Result<&Value, &StepError>);
    /// A failure of the task at `failed` is passed over, by what is at `by`: the run goes on after that.
    fn passed_over(&self, by: &str, failed: &str, error: &StepError);
}
