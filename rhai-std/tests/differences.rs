//! What `assert_eq` says of values that differ: one page of cases.

use super::World;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Scripts by what they are about.
const CASES: &[(&str, &[&str])] = &[
    (
        "simple values are shown",
        &[
            "assert_eq(1, 2)",
            "assert_eq((), #{ a: () })",
            "assert_eq('a', \"a\")",
            "assert_eq(0.0 / 0.0, 0.0 / 0.0)",
            "assert_eq(blob(2, 10), blob(20, 255))",
            "assert_eq(|| 1, 1.0)",
            "assert_eq(list::range(0, 10000), \"none\")",
            "assert_eq(#{ a: text::repeat(\"long\", 1000), b: 1, c: 2 }, [])",
        ],
    ),
    (
        "maps and lists are told by their places",
        &[
            "assert_eq(#{ rows: [#{ price: 1 }, #{ price: 2, note: \"x\" }], total: 3.0, \"a b\": [] }, #{ rows: [#{ price: 1 }, #{ price: 5 }, 7], total: 3, \"a b\": 'x' })",
            "assert_eq([1, 2, 3, 4], [2, 3, 4, 5])",
            "assert_eq([1, 2, 3], [1, 9, 3])",
            "assert_eq([], [[1, ()], \"x\"])",
            "assert_eq(#{ a: #{ b: \"one\\ntwo\\nthree\\n\" } }, #{ a: #{ b: \"one\\n2\\nthree\" } })",
            "assert_eq([0.0 / 0.0, '1'], [0.0 / 0.0, \"1\"])",
        ],
    ),
    (
        "long differences are shortened",
        &[
            "assert_eq(list::range(0, 100), list::range(0, 100).map(|x| x * -2 - 1))",
            "let l = list::range(0, 5000); let k = l + [1]; k[7] = -1; k[4000] = (); assert_eq(l, k)",
            "assert_eq([list::range(0, 1000)], [#{ a: text::repeat(\"ab\", 1000) }])",
        ],
    ),
    (
        "texts are told line by line",
        &[
            "let l = list::range(0, 30); let k = l + []; k[3] = \"three\"; k.remove(20); assert_eq(text::join(l, \"\\n\"), text::join(k, \"\\n\") + \"\\n\")",
            "assert_eq(\"a\\r\\nb\\n\", \"a\\nb\\n\")",
            "assert_eq(\"a\\n\", \"a\")",
            "let l = list::range(0, 3000); assert_eq(text::join(l, \"\\n\"), text::join(l.map(|x| if x % 100 == 0 { -x } else { x }), \"\\n\"))",
            "assert_eq(\"x\\n\" + text::repeat(\"y\", 1000), \"x\\nz\")",
            "let s = text::repeat(\"0123456789\", 50); assert_eq(s + \"a\\nsame\", s + \"b\\nsame\")",
            "let s = text::repeat(\"0123456789\", 50); assert_eq(s + \"a\" + s, s + \"b\")",
        ],
    ),
];

#[test]
fn differences_are_told_in_a_few_lines() {
    let mut page = String::new();
    for (about, codes) in CASES {
        writeln!(page, "# {about}\n").unwrap();
        for code in *codes {
            let error = World::new().eval(code).expect_err(code);
            assert_eq!(error.message, "the two values are not equal", "{code}");
            assert!(error.details.iter().all(|line| line.chars().count() < 300 && !line.contains('\n')), "{error:?}");
            assert!(error.details.len() <= 31, "{error:?}");
            writeln!(page, "{code}").unwrap();
            error.details.iter().for_each(|line| writeln!(page, "  | {line}").unwrap());
            page.push('\n');
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/differences.txt");
    if std::env::var_os("THINKING_UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(page, std::fs::read_to_string(&path).unwrap_or_default(), "run it with THINKING_UPDATE=1 and look");
}

#[test]
fn a_message_of_ones_own_keeps_the_difference() {
    let error = World::new().eval("assert_eq([1], [2], \"the sums\")").unwrap_err();
    assert_eq!(error.message, "the sums");
    assert_eq!(error.details, ["left → right; only left (-), only right (+):", "[0]: 1 → 2"]);
}

#[test]
fn streams_are_compared_by_their_elements_wherever_they_are() {
    let world = World::new();
    world.write("a.txt", "one\ntwo\n");
    world.write("b.txt", "one\n2\n");
    world.value("assert_eq(#{ a: [fs::lines(\"a.txt\")] }, #{ a: [[\"one\", \"two\"]] })");
    let error = world.eval("assert_eq(#{ a: fs::lines(\"a.txt\") }, #{ a: fs::lines(\"b.txt\") })").unwrap_err();
    assert_eq!(error.details[1..], [".a[1]: \"two\" → \"2\""]);
    let lines = "[fs::lines(\"a.txt\"), fs::lines(\"b.txt\"), fs::lines(\"a.txt\")]";
    assert_eq!(world.value(&format!("list::unique({lines}).len()")), json!(2));
}
