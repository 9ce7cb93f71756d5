//! Components, what is bound to what, and crates with components.

use crate::{
    Code, Named, Param, Tree,
    named::{DOTTED, NAME},
    scalar::words,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};
use thinking_diagnostic::Spanned;

/// A component that is written as a script.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Component {
    /// The interfaces that it can be used as.
    #[serde(default)]
    #[schemars(extend("items" = { "type": "string", "pattern": NAME }))]
    pub provides: Vec<Spanned<String>>,
    /// The script: a file of Rhai functions, each of them an operation.
    pub script: Spanned<String>,
    /// Its version: a change of it is a change of every step that uses it.
    pub version: Option<Spanned<String>>,
    /// Whether its state is saved with each step that used it, and restored when a run goes on.
    #[serde(default)]
    pub persistent: bool,
    /// What can be set where it is bound, by name.
    #[serde(default)]
    #[schemars(with = "Named<ConfigParam>")]
    pub param: Named<Param>,
    /// What it needs, in order.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// What it is for, for people.
    pub description: Option<String>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A parameter of a component: as any, but its value comes from where the component is bound, never from the environment.
struct ConfigParam;

impl JsonSchema for ConfigParam {
    fn schema_name() -> Cow<'static, str> {
        "ConfigParam".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Param::json_schema(generator);
        if let Some(properties) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
            properties.remove("env");
            properties.remove("secret");
        }
        schema
            .insert("description".to_owned(), "A parameter of a component: its value stands where it is bound.".into());
        schema
    }
}

/// Something that a component needs.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["name"], "x-kdl-name" = "name"))]
pub struct Need {
    /// The name of a binding, or of an interface.
    #[schemars(extend("pattern" = NAME))]
    pub name: Spanned<String>,
    /// Whether it may be missing; it is `()` then.
    #[serde(default)]
    pub optional: bool,
    /// Whether all that there are are meant: a list, sorted by name.
    #[serde(default)]
    pub many: bool,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

words! {
    /// How long one instance of a component lives.
    ScopeWord {
        /// As long as the run.
        Run = "run",
        /// As long as the stage that uses it.
        Stage = "stage",
        /// As long as the step that uses it.
        Step = "step",
        /// As long as an item of a loop.
        Item = "item",
    }
    /// How cargo builds.
    ProfileWord {
        /// Fast programs.
        Release = "release",
        /// Fast builds.
        Dev = "dev",
    }
}

/// A binding: a name for a component with its config. Properties are the engine's, children are the component's config, except `wire`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = [], "x-kdl-children" = "config", "x-kdl-nodes" = { "wire": "wire" }))]
pub struct Bind {
    /// The component.
    #[schemars(extend("pattern" = DOTTED))]
    pub to: Spanned<String>,
    /// How long one instance lives; as long as the run without.
    pub scope: Option<Spanned<ScopeWord>>,
    /// Rhai: only if this is true. It may look at parameters, facets and the mode.
    pub when: Option<Code>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
    /// Chosen before other implementations of its interfaces.
    #[serde(default)]
    pub primary: bool,
    /// Chosen only if there is no other implementation of its interfaces.
    #[serde(default)]
    pub fallback: bool,
    /// Created at its first use.
    #[serde(default)]
    pub lazy: bool,
    /// Created also if nothing of the pipeline needs it.
    #[serde(default)]
    pub eager: bool,
    /// Bindings for single dependencies: the children `wire`.
    #[serde(default)]
    pub wire: Vec<Wire>,
    /// The component's config by name, as written: all other children.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Tree>")]
    pub config: Named<Spanned<Tree>>,
}

/// The binding for one dependency.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["dependency"], "x-kdl-name" = "dependency"))]
pub struct Wire {
    /// The dependency's name.
    #[schemars(extend("pattern" = NAME))]
    pub dependency: Spanned<String>,
    /// The binding that it takes.
    #[schemars(extend("pattern" = DOTTED))]
    pub to: Spanned<String>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A crate with native components and steps.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = [], "x-kdl-name" = "crate"))]
pub struct Components {
    /// The crate's folder, relative to the manifest's directory.
    #[serde(rename = "crate")]
    #[schemars(extend("pattern" = ".", "x-what" = "the folder of a Rust crate, such as \"components\""))]
    pub folder: Spanned<String>,
    /// How it is built; `release` without.
    pub profile: Option<Spanned<ProfileWord>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}
