//! Databases of documents, vectors and nested values, through the binary: what is stored stays, and a changed declaration is a change.

use crate::support::Sandbox;

const PROJECT: &str = r##"
runtime {
    database "papers" kind="documents" { index "year" }
    database "points" kind="vectors" dimensions=2
    database "model" kind="objects"
}
pipeline "main" {
    step "apart" { rhai "log::info(\"did apart\"); 1" }
    step "fill" {
        rhai #"""
            log::info("did fill");
            for n in 0..250 { papers.insert(#{ year: 2000 + n % 10, title: `paper ${n}` }); }
            papers.update(7, #{ year: 1999.5 });
            papers.remove(8)
            """#
    }
    step "vectors" { rhai "log::info(\"did vectors\"); points.add(\"a\", [1, 2]); points.add(2, [3, 0], #{ n: 1 })" }
    step "objects" { rhai "log::info(\"did objects\"); model.put(\"a.b\", [1, #{ c: 2 }]); model.put(\"a.b.1.d\", papers.get(7))" }
    step "look" when="papers.count() > 0" {
        rhai #"""
            let found = papers.find(#{ year: #{ gte: 1999, lt: 2001 } }, #{ sort: "year", limit: 3 });
            log::info(`found ${found.map(|one| one.id)}`);
            log::info(`near ${points.nearest([3, 1], 1)[0].id}`);
            log::info(`model ${json::to_string(model.get("a.b"))}`)
            """#
    }
}
"##;

/// The lines that the last step writes.
fn seen(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| ["found ", "near ", "model "].iter().any(|word| line.contains(word)));
    lines.map(|line| line.split_once("look").map_or(line, |(_, rest)| rest).trim()).collect()
}

#[test]
fn they_hold_what_steps_put_into_them() {
    let sandbox = Sandbox::with(PROJECT);
    let ran = sandbox.run(&["apply"]).expect(0);
    for expected in ["found [7, 1, 11]", "near 2", r#"model [1,{"c":2,"d":{"id":7,"title":"paper 6","year":1999.5}}]"#]
    {
        assert!(ran.err.contains(expected), "{expected} is missing in\n{}", ran.err);
    }
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    // What comes later sees what is stored, and numbers go on.
    let more = PROJECT
        .replace("    step \"look\"", "    step \"more\" { rhai \"papers.insert(#{ year: 1 })\" }\n    step \"look\"");
    let more = more.replace("found.map(", "result(\"more\")} ${found.map(");
    sandbox.write("pipeline.kdl", &more);
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(ran.err.contains("found 251 [7, 1, 11]") && !ran.err.contains("did fill"), "{}", ran.err);
}

/// Each change of a declaration: what of the text becomes what, the reason and its line, and which steps run again.
#[test]
fn a_changed_declaration_runs_the_steps_that_use_it_again() {
    let cases = [
        (
            "{ index \"year\" }",
            "{ index \"title\" \"year\" }",
            "its `index` of the database `papers` changed",
            3,
            "fill",
        ),
        ("{ index \"year\" }", "", "its `index` of the database `papers` changed", 3, "fill"),
        (
            "dimensions=2",
            "dimensions=2 metric=\"euclidean\"",
            "its `metric` of the database `points` changed",
            4,
            "vectors",
        ),
    ];
    for (old, new, reason, line, first) in cases {
        let sandbox = Sandbox::with(PROJECT);
        sandbox.run(&["apply"]).expect(0);
        let changed = PROJECT.replace(old, new);
        sandbox.write("pipeline.kdl", &changed);
        let plan = sandbox.run(&["plan"]).expect(0);
        let place = format!("pipeline.kdl:{line}");
        assert!(plan.out.contains(reason) && plan.out.contains(&place), "{new}:\n{}{}", plan.out, plan.err);
        let again = sandbox.run(&["apply"]).expect(0);
        assert!(
            again.err.contains(&format!("did {first}")) && !again.err.contains("did apart"),
            "{new}: {}",
            again.err
        );
        let fresh = Sandbox::with(&changed).run(&["apply"]).expect(0);
        assert_eq!(seen(&again.err), seen(&fresh.err), "{new}");
        assert!(!seen(&fresh.err).is_empty());
        assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    }
    // What says the same is no change.
    let sandbox = Sandbox::with(PROJECT);
    sandbox.run(&["apply"]).expect(0);
    let same = PROJECT.replace("dimensions=2", "metric=\"cosine\" description=\"All of them\" dimensions=2");
    sandbox.write("pipeline.kdl", &same.replace("{ index \"year\" }", "index=\"year\""));
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
}

/// Nothing of the old kind is there under the new one, also for steps that go on with the data as it is.
#[test]
fn another_kind_is_another_database() {
    let manifest = |kind: &str, body: &str| {
        format!(
            "runtime {{ database \"things\" {kind} }}\npipeline \"main\" {{\n    step \"same\" {{ rhai \"things.clear(); 1\" }}\n    step \"go\" always=#true {{ rhai #\"{body}\"# }}\n}}\n"
        )
    };
    let kv = manifest("kind=\"kv\"", "things.put(`k${things.len()}`, 1); log::info(`has ${things.keys()}`)");
    let objects =
        manifest("kind=\"objects\"", "things.put(`o${things.keys().len()}`, 1); log::info(`has ${things.keys()}`)");
    let documents = manifest("kind=\"documents\"", "things.insert(#{}); log::info(`has ${things.all()}`)");
    let sandbox = Sandbox::with(&kv);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains(r#"has ["k0"]"#));
    assert!(sandbox.run(&["apply"]).expect(0).err.contains(r#"has ["k0", "k1"]"#));
    sandbox.write("pipeline.kdl", &objects);
    let plan = sandbox.run(&["plan"]).expect(0);
    assert!(plan.out.contains("its database `things` of kind `objects` was added"), "{}", plan.out);
    assert!(plan.out.contains("pipeline.kdl:1"), "{}", plan.out);
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(ran.err.contains(r#"has ["o0"]"#), "{}", ran.err);
    sandbox.write("pipeline.kdl", &documents);
    let plan = sandbox.run(&["plan"]).expect(0);
    let reason = "its database `things` of kind `objects` became database `things` of kind `documents`";
    assert!(plan.out.contains(reason), "{}", plan.out);
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(ran.err.contains("has [#{\"id\": 1}]"), "{}", ran.err);
}

/// A failed try leaves no number behind, nor a half-written document.
#[test]
fn numbers_are_the_same_after_a_retry() {
    let manifest = r##"
runtime { database "papers" kind="documents" { index "n" }; permissions { write "tried" } }
pipeline "main" {
    step "one" { rhai "papers.insert(#{ n: 1 })" }
    step "two" retry=1 {
        rhai #"""
            let id = papers.insert(#{ n: 2 });
            if !fs::exists("tried") { fs::write_text("tried", ""); throw "not yet" }
            log::info(`id ${id} of ${papers.count(#{ n: 2 })}`)
            """#
    }
}
"##;
    let ran = Sandbox::with(manifest).run(&["apply"]).expect(0);
    assert!(ran.err.contains("id 2 of 1"), "{}", ran.err);
}

#[test]
fn declarations_by_parameters_are_checked_when_they_are_known() {
    let manifest = r#"
param "size" type="int" default=2
runtime { database "points" kind="vectors" dimensions="${params.size}" }
pipeline "main" { step "one" { rhai "points.add(1, [1, 2]); log::info(`have ${points.len()}`)" } }
"#;
    let sandbox = Sandbox::with(manifest);
    sandbox.run(&["validate"]).expect(0);
    let wrong = sandbox.run(&["apply", "-p", "size=0"]).expect(2);
    assert!(wrong.err.contains("`dimensions` must be from 1 to 65536, and this is 0"), "{}", wrong.err);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("have 1"));
    let changed = sandbox.run(&["apply", "-p", "size=3"]).expect(1);
    assert!(changed.err.contains("its `dimensions` of the database `points` changed"), "{}", changed.err);
    assert!(changed.err.contains("the vector has 2 numbers, and those of `points` have 3"), "{}", changed.err);
}

/// What `show` says that a step changed, without what stands before it.
fn changed(sandbox: &Sandbox, step: &str) -> String {
    let shown = sandbox.run(&["show", step]).expect(0).out;
    let (_, changes) = shown.split_once("  changed  ").unwrap();
    changes.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn show_tells_changes_by_ids_fields_and_paths() {
    let later = r##"
    step "change" {
        rhai #"papers.update(7, #{ year: 2001, note: "n" }); papers.remove(9); points.add(3, [0, 1]); model.put("a.b.0", 2); model.put("deadbeef.cafebabe", true)"#
    }
}
"##;
    let manifest = PROJECT.replace("0..250", "0..9").trim_end().trim_end_matches('}').to_owned() + later;
    let sandbox = Sandbox::with(&manifest);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let fill = changed(&sandbox, "fill");
    let fill: Vec<&str> = fill.lines().collect();
    assert_eq!(fill.len(), 9, "{fill:?}");
    assert_eq!(fill[0], r#"papers 1  new → {"title":"paper 0","year":2000}"#);
    assert_eq!(
        fill[6..8],
        [r#"papers 7  new → {"title":"paper 6","year":1999.5}"#, "papers 8  deleted; it was not there"]
    );
    insta::assert_snapshot!(changed(&sandbox, "vectors"), @r#"
    points 2 data  new → {"n":1}
    points 2  new → 2 numbers
    points "a"  new → 2 numbers
    "#);
    insta::assert_snapshot!(changed(&sandbox, "objects"), @r#"
    model a  new → a map
    model a.b  new → a list of 2
    model a.b.0  new → 1
    model a.b.1  new → a map
    model a.b.1.c  new → 2
    model a.b.1.d  new → a map
    model a.b.1.d.id  new → 7
    model a.b.1.d.title  new → "paper 6"
    model a.b.1.d.year  new → 1999.5
    "#);
    insta::assert_snapshot!(changed(&sandbox, "change"), @r#"
    papers 7  year 1999.5 → 2001, note new → "n"
    papers 9  {"title":"paper 8","year":2008} → deleted
    points 3  new → 2 numbers
    model a.b.0  1 → 2
    model deadbeef  new → a map
    model deadbeef.cafebabe  new → true
    "#);
    let shown: serde_json::Value =
        serde_json::from_str(&sandbox.run(&["show", "change", "--json"]).expect(0).out).unwrap();
    let changes = shown["changes"].as_array().unwrap();
    let document = changes.iter().find(|change| change["id"] == 7).unwrap();
    assert_eq!((&document["name"], &document["kind"]), (&"papers".into(), &"documents".into()));
    assert_eq!(document["fields"]["year"]["before"]["value"], 1999.5);
    assert_eq!((&document["database"], &document["key"]), (&"papers:documents".into(), &"di8000000000000007".into()));
    assert!(changes.iter().any(|change| change["internal"] == true), "{changes:?}");
}
