//! How a component comes to life.

use crate::live::call::contained;
use crate::live::container::{Instance, Key, Phase, Slot};
use crate::live::{Container, Environment, HookFailure, HookReport, ScopeKey, Work};
use crate::wiring::{Choice, Target};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use thinking_step::{Creation, ErrorKind, Provided, ProvidedKind, StepError, Supplied, with_current};

/// How often somebody who waits for another thread looks whether the run is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// What is to be done with a key.
enum Turn {
    There(Arc<Instance>),
    Mine,
}

impl Container {
    /// The instance of a unit for a use in that scope. `late`: one that is created now goes through the targets of the start by itself.
    pub(crate) fn instance(
        &self,
        env: &Arc<dyn Environment>,
        position: usize,
        scope: &ScopeKey,
        late: bool,
    ) -> Result<Arc<Instance>, HookFailure> {
        let unit = self.unit(position).map_err(|error| self.failure(position, None, error))?;
        let key: Key = (position, scope.scope(unit.lifetime));
        if let Turn::There(instance) = self.turn(env, &key)? {
            return Ok(instance);
        }
        let made = self.make(env, &key, scope, late);
        let made = made.and_then(|instance| {
            let instance = if late { self.start_late(env, instance)? } else { instance };
            if self.lock().phase < Phase::Stopping {
                return Ok(instance);
            }
            // The run began to stop meanwhile; it waits for this one.
            let failures = self.stop_one(env, instance);
            self.lock().failures.extend(failures);
            Err(self.failure(position, None, stopping()))
        });
        let mut inner = self.lock();
        match &made {
            Ok(instance) => inner.slots.insert(key, Slot::Live(Arc::clone(instance))),
            Err(_) => inner.slots.remove(&key),
        };
        drop(inner);
        self.changed.notify_all();
        made
    }

    /// Waits until the instance is there, or it is this thread's turn to create it.
    fn turn(&self, env: &Arc<dyn Environment>, key: &Key) -> Result<Turn, HookFailure> {
        let me = std::thread::current().id();
        let refuse = |error| Err(self.failure(key.0, None, error));
        let mut host = None;
        let mut inner = self.lock();
        loop {
            match (inner.slots.get(key), inner.phase) {
                (_, Phase::Stopped) => return refuse(stopping()),
                (Some(Slot::Live(instance)), _) => return Ok(Turn::There(Arc::clone(instance))),
                (_, Phase::New) => return refuse(StepError::script("nothing has started yet")),
                (Some(Slot::Busy(thread)), _) if *thread == me => {
                    return refuse(StepError::new(ErrorKind::Native, "it needs itself while it starts"));
                }
                (Some(Slot::Busy(_)), _) => {
                    inner = self.changed.wait_timeout(inner, LOOK).unwrap_or_else(PoisonError::into_inner).0;
                    drop(inner);
                    let host = host
                        .get_or_insert_with(|| env.host(&Work { who: self.name(key.0), target: None, limit: None }));
                    if let Err(error) = host.check_cancelled() {
                        return refuse(error);
                    }
                    inner = self.lock();
                }
                (None, Phase::Stopping) => return refuse(stopping()),
                (None, Phase::Starting | Phase::Running) => {
                    inner.slots.insert(key.clone(), Slot::Busy(me));
                    return Ok(Turn::Mine);
                }
            }
        }
    }

    /// Creates an instance, and before it what it depends on.
    fn make(
        &self,
        env: &Arc<dyn Environment>,
        key: &Key,
        scope: &ScopeKey,
        late: bool,
    ) -> Result<Arc<Instance>, HookFailure> {
        let position = key.0;
        let unit = self.unit(position).map_err(|error| self.failure(position, None, error))?;
        let mut held = Vec::new();
        let mut dependencies = Vec::with_capacity(unit.choices.len());
        for choice in &unit.choices {
            let mut given = Vec::new();
            for target in choice.targets() {
                given.push(self.provide(env, *target, scope, late, &mut held)?);
            }
            dependencies.push(match (choice, given.pop()) {
                (Choice::Many(_), last) => Supplied::Many(given.into_iter().chain(last).collect()),
                (_, Some(one)) => Supplied::One(one),
                (_, None) => Supplied::Nothing,
            });
        }
        let work = Work { who: &unit.name, target: None, limit: None };
        let host = env.host(&work);
        let began = env.elapsed();
        let component = host.check_cancelled().and_then(|()| {
            let creation = Creation { binding: &unit.name, config: &unit.config, dependencies, host: &host };
            contained(|| with_current(&host, || unit.component.create(creation)))
        });
        let took = env.elapsed().saturating_sub(began);
        env.told(&HookReport { target: None, who: &unit.name, took, error: component.as_ref().err() });
        let component = component.map_err(|error| self.failure(position, None, error))?;
        let number = {
            let mut inner = self.lock();
            inner.created += 1;
            inner.created
        };
        Ok(Arc::new(Instance {
            key: key.clone(),
            component,
            dependencies: held,
            number,
            late,
            started: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
        }))
    }

    /// One thing that a dependency is given.
    fn provide(
        &self,
        env: &Arc<dyn Environment>,
        target: Target,
        scope: &ScopeKey,
        late: bool,
        held: &mut Vec<Key>,
    ) -> Result<Provided, HookFailure> {
        match target {
            Target::Unit(id) => {
                let position = self.wiring.position(id).unwrap_or(usize::MAX);
                let instance = self.instance(env, position, scope, late)?;
                held.push(instance.key.clone());
                let unit = self.unit(position).map_err(|error| self.failure(position, None, error))?;
                let component = Arc::clone(&instance.component);
                let what = ProvidedKind::Component(component, Arc::clone(&unit.component));
                Ok(Provided { binding: Arc::clone(&unit.name), what })
            }
            Target::Resource(id) => {
                let (name, what) = env.resource(id);
                Ok(Provided { binding: name, what: ProvidedKind::Engine(what) })
            }
        }
    }

    pub(crate) fn failure(&self, position: usize, target: Option<&str>, error: StepError) -> HookFailure {
        HookFailure { target: target.map(str::to_owned), who: self.name(position).to_owned(), error: Box::new(error) }
    }
}

fn stopping() -> StepError {
    StepError::new(ErrorKind::Cancelled, "the run is stopping")
}
