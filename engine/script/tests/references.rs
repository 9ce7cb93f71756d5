//! What a script mentions outside of itself.

use super::program;
use thinking_step::ReferenceKind::{
    self, AnyParam, AnyResult, Connects, Database, Facet, Param, ReadsEnv, ReadsFile, Result, SiblingResult, Variable,
    WritesFile,
};

fn references(code: &str) -> Vec<(ReferenceKind, String)> {
    let program = program(code);
    let shown = |reference: &thinking_step::Reference| {
        (reference.kind.clone(), code[reference.span.start as usize..reference.span.end as usize].to_owned())
    };
    program.references().iter().map(shown).collect()
}

fn kinds(code: &str) -> Vec<ReferenceKind> {
    references(code).into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn everything_is_found_in_the_order_of_the_text() {
    let name = |text: &str| text.to_owned();
    assert_eq!(
        kinds("let db = papers; points.len(); [1].map(|x| model.get())"),
        [Database(name("papers")), Database(name("points")), Database(name("model"))]
    );
    assert_eq!(
        references("words.put(params.corpus, results[\"export\"].x + epoch); facets.has(\"gpu\")"),
        [
            (Database(name("words")), name("words")),
            (Param(name("corpus")), name("corpus")),
            (SiblingResult(name("export")), name("\"export\"")),
            (Variable(name("epoch")), name("epoch")),
            (Facet(name("gpu")), name("\"gpu\"")),
        ]
    );
    assert_eq!(
        kinds("fs::copy(\"a\", \"b\"); json::write(\"c\", csv::read(\"d\")); fs::read_text(params.corpus)"),
        [
            ReadsFile(name("a")),
            WritesFile(name("b")),
            WritesFile(name("c")),
            ReadsFile(name("d")),
            Param(name("corpus"))
        ]
    );
    assert_eq!(kinds("result(\"prepare/count\") + result(mode)"), [Result(name("prepare/count")), AnyResult]);
    assert_eq!(kinds("params[\"batch-size\"]"), [Param(name("batch_size"))]);
    assert_eq!(kinds("params[mode]; results[mode]"), [AnyParam, AnyResult]);
    assert_eq!(kinds("fn f(p) { p } f(params); f(results); f(words)"), [AnyParam, AnyResult, Database(name("words"))]);
    assert_eq!(kinds("[1].map(|x| x * params.epochs)"), [Param(name("epochs"))]);
    assert_eq!(kinds("`a${params.epochs}`"), [Param(name("epochs"))]);
    assert_eq!(kinds("let epoch = 1; epoch"), []);
    assert_eq!(
        references("http::get(\"https://A.example/x\"); http::request(\"PUT\", \"http://[::1]:81\"); http::get(mode)"),
        [
            (Connects(name("a.example"), 443), name("\"https://A.example/x\"")),
            (Connects(name("[::1]"), 81), name("\"http://[::1]:81\"")),
        ]
    );
    assert_eq!(references("sys::env(\"HOME\")"), [(ReadsEnv(name("HOME")), name("\"HOME\""))]);
    for (pattern, base) in [
        ("/etc/x*", "/etc"),
        ("data/**/*.csv", "data"),
        ("a/b/{c,d}/e", "a/b"),
        ("*.csv", "."),
        ("/*", "/"),
        ("./data/*.csv", "./data"),
    ] {
        assert_eq!(kinds(&format!("fs::glob(\"{pattern}\")")), [ReadsFile(name(base))], "{pattern}");
    }
}

#[test]
fn volatile_is_what_may_differ_each_time() {
    for code in ["time::now()", "run.id", "sys::cpus()", "timestamp()", "fn f() { sys::hostname() } f()", "print(run)"]
    {
        assert!(program(code).volatile(), "{code}");
    }
    for code in
        ["1", "rand::int(1, 2)", "params.epochs", "fs::read_text(\"a\")", "step.attempt", "let run_it = 1; run_it"]
    {
        assert!(!program(code).volatile(), "{code}");
    }
}
