//! `suite`, `test` and what is in them.

use crate::{Bind, Call, Code, DurationText, Exec, Named, Tree};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use thinking_diagnostic::Spanned;

/// What a title looks like: one line, not empty.
pub(crate) const TITLE: &str = r"^[^\x00-\x1f]+$";

/// Tests that belong together. What stands here holds for all tests in it, also in the suites in it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Suite {
    /// Words to select tests by.
    #[schemars(extend("x-kdl-add" = true))]
    pub tags: Vec<Spanned<String>>,
    /// Facets that are active in these tests.
    #[schemars(extend("x-kdl-add" = true))]
    pub facets: Vec<Spanned<String>>,
    /// How long one test may take.
    pub timeout: Option<Spanned<DurationText>>,
    /// What is tested, for people.
    pub description: Option<String>,
    /// Bindings that take the place of those of the same name.
    pub bind: Named<Bind>,
    /// Parameters that differ.
    #[schemars(with = "BTreeMap<String, Tree>", extend("x-kdl-arguments" = []))]
    pub params: Option<Spanned<Tree>>,
    /// Operations that do something else.
    #[schemars(extend("x-kdl-add" = true))]
    pub stub: Vec<Spanned<Stub>>,
    /// Operations whose calls are noted.
    #[schemars(extend("x-kdl-add" = true))]
    pub spy: Vec<Spanned<String>>,
    /// Done around the tests.
    #[schemars(extend("propertyNames" = { "pattern": TITLE }))]
    pub aspect: Named<Aspect>,
    /// Steps of feature files.
    #[schemars(extend("propertyNames" = { "pattern": TITLE }))]
    pub define: Named<Define>,
    /// Feature files whose scenarios are tests of this suite: paths or globs, relative to the manifest's directory.
    #[schemars(extend("x-kdl-add" = true))]
    pub feature: Vec<Spanned<String>>,
    /// Done before each test; its value is `fixture`.
    pub setup: Option<Spanned<Acts>>,
    /// Done after each test, whatever happened.
    pub teardown: Option<Spanned<Acts>>,
    /// Suites in it, by name.
    #[schemars(extend("propertyNames" = { "pattern": TITLE }))]
    pub suite: Named<Spanned<Suite>>,
    /// Its tests, by name.
    #[schemars(extend("propertyNames" = { "pattern": TITLE }))]
    pub test: Named<Spanned<Test>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A test: passes if nothing in it fails.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Test {
    /// Words to select it by.
    #[schemars(extend("x-kdl-add" = true))]
    pub tags: Vec<Spanned<String>>,
    /// Facets that are active in it.
    #[schemars(extend("x-kdl-add" = true))]
    pub facets: Vec<Spanned<String>>,
    /// How long it may take.
    pub timeout: Option<Spanned<DurationText>>,
    /// What is tested, for people.
    pub description: Option<String>,
    /// It passes if it fails, with this text in the message.
    pub fails: Option<Spanned<Fails>>,
    /// Bindings that take the place of those of the same name.
    pub bind: Named<Bind>,
    /// Parameters that differ.
    #[schemars(with = "BTreeMap<String, Tree>", extend("x-kdl-arguments" = []))]
    pub params: Option<Spanned<Tree>>,
    /// Operations that do something else.
    #[schemars(extend("x-kdl-add" = true))]
    pub stub: Vec<Spanned<Stub>>,
    /// Operations whose calls are noted.
    #[schemars(extend("x-kdl-add" = true))]
    pub spy: Vec<Spanned<String>>,
    /// Done before; its value is `fixture`.
    pub setup: Option<Spanned<Acts>>,
    /// Done after, whatever happened.
    pub teardown: Option<Spanned<Acts>>,
    /// Rows: it runs once for each, with the row's values as variables.
    pub examples: Option<Spanned<Examples>>,
    /// Generators by the names of variables: it runs for many values, and those that fail are made small.
    #[schemars(with = "BTreeMap<String, String>", extend("x-kdl-arguments" = []))]
    pub for_all: Option<Spanned<Tree>>,
    /// How many values of `for-all` are tried; 100 without.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub cases: Option<Spanned<u32>>,
    /// What it does, in order.
    #[schemars(extend("x-kdl-tasks" = true))]
    pub acts: Vec<Act>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// What is done, in order.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Acts {
    /// One after the other.
    #[schemars(extend("x-kdl-tasks" = true))]
    pub acts: Vec<Act>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// Something that a test does: one of the kinds, as `{"kind": {…}}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// What holds before.
    Given(Spanned<Titled>),
    /// What happens.
    When(Spanned<Titled>),
    /// What holds after.
    Then(Spanned<Titled>),
    /// A script.
    Rhai(Spanned<RhaiAct>),
    /// A script in a file.
    Script(Spanned<ScriptAct>),
    /// A native step, or an operation.
    Call(Spanned<Call>),
    /// A program.
    Exec(Spanned<Exec>),
    /// A pipeline.
    Run(Spanned<RunAct>),
    /// A pipeline, killed at each of its commits.
    CrashEverywhere(Spanned<CrashEverywhere>),
}

