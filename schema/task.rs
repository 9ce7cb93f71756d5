//! Tasks.

use crate::{BackoffWord, Code, DurationText, OnErrorWord, StdoutWord, Templated, Tree, named::NAME, scalar::words};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use thinking_diagnostic::Spanned;

/// A task: one of the kinds, as `{"kind": {…}}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Tasks in order.
    Stage(Spanned<Stage>),
    /// One transaction.
    Step(Box<Spanned<Step>>),
    /// Once per element.
    Each(Spanned<Each>),
    /// Until true.
    Repeat(Spanned<Repeat>),
    /// One of several branches.
    Choose(Spanned<Choose>),
    /// Time that passes.
    Wait(Spanned<Wait>),
    /// Another pipeline.
    Run(Spanned<RunPipeline>),
    /// The pipeline is done.
    End(Spanned<End>),
    /// The pipeline fails.
    Fail(Spanned<Fail>),
}

/// Written as one flat object with exactly one property: the same verdicts as a choice of objects, with messages that say what is meant.
impl JsonSchema for Task {
    fn schema_name() -> Cow<'static, str> {
        "Task".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
                "stage": generator.subschema_for::<Stage>(),
                "step": generator.subschema_for::<Step>(),
                "each": generator.subschema_for::<Each>(),
                "repeat": generator.subschema_for::<Repeat>(),
                "choose": generator.subschema_for::<Choose>(),
                "wait": generator.subschema_for::<Wait>(),
                "run": generator.subschema_for::<RunPipeline>(),
                "end": generator.subschema_for::<End>(),
                "fail": generator.subschema_for::<Fail>(),
            },
        })
    }
}

/// Declares a task struct with the properties that every task has.
macro_rules! task {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
            /// Rhai: only if this is true.
            pub when: Option<Code>,
            /// Of a step per attempt, of a container in total.
            pub timeout: Option<Templated<DurationText>>,
            /// Tries after the first; of a container the default for the steps inside.
            pub retry: Option<Retry>,
            /// What a failure does.
            pub on_error: Option<Templated<OnErrorWord>>,
            /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
            pub facet: Option<Spanned<String>>,
            /// What it does, for people.
            pub description: Option<String>,
            /// Words to select it by.
            #[serde(default)]
            #[schemars(extend("x-kdl-add" = true))]
            pub tags: Vec<String>,
        }
    };
}

task! {
    /// Tasks in order. A stage cannot modify data.
    #[schemars(extend("x-kdl-arguments" = ["name"], "x-kdl-name" = "name"))]
    Stage {
        /// Its name; without one its tasks count as siblings of what is around it.
        #[schemars(extend("pattern" = NAME))]
        name: Option<Spanned<String>>,
        /// Its tasks.
        #[serde(default)]
        #[schemars(extend("x-kdl-tasks" = true))]
        tasks: Vec<Task>,
    }
}

task! {
    /// One transaction: its data, its result and the fact that it is done become durable together, or not at all.
    #[schemars(extend("x-kdl-arguments" = ["name"], "x-kdl-name" = "name", "x-kdl-bodies" = ["rhai", "script", "call", "exec"]))]
    Step {
        /// Its name.
        #[schemars(extend("pattern" = NAME))]
        name: Spanned<String>,
        /// Body: a script.
        rhai: Option<Code>,
        /// Body: a script in a file.
        script: Option<Spanned<String>>,
        /// Body: a native step.
        call: Option<Spanned<Call>>,
        /// Body: a program.
        exec: Option<Spanned<Exec>>,
        /// Globs of files that it depends on.
        #[serde(default)]
        #[schemars(extend("x-kdl-add" = true))]
        input: Vec<Spanned<String>>,
        /// Files that it must leave.
        #[serde(default)]
        #[schemars(extend("x-kdl-add" = true))]
        output: Vec<Spanned<String>>,
        /// Runs every time, on the data as it is. A template may look at parameters, facets and the mode.
        always: Option<Templated<bool>>,
    }
}

task! {
    /// Once per element of an array, range or map.
    #[schemars(extend("x-kdl-arguments" = ["var"], "x-kdl-name" = "var"))]
    Each {
        /// The loop variable; `index` counts from 0.
        #[schemars(extend("pattern" = NAME))]
        var: Spanned<String>,
        /// Rhai: the elements.
        r#in: Code,
        /// Rhai: names the iteration.
        key: Option<Code>,
        /// Its tasks.
        #[serde(default)]
        #[schemars(extend("x-kdl-tasks" = true))]
        tasks: Vec<Task>,
    }
}

