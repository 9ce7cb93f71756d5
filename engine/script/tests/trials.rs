//! What is there in tests only.

use super::{RHAI, scope};
use thinking_diagnostic::{MappedText, SourceId};
use thinking_step::{Language, Purpose, ScopeEntry, ScriptedComponent, VariableKind};

/// The mistakes in a code, a line each: message and help.
fn wrong(code: &str, in_test: bool) -> String {
    let mut scope = scope();
    if in_test {
        scope = scope.of_test();
    }
    let found = RHAI.compile(&MappedText::whole_file(SourceId(0), code), &scope, Purpose::Step).err();
    let lines = found.into_iter().flatten().map(|one| format!("{} ({})", one.message, one.help.unwrap_or_default()));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_test_may_call_them() {
    let code = r#"
        clock.set("2026-01-01T00:00:00Z"); clock.advance("2h"); let now = clock.now();
        let all = calls("tokenizer.split"); all.len(); calls();
        assume(now > 0); assert_called("tokenizer.split", #{ text: "a" }); snapshot("all", all);
        fn check() { called_with("tokenizer.split", #{}) }
        check()
    "#;
    assert_eq!(wrong(code, true), "");
}

#[test]
fn mistakes_in_a_test_are_found() {
    let cases = [
        ("clock.advanse(1)", "`clock` has no function `advanse` (did you mean `clock.advance`?)"),
        ("clock.advance()", "`clock.advance` takes 1 argument, not 0 ()"),
        ("clock.time", "`clock` has no property `time` (ask with `clock.now()`)"),
        (
            "snapshot(1)",
            "`snapshot` takes 2 arguments, not 1 (`snapshot(name, value)`: Compares a value with the one that was written under that name before, and says where they differ; the first one is written.)",
        ),
        ("clock.set()", "`clock.set` takes 1 argument, not 0 ()"),
    ];
    for (code, message) in cases {
        assert_eq!(wrong(code, true), message, "{code}");
    }
}

#[test]
fn other_code_is_told_that_they_are_for_tests() {
    let only = |name: &str| {
        format!("`{name}` is there in tests only (tests stand in suites: suite \"…\" {{ test \"…\" {{ rhai … }} }})")
    };
    let cases = [
        (r#"calls("a.b")"#, only("calls")),
        (r#""a.b".calls()"#, only("calls")),
        ("assume(true)", only("assume")),
        (r#"snapshot("a", 1)"#, only("snapshot")),
        (
            r#"clock.advance("2h")"#,
            "there is no variable `clock` here (`clock` is there in tests only; a script asks the time by `time::now()`)".to_owned(),
        ),
        // Names of their own are theirs.
        (r#"fn calls(x) { x } calls("a.b")"#, String::new()),
        ("let clock = #{ now: 1 }; clock.now", String::new()),
        ("let calls = [1]; calls.len()", String::new()),
        ("let snapshot = 1; snapshot + 1", String::new()),
    ];
    for (code, message) in cases {
        assert_eq!(wrong(code, false), message, "{code}");
    }
}

#[test]
fn components_are_no_tests() {
    let code = MappedText::whole_file(SourceId(0), r#"fn a() { calls("x.y") }  fn b() { clock.now() }"#);
    let declared = ScriptedComponent {
        name: "a".to_owned(),
        doc: String::new(),
        version: String::new(),
        provides: Vec::new(),
        config: serde_json::json!({ "type": "object" }),
        needs: Vec::new(),
        persistent: false,
        dependencies: Default::default(),
        origin: Default::default(),
    };
    let found = RHAI.component(&code, declared).err().unwrap();
    let messages: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(messages, ["`calls` is there in tests only", "there is no variable `clock` here"]);
}

#[test]
fn a_scope_of_a_test_says_so() {
    assert!(!scope().is_of_test() && scope().of_test().is_of_test());
    let mut other = scope();
    other.variables.insert("clock".to_owned(), ScopeEntry { kind: VariableKind::Loop, span: None });
    assert!(!other.is_of_test(), "a loop variable of that name makes no test");
}
