//! Layout does not count, meaning does.

use super::{problems, program};
use thinking_step::Purpose;

fn canonical(code: &str) -> String {
    program(code).canonical().0.to_owned()
}

#[test]
fn layout_comments_and_the_order_of_functions_do_not_count() {
    let one = "// says so\nfn b(x) { x + 1 }\nfn a() { 1_000 }\nlet y = `v${ a() /* in */ }w${1}`; b(y.len())";
    let other = "fn a( ){1000}let y=`v${a()}w${1}`;\n\n\nfn b ( x ) {\n\tx+1 } b(y.len())";
    assert_eq!(canonical(one), canonical(other));
    assert_eq!(canonical("\"a\\u0041\""), canonical("\"aA\""));
}

#[test]
fn what_means_something_else_differs() {
    let pairs = [
        ("1 + 2", "2 + 1"),
        ("1", "1.0"),
        ("1", "\"1\""),
        ("'a'", "\"a\""),
        ("\"a b\"", "\"a  b\""),
        ("`a${1}`", "`a {1}`"),
        ("`a${1}b`", "`a${1} b`"),
        ("1;", "1"),
        ("fn a() { 1 } a()", "fn a() { 2 } a()"),
        ("let ab = 1; ab", "let a = 1; a"),
        ("-1", "1"),
    ];
    for (one, other) in pairs {
        assert_ne!(canonical(one), canonical(other), "{one} / {other}");
    }
}

#[test]
fn every_token_knows_its_place() {
    let code = "let a = 1;\nfn zwölf() { a2(\"ü\") }\nfn a2(x) { x } a";
    assert_ne!(problems(code, Purpose::Step), "none", "letters beyond ASCII are no names");
    let code = "let a = 1; /* ü */ let s = \"ü\";\nfn b() { c(2) }\nfn c(x) { x } a";
    let program = program(code);
    let (text, places) = program.canonical();
    assert_eq!(text, "fn b ( ) { c ( 2 ) } fn c ( x ) { x } let a = 1 ; let s = \"ü\" ; a");
    assert!(places.is_sorted_by_key(|(offset, _)| *offset));
    // Only `()`, which stands for `( )` too, is not written as it was.
    for (at, (offset, span)) in places.iter().enumerate() {
        let end = places.get(at + 1).map_or(text.len(), |(next, _)| *next as usize - 1);
        assert_eq!(text[*offset as usize..end].replace("( )", "()"), code[span.start as usize..span.end as usize]);
    }
}
