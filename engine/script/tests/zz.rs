use super::*;
#[test]
fn zz() {
    for code in [
        "results.new",
        "results.if",
        "params.let.x",
        "results?.new",
        "${true}",
        "when ${a}",
        "|_| 1",
        "let f = |_| 1; f.call(2)",
        "`a \\` b`",
        "let x = 1;\rlet y = ;",
        "// c\rnope",
        "1;\r\n\r\nnope",
        "\u{feff}nope + 1",
        "",
        "  ",
        ";",
        "http::get(\"a\")",
        "http",
        "chart::PI",
        "Fn(\"nope\").call()",
        "Fn(\"math::sqrt\")",
        "let new = 1;",
        "#{ new: 1 }",
        "[1].map(|_| 2)",
        "|a, _| 1",
        "let _ = 1",
        "switch 1 { _ => 2 }",
    ] {
        println!("{code:?}: {}", problems(code, Purpose::Expression));
    }
    println!("{}", problems("run.id == \"a\" && results.x == 1", Purpose::Pure));
}
#[test]
fn zz_mem() {
    let rhai = Rhai::new().memory_limit(100 << 20);
    for code in [
        "let a = \"a\"; loop { a += a; }",
        "let a=[1]; for i in 0..40 {a+=a;}",
        "let a=[1]; for i in 0..40 {a = a + a;}",
        "let a = 1; for i in 0..40 { a=#{a:a,b:a}; }",
        "let l=[]; loop { l.push([1,2,3]); }",
        "let a = blob(10, 0); for i in 0..60 { a += a; }",
        "let s = text::repeat(\"a\", 1 << 27); let l = []; l.pad(1000, s); l",
        "let s = text::repeat(\"a\", 1 << 27); s.replace(\"a\", s)",
        "let s = text::repeat(\"a\", 1 << 27); s.split(\"\")",
        "let a = [1]; try { loop { a += a; } } catch { 1 }",
        "let a = []; loop { a = [a]; }",
        "let a = #{}; loop { a = #{ x: 1, next: a, y: 2 }; }",
        "let c = [[]]; loop { c.push([c.pop()]); }",
        "let f = |x| x; loop { let g = f; f = || g.call(1); }",
        "let a = []; loop { let b = []; b.push(a); a = b; }",
        "fn nest() { this = [this]; } let a = 1; loop { a.nest(); }",
        "(1..1000000).reduce(|acc| [acc], [])",
        "let f = |x| x; loop { f = f.curry(f); }",
    ] {
        let start = std::time::Instant::now();
        let program = rhai.compile(&MappedText::whole_file(SourceId(0), code), &scope(), Purpose::Step).unwrap();
        let host: Arc<dyn Host> = World::new().host;
        let error = program.eval(&host).map(|v| v.to_string().len());
        println!("{code}: {:?} {:?}", error.map_err(|e| (e.message, e.span)), start.elapsed());
    }
}
