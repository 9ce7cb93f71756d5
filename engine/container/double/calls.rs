//! What was called.

use crate::wiring::word;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use thinking_diagnostic::did_you_mean;
use thinking_step::{Called, StepError, Value};

/// The calls of all operations that have a double, in the order in which they began. One for each test.
#[derive(Default)]
pub struct Calls(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    all: Vec<Called>,
    /// Operations by their names as in manifests: the name as it is shown, and whether its calls are recorded.
    known: BTreeMap<String, (String, bool)>,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an operation known, so that who asks for its calls is told whether they are recorded.
    pub(crate) fn know(&self, binding: &str, operation: &str, recorded: bool) {
        let name = format!("{binding}.{operation}");
        let mut inner = self.lock();
        let entry = inner.known.entry(word(&name)).or_insert((name, false));
        entry.1 |= recorded;
    }

    /// A call begins; gives its number.
    pub(crate) fn begin(&self, call: Called) -> usize {
        let mut inner = self.lock();
        inner.all.push(call);
        inner.all.len() - 1
    }

    /// A call is over.
    pub(crate) fn end(&self, number: usize, ended: Result<Value, String>) {
        if let Some(call) = self.lock().all.get_mut(number) {
            call.ended = Some(ended);
        }
    }

    /// All calls, in the order in which they began.
    #[must_use]
    pub fn all(&self) -> Vec<Called> {
        self.lock().all.clone()
    }

    /// The calls of one operation (`trainer.fit`, written as in scripts or in the manifest), in the order in which they began.
    ///
    /// # Errors
    /// Nothing is called so, or the operation has no double: help says which have one, or how to make one.
    pub fn of(&self, operation: &str) -> Result<Vec<Called>, StepError> {
        let inner = self.lock();
        match inner.known.get(&word(operation)) {
            Some((name, true)) => Ok(inner.all.iter().filter(|call| call.operation == *name).cloned().collect()),
            Some((name, false)) => Err(StepError::script(format!("the calls of `{name}` are not recorded"))
                .help(format!("write `spy \"{name}\"` in the test or its suite"))),
            None => {
                let recorded = || inner.known.values().filter(|(_, recorded)| *recorded).map(|(name, _)| name.as_str());
                let known = recorded().chain(inner.known.values().map(|(name, _)| name.as_str()));
                let help = match did_you_mean(operation, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if recorded().next().is_none() => {
                        format!("nothing is stubbed or spied on in this test: write `spy \"{operation}\"` in it")
                    }
                    None => format!("recorded are: {}", recorded().collect::<Vec<_>>().join(", ")),
                };
                Err(StepError::script(format!("there is no operation `{operation}` whose calls are recorded"))
                    .help(help))
            }
        }
    }
}
