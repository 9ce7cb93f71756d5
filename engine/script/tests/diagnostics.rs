//! Every mistake with its code, its place and what to do next.

use super::{RHAI, all, problems, scope, shown};
use thinking_diagnostic::{MappedText, SourceId, Span};
use thinking_step::{Language, Purpose};

#[test]
fn syntax() {
    all(
        Purpose::Step,
        &[
            ("let x = ;", "script-syntax | unexpected ';' | ; | -"),
            ("1 +", "script-syntax | the script ends too early | + | -"),
            ("foo(1, ", "script-syntax | `(` is not closed | ( | -"),
            ("if mode == \"a\" { 1 ", "script-syntax | `{` is not closed | { | -"),
            ("let y = \"abc", "script-syntax | the string is not closed | \"abc | -"),
            ("a b", "script-syntax | expected `;` to terminate this statement | b | -"),
            ("index === 1", "script-syntax | `===` means nothing in a script | === | did you mean `==`?"),
            ("@", "script-syntax | `@` means nothing in a script | @ | -"),
            ("let go = 1;", "script-syntax | `go` is a reserved word | go | choose another name"),
            (
                "1 + eval(\"1\")",
                "script-syntax | `eval` is switched off | eval | all code is checked before anything runs; use a function or a closure",
            ),
        ],
    );
}

#[test]
fn escapes_are_proposed_to_be_written_raw() {
    let code = MappedText::decoded(
        "\"a\" +",
        Span::new(SourceId(0), 0, 9),
        vec![(0, 1), (1, 3), (2, 4), (3, 6)],
        vec![(1, 3), (3, 6)],
        8,
    );
    let found = RHAI.compile(&code, &scope(), Purpose::Step).err().unwrap();
    assert_eq!(
        shown("\"\\\"a\\\" +\"", &found),
        "script-syntax | the script ends too early | + | the string has escapes; written raw it reads as it is: ##\"\"a\" +\"##"
            .replace("##", "#")
    );
    let code = MappedText::decoded("\"#\" +", Span::new(SourceId(0), 0, 9), Vec::new(), vec![(1, 3), (3, 6)], 8);
    let found = RHAI.compile(&code, &scope(), Purpose::Step).err().unwrap();
    assert!(found[0].help.as_deref().unwrap().ends_with("##\"\"#\" +\"##"), "{found:?}");
}

#[test]
fn undefined_variables() {
    all(
        Purpose::Step,
        &[
            (
                "let total = 1; totl + 1",
                "undefined-variable | there is no variable `totl` here | totl | did you mean `total`?",
            ),
            (
                "paramz.epochs",
                "undefined-variable | there is no variable `paramz` here | paramz | did you mean `params`?",
            ),
            (
                "foo + bar",
                "undefined-variable | there is no variable `foo` here | foo | -\nundefined-variable | there is no variable `bar` here | bar | -",
            ),
            ("let f = |x| x + yy; f.call(1)", "undefined-variable | there is no variable `yy` here | yy | -"),
            (
                "fn f() { params.epochs } f()",
                "undefined-variable | there is no variable `params` here | params | functions see only their parameters: pass it on, `fn f(params, …)`",
            ),
            ("fn f(a) { a + b } f(1)", "undefined-variable | there is no variable `b` here | b | -"),
            ("for (x, i) in [1] { x + i } x", "undefined-variable | there is no variable `x` here | x | -"),
            ("try { throw 1 } catch (e) { e } e", "undefined-variable | there is no variable `e` here | e | -"),
            ("{ let a = 1; } a", "undefined-variable | there is no variable `a` here | a | -"),
            ("let a = a;", "undefined-variable | there is no variable `a` here | a | -"),
            ("let y = `a${index + z}b`;", "undefined-variable | there is no variable `z` here | z | -"),
            (
                "switch index { 1 => p, 2 if q => 3, _ => 4 }",
                "undefined-variable | there is no variable `p` here | p | -\nundefined-variable | there is no variable `q` here | q | -",
            ),
            ("do { let q = 1; } while q", "undefined-variable | there is no variable `q` here | q | -"),
            ("x = 1", "undefined-variable | there is no variable `x` here | x | -"),
            (
                "math::PI + math::PU",
                "undefined-variable | there is no constant `math::PU` | math::PU | did you mean `math::PI`?",
            ),
            (
                "math::sqrt",
                "undefined-variable | there is no constant `math::sqrt` | math::sqrt | `math::sqrt` is a function: call it, `math::sqrt(…)`",
            ),
            ("fs", "undefined-variable | there is no variable `fs` here | fs | `fs` is a namespace: `fs::…`"),
        ],
    );
}

