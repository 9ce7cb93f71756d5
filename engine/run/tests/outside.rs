//! Programs, files, native steps, time.

use super::support::*;
use serde_json::json;
use std::sync::Arc;
use thinking_event::{Event, RunEnd};
use thinking_plan::StdoutAs;
use thinking_step::{Class, Datum, ErrorKind, NativeCall, NativeStep, StepError, Value};
use thinking_store::{Entry, Seq};

fn error(told: &Told) -> &StepError {
    match &told.end {
        RunEnd::Failed { error, .. } => error,
        end => panic!("{end:?}"),
    }
}

#[test]
fn programs_give_their_output_or_what_they_write_as_result() {
    let project = Project::new();
    let keep = |of: &'static str| {
        step("keep", of, move |host| {
            host.put("data", of, Datum::Json(host.sibling_result(of)?.unwrap()))?;
            Ok(json!(null))
        })
    };
    let result = |name: &'static str, script: &str, stdout| {
        project.apply(&[shell(name, script, stdout), keep(name)]);
        project.get(name).unwrap()
    };
    assert_eq!(result("a", "printf 'x\ny\n'", Some(StdoutAs::Text)), r#""x\ny""#);
    assert_eq!(result("b", "printf 'x\ny\n'", Some(StdoutAs::Lines)), r#"["x","y"]"#);
    assert_eq!(result("c", "echo '{\"x\": [1]}'", Some(StdoutAs::Json)), r#"{"x":[1]}"#);
    assert_eq!(result("d", "echo 7 > $THINKING_RESULT; echo no", Some(StdoutAs::Text)), "7");
    assert_eq!(result("e", "echo no", None), "null");
}

#[test]
fn lines_of_programs_are_told_and_a_failure_shows_the_last() {
    let project = Project::new();
    let told = project.apply(&[shell(
        "a",
        "echo one; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo e$i >&2; done; exit 3",
        None,
    )]);
    let lines = told.events.iter().filter(|event| matches!(event, Event::Output { .. })).count();
    assert_eq!(lines, 13);
    assert_eq!((error(&told).kind, error(&told).message.as_str()), (ErrorKind::Exec, "`sh` ended with exit code 3"));
    assert_eq!((error(&told).details.len(), error(&told).details[9].as_str()), (10, "e12"));
    let told = project.apply(&[shell("a", "kill -9 $$", None)]);
    assert_eq!(error(&told).message, "`sh` was ended by signal 9");
}

#[test]
fn outputs_come_back_after_a_failure_and_must_be_there_after_success() {
    let project = Project::new();
    let plan = |script: &str| [shell("a", script, None).output("out/x.txt")];
    assert_eq!(project.apply(&plan("echo 1 > out/x.txt")).end, RunEnd::Done);
    assert_eq!(project.apply(&plan("echo 1 > out/x.txt")).end, RunEnd::Unchanged);
    let told = project.apply(&plan("test ! -e out/x.txt && echo 2 > out/x.txt; exit 1"));
    assert_eq!(error(&told).message, "`sh` ended with exit code 1");
    assert_eq!(project.read("out/x.txt").as_deref(), Some("1\n"));
    let told = project.apply(&plan("true"));
    assert_eq!(error(&told).message, "declared output `out/x.txt` is missing");
    assert_eq!(project.read("out/x.txt").as_deref(), Some("1\n"));
    assert_eq!(project.apply(&plan("echo 3 > out/x.txt")).end, RunEnd::Done);
    assert!(!project.path().join(".thinking/aside/pending.json").exists());
    std::fs::write(project.path().join("out/x.txt"), "other").unwrap();
    assert_eq!(project.apply(&plan("echo 3 > out/x.txt")).lines()[0], "rerun a (1): output `out/x.txt` was changed");
    std::fs::remove_file(project.path().join("out/x.txt")).unwrap();
    assert_eq!(project.apply(&plan("echo 3 > out/x.txt")).lines()[0], "rerun a (1): output `out/x.txt` is missing");
}

#[test]
fn a_kill_in_the_middle_of_outputs_is_tidied_up() {
    let project = Project::new();
    let (state, output) = (project.path().join(".thinking"), project.path().join("x"));
    std::fs::write(&output, "old").unwrap();
    let key = thinking_store::TaskKey(vec![1]);
    let aside =
        crate::outputs::move_aside((&state, project.path()), "main", &key, Seq(0), std::slice::from_ref(&output))
            .unwrap();
    assert!(!output.exists());
    std::fs::write(&output, "half").unwrap();
    let found = crate::outputs::recover(&state, project.path(), &*project.store).unwrap();
    assert_eq!(project.read("x").as_deref(), Some("old"));
    // Half of a result, or somebody's own work since the kill: it is not lost.
    assert_eq!(std::fs::read_to_string(&found[0].place).unwrap(), "half");
    assert!(crate::outputs::recover(&state, project.path(), &*project.store).unwrap().is_empty());
    assert!(found[0].place.exists());
    // Putting back what is back already changes nothing.
    aside.restore(&state).unwrap();
    assert_eq!(project.read("x").as_deref(), Some("old"));
}

#[test]
fn files_count_by_their_content() {
    let project = Project::new();
    let write = |name: &str, text: &str| std::fs::write(project.path().join(name), text).unwrap();
    let plan = || [shell("a", "cat *.csv", None).input("*.csv")];
    write("a.csv", "1");
    project.apply(&plan());
    write("a.csv", "1");
    assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged);
    write("a.csv", "2");
    assert_eq!(project.apply(&plan()).lines()[0], "rerun a (1): file `a.csv` changed");
    write("b.csv", "2");
    assert_eq!(project.apply(&plan()).lines()[0], "rerun a (1): input `*.csv` now means other files");
    let read = || {
        step("a", "read", |host| {
            let path = host.permit(thinking_step::Access::Read("note.txt".as_ref()))?;
            host.saw_file(&path);
            Ok(json!(std::fs::read_to_string(path).ok()))
        })
    };
    project.apply(&[read()]);
    write("note.txt", "x");
    assert_eq!(project.apply(&[read()]).lines()[0], "rerun a (1): file `note.txt` is there now");
}

#[test]
fn a_program_that_is_not_there_or_not_permitted_is_said() {
    let project = Project::new();
    let mut node = shell("a", "true", None);
    let Kind::Step(step) = &mut node.kind else { panic!() };
    let thinking_plan::Body::Exec(exec) = &mut step.body else { panic!() };
    exec.program = thinking_plan::Template::fixed("no-such-program", None);
    let told = project.apply(&[node.clone()]);
    assert_eq!(error(&told).message, "the program `no-such-program` was not found");
    assert!(error(&told).help.as_ref().unwrap().contains("PATH"));
    let Kind::Step(step) = &mut node.kind else { panic!() };
    let thinking_plan::Body::Exec(exec) = &mut step.body else { panic!() };
    exec.program = thinking_plan::Template::fixed("rm", None);
    let told = project.apply(&[node.retry(3)]);
    assert_eq!(error(&told).message, "starting `rm` is not permitted");
    assert!(
        !told.events.iter().any(|event| matches!(event, Event::AttemptFailed { .. })),
        "trying again would not help"
    );
}

#[test]
fn an_attempt_that_touches_the_world_is_recorded_and_keeps_its_key() {
    let project = Project::new();
    let script = |code: i32| {
        format!(
            "echo $THINKING_KEY >> keys; echo $THINKING_ATTEMPT >> $THINKING_SCRATCH/tries; cp $THINKING_SCRATCH/tries .; exit {code}"
        )
    };
    project.apply(&[shell("a", &script(1), None).retry(1)]);
    project.apply(&[shell("a", &script(0), None)]);
    let keys: Vec<String> = project.read("keys").unwrap().lines().map(str::to_owned).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| *key == keys[0] && key.len() == 32), "{keys:?}");
    assert_eq!(project.read("tries").as_deref(), Some("1\n2\n1\n"), "scratch stays until the step commits");
    assert!(std::fs::read_dir(project.path().join(".thinking/scratch")).unwrap().next().is_none());
    let journal = project.store.journal(Seq(1), 100).unwrap();
    let attempts = journal.iter().filter(|(_, entry)| matches!(entry, Entry::Attempt { .. })).count();
    assert_eq!(attempts, 3);
    project.apply(&[shell("a", &script(0).replace("cp", "cp -f"), None)]);
    assert_ne!(
        project.read("keys").unwrap().lines().last().unwrap(),
        keys[0],
        "a result that is wanted anew has a new key"
    );
}

