//! Which functions there are, as the engine's modules say.

use rhai::{Engine, FuncInfo};
use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use thinking_std::{FunctionDoc, Library};

/// Numbers of arguments by name.
pub type Arities = BTreeMap<String, BTreeSet<usize>>;

/// Functions that Rhai itself handles, so that no module lists them.
const BUILT_IN: &[&str] =
    &["print", "debug", "type_of", "Fn", "call", "curry", "is_shared", "is_def_var", "is_def_fn", "eval"];

/// All functions of an engine.
pub struct Known {
    /// Functions called by their bare name, and methods (the receiver counts as an argument).
    pub bare: Arities,
    /// Functions called `namespace::name`.
    pub qualified: Arities,
    /// Constants called `namespace::NAME`.
    pub constants: BTreeSet<String>,
    /// Namespaces.
    pub namespaces: BTreeSet<String>,
    methods: HashMap<TypeId, Arities>,
    docs: HashMap<String, FunctionDoc>,
}

impl Known {
    /// Asks the engine's modules, and the library for what it says of its functions.
    pub fn new(engine: &Engine, library: &Library) -> Self {
        let listed = engine.collect_fn_metadata(None, describe, true);
        let mut known = Self {
            bare: Arities::new(),
            qualified: Arities::new(),
            constants: BTreeSet::new(),
            namespaces: library.modules.iter().map(|(name, _)| (*name).to_owned()).collect(),
            methods: HashMap::new(),
            docs: HashMap::new(),
        };
        for (namespace, name, arity, receiver) in listed {
            if !namespace.is_empty() {
                known.qualified.entry(format!("{namespace}::{name}")).or_default().insert(arity);
                continue;
            }
            if let Some(receiver) = receiver {
                known.methods.entry(receiver).or_default().entry(name.clone()).or_default().insert(arity);
            }
            known.bare.entry(name).or_default().insert(arity);
        }
        for (name, module) in &library.modules {
            known.constants.extend(module.iter_var().map(|(constant, _)| format!("{name}::{constant}")));
        }
        // Methods are told apart by their types; only functions are found by their full names here.
        for doc in &library.functions {
            let full = doc.full_name();
            if doc.namespace.is_empty() || known.namespaces.contains(doc.namespace) {
                known.docs.insert(full, doc.clone());
            }
        }
        known
    }

    /// What the library says of a function, by its full name.
    pub fn doc(&self, full_name: &str) -> Option<&FunctionDoc> {
        self.docs.get(full_name)
    }

    /// The methods of a type of the engine; the receiver counts as an argument.
    pub fn methods<T: 'static>(&self) -> Option<&Arities> {
        self.methods.get(&TypeId::of::<T>())
    }

    /// Whether Rhai itself handles the name.
    pub fn is_built_in(name: &str) -> bool {
        BUILT_IN.contains(&name)
    }
}

fn describe(info: FuncInfo<'_>) -> Option<(String, String, usize, Option<TypeId>)> {
    let name = info.metadata.name.as_str();
    // Operators, getters and setters have names that scripts cannot write.
    if !rhai::is_valid_identifier(name) {
        return None;
    }
    let receiver = info.metadata.param_types.first().copied();
    Some((info.namespace.to_string(), name.to_owned(), info.metadata.num_params, receiver))
}
