//! Dependencies: what is asked for, and what is given.

use crate::{Component, Origin, VariableKind};
use std::any::TypeId;
use std::sync::Arc;

/// A dependency of a component or of a native step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its own name: of the field, parameter or `needs` node; a binding of that name is taken first.
    pub name: String,
    /// What is asked for: an interface (`tokenizer`), a component (`text.split`), or what the engine has (`kv`, `params`, `facets`, `run`).
    /// Scripts ask by one word that is both name and interface.
    pub wanted: String,
    /// The Rust type that it must be: a trait object's or a component's own. `None`: any that goes by the name.
    pub rust: Option<TypeId>,
    /// Whether it may be missing.
    pub optional: bool,
    /// Whether all that fit are asked for.
    pub many: bool,
    /// Where it is declared.
    pub origin: Origin,
}

impl Need {
    /// A dependency of that name and kind that must be there.
    #[must_use]
    pub fn one(name: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            wanted: wanted.into(),
            rust: None,
            optional: false,
            many: false,
            origin: Origin::Engine,
        }
    }
}

/// What a dependency is given.
#[derive(Clone)]
pub enum Supplied {
    /// Nothing: it was optional.
    Nothing,
    /// The one.
    One(Provided),
    /// All, sorted by the names of their bindings.
    Many(Vec<Provided>),
}

/// One thing that a dependency is given.
#[derive(Clone)]
pub struct Provided {
    /// The binding's name.
    pub binding: Arc<str>,
    /// What it is.
    pub what: ProvidedKind,
}

/// What a binding is.
#[derive(Clone)]
pub enum ProvidedKind {
    /// A component, and what is known of its kind.
    Component(Arc<dyn Component>, Arc<dyn crate::ComponentType>),
    /// A database, `params`, `facets` or the run: what a script's variable of that kind would be.
    Engine(VariableKind),
}
