//! What ships for `use "std/…"`: each is good on its own, and does what its first lines say.

use crate::support::Sandbox;
use serde_json::Value;

const MINIMAL: &str = "pipeline \"main\" { step \"one\" { rhai \"1\" } }\n";

#[test]
fn each_is_good_on_its_own() {
    let mut names = Vec::new();
    for name in thinking_manifests::names() {
        let text = thinking_manifests::get(name).unwrap();
        assert!(text.starts_with("// "), "{name} does not say what it is for");
        let sandbox = Sandbox::with(&format!("use \"{name}\"\n{MINIMAL}"));
        let ran = sandbox.run(&["validate"]).expect(0);
        assert!(ran.err.starts_with("pipeline.kdl is valid"), "{name}: {}", ran.err);
        sandbox.run(&["apply"]).expect(0);
        assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"), "{name}");
        names.push(name);
    }
    assert!(names.is_sorted() && names.len() == 5, "{names:?}");
    let uses: String = names.iter().map(|name| format!("use \"{name}\"\n")).collect();
    Sandbox::with(&(uses + MINIMAL)).run(&["apply", "--facet", "smoke"]).expect(0);
}

#[test]
fn databases() {
    let manifest = "use \"std/databases\"\n\
        pipeline \"main\" { step \"one\" { rhai #\"items.put(\"a\", 1); metrics.put(\"loss/000001\", 0.5); items.len() + metrics.len()\"# }; \
        step \"two\" { rhai \"assert_eq(results.one, 2)\" } }\n";
    Sandbox::with(manifest).run(&["apply"]).expect(0);
}

#[test]
fn output() {
    let step = |path: &str| {
        format!("pipeline \"main\" {{ step \"one\" {{ rhai #\"fs::write_text(\"{path}\", \"x\")\"# }} }}\n")
    };
    let sandbox = Sandbox::with(&format!("use \"std/output\"\n{}", step("out/deep/a.txt")));
    sandbox.run(&["apply"]).expect(0);
    assert_eq!(sandbox.read("out/deep/a.txt"), "x");
    Sandbox::with(&format!("use \"std/output\"\n{}", step("elsewhere.txt"))).run(&["apply"]).expect(2);
}

#[test]
fn python() {
    let step = |program: &str| format!("pipeline \"main\" {{ step \"one\" {{ exec \"{program}\" \"a.py\" }} }}\n");
    Sandbox::with(&format!("use \"std/python\"\n{}", step("python3"))).run(&["validate"]).expect(0);
    let ran = Sandbox::with(&step("python3")).run(&["validate"]).expect(2);
    assert!(ran.err.contains("thinking::not-permitted"), "{}", ran.err);
    Sandbox::with(&format!("use \"std/python\"\n{}", step("sh"))).run(&["validate"]).expect(2);
}

/// The project's own facet of the name and the shipped one are one.
#[test]
fn testing() {
    let sandbox = Sandbox::with(&format!(
        "use \"std/testing\"\nparam \"n\" type=\"int\" default=9\nfacet \"smoke\" {{ param \"n\" default=2 }}\n{MINIMAL}"
    ));
    let resolved = |arguments: &[&str]| -> Value {
        let mut all = vec!["validate", "--emit", "resolved"];
        all.extend(arguments);
        serde_json::from_str(&sandbox.run(&all).expect(0).out).unwrap()
    };
    let smoke = resolved(&["--facet", "smoke"]);
    assert_eq!(smoke["runtime"]["logging"]["level"], "debug", "{smoke}");
    assert_eq!(smoke["runtime"]["state"]["durability"], "none");
    assert_eq!(smoke["param"]["n"]["default"], 2);
    assert_eq!(resolved(&[])["runtime"], Value::Null);
}
