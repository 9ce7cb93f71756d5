//! What a call of a native operation costs beyond Rhai's own call, and large lists both ways. `cargo bench -p thinking-script --bench component`.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use rhai::{Dynamic, ImmutableString};
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_diagnostic::{MappedText, SourceId};
use thinking_script::Rhai;
use thinking_std::{Positional, evaluate, to_dynamic};
use thinking_step::testing::MemoryHost;
use thinking_step::{
    About, Answer, Arguments, Class, Component, ComponentType, Creation, Host, Language, Operation, Origin, Parameter,
    Purpose, ScopeEntry, StaticScope, StepError, Value, VariableKind, argument,
};

fn main() {
    divan::main();
}

/// Has `weigh(number, text)`, which is pure.
struct Scales(About);

impl Scales {
    fn new() -> Arc<Self> {
        let parameter = |name: &str| Parameter { name: name.to_owned(), schema: Value::Bool(true), optional: false };
        let weigh = Operation {
            name: "weigh".to_owned(),
            doc: String::new(),
            parameters: vec![parameter("number"), parameter("text")],
            returns: "i64".to_owned(),
            class: Class::Pure,
            declared: true,
            origin: Origin::Engine,
        };
        Arc::new(Self(About {
            name: "scales".to_owned(),
            doc: String::new(),
            version: String::new(),
            provides: Vec::new(),
            rust: None,
            config: Value::Null,
            needs: Vec::new(),
            operations: vec![weigh],
            persistent: Vec::new(),
            definition: (String::new(), Vec::new()),
            origin: Origin::Engine,
        }))
    }
}

impl ComponentType for Scales {
    fn about(&self) -> &About {
        &self.0
    }
    fn create(&self, _: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        Ok(Self::new())
    }
}

impl Component for Scales {
    fn call(&self, _: usize, given: &mut dyn Arguments, _: &Arc<dyn Host>) -> Result<Answer, StepError> {
        let number: i64 = argument(given, 0, "number", "weigh")?.unwrap();
        let text: String = argument(given, 1, "text", "weigh")?.unwrap();
        Ok(Box::new(number + text.len() as i64))
    }
}

fn host() -> Arc<dyn Host> {
    let mut host = MemoryHost::new(&std::env::temp_dir());
    let scales = Scales::new();
    host.components.insert("scales".to_owned(), (Arc::clone(&scales) as Arc<dyn Component>, scales));
    Arc::new(host)
}

const CALLS: &str = "let n = 0; for i in 0..1000 { n += scales.weigh(i, \"text\"); } n";
const NO_CALLS: &str = "let n = 0; for i in 0..1000 { n += i; } n";

/// A thousand calls of an operation, and the loop alone.
#[divan::bench(args = [CALLS, NO_CALLS])]
fn operation(bencher: divan::Bencher, code: &str) {
    let kind = VariableKind::Component { binding: "scales".to_owned(), about: Arc::new(Scales::new().0.clone()) };
    let scope = StaticScope { variables: BTreeMap::from([("scales".to_owned(), ScopeEntry { kind, span: None })]) };
    let code = MappedText::whole_file(SourceId(0), code);
    let program = Rhai::new().compile(&code, &scope, Purpose::Step).unwrap();
    let host = host();
    bencher.bench_local(|| program.eval(&host).unwrap());
}

#[derive(Clone)]
struct Registered;

/// The same with a method that is registered in an engine of Rhai.
#[divan::bench(args = [CALLS, NO_CALLS])]
fn registered(bencher: divan::Bencher, code: &str) {
    let mut engine = rhai::Engine::new();
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    engine.register_fn("weigh", |_: &mut Registered, number: i64, text: ImmutableString| number + text.len() as i64);
    let ast = engine.compile(code).unwrap();
    bencher.bench_local(|| {
        let mut scope = rhai::Scope::new();
        scope.push("scales", Registered);
        engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast).unwrap()
    });
}

#[divan::bench]
fn a_million_floats_to_rust(bencher: divan::Bencher) {
    let host = host();
    let mut list = Dynamic::from_array((0..1_000_000).map(|at| Dynamic::from(f64::from(at) / 2.0)).collect());
    let values = [&mut list];
    bencher.bench_local(|| {
        let mut given = Positional::new(&values);
        let numbers = evaluate(&host, || argument::<Vec<f32>>(&mut given, 0, "numbers", "sum")).0;
        numbers.unwrap().unwrap().len()
    });
}

#[divan::bench]
fn a_million_floats_to_rhai(bencher: divan::Bencher) {
    let host = host();
    let numbers: Vec<f32> = (0..1_000_000).map(|at| at as f32 / 2.0).collect();
    bencher.bench_local(|| evaluate(&host, || to_dynamic(&numbers)).0.unwrap());
}
