//! Which lines ran.

use super::scripted::declared;
use super::{RHAI, World, scope};
use crate::{Recorder, Rhai};
use insta::assert_snapshot;
use serde_json::json;
use std::sync::Arc;
use thinking_diagnostic::{MappedText, SourceId, SourceMap, Span};
use thinking_event::testing::Coverage;
use thinking_step::{Creation, Host, Language, NamedArguments, Purpose, StepError, Value};

/// A source with the hits of its lines before them; `-` where nothing can run.
fn shown(sources: &SourceMap, coverage: &Coverage) -> String {
    let mut all = String::new();
    for (_, file) in sources.iter() {
        let lines = coverage.lines.get(&*file.name);
        for (at, text) in file.text.lines().enumerate() {
            let hits = lines.and_then(|lines| lines.get(&(at + 1))).map_or("-".to_owned(), u64::to_string);
            all.push_str(format!("{hits:>3} | {}", text.replace('\r', "␍")).trim_end());
            all.push('\n');
        }
    }
    all
}

fn eval_with(rhai: &Rhai, code: &MappedText) -> Result<Value, StepError> {
    let program =
        rhai.compile(code, &scope(), Purpose::Step).unwrap_or_else(|found| panic!("{}: {found:#?}", code.text));
    let host: Arc<dyn Host> = World::new().host;
    program.eval(&host)
}

/// Runs a script file and shows the hits of its lines.
fn covered(code: &str) -> String {
    let recorder = Recorder::new();
    let mut sources = SourceMap::new();
    let source = sources.add("test.rhai", code);
    let value = eval_with(&Rhai::covering(&recorder), &MappedText::whole_file(source, code));
    let runnable = recorder.runnable(&sources);
    let coverage = recorder.take(&sources);
    assert_eq!(
        runnable.lines.values().flat_map(|lines| lines.keys()).collect::<Vec<_>>(),
        coverage.lines.values().flat_map(|lines| lines.keys()).collect::<Vec<_>>()
    );
    assert!(runnable.lines.values().flat_map(|lines| lines.values()).all(|hits| *hits == 0));
    assert_eq!(recorder.take(&sources), runnable, "what was taken is gone");
    match value {
        Ok(value) => format!("{}= {value}", shown(&sources, &coverage)),
        Err(error) => format!("{}! {}", shown(&sources, &coverage), error.message),
    }
}

