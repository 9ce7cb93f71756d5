//! `history`, `show` and `logs`: what they print in a story of several runs, and on bad input. `THINKING_UPDATE=1` writes the screens anew.

use crate::support::{Ran, Sandbox, root, run, update};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Stdio;

const MANIFEST: &str = r##"
project "story"
param "epochs" type="int" default=2
param "token" secret=#true optional=#true
runtime {
    database "model" kind="kv"
    database "odd" kind="kv"
    permissions { run "sh"; write "out/**" }
}
facet "smoke" { param "epochs" default=1 }
pipeline "train" {
    step "prepare" { rhai #"model.put("weight", 0.0); model.put("old", [1, 2]); odd.put("a/b \"c\"", "text"); #{ rows: 12 }"# }
    step "shaky" on-error="skip" { rhai #"throw "not today\nnor tomorrow""# }
    stage "fit" {
        each "epoch" in="1..=params.epochs" {
            step "train" retry=1 {
                rhai #"let w = model.get("weight"); model.put("weight", w + (1.0 - w) / 2); log::warn(`epoch ${epoch}`); if params.epochs == 7 && epoch == 3 { throw "too many" } w"#
            }
            step "check" { exec "sh" "-c" "echo checked ${epoch}" }
        }
    }
    step "report" {
        rhai #"odd.clear(); model.delete("old"); fs::write_text("out/report.txt", `weight ${model.get("weight")}`)"#
        output "out/report.txt"
    }
}
pipeline "other" { step "prepare" { rhai "params.epochs" } }
"##;

const SECRET: &str = "s3cr3t-t0ken";

/// Goes on with the story until its last process is killed.
fn killed(sandbox: &Sandbox) {
    sandbox.run(&["apply", "--quiet", "--pipeline", "train", "--fresh", "--facet", "smoke"]).expect(0);
    sandbox.run(&["apply", "--quiet", "--pipeline", "other"]).expect(0);
    screen("show-two-pipelines", sandbox, &["show", "prepare"], 2);
    screen("show-of-a-pipeline", sandbox, &["show", "prepare", "--pipeline", "other"], 0);
    let mut command = sandbox.command(&["apply", "--quiet", "--pipeline", "train", "-p", "epochs=5"]);
    command.env("THINKING_FAULT", "kill:after-commit:49");
    assert_eq!(run(&mut command).code, None);
}

/// Ids of runs, times and durations as words, and columns that stand still.
fn masked(text: &str, sandbox: &Sandbox) -> String {
    let folder = sandbox.path().display().to_string();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in text.replace(&folder, "DIR").lines() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start().split_inclusive([' ', ',', '"', '/', '`', ';']).map(|word| {
            let bare = word.trim_end_matches([' ', ',', '"', '/', '`', ';']);
            let end = &word[bare.len()..];
            let number =
                |text: &str| !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit() || digit == '.');
            let known = ids.len() + 1;
            let shape: String = bare.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
            let new = if bare.len() == 20 && shape.starts_with("00000000-000000-") {
                ids.entry(bare.to_owned()).or_insert_with(|| format!("RUN{known}")).clone()
            } else if shape == "0000-00-00" {
                "DATE".to_owned()
            } else if shape == "00:00" || shape == "00:00:00" || shape.starts_with("0000-00-00T") {
                "TIME".to_owned()
            } else if ["ms", "s"].iter().any(|unit| bare.strip_suffix(unit).is_some_and(number)) {
                "TOOK".to_owned()
            } else if shape.len() == 13 && number(&shape) {
                "MILLIS".to_owned()
            } else {
                bare.to_owned()
            };
            new + end
        });
        let line: String = words.collect();
        let mut columns: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        if let Some(field) =
            columns.first().and_then(|cell| cell.strip_prefix("\"took_us\":").map(|_| "\"took_us\": TOOK"))
        {
            columns = vec![field];
        }
        lines.push(format!("{}{}", " ".repeat(indent), columns.join("  ")));
    }
    lines.join("\n") + "\n"
}