struct Panics;

impl NativeStep for Panics {
    fn name(&self) -> &'static str {
        "panics"
    }
    fn summary(&self) -> &'static str {
        "Panics."
    }
    fn schema(&self) -> Value {
        json!({})
    }
    fn class(&self) -> Class {
        Class::State
    }
    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError> {
        if call.arguments["x"] == json!(1) { panic!("oh {}", 1) } else { Ok(call.arguments["x"].clone()) }
    }
}

#[test]
fn a_panic_fails_the_step_alone() {
    let project = Project::new();
    let told = project.apply(&[call("a", Arc::new(Panics), json!({"x": 1}))]);
    assert_eq!((error(&told).kind, error(&told).message.as_str()), (ErrorKind::Native, "it panicked: oh 1"));
    assert_eq!(project.apply(&[call("b", Arc::new(Panics), json!({"x": 2}))]).end, RunEnd::Done);
}

#[test]
fn time_runs_out_for_steps_programs_and_containers() {
    let project = Project::new();
    let clock = project.clock.clone();
    let slow = move |name: &'static str| {
        let clock = clock.clone();
        step(name, "slow", move |host| {
            clock.advance(std::time::Duration::from_millis(60));
            host.check_cancelled().map(|()| json!(null))
        })
    };
    let told = project.apply(&[slow("a").timeout(50).retry(1)]);
    assert_eq!(
        (error(&told).kind, error(&told).message.as_str()),
        (ErrorKind::Timeout, "it took longer than its timeout of 50ms")
    );
    assert_eq!(told.lines()[0], "again a 1 1000");
    let told =
        project.apply(&[stage("s", vec![slow("a"), slow("b"), slow("c")]).timeout(100).skip(), put("d", "d", 1)]);
    assert_eq!(told.lines(), ["done s/a", "passed over s: `s` took longer than its timeout of 100ms", "done d"]);
}

