//! Configs as KDL, checked and fitted. Each case is a manifest's text with one binding; what comes out is a snapshot.

use super::{ConfigOf, check_config, fitted, params_schema};
use crate::{Model, Project, Selection};
use serde_json::{Value, json};
use thinking_diagnostic::{Diagnostic, Diagnostics, SourceMap, Style, render};
use thinking_schema::Tree;

fn model(text: &str) -> (Model, SourceMap) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.kdl");
    std::fs::write(&path, text).unwrap();
    let (mut sources, mut diagnostics) = (SourceMap::new(), Diagnostics::new());
    let project = Project::load(&path, &mut sources, &mut diagnostics).unwrap();
    let model = project.compose(&Selection::default(), &mut diagnostics).unwrap();
    let told: Vec<String> = diagnostics.iter().map(|one| one.message.clone()).collect();
    assert!(told.is_empty(), "{told:?}");
    (model, sources)
}

/// A schema as schemars makes it of a Rust struct with inlined parts.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "lowercase": { "type": "boolean" },
            "min_count": { "type": "integer", "minimum": 1, "maximum": 100, "description": "Rarer words are left out." },
            "rate": { "type": ["number", "null"], "exclusiveMinimum": 0 },
            "stop_words": { "type": "array", "items": { "type": "string" } },
            "mode": { "anyOf": [{ "oneOf": [{ "type": "string", "const": "fast" }, { "type": "string", "const": "good" }] }, { "type": "null" }] },
            "limits": { "type": "object", "properties": { "low_end": { "type": "integer" }, "high": { "type": "number" } }, "required": ["high"] },
            "layers": { "type": "array", "items": {
                "type": "object",
                "x-kdl-arguments": ["name", "sizes..."],
                "properties": { "name": { "type": "string" }, "sizes": { "type": "array", "items": { "type": "integer" } }, "flat": { "type": "boolean" } },
                "required": ["name"],
                "additionalProperties": false,
            } },
            "points": { "type": "array", "items": { "type": "array", "items": { "type": "number" } } },
            "weights": { "type": "object", "x-kdl-key": "word", "additionalProperties": { "type": "number" } },
            "extra": true,
            "to": { "type": "string" },
        },
        "required": ["lowercase"],
        "x-kdl-nodes": { "layer": "layers" },
    })
}

/// Each case as the config of one binding: what is wrong with it, or else what the component gets.
fn table(schema: &Value, cases: &[&str]) -> String {
    let bind = |(at, case): (usize, &&str)| format!("bind \"t{at}\" to=\"x.y\" {{ {case} }}\n");
    let (model, sources) = model(&cases.iter().enumerate().map(bind).collect::<String>());
    let mut told = Vec::new();
    for (case, (name, bind)) in cases.iter().zip(model.manifest.bind.iter()) {
        let wrong = check_config(schema, &ConfigOf { binding: name, component: &bind.to }, &bind.config.0);
        let line = |one: &Diagnostic| {
            let at = one.labels.first().map_or("", |label| sources.slice(label.span));
            let help = one.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
            format!("\n    {at} | {} | {}{help}", one.code.short(), one.message)
        };
        let mut lines: String = wrong.iter().map(line).collect();
        if wrong.is_empty() {
            lines = format!("\n    {}", Tree::Map(fitted(schema, &bind.config.0)).to_json());
        }
        told.push(format!("{case}{lines}"));
    }
    told.join("\n")
}

