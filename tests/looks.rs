//! `facets`, `diff --facet` and `show --resolved`: their whole texts as files in `screens/`, and that what is printed composes to the same.
//! `THINKING_UPDATE=1` writes the screens anew.

use crate::support::{Sandbox, command, root, run, update};
use crate::terminal::Terminal;
use serde_json::Value;
use std::path::Path;

const MANIFEST: &str = r##"
project "words" version="0.3.0"
use "std/logging"
include "local.kdl" optional=#true
param "epochs" type="int" default=20 min=1
param "batch" type="int" default=64
param "mode" type="string" default="fast" { one-of "fast" "thorough" }
param "token" env="API_TOKEN" secret=#true optional=#true
runtime {
    seed 42
    database "words" kind="kv"
    permissions { write "out/**"; run "echo" }
}
facet-group "device" default="cpu" {
    description "where it trains"
    facet "cpu" { param "batch" default=32 }
    facet "gpu" detect="params.epochs > 1000" {
        description "On the graphics card, in big batches."
        param "batch" default=4096
        pipeline "train" {
            stage "fit" {
                each "epoch" {
                    step "train" {
                        rhai #"""
                            words.put("a", 1);
                            words.put("b", 3);
                            """#
                    }
                }
            }
        }
    }
}
facet "smoke" {
    param "epochs" default=2
    runtime { permissions { run "true" } }
    pipeline "train" {
        stage "fit" { each "epoch" in="1..=2" }
        stage "publish" { step "extra" tags="quick" retry=3 { exec "echo" "say \"hi\"" { env A="1" } } }
    }
}
pipeline "train" {
    stage "fit" {
        each "epoch" in="1..=params.epochs" {
            step "train" timeout="2h" {
                retry 2 facet="!smoke"
                rhai #"""
                    words.put("a", 1);
                    words.put("b", 2);
                    """#
            }
        }
    }
    stage "publish" when=#"params.mode == "thorough""# {
        step "export" { exec "echo" "vectors"; output "out/vectors.bin" }
        step "only-test" facet="test" { rhai "1" }
    }
}
"##;

fn project() -> Sandbox {
    let sandbox = Sandbox::with(MANIFEST);
    sandbox.write("local.kdl", "param \"batch\" type=\"int\" help=\"at once\"\nruntime { seed 1 }\n");
    sandbox
}

/// Compares what a command printed with the file of that name.
#[track_caller]
fn screen(name: &str, sandbox: &Sandbox, arguments: &[&str], code: i32) {
    let ran = sandbox.run(arguments).expect(code);
    let err = if ran.err.is_empty() { String::new() } else { format!("--- standard error\n{}", ran.err) };
    let words: Vec<&str> = arguments.iter().map(|word| if word.is_empty() { "''" } else { word }).collect();
    compare(name, &format!("$ thinking {}\n{}{err}", words.join(" "), ran.out));
}

#[track_caller]
fn compare(name: &str, text: &str) {
    let path = root().join("tests/screens").join(format!("{name}.txt"));
    if update() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{}: THINKING_UPDATE=1 writes it anew", path.display());
}

#[test]
fn what_they_print() {
    let sandbox = project();
    screen("facets", &sandbox, &["facets"], 0);
    screen("facets-asked", &sandbox, &["facets", "--quiet", "--facet", "gpu,smoke"], 0);
    screen("facets-detected", &sandbox, &["facets", "--quiet", "-p", "epochs=2000"], 0);
    screen("facets-json", &sandbox, &["facets", "--json", "--facet", "smoke"], 0);
    screen("diff", &sandbox, &["diff", "--facet", "cpu", "--facet", "gpu,smoke"], 0);
    screen("diff-none", &sandbox, &["diff", "--facet", "", "--facet", "cpu"], 0);
    screen("diff-json", &sandbox, &["diff", "--json", "--facet", "", "--facet", "gpu"], 0);
    screen("resolved", &sandbox, &["show", "--resolved"], 0);
    screen("resolved-facets", &sandbox, &["show", "--resolved", "--facet", "gpu,smoke"], 0);
    let quiet = sandbox.run(&["diff", "--quiet", "--facet", "cpu", "--facet", "cpu"]).expect(0);
    assert!(quiet.out.is_empty() && quiet.err.is_empty());
}

#[test]
fn what_is_wrong() {
    let sandbox = project();
    for (name, arguments) in [
        ("facets-unknown", &["facets", "--facet", "gpuu"][..]),
        ("facets-two-of-a-group", &["facets", "--facet", "cpu,gpu"]),
        ("facets-unknown-pipeline", &["facets", "--pipeline", "trian"]),
        ("diff-unknown", &["diff", "--facet", "cpu", "--facet", "smok"]),
        ("diff-one-side", &["diff", "--facet", "cpu"]),
        ("diff-runs", &["diff", "20261120-0811", "20261120-0930"]),
        ("resolved-unknown", &["show", "--resolved", "--facet", "smoek"]),
    ] {
        screen(name, &sandbox, arguments, 2);
    }
    // A wrong manifest is told as `validate` tells it.
    sandbox.write("wrong.kdl", "pipeline \"a\" { step \"b\" { rhai \"c\" } }\n");
    let told = sandbox.run(&["validate", "wrong.kdl"]).expect(2).err;
    for arguments in [&["facets", "wrong.kdl"][..], &["show", "--resolved", "wrong.kdl"]] {
        assert_eq!(sandbox.run(arguments).expect(2).err, told, "{arguments:?}");
    }
    sandbox.run(&["show", "--facet", "gpu"]).expect(2);
    sandbox.run(&["facets", "nowhere.kdl"]).expect(2);
}

#[test]
fn why_facets_are_active() {
    let sandbox = project();
    let why = |ran: &str| -> Vec<(String, Value)> {
        let told: Value = serde_json::from_str(ran).unwrap();
        let groups = told["groups"].as_array().unwrap().iter().flat_map(|group| group["facets"].as_array().unwrap());
        let all = groups.chain(told["facets"].as_array().unwrap());
        all.map(|facet| (facet["name"].as_str().unwrap().to_owned(), facet["why"].clone())).collect()
    };
    let asked = |arguments: &[&str], environment: &str| {
        let mut command = sandbox.command(&[&["facets", "--json"], arguments].concat());
        command.env("THINKING_FACETS", environment);
        why(&run(&mut command).expect(0).out)
    };
    let all = |cpu: Option<&str>, gpu: Option<&str>, smoke: Option<&str>| {
        let json = |why: Option<&str>| why.map_or(Value::Null, Value::from);
        vec![("cpu".to_owned(), json(cpu)), ("gpu".to_owned(), json(gpu)), ("smoke".to_owned(), json(smoke))]
    };
    assert_eq!(asked(&[], ""), all(Some("default"), None, None));
    assert_eq!(asked(&["-p", "epochs=2000"], ""), all(None, Some("detect"), None));
    assert_eq!(asked(&["-p", "epochs=2000"], "cpu"), all(Some("THINKING_FACETS"), None, None));
    assert_eq!(asked(&["--facet", "gpu,smoke"], "cpu"), all(None, Some("--facet"), Some("--facet")));
    // A run that was stopped remembers.
    sandbox.run(&["apply", "--quiet", "--facet", "gpu,smoke", "--until", "fit"]).expect(0);
    assert_eq!(asked(&[], ""), all(None, Some("remembered"), Some("remembered")));
    let text = sandbox.run(&["facets", "--quiet"]).expect(0).out;
    assert!(text.contains("gpu  active: remembered by the unfinished run 2"), "{text}");
    assert!(sandbox.run(&["show", "--resolved"]).expect(0).out.contains("--facet gpu,smoke\n"));
    // What a run remembers is no part of the comparison, nor of what `validate` prints.
    let diff = sandbox.run(&["diff", "--facet", "", "--facet", "cpu"]).expect(0).out;
    assert_eq!(diff, "no difference: both sides are the same manifest\n");
}

#[test]
fn detect_counts_in_what_is_printed() {
    let sandbox = Sandbox::with(
        r#"
        facet "found" detect="true" { param "a" default=2 }
        param "a" type="int" default=1
        pipeline "main" { step "one" { rhai "params.a" } }
        "#,
    );
    let emitted = sandbox.run(&["validate", "--emit", "resolved"]).expect(0).out;
    let emitted: Value = serde_json::from_str(&emitted).unwrap();
    assert_eq!(emitted["param"]["a"]["default"], 2);
    let shown = sandbox.run(&["show", "--resolved"]).expect(0).out;
    assert!(shown.contains("param \"a\" type=\"int\" default=2"), "{shown}");
    let shown: Value = serde_json::from_str(&sandbox.run(&["show", "--resolved", "--json"]).expect(0).out).unwrap();
    assert_eq!(shown["manifest"], emitted);
    let origin = &shown["origins"]["/param/a/default"];
    assert_eq!((&origin["line"], &origin["facet"]), (&2.into(), &"found".into()), "{shown}");
}

fn emitted(folder: &Path, arguments: &[&str]) -> Value {
    let ran = run(&mut command(folder, &[&["validate", "--emit", "resolved"], arguments].concat()));
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

/// Lists without elements, and names without nodes, are not written: they say nothing.
fn lean(value: Value) -> Value {
    let named = |name: &str| ["database", "param", "pipeline"].contains(&name);
    let empty = |name: &str, value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && named(name),
        _ => false,
    };
    match value {
        Value::Object(fields) => {
            let full = fields.into_iter().filter(|(name, value)| !empty(name, value));
            full.map(|(name, value)| (name, lean(value))).collect()
        }
        // Of nodes that may be there several times, one alone is no list.
        Value::Array(items) if items.len() == 1 && items[0].is_object() => lean(items[0].clone()),
        Value::Array(items) => items.into_iter().map(lean).collect(),
        other => other,
    }
}

#[test]
fn what_is_printed_composes_to_the_same() {
    let mut seen = 0;
    let project = project();
    let check = |folder: &Path, name: &str, facets: &str| {
        let mut arguments = vec!["show", "--resolved", name];
        let mut asked = vec![name];
        if !facets.is_empty() {
            arguments.extend(["--facet", facets]);
            asked.extend(["--facet", facets]);
        }
        let printed = run(&mut command(folder, &arguments)).expect(0).out;
        // The paths in it are relative to where it stood.
        let copy = Sandbox::new();
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let to = copy.file(entry.file_name().to_str().unwrap());
            std::os::unix::fs::symlink(entry.path(), to).unwrap();
        }
        copy.write("resolved-again.kdl", &printed);
        let again = emitted(copy.path(), &["resolved-again.kdl"]);
        assert_eq!(lean(again), lean(emitted(folder, &asked)), "{name} {facets}:\n{printed}");
    };
    for facets in ["", "gpu", "smoke", "gpu,smoke"] {
        check(project.path(), "pipeline.kdl", facets);
    }
    let folder = root().join("tests/manifests/valid");
    for case in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = case.file_name().unwrap().to_str().unwrap();
        let valid = || run(&mut command(&folder, &["validate", name])).code == Some(0);
        if case.extension().is_some_and(|extension| extension == "kdl") && valid() {
            check(&folder, name, "");
            seen += 1;
        }
    }
    assert!(seen > 5);
    check(&folder, "facets-anywhere.kdl", "gpu");
}

#[test]
fn on_a_terminal_lines_fit() {
    let sandbox = project();
    for (name, arguments) in
        [("facets", &["facets"][..]), ("diff", &["diff", "--facet", "cpu", "--facet", "gpu,smoke"])]
    {
        for columns in [40, 80] {
            let mut terminal = Terminal::run(sandbox.path(), arguments, columns, 200);
            let (code, screen) = terminal.end();
            assert_eq!(code, Some(0), "{screen}");
            let raw = String::from_utf8(terminal.raw()).unwrap();
            let widest = raw.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= usize::from(columns), "{widest} columns of {columns}:\n{raw}");
            compare(&format!("{name}-{columns}"), &screen);
        }
    }
}
