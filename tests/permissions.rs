//! `thinking validate --permissions`: what a manifest may touch, and what it is seen to touch.

use crate::support::Sandbox;
use serde_json::Value;

const MANIFEST: &str = r##"
param "corpus" type="path" default="corpus.txt"
param "folder" default="out"
runtime {
    database "words" kind="kv"
    permissions {
        write "out/**" "${params.folder}/x"
        run "sh" "python3"
        env "HOME"
    }
}
facet "online" {
    runtime { permissions { run "curl"; net "api.example.com:443" } }
    pipeline "main" { step "fetch" { exec "curl" "https://api.example.com" } }
}
facet-group "size" default="small" {
    facet "small"
    facet "large" { pipeline "main" { step "count" { rhai #"fs::lines("big.txt")"# } } }
}
pipeline "main" {
    step "count" {
        rhai #"""
            for line in fs::lines(params.corpus) { words.put(line, 1); }
            fs::write_text("out/a.txt", "a");
            fs::write_text("out/b.txt", sys::env("HOME"));
            words.len()
            """#
    }
    step "digest" { call "file.hash" path="corpus.txt" }
    each "n" in=#"fs::glob("data/*.csv")"# {
        step "report" {
            exec "sh" "-c" "echo ${n} > out/${n}.txt"
            input "data/${n}.csv"
            output "out/${n}.txt"
        }
    }
    run "deep"
}
pipeline "deep" { step "look" when=#"fs::exists("x")"# { rhai "1" } }
"##;

#[test]
fn all_of_it_is_shown() {
    let sandbox = Sandbox::with(MANIFEST);
    let ran = sandbox.run(&["validate", "--permissions"]).expect(0);
    assert_eq!(ran.err, "pipeline.kdl is valid, 3 facets checked\n");
    insta::assert_snapshot!(ran.out, @r#"
        What pipeline.kdl may do
          read        all in this folder but the recorded state
                      corpus.txt           pipeline.kdl:2:7    parameter `corpus`
                      data/*.csv           pipeline.kdl:33:19  input of `report`
          write       out/**               pipeline.kdl:7:15
                      */x                  pipeline.kdl:7:24
                      out/*.txt            pipeline.kdl:34:20  output of `report`
          start       sh                   pipeline.kdl:8:13
                      python3              pipeline.kdl:8:18
                      curl                 pipeline.kdl:13:33  only with --facet online
          connect to  api.example.com:443  pipeline.kdl:13:45  only with --facet online
          see         HOME                 pipeline.kdl:9:13
                      started programs are not confined: they may do what you may do

        What its steps do, as far as it can be seen before a run
          count      writes out/a.txt                  pipeline.kdl:24:28                      not with --facet large
                     writes out/b.txt                  pipeline.kdl:25:28                      not with --facet large
                     sees HOME                         pipeline.kdl:25:50                      not with --facet large
                     looks by fs::lines                pipeline.kdl:23:25                      not with --facet large
                     changes things by fs::write_text  pipeline.kdl:24:13, pipeline.kdl:25:13  not with --facet large
                     looks by sys::env                 pipeline.kdl:25:41                      not with --facet large
          digest     looks by file.hash                pipeline.kdl:29:26
                     reads corpus.txt                  pipeline.kdl:29:43
          n          reads data                        pipeline.kdl:30:28
                     looks by fs::glob                 pipeline.kdl:30:19
          n/report   starts sh                         pipeline.kdl:32:18
          deep/look  reads x                           pipeline.kdl:39:49
                     looks by fs::exists               pipeline.kdl:39:38
          fetch      starts curl                       pipeline.kdl:14:43                      only with --facet online
          count      reads big.txt                     pipeline.kdl:18:71                      only with --facet large
                     looks by fs::lines                pipeline.kdl:18:61                      only with --facet large
        "#);
}

#[test]
fn a_manifest_that_touches_nothing() {
    let sandbox = Sandbox::with("pipeline \"main\" { step \"one\" { rhai \"1 + 1\" } }\n");
    insta::assert_snapshot!(sandbox.run(&["validate", "--permissions"]).expect(0).out, @r#"
        What pipeline.kdl may do
          read        all in this folder but the recorded state
          write       nothing
          start       no program
          connect to  no host
          see         no environment variable

        What its steps do, as far as it can be seen before a run
          nothing outside of the recorded state
        "#);
}

#[test]
fn machines_get_the_same() {
    let sandbox = Sandbox::with(MANIFEST);
    let shown = sandbox.run(&["validate", "--permissions"]).expect(0).out;
    let json: Value =
        serde_json::from_str(&sandbox.run(&["validate", "--permissions", "--json"]).expect(0).out).unwrap();
    assert_eq!(json["valid"], true);
    let (may, does) = (json["may"].as_array().unwrap(), json["does"].as_array().unwrap());
    assert_eq!((may.len(), does.len()), (11, 17), "{json}");
    for one in may.iter().chain(does) {
        let what = one["what"].as_str().unwrap();
        assert!(what == "." || shown.contains(what), "{what}");
        if let Some(line) = one["line"].as_u64() {
            let place = format!("pipeline.kdl:{line}:{}", one["column"]);
            assert!(shown.contains(&place), "{place}");
        }
    }
    let curl = may.iter().find(|one| one["what"] == "curl").unwrap();
    assert_eq!(
        (&curl["right"], &curl["by"], &curl["only_with"][0]),
        (&"run".into(), &"permissions".into(), &"online".into())
    );
    let effect = does.iter().find(|one| one["what"] == "fs::write_text").unwrap();
    assert_eq!((&effect["task"], &effect["class"]), (&"count".into(), &"effect".into()));
}

#[test]
fn what_is_wrong_comes_first() {
    let sandbox = Sandbox::with("pipeline \"main\" { step \"one\" { exec \"ls\" } }\n");
    let ran = sandbox.run(&["validate", "--permissions"]).expect(2);
    assert!(ran.out.is_empty() && ran.err.contains("thinking::not-permitted"), "{}{}", ran.out, ran.err);
    let ran = sandbox.run(&["validate", "--permissions", "--json"]).expect(2);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["valid"], false);
}

/// Whoever adds the lines that the refusals name has permitted it; the recorded state is never permitted.
#[test]
fn the_line_that_a_refusal_names_permits_it() {
    let cases = crate::support::root().join("tests/manifests/invalid");
    let mut permitted = 0;
    for kind in ["run", "read", "write", "env"] {
        let sandbox = Sandbox::new();
        let case = std::fs::read_to_string(cases.join(format!("not-permitted-{kind}.kdl"))).unwrap();
        sandbox.write("case.kdl", &case);
        let ran = sandbox.run(&["validate", "case.kdl", "--json"]).expect(2);
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        let helps = json["diagnostics"].as_array().unwrap().iter().filter_map(|found| found["help"].as_str());
        let lines: Vec<&str> =
            helps.filter_map(|help| help.lines().next()?.strip_prefix("to permit it, add to the manifest: ")).collect();
        permitted += lines.len();
        sandbox.write("more/lines.kdl", "");
        sandbox.write("pipeline.kdl", "include \"case.kdl\"\ninclude \"more/*.kdl\"\n");
        for (number, line) in lines.iter().enumerate() {
            sandbox.write(&format!("more/{number}.kdl"), line);
        }
        let left = sandbox.run(&["validate", "pipeline.kdl"]);
        let refused: Vec<&str> = left.err.lines().filter(|line| line.starts_with("  ×")).collect();
        assert!(refused.iter().all(|line| line.contains("the state lies there")), "{kind}: {}", left.err);
        assert_eq!(refused.is_empty(), ["run", "env"].contains(&kind), "{kind}: {}", left.err);
    }
    assert!(permitted >= 20, "{permitted}");
}