#[test]
fn all_that_kdl_can_say_is_fitted() {
    let cases = [
        "lowercase",
        "lowercase #false; min-count 3; min_count 4",
        "lowercase #true; stop-words \"a\"",
        "lowercase #true; stop-words \"a\" \"b\"; rate 1; mode \"fast\"",
        "lowercase #true; limits { low-end 1; high 2.5 }",
        "lowercase #true; limits low-end=1 high=2",
        "lowercase #true; layer \"one\"",
        "lowercase #true; layer \"one\" 1 2 flat=#true",
        "lowercase #true; layer \"one\" 1; layer \"two\" { sizes 3 4 }",
        "lowercase #true; points 1 2",
        "lowercase #true; points 1 2; points 3 4",
        "lowercase #true; weights \"a\" 1; weights \"b\" 2.5",
        "lowercase #true; weights \"a\" 1",
        "lowercase #true; weights { a 1; b 2 }",
        "lowercase #true; extra 1 2 { a 1 }",
        "lowercase \"${params.x}\"; stop-words \"${params.words}\"; rate \"${1 + 1}\"",
        "lowercase #true; rate #null; mode #null",
    ];
    insta::assert_snapshot!(table(&schema(), &cases), @r##"
    lowercase
        {"lowercase":true}
    lowercase #false; min-count 3; min_count 4
        min_count | duplicate | `min-count` is given twice (`min_count` means the same as `min-count`)
    lowercase #true; stop-words "a"
        {"lowercase":true,"stop_words":["a"]}
    lowercase #true; stop-words "a" "b"; rate 1; mode "fast"
        {"lowercase":true,"stop_words":["a","b"],"rate":1,"mode":"fast"}
    lowercase #true; limits { low-end 1; high 2.5 }
        {"lowercase":true,"limits":{"low_end":1,"high":2.5}}
    lowercase #true; limits low-end=1 high=2
        {"lowercase":true,"limits":{"low_end":1,"high":2}}
    lowercase #true; layer "one"
        {"lowercase":true,"layers":[{"name":"one"}]}
    lowercase #true; layer "one" 1 2 flat=#true
        {"lowercase":true,"layers":[{"name":"one","sizes":[1,2],"flat":true}]}
    lowercase #true; layer "one" 1; layer "two" { sizes 3 4 }
        {"lowercase":true,"layers":[{"name":"one","sizes":[1]},{"name":"two","sizes":[3,4]}]}
    lowercase #true; points 1 2
        {"lowercase":true,"points":[[1,2]]}
    lowercase #true; points 1 2; points 3 4
        {"lowercase":true,"points":[[1,2],[3,4]]}
    lowercase #true; weights "a" 1; weights "b" 2.5
        {"lowercase":true,"weights":{"a":1,"b":2.5}}
    lowercase #true; weights "a" 1
        {"lowercase":true,"weights":{"a":1}}
    lowercase #true; weights { a 1; b 2 }
        {"lowercase":true,"weights":{"a":1,"b":2}}
    lowercase #true; extra 1 2 { a 1 }
        {"lowercase":true,"extra":{"-":[1,2],"a":1}}
    lowercase "${params.x}"; stop-words "${params.words}"; rate "${1 + 1}"
        {"lowercase":"${params.x}","stop_words":"${params.words}","rate":"${1 + 1}"}
    lowercase #true; rate #null; mode #null
        {"lowercase":true,"rate":null,"mode":null}
    "##);
}

#[test]
fn what_is_wrong_is_told() {
    let cases = [
        "",
        "lowercas #true",
        "lowercase 1",
        "lowercase #true; min-count 0",
        "lowercase #true; min_count 101",
        "lowercase #true; min-cuont 1",
        "lowercase #true; min-count 1.5",
        "lowercase #true; min-count 1; min-count 2",
        "lowercase #true; rate 0",
        "lowercase #true; mode \"fsat\"",
        "lowercase #true; stop-words \"a\" 1",
        "lowercase #true; limits { low_end 1 }",
        "lowercase #true; limits { high 1; lwo-end 2 }",
        "lowercase #true; limits 3",
        "lowercase #true; layer \"one\"; layer",
        "lowercase #true; layer \"one\" 1 big=#true",
        "lowercase #true; points 1 \"b\"",
        "lowercase #true; weights \"a\" \"heavy\"",
        "lowercase #true; scope \"big\"",
        "lowercase #true; to 3",
    ];
    insta::assert_snapshot!(table(&schema(), &cases), @r##"
        "x.y" | missing | the config of `x.y` needs `lowercase` (add it where it is bound: { lowercase … })
    lowercas #true
        lowercas | unknown-node | the config of `x.y` has no `lowercas` (did you mean `lowercase`?)
        "x.y" | missing | the config of `x.y` needs `lowercase` (add it where it is bound: { lowercase … })
    lowercase 1
        1 | wrong-type | `lowercase` must be `#true` or `#false`, not an integer
    lowercase #true; min-count 0
        0 | invalid-value | `min-count` must be at least 1
    lowercase #true; min_count 101
        101 | invalid-value | `min-count` must be at most 100
    lowercase #true; min-cuont 1
        min-cuont | unknown-node | the config of `x.y` has no `min-cuont` (did you mean `min-count`?)
    lowercase #true; min-count 1.5
        1.5 | wrong-type | `min-count` must be an integer, not a number
    lowercase #true; min-count 1; min-count 2
        min-count | duplicate | `min-count` is given twice
    lowercase #true; rate 0
        0 | invalid-value | `rate` must be more than 0
    lowercase #true; mode "fsat"
        "fsat" | invalid-value | `mode` cannot be "fsat" (did you mean "fast"? It can be: "fast", "good")
    lowercase #true; stop-words "a" 1
        1 | wrong-type | a value of `stop-words` must be a string, not an integer
    lowercase #true; limits { low_end 1 }
        limits | missing | `limits` needs `high` (add `high=…`)
    lowercase #true; limits { high 1; lwo-end 2 }
        lwo-end | unknown-node | `limits` has no `lwo-end` (did you mean `low-end`?)
    lowercase #true; limits 3
        3 | wrong-type | `limits` must be a block, not an integer
    lowercase #true; layer "one"; layer
        layer | missing | `layers` needs its name as first argument (write `layers "name"`)
    lowercase #true; layer "one" 1 big=#true
        big | unknown-node | `layers` has no `big` (`layers` can have: flat)
    lowercase #true; points 1 "b"
        "b" | wrong-type | a value of `points` must be a number, not a string
    lowercase #true; weights "a" "heavy"
        "heavy" | wrong-type | `a` must be a number, not a string
    lowercase #true; scope "big"
        scope | unknown-node | the config of `x.y` has no `scope` (children are the component's config; for the binding itself write it as a property: bind "t18" to="x.y" scope=…)
    lowercase #true; to 3
        3 | wrong-type | `to` must be a string, not an integer
    "##);
}

#[test]
fn in_full() {
    let text = "bind \"tokenizer\" to=\"text.split\" {\n    min-cuont 3\n    mode \"fats\"\n    scope \"big\"\n}";
    let (model, sources) = model(text);
    let (name, bind) = model.manifest.bind.iter().next().unwrap();
    let wrong = check_config(&schema(), &ConfigOf { binding: name, component: &bind.to }, &bind.config.0);
    let shown: Vec<String> = wrong.iter().map(|one| render(one, &sources, Style::default())).collect();
    let (_, file) = sources.iter().next().unwrap();
    insta::assert_snapshot!(shown.join("\n").replace(&*file.name, "pipeline.kdl"), @r##"
    thinking::invalid-value

      × `mode` cannot be "fats"
       ╭─[pipeline.kdl:3:10]
     2 │     min-cuont 3
     3 │     mode "fats"
       ·          ───┬──
       ·             ╰── not one of its values
     4 │     scope "big"
       ╰────
      help: did you mean "fast"? It can be: "fast", "good"

    thinking::unknown-node

      × the config of `text.split` has no `min-cuont`
       ╭─[pipeline.kdl:2:5]
     1 │ bind "tokenizer" to="text.split" {
     2 │     min-cuont 3
       ·     ────┬────
       ·         ╰── unknown
     3 │     mode "fats"
       ╰────
      help: did you mean `min-count`?

    thinking::unknown-node

      × the config of `text.split` has no `scope`
       ╭─[pipeline.kdl:4:5]
     3 │     mode "fats"
     4 │     scope "big"
       ·     ──┬──
       ·       ╰── unknown
     5 │ }
       ╰────
      help: children are the component's config; for the binding itself write it as a property: bind
            "tokenizer" to="text.split" scope=…

    thinking::missing

      × the config of `text.split` needs `lowercase`
       ╭─[pipeline.kdl:1:21]
     1 │ bind "tokenizer" to="text.split" {
       ·                     ──────┬─────
       ·                           ╰── incomplete
     2 │     min-cuont 3
       ╰────
      help: add it where it is bound: { lowercase … }
    "##);
}

#[test]
fn a_component_that_nothing_binds_has_no_place() {
    let component = "text.split".to_owned().into();
    let found = check_config(&schema(), &ConfigOf { binding: "text.split", component: &component }, &[]);
    let [one] = &*found else { panic!("{found:?}") };
    assert!(one.labels.is_empty());
    insta::assert_snapshot!(format!("{}: {}", one.message, one.help.as_deref().unwrap()), @r##"
    the config of `text.split` needs `lowercase`: bind it, with its config: bind "text.split" to="text.split" { … }
    "##);
}

#[test]
fn nothing_to_say_of_nothing() {
    let component = "x".to_owned().into();
    assert!(
        check_config(&json!({ "type": "object" }), &ConfigOf { binding: "x", component: &component }, &[]).is_empty()
    );
}

const PARAMS: &str = r#"
component "c" script="c.rhai" {
    param "separator" default=" " help="Between words"
    param "least" type="int" min=1 max=100
    param "share" type="float" min=0.5 optional=#true
    param "mode" default="fast" { one-of "fast" "good" }
    param "size" type="int" optional=#true { one-of 1 2 }
    param "room" type="size" default="64MiB"
    param "wait" type="duration" optional=#true
    param "since" type="datetime" optional=#true
    param "file" type="path" optional=#true
    param "words" type="list" { default "a" "b" }
    param "any" type="json" optional=#true
    param "loud" type="bool" default=#false
}
"#;

fn of_params() -> Value {
    let (model, _) = model(PARAMS);
    params_schema(&model.manifest.component.get("c").unwrap().param)
}

#[test]
fn parameters_as_a_schema() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&of_params()).unwrap(), @r##"
    {
      "type": "object",
      "properties": {
        "separator": {
          "type": "string",
          "default": " ",
          "description": "Between words"
        },
        "least": {
          "type": "integer",
          "minimum": 1,
          "maximum": 100
        },
        "share": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0.5
        },
        "mode": {
          "type": "string",
          "enum": [
            "fast",
            "good"
          ],
          "default": "fast"
        },
        "size": {
          "type": [
            "integer",
            "null"
          ],
          "enum": [
            1,
            2,
            null
          ]
        },
        "room": {
          "type": [
            "string",
            "integer"
          ],
          "pattern": "^[0-9]+(\\.[0-9]+)? ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$",
          "x-what": "a size such as \"64MiB\" or \"8GB\"",
          "default": "64MiB"
        },
        "wait": {
          "type": [
            "string",
            "null"
          ],
          "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$",
          "x-what": "a duration such as \"30s\", \"5m\" or \"2h\""
        },
        "since": {
          "type": [
            "string",
            "null"
          ],
          "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})$",
          "x-what": "a date and time (RFC 3339), such as \"2026-01-31T12:00:00Z\""
        },
        "file": {
          "type": [
            "string",
            "null"
          ],
          "x-what": "a path"
        },
        "words": {
          "type": "array",
          "default": [
            "a",
            "b"
          ]
        },
        "any": {},
        "loud": {
          "type": "boolean",
          "default": false
        }
      },
      "required": [
        "least"
      ],
      "additionalProperties": false
    }
    "##);
}

#[test]
fn a_scripted_component_checks_its_config() {
    let schema = of_params();
    let right = "least 3; share 0.5; mode \"good\"; size 2; room 4096; wait \"5m\"; since \"2026-01-31T12:00:00Z\"; words \"x\"; any { a 1 }; loud";
    let cases = [
        right,
        "",
        "least 0",
        "least 3; share 0.2",
        "least 3; mode \"god\"",
        "least 3; size 3",
        "least 3; room \"64 parsecs\"",
        "least 3; wait 5",
        "least 3; wait \"soon\"",
        "least 3; since \"today\"",
        "least 3; loud \"yes\"",
        "least 3; seperator \",\"",
    ];
    insta::assert_snapshot!(table(&schema, &cases), @r##"
    least 3; share 0.5; mode "good"; size 2; room 4096; wait "5m"; since "2026-01-31T12:00:00Z"; words "x"; any { a 1 }; loud
        {"least":3,"share":0.5,"mode":"good","size":2,"room":4096,"wait":"5m","since":"2026-01-31T12:00:00Z","words":["x"],"any":{"a":1},"loud":true}

        "x.y" | missing | the config of `x.y` needs `least` (add it where it is bound: { least … })
    least 0
        0 | invalid-value | `least` must be at least 1
    least 3; share 0.2
        0.2 | invalid-value | `share` must be at least 0.5
    least 3; mode "god"
        "god" | invalid-value | `mode` cannot be "god" (did you mean "good"? It can be: "fast", "good")
    least 3; size 3
        3 | invalid-value | `size` must be one of 1, 2
    least 3; room "64 parsecs"
        "64 parsecs" | invalid-value | `room` must be a size such as "64MiB" or "8GB"
    least 3; wait 5
        5 | wrong-type | `wait` must be a string, not an integer
    least 3; wait "soon"
        "soon" | invalid-value | `wait` must be a duration such as "30s", "5m" or "2h"
    least 3; since "today"
        "today" | invalid-value | `since` must be a date and time (RFC 3339), such as "2026-01-31T12:00:00Z"
    least 3; loud "yes"
        "yes" | wrong-type | `loud` must be `#true` or `#false`, not a string
    least 3; seperator ","
        seperator | unknown-node | the config of `x.y` has no `seperator` (did you mean `separator`?)
    "##);
}
