//! Files that the pipeline itself writes, copies of projects, and what is left of steps that are gone.

use super::crashing::crashing;
use super::support::*;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use thinking_event::RunEnd;
use thinking_plan::{Body, Template};
use thinking_step::{Access, Datum, Host};

/// Reads a file like `fs::read_text`; nothing if it is not there.
fn read(host: &Arc<dyn Host>, name: &str) -> Option<String> {
    let path = host.permit(Access::Read(name.as_ref())).unwrap();
    host.saw_file(&path);
    std::fs::read_to_string(path).ok()
}

/// Writes a file like `fs::write_text`.
fn write(host: &Arc<dyn Host>, name: &str, text: &str) {
    let path = host.permit(Access::Write(name.as_ref())).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    host.wrote_file(&path);
}

fn list(host: &Arc<dyn Host>, name: &str) -> Vec<String> {
    let path = host.permit(Access::Read(name.as_ref())).unwrap();
    host.saw_file(&path);
    let Ok(entries) = std::fs::read_dir(path) else { return vec![] };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn reader(name: &'static str, file: &'static str) -> Node {
    step(name, &format!("read {file}"), move |host| {
        let text = read(host, file);
        host.put("data", name, Datum::Json(json!(text)))?;
        Ok(json!(null))
    })
}

fn writer(name: &'static str, file: &'static str, text: &'static str) -> Node {
    step(name, &format!("write {file} {text}"), move |host| {
        write(host, file, text);
        Ok(json!(null))
    })
}

fn lister(name: &'static str, directory: &'static str) -> Node {
    step(name, &format!("list {directory}"), move |host| {
        let names = list(host, directory);
        host.put("data", name, Datum::Json(json!(names)))?;
        Ok(json!(null))
    })
}

fn exec(name: &'static str, program: &'static str, arguments: &[&'static str]) -> Node {
    let mut node = shell(name, "", None);
    let Kind::Step(step) = &mut node.kind else { panic!() };
    step.text = format!("{program} {arguments:?}");
    let Body::Exec(exec) = &mut step.body else { panic!() };
    exec.program = Template::fixed(program, None);
    exec.arguments = arguments.iter().map(|text| Template::fixed(*text, None)).collect();
    node
}

fn edit(project: &Project, name: &str, text: &str) {
    let path = project.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(target).unwrap(),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn a_copied_or_moved_project_looks_at_its_own_files() {
    let project = Project::new();
    let plan = || {
        [
            reader("a", "in.txt"),
            lister("b", "d"),
            shell("c", "cat d/*", None).input("d/*"),
            shell("e", "cat in.txt > out", None).output("out"),
        ]
    };
    edit(&project, "in.txt", "1");
    edit(&project, "d/x", "1");
    project.apply(&plan());
    let mut other = Project::on(project.store.clone());
    copy(project.path(), other.path());
    edit(&project, "in.txt", "original");
    edit(&project, "d/y", "original");
    assert_eq!(other.apply(&plan()).end, RunEnd::Unchanged);
    other.options.from = Some("e".into());
    assert_eq!(other.apply(&plan()).ran(), ["e"], "what stands before is as it was");
    other.options.from = None;
    edit(&other, "in.txt", "copy");
    assert_eq!(other.apply(&plan()).lines()[0], "rerun a (4): file `in.txt` changed");
    assert_eq!(other.get("a").as_deref(), Some("\"copy\""));
}

#[test]
fn a_program_of_the_project_counts_and_an_argument_that_is_made_later() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut project = Project::new();
    edit(&project, "run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(project.path().join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let nodes = [exec("a", "./run.sh", &["more.txt", "-c"])];
    let run = |project: &mut Project| {
        let mut plan = project.plan(&nodes);
        let (root, everything) = (plan.directory.clone(), ["**".to_owned()]);
        let (state, programs) = (root.join(".thinking"), ["./run.sh".to_owned(), "touch".to_owned()]);
        plan.permissions =
            thinking_step::Permissions::new(&root, &state, &everything, &everything, &[], &programs, &[]).unwrap();
        project.apply_plan(plan)
    };
    assert_eq!(run(&mut project).end, RunEnd::Done);
    assert_eq!(run(&mut project).end, RunEnd::Unchanged);
    edit(&project, "run.sh", "#!/bin/sh\ntrue\n");
    assert_eq!(run(&mut project).lines()[0], "rerun a (1): file `run.sh` changed");
    edit(&project, "more.txt", "1");
    assert_eq!(run(&mut project).lines()[0], "rerun a (1): file `more.txt` is there now");
    assert_eq!(run(&mut project).end, RunEnd::Unchanged);
}

#[test]
fn what_a_program_makes_of_its_arguments_is_its_own() {
    let project = Project::new();
    let plan = || [exec("a", "sh", &["tool", "made"])];
    edit(&project, "tool", "date +%N > $1");
    assert_eq!(project.apply(&plan()).end, RunEnd::Done);
    assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged);
    edit(&project, "tool", "date +%N >> $1");
    assert_eq!(project.apply(&plan()).ran(), ["a"]);
    assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged);
    edit(&project, "made", "mine");
    assert_eq!(project.apply(&plan()).ran(), ["a"]);
}

#[test]
fn pipes_are_never_opened() {
    let project = Project::new();
    let plan = || {
        [shell("a", "mkdir out && mkfifo out/pipe && mkfifo p.pipe", None).output("out"), {
            shell("b", "true", None).input("out").input("*.pipe").input("p.pipe")
        }]
    };
    assert_eq!(project.apply(&plan()).end, RunEnd::Done);
    assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged);
    let read = [reader("c", "p.pipe").when(value(false))];
    assert_eq!(project.apply(&read).end, RunEnd::Done);
    let aside = project.path().join("aside-elsewhere");
    assert!(crate::outputs::copy_tree(&project.path().join("p.pipe"), &aside).is_err());
    assert!(!aside.exists());
}

