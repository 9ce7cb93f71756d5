//! Components that are scripts.

use super::{RHAI, World, native, shown};
use serde_json::json;
use std::sync::Arc;
use thinking_diagnostic::{MappedText, SourceId, SourceMap};
use thinking_step::testing::MemoryHost;
use thinking_step::{
    Component, ComponentType, Creation, Datum, ErrorKind, Host, Language, NamedArguments, Need, Origin, Provided,
    ProvidedKind, ScriptedComponent, StepError, Supplied, Value, VariableKind,
};

pub fn declared(needs: &[&str], persistent: bool) -> ScriptedComponent {
    ScriptedComponent {
        name: "text.shout".to_owned(),
        doc: String::new(),
        version: String::new(),
        provides: vec!["tokenizer".to_owned()],
        config: json!({ "type": "object", "properties": { "separator": {}, "min-count": {} } }),
        needs: needs.iter().map(|name| Need::one(*name, *name)).collect(),
        persistent,
        dependencies: Default::default(),
        origin: Origin::Engine,
    }
}

fn kind_of(code: &str, needs: &[&str], persistent: bool) -> Arc<dyn ComponentType> {
    let code = MappedText::whole_file(SourceId(0), code);
    RHAI.component(&code, declared(needs, persistent)).unwrap_or_else(|found| panic!("{}: {found:#?}", code.text))
}

fn kind(code: &str) -> Arc<dyn ComponentType> {
    kind_of(code, &["inner", "words", "many-things"], false)
}

#[track_caller]
fn mistakes(cases: &[(&str, &str)]) {
    for (code, expected) in cases {
        let text = MappedText::whole_file(SourceId(0), *code);
        let found = match RHAI.component(&text, declared(&["inner", "words", "many-things"], false)) {
            Ok(_) => "none".to_owned(),
            Err(problems) => shown(code, &problems),
        };
        assert_eq!(found, *expected, "{code}");
    }
}

#[test]
fn this_is_known() {
    mistakes(&[
        ("fn split(x) { x.split(this.config.separator) }", "none"),
        ("fn f(x) { this.config.min_count + this[\"config\"][\"separator\"] }", "none"),
        ("fn f() { this.count = (this.count ?? 0) + 1; this.count }", "none"),
        ("fn f() { this.list.push(1) } fn startup() { this.list = []; }", "none"),
        (
            "fn f(k) { this.words.get(k); this.inner.anything(k, 1); for t in this.many_things { t.whatever(1); } }",
            "none",
        ),
        ("fn f(x) { this.g(x) } private fn g(x) { h(x) } fn h(x) { x }", "none"),
        ("fn f() { this.keys().len() + this.len() }", "none"),
        ("fn f() { this.ask = |x| x + 1; this.ask(1) }", "none"),
        (
            "fn f() { this.config.seperator }",
            "unknown-property | the configuration of this component has no `seperator` | seperator | did you mean \
             `this.config.separator`?",
        ),
        (
            "fn f() { this.config.volume }",
            "unknown-property | the configuration of this component has no `volume` | volume | there are: min_count, separator",
        ),
        (
            "fn f() { this.cuont } fn g() { this.count = 1; }",
            "unknown-property | `this` has no field `cuont` | cuont | did you mean `this.count`?",
        ),
        (
            "fn f() { this.zebra.get(1) }",
            "unknown-property | `this` has no field `zebra` | zebra | no function sets it: set it first, `this.zebra = …`, or declare \
             it as a dependency, `needs \"zebra\"`",
        ),
        (
            "fn f() { this.g } fn g() { 1 }",
            "unknown-property | `this` has no field `g` | g | it is a function: call it, `this.g(…)`",
        ),
        (
            "fn f() { this.separator }",
            "unknown-property | `this` has no field `separator` | separator | it is in the configuration: `this.config.separator`",
        ),
        (
            "fn f() { this.helpr(1) } fn helper(x) { x }",
            "undefined-function | this component has no function `helpr` | helpr | did you mean `this.helper`?",
        ),
        (
            "fn f() { this.helper() } fn helper(x) { x }",
            "undefined-function | `this.helper` takes 1 argument, not 0 | helper | -",
        ),
        (
            "fn f() { g() } fn g() { this.config }",
            "not-allowed-here | `g` uses `this`, and called so it has none | g | call it on the component: `this.g(…)`",
        ),
        (
            "fn f(list) { list.map(|x| x + this.config.separator) }",
            "not-allowed-here | inside of a closure `this` is not the component, so there is no `this.config` | this | take it out \
             before: `let config = this.config;`",
        ),
        (
            "fn f(list) { list.map(|x| this.g(x)) } fn g(x) { x }",
            "not-allowed-here | inside of a closure `this` is not the component, so there is no `this.g(…)` | this | go on with a \
             loop, `for x in …`, where `this` stays the component",
        ),
        ("fn f(list) { list.map(|| this + 1) }", "none"),
        (
            "fn f() { this = 1; this.config = 2; this.words = 3; this.config.separator = \"x\"; }",
            "reserved-name | `this` is the component: it cannot be assigned to | this | keep your own value in a field of another \
             name: `this.x = …`\n\
             reserved-name | `this.config` is the configuration: it cannot be assigned to | config | keep your own value in a field \
             of another name: `this.x = …`\n\
             reserved-name | `this.words` is a dependency: it cannot be assigned to | words | keep your own value in a field of \
             another name: `this.x = …`\n\
             reserved-name | `this.config` is the configuration: it cannot be assigned to | config | keep your own value in a field \
             of another name: `this.x = …`",
        ),
    ]);
}

