//! Scripts in, diagnostics and values out.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod canonical;
mod components;
mod coverage;
mod diagnostics;
mod evaluation;
mod failures;
mod library;
mod limits;
mod native;
mod references;
mod robustness;
mod scripted;
mod trials;

use crate::Rhai;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use thinking_diagnostic::{Diagnostic, MappedText, SourceId, SourceMap};
use thinking_step::testing::MemoryHost;
use thinking_step::{
    Host, Language, Metric, Program, Purpose, ScopeEntry, StaticScope, StepError, Value, VariableKind,
};

/// One language for all tests; building it is what takes long in a debug build.
static RHAI: LazyLock<Rhai> = LazyLock::new(Rhai::new);

/// A scope with one variable of every kind.
fn scope() -> StaticScope {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let kinds = [
        ("params", VariableKind::Params(names(&["corpus", "epochs", "batch_size"]))),
        ("facets", VariableKind::Facets(names(&["gpu", "smoke"]))),
        ("mode", VariableKind::Mode),
        ("run", VariableKind::Run),
        ("results", VariableKind::Results(names(&["count", "export"]))),
        ("step", VariableKind::Step),
        ("epoch", VariableKind::Loop),
        ("index", VariableKind::Loop),
        ("words", VariableKind::Kv("words".to_owned())),
        ("papers", VariableKind::Documents { name: "papers".to_owned(), index: names(&["year"]) }),
        ("points", VariableKind::Vectors { name: "points".to_owned(), dimensions: 2, metric: Metric::Cosine }),
        ("model", VariableKind::Objects("model".to_owned())),
        ("tokenizer", VariableKind::Component { binding: "tokenizer".to_owned(), about: Arc::new(native::about()) }),
        ("outcome", VariableKind::Outcome),
        ("unclear", VariableKind::Unknown),
    ];
    let variables = kinds.into_iter().map(|(name, kind)| (name.to_owned(), ScopeEntry { kind, span: None }));
    StaticScope { variables: variables.collect() }
}

fn compile(code: &str, purpose: Purpose) -> Result<Arc<dyn Program>, Vec<Diagnostic>> {
    RHAI.compile(&MappedText::whole_file(SourceId(0), code), &scope(), purpose)
}

fn program(code: &str) -> Arc<dyn Program> {
    compile(code, Purpose::Step).unwrap_or_else(|problems| panic!("{code}: {problems:#?}"))
}

/// A host in a directory of its own, with a value for every variable of the scope.
struct World {
    directory: tempfile::TempDir,
    host: Arc<MemoryHost>,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut host = MemoryHost::new(directory.path());
        host.params = BTreeMap::from([
            ("corpus".to_owned(), Value::from("a.txt")),
            ("epochs".to_owned(), Value::from(20)),
            ("batch_size".to_owned(), Value::Null),
        ]);
        host.variables = BTreeMap::from([("epoch".to_owned(), Value::from(3)), ("index".to_owned(), Value::from(2))]);
        host.results = BTreeMap::from([
            ("count".to_owned(), Value::from(5)),
            ("export".to_owned(), serde_json::json!({ "rows": [1, 2] })),
            ("prepare/count".to_owned(), Value::from(6)),
        ]);
        host.facets = vec!["gpu".to_owned()];
        host.components = BTreeMap::from([("tokenizer".to_owned(), native::tokenizer())]);
        Self { directory, host: Arc::new(host) }
    }

    fn eval(&self, code: &str) -> Result<Value, StepError> {
        let host: Arc<dyn Host> = Arc::clone(&self.host) as Arc<dyn Host>;
        program(code).eval(&host)
    }

    fn seen(&self) -> Vec<String> {
        self.host.seen.lock().unwrap().clone()
    }
}

fn eval(code: &str) -> Result<Value, StepError> {
    World::new().eval(code)
}

/// The value of a script that works.
fn value(code: &str) -> Value {
    eval(code).unwrap_or_else(|error| panic!("{code}: {error:?}"))
}

/// The message of a script that fails, with what it underlines: `message @ text`.
fn failure(code: &str) -> String {
    let error = eval(code).expect_err(code);
    let mut map = SourceMap::new();
    map.add("test.rhai", code);
    format!("{}: {} @ {}", error.kind.name(), error.message, error.span.map_or("?", |span| map.slice(span)))
}

/// All diagnostics of a text: `code | message | underlined | help`, one per line.
fn problems(code: &str, purpose: Purpose) -> String {
    match compile(code, purpose) {
        Ok(_) => "none".to_owned(),
        Err(problems) => shown(code, &problems),
    }
}

#[track_caller]
fn all(purpose: Purpose, cases: &[(&str, &str)]) {
    for (code, expected) in cases {
        assert_eq!(problems(code, purpose), *expected, "{code}");
    }
}

fn shown(source: &str, problems: &[Diagnostic]) -> String {
    let mut map = SourceMap::new();
    map.add("test.rhai", source);
    let line = |problem: &Diagnostic| {
        let place = problem.labels.first().map_or("?", |label| map.slice(label.span));
        let code = problem.code.name().trim_start_matches("thinking::");
        format!("{code} | {} | {place} | {}", problem.message, problem.help.as_deref().unwrap_or("-"))
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}