#[test]
fn undefined_functions() {
    all(
        Purpose::Step,
        &[
            (
                "fs::read_txt(\"a\")",
                "undefined-function | there is no function `fs::read_txt` | fs::read_txt | did you mean `fs::read_text`?",
            ),
            (
                "fs :: read_txt(\"a\")",
                "undefined-function | there is no function `fs::read_txt` | fs :: read_txt | did you mean `fs::read_text`?",
            ),
            (
                "fs::read_text()",
                "undefined-function | `fs::read_text` takes 1 argument, not 0 | fs::read_text | `fs::read_text(path) -> string`: Reads a file as UTF-8 text.",
            ),
            (
                "read_text(\"a\")",
                "undefined-function | there is no function `read_text` | read_text | did you mean `fs::read_text`?",
            ),
            ("fn twice(x) { x } twice(1, 2)", "undefined-function | `twice` takes 1 argument, not 2 | twice | -"),
            (
                "fn twice(x) { x } twise(1)",
                "undefined-function | there is no function `twise` | twise | did you mean `twice`?",
            ),
            ("\"a\".len(1)", "undefined-function | `.len` takes no arguments, not 1 | len | -"),
            ("[1].psh(2)", "undefined-function | there is no function `.psh` | psh | did you mean `push`?"),
            (
                "let f = |x| x; f(1)",
                "undefined-function | `f` is a variable, not a function | f | if it holds a function, call it with `f.call(…)`",
            ),
            (
                "dig(1)",
                "undefined-function | `dig` takes 2 to 7 arguments, not 1 | dig | `dig(value, key…)`: Follows keys and places into maps and lists: `dig(x, \"a\", 0, \"b\")`; `()` where anything on the way is missing.",
            ),
            ("words.put(1)", "undefined-function | `words.put` takes 2 arguments, not 1 | put | -"),
            (
                "words.gett(\"a\")",
                "undefined-function | `words` has no function `gett` | gett | did you mean `words.get`?",
            ),
            (
                "words.foo(zz)",
                "undefined-function | `words` has no function `foo` | foo | it has: clear, delete, get, has, keys, len, put, scan, values\nundefined-variable | there is no variable `zz` here | zz | -",
            ),
        ],
    );
}

#[test]
fn what_only_a_run_can_know_is_no_mistake() {
    let fine = [
        "let m = #{ run_it: |x| x }; m.run_it(1)",
        "let m = #{}; m.later = |x| x; m.later(1)",
        "fn f(x) { x.anything.at[0].all } f(epoch)",
        "epoch.name.first + results.count.total",
        "fn twice() { this * 2 } let x = 1; x.twice()",
        "fn add(n) { this + n } let x = 1; x.add(2)",
        "let f = Fn(\"len\"); f.call(\"a\")",
        "fn g(x) { x } let f = g; f.call(1)",
        "print(1); debug(2); type_of(3); is_def_var(\"x\"); params.type_of()",
        "let a = [1]; let s = 0; a.for_each(|| s += this); s",
        "let a = 1; { let a = 2; a } let a = 3; a",
        "const LIMIT = 3; fn f() { global::LIMIT } f()",
        "let make = |n| |x| x + n; make.call(1).call(2)",
        "params[\"batch-size\"] ?? params.batch_size",
        "let epoch = 1; epoch += 1; epoch",
        "fn params_of(params) { params } params_of(1)",
        "loop { break 1; }",
        "exit(3)",
    ];
    for code in fine {
        assert_eq!(problems(code, Purpose::Step), "none", "{code}");
    }
}