impl JsonSchema for Act {
    fn schema_name() -> Cow<'static, str> {
        "Act".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
                "given": generator.subschema_for::<Titled>(),
                "when": generator.subschema_for::<Titled>(),
                "then": generator.subschema_for::<Titled>(),
                "rhai": generator.subschema_for::<RhaiAct>(),
                "script": generator.subschema_for::<ScriptAct>(),
                "call": generator.subschema_for::<Call>(),
                "exec": generator.subschema_for::<Exec>(),
                "run": generator.subschema_for::<RunAct>(),
                "crash-everywhere": generator.subschema_for::<CrashEverywhere>(),
            },
        })
    }
}

/// A part of a test, told in words.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["title"]))]
pub struct Titled {
    /// The words; a template.
    pub title: Spanned<String>,
    /// What it does, in order.
    #[serde(default)]
    #[schemars(extend("x-kdl-tasks" = true))]
    pub acts: Vec<Act>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A script. What it declares is seen by what follows in the test.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["code"]))]
pub struct RhaiAct {
    /// The script.
    pub code: Code,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A script in a file.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["file"]))]
pub struct ScriptAct {
    /// The file, relative to the manifest's directory.
    pub file: Spanned<String>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A pipeline under test. Its result is `result` in what follows.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["pipeline"]))]
pub struct RunAct {
    /// Its name.
    pub pipeline: Spanned<String>,
    /// Parameters that differ.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Tree>", extend("x-kdl-arguments" = []))]
    pub params: Option<Spanned<Tree>>,
    /// It must fail, with this text in the message; what follows sees the message as `error`.
    pub fails: Option<Spanned<Fails>>,
    /// Steps that fail instead of doing their work.
    #[serde(default)]
    #[schemars(extend("x-kdl-add" = true))]
    pub fail: Vec<Spanned<FailAt>>,
    /// Steps in which the process is killed; then the run is taken up again.
    #[serde(default)]
    #[schemars(extend("x-kdl-add" = true))]
    pub crash: Vec<Spanned<CrashAt>>,
    /// A file with the result as it should be, under `tests/snapshots`: written if it is not there, compared otherwise.
    pub snapshot: Option<Spanned<String>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A step that fails on purpose.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct FailAt {
    /// Its path: `fit/epoch[3]/train`; without keys every iteration is meant.
    pub at: Spanned<String>,
    /// How many of its attempts fail, from the first; 1 without.
    #[schemars(range(min = 1))]
    pub times: Option<Spanned<u32>>,
    /// What it says.
    pub message: Option<Spanned<String>>,
    /// The kind of error; `script` without.
    #[schemars(extend("enum" = ["timeout", "http", "exec", "script", "native", "conflict"]))]
    pub kind: Option<Spanned<String>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A step in which the process is killed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct CrashAt {
    /// Its path: `fit/epoch[3]/train`; without keys its first iteration is meant.
    pub at: Spanned<String>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A pipeline that is killed before and after each commit, each time taken up again, and compared with a run that nothing disturbed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["pipeline"]))]
