//! What a failing script says, of which kind, and where.

use super::{World, eval, failure, value};
use serde_json::json;
use thinking_diagnostic::{MappedText, SourceId, Span};
use thinking_step::{ErrorKind, Host, Language, Purpose, StaticScope};

#[test]
fn thrown_values_become_the_message() {
    assert_eq!(failure("throw \"x\""), "script: x @ throw");
    assert_eq!(failure("throw 5"), "script: 5 @ throw");
    assert_eq!(failure("throw"), "script: the script threw @ throw");
    assert_eq!(failure("throw #{ kind: \"http\", message: \"no answer\" }"), "http: no answer @ throw");
    assert_eq!(
        failure("throw #{ kind: \"store\", message: \"full\" }"),
        "script: full @ throw",
        "only the engine says so"
    );
    assert_eq!(failure("fn f() {\n  throw \"inner\"\n}\nf()"), "script: inner @ throw", "the innermost place");
}

#[test]
fn rhais_own_failures_are_one_clear_line() {
    let cases = [
        ("let a = [1]; a[5]", "script: array index 5 out of bounds: only 1 element in array @ 5"),
        ("let m = #{}; m.x.y", "script: () has no property `y` @ y"),
        ("1 + \"a\" - 2", "script: `-` cannot take a string, an int @ -"),
        ("1 / 0", "script: division by zero: 1 / 0 @ /"),
        ("9223372036854775807 + 1", "script: addition overflow: 9223372036854775807 + 1 @ +"),
        ("let x = 1; x.len()", "script: `len` cannot take an int @ len()"),
        ("let l = 5; for x in l {}", "script: `for` goes through lists, ranges, maps and strings only @ l"),
        ("math::sqrt(\"a\")", "script: the argument must be a number, not a string @ math::sqrt(\"a\")"),
        ("words.put(1, 2)", "script: a key must be a string, not an int: write `\"1\"` or `x.to_string()` @ put(1, 2)"),
        ("let n = 1; n.foo = 2", "script: the property `foo` of an int cannot be set @ foo"),
        ("fs::read_text(5)", "script: `fs::read_text` cannot take an int @ fs::read_text(5)"),
        ("let c = 0; while c { }", "script: expected a bool, not an int @ c"),
        ("result(\"nope\")", "script: no task `nope` ran before this one @ result(\"nope\")"),
    ];
    for (code, expected) in cases {
        assert_eq!(failure(code), expected, "{code}");
    }
}

#[test]
fn what_json_cannot_say_points_at_the_last_statement() {
    assert_eq!(
        failure("let x = 1;\nblob(2, 1)"),
        "script: a blob cannot be a result or be stored as JSON @ blob(2, 1)"
    );
    assert_eq!(failure("0.0 / 0.0"), "script: JSON cannot say NaN @ 0.0 / 0.0");
    assert_eq!(
        failure("[1, params]"),
        "script: a part of the engine cannot be a result or be stored as JSON (at [1]) @ [1, params]"
    );
    assert_eq!(failure("|x| x"), "script: a function cannot be a result or be stored as JSON @ |x| x");
    assert_eq!(
        failure("words.put(\"a\", words)"),
        "script: a part of the engine cannot be a result or be stored as JSON @ put(\"a\", words)"
    );
}

#[test]
fn a_hosts_failure_keeps_its_kind_and_help_through_the_script() {
    let missing = "script: cannot read `no.txt`: no such file";
    assert_eq!(failure("fs::read_text(\"no.txt\")"), format!("{missing} @ fs::read_text(\"no.txt\")"));
    assert_eq!(failure("try { fs::read_text(\"no.txt\") } catch (e) { throw e }"), format!("{missing} @ throw"));
    assert_eq!(failure("try { fs::read_text(\"no.txt\") } catch { throw }"), format!("{missing} @ throw"));
    let seen =
        value("let seen = (); try { fs::read_text(\"no.txt\") } catch (e) { seen = `${e.kind}: ${e.message}`; } seen");
    assert_eq!(seen, json!(missing));
    for code in ["fs::read_text(\"/etc/passwd\")", "try { fs::read_text(\"/etc/passwd\") } catch (e) { throw e }"] {
        let error = eval(code).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permission);
        assert!(error.help.unwrap().contains("permissions { read"));
    }
    let error = eval("try { assert_eq([1], [2]) } catch (e) { throw e }").unwrap_err();
    assert_eq!(error.details, ["left → right; only left (-), only right (+):", "[0]: 1 → 2"]);
}

#[test]
fn places_go_back_into_the_text_that_the_code_was_decoded_from() {
    // source: `rhai "\n    throw 1"`: the content was dedented by four.
    let whole = Span::new(SourceId(3), 5, 22);
    let code = MappedText::decoded("throw 1", whole, vec![(0, 14)], Vec::new(), 21);
    let program = super::RHAI.compile(&code, &StaticScope::default(), Purpose::Step).unwrap();
    let host: std::sync::Arc<dyn Host> = World::new().host;
    assert_eq!(program.eval(&host).unwrap_err().span, Some(Span::new(SourceId(3), 14, 19)));
}

#[test]
fn a_failing_call_is_underlined_as_a_whole() {
    assert_eq!(failure("let x = 1; assert(x == 2, `x is ${x}`); 3"), "script: x is 1 @ assert(x == 2, `x is ${x}`)");
    assert_eq!(
        failure("assert((1 + 1) == [3].len())"),
        "script: the assertion does not hold @ assert((1 + 1) == [3].len())"
    );
    assert_eq!(
        failure("let f = || 1; assert(f.call() == 2)"),
        "script: the assertion does not hold @ assert(f.call() == 2)"
    );
    assert_eq!(failure("assert(`${`(`}` == \")\")"), "script: the assertion does not hold @ assert(`${`(`}` == \")\")");
    assert_eq!(
        failure("assert(\n  false\n)"),
        "script: the assertion does not hold @ assert",
        "not over several lines"
    );
}