/// The dependencies that are known: `inner` is a component, `words` documents.
fn with_dependencies(code: &str) -> String {
    let about = Arc::new(native::about());
    let dependencies = [
        ("inner".to_owned(), VariableKind::Component { binding: "own-inner".to_owned(), about }),
        ("words".to_owned(), VariableKind::Documents { name: "big".to_owned(), index: Vec::new() }),
    ];
    let declared =
        ScriptedComponent { dependencies: dependencies.into(), ..declared(&["inner", "words", "many-things"], false) };
    match RHAI.component(&MappedText::whole_file(SourceId(0), code), declared) {
        Ok(_) => "none".to_owned(),
        Err(problems) => shown(code, &problems),
    }
}

#[test]
fn what_is_asked_of_dependencies_that_are_known() {
    let cases = [
        (
            "fn f(x) { this.inner.split(x); this[\"inner\"].look(); this.words.insert(#{ a: x }); this.words.get(x) }",
            "none",
        ),
        (
            "fn f() { let inner = this.inner; inner.whatever(1); this.many_things.whatever(1); this.inner.type_of() }",
            "none",
        ),
        (
            "fn f() { this.inner.spit(undefined) }",
            "undefined-function | `this.inner` has no operation `spit` | spit | did you mean `this.inner.split`?\n\
             undefined-variable | there is no variable `undefined` here | undefined | a component sees its parameters and `this` \
             only: declare it as a dependency, `needs \"undefined\"`, and write `this.undefined`",
        ),
        (
            "fn f() { this.inner.split(1, 2) }",
            "undefined-function | `this.inner.split` takes 1 argument, not 2 | split | it is called as `this.inner.split(text) -> \
             Vec<String>`",
        ),
        (
            "fn f() { this.inner.large + this.inner[\"large\"] }",
            "unknown-property | `this.inner` has no property `large`: a component has operations only | large | it is an operation: \
             call it, `this.inner.large() -> u64`\n\
             unknown-property | `this.inner` has no property `large`: a component has operations only | \"large\" | it is an \
             operation: call it, `this.inner.large() -> u64`",
        ),
        (
            "fn f() { this.words.zap() }",
            "undefined-function | `this.words` has no function `zap` | zap | it has: all, clear, count, find, get, \
             insert, remove, update",
        ),
        (
            "fn f() { this.words.put(\"x\", 1) }",
            "undefined-function | `this.words` has no function `put` | put | it has: all, clear, count, find, get, \
             insert, remove, update",
        ),
        (
            "fn f() { this.words.size }",
            "unknown-property | `this.words` has no property `size` | size | read with `this.words.get(id)` or \
             `this.words.find(#{ … })`",
        ),
        (
            "fn f(x) { this.inner.split(x) } fn split(x) { x } fn g(x) { split(x) }",
            "reserved-name | `split` is also a function of this script: Rhai would call that one here | split | call the own one as \
             `this.split(…)` wherever it is called, or give it another name",
        ),
    ];
    for (code, expected) in cases {
        assert_eq!(with_dependencies(code), expected, "{code}");
    }
}