pub struct CrashEverywhere {
    /// Its name.
    pub pipeline: Spanned<String>,
    /// Parameters that differ.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Tree>", extend("x-kdl-arguments" = []))]
    pub params: Option<Spanned<Tree>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// An operation that does something else.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["operation"]))]
pub struct Stub {
    /// Which: `trainer.fit`.
    pub operation: Spanned<String>,
    /// What it returns.
    pub returns: Option<Spanned<Tree>>,
    /// It fails with this message.
    pub throws: Option<Spanned<String>>,
    /// How often, before the next stub of the same operation takes over; for good without.
    #[schemars(range(min = 1))]
    pub times: Option<Spanned<u32>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// Rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Examples {
    /// A csv file with rows, relative to the manifest's directory.
    pub csv: Option<Spanned<String>>,
    /// Rows.
    #[schemars(extend("x-kdl-add" = true))]
    pub row: Vec<Spanned<Row>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A row: values by the names of variables.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Row(pub Tree);

impl JsonSchema for Row {
    fn schema_name() -> Cow<'static, str> {
        "Row".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A row: values by the names of variables.",
            "additionalProperties": true,
            "x-kdl-arguments": [],
        })
    }
}

/// Done around phases of every test.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Aspect {
    /// What it is for, for people.
    pub description: Option<String>,
    /// Around which phases, and what.
    #[schemars(extend("x-kdl-add" = true))]
    pub around: Vec<Spanned<Around>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// Done around phases of a test.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = ["phases..."]))]
pub struct Around {
    /// Which: `setup`, `run`, `teardown`.
    #[schemars(extend("items" = { "type": "string", "enum": ["setup", "run", "teardown"] }, "minItems" = 1))]
    pub phases: Vec<Spanned<String>>,
    /// Before them.
    pub before: Option<Spanned<Acts>>,
    /// After them, whatever happened.
    pub after: Option<Spanned<Acts>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A step of feature files: what a text means.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Define {
    /// Names of the variables that the text's parameters go into; they are in `args` as a list too.
    #[schemars(extend("x-kdl-add" = true))]
    pub args: Vec<Spanned<String>>,
    /// What it does, in order.
    #[schemars(extend("x-kdl-tasks" = true))]
    pub acts: Vec<Act>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// That something must fail: true, or a part of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fails {
    /// Whether it must fail at all.
    Any(bool),
    /// It must, and the message holds this.
    With(String),
}

/// How tests run, and where reports go.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(extend("x-kdl-arguments" = []))]
pub struct Testing {
    /// How long one test may take; a minute without.
    pub timeout: Option<Spanned<DurationText>>,
    /// From when on a test is told as slow; ten seconds without.
    pub slow: Option<Spanned<DurationText>>,
    /// Tries after the first.
    pub retries: Option<Spanned<u32>>,
    /// How many tests at once; as many as there are cores without.
    #[schemars(range(min = 1, max = 1024))]
    pub jobs: Option<Spanned<u32>>,
    /// JUnit XML: a file, or whether at all.
    pub junit: Option<Spanned<ReportTo>>,
    /// A page: a file, or whether at all.
    pub html: Option<Spanned<ReportTo>>,
    /// JSON lines: a file, or whether at all.
    pub json: Option<Spanned<ReportTo>>,
    /// Annotations for GitHub: a file, or whether at all; without only where GitHub runs the tests.
    pub github: Option<Spanned<ReportTo>>,
    /// Coverage: a directory, or whether at all.
    pub coverage: Option<Spanned<ReportTo>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// Where a report goes: to the test run's directory or nowhere, or to a place relative to the manifest's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportTo {
    /// Whether there is one.
    On(bool),
    /// There.
    Path(String),
}

/// Makes an enum of a word that is a boolean, and one that is a text, what a manifest says as either.
macro_rules! bool_or_text {
    ($($name:ident { $bool:ident, $text:ident })+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                BoolOrText::deserialize(deserializer).map(|either| match either {
                    BoolOrText::Bool(value) => Self::$bool(value),
                    BoolOrText::Text(text) => Self::$text(text),
                })
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["boolean", "string"] })
            }
        }
    )+};
}

bool_or_text! {
    Fails { Any, With }
    ReportTo { On, Path }
}

enum BoolOrText {
    Bool(bool),
    Text(String),
}

impl<'de> Deserialize<'de> for BoolOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl serde::de::Visitor<'_> for Either {
            type Value = BoolOrText;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("true, false or a text")
            }
            fn visit_bool<E>(self, value: bool) -> Result<BoolOrText, E> {
                Ok(BoolOrText::Bool(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<BoolOrText, E> {
                Ok(BoolOrText::Text(value.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
