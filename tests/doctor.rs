//! `thinking doctor`: what it finds, what it advises, and its exit codes.

use crate::state::{allow, as_nobody};
use crate::support::{Ran, Sandbox, THINKING, run};
use serde_json::Value;

const MANIFEST: &str = r##"
param "corpus" type="path" default="corpus.txt"
param "token" env="DOCTOR_TOKEN" secret=#true
param "level" env="DOCTOR_LEVEL" default="high"
runtime {
    permissions {
        write "out/**"
        run "sh" "no-such-program" "./tool" "idle"
        env "DOCTOR_SEEN"
    }
}
facet "online" {
    runtime { permissions { run "no-such-fetcher" } }
    pipeline "main" { step "fetch" { exec "no-such-fetcher" } }
}
pipeline "main" {
    step "count" {
        rhai #"""
            if fs::exists("perhaps.txt") { fs::write_text("out/made.txt", sys::env("DOCTOR_SEEN")); }
            fs::lines(params.corpus).len() + fs::read_text("notes.txt").len() + fs::read_text("out/made.txt").len()
            """#
    }
    step "tool" { exec "./tool" }
    step "look" { exec "no-such-program"; input "data/fixed.csv" "data/*.csv" }
    step "shell" { exec "sh" "-c" "true" }
}
"##;

/// The part about the manifest; the others differ from machine to machine.
fn needs(ran: &Ran) -> &str {
    let at = ran.out.find("What pipeline.kdl needs").unwrap_or_else(|| panic!("{}", ran.out));
    &ran.out[at..]
}

#[test]
fn what_a_manifest_needs() {
    let sandbox = Sandbox::with(MANIFEST);
    sandbox.write("bin/sh", "");
    allow(&sandbox.file("bin/sh"), 0o755);
    let doctor = |arguments: &[&str]| {
        let mut command = sandbox.command(&["doctor"]);
        command.args(arguments).env("PATH", "/nowhere:bin").env("DOCTOR_SEEN", "hush-one").env("LANG", "C.UTF-8");
        command
    };
    sandbox.write("notes.txt", "");
    sandbox.write("tool", "");
    let ran = run(&mut doctor(&[])).expect(1);
    insta::assert_snapshot!(needs(&ran), @r#"
        What pipeline.kdl needs
          ✓ manifest       pipeline.kdl is valid, also with its facet
          ✗ program        `./tool` may not be run
                           → chmod +x ./tool (pipeline.kdl:23:24)
          ✗ program        `no-such-program` is nowhere on PATH
                           → install it, or mend the name: pipeline.kdl:24:24
          ✓ program        `sh` is there
          ✗ file           `corpus.txt` is not there (parameter `corpus`)
                           → make it, or mend the path: pipeline.kdl:2:7
          ✗ file           `data/fixed.csv` is not there (input of `look`)
                           → make it, or mend the path: pipeline.kdl:24:49
          ✓ file           `notes.txt` can be read (step `count`)
          ✓ folder         this folder can be written
          ! program        `no-such-fetcher` is nowhere on PATH (only with --facet online)
                           → install it, or mend the name: pipeline.kdl:14:43
          ! permission     `idle` may be started, but no step starts it
                           → take it out of `permissions`: pipeline.kdl:8:45
          ✓ environment    DOCTOR_SEEN is set
          ! parameter      `token` has no value: DOCTOR_TOKEN is not set
                           → set it, or give -p token=…
          ✓ parameter      `level` has its default: DOCTOR_LEVEL is not set

        4 things will break a run; 3 things are worth a look
        "#);
    assert!(ran.err.is_empty(), "{}", ran.err);
    // Mended, it is well; values are told nowhere.
    sandbox.write("corpus.txt", "");
    sandbox.write("data/fixed.csv", "");
    sandbox.write("bin/no-such-program", "");
    sandbox.write("bin/idle", "");
    for program in ["tool", "bin/no-such-program"] {
        allow(&sandbox.file(program), 0o755);
    }
    let ran = run(doctor(&[]).env("DOCTOR_TOKEN", "hush-two").env("DOCTOR_LEVEL", "hush-three")).expect(0);
    insta::assert_snapshot!(needs(&ran), @r#"
        What pipeline.kdl needs
          ✓ manifest       pipeline.kdl is valid, also with its facet
          ✓ program        `./tool` is there
          ✓ program        `no-such-program` is there
          ✓ program        `sh` is there
          ✓ file           `corpus.txt` can be read (parameter `corpus`)
          ✓ file           `data/fixed.csv` can be read (input of `look`)
          ✓ file           `notes.txt` can be read (step `count`)
          ✓ folder         this folder can be written
          ! program        `no-such-fetcher` is nowhere on PATH (only with --facet online)
                           → install it, or mend the name: pipeline.kdl:14:43
          ! permission     `idle` may be started, but no step starts it
                           → take it out of `permissions`: pipeline.kdl:8:45
          ✓ environment    DOCTOR_SEEN is set
          ✓ parameter      `token` comes from DOCTOR_TOKEN, which is set
          ✓ parameter      `level` comes from DOCTOR_LEVEL, which is set

        nothing will break a run; 2 things are worth a look
        "#);
    assert!(!ran.out.contains("hush"), "{}", ran.out);
    let quiet = run(&mut doctor(&["--quiet"])).expect(0);
    assert!(!quiet.out.contains('✓') && quiet.out.contains("`idle`"), "{}", quiet.out);
}

/// Without a manifest the machine and the folder are looked at. What a machine has is masked.
#[test]
fn without_a_manifest() {
    let sandbox = Sandbox::new();
    let ran = run(sandbox.command(&["doctor"]).env("LC_ALL", "de_DE.ISO-8859-1")).expect(0);
    let mask = |line: &str| -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        match &*words {
            [_, check @ ("clock" | "processors" | "memory" | "open-files" | "address-space" | "file-size"), ..] => {
                format!("  ✓ {check} …")
            }
            [_, check @ ("file-system" | "disk"), ..] => format!("  ✓ {check} …"),
            _ => line.to_owned(),
        }
    };
    // What is worth a look on the machine under the test is not this test's matter.
    let lines = ran.out.lines().filter(|line| !line.contains('→') || line.contains("LANG"));
    let shown: Vec<String> = lines.map(mask).collect();
    insta::assert_snapshot!(shown[..shown.len() - 1].join("\n"), @r#"
        This machine
          ✓ clock …
          ✓ processors …
          ✓ memory …
          ✓ open-files …
          ✓ address-space …
          ✓ file-size …
          ! locale         LC_ALL=de_DE.ISO-8859-1 is not UTF-8
                           → set LANG=C.UTF-8: texts are UTF-8, and programs that steps start may think otherwise
          ✓ terminal       none: plain lines without colours

        The state's place, .thinking
          ✓ file-system …
          ✓ disk …
          ✓ folder         a state can be made, locked, mapped and synced here
          ✓ state          none yet; `thinking apply` makes it
        "#);
    assert!(std::fs::read_dir(sandbox.path()).unwrap().next().is_none(), "it leaves nothing behind");
}

#[test]
fn a_folder_that_may_not_be_written() {
    let sandbox = Sandbox::with(
        "runtime { permissions { write \"out/**\" } }\npipeline \"main\" { step \"one\" { rhai \"1\" } }\n",
    );
    sandbox.write("out/here.txt", "");
    std::fs::copy(THINKING, sandbox.file("thinking")).unwrap();
    allow(&sandbox.file("out"), 0o555);
    allow(sandbox.path(), 0o555);
    let ran = as_nobody(&sandbox, &["doctor"]);
    allow(sandbox.path(), 0o755);
    let ran = ran.expect(1);
    for line in ["✗ folder         cannot make the state directory", "✗ folder         out may not be written"] {
        assert!(ran.out.contains(line), "{line} is missing in\n{}", ran.out);
    }
    assert!(ran.out.contains("--state DIR") && ran.out.contains("pipeline.kdl:1:31"), "{}", ran.out);
}

#[test]
fn a_file_that_may_not_be_read() {
    let sandbox = Sandbox::with(
        "param \"data\" type=\"path\" default=\"secret.csv\"\npipeline \"main\" { step \"one\" { rhai \"1\" } }\n",
    );
    sandbox.write("secret.csv", "");
    allow(&sandbox.file("secret.csv"), 0o000);
    allow(sandbox.path(), 0o777);
    let ran = as_nobody(&sandbox, &["doctor"]).expect(1);
    assert!(ran.out.contains("✗ file           `secret.csv` may not be read (parameter `data`)"), "{}", ran.out);
}

#[test]
fn limits_are_said() {
    let sandbox = Sandbox::new();
    let mut shell = std::process::Command::new("sh");
    let line = format!("ulimit -f 4000; ulimit -v 8000000; ulimit -n 40; {THINKING} doctor");
    let ran = run(shell.args(["-c", &line]).current_dir(sandbox.path())).expect(0);
    for what in ["! address-space  at most 8.2 GB", "! file-size      at most ", "! open-files     at most 40 at once"]
    {
        assert!(ran.out.contains(what), "{what} is missing in\n{}", ran.out);
    }
}

/// A step that asks the doctor sees the run that it is part of.
#[test]
fn a_state_in_use_and_one_that_was() {
    let sandbox = Sandbox::with(
        "runtime { permissions { run \"sh\" } }\npipeline \"main\" { step \"ask\" { exec \"sh\" \"-c\" \"$DOCTOR doctor > seen.txt\" } }\n",
    );
    run(sandbox.command(&["apply", "--quiet"]).env("DOCTOR", THINKING)).expect(0);
    let seen = sandbox.read("seen.txt");
    assert!(seen.contains("! state          in use by process "), "{seen}");
    let after = sandbox.run(&["doctor"]).expect(0);
    assert!(after.out.contains("✓ state          1 run in "), "{}", after.out);
    let other = Sandbox::with("project \"other\"\npipeline \"main\" { step \"one\" { rhai \"1\" } }\n");
    let state = sandbox.file(".thinking");
    let foreign = other.run(&["doctor", "--state", state.to_str().unwrap()]).expect(1);
    assert!(foreign.out.contains("✗ state          it belongs to the project `a project without"), "{}", foreign.out);
    std::fs::write(sandbox.file(".thinking/data.mdb"), "gone").unwrap();
    let damaged = sandbox.run(&["doctor"]).expect(1);
    assert!(damaged.out.contains("✗ state ") && damaged.out.contains("backup"), "{}", damaged.out);
}

#[test]
fn what_cannot_be_looked_at() {
    let sandbox = Sandbox::with("pipeline \"main\" { stpe \"one\" }\n");
    let wrong = sandbox.run(&["doctor"]).expect(2);
    assert!(wrong.out.contains("✗ manifest       it has 1 mistake"), "{}", wrong.out);
    assert!(wrong.err.contains("thinking::unknown-node"), "{}", wrong.err);
    let none = sandbox.run(&["doctor", "none.kdl"]).expect(2);
    assert!(none.err.contains("no such file"), "{}", none.err);
    sandbox.write("file", "");
    let file = sandbox.run(&["doctor", "--state", "file/state"]).expect(2);
    assert!(file.out.contains("is not a folder"), "{}", file.out);
}

#[test]
fn machines_get_json() {
    let sandbox = Sandbox::with("pipeline \"main\" { step \"one\" { rhai \"1\" } }\n");
    let json: Value = serde_json::from_str(&sandbox.run(&["doctor", "--json"]).expect(0).out).unwrap();
    assert_eq!(json["ok"], true);
    let checks = json["checks"].as_array().unwrap();
    let shown = sandbox.run(&["doctor"]).expect(0).out;
    for check in checks {
        let name = check["check"].as_str().unwrap();
        assert!(["fine", "note"].contains(&check["level"].as_str().unwrap()), "{check}");
        assert!(shown.contains(&format!(" {name} ")), "{name}");
        assert_eq!(check["advice"].is_null(), check["level"] == "fine", "{check}");
    }
}
