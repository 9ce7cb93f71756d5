//! The manifest as Rust types, and the JSON Schema generated from them.
//!
//! The types are the single source: [`json_schema`] is generated from them, the mapping from KDL to JSON is driven by that schema, and
//! the composed manifest is decoded into them. Their documentation comments are the descriptions in the schema.
//!
//! Extension keywords that tell how KDL meets the schema:
//!
//! | keyword | on | meaning |
//! | --- | --- | --- |
//! | `x-kdl-arguments` | object | the properties that positional arguments fill, in order; the last may end in `...`: it takes the rest as a list |
//! | `x-kdl-name` | object | the property that names the node among its siblings |
//! | `x-kdl-key` | map | the first argument of each node is its key in the map; the word says what is named |
//! | `x-kdl-tasks` | list | children that are tasks go here, in order, each as `{"kind": {…}}` |
//! | `x-kdl-nodes` | object | children of these node names go into another property than the one of their name |
//! | `x-kdl-children` | object | children go into this property, as free trees, but for the node names that `x-kdl-nodes` lists; what stands beside the node (properties) does not |
//! | `x-kdl-add` | list | overlays add to the list instead of replacing it |
//! | `x-kdl-bodies` | object | of these properties at most one is there; an overlay that brings one replaces the others |
//! | `x-kdl-code` | string | Rhai code, not a template |
//! | `x-values` | string | the words that are allowed besides a template |

mod component;
mod future;
mod generate;
mod lifecycle;
mod manifest;
mod named;
mod runtime;
mod scalar;
mod suite;
mod task;
mod tree;

pub use component::{Bind, Component, Components, Need, ProfileWord, ScopeWord, Wire};
pub use future::not_yet;
pub use generate::{FACETS, PUBLISHED, json_schema, json_schema_text, overlay_definition};
pub use lifecycle::{DirectionWord, Lifecycle, On, Target};
pub use manifest::{Facet, FacetGroup, Include, Manifest, Param, ParamType, Pipeline, Project, Use};
pub use named::Named;
pub use runtime::{
    Console, ConsoleFormat, Database, DatabaseKind, DurabilityWord, Filter, Level, LogFile, LogFileFormat, Logging,
    MOST_DIMENSIONS, MetricWord, Permissions, Runtime, ScriptLimits, State,
};
pub use scalar::{BackoffWord, Code, DurationText, OnErrorWord, SizeText, StdoutWord, Templated};
pub use suite::{
    Act, Acts, Around, Aspect, CrashAt, CrashEverywhere, Define, Examples, FailAt, Fails, ReportTo, RhaiAct, Row,
    RunAct, ScriptAct, Stub, Suite, Test, Testing, Titled,
};
pub use task::{
    Call, Choose, ChooseMode, Each, Else, End, Exec, Fail, Repeat, Retry, RetryOptions, RunPipeline, Stage, Step, Task,
    Wait, When,
};

pub use tree::Tree;

/// The JSON Schema of the events that `apply --json` and `logs --json` print, one to a line. Kept by hand; the report room tests it against what it writes.
pub const EVENTS: &str = include_str!("events.schema.json");

/// The JSON Schema of the JSON lines that `thinking test` writes. Kept by hand; the report room tests it against what it writes.
pub const TEST_EVENTS: &str = include_str!("test-events.schema.json");

/// The code string type: Rhai as it is, with its place.
pub type Text = thinking_diagnostic::Spanned<String>;
