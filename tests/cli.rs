//! The command line: where manifests, parameters and facets come from, what is printed where, exit codes.

use crate::support::{Sandbox, command, root, run};
use serde_json::Value;

const SHOW: &str = r##"
param "n" type="int" default=1 min=1 max=9 help="How many" env="SHOW_N"
param "word" default="plain" { one-of "plain" "fancy" }
param "data" type="path" default="data.txt"
param "list" type="list" { default "a" "b" }
param "late" type="duration" default="5m"
param "room" type="size" default="1KiB"
param "twice" type="int" default="${params.n * 2}"
facet-group "size" default="small" {
    facet "small"
    facet "large" { param "word" default="fancy" }
}
facet "many" detect="params.n > 5" { param "list" { default "many" } }
pipeline "main" {
    step "show" {
        rhai #"log::info(`n=${params.n} word=${params.word} data=${params.data} list=${params.list} late=${params.late} room=${params.room} twice=${params.twice} many=${facets.has("many")}`)"#
    }
}
"##;

#[track_caller]
fn shows(sandbox: &Sandbox, arguments: &[&str], expected: &str) {
    let mut all = vec!["apply", "--fresh"];
    all.extend(arguments);
    let ran = sandbox.run(&all).expect(0);
    assert!(ran.err.contains(expected), "{expected} is missing in\n{}", ran.err);
}

#[test]
fn parameters_come_from_everywhere() {
    let sandbox = Sandbox::with(SHOW);
    shows(&sandbox, &[], "n=1 word=plain data=data.txt list=[\"a\", \"b\"] late=5m room=1024 twice=2 many=false");
    shows(
        &sandbox,
        &["-p", "n=2", "-p", "room=2MB", "-p", "list=x,y"],
        "n=2 word=plain data=data.txt list=[\"x\", \"y\"] late=5m room=2000000 twice=4",
    );
    sandbox.write("p.json", "{\"n\": 3, \"word\": \"fancy\"}");
    shows(&sandbox, &["--params", "p.json"], "n=3 word=fancy");
    sandbox.write("p.toml", "n = 4\nlist = [\"t\"]\n");
    shows(&sandbox, &["--params", "p.toml"], "n=4 word=plain data=data.txt list=[\"t\"]");
    sandbox.write("p.kdl", "n 5\nlist \"k\" \"l\"\n");
    shows(&sandbox, &["--params", "p.kdl", "-p", "word=fancy"], "n=5 word=fancy data=data.txt list=[\"k\", \"l\"]");
    let ran = run(sandbox.command(&["apply", "--fresh"]).env("SHOW_N", "7")).expect(0);
    assert!(
        ran.err.contains("n=7") && ran.err.contains("list=[\"many\"]") && ran.err.contains("many=true"),
        "{}",
        ran.err
    );
    for wrong in ["n=0", "n=10", "n=x", "word=odd", "late=5 min", "room=big"] {
        let ran = sandbox.run(&["apply", "-p", wrong]).expect(2);
        assert!(
            ran.err.contains("thinking::invalid-param") && ran.err.contains("pipeline.kdl:"),
            "{wrong}: {}",
            ran.err
        );
    }
}

#[test]
fn paths_on_the_command_line_are_relative_to_where_the_user_stands() {
    let sandbox = Sandbox::new();
    sandbox.write("project/pipeline.kdl", "param \"data\" type=\"path\"\npipeline \"main\" { step \"read\" { rhai \"log::info(`got ${fs::read_text(params.data)}`)\" } }\n");
    sandbox.write("project/inside.txt", "inside");
    sandbox.write("elsewhere/outside.txt", "outside");
    let elsewhere = sandbox.file("elsewhere");
    let apply = |data: &str| {
        run(&mut command(&elsewhere, &["apply", "../project/pipeline.kdl", "--fresh", "-p", data])).expect(0)
    };
    assert!(apply("data=../project/inside.txt").err.contains("got inside"));
    assert!(apply("data=outside.txt").err.contains("got outside"), "a path parameter grants reading");
}

#[test]
fn facets_are_switched() {
    let sandbox = Sandbox::with(SHOW);
    shows(&sandbox, &["--facet", "large"], "word=fancy");
    let ran = run(sandbox.command(&["apply", "--fresh"]).env("THINKING_FACETS", "large,many")).expect(0);
    assert!(ran.err.contains("word=fancy") && ran.err.contains("list=[\"many\"]"), "{}", ran.err);
    shows(&sandbox, &["-p", "n=6"], "list=[\"many\"]");
    for wrong in ["large,small", "lagre"] {
        sandbox.run(&["apply", "--facet", wrong]).expect(2);
    }
}

#[test]
fn the_manifest_is_found() {
    let sandbox = Sandbox::new();
    let none = sandbox.run(&["validate"]).expect(2);
    assert!(none.err.contains("no manifest"), "{}", none.err);
    sandbox.write("only.kdl", "pipeline \"main\" { step \"one\" { rhai \"1\" } }\n");
    sandbox.run(&["validate"]).expect(0);
    sandbox.write("other.kdl", "pipeline \"main\" { step \"one\" { rhai \"1\" } }\n");
    let two = sandbox.run(&["validate"]).expect(2);
    assert!(two.err.contains("only.kdl") && two.err.contains("other.kdl"), "{}", two.err);
    sandbox.write("pipeline.kdl", "pipeline \"main\" { step \"one\" { rhai \"1\" } }\n");
    sandbox.run(&["validate"]).expect(0);
    sandbox.run(&["validate", "."]).expect(0);
    let missing = sandbox.run(&["validate", "none.kdl"]).expect(2);
    assert!(missing.err.contains("none.kdl") && missing.err.contains("no such file"), "{}", missing.err);
    std::fs::write(sandbox.file("pipeline.kdl"), b"pipeline \"m\xff\"").unwrap();
    let bytes = sandbox.run(&["validate"]).expect(2);
    assert!(bytes.err.contains("UTF-8"), "{}", bytes.err);
}

