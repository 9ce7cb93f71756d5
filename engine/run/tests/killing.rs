//! Child processes that kill themselves at each of their commits, are resumed, and are compared with an undisturbed run.

use super::support::*;
use crate::faults::{Action, Fault, Faults, KillPoint, Killed, Moment, counting, killing};
use crate::{Side, difference};
use serde_json::json;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use thinking_event::RunEnd;
use thinking_plan::StdoutAs;
use thinking_step::{Class, Datum, Host, StepError};
use thinking_store::Store;
use thinking_store_lmdb::{LmdbStore, OpenOptions};

/// Says to the test below that it is a child: the plan, and when it dies.
const CHILD: &str = "THINKING_TEST_CHILD";

fn number(host: &Arc<dyn Host>, key: &str) -> Result<i64, StepError> {
    Ok(match host.get("data", key)? {
        Some(Datum::Json(value)) => value.as_i64().unwrap_or(0),
        _ => 0,
    })
}

fn add(name: &'static str) -> Node {
    step(name, "add", move |host| {
        let sum = number(host, name)? + 1;
        host.put("data", name, Datum::Json(json!(sum)))?;
        host.put("data", &format!("{name} of {}", host.variable("n").unwrap_or_default()), Datum::Blob(vec![7; 9]))?;
        Ok(json!(sum))
    })
}

fn nodes(plan: &str) -> Vec<Node> {
    match plan {
        "data" => vec![
            add("first"),
            each("n", value(json!([1, "b"])), vec![add("sum")]),
            step("clear", "clear", |host| {
                host.clear("data")?;
                host.put("data", "only", Datum::Json(json!({ "of": host.sibling_result("first")? })))?;
                Ok(json!(host.run().unwrap().id.to_string()))
            }),
        ],
        "failures" => vec![
            step("second", "second", |host| match host.task().attempt {
                1 => Err(StepError::script("once more")),
                attempt => Ok(json!(attempt)),
            })
            .retry(1),
            stage("part", vec![put("a", "a", 1), step("bad", "bad", |_| Err(StepError::script("never")))]).skip(),
            put("b", "b", 2),
        ],
        "files" => vec![
            // Adding to a declared output is safe: what a killed attempt left there is put aside.
            shell("append", "echo line >> out.txt", None).output("out.txt"),
            shell("copy", "mkdir -p dir; cp out.txt dir/a; cp out.txt dir/b", None).input("out.txt").output("dir"),
            step("touch", "touch", |host| {
                host.touch(Class::Effect, "touch")?;
                host.put("data", "key", Datum::Json(json!(host.idempotency_key()?)))?;
                Ok(json!(host.run().unwrap().directory.display().to_string()))
            }),
        ],
        "unsafe file" => vec![
            put("before", "a", 1),
            shell("load", "echo line >> log.txt", None),
            shell("report", "cp log.txt out.txt", None).output("out.txt"),
        ],
        "unsafe result" => vec![shell("count", "echo x >> log; wc -l < log | tr -d ' '", Some(StdoutAs::Text))],
        other => panic!("no plan `{other}`"),
    }
}

fn project(directory: &Path, store: impl Store + 'static) -> Project {
    Project { directory: Directory::Given(directory.to_owned()), ..Project::on(Arc::new(store)) }
}

fn open(directory: &Path) -> LmdbStore {
    LmdbStore::open(OpenOptions::new(directory.join(".thinking"), "test")).unwrap()
}

#[test]
#[ignore = "the child process of the others"]
fn child() {
    let Ok(text) = std::env::var(CHILD) else { panic!("only the tests beside it start this") };
    let [plan, directory, how] = text.split('|').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let directory = Path::new(directory);
    let moment = match how {
        "crash begun" => Some(Moment::Begun),
        "crash worked" => Some(Moment::Worked),
        "crash committed" => Some(Moment::Committed),
        _ => None,
    };
    let mut project = match moment {
        Some(_) => project(directory, open(directory)),
        None => project(directory, killing(open(directory), how.parse().unwrap())),
    };
    let nodes = nodes(plan);
    if let Some(moment) = moment {
        let crash = Fault { action: Action::Crash(moment), ..Fault::crash("n[b]/sum") };
        project.options.faults = Some(Arc::new(Faults::new([crash], &project.plan(&nodes)).unwrap()));
    }
    project.apply(&nodes);
    project.store.close().unwrap();
}

fn die(plan: &str, directory: &Path, how: &str) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::killing::child", "--ignored", "--quiet"])
        .env(CHILD, format!("{plan}|{}|{how}", directory.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}

fn side<'a>(project: &'a Project) -> Side<'a> {
    Side { store: &*project.store, line: "main", root: project.path() }
}

/// What differs after a kill at each moment, in words.
fn everywhere(plan: &str) -> Vec<String> {
    let undisturbed = tempfile::tempdir().unwrap();
    let store = Arc::new(counting(open(undisturbed.path())));
    let whole = Project { directory: Directory::Given(undisturbed.path().to_owned()), ..Project::on(store.clone()) };
    assert_eq!(whole.apply(&nodes(plan)).end, RunEnd::Done);
    let commits = store.commits();
    assert_eq!(store.progress().accepted.0, commits, "a state of its own");
    let mut found = Vec::new();
    for point in KillPoint::all(commits) {
        let directory = tempfile::tempdir().unwrap();
        let status = die(plan, directory.path(), &point.to_string());
        assert_eq!(status.signal(), Some(9), "{plan} {point}: {status:?}");
        let resumed = project(directory.path(), open(directory.path()));
        let durable = resumed.store.progress().durable.0;
        let expected = match point {
            KillPoint::Before(number) => number - 1,
            KillPoint::After(number) => number,
            KillPoint::End => commits,
        };
        assert_eq!(durable, expected, "{point}");
        let end = resumed.apply(&nodes(plan)).end;
        assert!(matches!(end, RunEnd::Done | RunEnd::Unchanged), "{plan} {point}: {end:?}");
        if let Some(difference) = difference(side(&whole), side(&resumed)).unwrap() {
            let killed = Killed::new(point, commits, &*whole.store).unwrap();
            let lines = difference.details(&killed).join("\n");
            found.push(format!("{}\n{lines}\n{}", difference.message(&killed), difference.help(&killed)));
        }
    }
    found
}

