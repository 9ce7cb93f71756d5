//! Model to plan: the task tree of one pipeline, with everything compiled, checked and wired.
//!
//! A [`Plan`] cannot name what does not exist: every script is a checked program, every `call` a native step that is there, every
//! container knows its children by number, and no pipeline runs itself.

mod assembly;
mod bindings;
mod builder;
mod compile;
mod database;
mod definition;
mod double;
mod links;
mod names;
mod params;
mod pure;
mod setting;
mod settings;
mod survey;
mod task;
mod template;
mod workshop;

pub use assembly::{Hooks, Inventory, On, OnBody};
pub use bindings::Bindings;
pub use compile::Compiler;
pub use database::Database;
pub use links::without_keys;
pub use names::script_name;
pub use params::Given;
pub use pure::host as pure_host;
pub use setting::{FromValue, Setting};
pub use settings::{LogSettings, Settings};
pub use survey::{By, Grant, Right, Survey, Touch, Use};
pub use task::{
    Backoff, Body, Branch, Call, Callee, Exec, OnError, ParamValue, Parameters, Plan, Retry, StdoutAs, Step, Task,
    TaskId, TaskKind, Wait, Wired,
};
pub use template::{Evaluate, Template, TemplatePart, TemplateValue};
pub use workshop::{Workshop, project_name};

/// Where native steps are looked up.
pub trait NativeSteps {
    /// The step of that name.
    fn get(&self, name: &str) -> Option<std::sync::Arc<dyn thinking_step::NativeStep>>;
    /// All names.
    fn names(&self) -> Vec<String>;
}

impl Workshop<'_, '_> {
    /// Gives every declared parameter its value, and keeps them for the plans to come.
    pub fn resolve_params(&mut self, given: &Given, diagnostics: &mut thinking_diagnostic::Diagnostics) {
        self.params = params::resolve(self, given, diagnostics);
    }

    /// A value of the manifest, its templates filled in: they may look at parameters (as they are now), facets and the mode. `None` if it is wrong.
    pub fn constant(
        &mut self,
        tree: &thinking_diagnostic::Spanned<thinking_schema::Tree>,
        diagnostics: &mut thinking_diagnostic::Diagnostics,
    ) -> Option<thinking_step::Value> {
        params::constant(self, tree, diagnostics)
    }
}