#[test]
fn help_lists_the_parameters() {
    let ran = Sandbox::with(SHOW).run(&["apply", "pipeline.kdl", "--help"]).expect(0);
    for word in ["Usage: thinking apply", "-p n=INT", "How many", "[default: 1]", "SHOW_N", "large", "--fresh"] {
        assert!(ran.out.contains(word), "{word} is missing in\n{}", ran.out);
    }
}

#[test]
fn the_schema_is_printed_as_checked_in() {
    let ran = Sandbox::new().run(&["schema"]).expect(0);
    assert_eq!(ran.out, std::fs::read_to_string(root().join("schema/thinking.schema.json")).unwrap());
}

#[test]
fn machines_get_json() {
    let sandbox = Sandbox::with(SHOW);
    let valid: Value = serde_json::from_str(&sandbox.run(&["validate", "--json"]).expect(0).out).unwrap();
    assert_eq!(valid["valid"], true);
    let ran = sandbox.run(&["apply", "--json"]).expect(0);
    let events: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.first().unwrap()["event"], "run-started");
    assert_eq!(events.last().unwrap()["event"], "run-ended");
    assert!(events.iter().any(|event| event["event"] == "step-done" && event["task"] == "show"));
    let plan: Value = serde_json::from_str(&sandbox.run(&["plan", "--json", "-p", "n=2"]).expect(0).out).unwrap();
    assert_eq!(plan["tasks"][0]["verdict"], "run", "{plan}");
    sandbox.write("pipeline.kdl", "pipeline \"main\" { step \"bad\" { rhai \"throw 1\" } }\n");
    let failed = sandbox.run(&["apply", "--json"]).expect(1);
    let failure: Value = failed
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|event| event["event"] == "task-failed")
        .unwrap();
    assert!(failure.to_string().contains("pipeline.kdl"), "{failure}");
}

#[test]
fn colours_only_where_they_belong() {
    let ran = run(Sandbox::with(SHOW).command(&["apply"]).env("NO_COLOR", "1")).expect(0);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
    let ran = run(&mut Sandbox::with(SHOW).command(&["apply"])).expect(0);
    assert!(!ran.err.contains('\u{1b}'), "not to a pipe");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let sandbox = Sandbox::with("pipeline \"main\" { each \"i\" in=\"1..=2000\" { step \"s\" { rhai \"i\" } } }\n");
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &format!("{{ {} apply 2>&1; echo $? > code; }} | head -n 1", crate::support::THINKING)])
        .current_dir(sandbox.path());
    run(&mut shell).expect(0);
    assert_eq!(sandbox.read("code").trim(), "0");
}

/// What a secret touches: everything that `thinking` writes or says.
#[test]
fn secrets_stay_secret() {
    let manifest = r##"
param "token" secret=#true env="TOKEN"
param "pair" type="json" secret=#true env="PAIR"
param "derived" default="${params.token}!"
runtime { database "rows" kind="kv"; permissions { run "sh"; write "out/**" } }
pipeline "main" {
    step "log" { rhai "log::info(`t ${params.token} ${params.pair.password} ${params.derived}`); 1" }
    step "out" { exec "sh" "-c" "echo $0 $1; echo $0 >&2; env" "${params.token}" "${params.pair.password}" }
    step "store" on-error="skip" { rhai #"rows.put("a", params.token)"# }
    step "part" on-error="skip" { rhai #"rows.put("a", params.pair.password)"# }
    step "result" on-error="skip" { rhai #"[params.token]"# }
    step "throw" on-error="skip" { rhai #"throw `bad ${params.token}`"# }
    stage "fails" on-error="skip" { fail "bad ${params.token}" }
    step "key" on-error="skip" { rhai "1" }
    each "t" in="[params.token]" on-error="skip" { step "in-loop" { rhai "t.len()" } }
    step "when" when="params.token" on-error="skip" { rhai "1" }
}
"##;
    let sandbox = Sandbox::with(manifest);
    let apply = || {
        let mut command = sandbox.command(&["apply"]);
        command.env("TOKEN", "hunter2-is-secret").env("PAIR", "{\"password\": \"correct-horse\"}");
        run(&mut command)
    };
    for ran in [apply(), apply()] {
        for secret in ["hunter2-is-secret", "correct-horse"] {
            assert!(!ran.err.contains(secret) && !ran.out.contains(secret), "{secret} is shown:\n{}", ran.err);
            for file in crate::apply::files(&sandbox.file(".thinking")) {
                let bytes = std::fs::read(&file).unwrap();
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", file.display());
            }
        }
    }
    let shown = run(sandbox.command(&["validate", "--emit", "resolved"]).env("TOKEN", "hunter2-is-secret")).expect(0);
    assert!(!shown.out.contains("hunter2"));
}
