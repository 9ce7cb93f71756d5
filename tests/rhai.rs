//! The library leaves Rhai whole: small programs of many kinds run as steps, and what is switched off says so.

use crate::support::{Sandbox, root};
use serde_json::{Value, json};

/// The programs of `tests/rhai` in a folder of their own.
fn samples() -> Sandbox {
    let sandbox = Sandbox::new();
    let from = root().join("tests/rhai");
    sandbox.write("pipeline.kdl", &std::fs::read_to_string(from.join("pipeline.kdl")).unwrap());
    for entry in std::fs::read_dir(from.join("samples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        sandbox.write(&format!("samples/{name}"), &std::fs::read_to_string(&path).unwrap());
    }
    sandbox
}

/// The expected values were computed a second time by another program, or are known: the 92 ways of eight queens, the 1229 primes up to 10,000.
#[test]
fn sample_programs_run_as_steps() {
    let sandbox = samples();
    sandbox.run(&["validate"]).expect(0);
    let first = sandbox.run(&["apply"]).expect(0);
    assert!(first.err.contains("1229 primes up to 10000"), "`print` is heard: {}", first.err);
    let found: Value = serde_json::from_str(&sandbox.read("out/all.json")).unwrap();
    let expected = std::fs::read_to_string(root().join("tests/rhai/expected.json")).unwrap();
    let mut expected: Value = serde_json::from_str(&expected).unwrap();
    // Rhai's own messages may change their wording with a new version: what matters is which failure was caught.
    let caught = found["failures"]["seen"].as_array().unwrap().clone();
    for (at, part) in [(2, "out of bounds"), (3, "ivision by zero"), (4, "verflow"), (5, "parsing integer")] {
        assert!(caught[at].as_str().unwrap().contains(part), "{caught:?}");
        expected["failures"]["seen"].as_array_mut().unwrap().insert(at, caught[at].clone());
    }
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&found[name], value, "{name}");
    }
    assert_eq!(found.as_object().unwrap().len(), std::fs::read_dir(root().join("tests/rhai/samples")).unwrap().count());
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
}

/// What a script may not say, and what it is told: the message, then the help.
const OFF: &[(&str, &str, Option<&str>)] = &[
    (
        r#"import "other" as other;"#,
        "`import` is not part of this version yet",
        Some("put the functions into this script"),
    ),
    (
        r#"eval("1 + 1")"#,
        "`eval` is switched off",
        Some("all code is checked before anything runs; use a function or a closure"),
    ),
    ("spawn work()", "`spawn` is a reserved word", Some("choose another name")),
    ("async work()", "`async` is a reserved word", Some("choose another name")),
    ("work()", "there is no function `work`", None),
];

#[test]
fn what_is_switched_off_says_so_before_anything_runs() {
    for (code, message, help) in OFF {
        let sandbox = Sandbox::with(&format!("pipeline \"p\" {{ step \"s\" {{ rhai #\"{code}\"# }} }}"));
        let ran = sandbox.run(&["validate", "--json"]).expect(2);
        let all: Value = serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
        let first = &all["diagnostics"][0];
        assert_eq!(first["message"], json!(message), "{code}: {all}");
        if let Some(help) = help {
            assert_eq!(first["help"], json!(help), "{code}: {all}");
        }
    }
}
