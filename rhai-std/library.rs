//! All namespaces together.

use crate::namespace::{FunctionDoc, Namespace};
use rhai::{Engine, Identifier, Module, Position, Token};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The whole library, ready to be put into engines. Modules are shared: an engine more costs next to nothing.
pub struct Library {
    /// Functions without a namespace, and methods of the engine's types.
    pub globals: Arc<Module>,
    /// Namespaces by name.
    pub modules: Vec<(&'static str, Arc<Module>)>,
    /// What is known of every function.
    pub functions: Vec<FunctionDoc>,
}

impl Library {
    /// Puts the library into an engine.
    pub fn register(&self, engine: &mut Engine) {
        allow_debug(engine);
        engine.register_global_module(Arc::clone(&self.globals));
        for (name, module) in &self.modules {
            engine.register_static_module(*name, Arc::clone(module));
        }
    }
}

/// Lets `log::debug` be written: `debug` is a word of Rhai's own, which it does not take after `::`.
fn allow_debug(engine: &mut Engine) {
    thread_local! {
        /// Whether the token before was `::`. A text is cut into tokens on one thread, one after the other.
        static AFTER_COLONS: Cell<bool> = const { Cell::new(false) };
    }
    #[expect(deprecated, reason = "Rhai marks so what may change with a new version of it")]
    engine.on_parse_token(|token, position, _| {
        let after = AFTER_COLONS.replace(token == Token::DoubleColon);
        match token {
            Token::Identifier(name) => Token::Identifier(renamed(position).unwrap_or(name)),
            Token::Reserved(word) if after && *word == "debug" => Token::Identifier(word),
            other => other,
        }
    });
}

thread_local! {
    /// Names that the text under way is to be read with instead of what it says there.
    static RENAMED: RefCell<Vec<(Position, Box<Identifier>)>> = const { RefCell::new(Vec::new()) };
}

fn renamed(position: Position) -> Option<Box<Identifier>> {
    RENAMED.with_borrow(|all| all.iter().find(|(place, _)| *place == position).map(|(_, name)| name.clone()))
}

/// Parses something in `body` as if other names stood at some places.
pub fn renaming<T>(names: Vec<(Position, String)>, body: impl FnOnce() -> T) -> T {
    RENAMED.set(names.into_iter().map(|(place, name)| (place, Box::new(name.into()))).collect());
    let value = body();
    RENAMED.take();
    value
}

/// Builds the library.
#[must_use]
pub fn library() -> Library {
    let mut globals = Module::new();
    let mut functions = Vec::new();
    let global = [
        // First, so that what streams do by themselves takes the place of what they do as lists.
        crate::stream::list_methods(),
        crate::params::namespace(),
        crate::facets::namespace(),
        crate::results::namespace(),
        crate::results::globals(),
        crate::run_info::namespace(),
        crate::step_info::namespace(),
        crate::kv::namespace(),
        crate::documents::namespace(),
        crate::vectors::namespace(),
        crate::objects::namespace(),
        crate::assertion::namespace(),
        crate::time::globals(),
        crate::trial::namespace(),
        crate::trial::clock(),
        crate::guard::namespace(),
        crate::http::methods(),
        crate::stream::methods(),
    ];
    for Namespace { module, functions: docs, .. } in global {
        globals.combine(module);
        functions.extend(docs);
    }
    // Messages name types so.
    globals
        .set_custom_type::<crate::Params>("params")
        .set_custom_type::<crate::Facets>("facets")
        .set_custom_type::<crate::Results>("results")
        .set_custom_type::<crate::RunHandle>("run")
        .set_custom_type::<crate::StepHandle>("step")
        .set_custom_type::<crate::ClockHandle>("clock")
        .set_custom_type::<crate::Kv>("database")
        .set_custom_type::<crate::Handle>("component")
        .set_custom_type::<crate::http::Response>("response")
        // A script need not know that its elements are not there yet.
        .set_custom_type::<crate::stream::Stream>("array")
        .set_custom_type::<crate::Documents>("documents")
        .set_custom_type::<crate::Vectors>("vectors")
        .set_custom_type::<crate::Objects>("objects");
    let spaces = [
        crate::chart::namespace(),
        crate::csv::namespace(),
        crate::fs::namespace(),
        crate::hash::namespace(),
        crate::http::namespace(),
        crate::json::namespace(),
        crate::list::namespace(),
        crate::log::namespace(),
        crate::math::namespace(),
        crate::rand::namespace(),
        crate::stats::namespace(),
        crate::sys::namespace(),
        crate::text::namespace(),
        crate::time::namespace(),
        crate::toml::namespace(),
    ];
    let mut modules = Vec::with_capacity(spaces.len());
    for Namespace { name, mut module, functions: docs, .. } in spaces {
        module.build_index();
        modules.push((name, Arc::new(module)));
        functions.extend(docs);
    }
    globals.build_index();
    Library { globals: Arc::new(globals), modules, functions }
}