#[test]
fn the_engines_variables_are_known() {
    all(
        Purpose::Step,
        &[
            ("params.epohcs", "unknown-param | there is no parameter `epohcs` | epohcs | did you mean `epochs`?"),
            (
                "params[\"epohcs\"].x",
                "unknown-param | there is no parameter `epohcs` | \"epohcs\" | did you mean `epochs`?",
            ),
            (
                "params?.zzz",
                "unknown-param | there is no parameter `zzz` | zzz | there are: batch_size, corpus, epochs",
            ),
            (
                "[1].map(|x| x + params.epohcs)",
                "unknown-param | there is no parameter `epohcs` | epohcs | did you mean `epochs`?",
            ),
            ("results.cuont", "unknown-result | there is no result `cuont` here | cuont | did you mean `count`?"),
            ("facets.has(\"gpuu\")", "unknown-facet | there is no facet `gpuu` | \"gpuu\" | did you mean `gpu`?"),
            ("facets.gpu", "unknown-property | `facets` has no property `gpu` | gpu | ask with `facets.has(\"name\")`"),
            ("run.dri", "unknown-property | `run` has no property `dri` | dri | did you mean `run.dir`?"),
            ("step.x", "unknown-property | `step` has no property `x` | x | it has: attempt, key, path"),
            (
                "papers.year",
                "unknown-property | `papers` has no property `year` | year | read with `papers.get(id)` or `papers.find(#{ … })`",
            ),
            (
                "points.metric",
                "unknown-property | `points` has no property `metric` | metric | read with `points.get(id)`",
            ),
            ("model.a", "unknown-property | `model` has no property `a` | a | read with `model.get(\"path\")`"),
            ("words[\"a\"]", "unknown-property | `words` has no property `a` | \"a\" | read with `words.get(\"key\")`"),
        ],
    );
}

#[test]
fn the_engines_variables_are_not_taken_away() {
    let own = "keep your own value in a variable of your own: `let x = …`";
    all(
        Purpose::Step,
        &[
            (
                "params = 1",
                &format!(
                    "reserved-name | `params` is the engine's own variable: it cannot be assigned to | params | {own}"
                ),
            ),
            (
                "params.epochs = 3",
                &format!(
                    "reserved-name | `params` is the engine's own variable: it cannot be assigned to | params | {own}"
                ),
            ),
            (
                "index += 1",
                &format!(
                    "reserved-name | `index` is the number of the iteration: it cannot be assigned to | index | {own}"
                ),
            ),
            (
                "words[\"a\"] = 1",
                "reserved-name | `words` is the database `words`: it cannot be assigned to | words | write with `words.put(key, value)`",
            ),
            (
                "let params = 1;",
                "reserved-name | `params` hides the engine's own variable | params | choose another name",
            ),
            ("for words in [1] {}", "reserved-name | `words` hides the database `words` | words | choose another name"),
        ],
    );
}

#[test]
fn a_place_that_only_reads_may_not_write() {
    all(
        Purpose::Expression,
        &[
            (
                "words.put(\"a\", 1)",
                "read-only | the database `words` is read-only here | put | only steps write: move this into the body of a step",
            ),
            (
                "papers.update(1, #{}); papers.find(#{})",
                "read-only | the database `papers` is read-only here | update | only steps write: move this into the body of a step",
            ),
            (
                "points.add(1, [1, 2]); points.nearest([1, 2], 3)",
                "read-only | the database `points` is read-only here | add | only steps write: move this into the body of a step",
            ),
            (
                "model.delete(\"a\"); model.get()",
                "read-only | the database `model` is read-only here | delete | only steps write: move this into the body of a step",
            ),
            ("words.get(\"a\") == fs::read_text(\"a\")", "none"),
            ("time::now() > 0 && result(\"x\") > rand::int(1, 2)", "none"),
            (
                "fs::write_text(\"a\", \"b\")",
                "not-allowed-here | `fs::write_text` changes the world outside: only steps may call it | fs::write_text | -",
            ),
        ],
    );
    all(
        Purpose::Pure,
        &[
            ("sys::gpus() > 0 && math::sqrt(4) == 2.0", "none"),
            (
                "fs::read_text(\"a\")",
                "not-allowed-here | `fs::read_text` looks at the world outside: only pure functions may be called here | fs::read_text | -",
            ),
            (
                "result(\"x\")",
                "not-allowed-here | `result` needs a task: only pure functions may be called here | result | -",
            ),
        ],
    );
}

