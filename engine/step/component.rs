//! Components: what the engine creates, wires, starts and stops, whatever they are written in.
//!
//! A [`ComponentType`] is what is known before anything runs: [`About`] says its name, what it provides and needs, its configuration and
//! operations. [`ComponentType::create`] gives a [`Component`], whose operations are called by name with [`Arguments`] of any origin: a
//! script's values or the manifest's JSON come in through serde, without a detour of one through the other.

use crate::{Class, Host, KeptField, LibraryCall, Need, Reference, StepError, Supplied, Value};
use std::any::{Any, TypeId};
use std::sync::Arc;
use thinking_diagnostic::Span;

/// Where something is declared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// In Rust: file and line, relative to its crate's workspace.
    Source(&'static str, u32),
    /// In a manifest or script.
    Manifest(Span),
    /// By the engine itself.
    #[default]
    Engine,
}

/// An interface that a component provides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name: a trait's in kebab-case (`Tokenizer` → `tokenizer`).
    pub name: String,
    /// The trait object's type (`TypeId::of::<dyn Tokenizer>()`); `None` for what a script provides.
    pub rust: Option<TypeId>,
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// As in scripts (`min_count`); manifests may write `min-count`.
    pub name: String,
    /// What it takes, as a JSON Schema in one piece; `true` where nothing is known.
    pub schema: Value,
    /// Whether it may be left out.
    pub optional: bool,
}

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// As in scripts (`warm_up`); manifests may write `warm-up`.
    pub name: String,
    /// For people: the first paragraph of its documentation; may be empty.
    pub doc: String,
    /// What it takes, in order.
    pub parameters: Vec<Parameter>,
    /// What it gives, for people: a type as it is written in its source; empty where nothing is known.
    pub returns: String,
    /// How it touches the world. An operation that does not say so may do anything: it counts as [`Class::Effect`] in a step, and is
    /// allowed in expressions unless [`Operation::declared`].
    pub class: Class,
    /// Whether the class was declared, rather than assumed.
    pub declared: bool,
    /// Where it is declared.
    pub origin: Origin,
}

impl Operation {
    /// The fewest and the most arguments that it takes.
    #[must_use]
    pub fn arity(&self) -> (usize, usize) {
        let most = self.parameters.len();
        let optional = self.parameters.iter().rev().take_while(|parameter| parameter.optional).count();
        (most - optional, most)
    }

    /// How it is called, for people: `split(text) -> Vec<String>`.
    #[must_use]
    pub fn signature(&self) -> String {
        let names: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| if parameter.optional { format!("{}?", parameter.name) } else { parameter.name.clone() })
            .collect();
        let returns = if self.returns.is_empty() { String::new() } else { format!(" -> {}", self.returns) };
        format!("{}({}){returns}", self.name, names.join(", "))
    }
}

/// What is known of a kind of component before one is created.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Its name: `text.split`.
    pub name: String,
    /// For people; may be empty.
    pub doc: String,
    /// Raised by its author when the same configuration and arguments would now give something else: steps that used it run again.
    pub version: String,
    /// The interfaces that it provides, without its own type.
    pub provides: Vec<Interface>,
    /// The Rust type that it is; `None` for a script.
    pub rust: Option<TypeId>,
    /// JSON Schema (an object, in one piece) of its configuration.
    pub config: Value,
    /// What it depends on, in the order of its declaration.
    pub needs: Vec<Need>,
    /// What it can do, in the order of its declaration.
    pub operations: Vec<Operation>,
    /// The names of its parts that are saved with the steps that change them.
    pub persistent: Vec<String>,
    /// Further text whose change is a change of the component (a script's canonical text), with the places of its pieces; empty for Rust.
    pub definition: (String, Vec<(u32, Span)>),
    /// Where it is declared.
    pub origin: Origin,
}

impl About {
    /// The number of the operation of that name, as in scripts or as in manifests.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<usize> {
        let same =
            |known: &str| known == name || known.bytes().eq(name.bytes().map(|c| if c == b'-' { b'_' } else { c }));
        self.operations.iter().position(|operation| same(&operation.name))
    }
}

/// A kind of component.
pub trait ComponentType: Send + Sync {
    /// What is known of it.
    fn about(&self) -> &About;

    /// What its script mentions outside of itself, as far as its text says: files, servers, environment variables. Nothing is known of Rust.
    fn references(&self) -> &[Reference] {
        &[]
    }

    /// The calls of library functions that touch the world outside, as far as its text says.
    fn calls(&self) -> &[LibraryCall] {
        &[]
    }

    /// The fields that its script keeps in memory from one call to the next, in the order of the text. Nothing is known of Rust.
    fn kept(&self) -> &[KeptField] {
        &[]
    }

    /// Creates one. Nothing of it has started yet.
    ///
    /// # Errors
    /// The configuration does not fit (it was checked against the schema, so that is rare), or its constructor refused.
    fn create(&self, creation: Creation<'_>) -> Result<Arc<dyn Component>, StepError>;
}

/// What a component is made of.
pub struct Creation<'a> {
    /// The binding that it is created for: its recorded state goes by that name.
    pub binding: &'a str,
    /// Its configuration, checked: a JSON object.
    pub config: &'a Value,
    /// What it depends on: one for each of [`About::needs`], in that order.
    pub dependencies: Vec<Supplied>,
    /// The world while it is created: parameters, facets, the run. Nothing can be written.
    pub host: &'a Arc<dyn Host>,
}

/// The arguments of a call, wherever they come from.
pub trait Arguments {
    /// How many there are. `None`: they come by name.
    fn positional(&self) -> Option<usize>;

    /// The argument for the parameter at a position or of a name, ready to be deserialized; `None` if it was not given.
    fn get<'a>(&'a mut self, position: usize, name: &str) -> Option<Box<dyn erased_serde::Deserializer<'a> + 'a>>;
}

/// What an operation gives, to be turned into a script's value or into JSON by who asked.
pub type Answer = Box<dyn erased_serde::Serialize + Send>;

/// A component that was created.
pub trait Component: Send + Sync {
    /// Calls an operation by its number in [`About::operations`].
    ///
    /// # Errors
    /// An argument does not fit (kind `native` or `script`, naming the parameter), or the operation failed. Panics are contained by the
    /// caller.
    fn call(&self, operation: usize, arguments: &mut dyn Arguments, host: &Arc<dyn Host>) -> Result<Answer, StepError>;

    /// Itself as a Rust type: for `T` an `Arc<T>` in the box, where `T` is its own type or the trait object of an interface that it
    /// provides. `None` if it is no such thing.
    fn cast(self: Arc<Self>, rust: TypeId) -> Option<Box<dyn Any + Send + Sync>> {
        let _ = rust;
        None
    }
}

/// A component and what is known of its kind.
pub type Known = (Arc<dyn Component>, Arc<dyn ComponentType>);
