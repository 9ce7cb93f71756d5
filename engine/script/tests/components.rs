//! Components as variables of scripts, and calls of their operations.

use super::{World, all, failure, program, value};
use serde_json::json;
use std::sync::Arc;
use thinking_step::{Class, ErrorKind, Host, Purpose, Reference, ReferenceKind};

#[test]
fn mistakes() {
    all(
        Purpose::Step,
        &[
            ("tokenizer.split(\"a b\")", "none"),
            ("tokenizer.join_up([], \"\") + tokenizer.join_up([])", "none"),
            (
                "tokenizer.spit(1)",
                "undefined-function | `tokenizer` has no operation `spit` | spit | did you mean `tokenizer.split`?",
            ),
            (
                "tokenizer.frobnicate(undefined)",
                "undefined-function | `tokenizer` has no operation `frobnicate` | frobnicate | it has: split(text) -> \
                 Vec<String>, join_up(words, separator?) -> String, learn(text), publish(text), look() -> u64, echo(value) -> \
                 Value, sum(numbers) -> f64, halves(count) -> Vec<f32>, raw(bytes) -> ByteBuf, large() -> u64, fail(), explode()\n\
                 undefined-variable | there is no variable `undefined` here | undefined | -",
            ),
            (
                "tokenizer.split()",
                "undefined-function | `tokenizer.split` takes 1 argument, not 0 | split | it is called as `tokenizer.split(text) -> \
                 Vec<String>`",
            ),
            (
                "tokenizer.join_up(1, 2, 3)",
                "undefined-function | `tokenizer.join_up` takes 1 or 2 arguments, not 3 | join_up | it is called as \
                 `tokenizer.join_up(words, separator?) -> String`",
            ),
            (
                "tokenizer.split",
                "unknown-property | `tokenizer` has no property `split`: a component has operations only | split | it is an \
                 operation: call it, `tokenizer.split(text) -> Vec<String>`",
            ),
            (
                "tokenizer[\"large\"] + tokenizer.lerge",
                "unknown-property | `tokenizer` has no property `large`: a component has operations only | \"large\" | it is an \
                 operation: call it, `tokenizer.large() -> u64`\n\
                 unknown-property | `tokenizer` has no property `lerge`: a component has operations only | lerge | did you mean \
                 `tokenizer.large`?",
            ),
            (
                "tokenizer = 1",
                "reserved-name | `tokenizer` is the component `text.split`: it cannot be assigned to | tokenizer | call its \
                 operations, `tokenizer.name(…)`, or use a variable of your own: `let x = …`",
            ),
            (
                "let tokenizer = 1",
                "reserved-name | `tokenizer` hides the component `text.split` | tokenizer | choose another name",
            ),
            (
                "fn split(x) { x } tokenizer.split(1)",
                "reserved-name | `split` is also a function of this script: Rhai would call that one here | split | give the \
                 function of the script another name",
            ),
            ("fn f(t) { t.join_up([]) } f(tokenizer)", "none"),
            (
                "fn f(t) { t.join_up() } f(tokenizer)",
                "undefined-function | there is no function `.join_up` | join_up | -",
            ),
            (
                "fn f() { tokenizer.split(1) } f()",
                "undefined-variable | there is no variable `tokenizer` here | tokenizer | functions see only their parameters: pass \
                 it on, `fn f(tokenizer, …)`",
            ),
        ],
    );
}

#[test]
fn what_may_be_called_where() {
    all(
        Purpose::Expression,
        &[
            ("tokenizer.split(\"a\").len() + tokenizer.look()", "none"),
            ("tokenizer.learn(\"a\")", "none"),
            (
                "tokenizer.publish(\"a\")",
                "not-allowed-here | `tokenizer.publish` changes the world outside: only steps may call it | publish | -",
            ),
        ],
    );
    all(
        Purpose::Pure,
        &[(
            "tokenizer.split(\"a\")",
            "not-allowed-here | `tokenizer` is a component, and this is evaluated before any is created | tokenizer | `params`, \
             `facets`, `mode` and pure functions may be used here",
        )],
    );
    all(
        Purpose::Hook,
        &[
            ("tokenizer.publish(outcome); fs::write_text(\"a\", outcome); words.get(\"a\")", "none"),
            (
                "words.put(\"a\", 1)",
                "read-only | the database `words` is read-only here | put | only steps write: move this into the body of a step",
            ),
            (
                "outcome = 1",
                "reserved-name | `outcome` is the engine's own variable: it cannot be assigned to | outcome | keep your own value in \
                 a variable of your own: `let x = …`",
            ),
        ],
    );
}

#[test]
fn components_are_mentioned() {
    let found = |code: &str| {
        let program = program(code);
        program.references().iter().map(|Reference { kind, .. }| kind.clone()).collect::<Vec<_>>()
    };
    let component = [ReferenceKind::Component("tokenizer".to_owned())];
    assert_eq!(found("tokenizer.look()"), component);
    assert_eq!(found("let t = tokenizer; [1].map(|x| t.look())"), component);
    assert_eq!(found("[1].map(|x| tokenizer.look())"), component);
    let program = program("tokenizer.look(); tokenizer.learn(\"a\"); tokenizer.publish(\"a\"); tokenizer.split(\"a\")");
    let calls: Vec<_> = program.calls().iter().map(|call| (&*call.function, call.class)).collect();
    assert_eq!(calls, [("tokenizer.look", Class::Observe), ("tokenizer.publish", Class::Effect)]);
}