#[test]
fn functions_see_their_arguments_alone() {
    all(
        Purpose::Step,
        &[(
            "fn f() { 1 } f!()",
            "not-allowed-here | `f!` would let the function see all variables here | f | pass what it needs: `f(…)`",
        )],
    );
}

#[test]
fn adding_a_stream_to_a_list_would_nest_it() {
    let help = "to add every element, write `all.append(…)`; to add the list itself, `all.push(…)`";
    let text = &format!("not-allowed-here | this would add what is read as one element | += | {help}");
    all(
        Purpose::Step,
        &[
            ("let all = []; all += csv::read(\"a\");", text),
            ("let all = []; let rows = fs::lines(\"a\"); all += rows;", text),
            ("fn f() { fs::lines(\"a\") } let all = []; all += f();", text),
            ("fn f(p) { let l = csv::read(p); l } fn g(p) { return f(p); } let all = []; all += g(\"a\");", text),
            ("fn f(p) { if p == \"\" { return []; } fs::lines(p) } let all = []; let l = f(\"a\"); all += l;", text),
            ("fn f(p) { switch p { 1 => [], _ => fs::lines(\"a\") } } let all = []; all += f(2);", text),
            ("let all = []; let l = []; if true { l = fs::lines(\"a\"); } all += l;", text),
            ("let all = []; all += if true { fs::lines(\"a\") } else { [] };", text),
            ("fn f() { fs::lines(\"a\").to_list() } let all = []; all += f();", "none"),
            ("fn f() { for l in fs::lines(\"a\") { return l; } } let all = []; all += f();", "none"),
            ("fn f() { throw fs::lines(\"a\"); } let all = []; all += f();", "none"),
            ("fn f() { fs::lines(\"a\"); 1 } let all = 1; all += f();", "none"),
            ("fn f(n) { if n == 0 { 0 } else { f(n - 1) } } let all = 1; all += f(5);", "none"),
            ("fn f(n) { fs::lines(n) } let all = []; all.append(f(\"a\"));", "none"),
            ("let all = []; let rows = fs::lines(\"a\").map(|x| x); all += rows;", "none"),
            ("let all = []; let rows = csv::read(\"a\"); let rows = 1; all += rows;", "none"),
            ("let all = []; all.append(csv::read(\"a\")); all + csv::read(\"b\")", "none"),
        ],
    );
}

#[test]
fn modules_come_later() {
    let text = "not-yet | `import` is not part of this version yet | import | put the functions into this script";
    all(Purpose::Step, &[("import \"x\" as y;", text), ("let p = \"x\"; import p as y;", text)]);
}

#[test]
fn all_mistakes_come_in_one_pass_in_the_order_of_the_text() {
    assert_eq!(
        problems("fn f() { zz1 }\nlet a = zz2;\nparams.nope;\nfs::nope();\nwords.nope();\nf(1)", Purpose::Step)
            .lines()
            .map(|line| line.split(" | ").nth(2).unwrap_or(""))
            .collect::<Vec<_>>(),
        ["zz1", "zz2", "nope", "fs::nope", "nope", "f"]
    );
}

#[test]
fn reserved_words_are_rhais() {
    for word in ["let", "fn", "this", "switch", "go", "print", "eval", "null", "a b", "a-b", "", "1", "a::b", "\"a\""] {
        assert!(RHAI.is_reserved(word), "{word}");
    }
    for word in ["words", "index", "batch_size", "_x", "letter"] {
        assert!(!RHAI.is_reserved(word), "{word}");
    }
}