#[test]
fn what_later_steps_write_is_no_change() {
    let b = || shell("b", "echo 1 > out/b", None).output("out/b");
    let append = || {
        step("log", "append", |host| {
            let before = read(host, "log").unwrap_or_default();
            write(host, "log", &(before + "x"));
            Ok(json!(null))
        })
    };
    let globbing = || shell("a", "true", None).input("out/*");
    let plans: Vec<Vec<Node>> = vec![
        vec![reader("a", "out/b"), b()],
        vec![lister("a", "out"), b()],
        vec![lister("a", "."), b()],
        vec![globbing(), b()],
        vec![globbing(), writer("b", "out/c", "1"), b()],
        vec![reader("a", "out/d/f"), shell("b", "mkdir out/d; echo > out/d/f", None).output("out/d")],
        vec![writer("a", "out/x", "1"), reader("b", "out/x"), writer("c", "out/x", "2"), put("d", "d", 1)],
        vec![append()],
        vec![shell("a", "true", None).input("."), b()],
        vec![
            lister("a", "out/deep"),
            shell("b", "mkdir -p out/deep/er; echo > out/deep/er/f", None).output("out/deep/er/f"),
        ],
        vec![writer("a", "f", "1"), lister("b", "."), writer("c", "g", "1")],
    ];
    for (at, plan) in plans.iter().enumerate() {
        let project = Project::new();
        assert_eq!(project.apply(plan).end, RunEnd::Done, "{at}");
        let data = project.data();
        assert!(project.preview(plan).is_unchanged(), "{at}");
        let told = project.apply(plan);
        assert_eq!((told.end.clone(), told.lines()), (RunEnd::Unchanged, vec![]), "{at}");
        // The same without the note that sums everything up.
        let more: Vec<Node> = plan.iter().cloned().chain([put("more", "more", 1)]).collect();
        assert_eq!(project.apply(&more).ran(), ["more"], "{at}");
        assert_eq!(project.apply(&more).end, RunEnd::Unchanged, "{at}");
        let mut now = project.data();
        now.remove("more");
        assert_eq!(now, data, "{at}");
    }
}

#[test]
fn a_users_own_edit_still_counts() {
    let project = Project::new();
    let plan = [reader("a", "out/x"), writer("b", "out/x", "2")];
    project.apply(&plan);
    assert_eq!(project.apply(&plan).end, RunEnd::Unchanged);
    edit(&project, "out/x", "mine");
    assert_eq!(project.apply(&plan).lines()[0], "rerun a (2): file `out/x` is there now");
    let plan = [lister("l", "out"), writer("b", "out/x", "2")];
    project.apply(&plan);
    edit(&project, "out/y", "mine");
    assert_eq!(project.apply(&plan).ran(), ["l", "b"]);
    // A file that was there before the reader is still read.
    let plan = [writer("b", "out/z", "3"), reader("r", "out/z"), lister("l", "out")];
    project.apply(&plan);
    assert_eq!(project.apply(&plan).end, RunEnd::Unchanged);
    std::fs::remove_file(project.path().join("out/z")).unwrap();
    assert_eq!(project.apply(&plan).lines()[0], "kept 1 up to b");
}

#[test]
fn what_was_written_before_a_kill_is_no_change() {
    let store = Arc::new(crashing());
    let project = Project::on(store.clone());
    let plan = || {
        [
            reader("a", "out/b"),
            lister("l", "out"),
            shell("b", "echo 1 > out/b", None).output("out/b"),
            put("c", "c", 1),
            put("d", "d", 2),
        ]
    };
    for commits in 3..9 {
        store.fail_after(Some(commits));
        let _ = project.try_apply(&plan());
        store.fail_after(None);
    }
    let told = project.apply(&plan());
    assert!(!told.lines().iter().any(|line| line.starts_with("rerun")), "{:?}", told.lines());
    assert_eq!((project.get("a").as_deref(), project.get("l").as_deref()), (Some("null"), Some("[]")));
}