#[test]
fn statements_of_every_kind() {
    assert_snapshot!(covered(
        r#"// A comment.
let a = 1;
const B = 2;

a += B;
a = a
    + 1;
if a > 3 {
    a -= 1;
} else {
    a = 100;
}
if a > 100 { a = 1 } else { a = 2 }
if a == 1 {
    a = 3;
} else if a == 2 {
    a = 4;
} else {
    a = 5;
}
let list = [
    1,
    if a == 4 {
        2
    } else {
        3
    },
];
for x in list {
    if x == 1 {
        continue;
    }
    a += x;
}
while a < 20 {
    a += 1;
    if a == 19 {
        break;
    }
}
loop {
    a += 1;
    if a > 25 { break; }
}
do {
    a += 1;
}
while a < 30;
do {
    break;
} until false;
switch a {
    30 => a += 1,
    31 => {
        a = 0;
    }
    32 | 33 => a = 1,
    34..40 if a == 35 => a = 2,
    _ => throw "not this"
}
try {
    a += 1;
    throw "on purpose";
    a = 0;
} catch (error) {
    a += 1;
}
{
    a += 1;
    ;
}
/* more
   of it */ a += 1;
let text = `${
    a
} and ${if a > 0 { "more" } else { "less" }}`;
#{
    text: text,
    b: 0,
}
"#
    ), @r##"
      - | // A comment.
      1 | let a = 1;
      1 | const B = 2;
      - |
      1 | a += B;
      1 | a = a
      - |     + 1;
      1 | if a > 3 {
      1 |     a -= 1;
      - | } else {
      0 |     a = 100;
      - | }
      1 | if a > 100 { a = 1 } else { a = 2 }
      1 | if a == 1 {
      0 |     a = 3;
      1 | } else if a == 2 {
      1 |     a = 4;
      - | } else {
      0 |     a = 5;
      - | }
      1 | let list = [
      - |     1,
      1 |     if a == 4 {
      1 |         2
      - |     } else {
      0 |         3
      - |     },
      - | ];
      1 | for x in list {
      2 |     if x == 1 {
      1 |         continue;
      - |     }
      1 |     a += x;
      - | }
      1 | while a < 20 {
     13 |     a += 1;
     13 |     if a == 19 {
      1 |         break;
      - |     }
      - | }
      1 | loop {
      7 |     a += 1;
      7 |     if a > 25 { break; }
      - | }
      1 | do {
      4 |     a += 1;
      - | }
      4 | while a < 30;
      1 | do {
      1 |     break;
      0 | } until false;
      1 | switch a {
      1 |     30 => a += 1,
      - |     31 => {
      0 |         a = 0;
      - |     }
      0 |     32 | 33 => a = 1,
      0 |     34..40 if a == 35 => a = 2,
      0 |     _ => throw "not this"
      - | }
      1 | try {
      1 |     a += 1;
      1 |     throw "on purpose";
      0 |     a = 0;
      - | } catch (error) {
      1 |     a += 1;
      - | }
      - | {
      1 |     a += 1;
      - |     ;
      - | }
      - | /* more
      1 |    of it */ a += 1;
      1 | let text = `${
      1 |     a
      1 | } and ${if a > 0 { "more" } else { "less" }}`;
      1 | #{
      - |     text: text,
      - |     b: 0,
      - | }
    = {"b":0,"text":"35 and more"}
    "##);
}