#[test]
fn slips_of_the_pen_are_explained() {
    let raw = "code is written without `${}`; only texts and templates have it";
    all(
        Purpose::Step,
        &[
            ("results.new", "script-syntax | `new` is a reserved word | new | write `results[\"new\"]`"),
            ("results?.if.x", "script-syntax | `if` is a reserved word | if | write `results[\"if\"]`"),
            ("epoch.a.let", "script-syntax | `let` is a reserved word | let | write `epoch.a[\"let\"]`"),
            (
                "#{ new: 1 }",
                "script-syntax | `new` is a reserved word | new | write the key between quotes: `\"new\": …`",
            ),
            ("${true}", &format!("script-syntax | `$` means nothing in a script | $ | {raw}")),
            ("index > ${epoch}", &format!("script-syntax | `$` means nothing in a script | $ | {raw}")),
            ("[1].map(|_| 2)", "script-syntax | `_` alone is no name | _ | name the parameter, e.g. `|_x|`"),
            (
                "`a \\` b`",
                "script-syntax | expected `;` to terminate this statement | b | inside backticks a backtick is written twice, not with `\\`",
            ),
            ("Fn(\"nope\").call()", "undefined-function | there is no function `nope` | \"nope\" | -"),
            (
                "http::get(\"a\")",
                "invalid-arguments | this is not a URL: it must begin with `http://` or `https://` | \"a\" | write it like \"https://example.com/page\"",
            ),
        ],
    );
}

#[test]
fn marks_and_line_ends_of_other_editors_keep_the_places() {
    let nope = "undefined-variable | there is no variable `nope` here | nope | -";
    all(Purpose::Step, &[("\u{feff}nope", nope), ("// c\rnope", nope), ("1;\r\n\r\nnope", nope), ("1;\rnope", nope)]);
}

#[test]
fn an_expression_must_be_one() {
    for code in ["", "  ", ";", "// nothing"] {
        for purpose in [Purpose::Expression, Purpose::Pure] {
            assert!(problems(code, purpose).starts_with("script-syntax | there is nothing to evaluate | "), "{code:?}");
        }
        assert_eq!(problems(code, Purpose::Step), "none", "{code:?}");
    }
}

#[test]
fn what_a_run_alone_knows_is_refused_before_it() {
    let mut scope = scope();
    for name in ["run", "results", "step"] {
        scope.variables.remove(name);
    }
    for name in ["run", "results", "step"] {
        let code = format!("{name}.x == 1");
        let found = RHAI.compile(&MappedText::whole_file(SourceId(0), &*code), &scope, Purpose::Pure).err().unwrap();
        assert_eq!(
            shown(&code, &found),
            format!(
                "not-allowed-here | `{name}` is known only while a run is under way, and this is evaluated before | {name} | `params`, `facets`, `mode` and pure functions may be used here"
            )
        );
    }
    assert_eq!(problems("run.id == \"a\"", Purpose::Pure), "none", "the scope offers it");
}

#[test]
fn names_are_listed_once_and_in_order() {
    let mut scope = scope();
    let names = ["b", "app", "a", "b", "app"].map(str::to_owned).to_vec();
    scope.variables.insert(
        "results".to_owned(),
        thinking_step::ScopeEntry { kind: thinking_step::VariableKind::Results(names), span: None },
    );
    let code = MappedText::whole_file(SourceId(0), "results.zzz");
    let found = RHAI.compile(&code, &scope, Purpose::Step).err().unwrap();
    assert_eq!(found[0].help.as_deref(), Some("there are: a, app, b"));
}

/// What follows something that is not there, or of which nothing is known, is no second mistake; what is handed to it may be one.
#[test]
fn one_mistake_is_told_once() {
    all(
        Purpose::Step,
        &[
            ("foo.bar().baz(1)", "undefined-variable | there is no variable `foo` here | foo | -"),
            (
                "foo[zap].bar(zup)",
                "undefined-variable | there is no variable `foo` here | foo | -\n\
                 undefined-variable | there is no variable `zap` here | zap | -\n\
                 undefined-variable | there is no variable `zup` here | zup | -",
            ),
            (
                "math::FOO.bar()",
                "undefined-variable | there is no constant `math::FOO` | math::FOO | did you mean `math::E`?",
            ),
            ("unclear.inc().frobnicate(1) + unclear.size", "none"),
            ("let u = unclear; u.frobnicate(1); fn f(x) { x.frobnicate(1) } f(unclear)", "none"),
            ("unclear.inc(zap)", "undefined-variable | there is no variable `zap` here | zap | -"),
            (
                "unclear = 1",
                "reserved-name | `unclear` is a component: it cannot be assigned to | unclear | call its operations, \
                 `unclear.name(…)`, or use a variable of your own: `let x = …`",
            ),
            ("let x = 1; x.frobnicate(1)", "undefined-function | there is no function `.frobnicate` | frobnicate | -"),
        ],
    );
}
