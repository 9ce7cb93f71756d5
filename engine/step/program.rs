//! Scripts as the rest of the engine sees them.

use crate::{About, Class, ComponentType, Host, Need, Origin, StepError, Value};
use std::{collections::BTreeMap, sync::Arc};
use thinking_diagnostic::{Diagnostic, MappedText, Span};

/// Where a piece of code stands; decides what it may call and which variables there are besides the scope's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Body of a step: may write, may touch the world.
    Step,
    /// `when`, `in`, `until`, `key`, templates of tasks: reads only. May look at files and the clock, may not change anything.
    Expression,
    /// `default`, `detect` and templates in `runtime` and `bind`: `params facets mode` and pure functions only.
    Pure,
    /// What runs when something starts or stops: may touch the world outside, but data is read-only.
    Hook,
}

/// What a variable is, as far as it is known before anything runs.
#[derive(Debug, Clone, PartialEq)]
pub enum VariableKind {
    /// `params`: the names as in scripts (`batch_size`).
    Params(Vec<String>),
    /// `facets`: has `has(name)`; the declared names.
    Facets(Vec<String>),
    /// `mode`: a string.
    Mode,
    /// `run`: has `id dir started`.
    Run,
    /// `results`: names that can be there, as in scripts.
    Results(Vec<String>),
    /// `step`: has `key attempt path`.
    Step,
    /// A loop variable or `index`.
    Loop,
    /// A kv database of that name (as in the manifest).
    Kv(String),
    /// A database of documents.
    Documents {
        /// As in the manifest.
        name: String,
        /// Fields that are looked up by an index, sorted.
        index: Vec<String>,
    },
    /// A database of vectors.
    Vectors {
        /// As in the manifest.
        name: String,
        /// How many numbers each vector has; 0 where that is not known (a check without parameters).
        dimensions: usize,
        /// How near two of them are.
        metric: Metric,
    },
    /// A database of nested values, by its name.
    Objects(String),
    /// A component that is bound to that name (as in the manifest).
    Component {
        /// The binding, as in the manifest.
        binding: String,
        /// What is known of its kind.
        about: Arc<About>,
    },
    /// Something of which nothing is known, because it has mistakes itself: whatever is asked of it may be right.
    Unknown,
    /// `outcome`, in hooks that stop something: `"done"`, `"failed"` or `"interrupted"`.
    Outcome,
    /// A variable that passes from one script to the next: an earlier part of a test gave it, and this one may change it.
    Flow,
}

/// How near two vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// The cosine of the angle between them; more is nearer.
    Cosine,
    /// Their scalar product; more is nearer.
    Dot,
    /// The distance between their ends; less is nearer.
    Euclidean,
}

impl VariableKind {
    /// The name of the database that it is, as in the manifest.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        match self {
            Self::Kv(name) | Self::Documents { name, .. } | Self::Vectors { name, .. } | Self::Objects(name) => {
                Some(name)
            }
            _ => None,
        }
    }
}

/// One variable of a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopeEntry {
    /// What it is.
    pub kind: VariableKind,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// The variables that code can see, by their names in scripts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StaticScope {
    /// By name in scripts.
    pub variables: BTreeMap<String, ScopeEntry>,
}

/// Something outside of itself that a program mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceKind {
    /// `params.name`
    Param(String),
    /// `params` in some other way (`params["x" + y]`, passed on): any parameter.
    AnyParam,
    /// `results.name`
    SiblingResult(String),
    /// `result("path")` with a literal path.
    Result(String),
    /// `result(…)` with a computed path, or `results` used in some other way.
    AnyResult,
    /// `facets.has("name")` with a literal name.
    Facet(String),
    /// A loop variable or `index`.
    Variable(String),
    /// A database.
    Database(String),
    /// A component's binding, as in the manifest.
    Component(String),
    /// A call of a function with a literal first argument that names a file to read, e.g. `fs::read_text("a.txt")`;
    /// of a pattern (`fs::glob("data/*.csv")`) the directory that is searched.
    ReadsFile(String),
    /// The same for writing.
    WritesFile(String),
    /// `sys::env("NAME")` with a literal name.
    ReadsEnv(String),
    /// `http::get("https://host/…")` with a literal URL: the host in lower case, and the port.
    Connects(String, u16),
}