#[test]
fn a_mistake_is_told_once() {
    mistakes(&[
        (
            "fn f() { this.inner() + this.config() }",
            "undefined-function | `this.inner` is a dependency, not a function | inner | call something of it: \
             `this.inner.name(…)`\n\
             undefined-function | `this.config` is the configuration, not a function | config | its values are read as \
             `this.config.name`",
        ),
        (
            "fn f() { this.zebra.frobnicate(1) }",
            "unknown-property | `this` has no field `zebra` | zebra | no function sets it: set it first, `this.zebra = …`, or declare \
             it as a dependency, `needs \"zebra\"`",
        ),
        (
            "fn f() { this.config.zebra.frobnicate(1) }",
            "unknown-property | the configuration of this component has no `zebra` | zebra | there are: min_count, separator",
        ),
    ]);
}

#[test]
fn fields_that_are_kept() {
    let kept = |code: &str| {
        let source = MappedText::whole_file(SourceId(0), code);
        let kind = RHAI.component(&source, declared(&["inner"], false)).unwrap_or_else(|found| panic!("{found:#?}"));
        let mut map = SourceMap::new();
        map.add("component.rhai", code);
        let place = |span: thinking_diagnostic::Span| code.get(..span.start as usize).unwrap().lines().count();
        let line = |field: &thinking_step::KeptField| {
            let (set, read) = (field.set_by.join(" "), field.read_by.join(" "));
            format!("{} in line {}: set by {set}; read by {read}", field.name, place(field.span))
        };
        kind.kept().iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let cases = [
        ("fn f() { this.n = (this.n ?? 0) + 1; }", "n in line 1: set by f; read by f"),
        (
            "fn startup() { this.n = 0; }\nfn f() { this.n += 1; }",
            "n in line 1: set by startup; read by f\nn in line 2: set by f; read by f",
        ),
        ("fn f() { this.n[\"a\"] = 1; this.n }", "n in line 1: set by f; read by f"),
        (
            "fn f(x) { this.seen.push(x) }\nfn startup() { this.seen = []; }",
            "seen in line 1: set by f; read by f\nseen in line 2: set by startup; read by f",
        ),
        (
            "private fn up() { this.n += 1 } fn f() { this.up() } fn g() { this.n }",
            "n in line 1: set by f; read by f g",
        ),
        ("fn f() { if true { this.n = 1; } this.n }", "n in line 1: set by f; read by f"),
        // What is set anew in each call is never seen by the next, and what nobody looks at does not matter.
        ("fn f(x) { this.n = x; this.up(); this.n } private fn up() { this.n += 1; }", ""),
        ("fn f(x) { this.clear(); this.n += x; } private fn clear() { this.n = 0; }", ""),
        ("fn f() { this.n = 1; this.inner.put(1); } fn g(inner) { inner.n }", ""),
        ("fn f() { this.inner.push(1); this.config.separator.push(\"x\") }", ""),
    ];
    for (code, expected) in cases {
        assert_eq!(kept(code), expected, "{code}");
    }
}

#[test]
fn free_variables_are_dependencies() {
    mistakes(&[
        (
            "fn f() { words.get(\"a\") }",
            "undefined-variable | there is no variable `words` here | words | did you mean `this.words`?",
        ),
        (
            "fn f() { min_count + params.x }",
            "undefined-variable | there is no variable `min_count` here | min_count | did you mean `this.config.min_count`?\n\
             undefined-variable | there is no variable `params` here | params | a component sees its parameters and `this` only: \
             declare it as a dependency, `needs \"params\"`, and write `this.params`",
        ),
        ("fn f(text) { tetx }", "undefined-variable | there is no variable `tetx` here | tetx | did you mean `text`?"),
        (
            "fn f() { big_words.get(1) }",
            "undefined-variable | there is no variable `big_words` here | big_words | a component sees its parameters and `this` \
             only: declare it as a dependency, `needs \"big-words\"`, and write `this.big_words`",
        ),
        (
            "const LIMIT = 3; fn f() { LIMIT + global::LIMIT + global::LIMT }",
            "undefined-variable | there is no variable `LIMIT` here | LIMIT | functions read constants as `global::LIMIT`\n\
             undefined-variable | there is no constant `LIMT` | LIMT | did you mean `global::LIMIT`?",
        ),
    ]);
}

#[test]
fn only_functions_and_constants_stand_in_a_component() {
    let help = "put it into a function, for instance `fn startup() { … }`; only constants may stand outside, `const LIMIT = 10;`, and \
                functions read them as `global::LIMIT`";
    let error = "not-allowed-here | this would never run: a component is its functions";
    mistakes(&[
        ("const A = [1, 2]; const B = 3 + A[0]; fn f() { global::A }", "none"),
        (
            "let x = 1; fn f() {} print(\"a\"); x",
            &format!("{error} | let | {help}\n{error} | print | {help}\n{error} | x | {help}"),
        ),
        (
            "const T = time::now(); fn f() {}",
            "not-allowed-here | `time::now` looks at the world outside: only pure functions may be called here | time::now | -",
        ),
        (
            "fn f() {} fn f(x) { x }",
            "duplicate | there is a function `f` already | f | an operation has one form: give one of them another name",
        ),
        (
            "fn int.half() { this / 2 }",
            "not-allowed-here | a function of a component is called on the component | int | leave out what stands before the name: \
             `fn half(…)`",
        ),
        (
            "fn own__f() {}",
            "reserved-name | names that begin with `own__` are the engine's | own__f | choose another name",
        ),
        ("fn f( { }", "script-syntax | expected `)` to close the parameters list of function 'f' | { | -"),
        (
            "fn helper(x) { x } fn f(y) { helper(1) + y.helper(2) + this.words.helper(3) }",
            "reserved-name | `helper` is also a function of this script: Rhai would call that one here | helper | call the own one as \
             `this.helper(…)` wherever it is called, or give it another name\n\
             reserved-name | `helper` is also a function of this script: Rhai would call that one here | helper | call the own one as \
             `this.helper(…)` wherever it is called, or give it another name",
        ),
    ]);
}

#[test]
fn operations_are_known_from_the_text() {
    let kind = kind(
        "// Cuts a text\n/// into words.\n//\n// More.\nfn split(text, limit) { text.split() }\n\n// far away\n\nfn pure() { this.config.separator }\nprivate fn hidden() { this.words.len() }\nfn state() { this.n = 1; result(\"a\") }\nfn observe() { look(1) }\nprivate fn look(x) { if x > 9 { observe_again() } fs::read_text(\"a\") }\nfn effect(list) { list.map(|x| fs::write_text(\"a\", x)) }\nfn unsure() { this.hidden() }\nfn whole(x) { h(this) } private fn h(t) { t }\nfn pointer(name) { Fn(name).call() }\nfn observe_again() { look(2) }",
    );
    let about = kind.about();
    let shown: Vec<String> = about
        .operations
        .iter()
        .map(|operation| {
            let sure = if operation.declared { "" } else { "?" };
            format!("{} {:?}{sure} {}", operation.signature(), operation.class, operation.doc)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "split(text, limit) Pure Cuts a text into words.",
            "pure() Pure ",
            "state() State ",
            "observe() Observe ",
            "effect(list) Effect ",
            "unsure() Effect? ",
            "whole(x) Effect? ",
            "pointer(name) Effect? ",
            "observe_again() Observe ",
        ]
    );
    assert_eq!((about.name.as_str(), about.rust, &*about.provides[0].name), ("text.shout", None, "tokenizer"));
    assert!(
        matches!(about.operations[0].origin, Origin::Manifest(span) if span.start == 46),
        "{:?}",
        about.operations[0].origin
    );
    // Layout, comments and the order of functions do not count.
    let text = |code: &str| self::kind(code).about().definition.0.clone();
    assert_eq!(text("fn a() { 1 }\nfn b() { 2 }"), text("// b\nfn b() {2}   fn a() { /* x */ 1 }"));
    assert_ne!(text("fn a() { 1 }"), text("fn a() { 2 }"));
}

/// A host with components, and a scripted one among them that is bound to `shout`.
fn world(code: &str, persistent: bool) -> World {
    let mut world = World::new();
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    let kind = kind_of(code, &["inner", "words", "many-things"], persistent);
    let (inner, inner_kind) = native::tokenizer();
    let one = |binding: &str, what| Provided { binding: binding.into(), what };
    let inner = one("tokenizer", ProvidedKind::Component(inner, inner_kind));
    let words = one("words", ProvidedKind::Engine(VariableKind::Kv("words".to_owned())));
    let dependencies =
        vec![Supplied::One(inner.clone()), Supplied::One(words), Supplied::Many(vec![inner.clone(), inner])];
    let config = json!({ "separator": "-", "min-count": 2 });
    let component = kind.create(Creation { binding: "shout", config: &config, dependencies, host: &host }).unwrap();
    drop(host);
    Arc::get_mut(&mut world.host).unwrap().components.insert("shout".to_owned(), (component, kind));
    world
}

/// Calls an operation as the engine does, with named arguments.
fn call_as(world: &World, host: &Arc<dyn Host>, operation: &str, arguments: Value) -> Result<Value, StepError> {
    let (component, kind) = &world.host.components["shout"];
    let number = kind.about().operation(operation).unwrap();
    let answer = component.call(number, &mut NamedArguments(&arguments), host)?;
    Ok(serde_json::to_value(&*answer).unwrap())
}

fn call(world: &World, operation: &str, arguments: Value) -> Result<Value, StepError> {
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    call_as(world, &host, operation, arguments)
}

#[test]
fn operations_work() {
    let world = world(
        "const MARK = \"!\";
         fn split(text) { this.count += 1; this.inner.split(text).map(|word| this_mark(word)) }
         fn this_mark(word) { word + global::MARK }
         fn startup() { this.count = -1; this.split(\"x\"); this.split(\"y\"); () }
         fn counted() { this.count }
         fn settings() { [this.config.separator, this.config.min_count] }
         fn get(key) { this.words.get(key) }
         fn all(text) { let n = 0; for t in this.many_things { n += t.split(text).len(); } n }
         fn bytes() { blob(2, 1) }
         fn keep(value) { this.kept = value; this.kept }",
        false,
    );
    assert_eq!(call(&world, "startup", json!({})).unwrap(), json!(null));
    assert_eq!(call(&world, "split", json!({ "text": "to be" })).unwrap(), json!(["to!", "be!"]));
    assert_eq!(call(&world, "counted", json!({})).unwrap(), json!(2));
    assert_eq!(call(&world, "settings", json!({})).unwrap(), json!(["-", 2]));
    assert_eq!(call(&world, "all", json!({ "text": "a b c" })).unwrap(), json!(6));
    world.eval("words.put(\"k\", 5)").unwrap();
    assert_eq!(call(&world, "get", json!({ "key": "k" })).unwrap(), json!(5));
    let value = json!({ "a": [1, 2.5, null, true, "ß"], "b": {} });
    assert_eq!(call(&world, "keep", json!({ "value": value })).unwrap(), value);
    assert_eq!(call(&world, "bytes", json!({})).unwrap(), json!([1, 1]));
    let error = call(&world, "keep", json!({})).unwrap_err();
    assert_eq!(
        (&*error.message, error.help.as_deref()),
        ("`keep` needs the argument `value`", Some("it is called as `keep(value)`"))
    );
}

/// What a script that calls `shout` gives: `message @ text of the component's script`, where it fails.
fn through_script(component_code: &str, code: &str) -> Result<Value, String> {
    let world = world(component_code, false);
    let kind = Arc::clone(&world.host.components["shout"].1);
    let mut scope = super::scope();
    let about = Arc::new(kind.about().clone());
    let entry =
        thinking_step::ScopeEntry { kind: VariableKind::Component { binding: "shout".to_owned(), about }, span: None };
    scope.variables.insert("shout".to_owned(), entry);
    let text = MappedText::whole_file(SourceId(1), code);
    let program =
        RHAI.compile(&text, &scope, thinking_step::Purpose::Step).unwrap_or_else(|found| panic!("{found:#?}"));
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    program.eval(&host).map_err(|error| {
        let mut map = SourceMap::new();
        map.add("component.rhai", component_code);
        map.add("step.rhai", code);
        format!("{}: {} @ {}", error.kind.name(), error.message, error.span.map_or("?", |span| map.slice(span)))
    })
}

#[test]
fn scripts_call_scripts() {
    let code = "fn add(a, b) { a + b } fn give() { |x| x + 1 } fn fail() { throw \"no\" } fn count(list) { list.len() }
                fn deep() { this.fail() } fn http() { this.inner.fail() } fn wrong() { this.inner.splt(1) } fn many() { this.inner.split(1, 2) }";
    assert_eq!(through_script(code, "shout.add(1, 2.5)"), Ok(json!(3.5)));
    assert_eq!(through_script(code, "let n = 1; let f = || n; shout.count([n, [n]])"), Ok(json!(2)));
    assert_eq!(through_script(code, "shout.count(1..4)").unwrap_err(), "script: `len` cannot take range @ len()");
    let failing = |code_of_step: &str| through_script(code, code_of_step).unwrap_err();
    assert_eq!(
        failing("shout.count(|x| x)"),
        "script: a function cannot be handed to another component or back @ count(|x| x)"
    );
    assert_eq!(
        failing("shout.count([words])"),
        "script: a part of the engine cannot be handed to another component or back @ count([words])"
    );
    assert_eq!(failing("shout.give()"), "script: a function cannot be handed to another component or back @ give");
    assert_eq!(failing("shout.fail()"), "script: no @ throw");
    assert_eq!(failing("let x = 1; shout.deep()"), "script: no @ throw");
    assert_eq!(failing("shout.http()"), "http: the server is away @ fail()");
    assert_eq!(failing("shout.wrong()"), "script: `inner` has no operation `splt` @ splt(1)");
    assert_eq!(failing("shout.many()"), "script: `inner.split` cannot take 2 arguments @ split(1, 2)");
    assert_eq!(through_script(code, "let m = (); try { shout.fail() } catch (e) { m = e.message } m"), Ok(json!("no")));
}

#[test]
fn a_component_that_asks_itself_fails_instead_of_waiting() {
    /// Calls `shout.again` from within, as another component could.
    struct Back;
    impl ComponentType for Back {
        fn about(&self) -> &thinking_step::About {
            static ABOUT: std::sync::OnceLock<thinking_step::About> = std::sync::OnceLock::new();
            ABOUT.get_or_init(native::about)
        }
        fn create(&self, _: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
            Ok(Arc::new(Self))
        }
    }
    impl Component for Back {
        fn call(
            &self,
            _: usize,
            _: &mut dyn thinking_step::Arguments,
            host: &Arc<dyn Host>,
        ) -> Result<thinking_step::Answer, StepError> {
            let (shout, kind) = host.component("shout")?;
            shout.call(kind.about().operation("again").unwrap(), &mut NamedArguments(&json!({})), host)
        }
    }
    let mut world = World::new();
    let kind = kind_of("fn again() { this.back.split(\"a\") }", &["back"], false);
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    let back = Provided { binding: "back".into(), what: ProvidedKind::Component(Arc::new(Back), Arc::new(Back)) };
    let creation =
        Creation { binding: "shout", config: &json!({}), dependencies: vec![Supplied::One(back)], host: &host };
    let shout = kind.create(creation).unwrap();
    drop(host);
    Arc::get_mut(&mut world.host).unwrap().components.insert("shout".to_owned(), (shout, kind));
    let error = call(&world, "again", json!({})).unwrap_err();
    assert_eq!(error.message, "`text.shout.again` was called while another operation of the same component is at work");
}

#[test]
fn calls_from_many_threads_wait_for_each_other() {
    let world = world(
        "fn startup() { this.n = 0; } fn add() { let n = this.n; for i in 0..20 { n += 0; } this.n = n + 1; this.n }",
        false,
    );
    call(&world, "startup", json!({})).unwrap();
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| drop(call_as(&world, &host, "add", json!({})).unwrap())));
        }
    });
    assert_eq!(call(&world, "add", json!({})).unwrap(), json!(101));
}

