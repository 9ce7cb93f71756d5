//! What a small evaluation costs. `cargo bench -p thinking-script`.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_diagnostic::{MappedText, SourceId};
use thinking_script::Rhai;
use thinking_step::testing::MemoryHost;
use thinking_step::{Host, Language, Program, Purpose, ScopeEntry, StaticScope, VariableKind};

fn main() {
    divan::main();
}

fn scope() -> StaticScope {
    let entry = |kind| ScopeEntry { kind, span: None };
    StaticScope {
        variables: BTreeMap::from([
            ("index".to_owned(), entry(VariableKind::Loop)),
            ("params".to_owned(), entry(VariableKind::Params(vec!["epochs".to_owned()]))),
            ("words".to_owned(), entry(VariableKind::Kv("words".to_owned()))),
        ]),
    }
}

fn host() -> Arc<dyn Host> {
    let mut host = MemoryHost::new(&std::env::temp_dir());
    host.variables.insert("index".to_owned(), 7.into());
    host.params.insert("epochs".to_owned(), 20.into());
    Arc::new(host)
}

fn program(code: &str) -> Arc<dyn Program> {
    Rhai::new().compile(&MappedText::whole_file(SourceId(0), code), &scope(), Purpose::Step).unwrap()
}

#[divan::bench(args = ["1", "index * 2", "params.epochs", "words.put(\"k\", 1)", "words.get(\"k\")", "math::sqrt(2)"])]
fn eval(bencher: divan::Bencher, code: &str) {
    let (program, host) = (program(code), host());
    bencher.bench_local(|| program.eval(&host).unwrap());
}

/// Rhai alone, for comparison: the same engine features, no host, no conversion.
#[divan::bench(args = ["1", "index * 2"])]
fn bare_rhai(bencher: divan::Bencher, code: &str) {
    let mut engine = rhai::Engine::new();
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    let ast = engine.compile(code).unwrap();
    let name: rhai::ImmutableString = "index".into();
    bencher.bench_local(|| {
        let mut scope = rhai::Scope::new();
        scope.push_dynamic(name.clone(), 7_i64.into());
        engine.eval_ast_with_scope::<rhai::Dynamic>(&mut scope, &ast).unwrap()
    });
}

#[divan::bench]
fn new_language() -> Rhai {
    Rhai::new()
}

#[divan::bench]
fn compile_small(bencher: divan::Bencher) {
    let (rhai, scope) = (Rhai::new(), scope());
    let code = MappedText::whole_file(SourceId(0), "let n = index * 2; words.put(`k${n}`, params.epochs); n");
    bencher.bench_local(|| rhai.compile(&code, &scope, Purpose::Step).map(drop).is_ok());
}

#[divan::bench(args = [1_000, 100_000])]
fn grow_a_list(bencher: divan::Bencher, length: usize) {
    let (program, host) =
        (program(&format!("let list = []; for i in 0..{length} {{ list.push(i); }} list.len()")), host());
    bencher.bench_local(|| program.eval(&host).unwrap());
}