task! {
    /// Iterations 1, 2, 3 … until a condition is true after one.
    #[schemars(extend("x-kdl-arguments" = ["var"], "x-kdl-name" = "var"))]
    Repeat {
        /// The loop variable, from 1.
        #[schemars(extend("pattern" = NAME))]
        var: Spanned<String>,
        /// Rhai: true ends the loop; evaluated after each iteration.
        until: Code,
        /// Reaching it fails.
        max: Option<Templated<u32>>,
        /// Its tasks.
        #[serde(default)]
        #[schemars(extend("x-kdl-tasks" = true))]
        tasks: Vec<Task>,
    }
}

task! {
    /// The first branch whose condition holds; with `mode="all"` every one.
    #[schemars(extend("x-kdl-arguments" = [], "x-kdl-nodes" = { "when": "branches" }))]
    Choose {
        /// Which branches are taken. A template may look at parameters, facets and the mode.
        mode: Option<Templated<ChooseMode>>,
        /// Branches with a condition, in order: the children `when`.
        #[serde(default)]
        branches: Vec<Spanned<When>>,
        /// The branch that is taken if no condition holds.
        otherwise: Option<Spanned<Else>>,
    }
}

words! {
    /// Which branches are taken.
    ChooseMode {
        /// The first whose condition holds.
        First = "first",
        /// Every one whose condition holds.
        All = "all",
    }
}

/// A branch of `choose`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["condition"]))]
pub struct When {
    /// Rhai: whether the branch is taken.
    pub condition: Code,
    /// Its tasks.
    #[serde(default)]
    #[schemars(extend("x-kdl-tasks" = true))]
    pub tasks: Vec<Task>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// The branch of `choose` that is taken if no condition holds.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Else {
    /// Its tasks.
    #[serde(default)]
    #[schemars(extend("x-kdl-tasks" = true))]
    pub tasks: Vec<Task>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// Waits, durably: a run that is killed and taken up again goes on waiting. The result is `()`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["name"], "x-kdl-name" = "name", "x-kdl-bodies" = ["for", "until"]))]
pub struct Wait {
    /// Its name.
    #[schemars(extend("pattern" = NAME))]
    pub name: Spanned<String>,
    /// That long, from the moment when the run first got here.
    pub r#for: Option<Templated<DurationText>>,
    /// Rhai: until this is true. It is evaluated at once and then every second.
    pub until: Option<Code>,
    /// With `until`: longer than this, and it fails. Counted from the moment when the run first got here.
    pub timeout: Option<Templated<DurationText>>,
    /// What that failure does.
    pub on_error: Option<Templated<OnErrorWord>>,
    /// Rhai: only if this is true.
    pub when: Option<Code>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
    /// What it waits for, for people.
    pub description: Option<String>,
    /// Words to select it by.
    #[serde(default)]
    #[schemars(extend("x-kdl-add" = true))]
    pub tags: Vec<String>,
}

task! {
    /// Another pipeline as one stage.
    #[schemars(extend("x-kdl-arguments" = ["pipeline"], "x-kdl-name" = "pipeline"))]
    RunPipeline {
        /// Its name.
        pipeline: Spanned<String>,
        /// Parameters that differ inside.
        #[serde(default)]
        #[schemars(with = "std::collections::BTreeMap<String, Tree>", extend("x-kdl-arguments" = []))]
        params: Option<Spanned<Tree>>,
    }
}

/// The pipeline is done.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct End {
    /// Rhai: only if this is true.
    pub when: Option<Code>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
    /// Why, for people.
    pub description: Option<String>,
}

/// The pipeline fails.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["reason"]))]
pub struct Fail {
    /// The reason, for people.
    pub reason: Spanned<String>,
    /// Rhai: only if this is true.
    pub when: Option<Code>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
    /// For people.
    pub description: Option<String>,
}