#[test]
fn what_an_attempt_wrote_that_came_to_nothing_is_no_change() {
    for killed in [false, true] {
        let store = Arc::new(crashing());
        let project = Project::on(store.clone());
        let plan = |fails: bool| {
            let store = store.clone();
            let last = step("c", "write out/x", move |host| {
                write(host, "out/x", if fails { "half" } else { "2" });
                if fails && killed {
                    store.fail_now();
                }
                if fails { Err(thinking_step::StepError::script("no")) } else { Ok(json!(null)) }
            });
            [writer("a", "out/x", "1"), reader("b", "out/x"), last]
        };
        let _ = project.try_apply(&plan(true));
        assert_eq!(project.read("out/x").as_deref(), Some("half"));
        store.fail_after(None);
        assert_eq!(project.apply(&plan(false)).ran(), ["c"], "{killed}");
        assert_eq!(project.get("b").as_deref(), Some("\"1\""));
        assert_eq!(project.apply(&plan(false)).end, RunEnd::Unchanged);
    }
}

#[test]
fn outputs_of_steps_that_are_gone_go_too() {
    let project = Project::new();
    let make = |name: &'static str, file: &'static str| shell(name, &format!("echo 1 > {file}"), None).output(file);
    let files = || {
        let mut names: Vec<String> = std::fs::read_dir(project.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    project.apply(&[make("a", "out/x"), make("b", "out/b"), lister("l", "out")]);
    project.apply(&[make("a", "out/y"), make("b", "out/b"), lister("l", "out")]);
    assert_eq!(files(), ["b", "y"]);
    project.apply(&[make("a", "out/y"), lister("l", "out")]);
    assert_eq!((files(), project.get("l").as_deref()), (vec!["y".to_owned()], Some(r#"["y"]"#)));
    // Renamed; then one that somebody went on with stays.
    project.apply(&[make("n", "out/y"), make("z", "out/z")]);
    assert_eq!(files(), ["y", "z"]);
    edit(&project, "out/z", "mine");
    project.apply(&[make("n", "out/y")]);
    assert_eq!(files(), ["y", "z"]);
    // What fails gives back what was there, and what changes after that takes it along.
    project.apply(&[shell("n", "exit 1", None).output("out/y")]);
    assert_eq!(files(), ["y", "z"]);
    project.apply(&[make("n", "out/w")]);
    assert_eq!(files(), ["w", "z"]);
    let note = project.store.note("leftover/main/main").unwrap();
    assert!(note.is_none());
}

#[test]
fn a_kill_while_outputs_are_taken_off_is_made_up_for() {
    let make = |name: &'static str, file: &'static str| shell(name, &format!("echo 1 > {file}"), None).output(file);
    for commits in 0..8 {
        let store = Arc::new(crashing());
        let project = Project::on(store.clone());
        project.apply(&[make("a", "out/a"), make("b", "out/b"), make("c", "out/c")]);
        let plan = [put("x", "x", 1), lister("l", "out"), make("c", "out/c"), lister("m", "out")];
        store.fail_after(Some(commits));
        let _ = project.try_apply(&plan);
        store.fail_after(None);
        project.apply(&plan);
        assert_eq!(project.get("l").as_deref(), Some("[]"), "{commits}");
        assert_eq!(project.get("m").as_deref(), Some(r#"["c"]"#), "{commits}");
        assert_eq!(project.apply(&plan).end, RunEnd::Unchanged, "{commits}");
    }
}

#[test]
fn a_fresh_start_takes_outputs_off() {
    let mut project = Project::new();
    let plan = [lister("l", "out"), shell("b", "echo 1 > out/b", None).output("out/b")];
    project.apply(&plan);
    project.options.fresh = true;
    assert_eq!(project.apply(&plan).end, RunEnd::Done);
    assert_eq!(project.get("l").as_deref(), Some("[]"));
}

#[test]
fn leftovers_of_killed_processes_are_swept() {
    let project = Project::new();
    let plan = [shell("a", "true", None)];
    project.apply(&plan);
    edit(&project, ".thinking/scratch/.1-2.tmp", "half");
    let scratch = crate::reads::hex(thinking_step::digest(b"main\0main"));
    edit(&project, &format!(".thinking/scratch/{scratch}/x/y"), "kept too long");
    project.apply(&plan);
    assert!(!project.path().join(".thinking/scratch/.1-2.tmp").exists());
    assert!(!project.path().join(".thinking/scratch").join(scratch).exists());
}