#[test]
fn a_component_keeps_to_the_limits() {
    let mut world = world("fn endless() { loop { } } fn stop() { loop { } }", false);
    let inner = Arc::get_mut(&mut world.host).unwrap();
    inner.limits.operations = Some(10_000);
    let error = call(&world, "endless", json!({})).unwrap_err();
    assert!(error.message.starts_with("the script takes more than 10000 operations"), "{error:?}");
    assert!(error.span.is_some());
    let inner = Arc::get_mut(&mut world.host).unwrap();
    inner.limits.operations = None;
    inner.stopping = true.into();
    assert_eq!(call(&world, "stop", json!({})).unwrap_err().kind, ErrorKind::Cancelled);
}

const COUNTER: &str = "fn add(n) { this.total = (this.total ?? 0) + n; this.total } fn total() { this.total } fn spoil() { this.f = || 1; }";

/// Ends the attempt of a host as the engine does.
fn finish(host: &Arc<MemoryHost>, committed: bool) -> Result<(), StepError> {
    let enlisted: Vec<_> = std::mem::take(&mut *host.enlisted.lock().unwrap());
    let saved = if committed { enlisted.iter().try_for_each(|one| one.save(&**host)) } else { Ok(()) };
    enlisted.iter().for_each(|one| one.settle(committed && saved.is_ok()));
    saved
}