#[test]
fn functions_and_closures() {
    assert_snapshot!(covered(
        r#"fn twice(x) { x * 2 }
fn early(x) {
    if x > 1 {
        return x;
    }
    let y = x + 1;
    y
}
fn never() {
    1
}
fn recurse(n) {
    if n == 0 { return 0; }
    1 + recurse(n - 1)
}
private fn hidden(list) {
    list.map(|x| {
        let y = x + 1;
        y
    })
}
let k = 10;
let one = |x| x + k;
let same = [1, 2, 3]
    .map(|x| x + 1)
    .filter(|x|
        x > 2
    )
    .map(|x| {
        k += x;
        [4].map(|z| {
            z + k
        })[0]
    });
let other = |x| {
    throw x;
};
let unused = || {
    1
};
let first = |x| {
    x + 1
};
let second = |x| {
    x + 1
};
twice(1) + twice(2) + early(1) + early(2)
    + recurse(5) + one.call(1) + hidden([1, 2]).len() + first.call(1)
"#
    ), @r##"
      2 | fn twice(x) { x * 2 }
      - | fn early(x) {
      2 |     if x > 1 {
      1 |         return x;
      - |     }
      1 |     let y = x + 1;
      1 |     y
      - | }
      - | fn never() {
      0 |     1
      - | }
      - | fn recurse(n) {
      6 |     if n == 0 { return 0; }
      5 |     1 + recurse(n - 1)
      - | }
      - | private fn hidden(list) {
      1 |     list.map(|x| {
      2 |         let y = x + 1;
      2 |         y
      - |     })
      - | }
      1 | let k = 10;
      1 | let one = |x| x + k;
      1 | let same = [1, 2, 3]
      3 |     .map(|x| x + 1)
      - |     .filter(|x|
      3 |         x > 2
      - |     )
      - |     .map(|x| {
      2 |         k += x;
      2 |         [4].map(|z| {
      2 |             z + k
      - |         })[0]
      - |     });
      1 | let other = |x| {
      0 |     throw x;
      - | };
      1 | let unused = || {
      0 |     1
      - | };
      1 | let first = |x| {
      1 |     x + 1
      - | };
      1 | let second = |x| {
      0 |     x + 1
      - | };
      1 | twice(1) + twice(2) + early(1) + early(2)
      - |     + recurse(5) + one.call(1) + hidden([1, 2]).len() + first.call(1)
    = 37
    "##);
}

#[test]
fn failures_end_where_they_end() {
    assert_snapshot!(covered("let a = 1;\nlet b = a / 0;\nlet c = 1;\n"), @r##"
      1 | let a = 1;
      1 | let b = a / 0;
      0 | let c = 1;
    ! division by zero: 1 / 0
    "##);
    assert_snapshot!(covered("fn f(x) {\n    assert_eq(x, 1);\n    x\n}\nf(1);\nf(2);\nf(1);\n"), @r##"
      - | fn f(x) {
      2 |     assert_eq(x, 1);
      1 |     x
      - | }
      1 | f(1);
      1 | f(2);
      0 | f(1);
    ! the two values are not equal
    "##);
    assert_snapshot!(covered("return 5;\nlet c = 1;\n"), @r##"
      1 | return 5;
      0 | let c = 1;
    = 5
    "##);
}

#[test]
fn nothing_can_run_where_there_is_nothing() {
    assert_snapshot!(covered("// only this\n\n;\n"), @r##"
      - | // only this
      - |
      - | ;
    = null
    "##);
    assert_snapshot!(covered("\u{feff}let a = 1;\r\nlet b = 2;\r\n// no\r\na + b\r\n"), @r##"
      1 | ﻿let a = 1;
      1 | let b = 2;
      - | // no
      1 | a + b
    = 3
    "##);
    assert_snapshot!(covered("let a = 1;\rlet b = 2;"), @r##"
      1 | let a = 1;␍let b = 2;
    = null
    "##);
}

/// The manifest, and a script in it: where its text begins, and by how much its lines are set in.
fn in_manifest(kdl: &str, quoted: &str, indentation: usize) -> String {
    let mut sources = SourceMap::new();
    let source = sources.add("pipeline.kdl", kdl);
    let start = kdl.find(quoted).unwrap();
    let (mut text, mut runs) = (String::new(), Vec::new());
    let mut at = start;
    for line in quoted.split_inclusive('\n') {
        let cut = indentation.min(line.len() - line.trim_start_matches(' ').len());
        runs.push((text.len() as u32, (at + cut) as u32));
        text.push_str(&line[cut..]);
        at += line.len();
    }
    let whole = Span::new(source, start - 1, start + quoted.len() + 1);
    let code = MappedText::decoded(text, whole, runs, Vec::new(), (start + quoted.len()) as u32);
    let recorder = Recorder::new();
    let rhai = Rhai::covering(&recorder);
    eval_with(&rhai, &code).unwrap();
    // The same text again is the same lines again.
    eval_with(&rhai, &code).unwrap();
    shown(&sources, &recorder.take(&sources))
}

#[test]
fn lines_of_a_manifest() {
    let kdl = "project \"x\"\nstep \"a\" {\n    rhai #\"\"\"\n        let a = 1;\n        // ö\n        if a > 1 {\n            a = 2;\n        }\n        \"\"\"#\n}\n";
    let script = "        let a = 1;\n        // ö\n        if a > 1 {\n            a = 2;\n        }\n";
    assert_snapshot!(in_manifest(kdl, script, 8), @r##"
    - | project "x"
    - | step "a" {
    - |     rhai #"""
    2 |         let a = 1;
    - |         // ö
    2 |         if a > 1 {
    0 |             a = 2;
    - |         }
    - |         """#
    - | }
    "##);
    assert_snapshot!(in_manifest("step \"a\" when=\"1 < 2\" {\n    rhai \"let a = 1; a\"\n}\n", "1 < 2", 0), @r##"
    2 | step "a" when="1 < 2" {
    - |     rhai "let a = 1; a"
    - | }
    "##);
}

#[test]
fn escaped_lines_are_one() {
    // What the user sees: `rhai "let a = 1;\nfor i in 0..3 {\na += i;\n}"`, all on a line.
    let kdl = r#"rhai "let a = 1;\nfor i in 0..3 {\na += i;\n}""#;
    let text = "let a = 1;\nfor i in 0..3 {\na += i;\n}";
    let (mut runs, mut ends, mut at) = (vec![(0, 6)], Vec::new(), 6);
    for (place, character) in text.char_indices() {
        at += if character == '\n' { 2 } else { 1 };
        if character == '\n' {
            runs.push((place as u32 + 1, at));
            ends.push((place as u32 + 1, at));
        }
    }
    let mut sources = SourceMap::new();
    let source = sources.add("pipeline.kdl", kdl);
    let code = MappedText::decoded(text, Span::new(source, 5, kdl.len()), runs, ends, kdl.len() as u32 - 1);
    let recorder = Recorder::new();
    eval_with(&Rhai::covering(&recorder), &code).unwrap();
    assert_eq!(shown(&sources, &recorder.take(&sources)), format!("  1 | {kdl}\n"));
    let recorder = Recorder::new();
    eval_with(&Rhai::covering(&recorder), &MappedText::opaque(text, Span::new(source, 5, kdl.len()))).unwrap();
    assert_eq!(shown(&sources, &recorder.take(&sources)), format!("  1 | {kdl}\n"));
}

#[test]
fn scripted_components() {
    let code = "const LEAST = 2;\n\n/// Splits.\nfn split(text) {\n    let parts = this.cut(text);\n    if parts.len() < global::LEAST {\n        return [];\n    }\n    parts\n}\n\nprivate fn cut(text) {\n    text.split(\" \")\n        .filter(|word| {\n            word.len() > 0\n        })\n}\n\nfn unused() {\n    1\n}\n";
    let mut sources = SourceMap::new();
    let source = sources.add("text.rhai", code);
    let recorder = Recorder::new();
    let code = MappedText::whole_file(source, code);
    let kind = Rhai::covering(&recorder).component(&code, declared(&[], false)).unwrap();
    let plain = RHAI.component(&code, declared(&[], false)).unwrap();
    assert_eq!(kind.about().definition, plain.about().definition);
    let host: Arc<dyn Host> = World::new().host;
    let config = json!({});
    let creation = Creation { binding: "text", config: &config, dependencies: Vec::new(), host: &host };
    let component = kind.create(creation).unwrap();
    for text in ["a b", "a"] {
        let at = kind.about().operation("split").unwrap();
        component.call(at, &mut NamedArguments(&json!({ "text": text })), &host).unwrap();
    }
    assert_snapshot!(shown(&sources, &recorder.take(&sources)), @r##"
    2 | const LEAST = 2;
    - |
    - | /// Splits.
    - | fn split(text) {
    2 |     let parts = this.cut(text);
    2 |     if parts.len() < global::LEAST {
    1 |         return [];
    - |     }
    1 |     parts
    - | }
    - |
    - | private fn cut(text) {
    2 |     text.split(" ")
    - |         .filter(|word| {
    3 |             word.len() > 0
    - |         })
    - | }
    - |
    - | fn unused() {
    0 |     1
    - | }
    "##);
}

/// Value, or what failed and where.
fn outcome(rhai: &Rhai, code: &str) -> String {
    format!("{:?}", eval_with(rhai, &MappedText::whole_file(SourceId(0), code)))
}

#[test]
fn the_sample_programs_do_the_same() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/rhai/samples");
    let recorder = Recorder::new();
    let covering = Rhai::covering(&recorder);
    let mut number = 0;
    for entry in std::fs::read_dir(samples).unwrap() {
        let code = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert_eq!(outcome(&covering, &code), outcome(&RHAI, &code), "{code}");
        let identity = |rhai: &Rhai| {
            let program = rhai.compile(&MappedText::whole_file(SourceId(0), &*code), &scope(), Purpose::Step).unwrap();
            (
                program.canonical().0.to_owned(),
                program.references().to_vec(),
                program.calls().to_vec(),
                program.volatile(),
            )
        };
        assert_eq!(identity(&covering), identity(&RHAI), "{code}");
        number += 1;
    }
    assert!(number > 10, "{number} samples");
}

#[test]
fn failures_stay_where_they_are() {
    let cases = [
        "fn f(x) {\n    x.missing\n}\nlet a = 1;\n\nf(a)",
        "let list = [1];\nlist\n    .map(|x| {\n        throw x;\n    })",
        "fn f(n) {\n    f(n + 1)\n}\nf(1)",
        "let f = |n| {\n    n.missing\n};\ntry {\n    f.call(1);\n} catch (e) {\n    [e.line, e.position]\n}",
        "loop {\n    let m = #{ };\n    m.a = m;\n    m.a.b.c.d = 1;\n}",
        "let five = 5;\ndo {\n    1;\n}\nwhile five",
        "let a = 1;\nwhile a {\n    a += 1;\n}",
        "fn change(list) {\n    list.push(1);\n    list\n}\nlet l = [];\nlet k = change(l);\nk.push(2);\nchange(k).push(3);\nk.len() + l.len()",
        "fn add() {\n    this += 1;\n    this\n}\nlet n = 1;\nn.add();\nn.add() + n",
        "fn f() {\n    return 1;\n}\nfn g(h) {\n    h.call() + 1\n}\ng(f) + g(Fn(\"f\")) + g(|| {\n    return 3;\n})",
        "const LIMIT = 4;\nfn f() {\n    global::LIMIT\n}\nf()",
        "let x = 1;\nlet get = || {\n    x += 1;\n    x\n};\nget.call();\nget.call() + x",
        "let body = 1;\nlet f = |body| {\n    body\n};\nf.call(body)",
    ];
    let covering = Rhai::covering(&Recorder::new());
    for code in cases {
        assert_eq!(outcome(&covering, code), outcome(&RHAI, code), "{code}");
    }
}

#[test]
fn operations_are_those_of_the_script() {
    let rounds = |rhai: &Rhai, rounds: usize| {
        let code = format!("fn f(x) {{\n    x\n}}\nlet sum = 0;\nfor i in 0..{rounds} {{\n    sum += f(i);\n}}\nsum");
        let program = rhai.compile(&MappedText::whole_file(SourceId(0), code), &scope(), Purpose::Step).unwrap();
        let mut world = World::new();
        Arc::get_mut(&mut world.host).unwrap().limits.operations = Some(200_000);
        let host: Arc<dyn Host> = world.host;
        program.eval(&host).is_ok()
    };
    // The last number of rounds that is enough; operations are looked at 4096 at a time, which is less than a thousand rounds.
    let (mut enough, mut too_many) = (1, 200_000);
    while too_many - enough > 1000 {
        let middle = (enough + too_many) / 2;
        if rounds(&RHAI, middle) { enough = middle } else { too_many = middle }
    }
    let covering = Rhai::covering(&Recorder::new());
    assert!(enough > 10_000, "{enough}");
    assert!(rounds(&covering, enough - 1000));
    assert!(!rounds(&covering, too_many + 1000));
}

#[test]
fn threads_count_together() {
    let code = "let sum = 0;\nfor i in 0..1000 {\n    sum += i;\n}\nsum\n";
    let mut sources = SourceMap::new();
    let source = sources.add("test.rhai", code);
    let recorder = Recorder::new();
    let rhai = Rhai::covering(&recorder);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| eval_with(&rhai, &MappedText::whole_file(source, code)).unwrap());
        }
    });
    assert_snapshot!(shown(&sources, &recorder.take(&sources)), @r##"
      4 | let sum = 0;
      4 | for i in 0..1000 {
    4000 |     sum += i;
      - | }
      4 | sum
    "##);
}
