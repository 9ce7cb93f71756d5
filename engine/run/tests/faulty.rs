//! Steps that are made to fail, and time that tests hold in their hands.

use super::support::*;
use crate::faults::{Action, Fault, Faults};
use crate::{Clock as _, VirtualClock};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thinking_diagnostic::Code;
use thinking_event::{Event, RunEnd};
use thinking_plan::{Plan, Setting, StdoutAs, Wait};
use thinking_step::{Class, ErrorKind, StepError};

fn fit() -> Vec<Node> {
    let train = || step("train", "train", |host| Ok(host.variable("epoch").unwrap_or_default()));
    vec![
        put("load", "load", 1),
        stage(
            "fit",
            vec![each("epoch", value(json!([1, 2, "a b", "ab"])), vec![train().retry(2), put("log", "l", 1)])],
        ),
        shell("report", "echo done", Some(StdoutAs::Text)),
    ]
}

fn faults(project: &mut Project, plan: &Plan, faults: Vec<Fault>) -> Arc<Faults> {
    let faults = Arc::new(Faults::new(faults, plan).unwrap());
    project.options.faults = Some(faults.clone());
    faults
}

/// What is told of a run with these faults.
fn told(given: Vec<Fault>) -> (RunEnd, Vec<String>, Arc<Faults>) {
    let mut project = Project::new();
    let plan = project.plan(&fit());
    let faults = faults(&mut project, &plan, given);
    let told = project.apply_plan(plan);
    let lines = told.lines().into_iter().filter(|line| !line.starts_with("done")).collect();
    (told.end, lines, faults)
}

fn failing(at: &str, times: u32) -> Fault {
    Fault { action: Action::Fail { times, kind: None, message: None }, ..Fault::fail(at) }
}

#[test]
fn an_attempt_fails_and_is_tried_again() {
    let (end, lines, faults) = told(vec![Fault::fail("fit/epoch[2]/train")]);
    assert_eq!(end, RunEnd::Done);
    assert_eq!(lines, ["again fit/epoch[2]/train 1 1000"]);
    assert_eq!((faults.struck(), faults.unused().count()), (1, 0));
    let (end, lines, _) = told(vec![failing("fit/epoch[2]/train", 3)]);
    let failed = "failed fit/epoch[2]/train: the test makes it fail";
    assert_eq!(lines, ["again fit/epoch[2]/train 1 1000", "again fit/epoch[2]/train 2 1000", failed]);
    let RunEnd::Failed { task, error } = end else { panic!("{end:?}") };
    assert_eq!((&*task.path, error.kind), ("fit/epoch[2]/train", ErrorKind::Script));
}

#[test]
fn each_instance_that_is_meant_fails_so_often() {
    let all = ["again fit/epoch[1]/train 1 1000", "again fit/epoch[2]/train 1 1000"];
    let texts = ["again fit/epoch[\"a b\"]/train 1 1000", "again fit/epoch[ab]/train 1 1000"];
    let cases: [(&str, Vec<&str>); 10] = [
        ("fit/epoch/train", [all, texts].concat()),
        ("fit/epoch[*]/train", [all, texts].concat()),
        ("**/train", [all, texts].concat()),
        ("fit/*/tr*", [all, texts].concat()),
        ("**/epoch[1]/train", vec![all[0]]),
        ("fit/*[2]/train", vec![all[1]]),
        ("fit/epoch[\"a b\"]/train", vec![texts[0]]),
        ("fit/epoch[a*]/train", texts.to_vec()),
        ("fit/epoch[\"2\"]/train", vec![]),
        ("fit/epoch[7]/train", vec![]),
    ];
    for (at, expected) in cases {
        let (end, lines, faults) = told(vec![Fault::fail(at)]);
        assert_eq!(end, RunEnd::Done, "{at}");
        assert_eq!(lines, expected, "{at}");
        assert_eq!(
            faults.unused().map(|fault| &*fault.at).collect::<Vec<_>>(),
            if expected.is_empty() { vec![at] } else { vec![] }
        );
    }
}