#[test]
fn what_a_persistent_component_remembers_is_recorded_with_the_step() {
    let world = world(COUNTER, true);
    assert_eq!(world.host.components["shout"].1.about().persistent, ["this"]);
    let recorded = |world: &World| world.host.data.lock().unwrap().get("shout").cloned();
    assert_eq!(call(&world, "add", json!({ "n": 2 })).unwrap(), json!(2));
    assert_eq!(call(&world, "add", json!({ "n": 3 })).unwrap(), json!(5));
    assert_eq!(world.host.enlisted.lock().unwrap().len(), 1);
    assert_eq!(recorded(&world), None);
    finish(&world.host, true).unwrap();
    let row = recorded(&world).unwrap();
    assert_eq!(row.into_iter().collect::<Vec<_>>(), [("this".to_owned(), Datum::Json(json!({ "total": 5 })))]);
    // A failed attempt leaves nothing behind.
    assert_eq!(call(&world, "add", json!({ "n": 10 })).unwrap(), json!(15));
    finish(&world.host, false).unwrap();
    assert_eq!(call(&world, "total", json!({})).unwrap(), json!(5));
    finish(&world.host, true).unwrap();
    // What is recorded is the truth, also when something else than memory changed it.
    world
        .host
        .data
        .lock()
        .unwrap()
        .get_mut("shout")
        .unwrap()
        .insert("this".to_owned(), Datum::Json(json!({ "total": 1 })));
    assert_eq!(call(&world, "add", json!({ "n": 1 })).unwrap(), json!(2));
    finish(&world.host, true).unwrap();
}

