//! `json`, `csv`, `toml`.

use super::{World, failure, value};
use serde_json::json;

#[test]
fn json_is_read_and_written() {
    assert_eq!(value(r#"json::parse("{\"a\": [1, 2.5, null, true]}")"#), json!({ "a": [1, 2.5, null, true] }));
    assert_eq!(value("json::to_string(#{ b: [1, ()], a: \"x\" })"), json!(r#"{"a":"x","b":[1,null]}"#));
    assert!(failure("json::parse(\"{\")").starts_with("the text is not JSON: EOF"));
    let world = World::new();
    world.value("json::write(\"out/a.json\", #{ a: 1 })");
    assert_eq!(world.read("out/a.json"), "{\n  \"a\": 1\n}\n");
    assert_eq!(world.value("json::read(\"out/a.json\").a"), json!(1));
}

#[test]
fn csv_fields_that_are_plain_numbers_are_numbers() {
    let world = World::new();
    world.write("a.csv", "\u{feff}id,name,x\n007,\"a, b\",1\n-0.5,1e3,+1\n, 1,99999999999999999999\n");
    assert_eq!(
        world.value("csv::read(\"a.csv\")"),
        json!([
            { "id": "007", "name": "a, b", "x": 1 },
            { "id": -0.5, "name": 1000.0, "x": "+1" },
            { "id": "", "name": " 1", "x": "99999999999999999999" },
        ])
    );
    assert_eq!(failure("csv::parse(\"a,b\\n1\\n\")"), "the text is not CSV: line 2 has 1 fields instead of 2");
    assert_eq!(failure("csv::read(\"b.csv\")"), "cannot read `b.csv`: no such file");
}

#[test]
fn csv_is_written_with_all_columns() {
    let rows = "[#{ b: 1, a: \"x,y\" }, #{ c: () }]";
    assert_eq!(value(&format!("csv::to_string({rows})")), json!("a,b,c\n\"x,y\",1,\n,,\n"));
    assert_eq!(value(&format!("csv::to_string({rows}, [\"b\"])")), json!("b\n1\n\"\"\n"));
    assert_eq!(value("csv::to_string([[1, 2], [3]])"), json!("1,2\n3\n"));
    assert_eq!(failure("csv::to_string([1])"), "row 0 must be a map or a list");
    let world = World::new();
    world.value(&format!("csv::write(\"a.csv\", {rows})"));
    assert_eq!(world.value("csv::read(\"a.csv\")[0].b"), json!(1));
}

#[test]
fn toml_is_written() {
    let world = World::new();
    world.value("toml::write(\"out/a.toml\", #{ b: #{ c: [1.5, true, #{ d: \"x\" }] }, a: 1 })");
    assert_eq!(world.value("toml::read(\"out/a.toml\")"), json!({ "a": 1, "b": { "c": [1.5, true, { "d": "x" }] } }));
    assert_eq!(value("toml::to_string(#{ b: \"x\", a: [1, 2] })"), json!("a = [\n    1,\n    2,\n]\nb = \"x\"\n"));
    assert_eq!(failure("toml::to_string(#{ a: [1, #{ b: () }] })"), "TOML cannot say `()` (at .a[1].b): leave it out");
    assert_eq!(failure("toml::to_string([1])"), "TOML is made of a map, not of a list");
}

#[test]
fn toml_is_read() {
    assert_eq!(
        value("toml::parse(\"a = 1\\n[b]\\nc = [1.5, true]\\nd = 2026-01-31\")"),
        json!({ "a": 1, "b": { "c": [1.5, true], "d": "2026-01-31" } })
    );
    assert!(failure("toml::parse(\"a = \")").starts_with("the text is not TOML: "));
}

#[test]
fn toml_can_say_every_float() {
    let text = "a = inf\nb = -inf\nc = nan\nd = [\n    1.5,\n    inf,\n]\n";
    let code = format!("let t = toml::parse({text:?});");
    assert_eq!(
        value(&format!("{code} [t.a.is_infinite(), math::max(t.a, 0), t.c.is_nan(), type_of(t.c)].map(|x| `${{x}}`)")),
        json!(["true", "inf", "true", "f64"])
    );
    assert_eq!(value(&format!("{code} toml::to_string(t)")), json!(text));
    assert_eq!(value("toml::to_string(#{ a: [0.0 / 0.0], b: 2.0 })"), json!("a = [nan]\nb = 2.0\n"));
    assert_eq!(failure(&format!("{code} t")), "JSON cannot say inf (at .a)", "a result is JSON");
}

#[test]
fn what_toml_cannot_say_is_named_with_its_place() {
    let world = World::new();
    world.write("a.txt", "one\n");
    assert_eq!(
        world.value("toml::to_string(#{ a: 'x', b: 1..3, c: fs::lines(\"a.txt\") })"),
        json!("a = \"x\"\nb = [\n    1,\n    2,\n]\nc = [\"one\"]\n")
    );
    for (code, message) in [
        ("#{ a: #{ b: blob(2) } }", "TOML cannot say a blob (at .a.b)"),
        ("#{ a: [1, || 1] }", "TOML cannot say a function (at .a[1])"),
        ("#{ a: () }", "TOML cannot say `()` (at .a): leave it out"),
        ("()", "TOML is made of a map, not of ()"),
        ("1.5", "TOML is made of a map, not of a float"),
    ] {
        assert_eq!(failure(&format!("toml::to_string({code})")), message, "{code}");
    }
    let deep = "let m = #{}; for i in 0..200 { m = #{ a: m }; } toml::to_string(m)";
    assert_eq!(failure(deep), "the value is nested deeper than 120 levels");
}