/// A call of a native step: the operation, and its arguments as properties and children.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The name: `file.copy`.
    pub operation: Spanned<String>,
    /// Its arguments, by name.
    pub arguments: Vec<(Spanned<String>, Spanned<Tree>)>,
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let Spanned { value, span } = Spanned::<Tree>::deserialize(deserializer)?;
        let mut arguments = match value {
            Tree::Map(arguments) => arguments,
            // Where the name alone will do (`on "exit" call="log.flush"`).
            Tree::Text(value) => return Ok(Self { operation: Spanned { value, span }, arguments: Vec::new() }),
            _ => return Err(D::Error::custom("a call is a block")),
        };
        // Which facets it is for was decided before.
        arguments.retain(|(name, _)| name.value != "facet");
        let at = arguments.iter().position(|(name, _)| name.value == "operation");
        let operation = at.map(|at| arguments.remove(at).1);
        match operation {
            Some(Spanned { value: Tree::Text(value), span }) => {
                Ok(Self { operation: Spanned { value, span }, arguments })
            }
            _ => Err(D::Error::custom("a call needs its operation")),
        }
    }
}

impl JsonSchema for Call {
    fn schema_name() -> Cow<'static, str> {
        "Call".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A call of a native step: the operation, and its arguments as properties and children.",
            "properties": {
                "operation": { "type": "string", "description": "The name: `file.copy`." },
                "facet": { "type": "string", "description": "Only if this facet is active (`\"gpu\"`) or not (`\"!gpu\"`)." },
            },
            "required": ["operation"],
            "additionalProperties": true,
            "x-kdl-arguments": ["operation"],
        })
    }
}

/// A program to start, without a shell.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["program", "arguments..."]))]
pub struct Exec {
    /// The program.
    pub program: Spanned<String>,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Vec<Spanned<Tree>>,
    /// Environment variables beside the inherited ones.
    #[serde(default)]
    #[schemars(extend("x-kdl-arguments" = [], "x-kdl-add" = true))]
    pub env: std::collections::BTreeMap<String, Spanned<Tree>>,
    /// Standard input.
    pub stdin: Option<Spanned<String>>,
    /// Working directory, relative to the manifest's.
    pub cwd: Option<Spanned<String>>,
    /// What to make of standard output as a result; nothing without.
    pub stdout: Option<Templated<StdoutWord>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// How often and when to try again: a number of tries, or more.
#[derive(Debug, Clone, PartialEq)]
pub enum Retry {
    /// Tries after the first.
    Tries(Templated<u32>),
    /// With options.
    Options(Box<RetryOptions>),
}

/// How often and when to try again.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["tries"]))]
pub struct RetryOptions {
    /// Tries after the first.
    pub tries: Templated<u32>,
    /// How pauses grow; `fixed` without.
    pub backoff: Option<Templated<BackoffWord>>,
    /// First pause; none without.
    pub initial: Option<Templated<DurationText>>,
    /// Longest pause.
    pub max: Option<Templated<DurationText>>,
    /// Shortens each pause at random, to between half and all of it.
    pub jitter: Option<Templated<bool>>,
    /// Tries again only on these kinds of error.
    #[serde(default)]
    #[schemars(extend("items" = { "type": "string", "enum": ["timeout", "http", "exec", "script", "native", "conflict"] }))]
    pub on: Vec<Spanned<String>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

impl<'de> Deserialize<'de> for Retry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Retry;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a number of tries or a retry block")
            }
            fn visit_u64<E: serde::de::Error>(self, tries: u64) -> Result<Retry, E> {
                let tries = u32::try_from(tries).map_err(E::custom)?;
                Ok(Retry::Tries(Templated::Value(tries.into())))
            }
            fn visit_i64<E: serde::de::Error>(self, tries: i64) -> Result<Retry, E> {
                let tries = u32::try_from(tries).map_err(E::custom)?;
                Ok(Retry::Tries(Templated::Value(tries.into())))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Retry, E> {
                Ok(Retry::Tries(Templated::Template(text.to_owned().into())))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Retry, A::Error> {
                let options = RetryOptions::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Retry::Options(Box::new(options)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// One flat schema for a number, a template and the block: keywords for other types do not apply.
impl JsonSchema for Retry {
    fn schema_name() -> Cow<'static, str> {
        "Retry".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = RetryOptions::json_schema(generator);
        schema.insert("type".to_owned(), serde_json::json!(["integer", "string", "object"]));
        schema.insert("minimum".to_owned(), 0.into());
        schema.insert("maximum".to_owned(), u32::MAX.into());
        schema.insert("pattern".to_owned(), crate::scalar::TEMPLATE.into());
        schema
    }
}
