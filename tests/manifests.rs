//! Every manifest in `manifests/valid` is valid, and every one in `manifests/invalid` gets its full message, which stands beside it.

use crate::support::{command, root, run, update};
use serde_json::Value;
use std::path::PathBuf;

fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/manifests").join(kind);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "kdl"))
        .collect();
    cases.sort();
    assert!(cases.len() > 3, "the cases are gone");
    cases
}

#[test]
fn valid_ones_are_valid() {
    for case in cases("valid") {
        let name = case.file_name().unwrap().to_str().unwrap();
        let ran = run(&mut command(case.parent().unwrap(), &["validate", name]));
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        assert!(ran.out.is_empty(), "data only to standard output");
    }
}

#[test]
fn invalid_ones_get_their_full_message() {
    let mut wrong = Vec::new();
    for case in cases("invalid") {
        let name = case.file_name().unwrap().to_str().unwrap();
        let ran = run(&mut command(case.parent().unwrap(), &["validate", name]));
        assert_eq!(ran.code, Some(2), "{name} must be found wrong");
        let expected = case.with_extension("txt");
        if update() {
            std::fs::write(&expected, &ran.err).unwrap();
        }
        if std::fs::read_to_string(&expected).unwrap_or_default() != ran.err {
            wrong.push(format!("{name}:\n{}", ran.err));
        }
    }
    assert!(wrong.is_empty(), "messages differ (THINKING_UPDATE=1 writes them anew):\n{}", wrong.join("\n"));
}

/// No expected message is left behind without its case.
#[test]
fn no_forgotten_messages() {
    for entry in std::fs::read_dir(root().join("tests/manifests/invalid")).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("kdl").is_file(), "{} has no case", path.display());
    }
}

#[test]
fn json_says_the_same() {
    for case in cases("invalid") {
        let name = case.file_name().unwrap().to_str().unwrap();
        let folder = case.parent().unwrap();
        let ran = run(&mut command(folder, &["validate", name, "--json"])).expect(2);
        let report: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{name}: {error}: {}", ran.out));
        let list = report["diagnostics"].as_array().unwrap();
        let expected = std::fs::read_to_string(case.with_extension("txt")).unwrap();
        assert_eq!(
            expected.matches("\nthinking::").count() + usize::from(expected.starts_with("thinking::")),
            list.len(),
            "{name}"
        );
        for diagnostic in list {
            let code = diagnostic["code"].as_str().unwrap();
            assert!(expected.contains(code), "{name}: {code}");
            if let Some(line) = diagnostic["line"].as_u64() {
                let place = format!("[{}:{line}:{}]", diagnostic["file"].as_str().unwrap(), diagnostic["column"]);
                assert!(expected.contains(&place), "{name}: {place}");
            }
        }
    }
}

/// The JSON that `--emit json` prints gets the same verdict from any validator of JSON Schema as from us. What the schema cannot say (references
/// between nodes, scripts, permissions) is found by us alone.
#[test]
fn any_schema_validator_agrees() {
    let schema: Value = serde_json::from_str(thinking_schema::PUBLISHED).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let beyond_schema = [
        "thinking::unknown-use",
        "thinking::include-not-found",
        "thinking::unknown-facet",
        "thinking::ambiguous-overlay",
        "thinking::invalid-param",
        "thinking::unknown-param",
        "thinking::unknown-pipeline",
        "thinking::pipeline-cycle",
        "thinking::unknown-result",
        "thinking::unknown-task",
        "thinking::unknown-component",
        "thinking::missing-dependency",
        "thinking::wiring-cycle",
        "thinking::ambiguous-dependency",
        "thinking::unknown-target",
        "thinking::crate-does-not-build",
        "thinking::invalid-arguments",
        "thinking::reserved-name",
        "thinking::script-syntax",
        "thinking::undefined-variable",
        "thinking::undefined-function",
        "thinking::read-only",
        "thinking::not-allowed-here",
        "thinking::not-permitted",
        "thinking::template-syntax",
        "thinking::version-mismatch",
        "thinking::invalid-detect",
        "thinking::invalid-output",
        "thinking::unreadable-file",
    ];
    let mut compared = 0;
    for case in cases("valid").into_iter().chain(cases("invalid")) {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let folder = case.parent().unwrap();
        let ran = run(&mut command(folder, &["validate", &name, "--emit", "json"]));
        let Ok(json) = serde_json::from_str::<Value>(&ran.out) else {
            assert!(name.starts_with("syntax-"), "{name}: as far as it parses, its JSON is printed");
            continue;
        };
        let report = run(&mut command(folder, &["validate", &name, "--json"]));
        let report: Value = serde_json::from_str(&report.out).unwrap_or(Value::Null);
        let ours = report["diagnostics"].as_array().into_iter().flatten().any(|diagnostic| {
            let code = diagnostic["code"].as_str().unwrap();
            // The same name twice in one file cannot be said in JSON unless it is a map's key.
            !(beyond_schema.contains(&code)
                || code == "thinking::duplicate" && ["duplicate-task.kdl", "duplicate-wire.kdl"].contains(&&*name))
        });
        assert_eq!(validator.is_valid(&json), !ours, "{name}: the schema and we differ");
        compared += 1;
    }
    assert!(compared > 30);
}

/// Texts laid over each other come out as written down, in every case's `expected.json`.
#[test]
fn composition_comes_out_as_written_down() {
    for case in ["overlays", "bindings"] {
        let folder = root().join("tests/manifests/resolved").join(case);
        // What the composed whole would do is another matter.
        let ran = run(&mut command(&folder, &["validate", "--emit", "resolved", "--facet", "smoke,gpu"]));
        let got: Value = serde_json::from_str(&ran.out).unwrap();
        let expected = folder.join("expected.json");
        if update() {
            std::fs::write(&expected, &ran.out).unwrap();
        }
        let expected: Value = serde_json::from_str(&std::fs::read_to_string(expected).unwrap()).unwrap();
        assert_eq!(got, expected, "{case}");
    }
}
