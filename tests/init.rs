//! `thinking init`: every template is a project that is valid, laid out, runs, and goes on after a kill.

use crate::support::{Ran, Sandbox, root, run};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder `study` with a project from a template.
fn begun(template: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", template, "study"]).expect(0);
    sandbox
}

fn in_study(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    run(sandbox.command(arguments).current_dir(sandbox.file("study")))
}

fn needs_python() {
    let found = Command::new("python3").arg("--version").output();
    assert!(
        found.is_ok_and(|ran| ran.status.success()),
        "python3 is needed for this test, and it is not here: install it"
    );
}

/// What a person does first: look, run, run again.
fn works(sandbox: &Sandbox) {
    in_study(sandbox, &["validate"]).expect(0);
    in_study(sandbox, &["fmt", "--check"]).expect(0);
    in_study(sandbox, &["plan"]).expect(0);
    in_study(sandbox, &["test"]).expect(0);
    in_study(sandbox, &["apply"]).expect(0);
    assert!(in_study(sandbox, &["apply"]).expect(0).err.contains("nothing to do"));
    // The project is called as its folder is.
    assert!(sandbox.read("study/pipeline.kdl").contains("project \"study\" "));
}

#[test]
fn script() {
    let sandbox = begun("script");
    works(&sandbox);
    let report = "# Expenses\n\n| month | entries | total |\n| --- | ---: | ---: |\n\
        | 2026-01 | 3 | 81.4 |\n| 2026-02 | 4 | 175.55 |\n| 2026-03 | 5 | 329.9 |\n";
    assert_eq!(sandbox.read("study/out/report.md"), report);
    in_study(&sandbox, &["apply", "-p", "least=100"]).expect(0);
    assert!(sandbox.read("study/out/report.md").ends_with("---: |\n| 2026-03 | 1 | 135.0 |\n"));
    in_study(&sandbox, &["apply", "--facet", "smoke"]).expect(0);
    assert!(sandbox.read("study/out/report.md").contains("| 2026-03 | 3 |"));
    in_study(&sandbox, &["apply"]).expect(0);
    assert_eq!(sandbox.read("study/out/report.md"), report, "back again, byte by byte");
}

#[test]
fn python() {
    needs_python();
    let sandbox = begun("python");
    in_study(&sandbox, &["apply", "--facet", "smoke"]).expect(0);
    works_with_pause_zero(&sandbox);
    assert!(sandbox.read("study/out/report.md").contains("- 600851475143 = 71 × 839 × 1471 × 6857\n"));
}

fn works_with_pause_zero(sandbox: &Sandbox) {
    // The pauses are for people.
    let manifest = sandbox.read("study/pipeline.kdl");
    sandbox.write(
        "study/pipeline.kdl",
        &manifest.replace("\"pause\" type=\"float\" default=0.5", "\"pause\" type=\"float\" default=0.0"),
    );
    works(sandbox);
}

/// The crate depends on the source that the program was built from, or on that which is given.
#[test]
fn rust() {
    let sandbox = begun("rust");
    in_study(&sandbox, &["fmt", "--check"]).expect(0);
    let line = |folder: &str| format!("\n[dependencies]\nthinking = {{ path = \"{folder}\" }}\n");
    let manifest = sandbox.read("study/components/Cargo.toml");
    assert!(manifest.contains(&line(root().to_str().unwrap())), "{manifest}");
    run(sandbox.command(&["init", "rust", "other"]).env("THINKING_SOURCE", "/opt/thinking")).expect(0);
    let manifest = sandbox.read("other/components/Cargo.toml");
    assert!(manifest.contains(&line("/opt/thinking")), "{manifest}");
}