/// A [`ReferenceKind`] and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What is mentioned.
    pub kind: ReferenceKind,
    /// Where.
    pub span: Span,
}

/// A call of a library function that touches the world outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryCall {
    /// The function as scripts write it: `fs::read_text`.
    pub function: String,
    /// How it touches the world: looks at it, or changes it.
    pub class: Class,
    /// Where.
    pub span: Span,
}

/// A checked piece of code.
pub trait Program: Send + Sync {
    /// Runs it. The value is what JSON can say; a script without a last value gives `Null`.
    ///
    /// # Errors
    /// What the script threw or a function refused, with the place in the manifest or script file.
    fn eval(&self, host: &Arc<dyn Host>) -> Result<Value, StepError>;
    /// As [`Program::eval`], for the `in` of a loop: a range comes as `{"$range": [first, end]}` (the end not included), so that a million
    /// iterations cost nothing before they run.
    ///
    /// # Errors
    /// As [`Program::eval`].
    fn eval_items(&self, host: &Arc<dyn Host>) -> Result<Value, StepError> {
        self.eval(host)
    }
    /// What it mentions outside of itself, in the order of the text.
    fn references(&self) -> &[Reference];
    /// The calls of library functions that touch the world outside, in the order of the text.
    fn calls(&self) -> &[LibraryCall] {
        &[]
    }
    /// What it means, without layout and comments and with its functions ordered by name: equal for two texts that do the same. Each
    /// `(offset, span)` says where the token at that byte of the text stands, ascending.
    fn canonical(&self) -> (&str, &[(u32, Span)]);
    /// Whether it mentions time, randomness or the run: its value may differ each time.
    fn volatile(&self) -> bool;
    /// The variables that it declares for good, in the order of the text: where variables pass from one script to the next, what comes after sees them.
    fn declares(&self) -> Vec<(String, Span)> {
        Vec::new()
    }
}

/// What a manifest says of a scripted component.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptedComponent {
    /// Its name: `text.shout`.
    pub name: String,
    /// For people.
    pub doc: String,
    /// Its version, if it has one.
    pub version: String,
    /// The interfaces that it provides.
    pub provides: Vec<String>,
    /// JSON Schema of its configuration.
    pub config: Value,
    /// What it depends on.
    pub needs: Vec<Need>,
    /// Whether the fields that it sets itself are saved with the steps that change them.
    pub persistent: bool,
    /// What its dependencies are, by their names in scripts, as far as that is known: the wiring decides it. What is not here is not looked into.
    pub dependencies: BTreeMap<String, VariableKind>,
    /// Where it is declared.
    pub origin: Origin,
}

/// A field of `this` that a scripted component keeps from one call to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptField {
    /// Its name.
    pub name: String,
    /// Where it is set.
    pub span: Span,
    /// The operations that set it, themselves or through other functions.
    pub set_by: Vec<String>,
    /// The operations that look at what an earlier call left in it.
    pub read_by: Vec<String>,
}

/// A scripting language.
pub trait Language: Send + Sync {
    /// Parses and checks code: syntax, undefined variables, functions that do not exist with that many arguments, writes and effects where
    /// the purpose forbids them. Gives the program, or every mistake found.
    ///
    /// # Errors
    /// All mistakes, each with its place in the text that `code` was decoded from.
    fn compile(
        &self,
        code: &MappedText,
        scope: &StaticScope,
        purpose: Purpose,
    ) -> Result<Arc<dyn Program>, Vec<Diagnostic>>;
    /// Parses and checks a scripted component: every function is an operation, in which `this` is the component. In `this` there are `config` (a map with
    /// the fields of the schema) and each dependency under its name in scripts; `dependencies` says what each one is, as far as it is known.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    fn component(
        &self,
        code: &MappedText,
        declared: ScriptedComponent,
    ) -> Result<Arc<dyn ComponentType>, Vec<Diagnostic>>;
    /// Whether a word cannot be a variable (keywords and reserved words).
    fn is_reserved(&self, word: &str) -> bool;
}
