//! `this` of a persistent component: the fields that it sets itself are recorded with the steps that change them.

use rhai::{Dynamic, Map};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use thinking_std::{from_value, value_from};
use thinking_step::{Datum, Enlisted, Host, Participant, StepError, Value};

/// The key of the only row in the component's own database.
const KEY: &str = "this";

/// What each attempt under way sees. Nothing is kept between attempts, so that memory cannot say anything else than the recorded state.
pub struct States {
    binding: Arc<str>,
    /// Configuration and dependencies: the same in every attempt, never recorded.
    base: Arc<Map>,
    attempts: Arc<Attempts>,
}

/// By the address of the attempt's host, of which there is one for each attempt.
type Attempts = Mutex<BTreeMap<usize, Arc<Attempt>>>;

/// `this` in one attempt.
struct Attempt {
    host: usize,
    /// As long as this is here, no other host can get the same address.
    _keep: Weak<dyn Host>,
    binding: Arc<str>,
    base: Arc<Map>,
    /// As recorded before.
    recorded: Value,
    this: Mutex<Dynamic>,
    attempts: Weak<Attempts>,
}

impl States {
    pub fn new(binding: &str, base: Map) -> Self {
        Self { binding: binding.into(), base: Arc::new(base), attempts: Arc::default() }
    }

    /// Runs `body` with `this` as the attempt sees it.
    ///
    /// # Errors
    /// The state cannot be read, `body` failed, or it changed the state where only steps may.
    pub fn with<T>(
        &self,
        host: &Arc<dyn Host>,
        called: &str,
        body: impl FnOnce(&mut Dynamic) -> Result<T, StepError>,
    ) -> Result<T, StepError> {
        let attempt = self.attempt(host)?;
        let value = body(&mut locked(&attempt.this))?;
        if !host.may_write() && attempt.changed()?.is_some() {
            let message = format!("`{called}` changed what `{}` remembers, and only steps may", self.binding);
            return Err(StepError::script(message).help(
                "call it from the body of a step; for what need not be remembered, leave out `persistent` or use variables",
            ));
        }
        Ok(value)
    }

    fn attempt(&self, host: &Arc<dyn Host>) -> Result<Arc<Attempt>, StepError> {
        let address = Arc::as_ptr(host).cast::<()>().addr();
        if let Some(attempt) = locked(&self.attempts).get(&address) {
            return Ok(Arc::clone(attempt));
        }
        let recorded = match host.get(&self.binding, KEY)? {
            Some(Datum::Json(value)) => value,
            _ => Value::Object(serde_json::Map::new()),
        };
        let mut this = Map::clone(&self.base);
        for (name, value) in recorded.as_object().into_iter().flatten() {
            this.entry(name.as_str().into()).or_insert_with(|| from_value(value));
        }
        let attempt = Arc::new(Attempt {
            host: address,
            _keep: Arc::downgrade(host),
            binding: Arc::clone(&self.binding),
            base: Arc::clone(&self.base),
            recorded,
            this: Mutex::new(Dynamic::from_map(this)),
            attempts: Arc::downgrade(&self.attempts),
        });
        if host.may_write() {
            host.enlist(&(Arc::clone(&attempt) as Enlisted))?;
            locked(&self.attempts).insert(address, Arc::clone(&attempt));
        }
        Ok(attempt)
    }
}

impl Attempt {
    /// What is to be recorded, if that is something else than before.
    fn changed(&self) -> Result<Option<Value>, StepError> {
        let this = locked(&self.this);
        let mut fields = serde_json::Map::new();
        if let Ok(map) = this.as_map_ref() {
            for (name, value) in map.iter().filter(|(name, _)| !self.base.contains_key(*name)) {
                let value = value_from(value).map_err(|mut error| {
                    error.message =
                        format!("`this.{name}` of `{}` cannot be remembered: {}", self.binding, error.message);
                    error
                })?;
                fields.insert(name.to_string(), value);
            }
        }
        let value = Value::Object(fields);
        Ok((value != self.recorded).then_some(value))
    }
}

impl Participant for Attempt {
    fn save(&self, host: &dyn Host) -> Result<(), StepError> {
        match self.changed()? {
            Some(value) => host.put(&self.binding, KEY, Datum::Json(value)),
            None => Ok(()),
        }
    }

    fn settle(&self, _: bool) {
        if let Some(attempts) = self.attempts.upgrade() {
            locked(&attempts).remove(&self.host);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
