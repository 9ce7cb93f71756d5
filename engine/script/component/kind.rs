//! What is known of a scripted component before one is created.

use super::config_map;
use super::in_scripts;
use super::instance::Instance;
use crate::places::Places;
use crate::program::Variable;
use rhai::{AST, Dynamic, Engine, Map};
use std::sync::Arc;
use thinking_std::Handle;
use thinking_step::{
    About, Component, ComponentType, Creation, KeptField, LibraryCall, Limits, Provided, Reference, StepError,
    Supplied, VariableKind,
};

/// A kind of component that is a script.
pub struct ScriptedType {
    pub(super) about: Arc<About>,
    pub(super) references: Vec<Reference>,
    pub(super) calls: Vec<LibraryCall>,
    pub(super) kept: Vec<KeptField>,
    pub(super) engine: Arc<Engine>,
    pub(super) ast: Arc<AST>,
    pub(super) places: Arc<Places>,
    /// Whether there are constants, which are made before each call.
    pub(super) has_constants: bool,
    pub(super) memory: Option<u64>,
}

impl ComponentType for ScriptedType {
    fn about(&self) -> &About {
        &self.about
    }

    fn references(&self) -> &[Reference] {
        &self.references
    }

    fn calls(&self) -> &[LibraryCall] {
        &self.calls
    }

    fn kept(&self) -> &[KeptField] {
        &self.kept
    }

    fn create(&self, creation: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        let mut this = Map::from([("config".into(), config_map(creation.config))]);
        for (need, supplied) in self.about.needs.iter().zip(creation.dependencies) {
            let name = in_scripts(&need.name);
            let value = match supplied {
                Supplied::Nothing => Dynamic::UNIT,
                Supplied::One(provided) => variable(&name, &provided),
                Supplied::Many(all) => Dynamic::from_array(all.iter().map(|one| variable(&name, one)).collect()),
            };
            this.insert(name.into(), value);
        }
        let limits = Limits { memory: self.memory, ..Limits::default() };
        Ok(Arc::new(Instance::new(self, creation.binding, this, limits)))
    }
}

/// What a dependency is given, as scripts see it.
fn variable(name: &str, provided: &Provided) -> Dynamic {
    Handle::provided(name, provided, |kind: &VariableKind| match Variable::new(name, kind) {
        Variable::Fixed(value) => value,
        Variable::Component(name, binding) => Dynamic::from(Handle::binding(&name, &binding)),
        // What belongs to one task alone is no binding.
        Variable::Mode | Variable::Loop(_) | Variable::Flow(_) => Dynamic::UNIT,
    })
}
