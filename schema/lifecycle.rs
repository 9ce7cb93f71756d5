//! `runtime { lifecycle { … } }`: own targets, and what happens at targets.

use crate::{
    Call, Code, DurationText, Named, Templated,
    named::{DOTTED, NAME},
    scalar::words,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use thinking_diagnostic::Spanned;

/// Own targets of the lifecycle, and what happens at targets.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Lifecycle {
    /// How long stopping may take after Ctrl-C before it is given up.
    pub grace: Option<Templated<DurationText>>,
    /// Own targets, by name.
    pub target: Named<Target>,
    /// What happens at targets, in order.
    #[schemars(extend("x-kdl-add" = true))]
    pub on: Vec<On>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

words! {
    /// In which order components take part in a target.
    DirectionWord {
        /// Dependencies first.
        Forward = "forward",
        /// Dependants first.
        Backward = "backward",
        /// All at once.
        Gather = "gather",
    }
}

/// An own target: a place in the lifecycle.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend(
    "x-kdl-arguments" = [],
    "x-kdl-bodies" = ["before", "after"],
    "dependentRequired" = { "default": ["requires"] },
))]
pub struct Target {
    /// The target that it stands before.
    #[schemars(extend("pattern" = NAME))]
    pub before: Option<Spanned<String>>,
    /// The target that it stands after.
    #[schemars(extend("pattern" = NAME))]
    pub after: Option<Spanned<String>>,
    /// In which order components take part; without, as the part of the lifecycle has it where it stands.
    pub direction: Option<Spanned<DirectionWord>>,
    /// A file that must be there, relative to the manifest's directory.
    pub requires: Option<Spanned<String>>,
    /// The file that stands in for the required one if that is missing.
    pub default: Option<Spanned<String>>,
    /// How long each component may take.
    pub timeout: Option<Templated<DurationText>>,
    /// What it is for, for people.
    pub description: Option<String>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// What happens at a target.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["target"], "x-kdl-bodies" = ["call", "rhai"]))]
pub struct On {
    /// The target: a standard one or an own one.
    #[schemars(extend("pattern" = NAME))]
    pub target: Spanned<String>,
    /// An operation of a binding; its arguments stand in a node: `call "trainer.preload" size=3`.
    #[schemars(with = "Option<NamedCall>")]
    pub call: Option<Spanned<Call>>,
    /// A script.
    pub rhai: Option<Code>,
    /// How long it may take.
    pub timeout: Option<Templated<DurationText>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A call, or only the name of the operation.
struct NamedCall;

impl JsonSchema for NamedCall {
    fn schema_name() -> Cow<'static, str> {
        "NamedCall".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Call::json_schema(generator);
        schema.insert("type".to_owned(), serde_json::json!(["string", "object"]));
        schema.insert("pattern".to_owned(), DOTTED.into());
        schema.insert(
            "description".to_owned(),
            "A call of an operation: its name, or a block with arguments as properties and children.".into(),
        );
        schema
    }
}