#[test]
fn a_program_is_ended_with_its_group_when_time_is_over() {
    let mut project = Project::new();
    project.stop = crate::StopSignal::new(std::time::Duration::ZERO);
    let stop = project.stop.clone();
    let waiter = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(150));
        stop.request();
    });
    let began = std::time::Instant::now();
    let told = project.apply(&[put("b", "b", 1), shell("a", "sleep 30 & wait", None), put("c", "c", 1)]);
    waiter.join().unwrap();
    assert_eq!(told.end, RunEnd::Interrupted);
    assert!(began.elapsed().as_secs() < 10);
    assert!(told.events.iter().any(|event| matches!(event, Event::Stopping { .. })));
    assert_eq!(project.get("b").as_deref(), Some("1"));
    project.stop = crate::StopSignal::default();
    assert_eq!(project.apply(&[put("b", "b", 1), put("c", "c", 1)]).lines(), ["kept 1 up to b", "done c"]);
}

#[test]
fn a_directory_that_was_listed_counts_by_its_names() {
    let project = Project::new();
    let write = |name: &str, text: &str| std::fs::write(project.path().join(name), text).unwrap();
    std::fs::create_dir(project.path().join("data")).unwrap();
    let plan = |directory: &'static str| {
        [step("a", directory, move |host| {
            let path = host.permit(thinking_step::Access::Read(directory.as_ref()))?;
            host.saw_file(&path);
            let out = host.permit(thinking_step::Access::Write("out.txt".as_ref()))?;
            std::fs::write(out, "x").unwrap();
            Ok(json!(1))
        })]
    };
    write("a.dat", "1");
    std::fs::create_dir(project.path().join(".thinking")).unwrap();
    project.apply(&plan("."));
    write(".thinking/x", "more");
    assert_eq!(project.apply(&plan(".")).end, RunEnd::Unchanged);
    write("a.dat", "2");
    assert_eq!(project.apply(&plan(".")).end, RunEnd::Unchanged, "nobody looked at the content");
    write("b.dat", "2");
    assert_eq!(project.apply(&plan(".")).lines()[0], "rerun a (1): directory `.` has other files in it");
    project.apply(&plan("data"));
    write("data/x", "1");
    assert_eq!(project.apply(&plan("data")).lines()[0], "rerun a (1): directory `data` has other files in it");
    // A declared input counts by its content, without the state.
    let whole = || [shell("b", "true", None).input(".")];
    project.apply(&whole());
    assert_eq!(project.apply(&whole()).end, RunEnd::Unchanged);
    write("data/x", "2");
    assert_eq!(project.apply(&whole()).lines()[0], "rerun b (1): file `.` changed");
}

#[test]
fn what_a_step_makes_is_no_input_of_it() {
    let project = Project::new();
    std::fs::create_dir(project.path().join("d")).unwrap();
    std::fs::write(project.path().join("d/a.txt"), "1").unwrap();
    for input in ["d/*.txt", "d"] {
        let plan = || [shell("a", "cat d/a.txt > d/out.txt", None).input(input).output("d/out.txt")];
        project.apply(&plan());
        assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged, "{input}");
        std::fs::write(project.path().join("d/a.txt"), input).unwrap();
        assert!(project.apply(&plan()).lines()[0].starts_with("rerun a (1): file `d/a.txt` changed"), "{input}");
    }
}