#[test]
fn operations_are_called() {
    assert_eq!(value("tokenizer.split(\"to be  or\")"), json!(["to", "be", "or"]));
    assert_eq!(value("tokenizer.join_up(tokenizer.split(\"to be\"), '-')"), json!("to-be"));
    assert_eq!(value("fn f(t, x) { t.join_up(x) } f(tokenizer, [\"a\", \"b\"])"), json!("a b"));
    assert_eq!(value("let parts = #{ t: tokenizer }; parts.t.join_up([\"a\", \"b\"])"), json!("a b"));
    assert_eq!(value("[\"a b\", \"c\"].map(|line| tokenizer.split(line).len())"), json!([2, 1]));
    assert_eq!(value("let s = \"a,b\"; s.split(\",\").len() + tokenizer.split(s).len()"), json!(3));
    assert_eq!(value("type_of(tokenizer)"), json!("component"));
    let world = World::new();
    world.eval("tokenizer.learn(\"a\"); tokenizer.look(); tokenizer.publish(\"b\"); tokenizer.split(\"\")").unwrap();
    let seen = ["Effect tokenizer.learn", "Info a", "Observe tokenizer.look", "Effect tokenizer.publish", "Info b"];
    assert_eq!(world.seen(), seen);
}

#[test]
fn what_has_not_said_what_it_does_is_allowed_in_expressions() {
    let mut world = World::new();
    Arc::get_mut(&mut world.host).unwrap().writable = false;
    world.eval("tokenizer.learn(\"a\")").unwrap();
    assert_eq!(world.seen(), ["Observe tokenizer.learn", "Info a"]);
}

#[test]
fn values_cross() {
    for code in ["1", "()", "1.5", "\"ß\"", "'x'", "[1, [2], #{ a: () }]", "true", "#{ \"a b\": [] }"] {
        assert_eq!(value(&format!("tokenizer.echo({code})")), value(code), "{code}");
    }
    assert_eq!(value("tokenizer.sum([1, 2.5, 3])"), json!(6.5));
    assert_eq!(value("tokenizer.sum(1..4) + tokenizer.sum(1..=3)"), json!(12.0));
    assert_eq!(value("let n = 2; let f = || n; tokenizer.sum([n, n])"), json!(4.0));
    assert_eq!(value("tokenizer.halves(4)"), json!([0.0, 0.5, 1.0, 1.5]));
    assert_eq!(value("let b = tokenizer.raw(blob(3, 7)); [type_of(b), b.len(), b[2]]"), json!(["blob", 3, 7]));
    assert_eq!(value("tokenizer.raw([1, 255]).len()"), json!(2));
    let world = World::new();
    std::fs::write(world.directory.path().join("a.txt"), "to\nbe\n").unwrap();
    assert_eq!(world.eval("tokenizer.join_up(fs::lines(\"a.txt\"))").unwrap(), json!("to be"));
}

#[test]
fn what_does_not_fit_is_named() {
    let cases = [
        (
            "tokenizer.split(1)",
            "native: argument `text` of `split` does not fit: invalid type: integer `1`, expected a string @ split(1)",
        ),
        (
            "tokenizer.join_up([\"a\", 1])",
            "native: argument `words` of `join_up` does not fit: invalid type: integer `1`, expected a string (at [1])",
        ),
        (
            "tokenizer.raw([1, 256])",
            "native: argument `bytes` of `raw` does not fit: invalid value: integer `256`, expected u8 (at [1])",
        ),
        (
            "tokenizer.echo(#{ a: [1, || 2] })",
            "native: argument `value` of `echo` does not fit: a function cannot be handed on: only values can (at .a[1])",
        ),
        (
            "tokenizer.echo([words])",
            "native: argument `value` of `echo` does not fit: a part of the engine cannot be handed on: only values can (at [0])",
        ),
        (
            "tokenizer.echo(tokenizer)",
            "native: argument `value` of `echo` does not fit: a part of the engine cannot be handed on: only values can",
        ),
        (
            "tokenizer.large()",
            "native: what `tokenizer.large` gives is nothing for a script: 18446744073709551615 does not fit into an int",
        ),
        ("tokenizer.explode()", "native: `tokenizer.explode` panicked: the words ran out"),
        ("tokenizer.fail()", "http: the server is away"),
        (
            "fn f(t, n) { t.sum(n) }\nf(tokenizer, \"a\")",
            "native: argument `numbers` of `sum` does not fit: invalid type: string \"a\", expected a sequence",
        ),
    ];
    for (code, expected) in cases {
        let found = failure(code);
        assert!(found.starts_with(expected), "{code}: {found}");
        assert!(!found.ends_with("@ ?"), "{code}: {found}");
    }
    let error = World::new().eval("tokenizer.fail()").unwrap_err();
    assert_eq!(
        (error.kind, error.details, error.help.as_deref()),
        (ErrorKind::Http, vec!["because".to_owned()], Some("try later"))
    );
    assert_eq!(
        value("let r = (); try { tokenizer.fail() } catch (e) { r = e.kind + e.message } r"),
        json!("httpthe server is away")
    );
}

#[test]
fn a_component_that_cannot_be_had_says_so() {
    let mut world = World::new();
    Arc::get_mut(&mut world.host).unwrap().components.clear();
    assert_eq!(world.eval("tokenizer.split(\"a\")").unwrap_err().message, "there is no component `tokenizer`");
    assert_eq!(world.eval("let t = tokenizer; 1").unwrap(), json!(1));
}

#[test]
fn a_hook_is_told_why() {
    let mut world = World::new();
    Arc::get_mut(&mut world.host).unwrap().variables.insert("outcome".to_owned(), json!("failed"));
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    let hook = super::compile("outcome == \"failed\"", Purpose::Hook).unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(hook.eval(&host).unwrap(), json!(true));
}
