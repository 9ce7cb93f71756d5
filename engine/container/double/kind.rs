//! The kind of a component with doubles.

use crate::double::component::Doubled;
use crate::double::dependencies::Later;
use crate::double::{Calls, Stand};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use thinking_step::{
    About, Class, Component, ComponentType, Creation, KeptField, LibraryCall, Reference, StepError, with_current,
};

/// What stands in for one operation, call by call.
pub(crate) struct Turns {
    stands: Vec<Stand>,
    next: AtomicUsize,
}

impl Turns {
    pub(crate) fn new(stands: Vec<Stand>) -> Self {
        Self { stands, next: AtomicUsize::new(0) }
    }

    /// What stands in for the next call.
    pub(crate) fn next(&self) -> Option<&Stand> {
        let last = self.stands.len().checked_sub(1)?;
        // All instances of a binding share the turns: a test thinks of calls, not of who they reach.
        let turn = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |turn| Some(last.min(turn + 1)));
        self.stands.get(turn.unwrap_or(last).min(last))
    }
}

/// What all instances of a component with doubles share.
pub(crate) struct Shared {
    /// The component behind it.
    pub(crate) real: Arc<dyn ComponentType>,
    /// As the component's own, but for what stubs no longer touch.
    pub(crate) about: About,
    pub(crate) binding: Arc<str>,
    /// By the number of the operation.
    pub(crate) turns: Vec<Option<Turns>>,
    /// What it depends on, where it is created only when it is needed.
    pub(crate) later: Option<Vec<Later>>,
    /// Operations that take part in the start of the run.
    pub(crate) starts: BTreeSet<usize>,
    /// Operations that take part in its end.
    pub(crate) stops: BTreeSet<usize>,
    pub(crate) calls: Arc<Calls>,
}

impl Shared {
    /// What is known of a component whose operations are called through something that stands before it.
    pub(crate) fn about(real: &About, turns: &[Option<Turns>]) -> About {
        let mut about = real.clone();
        for (at, operation) in about.operations.iter_mut().enumerate() {
            let only_stubs = matches!(turns.get(at), Some(Some(turns)) if turns.stands.iter().all(Stand::is_stub));
            // A stub touches nothing, and what a script calls says by itself how it touches the world.
            if only_stubs || real.rust.is_none() {
                (operation.class, operation.declared) = (Class::Pure, true);
            }
        }
        about
    }
}

/// The kind of a component with doubles.
pub(crate) struct DoubledKind(pub(crate) Arc<Shared>);

impl ComponentType for DoubledKind {
    fn about(&self) -> &About {
        &self.0.about
    }

    fn references(&self) -> &[Reference] {
        self.0.real.references()
    }

    fn calls(&self) -> &[LibraryCall] {
        self.0.real.calls()
    }

    fn kept(&self) -> &[KeptField] {
        self.0.real.kept()
    }

    fn create(&self, creation: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        let shared = Arc::clone(&self.0);
        let (config, dependencies) = (creation.config.clone(), creation.dependencies.clone());
        let real = match shared.later {
            Some(_) => None,
            None => {
                let host = creation.host;
                Some(with_current(host, || shared.real.create(creation))?)
            }
        };
        Ok(Arc::new(Doubled { shared, config, dependencies, behind: Mutex::new((real, Vec::new())) }))
    }
}