#[test]
fn nothing_is_left_of_attempts_when_a_run_is_over() {
    let project = Project::new();
    let left = || {
        let found = walkdir::WalkDir::new(project.path().join(".thinking/scratch")).into_iter().filter_map(Result::ok);
        found.filter(|entry| entry.file_type().is_file()).map(|entry| entry.file_name().to_owned()).collect::<Vec<_>>()
    };
    let script = "echo 1 > $THINKING_SCRATCH/kept; echo 1 > $THINKING_RESULT; exit 1";
    assert!(matches!(project.apply(&[shell("a", script, None)]).end, RunEnd::Failed { .. }));
    assert_eq!(left(), ["kept"], "the next attempt goes on with it, but the result is gone");
    assert_eq!(project.apply(&[shell("b", script, None).skip()]).end, RunEnd::Done);
    assert!(left().is_empty());
}

#[test]
fn a_line_without_end_is_cut_and_does_not_fill_the_memory() {
    let project = Project::new();
    let told = project.apply(&[shell("a", "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo after", None)]);
    let lines: Vec<&String> = told
        .events
        .iter()
        .filter_map(|event| if let Event::Output { line, .. } = event { Some(line) } else { None })
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0].len(), lines[0].ends_with("x …"), lines[1].as_str()), ((16 << 10) + 4, true, "after"));
    let long = project.apply(&[shell("b", "head -c 100000 /dev/zero | tr '\\0' x", Some(StdoutAs::Text)), {
        step("n", "n", |host| {
            let text = host.sibling_result("b")?.unwrap();
            host.put("data", "n", Datum::Json(json!(text.as_str().unwrap().len())))?;
            Ok(json!(null))
        })
    }]);
    assert_eq!((long.end, project.get("n").as_deref()), (RunEnd::Done, Some("100000")), "a result is not cut");
}

#[test]
fn a_program_left_behind_does_not_hold_up_its_step() {
    let project = Project::new();
    let began = std::time::Instant::now();
    let told =
        project.apply(&[shell("a", "sleep 60 & (while true; do echo y; done) & echo done", None), put("b", "b", 1)]);
    assert_eq!(told.end, RunEnd::Done);
    assert!(began.elapsed().as_secs() < 10);
    let chatter = project.apply(&[shell("c", "while true; do echo y; done", None).timeout(0)]);
    assert_eq!(error(&chatter).kind, ErrorKind::Timeout, "also one that never falls silent");
}

/// Whether a process is there and not just waiting to be looked at.
fn lives(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn a_child_that_holds_no_pipe_ends_with_its_step() {
    let project = Project::new();
    let told = project.apply(&[shell("a", "sleep 300 >/dev/null 2>&1 & echo $! > child", None)]);
    assert_eq!(told.end, RunEnd::Done);
    let child = std::fs::read_to_string(project.path().join("child")).unwrap();
    assert!(!lives(child.trim()));
}

#[test]
fn what_a_killed_process_left_running_is_ended_and_other_groups_are_not() {
    use std::os::unix::process::CommandExt as _;
    let state = tempfile::tempdir().unwrap();
    let group = |result: &str| {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "sleep 300 & echo $!; wait"]).process_group(0).env("THINKING_RESULT", result);
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        (child, pid, line.trim().to_owned())
    };
    let keep = |pid, result: &str| {
        std::mem::forget(crate::groups::record(state.path(), pid, std::path::Path::new(result)).unwrap());
    };
    // The program still lives; the program is gone, but not what it started; the number is another's by now.
    let (mut one, first, first_child) = group("/one");
    let (mut two, second, second_child) = group("/two");
    let (mut three, third, third_child) = group("/another");
    keep(first, "/one");
    keep(second, "/two");
    keep(third, "/three");
    for gone in [&mut two, &mut three] {
        gone.kill().unwrap();
        gone.wait().unwrap();
    }
    let waiter = std::thread::spawn(move || one.wait().unwrap());
    crate::groups::end_left(state.path());
    waiter.join().unwrap();
    let gone = |child: &str| {
        (0..100).any(|_| {
            !lives(child) || {
                std::thread::sleep(std::time::Duration::from_millis(5));
                false
            }
        })
    };
    assert!(gone(&first_child) && gone(&second_child));
    assert!(lives(&third_child));
    assert_eq!(std::fs::read_dir(state.path().join("running")).unwrap().count(), 0);
    rustix::process::kill_process_group(third, rustix::process::Signal::KILL).unwrap();
}
