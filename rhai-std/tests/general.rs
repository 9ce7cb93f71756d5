//! `text`, `hash`, `log`, assertions, `dig`.

use super::{World, failure, value};
use serde_json::json;

#[test]
fn text() {
    assert_eq!(value("text::split(\"a,b,,c\", \",\")"), json!(["a", "b", "", "c"]));
    assert_eq!(value("text::split(\"aé\", \"\")"), json!(["a", "é"]));
    assert_eq!(value("text::words(\" a  b\\n\")"), json!(["a", "b"]));
    assert_eq!(value("text::lines(\"a\\r\\nb\\n\")"), json!(["a", "b"]));
    assert_eq!(value("text::join([1, \"b\", 2.5], \"-\")"), json!("1-b-2.5"));
    assert_eq!(value("text::trim(\" a \") + text::lower(\"Ä\") + text::upper(\"ß\")"), json!("aäSS"));
    assert_eq!(value("text::replace(\"aXbX\", \"X\", \"-\")"), json!("a-b-"));
    assert_eq!(
        value("[text::starts_with(\"abc\", \"ab\"), text::ends_with(\"abc\", \"ab\"), text::contains(\"abc\", \"b\")]"),
        json!([true, false, true])
    );
    assert_eq!(
        value(
            "[text::pad_left(7, 3), text::pad_left(7, 3, '0'), text::pad_right(\"ab\", 3, \".\"), text::pad_left(\"abcd\", 2)]"
        ),
        json!(["  7", "007", "ab.", "abcd"])
    );
    assert_eq!(value("[text::fixed(2, 2), text::fixed(1.005, 1), text::fixed(-0.5, 0)]"), json!(["2.00", "1.0", "-0"]));
    assert_eq!(value("text::format(\"{} of {}\", [1, \"b\"])"), json!("1 of b"));
    assert_eq!(failure("text::format(\"{} {}\", [1])"), "the template has 2 places, but there are 1 values");
    assert_eq!(
        value("[text::number(\" 12 \"), text::number(\"1.5\"), text::number(\"x\"), text::number(\"inf\")]"),
        json!([12, 1.5, null, null])
    );
    assert_eq!(value("text::repeat(\"ab\", 3)"), json!("ababab"));
    assert_eq!(failure("text::repeat(\"ab\", -1)"), "the number of times must not be negative, but is -1");
}

#[test]
fn hashes_are_the_standard_ones() {
    assert_eq!(
        value("hash::sha256(\"abc\")"),
        json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
    assert_eq!(value("hash::blake3(\"\")"), json!("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"));
    assert_eq!(value("hash::sha256(blob(3, 97)) == hash::sha256(\"aaa\")"), json!(true));
    assert_eq!(
        failure("hash::sha256(1)"),
        "a hash is made of a string or a blob, not of an int: use `json::to_string(value)`"
    );
}

#[test]
fn log_lines_go_to_the_host() {
    let world = World::new();
    world.value("log::trace(1); log::debug(\"b\"); log::info([1]); log::warn(()); log::error(1.5)");
    assert_eq!(world.seen(), ["Trace 1", "Debug b", "Info [1]", "Warn ", "Error 1.5"]);
}

#[test]
fn assertions() {
    value(
        "assert(1 < 2); assert(true, \"never\"); assert_eq(1, 1.0); assert_eq([1, #{ a: () }], [1, #{ a: () }], \"x\")",
    );
    assert_eq!(failure("assert(1 > 2)"), "the assertion does not hold");
    assert_eq!(failure("assert(1 > 2, `no ${1}`)"), "no 1");
    assert_eq!(failure("assert_eq(1, 2)"), "the two values are not equal");
    assert_eq!(failure("assert_eq(1, \"1\", \"told\")"), "told");
    let error = World::new().eval("assert_eq(#{ a: \"x\" }, [1])").unwrap_err();
    assert_eq!(error.details, ["left:  {\"a\":\"x\"}", "right: [1]"]);
    assert_eq!(value("assert_throws(|| throw \"abc\")"), json!("abc"));
    assert_eq!(
        value("assert_throws(|| fs::read_text(\"no\"), \"no such file\")"),
        json!("cannot read `no`: no such file")
    );
    assert_eq!(failure("assert_throws(|| 1)"), "the function was to throw, but did not");
    assert_eq!(failure("assert_throws(|| throw \"abc\", \"x\")"), "the function threw something else");
}

#[test]
fn a_function_that_needs_arguments_does_not_count_as_throwing() {
    let without = "`assert_throws` calls it without any";
    for code in [
        "assert_throws(|x| x)",
        "assert_throws(|x| throw 1)",
        "assert_throws(|x, y| x, \"not found\")",
        "let a = 1; assert_throws(|x| x + a)",
    ] {
        let error = World::new().eval(code).unwrap_err();
        assert_eq!(error.message, format!("the function takes arguments, but {without}"), "{code}");
        assert!(error.help.is_some_and(|help| help.contains("assert_throws(|| …)")), "{code}");
    }
    assert_eq!(
        failure("fn f(x) { x } assert_throws(Fn(\"f\"))"),
        format!("there is no function `f` that takes no arguments, but {without}")
    );
    // What fails inside of it is what is asked for.
    for code in [
        "assert_throws(|| (|x| x).call())",
        "fn f(x) { x } assert_throws(|| f())",
        "assert_throws(|| [1].push(1, 2, 3))",
    ] {
        assert!(value(code).as_str().is_some_and(|text| text.contains("not found")), "{code}");
    }
    assert_eq!(value("let a = 1; assert_throws(|| throw `${a}`)"), json!("1"));
    assert_eq!(value("fn f() { throw \"x\" } assert_throws(Fn(\"f\"))"), json!("x"));
}

#[test]
fn dig_follows_a_path() {
    let data = "let x = #{ a: [#{ b: 7 }, 8] };";
    for (path, expected) in [
        ("\"a\", 0, \"b\"", json!(7)),
        ("\"a\", -1", json!(8)),
        ("\"a\", 5", json!(null)),
        ("\"a\", -2, \"b\"", json!(7)),
        ("\"a\", -3", json!(null)),
        ("\"a\", -9223372036854775807 - 1", json!(null)),
        ("\"z\", 0, \"b\"", json!(null)),
        ("\"a\", \"b\"", json!(null)),
    ] {
        assert_eq!(value(&format!("{data} dig(x, {path})")), expected, "{path}");
    }
}