/// Compares what a command printed with the file of that name.
#[track_caller]
fn screen(name: &str, sandbox: &Sandbox, arguments: &[&str], code: i32) {
    let ran = sandbox.run(arguments).expect(code);
    let text = format!(
        "$ thinking {}\n{}{}",
        arguments.join(" "),
        masked(&ran.out, sandbox),
        if ran.err.is_empty() { String::new() } else { format!("--- standard error\n{}", masked(&ran.err, sandbox)) }
    );
    let path = root().join("tests/screens").join(format!("{name}.txt"));
    if update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{}: THINKING_UPDATE=1 writes it anew", path.display());
}

/// The id of the latest run.
fn latest(sandbox: &Sandbox) -> String {
    let history: Value = serde_json::from_str(&sandbox.run(&["history", "--json"]).expect(0).out).unwrap();
    history["runs"][0]["run"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_yet() {
    let sandbox = Sandbox::new();
    screen("nothing-history", &sandbox, &["history"], 0);
    screen("nothing-history-json", &sandbox, &["history", "--json"], 0);
    screen("nothing-show", &sandbox, &["show"], 2);
    screen("nothing-logs", &sandbox, &["logs"], 0);
    assert!(!sandbox.file(".thinking").exists(), "looking makes nothing");
}

#[test]
fn a_story() {
    let sandbox = Sandbox::with(MANIFEST);
    let train = |more: &[&str]| sandbox.run(&[&["apply", "--quiet", "--pipeline", "train"], more].concat());
    train(&["-p", &format!("token={SECRET}")]).expect(0);
    train(&["-p", "epochs=3"]).expect(0);
    screen("history-two", &sandbox, &["history"], 0);
    screen("show-run", &sandbox, &["show"], 0);
    screen("show-step", &sandbox, &["show", "prepare"], 0);
    screen("show-loop", &sandbox, &["show", "train:fit/epoch"], 0);
    screen("show-iteration", &sandbox, &["show", "fit/epoch[2]/train"], 0);
    screen("show-writes", &sandbox, &["show", "report"], 0);
    screen("show-passed-over", &sandbox, &["show", "shaky"], 0);
    screen("show-step-json", &sandbox, &["show", "report", "--json"], 0);
    train(&["-p", "epochs=7"]).expect(1);
    screen("show-failed-run", &sandbox, &["show"], 0);
    screen("show-failed-loop", &sandbox, &["show", "fit"], 0);
    screen("show-failed-step", &sandbox, &["show", "fit/epoch[3]/train"], 0);
    screen("logs", &sandbox, &["logs"], 0);
    screen("logs-path", &sandbox, &["logs", "fit/epoch[2]"], 0);
    screen("logs-warn", &sandbox, &["logs", "--level", "warn"], 0);
    killed(&sandbox);
    screen("history", &sandbox, &["history"], 0);
    screen("history-pipeline", &sandbox, &["history", "--pipeline", "other"], 0);
    screen("history-limit", &sandbox, &["history", "-n", "1"], 0);
    screen("history-json", &sandbox, &["history", "--json", "-n", "2"], 0);
    screen("show-killed-run", &sandbox, &["show"], 0);
    screen("show-run-json", &sandbox, &["show", "--json"], 0);
    // How much of its log a killed run has written is chance; the journal has the end.
    screen("logs-killed", &sandbox, &["logs", "-n", "1"], 0);
    sandbox.run(&["apply", "--quiet", "--pipeline", "train"]).expect(0);
    screen("history-gone-on", &sandbox, &["history", "-n", "1"], 0);
    secrets_are_not_shown(&sandbox);
}

/// In no screen, with or without `--json`.
fn secrets_are_not_shown(sandbox: &Sandbox) {
    let first = "fit/epoch[1]/train";
    for arguments in [&["history"][..], &["show"], &["show", "train:prepare"], &["show", first], &["logs"]] {
        for json in [&[][..], &["--json"]] {
            let ran = sandbox.run(&[arguments, json].concat()).expect(0);
            assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "{arguments:?}: {}{}", ran.out, ran.err);
        }
    }
}

#[test]
fn who_asks_for_what_is_not_there_is_told() {
    let sandbox = story_of_one();
    screen("unknown-target", &sandbox, &["show", "fit/epocx"], 2);
    screen("unknown-iteration", &sandbox, &["show", "fit/epoch[9]/train"], 2);
    screen("unknown-target-json", &sandbox, &["show", "preparr", "--json"], 2);
    screen("unknown-run", &sandbox, &["logs", "--run", "20110101"], 2);
    screen("unknown-log-path", &sandbox, &["logs", "fit/epocc/train"], 2);
    screen("broken-path", &sandbox, &["logs", "fit/epoch[3"], 2);
    screen("broken-target", &sandbox, &["show", "fit/epoch[3"], 2);
    screen("unknown-pipeline", &sandbox, &["history", "--pipeline", "tran"], 0);
    screen("unknown-default", &sandbox, &["show", "--defaults", "std/loging"], 2);
    sandbox.run(&["apply", "--quiet", "--pipeline", "train", "-p", "epochs=1"]).expect(0);
    screen("ambiguous-run", &sandbox, &["show", "2"], 2);
}

fn story_of_one() -> Sandbox {
    let sandbox = Sandbox::with(MANIFEST);
    sandbox.run(&["apply", "--quiet", "--pipeline", "train"]).expect(0);
    sandbox
}

#[test]
fn a_manifest_is_not_needed() {
    let sandbox = story_of_one();
    let before = |arguments: &[&str]| sandbox.run(arguments).expect(0).out;
    let (history, shown, logs) = (before(&["history"]), before(&["show"]), before(&["logs"]));
    sandbox.write("pipeline.kdl", "pipeline { this is wrong");
    assert_eq!(before(&["history"]), history);
    std::fs::remove_file(sandbox.file("pipeline.kdl")).unwrap();
    for (arguments, expected) in [
        (&["history"][..], &history),
        (&["history", "pipeline.kdl"], &history),
        (&["history", "."], &history),
        (&["history", "--state", ".thinking"], &history),
        (&["show", "--manifest", "pipeline.kdl"], &shown),
        (&["logs"], &logs),
    ] {
        assert_eq!(&before(arguments), expected, "{arguments:?}");
    }
    let elsewhere = Sandbox::new();
    let state = sandbox.file(".thinking").display().to_string();
    assert_eq!(elsewhere.run(&["history", "--state", &state]).expect(0).out, history);
}

#[test]
fn the_log_says_what_the_run_said() {
    let sandbox = Sandbox::with(MANIFEST);
    let lines = |ran: Ran| -> Vec<Value> { ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let said = lines(sandbox.run(&["apply", "--pipeline", "train", "-p", "epochs=7", "--json"]).expect(1));
    let logged = lines(sandbox.run(&["logs", "--json"]).expect(0));
    let schema: Value = serde_json::from_str(&sandbox.run(&["schema", "--events"]).expect(0).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for event in said.iter().chain(&logged) {
        assert!(validator.is_valid(event), "{event}");
    }
    let kinds: std::collections::BTreeSet<&str> = said.iter().filter_map(|event| event["event"].as_str()).collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
    // Places in the manifest are not in the log, and the time of a start is when it was written.
    let bare = |event: &Value| {
        let mut event = event.clone();
        let fields = event.as_object_mut().unwrap();
        fields.remove("place");
        if fields["event"] == "step-started" {
            fields.remove("at");
        }
        if let Some(error) = fields.get_mut("error").and_then(Value::as_object_mut) {
            error.remove("place");
            error.remove("code");
        }
        event
    };
    let (said, logged): (Vec<_>, Vec<_>) = (said.iter().map(bare).collect(), logged.iter().map(bare).collect());
    assert_eq!(said, logged);
    let wrong = sandbox.run(&["apply", "--pipeline", "nix", "--json"]).expect(2).out;
    assert!(validator.is_valid(&serde_json::from_str(&wrong).unwrap()), "{wrong}");
}

#[test]
fn logs_that_are_cut_gone_or_thin() {
    let sandbox = story_of_one();
    let log = sandbox.file(&format!(".thinking/runs/{}/log.jsonl", latest(&sandbox)));
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, &text[..text.len() - 40]).unwrap();
    screen("log-cut", &sandbox, &["logs", "-n", "2"], 0);
    std::fs::write(&log, text.replacen("{\"timestamp\"", "\u{1}{", 2)).unwrap();
    screen("log-damaged", &sandbox, &["logs", "-n", "99"], 0);
    std::fs::remove_file(&log).unwrap();
    screen("log-gone", &sandbox, &["logs"], 0);
    // A log of warnings only: what is missing comes from the journal.
    let quiet = Sandbox::with(&MANIFEST.replace("runtime {", "runtime {\n logging level=\"warn\"\n"));
    quiet.run(&["apply", "--quiet", "--pipeline", "train"]).expect(0);
    screen("log-thin", &quiet, &["logs"], 0);
}

#[test]
fn damage_is_said() {
    let sandbox = story_of_one();
    let data = sandbox.file(".thinking/data.mdb");
    let file = std::fs::OpenOptions::new().write(true).open(&data).unwrap();
    file.set_len(5_000).unwrap();
    for verb in ["history", "show", "logs"] {
        let ran = sandbox.run(&[verb]).expect(2);
        assert!(ran.err.contains("thinking::state") && ran.err.contains("was cut"), "{verb}: {}", ran.err);
        let ran = sandbox.run(&[verb, "--json"]).expect(2);
        assert!(ran.out.contains("\"thinking::state\""), "{verb}: {}", ran.out);
    }
}

#[test]
fn a_run_can_be_followed_and_looked_at_from_elsewhere() {
    let manifest = r##"runtime { permissions { run "sh" } }
        pipeline "main" {
            step "one" { rhai #"log::info("one is here"); 1"# }
            step "two" { exec "sh" "-c" "echo waiting; while [ ! -e go ]; do sleep 0.02; done" }
            step "three" { rhai "3" }
        }"##;
    let sandbox = Sandbox::with(manifest);
    // It waits for a run to begin.
    let follower =
        sandbox.command(&["logs", "--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut runner = sandbox.command(&["apply", "--quiet"]).spawn().unwrap();
    let began = std::time::Instant::now();
    while !sandbox.run(&["logs"]).out.contains("two │ waiting") {
        assert!(began.elapsed().as_secs() < 30, "{}", sandbox.run(&["logs"]).out);
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    let history = sandbox.run(&["history"]).expect(0).out;
    assert!(history.contains("running"), "{history}");
    assert!(sandbox.run(&["show"]).expect(0).out.contains("✓ one"));
    assert!(sandbox.run(&["show", "one"]).expect(0).out.contains("result   1"));
    sandbox.write("go", "");
    assert!(runner.wait().unwrap().success());
    let followed = follower.wait_with_output().unwrap();
    assert!(followed.status.success());
    let text = String::from_utf8(followed.stdout).unwrap();
    for part in ["run ", "one is here", "✓ one", "two │ waiting", "✓ three", "done: 3 steps ran"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(String::from_utf8(followed.stderr).unwrap().contains("waiting for a run to begin"));
    assert_eq!(sandbox.run(&["logs", "-f"]).expect(0).out, sandbox.run(&["logs"]).expect(0).out, "it is over");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let sandbox = Sandbox::with(r#"pipeline "main" { each "n" in="1..=3000" { step "one" { rhai "n" } } }"#);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    for verb in ["logs", "logs -f", "show --all", "show --json", "history"] {
        let mut shell = std::process::Command::new("sh");
        let binary = crate::support::THINKING;
        shell.args(["-c", &format!("{{ {binary} {verb}; echo $? >code; }} | head -n 1")]).current_dir(sandbox.path());
        let ran = run(&mut shell);
        assert_eq!((sandbox.read("code").trim(), ran.err.as_str()), ("0", ""), "{verb}");
    }
    let shown = sandbox.run(&["show"]).expect(0).out;
    assert!(shown.contains("2960 more; --all shows them") && shown.lines().count() < 60, "{shown}");
    assert_eq!(sandbox.run(&["show", "--all"]).expect(0).out.matches("✓").count(), 3000);
}

#[test]
fn manifests_that_ship_are_printed() {
    let sandbox = Sandbox::new();
    let all = sandbox.run(&["show", "--defaults"]).expect(0).out;
    let one = sandbox.run(&["show", "--defaults", "std/logging"]).expect(0).out;
    assert!(one.starts_with("// std/logging\n") && all.contains(&one), "{all}");
    sandbox.write("own.kdl", &one);
    sandbox.write("pipeline.kdl", "include \"own.kdl\"\npipeline \"main\" { step \"one\" { rhai \"1\" } }\n");
    sandbox.run(&["apply", "--quiet"]).expect(0);
}