#[test]
fn data_is_that_of_an_undisturbed_run() {
    assert_eq!(everywhere("data"), [""; 0]);
}

#[test]
fn failures_are_those_of_an_undisturbed_run() {
    assert_eq!(everywhere("failures"), [""; 0]);
}

#[test]
fn files_are_those_of_an_undisturbed_run() {
    assert_eq!(everywhere("files"), [""; 0]);
}

const HELP: &str = "is done twice after a kill: make it so that twice leaves what once does (write a whole file instead of \
                    adding to one, ask first whether it is there, give a server the idempotency key), or declare what it \
                    writes as `output`";

#[test]
fn a_step_that_is_not_safe_to_repeat_is_named() {
    let expected = format!(
        "step `load` is not safe to repeat: it shows in the output `out.txt`, which `report` wrote
undisturbed:    it ends after 1 line
after the kill: line 2: line
killed right before commit 4 of 7: `load` had done its work, and that was not recorded
1 more thing differs
what `load` does outside of databases and declared outputs {HELP}"
    );
    assert_eq!(everywhere("unsafe file"), [expected]);
}

#[test]
fn a_result_that_counts_what_happened_is_named() {
    let expected = format!(
        "step `count` is not safe to repeat: it shows in the result
undisturbed:    \"1\"
after the kill: \"2\"
killed right before commit 3 of 4: `count` had done its work, and that was not recorded
1 more thing differs
what `count` does outside of databases and declared outputs {HELP}"
    );
    assert_eq!(everywhere("unsafe result"), [expected]);
}

#[test]
fn a_process_dies_at_a_moment_of_an_attempt() {
    for (how, done) in [("crash begun", 2), ("crash worked", 2), ("crash committed", 3)] {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(die("data", directory.path(), how).signal(), Some(9), "{how}");
        let project = project(directory.path(), open(directory.path()));
        let steps = project.store.steps(&project.store.view("main").unwrap(), None, 100).unwrap();
        assert_eq!(steps.len(), done, "{how}");
        assert_eq!(project.apply(&nodes("data")).ran().len(), 4 - done, "{how}");
    }
}

/// Two runs of different plans, so that everything that can differ does.
#[test]
fn differences_are_told_in_the_order_of_the_steps() {
    let differ = |one: Vec<Node>, other: Vec<Node>| {
        let (first, second) = (Project::new(), Project::new());
        first.apply(&one);
        second.apply(&other);
        let found = difference(side(&first), side(&second)).unwrap();
        found.map(|found| {
            let step = found.step.unwrap_or_default();
            format!("{step}: {}: {} | {} +{}", found.what, found.undisturbed, found.disturbed, found.more)
        })
    };
    let a = || put("a", "k", 1);
    assert_eq!(differ(vec![a()], vec![a()]), None);
    let line = |one, other| differ(one, other).unwrap();
    assert_eq!(line(vec![a(), put("b", "l", 1)], vec![a()]), "b: the outcome: done | not done +1");
    assert_eq!(line(vec![a()], vec![a(), put("b", "l", 1)]), "b: the outcome: not done | done +1");
    let result = |result: i64| step("a", "a", move |_| Ok(json!(result)));
    assert_eq!(line(vec![result(1)], vec![result(2)]), "a: the result: 1 | 2 +0");
    let quiet = |key: &'static str, text: &'static str| {
        step("a", "a", move |host| host.put("data", key, Datum::Json(json!(text))).map(|()| json!(0)))
    };
    assert_eq!(line(vec![quiet("k", "x")], vec![quiet("k", "y")]), "a: `k` in the database `data`: \"x\" | \"y\" +0");
    assert_eq!(line(vec![quiet("k", "x")], vec![quiet("j", "x")]), "a: `j` in the database `data`: nothing | \"x\" +1");
    let drop = step("b", "b", |host| host.clear("data").map(|()| json!(0)));
    let none = step("b", "b", |_| Ok(json!(0)));
    let cleared = line(vec![quiet("k", "x"), drop], vec![quiet("k", "x"), none]);
    assert_eq!(cleared, "b: `k` in the database `data`: nothing | \"x\" +0");
    let file = |text: &'static str| shell("a", text, None).output("out.txt");
    assert_eq!(
        line(vec![file("printf 'a\\nb\\n' > out.txt")], vec![file("printf 'a\\nc\\n' > out.txt")]),
        "a: the output `out.txt`: line 2: b | line 2: c +0"
    );
    assert_eq!(
        line(vec![file("printf 'a\\n' > out.txt")], vec![file("printf a > out.txt")]),
        "a: the output `out.txt`: its last line ends | its last line does not end +0"
    );
    let directory = |text: &'static str| shell("a", text, None).output("dir");
    let inside = line(vec![directory("mkdir dir; touch dir/x dir/y")], vec![directory("mkdir dir; touch dir/x")]);
    assert_eq!(inside, "a: the output `dir/y`: an empty file | no such file +0");
    let skipped = step("a", "a", |_| Err(StepError::script("no"))).skip();
    assert_eq!(line(vec![result(1)], vec![skipped]), "a: the outcome: done | failed and passed over +0");
}
