//! The outermost nodes.

use crate::{
    Aspect, Bind, Code, Component, Components, Define, Named, Runtime, Suite, Task, Tree,
    named::{DOTTED, NAME},
    scalar::words,
    suite::TITLE,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thinking_diagnostic::Spanned;

/// A manifest: what a project is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Manifest {
    /// What the project is called.
    pub project: Option<Project>,
    /// Manifests that ship with the program, as defaults below everything else.
    pub r#use: Vec<Use>,
    /// More files of the project, below this one.
    pub include: Vec<Include>,
    /// Parameters, by name.
    pub param: Named<Param>,
    /// What is there before a pipeline starts.
    pub runtime: Option<Runtime>,
    /// Crates with native components and steps.
    pub components: Vec<Components>,
    /// Components that are written as scripts, by name.
    #[schemars(extend("propertyNames" = { "pattern": DOTTED }))]
    pub component: Named<Component>,
    /// Bindings, by name.
    pub bind: Named<Bind>,
    /// Groups of facets of which exactly one is active, by name.
    pub facet_group: Named<FacetGroup>,
    /// Facets, by name: overlays that can be switched on.
    pub facet: Named<Facet>,
    /// Pipelines, by name.
    pub pipeline: Named<Pipeline>,
    /// Suites of tests, by name.
    #[schemars(extend("propertyNames" = { "pattern": TITLE }))]
    pub suite: Named<Spanned<Suite>>,
    /// Done around every test.
    #[schemars(extend("propertyNames" = { "pattern": TITLE }))]
    pub aspect: Named<Aspect>,
    /// Steps of feature files.
    #[schemars(extend("propertyNames" = { "pattern": TITLE }))]
    pub define: Named<Define>,
}

/// What the project is called.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["name"]))]
pub struct Project {
    /// Its name.
    #[schemars(extend("pattern" = NAME))]
    pub name: Spanned<String>,
    /// Its version.
    pub version: Option<Spanned<String>>,
    /// Versions of `thinking` that it works with, such as `">=0.1"`.
    pub requires: Option<Spanned<String>>,
    /// What it is for.
    pub description: Option<String>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A manifest that ships with the program.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["name"]))]
pub struct Use {
    /// Its name, such as `std/logging`.
    pub name: Spanned<String>,
}

/// More files of the project.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["path"]))]
pub struct Include {
    /// A path or glob, relative to the manifest's directory.
    pub path: Spanned<String>,
    /// Whether it is fine if no file matches.
    #[serde(default)]
    pub optional: bool,
}

words! {
    /// Type of a parameter.
    ParamType {
        /// Text.
        String = "string",
        /// A whole number.
        Int = "int",
        /// A number.
        Float = "float",
        /// True or false.
        Bool = "bool",
        /// A file or directory.
        Path = "path",
        /// A date and time, RFC 3339.
        Datetime = "datetime",
        /// A duration, such as `"5m"`.
        Duration = "duration",
        /// A size in bytes, such as `"64MiB"`.
        Size = "size",
        /// Anything that JSON can say.
        Json = "json",
        /// A list.
        List = "list",
    }
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Param {
    /// Its type; `string` without.
    pub r#type: Option<Spanned<ParamType>>,
    /// Its value if none is given. A string with `${…}` is evaluated and may look at earlier parameters.
    pub default: Option<Spanned<Tree>>,
    /// What it is for.
    pub help: Option<String>,
    /// Least value of a number.
    pub min: Option<Spanned<f64>>,
    /// Greatest value of a number.
    pub max: Option<Spanned<f64>>,
    /// The values that are allowed.
    pub one_of: Option<Spanned<Vec<Value>>>,
    /// An environment variable that gives the value if nothing else does.
    pub env: Option<Spanned<String>>,
    /// Never stored, logged or shown.
    #[serde(default)]
    pub secret: bool,
    /// Whether it may be missing; it is `()` then.
    #[serde(default)]
    pub optional: bool,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A group of facets of which exactly one is active.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct FacetGroup {
    /// The facet that is active if nothing else says so.
    pub default: Option<Spanned<String>>,
    /// What the choice is about, for people.
    pub description: Option<String>,
    /// Its facets, by name.
    pub facet: Named<Facet>,
}

/// An overlay that can be switched on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Facet {
    /// Rhai: active by itself if this is true.
    pub detect: Option<Code>,
    /// What it is for, for people.
    pub description: Option<String>,
    /// Parameters that it changes or adds.
    pub param: Named<Param>,
    /// What it changes in the runtime.
    pub runtime: Option<Runtime>,
    /// Crates that it changes or adds.
    pub components: Vec<Components>,
    /// Components that it changes or adds.
    #[schemars(extend("propertyNames" = { "pattern": DOTTED }))]
    pub component: Named<Component>,
    /// Bindings that it changes or adds.
    pub bind: Named<Bind>,
    /// Pipelines that it changes or adds.
    pub pipeline: Named<Pipeline>,
}

/// A tree of tasks.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Pipeline {
    /// What it does, for people.
    pub description: Option<String>,
    /// Its tasks, in order.
    #[schemars(extend("x-kdl-tasks" = true))]
    pub tasks: Vec<Task>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}