#[test]
fn attempts_at_once_see_their_own_state() {
    let world = world(COUNTER, true);
    let other = Arc::new(MemoryHost::new(world.directory.path()));
    let other_host: Arc<dyn Host> = Arc::clone(&other) as Arc<dyn Host>;
    assert_eq!(call(&world, "add", json!({ "n": 2 })).unwrap(), json!(2));
    assert_eq!(call_as(&world, &other_host, "add", json!({ "n": 7 })).unwrap(), json!(7));
    assert_eq!(call(&world, "add", json!({ "n": 2 })).unwrap(), json!(4));
    finish(&other, true).unwrap();
    finish(&world.host, true).unwrap();
    let total = |host: &MemoryHost| host.data.lock().unwrap()["shout"]["this"].clone();
    assert_eq!(
        (total(&world.host), total(&other)),
        (Datum::Json(json!({ "total": 4 })), Datum::Json(json!({ "total": 7 })))
    );
}

#[test]
fn what_cannot_be_remembered_is_named() {
    let mut world = world(COUNTER, true);
    call(&world, "spoil", json!({})).unwrap();
    let error = finish(&world.host, true).unwrap_err();
    assert_eq!(
        error.message,
        "`this.f` of `shout` cannot be remembered: a function cannot be a result or be stored as JSON"
    );
    Arc::get_mut(&mut world.host).unwrap().writable = false;
    assert_eq!(call(&world, "total", json!({})).unwrap(), json!(null));
    let error = call(&world, "add", json!({ "n": 1 })).unwrap_err();
    assert_eq!(error.message, "`text.shout.add` changed what `shout` remembers, and only steps may");
}
