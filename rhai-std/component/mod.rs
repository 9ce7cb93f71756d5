//! Components, as variables of their bindings' names.

mod call;
mod cross;

pub use call::operations;
pub use cross::crossing;

use crate::failure::Answer;
use rhai::Dynamic;
use std::any::TypeId;
use std::sync::{Arc, OnceLock};
use thinking_step::{Component, ComponentType, Host, Provided, ProvidedKind, StepError};

/// A component as a script holds it: leads to the component, which is asked for at the first call.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

struct Inner {
    /// What the script calls it.
    name: Box<str>,
    /// The binding that the host is asked for.
    binding: Box<str>,
    found: OnceLock<Found>,
}

/// The component itself.
struct Found {
    component: Arc<dyn Component>,
    kind: Arc<dyn ComponentType>,
    /// The same, if it is a script: values reach it as they are.
    script: Option<Arc<dyn Scripted>>,
}

impl Found {
    fn new(component: Arc<dyn Component>, kind: Arc<dyn ComponentType>) -> Self {
        let script = Arc::clone(&component).cast(TypeId::of::<dyn Scripted>());
        let script = script.and_then(|script| script.downcast::<Arc<dyn Scripted>>().ok()).map(|script| *script);
        Self { component, kind, script }
    }
}

/// A component that is a script.
pub trait Scripted: Send + Sync {
    /// As [`Component::call`], with scripts' values: no functions and nothing of the engine is among them, and in what comes back.
    ///
    /// # Errors
    /// The operation failed.
    fn call_with(&self, operation: usize, arguments: Vec<Dynamic>, host: &Arc<dyn Host>) -> Result<Dynamic, StepError>;
}

impl Handle {
    /// The component of a binding, found when it is first used. `name` is what the script calls it. One handle is for one attempt.
    #[must_use]
    pub fn binding(name: &str, binding: &str) -> Self {
        Self(Arc::new(Inner { name: name.into(), binding: binding.into(), found: OnceLock::new() }))
    }

    /// What a dependency was given, as a script's variable: a handle, or what the engine has. `engine` makes the latter.
    pub fn provided(
        name: &str,
        provided: &Provided,
        engine: impl FnOnce(&thinking_step::VariableKind) -> Dynamic,
    ) -> Dynamic {
        match &provided.what {
            ProvidedKind::Component(component, kind) => {
                let handle = Self::binding(name, &provided.binding);
                let _ = handle.0.found.set(Found::new(Arc::clone(component), Arc::clone(kind)));
                Dynamic::from(handle)
            }
            ProvidedKind::Engine(kind) => engine(kind),
        }
    }

    fn found(&self, host: &Arc<dyn Host>) -> Answer<&Found> {
        if let Some(found) = self.0.found.get() {
            return Ok(found);
        }
        let (component, kind) = host.component(&self.0.binding).map_err(crate::failure::raise)?;
        Ok(self.0.found.get_or_init(|| Found::new(component, kind)))
    }
}