/// Killed in the middle of its program, the project goes on with the number that it was at, and comes to the same end.
#[test]
fn python_goes_on_after_a_kill() {
    needs_python();
    let undisturbed = begun("python");
    in_study(&undisturbed, &["apply", "-p", "pause=0.0"]).expect(0);

    let sandbox = begun("python");
    let mut child = sandbox
        .command(&["apply", "-p", "pause=0.1"])
        .current_dir(sandbox.file("study"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // In the middle: its progress is on the disk, its output is not.
    while progress(&sandbox.file("study/.thinking")).is_none_or(|text| text.matches("number").count() < 2) {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before there was progress to see");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!sandbox.file("study/out/factors.json").exists(), "the kill came too late");

    let ran = in_study(&sandbox, &["apply", "-p", "pause=0.1"]).expect(0);
    let goes_on = ran.err.lines().find_map(|line| line.split_once("goes on after ")?.1.strip_suffix(" of 8 numbers"));
    let after: usize = goes_on.unwrap_or_else(|| panic!("it began anew:\n{}", ran.err)).parse().unwrap();
    assert!((2..8).contains(&after), "{}", ran.err);
    assert_eq!(sandbox.read("study/out/report.md"), undisturbed.read("study/out/report.md"));
}

fn progress(state: &Path) -> Option<String> {
    fn find(folder: &Path) -> Option<PathBuf> {
        let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
        entries.into_iter().find_map(|path| match path.is_dir() {
            true => find(&path),
            false => path.file_name().is_some_and(|name| name == "progress.json").then_some(path),
        })
    }
    std::fs::read_to_string(find(state)?).ok()
}

#[test]
fn it_says_what_it_wrote_and_what_to_type() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["init", "--dir", "My First"]).expect(0);
    let expected = "wrote My First/pipeline.kdl\nwrote My First/scripts/read.rhai\nwrote My First/scripts/write.rhai\n\
        wrote My First/data/expenses.csv\nwrote My First/tests/report.kdl\nwrote My First/tests/two-months.csv\n\
        wrote My First/.gitignore\n\nnext:\n  cd \"My First\"\n\
        \x20 thinking validate    checks everything, runs nothing\n\
        \x20 thinking plan        says what would run, and why\n\
        \x20 thinking apply       runs it, or goes on where it was\n\
        \x20 thinking test        runs the tests in tests/\n";
    assert_eq!((&*ran.out, &*ran.err), ("", expected));
    assert!(sandbox.read("My First/pipeline.kdl").contains("project \"my-first\" "));
    assert!(sandbox.read("My First/.gitignore").contains("\n.thinking/\n"));
    // A folder whose name is none for a project.
    sandbox.run(&["init", "./2026"]).expect(0);
    assert!(sandbox.read("2026/pipeline.kdl").contains("project \"my-project\" "));
    let listed = sandbox.run(&["init", "--list"]).expect(0);
    assert_eq!(
        listed.out.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(),
        ["script", "python", "rust"]
    );
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.write("scripts/read.rhai", "mine");
    sandbox.write("pipeline.kdl", "mine");
    let ran = sandbox.run(&["init"]).expect(2);
    assert!(ran.err.contains("these are there already: pipeline.kdl, scripts/read.rhai"), "{}", ran.err);
    assert!(ran.err.contains("nothing was written"), "{}", ran.err);
    assert_eq!(
        (sandbox.read("pipeline.kdl"), sandbox.read("scripts/read.rhai")),
        ("mine".to_owned(), "mine".to_owned())
    );
    assert!(!sandbox.file("data").exists() && !sandbox.file(".gitignore").exists());
    // A .gitignore is often there before; it stays.
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "mine\n");
    let ran = sandbox.run(&["init"]).expect(0);
    assert!(ran.err.contains("kept .gitignore: add the lines .thinking/ and out/ to it"), "{}", ran.err);
    assert_eq!(sandbox.read(".gitignore"), "mine\n");
    // A file where a folder should be: what was written before it is taken away again.
    let sandbox = Sandbox::new();
    sandbox.write("data", "mine");
    let ran = sandbox.run(&["init"]).expect(2);
    assert!(
        ran.err.contains("cannot write `./data/expenses.csv`") && ran.err.contains("nothing was left behind"),
        "{}",
        ran.err
    );
    assert_eq!(std::fs::read_dir(sandbox.path()).unwrap().count(), 1);
}

#[test]
fn unknown_templates() {
    let sandbox = Sandbox::new();
    let near = sandbox.run(&["init", "pyhton"]).expect(2);
    assert!(
        near.err.contains("there is no template `pyhton`") && near.err.contains("did you mean `python`?"),
        "{}",
        near.err
    );
    let far = sandbox.run(&["init", "banana"]).expect(2);
    assert!(far.err.contains("thinking init --dir banana"), "{}", far.err);
    assert_eq!(std::fs::read_dir(sandbox.path()).unwrap().count(), 0);
}
