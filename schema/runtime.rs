//! `runtime { … }`: what is there before a pipeline starts.

use crate::{DurationText, Lifecycle, Named, SizeText, Templated, Testing, scalar::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thinking_diagnostic::Spanned;

/// What is there before a pipeline starts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Runtime {
    /// Seed of all random numbers; 0 without.
    pub seed: Option<Templated<i64>>,
    /// What is logged, and where.
    pub logging: Option<Logging>,
    /// Databases, by name.
    pub database: Named<Database>,
    /// How the recorded state is kept.
    pub state: Option<State>,
    /// What may be touched outside of the state.
    pub permissions: Option<Permissions>,
    /// What happens before and after a pipeline.
    pub lifecycle: Option<Lifecycle>,
    /// How tests run, and where reports go.
    pub testing: Option<Testing>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// What is logged, and where.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Logging {
    /// Least level that is logged; `info` without.
    pub level: Option<Templated<Level>>,
    /// Other levels for parts of the program: the first argument is the part's name.
    #[schemars(extend("x-kdl-add" = true))]
    pub filter: Vec<Filter>,
    /// The console.
    pub console: Option<Console>,
    /// More log files, beside the one that every run keeps in its own directory.
    #[schemars(extend("x-kdl-add" = true))]
    pub file: Vec<LogFile>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

words! {
    /// How loud a log line is.
    Level {
        /// Every detail.
        Trace = "trace",
        /// For finding a mistake.
        Debug = "debug",
        /// Worth knowing.
        Info = "info",
        /// Looks wrong.
        Warn = "warn",
        /// Is wrong.
        Error = "error",
        /// Nothing.
        Off = "off",
    }
    /// How lines on the console look.
    ConsoleFormat {
        /// Several lines per event, for reading.
        Pretty = "pretty",
        /// One line per event.
        Compact = "compact",
        /// One JSON object per line.
        Json = "json",
    }
    /// How lines in a file look.
    LogFileFormat {
        /// One line per event.
        Compact = "compact",
        /// One JSON object per line.
        Json = "json",
    }
    /// What a database can do.
    DatabaseKind {
        /// Values by key.
        Kv = "kv",
        /// Documents with fields, which can be searched.
        Documents = "documents",
        /// Lists of numbers, of which the nearest can be found.
        Vectors = "vectors",
        /// Nested values by path.
        Objects = "objects",
    }
    /// How near two vectors are.
    MetricWord {
        /// By the angle between them.
        Cosine = "cosine",
        /// By their scalar product.
        Dot = "dot",
        /// By the distance between their ends.
        Euclidean = "euclidean",
    }
    /// When steps become durable.
    DurabilityWord {
        /// As soon as possible; reports wait for it.
        Step = "step",
        /// As soon as possible; reports run ahead.
        Batch = "batch",
        /// When the system likes.
        None = "none",
    }
}

/// A level for a part of the program.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["target"], "x-kdl-name" = "target"))]
pub struct Filter {
    /// The part: a module or target name.
    pub target: Spanned<String>,
    /// Its level.
    pub level: Templated<Level>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// The console.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Console {
    /// How log lines look there.
    pub format: Option<Templated<ConsoleFormat>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A log file.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-kdl-arguments" = ["path"], "x-kdl-name" = "path"))]
pub struct LogFile {
    /// The file, relative to the manifest's directory.
    pub path: Spanned<String>,
    /// How its lines look; JSON without.
    pub format: Option<Templated<LogFileFormat>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend(
    "x-kdl-arguments" = [],
    "if" = { "properties": { "kind": { "const": "vectors" } }, "required": ["kind"] },
    "then" = {
        "required": ["dimensions"],
        "properties": { "dimensions": { "description": "How many numbers each vector has, such as 64." } },
    },
    "allOf" = [
        only_for("documents", &["index"]),
        only_for("vectors", &["dimensions", "metric"]),
    ],
))]
pub struct Database {
    /// What it can do.
    pub kind: Spanned<DatabaseKind>,
    /// Of documents: fields that are looked up often; `"author.name"` is a field inside of a field.
    #[serde(default)]
    #[schemars(extend("items" = { "type": "string", "pattern": r"^[^.]+(\.[^.]+)*$", "x-what": "a field, such as \"year\" or \"author.name\"" }))]
    pub index: Vec<Spanned<String>>,
    /// Of vectors: how many numbers each has.
    #[schemars(range(min = 1, max = MOST_DIMENSIONS))]
    pub dimensions: Option<Templated<i64>>,
    /// Of vectors: how near two of them are; `cosine` without.
    pub metric: Option<Templated<MetricWord>>,
    /// What it holds, for people.
    pub description: Option<String>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// Most numbers that a vector may have.
pub const MOST_DIMENSIONS: i64 = 65_536;

/// What makes no sense for other kinds than one. A kind that is not known yet (an overlay, a choice by facets) may have everything: what comes out
/// is checked again.
fn only_for(kind: &str, properties: &[&str]) -> Value {
    let others: Vec<&str> = DatabaseKind::ALL.iter().map(|other| other.word()).filter(|other| *other != kind).collect();
    let none: Map<String, Value> = properties.iter().map(|name| ((*name).to_owned(), false.into())).collect();
    json!({
        "if": { "properties": { "kind": { "enum": others } }, "required": ["kind"] },
        "then": { "properties": none, "x-only-for": kind },
    })
}

impl DatabaseKind {
    const ALL: [Self; 4] = [Self::Kv, Self::Documents, Self::Vectors, Self::Objects];
}

/// How the recorded state is kept.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct State {
    /// When steps become durable; `step` without.
    pub durability: Option<Templated<DurabilityWord>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// What may be touched outside of the state. Without it, only the project's directory is readable.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Permissions {
    /// Globs of files that may be read.
    #[schemars(extend("x-kdl-add" = true))]
    pub read: Vec<Spanned<String>>,
    /// Globs of files that may be written.
    #[schemars(extend("x-kdl-add" = true))]
    pub write: Vec<Spanned<String>>,
    /// `host:port` that scripts may connect to; `*` any port, `*.example.com` subdomains.
    #[schemars(extend("x-kdl-add" = true, "items" = { "type": "string", "pattern": r"^(\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+)(:([0-9]{1,5}|\*))?$|\$\{", "x-what": "host:port, such as \"api.example.com:443\" or \"*.example.com:*\"" }))]
    pub net: Vec<Spanned<String>>,
    /// Programs that `exec` may start, as written there.
    #[schemars(extend("x-kdl-add" = true, "items" = { "type": "string", "pattern": ".", "x-what": "the name of a program" }))]
    pub run: Vec<Spanned<String>>,
    /// What a script may take.
    pub limits: Option<ScriptLimits>,
    /// Environment variables that scripts may read.
    #[schemars(extend("x-kdl-add" = true, "items" = { "type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$|\$\{", "x-what": "the name of an environment variable" }))]
    pub env: Vec<Spanned<String>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}

/// What one evaluation of a script may take.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ScriptLimits {
    /// Operations (statements, calls and the like); any number in a step without, 1,000,000,000 in an expression.
    pub operations: Option<Templated<u64>>,
    /// Calls inside of each other; 64 without. At most 1000, and never more than the stack has room for.
    pub depth: Option<Templated<u32>>,
    /// By how much the process may grow meanwhile; 4 GiB without, or a quarter of a smaller machine's memory.
    pub memory: Option<Templated<SizeText>>,
    /// How long it may take; without, as long as the step may.
    pub time: Option<Templated<DurationText>>,
    /// Only if this facet is active (`"gpu"`) or not (`"!gpu"`).
    pub facet: Option<Spanned<String>>,
}
