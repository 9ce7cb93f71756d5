//! What is alive.

use crate::lifecycle::{Hook, LifecyclePlan};
use crate::live::{Environment, HookFailure, Scope, ScopeKey};
use crate::wiring::{Lifetime, Unit, Wiring};
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use thinking_step::{Component, Known, StepError};

/// The components of a run. All methods may be called from any thread.
pub struct Container {
    pub(crate) wiring: Arc<Wiring>,
    pub(crate) plan: LifecyclePlan,
    /// For each unit by its position: what it does in which target (by position in the plan).
    pub(crate) hooks: Vec<Vec<UnitHook>>,
    /// Whether any unit lives shorter than the run.
    pub(crate) scoped: bool,
    pub(crate) inner: Mutex<Inner>,
    /// Something became alive, failed, or ended.
    pub(crate) changed: Condvar,
}

/// What a unit does in a target.
#[derive(Clone, Copy)]
pub(crate) struct UnitHook {
    pub(crate) target: usize,
    pub(crate) operation: usize,
    pub(crate) told: bool,
    /// The `on` that gives it arguments: the environment calls it.
    pub(crate) action: Option<usize>,
}

/// How far the run is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    New,
    Starting,
    Running,
    Stopping,
    Stopped,
}

/// Which instance: the position of its unit, and the scope that it belongs to.
pub(crate) type Key = (usize, Option<Scope>);

pub(crate) enum Slot {
    /// Being created by that thread.
    Busy(ThreadId),
    Live(Arc<Instance>),
}

pub(crate) struct Inner {
    pub(crate) phase: Phase,
    pub(crate) slots: HashMap<Key, Slot>,
    /// How many were created; tells the order.
    pub(crate) created: u64,
    /// How many scopes are being left.
    pub(crate) leaving: usize,
    /// What failed while one that came too late was stopped again.
    pub(crate) failures: Vec<HookFailure>,
}

/// A component that lives.
pub(crate) struct Instance {
    pub(crate) key: Key,
    pub(crate) component: Arc<dyn Component>,
    /// What it was given.
    pub(crate) dependencies: Vec<Key>,
    /// Which one it was.
    pub(crate) number: u64,
    /// Created at its first use: it went through the targets of the start by itself.
    pub(crate) late: bool,
    /// Whether it is through with `startup`, so that it must be stopped.
    pub(crate) started: AtomicBool,
    /// Whether it overran its grace: its thread may still hold it, so it is left alone.
    pub(crate) abandoned: AtomicBool,
}

impl Container {
    /// A container of which nothing lives yet.
    #[must_use]
    pub fn new(wiring: Arc<Wiring>, plan: LifecyclePlan) -> Self {
        let mut hooks = vec![Vec::new(); wiring.units.len()];
        for (target, planned) in plan.targets.iter().enumerate() {
            for hook in &planned.hooks {
                if let Hook::Unit { unit, operation, told, on, given } = *hook
                    && let Some(own) = wiring.position(unit).and_then(|at| hooks.get_mut(at))
                {
                    own.push(UnitHook { target, operation, told, action: on.filter(|_| given) });
                }
            }
        }
        let scoped = wiring.units.iter().any(|unit| unit.lifetime != Lifetime::Run);
        let inner = Inner { phase: Phase::New, slots: HashMap::new(), created: 0, leaving: 0, failures: Vec::new() };
        Self { wiring, plan, hooks, scoped, inner: Mutex::new(inner), changed: Condvar::new() }
    }

    /// What it was made from.
    #[must_use]
    pub fn wiring(&self) -> &Arc<Wiring> {
        &self.wiring
    }

    /// What is done in which target.
    #[must_use]
    pub fn plan(&self) -> &LifecyclePlan {
        &self.plan
    }

    /// The component of a binding, as it is for a use in that scope; created and started if it was not. One that could not be created or
    /// started is tried anew at the next use.
    ///
    /// # Errors
    /// The wiring does not hold such a binding, it cannot be created or started, nothing has started yet, or the run is stopping.
    pub fn get(&self, env: &Arc<dyn Environment>, binding: &str, scope: &ScopeKey) -> Result<Known, StepError> {
        match self.wiring.find(binding) {
            Some(position) => self.get_at(env, position, scope),
            None => Err(StepError::script(format!("there is no binding `{binding}` here"))),
        }
    }

    /// As [`Container::get`], by the unit's position in the wiring.
    ///
    /// # Errors
    /// As [`Container::get`].
    pub fn get_at(&self, env: &Arc<dyn Environment>, position: usize, scope: &ScopeKey) -> Result<Known, StepError> {
        let unit = self.unit(position)?;
        let instance = self.instance(env, position, scope, true).map_err(HookFailure::into_error)?;
        Ok((Arc::clone(&instance.component), Arc::clone(&unit.component)))
    }

    pub(crate) fn unit(&self, position: usize) -> Result<&Unit, StepError> {
        self.wiring.units.get(position).ok_or_else(|| StepError::script("there is no such binding here"))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing foreign runs under the lock, so that what it guards is whole even if some thread panicked.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn name(&self, position: usize) -> &str {
        self.wiring.units.get(position).map_or("", |unit| &unit.name)
    }
}