#[test]
fn failures_are_of_the_steps_kind_or_the_one_that_is_asked_for() {
    let kind = |fault: Fault| match told(vec![fault]).0 {
        RunEnd::Failed { error, .. } => (error.kind, error.message),
        other => panic!("{other:?}"),
    };
    let usual = "the test makes it fail".to_owned();
    assert_eq!(kind(Fault::fail("load")), (ErrorKind::Script, usual.clone()));
    assert_eq!(kind(Fault::fail("report")), (ErrorKind::Exec, usual));
    let http = Action::Fail { times: 1, kind: Some(ErrorKind::Http), message: Some("no network".to_owned()) };
    assert_eq!(kind(Fault { action: http, ..Fault::fail("report") }), (ErrorKind::Http, "no network".to_owned()));
}

#[test]
fn a_failure_that_is_passed_over_stays_without_the_fault() {
    let mut project = Project::new();
    let plan = || vec![put("a", "a", 1).skip(), put("b", "b", 2)];
    let first = project.plan(&plan());
    faults(&mut project, &first, vec![Fault::fail("a")]);
    assert_eq!(project.apply_plan(first).lines(), ["passed over a: the test makes it fail", "done b"]);
    assert_eq!(project.data().into_keys().collect::<Vec<_>>(), ["b"]);
    project.options.faults = None;
    assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged);
}

#[test]
fn a_failed_run_goes_on_without_the_fault() {
    let mut project = Project::new();
    let plan = project.plan(&fit());
    faults(&mut project, &plan, vec![failing("fit/epoch[2]/log", u32::MAX)]);
    assert!(matches!(project.apply_plan(plan).end, RunEnd::Failed { .. }));
    project.options.faults = None;
    let told = project.apply(&fit());
    let rest =
        ["2]/log", "\"a b\"]/train", "\"a b\"]/log", "ab]/train", "ab]/log"].map(|step| format!("fit/epoch[{step}"));
    assert_eq!(told.ran(), [&rest[..], &["report".to_owned()]].concat());
}

#[test]
fn faults_that_cannot_be_are_found_before_anything_runs() {
    let project = Project::new();
    let plan = project.plan(&fit());
    let wrong = |fault: Fault| {
        let diagnostics = Faults::new([fault], &plan).unwrap_err();
        let found: Vec<_> = diagnostics.iter().cloned().collect();
        assert_eq!(found.len(), 1);
        (found[0].code, format!("{} | {}", found[0].message, found[0].help.clone().unwrap_or_default()))
    };
    let steps = "its steps are `load`, `fit/epoch/train`, `fit/epoch/log`, `report`";
    for (at, expected) in [
        (
            "fit/epohc/train",
            "there is no step `fit/epohc/train` in the pipeline `main` | did you mean `fit/epoch/train`?",
        ),
        ("train", "there is no step `train` in the pipeline `main` | did you mean `fit/epoch/train`?"),
        ("banana", &format!("there is no step `banana` in the pipeline `main` | {steps}")),
        (
            "fit",
            "`fit` is no step but a task with others in it | a fault is for steps: `fit/epoch/train`, or `fit/**` for all in it",
        ),
        (
            "fit/epoch[3]",
            "`fit/epoch[3]` is no step but a task with others in it | a fault is for steps: `fit/epoch/train`, or `fit/epoch/**` for all in it",
        ),
    ] {
        assert_eq!(wrong(Fault::fail(at)), (Code::UnknownTask, expected.to_owned()));
    }
    for (at, expected) in [
        ("fit[3]/epoch/train", "`fit` in `fit[3]/epoch/train` is no loop, so no iteration of it has a key | a path is"),
        ("load[1]", "`load` in `load[1]` is no loop, so no iteration of it has a key | a path is"),
        (
            "fit/epoch[3/train",
            "`fit/epoch[3/train` is no path of a step: a bracket or quote does not close | a path is",
        ),
        ("fit//train", "`fit//train` is no path of a step: a name is missing | a path is"),
        ("", "`` is no path of a step: a name is missing | a path is"),
        ("fit/{a", "`fit/{a` is no path of a step: "),
    ] {
        let (code, text) = wrong(Fault::crash(at));
        assert_eq!(code, Code::UnknownTask);
        assert!(text.starts_with(expected), "{text}");
    }
    let kind = Action::Fail { times: 1, kind: Some(ErrorKind::Store), message: None };
    let (code, text) = wrong(Fault { action: kind, ..Fault::fail("load") });
    assert_eq!(code, Code::InvalidValue);
    assert!(
        text.starts_with("no step fails with the kind `store` by itself | kinds of failures are timeout,"),
        "{text}"
    );
    assert_eq!(wrong(failing("load", 0)).0, Code::InvalidValue);
}

