//! What someone is told who has written nothing yet, or nothing that runs. Other formats are in `manifests/invalid`.

use crate::support::Sandbox;

const SMALLEST: &str = r##"  help: the smallest manifest:

            pipeline "main" {
                step "hello" { rhai #"log::info("hello")"# }
            }

        or begin with a whole project: thinking init --dir FOLDER

"##;

/// `validate` warns, `apply` and `plan` have nothing to do and say the same as a mistake, once.
#[track_caller]
fn nothing_to_run(text: &str, message: &str) {
    let sandbox = Sandbox::with(text);
    let ran = sandbox.run(&["validate"]).expect(0);
    assert_eq!(ran.err, format!("thinking::unknown-pipeline\n\n  ⚠ {message}\n{SMALLEST}pipeline.kdl is valid\n"));
    for verb in ["apply", "plan"] {
        let ran = sandbox.run(&[verb]).expect(2);
        assert_eq!(ran.err, format!("thinking::unknown-pipeline\n\n  × {message}\n{SMALLEST}"), "{verb}");
    }
    assert!(!sandbox.file(".thinking").exists(), "nothing was begun");
}

#[test]
fn manifests_that_say_nothing() {
    for empty in ["", "\n\n", "\u{feff}", " \t\r\n"] {
        nothing_to_run(empty, "the manifest is empty: there is nothing to run");
    }
    for comments in ["// later\n", "/* later */\n// or never\n"] {
        nothing_to_run(comments, "the manifest holds only comments: there is nothing to run");
    }
    for no_pipeline in
        ["project \"x\"\n", "/-pipeline \"main\" { }\n", "use \"std/logging\"\nparam \"n\" type=\"int\" default=1\n"]
    {
        nothing_to_run(no_pipeline, "the manifest has no pipeline: there is nothing to run");
    }
}

/// The manifest that the help shows is one.
#[test]
fn the_smallest_manifest_runs() {
    let smallest = SMALLEST.split_once("manifest:\n\n").unwrap().1.split_once("\n\n").unwrap().0;
    let sandbox = Sandbox::with(smallest);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("hello"));
    sandbox.run(&["fmt"]).expect(0);
}

#[test]
fn pipelines_without_tasks() {
    let sandbox = Sandbox::with("pipeline \"main\"\n");
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(ran.err.contains("pipeline `main` has no tasks") && ran.err.contains("nothing to do"), "{}", ran.err);
}

/// Whatever holds tasks and has none is told, unless a facet fills it.
#[test]
fn stages_without_steps() {
    let sandbox = Sandbox::with(
        r#"pipeline "main" {
    stage "prepare"
    stage "train" { step "fit" facet="gpu" { rhai "1" } }
    each "x" in="[1]" {}
    repeat "n" until="true" max=2 { stage { } }
    choose {
        when "true" {}
        otherwise {}
    }
}
facet "gpu"
"#,
    );
    let ran = sandbox.run(&["validate"]).expect(0);
    let told: Vec<&str> = ran.err.lines().filter_map(|line| line.trim().strip_prefix("⚠ ")).collect();
    let expected = ["stage `prepare` has no tasks", "each `x` has no tasks", "stage has no tasks", "when has no tasks"];
    assert_eq!(told, expected, "{}", ran.err);
    let first = r##"thinking::missing

  ⚠ stage `prepare` has no tasks
   ╭─[pipeline.kdl:2:5]
 1 │ pipeline "main" {
 2 │     stage "prepare"
   ·     ───────┬───────
   ·            ╰── nothing to do
 3 │     stage "train" { step "fit" facet="gpu" { rhai "1" } }
   ╰────
  help: put a step into it: step "hello" { rhai #"log::info("hello")"# }
"##;
    assert!(ran.err.starts_with(first), "{}", ran.err);
}

#[test]
fn folders_without_a_manifest() {
    let sandbox = Sandbox::new();
    let help = "  help: begin with a project: thinking init\n        or say which file: thinking apply FILE\n\n";
    for verb in ["apply", "plan", "validate"] {
        let ran = sandbox.run(&[verb]).expect(2);
        assert_eq!(ran.err, format!("thinking::command-line\n\n  × there is no manifest here\n{help}"), "{verb}");
    }
    std::fs::create_dir(sandbox.file("study")).unwrap();
    let ran = sandbox.run(&["apply", "study"]).expect(2);
    assert!(ran.err.contains("there is no manifest in `study`"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(sandbox.path()).unwrap().count(), 1, "nothing was written");
}
