//! `thinking apply`: runs, resumes, skips, and what counts as a change.

use crate::support::Sandbox;

const TWO_STEPS: &str = r##"
runtime { database "words" kind="kv" }
pipeline "main" {
    stage "prepare" {
        step "count" { rhai #"words.put("a", 1); log::info("counting"); words.len()"# }
        step "double" { rhai "results.count * 2" }
    }
}
"##;

#[test]
fn a_run_then_nothing_to_do() {
    let sandbox = Sandbox::with(TWO_STEPS);
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(ran.err.contains("prepare/count") && ran.err.contains("prepare/double"), "{}", ran.err);
    assert!(ran.err.contains("counting"), "what scripts log is shown: {}", ran.err);
    assert!(ran.out.is_empty(), "talk goes to standard error: {}", ran.out);
    let again = sandbox.run(&["apply"]).expect(0);
    assert!(again.err.contains("nothing to do"), "{}", again.err);
    let runs = std::fs::read_dir(sandbox.file(".thinking/runs")).unwrap().count();
    assert_eq!(runs, 1, "a run that does nothing is not recorded");
}

#[test]
fn every_run_keeps_a_log_of_json_lines() {
    let sandbox = Sandbox::with(TWO_STEPS);
    sandbox.run(&["apply"]).expect(0);
    let run = std::fs::read_dir(sandbox.file(".thinking/runs")).unwrap().next().unwrap().unwrap().path();
    let log = std::fs::read_to_string(run.join("log.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() >= 4, "{log}");
    assert!(log.contains("prepare/count") && log.contains("counting"), "{log}");
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let ran = Sandbox::with(TWO_STEPS).run(&["apply", "--quiet"]).expect(0);
    assert!(ran.err.is_empty() && ran.out.is_empty(), "{}{}", ran.err, ran.out);
}

#[test]
fn a_failure_says_where_and_the_run_goes_on_after_mending() {
    let broken = TWO_STEPS.replace("results.count * 2", "throw `broken`");
    let sandbox = Sandbox::with(&broken);
    let ran = sandbox.run(&["apply"]).expect(1);
    assert!(ran.err.contains("broken") && ran.err.contains("pipeline.kdl:6"), "{}", ran.err);
    assert!(ran.err.contains("thinking apply"), "says what to type next: {}", ran.err);
    sandbox.write("pipeline.kdl", TWO_STEPS);
    let mended = sandbox.run(&["apply"]).expect(0);
    assert!(!mended.err.contains("counting"), "the first step is done and does not run again: {}", mended.err);
    let runs = std::fs::read_dir(sandbox.file(".thinking/runs")).unwrap().count();
    assert_eq!(runs, 1, "the same run went on");
}

#[test]
fn layout_and_comments_are_no_change() {
    let sandbox = Sandbox::with(TWO_STEPS);
    sandbox.run(&["apply"]).expect(0);
    let laid_out = TWO_STEPS
        .replace("results.count * 2", "results.count   *  2 // twice")
        .replace("stage \"prepare\" {", "// new comment\n    stage \"prepare\" description=\"first\" {\n");
    sandbox.write(
        "pipeline.kdl",
        &laid_out.replace(
            "rhai \"results.count   *  2 // twice\"",
            "rhai \"\"\"\n    results.count\n    * 2 // twice\n    \"\"\"",
        ),
    );
    let again = sandbox.run(&["apply"]).expect(0);
    assert!(again.err.contains("nothing to do"), "{}", again.err);
}

#[test]
fn a_changed_step_runs_again_with_what_follows() {
    let sandbox = Sandbox::with(TWO_STEPS);
    sandbox.run(&["apply"]).expect(0);
    sandbox.write("pipeline.kdl", &TWO_STEPS.replace("results.count * 2", "results.count * 3"));
    let plan = sandbox.run(&["plan"]).expect(0);
    assert!(plan.out.contains("pipeline.kdl:6"), "the changed line is shown: {}{}", plan.out, plan.err);
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(ran.err.contains("its `rhai` changed") && ran.err.contains("pipeline.kdl:6"), "{}", ran.err);
    assert!(!ran.err.contains("counting"), "{}", ran.err);
}

#[test]
fn parameters_that_a_step_reads_make_it_run_again_and_others_do_not() {
    let manifest = r#"
param "a" type="int" default=1
param "b" type="int" default=1
pipeline "main" {
    step "one" { rhai "log::info(`one ${params.a}`); params.a" }
    step "two" { rhai "log::info(`two ${params.b}`); params.b" }
}
"#;
    let sandbox = Sandbox::with(manifest);
    sandbox.run(&["apply"]).expect(0);
    let ran = sandbox.run(&["apply", "-p", "b=2"]).expect(0);
    assert!(ran.err.contains("two 2") && !ran.err.contains("one 1"), "{}", ran.err);
    assert!(
        ran.err.contains("`b`") && ran.err.contains('1') && ran.err.contains('2'),
        "the reason is shown: {}",
        ran.err
    );
    let back = sandbox.run(&["apply"]).expect(0);
    assert!(back.err.contains("two 1"), "a finished run remembers nothing: {}", back.err);
}

#[test]
fn an_unfinished_run_remembers_what_was_given() {
    let manifest = r#"
param "a" type="int" default=1
param "token" secret=#true optional=#true
facet "loud" { param "level" default=2 }
param "level" type="int" default=1
pipeline "main" {
    step "one" { rhai "params.a" }
    step "two" { rhai "if !fs::exists(\"go\") { throw `a=${params.a} level=${params.level}` }; params.a" }
}
"#;
    let sandbox = Sandbox::with(manifest);
    let first = sandbox.run(&["apply", "-p", "a=5", "-p", "token=hunter2", "--facet", "loud"]).expect(1);
    assert!(first.err.contains("a=5 level=2"), "{}", first.err);
    sandbox.write("go", "");
    let second = sandbox.run(&["apply"]).expect(0);
    assert!(second.err.contains("-p a=5") && second.err.contains("--facet loud"), "told in a line: {}", second.err);
    for entry in files(&sandbox.file(".thinking")) {
        let bytes = std::fs::read(&entry).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "the secret is in {}", entry.display());
    }
}

/// All files below a folder.
pub fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn fresh_starts_over() {
    let sandbox = Sandbox::with(TWO_STEPS);
    sandbox.run(&["apply"]).expect(0);
    let fresh = sandbox.run(&["apply", "--fresh"]).expect(0);
    assert!(fresh.err.contains("counting"), "{}", fresh.err);
    assert_eq!(std::fs::read_dir(sandbox.file(".thinking/runs")).unwrap().count(), 2);
}

const CHAIN: &str = r#"
pipeline "main" {
    stage "a" { step "one" { rhai "log::info(\"did one\"); 1" } }
    stage "b" {
        each "n" in="1..=3" { step "two" { rhai "log::info(`did two ${n}`); n" } }
    }
    stage "c" { step "three" { rhai "log::info(\"did three\"); result(\"b/n\")" } }
}
"#;

#[test]
fn until_stops_and_apply_goes_on() {
    let sandbox = Sandbox::with(CHAIN);
    let ran = sandbox.run(&["apply", "--until", "b/n[2]"]).expect(0);
    assert!(ran.err.contains("did two 2") && !ran.err.contains("did two 3"), "{}", ran.err);
    let rest = sandbox.run(&["apply"]).expect(0);
    assert!(
        !rest.err.contains("did two 2") && rest.err.contains("did two 3") && rest.err.contains("did three"),
        "{}",
        rest.err
    );
}

#[test]
fn from_and_only_run_even_what_is_done() {
    let sandbox = Sandbox::with(CHAIN);
    let early = sandbox.run(&["apply", "--from", "b"]).expect(2);
    assert!(early.err.contains("a/one"), "what stands before must be done: {}", early.err);
    sandbox.run(&["apply"]).expect(0);
    let from = sandbox.run(&["apply", "--from", "c"]).expect(0);
    assert!(from.err.contains("did three") && !from.err.contains("did two"), "{}", from.err);
    let only = sandbox.run(&["apply", "--only", "b/n[2]/two"]).expect(0);
    assert!(
        only.err.contains("did two 2") && !only.err.contains("did two 3") && !only.err.contains("did three"),
        "{}",
        only.err
    );
    let rest = sandbox.run(&["apply"]).expect(0);
    assert!(rest.err.contains("did two 3") && rest.err.contains("did three"), "{}", rest.err);
    let nowhere = sandbox.run(&["apply", "--from", "c/tree"]).expect(2);
    assert!(nowhere.err.contains("c/tree"), "{}", nowhere.err);
}

#[test]
fn a_removed_step_takes_its_writes_along() {
    let two = r##"
runtime { database "rows" kind="kv" }
pipeline "main" {
    step "one" { rhai #"rows.put("one", 1)"# }
    step "two" { rhai #"rows.put("two", 2)"# }
    step "all" { rhai #"log::info(`rows: ${rows.keys()}`)"# }
}
"##;
    let sandbox = Sandbox::with(two);
    let first = sandbox.run(&["apply"]).expect(0);
    assert!(first.err.contains(r#"rows: ["one", "two"]"#), "{}", first.err);
    sandbox.write("pipeline.kdl", &two.replace("    step \"two\" { rhai #\"rows.put(\"two\", 2)\"# }\n", ""));
    let second = sandbox.run(&["apply"]).expect(0);
    assert!(second.err.contains(r#"rows: ["one"]"#), "{}", second.err);
}

#[test]
fn files_that_were_read_count_by_content() {
    let sandbox = Sandbox::with(
        "pipeline \"main\" { step \"read\" { rhai #\"log::info(`read ${fs::read_text(\"a.txt\")}`)\"# } }\n",
    );
    sandbox.write("a.txt", "one");
    sandbox.run(&["apply"]).expect(0);
    sandbox.write("a.txt", "one");
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"), "the same content is no change");
    sandbox.write("a.txt", "two");
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(ran.err.contains("read two") && ran.err.contains("a.txt"), "{}", ran.err);
}

#[test]
fn outputs_must_be_there_and_are_made_again_when_they_are_gone() {
    let manifest = r#"
runtime { permissions { run "sh" } }
pipeline "main" {
    step "make" { exec "sh" "-c" "echo made; echo x > out.txt"; output "out.txt" }
}
"#;
    let sandbox = Sandbox::with(manifest);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("made"));
    assert_eq!(sandbox.read("out.txt"), "x\n");
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    std::fs::remove_file(sandbox.file("out.txt")).unwrap();
    let again = sandbox.run(&["apply"]).expect(0);
    assert!(again.err.contains("out.txt") && again.err.contains("made"), "{}", again.err);
    assert_eq!(sandbox.read("out.txt"), "x\n");
    sandbox.write("pipeline.kdl", &manifest.replace("echo x > out.txt", "true"));
    let missing = sandbox.run(&["apply"]).expect(1);
    assert!(missing.err.contains("out.txt"), "{}", missing.err);
    assert_eq!(sandbox.read("out.txt"), "x\n", "a failed attempt leaves the old output as it was");
}

#[test]
fn retries_and_skips() {
    let manifest = r#"
runtime { permissions { run "sh" } }
pipeline "main" {
    step "flaky" retry=2 { exec "sh" "-c" "n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; test $n -ge 2" }
    step "hopeless" on-error="skip" { exec "sh" "-c" "echo sorry >&2; exit 3" }
    step "last" { rhai "log::info(`hopeless gave ${results.hopeless}`)" }
}
"#;
    let sandbox = Sandbox::with(manifest);
    let ran = sandbox.run(&["apply"]).expect(0);
    assert_eq!(sandbox.read("n").trim(), "3", "{}", ran.err);
    assert!(ran.err.contains("sorry") && ran.err.contains("hopeless gave"), "{}", ran.err);
}

#[test]
fn exec_failure_shows_the_last_lines_of_standard_error() {
    let sandbox = Sandbox::with(
        "runtime { permissions { run \"sh\" \"nonesuch\" } }\npipeline \"main\" { step \"bad\" { exec \"sh\" \"-c\" \"echo first >&2; echo cause of it >&2; exit 3\" } }\n",
    );
    let ran = sandbox.run(&["apply"]).expect(1);
    assert!(ran.err.contains("cause of it") && ran.err.contains('3'), "{}", ran.err);
    sandbox.write(
        "pipeline.kdl",
        "runtime { permissions { run \"nonesuch\" } }\npipeline \"main\" { step \"bad\" { exec \"nonesuch\" } }\n",
    );
    let ran = sandbox.run(&["apply"]).expect(1);
    assert!(ran.err.contains("nonesuch"), "{}", ran.err);
}

#[test]
fn results_of_programs() {
    let manifest = r##"
runtime { permissions { run "sh" } }
pipeline "main" {
    step "text" { exec "sh" "-c" "echo hello" stdout="text" }
    step "lines" { exec "sh" "-c" "printf 'a\\nb\\n'" stdout="lines" }
    step "json" { exec "sh" "-c" "echo '{\"n\": 3}'" stdout="json" }
    step "file" { exec "sh" "-c" #"echo '[1,2]' > "$THINKING_RESULT""# }
    step "env" { exec "sh" "-c" "echo $GREETING; cat" stdout="text" { env GREETING="hi ${results.text}"; stdin "in" } }
    step "all" { rhai "log::info(`all ${results.text} ${results.lines} ${results.json.n} ${results.file} ${results.env}`)" }
}
"##;
    let ran = Sandbox::with(manifest).run(&["apply"]).expect(0);
    assert!(
        ran.err.contains("all hello [\"a\", \"b\"] 3 [1, 2] hi hello\nin") || ran.err.contains("hi hello"),
        "{}",
        ran.err
    );
}

#[test]
fn control_flow() {
    let manifest = r##"
param "mode" default="fast"
pipeline "main" {
    step "base" { rhai "3" }
    choose {
        when #"params.mode == "slow""# { step "slow" { rhai "log::info(\"slow way\")" } }
        otherwise { step "quick" { rhai "log::info(\"quick way\")" } }
    }
    repeat "round" until="results.grow >= 8" max=10 { step "grow" { rhai "round * 2 + results.base - 3" } }
    each "pair" in="#{b: 2, a: 1}" { step "one" { rhai "log::info(`pair ${pair}`)" } }
    each "word" in=#"["x", "y"]"# key="word" { step "two" when=#"word != "x""# { rhai "log::info(`word ${word} ${index}`); word" } }
    run "other" { params mode="inner" }
    step "sum" { rhai #"log::info(`rounds ${result("round")} words ${result("word")} other ${results.other}`)"# }
    end when="params.mode == \"fast\""
    fail "not reached"
}
pipeline "other" { step "echo" { rhai "params.mode + \"!\"" } }
"##;
    let sandbox = Sandbox::with(manifest);
    let ran = sandbox.run(&["apply", "--pipeline", "main"]).expect(0);
    for expected in ["quick way", "rounds [2, 4, 6, 8]", "word y 1", "other inner!"] {
        assert!(ran.err.contains(expected), "{expected} is missing in\n{}", ran.err);
    }
    assert!(!ran.err.contains("slow way") && !ran.err.contains("word x"), "{}", ran.err);
    let failed = sandbox.run(&["apply", "--pipeline", "main", "-p", "mode=slow"]).expect(1);
    assert!(failed.err.contains("slow way") && failed.err.contains("not reached"), "{}", failed.err);
}

#[test]
fn timeouts_end_programs_with_all_their_children() {
    let manifest = "runtime { permissions { run \"sh\" } }\npipeline \"main\" { step \"slow\" timeout=\"300ms\" { exec \"sh\" \"-c\" \"sleep 30 & sleep 30\" } }\n";
    let start = std::time::Instant::now();
    let ran = Sandbox::with(manifest).run(&["apply"]).expect(1);
    assert!(ran.err.contains("300ms") || ran.err.contains("0.3"), "{}", ran.err);
    assert!(start.elapsed().as_secs() < 25, "the programs were ended");
    let script = "pipeline \"main\" { step \"slow\" timeout=\"200ms\" { rhai \"loop { }\" } }\n";
    Sandbox::with(script).run(&["apply"]).expect(1);
}

#[test]
fn wrong_command_lines_end_with_2_and_leave_nothing() {
    let sandbox = Sandbox::with(&format!("param \"n\" type=\"int\"\n{TWO_STEPS}"));
    for arguments in [
        vec!["apply"],
        vec!["apply", "-p", "n=x"],
        vec!["apply", "-p", "n"],
        vec!["apply", "-p", "m=1", "-p", "n=1"],
        vec!["apply", "-p", "n=1", "--facet", "none"],
        vec!["apply", "-p", "n=1", "--pipeline", "none"],
        vec!["apply", "none.kdl"],
        vec!["apply", "--nonsense"],
        vec!["nonsense"],
    ] {
        let ran = sandbox.run(&arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.trim().is_empty());
        assert!(!sandbox.file(".thinking").exists(), "{arguments:?} left a state");
    }
}

/// What would be gone from the disk is told before it is gone, and only that.
#[test]
fn plan_tells_which_outputs_go() {
    let manifest =
        |steps: &str| format!("runtime {{ permissions {{ write \"out/**\" }} }}\npipeline \"main\" {{\n{steps}\n}}\n");
    let write = |name: &str, path: &str| {
        format!("step \"{name}\" {{ rhai #\"fs::write_text(`{path}`, `x`)\"#\n output \"{path}\" }}\n")
    };
    let each = |items: &str| format!("each \"n\" in=\"{items}\" {{ {} }}\n", write("s", "out/${n}.txt"));
    let stage = format!("stage \"old\" {{ {} }}\n", write("step", "out/a.txt"));
    let before = format!("{stage}{}{}", each("1..=25"), write("last", "out/last.txt"));
    let sandbox = Sandbox::with(&manifest(&before));
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let told = |steps: String, more: &[&str]| {
        sandbox.write("pipeline.kdl", &manifest(&steps));
        let plan = sandbox.run(&[&["plan"], more].concat()).expect(0).out;
        plan.lines().filter(|line| line.starts_with("removes")).map(str::to_owned).collect::<Vec<_>>()
    };
    let left = |path: &str, step: &str| format!("removes {path}, which `{step}` left");
    assert_eq!(told(before.clone(), &[]), [""; 0]);
    assert_eq!(told(before.clone(), &["--fresh"]), [""; 0]);
    let last = write("last", "out/last.txt");
    let all = each("1..=25");
    assert_eq!(told(format!("{all}{last}"), &["--quiet"]), [left("out/a.txt", "old/step")]);
    assert_eq!(told(format!("{stage}{}{last}", each("1..=24")), &[]), [left("out/25.txt", "n[25]/s")]);
    // Where the loop comes after the first step that runs, too.
    let renamed = write("new", "out/a.txt");
    assert_eq!(told(format!("{renamed}{}{last}", each("2..=25")), &[]), [left("out/1.txt", "n[1]/s")]);
    let many = told(last.clone(), &[]);
    assert_eq!((many.len(), many[20].as_str()), (21, "removes 6 more outputs"));
    let plan: serde_json::Value = serde_json::from_str(&sandbox.run(&["plan", "--json"]).expect(0).out).unwrap();
    assert_eq!(plan["removes"].as_array().unwrap().len(), 26);
    assert_eq!(plan["removes"][0], serde_json::json!({ "path": "out/a.txt", "task": "old/step" }));
    // And so it comes.
    assert_eq!(told(format!("{all}{last}"), &[]).len(), 1);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    assert!(!sandbox.file("out/a.txt").exists() && sandbox.file("out/25.txt").exists());
}

#[test]
fn plan_tells_a_fail_before_the_first_run() {
    let steps = r#"pipeline "main" { stage "s" { step "a" { rhai "1" }; fail "no ${params.why}"; step "b" { rhai "2" } }; step "z" { rhai "3" } }"#;
    let sandbox = Sandbox::with(&format!("param \"why\" default=\"luck\"\n{steps}\n"));
    insta::assert_snapshot!(sandbox.run(&["plan"]).expect(0).out, @"
    fails    s    no luck
    run      s/a  it is not done yet
    skipped  s/b  `s` fails before it
    skipped  z    `s` fails before it
    then `s` fails: no luck
    ");
    let plan: serde_json::Value = serde_json::from_str(&sandbox.run(&["plan", "--json"]).expect(0).out).unwrap();
    assert_eq!(plan["fails"], serde_json::json!({ "task": "s", "why": "no luck" }));
    assert!(sandbox.run(&["apply"]).expect(1).err.contains("no luck"));
    assert!(sandbox.run(&["plan"]).expect(0).out.ends_with("no step is left to run, and `s` fails: no luck\n"));
}