#[test]
fn nothing_that_waits_takes_time() {
    let mut project = Project::new();
    let clock = Arc::new(VirtualClock::still(1_000));
    project.other_clock = Some(clock.clone());
    let sleeping = step("sleep", "sleep", |host| {
        host.touch(Class::Observe, "sleep")?;
        host.pause(Duration::from_secs(7200))?;
        Ok(json!(host.now()))
    });
    let nap = shell("nap", "sleep 0.1", None).timeout(30_000);
    let plan = project.plan(&[
        wait("pause", Wait::For(Setting::Fixed(Duration::from_secs(3600)))),
        put("a", "a", 1).retry(2),
        sleeping,
        nap,
    ]);
    faults(&mut project, &plan, vec![failing("a", 2)]);
    let began = Instant::now();
    assert_eq!(project.apply_plan(plan).end, RunEnd::Done);
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(clock.now(), 1_000 + 3_600_000 + 2_000 + 7_200_000, "a wait, two pauses between tries, a sleep");
}

#[test]
fn a_sleep_ends_at_the_timeout_and_when_the_run_stops() {
    let mut project = Project::new();
    let clock = Arc::new(VirtualClock::still(0));
    project.other_clock = Some(clock.clone());
    let sleeping =
        || step("sleep", "sleep", |host| host.pause(Duration::from_secs(7200)).map(|()| json!(1))).timeout(60_000);
    let RunEnd::Failed { error, .. } = project.apply(&[sleeping()]).end else { panic!("it has no time to end") };
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(clock.now() <= 60_000, "{}", clock.now());
    let stop = project.stop.clone();
    let stopping = step("stop", "stop", move |host| {
        stop.request();
        host.pause(Duration::from_secs(7200)).map(|()| json!(1))
    });
    let told = project.apply(&[stopping]);
    assert_eq!(told.end, RunEnd::Interrupted);
    assert!(clock.now() <= 60_000, "{}", clock.now());
}

/// Programs work in real time: what the test's clock skips before and after is none of theirs.
#[test]
fn the_timeout_of_a_program_is_in_real_time() {
    let mut project = Project::new();
    project.other_clock = Some(Arc::new(VirtualClock::still(0)));
    let told = project.apply(&[
        wait("pause", Wait::For(Setting::Fixed(Duration::from_secs(3600)))),
        shell("nap", "sleep 20", None).timeout(50),
    ]);
    let RunEnd::Failed { error, .. } = told.end else { panic!("{:?}", told.end) };
    assert_eq!((error.kind, &*error.message), (ErrorKind::Timeout, "it took longer than its timeout of 50ms"));
    let took = told.events.iter().find_map(|event| match event {
        Event::RunEnded { took, .. } => Some(*took),
        _ => None,
    });
    assert!(took.is_some_and(|took| took >= 3_600_000_000));
}

#[test]
fn a_condition_that_never_holds_is_over_at_once() {
    let mut project = Project::new();
    let clock = Arc::new(VirtualClock::still(0));
    project.other_clock = Some(clock.clone());
    let never = Wait::Until { condition: value(false), timeout: Some(Setting::Fixed(Duration::from_secs(90))) };
    let told = project.apply(&[wait("ready", never)]);
    assert!(
        matches!(told.end, RunEnd::Failed { error: StepError { kind: ErrorKind::Timeout, .. }, .. }),
        "{:?}",
        told.end
    );
    assert!(clock.now() == 90_000, "{}", clock.now());
}
