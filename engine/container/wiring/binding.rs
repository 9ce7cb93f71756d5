//! What a manifest binds, and what the engine has.

use std::fmt;
use thinking_diagnostic::Span;
use thinking_step::{Value, VariableKind};

/// How long an instance of a binding lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Lifetime {
    /// One attempt of a step has its own.
    Step,
    /// Each iteration of the innermost loop has its own.
    Item,
    /// Each stage has its own.
    Stage,
    /// One for the whole run.
    #[default]
    Run,
}

impl Lifetime {
    /// The word for it in `scope=`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Item => "item",
            Self::Stage => "stage",
            Self::Run => "run",
        }
    }

    /// The lifetime that a word means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Step, Self::Item, Self::Stage, Self::Run].into_iter().find(|lifetime| lifetime.name() == name)
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// `bind NAME to=COMPONENT`, after facets and `when`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Binding {
    /// Its name, as in the manifest.
    pub name: String,
    /// Where the name stands.
    pub span: Option<Span>,
    /// The component's name.
    pub component: String,
    /// Where that stands.
    pub component_span: Option<Span>,
    /// `scope=`
    pub lifetime: Lifetime,
    /// Taken before others that fit.
    pub primary: bool,
    /// Taken only where nothing else is.
    pub fallback: bool,
    /// Created at its first use.
    pub lazy: bool,
    /// Created whether something needs it or not.
    pub eager: bool,
    /// The component's configuration: a JSON object.
    pub config: Value,
    /// What it says of its dependencies.
    pub wires: Vec<Wire>,
}

/// `wire DEPENDENCY to=BINDING`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wire {
    /// The dependency's name.
    pub need: String,
    /// Where that stands.
    pub need_span: Option<Span>,
    /// The binding (or database, …) that it takes.
    pub binding: String,
    /// Where that stands.
    pub binding_span: Option<Span>,
}

/// Something that the engine has and that goes by a name like a binding: a database, `params`, `facets`, `run`, a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its name, as in the manifest.
    pub name: String,
    /// What a dependency may call it: `kv`, `params`, …
    pub kinds: Vec<String>,
    /// What a script's variable of that name would be.
    pub what: VariableKind,
    /// Where it is declared.
    pub span: Option<Span>,
}
