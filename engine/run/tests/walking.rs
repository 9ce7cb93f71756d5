//! What runs, what is kept, and why.

use super::support::*;
use serde_json::json;
use thinking_event::{Event, RunEnd};
use thinking_step::{Datum, StepError};

#[test]
fn a_stage_with_two_steps_runs_once() {
    let project = Project::new();
    let plan = [stage("prepare", vec![put("count", "a", 1), put("sum", "b", 2)])];
    let first = project.apply(&plan);
    assert_eq!(first.end, RunEnd::Done);
    assert_eq!(first.ran(), ["prepare/count", "prepare/sum"]);
    assert_eq!(project.data(), [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())].into());
    let kinds: Vec<&str> = first.events.iter().map(kind).collect();
    let expected = [
        "run started",
        "container started",
        "step started",
        "step done",
        "step started",
        "step done",
        "container ended",
        "run ended",
    ];
    assert_eq!(kinds, expected);
    let second = project.apply(&plan);
    assert_eq!(second.end, RunEnd::Unchanged);
    assert_eq!(second.events.iter().map(kind).collect::<Vec<_>>(), ["run ended"]);
    assert_eq!(project.store.runs().unwrap().len(), 1, "nothing was to be done, so no run is recorded");
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::RunStarted { .. } => "run started",
        Event::ContainerStarted { .. } => "container started",
        Event::ContainerEnded { .. } => "container ended",
        Event::StepStarted { .. } => "step started",
        Event::StepDone { .. } => "step done",
        Event::RunEnded { .. } => "run ended",
        _ => "other",
    }
}

#[test]
fn a_changed_step_and_what_follows_run_again() {
    let project = Project::new();
    project.apply(&[put("a", "a", 1), put("b", "b", 1), put("c", "c", 1)]);
    let told = project.apply(&[put("a", "a", 1), put("b", "b", 2), put("c", "c", 1)]);
    assert_eq!(told.lines(), ["kept 1 up to a", "rerun b (2): its `rhai` changed", "done b", "done c"]);
    assert_eq!(project.get("b").as_deref(), Some("2"));
    let again = project.apply(&[put("a", "a", 1), put("b", "b", 2), put("c", "c", 1)]);
    assert_eq!(again.end, RunEnd::Unchanged);
}

#[test]
fn a_task_that_is_gone_takes_its_writes_along() {
    let project = Project::new();
    project.apply(&[put("a", "a", 1), put("b", "b", 1)]);
    let told = project.apply(&[put("a", "a", 1)]);
    assert_eq!(told.lines(), ["kept 1 up to a", "rerun b (1): it is not part of the pipeline any more"]);
    assert_eq!(told.end, RunEnd::Done);
    assert_eq!(project.get("b"), None);
    project.apply(&[put("x", "x", 1), put("a", "a", 1)]);
    let told = project.apply(&[put("a", "a", 1)]);
    assert_eq!(told.lines(), ["rerun a (2): `x` before it is gone", "done a"]);
}

#[test]
fn a_parameter_that_was_read_counts_and_others_do_not() {
    let mut project = Project::new();
    project.params.insert("epochs", (json!(20), false));
    project.params.insert("other", (json!(1), false));
    let read = || step("a", "read", |host| Ok(host.param("epochs").unwrap()));
    project.apply(&[read()]);
    project.params.insert("other", (json!(2), false));
    assert_eq!(project.apply(&[read()]).end, RunEnd::Unchanged);
    project.params.insert("epochs", (json!(25), false));
    assert_eq!(project.apply(&[read()]).lines(), ["rerun a (1): param `epochs` changed from 20 to 25", "done a"]);
}

#[test]
fn loops_name_their_iterations_and_give_lists() {
    let project = Project::new();
    let train = || step("train", "train", |host| Ok(json!(host.variable("epoch").unwrap().as_i64().unwrap() * 10)));
    let sum = || step("sum", "sum", |host| Ok(host.sibling_result("epoch")?.unwrap()));
    let check = || {
        step("check", "check", |host| {
            host.put("data", "list", Datum::Json(host.result("sum")?.unwrap()))?;
            host.put("data", "one", Datum::Json(host.result("epoch[3]/train")?.unwrap()))?;
            Ok(json!(null))
        })
    };
    let plan = |last: i64| [each("epoch", value(json!({"$range": [1, last + 1]})), vec![train()]), sum(), check()];
    let told = project.apply(&plan(3));
    assert_eq!(told.ran(), ["epoch[1]/train", "epoch[2]/train", "epoch[3]/train", "sum", "check"]);
    assert_eq!(project.get("list").as_deref(), Some("[10,20,30]"));
    assert_eq!(project.get("one").as_deref(), Some("30"));
    let told = project.apply(&plan(4));
    assert_eq!(told.lines()[..2], ["kept 3 up to epoch[3]/train", "rerun epoch[4]/train (2): it is new"]);
    assert_eq!(project.get("list").as_deref(), Some("[10,20,30,40]"));
    let told = project.apply(&plan(3));
    assert_eq!(told.lines()[1], "rerun sum (3): its place in the order changed: `epoch[4]/train` was before it");
}

#[test]
fn keys_of_iterations_must_differ() {
    let project = Project::new();
    let key = program("key", |host| Ok(host.variable("url").unwrap()["id"].clone()));
    let work = || step("check", "check", |host| Ok(host.variable("url").unwrap()["size"].clone()));
    let plan = |items| [keyed("url", value(items), key.clone(), vec![work()])];
    let told = project.apply(&plan(json!([{"id": "a/b", "size": 1}, {"id": "c", "size": 2}])));
    assert_eq!(told.ran(), ["url[\"a/b\"]/check", "url[c]/check"]);
    let told = project.apply(&plan(json!([{"id": "a/b", "size": 1}, {"id": "c", "size": 3}])));
    assert_eq!(
        told.lines(),
        ["kept 1 up to url[\"a/b\"]/check", "rerun url[c]/check (1): `url` is another one", "done url[c]/check"]
    );
    let RunEnd::Failed { error, .. } = project.apply(&plan(json!([{"id": 1}, {"id": 1}]))).end else { panic!() };
    assert_eq!(error.message, "two elements have the key 1; the keys of an `each` must differ");
}

#[test]
fn repeat_ends_when_enough_and_fails_at_its_maximum() {
    let project = Project::new();
    let score = || step("score", "score", |host| Ok(host.variable("round").unwrap()));
    let until = |enough: i64| {
        program(&enough.to_string(), move |host| {
            Ok(json!(host.sibling_result("score")?.unwrap().as_i64().unwrap() >= enough))
        })
    };
    let told = project.apply(&[repeat("round", until(3), Some(5), vec![score()])]);
    assert_eq!(told.ran(), ["round[1]/score", "round[2]/score", "round[3]/score"]);
    let told = project.apply(&[repeat("round", until(9), Some(5), vec![score()])]);
    assert_eq!(
        told.lines().last().unwrap(),
        "failed round: `until` is still not true after 5 iterations, the `max` of this `repeat`"
    );
}

#[test]
fn choose_takes_the_first_branch_that_holds_or_every_one() {
    let project = Project::new();
    let yes = || Some(value(true));
    let branches = |first: bool| {
        vec![
            (Some(value(first)), vec![put("a", "a", 1)]),
            (yes(), vec![put("b", "b", 1)]),
            (None, vec![put("c", "c", 1)]),
        ]
    };
    assert_eq!(project.apply(&[choose(false, branches(true))]).ran(), ["a"]);
    let told = project.apply(&[choose(false, branches(false))]);
    assert_eq!(told.lines(), ["rerun b (1): it is new", "done b"]);
    assert_eq!(project.get("a"), None);
    assert_eq!(project.apply(&[choose(true, branches(true))]).ran(), ["a", "b"]);
    assert_eq!(
        project.apply(&[choose(false, vec![(Some(value(false)), vec![]), (None, vec![put("c", "c", 1)])])]).ran(),
        ["c"]
    );
}

#[test]
fn end_ends_the_pipeline_that_it_is_written_in() {
    let project = Project::new();
    let plan = [
        inner("other", vec![], vec![put("a", "a", 1), stage("s", vec![end(), put("b", "b", 1)]), put("c", "c", 1)]),
        put("d", "d", 1),
        end(),
        put("e", "e", 1),
    ];
    assert_eq!(project.apply(&plan).ran(), ["other/a", "d"]);
}

#[test]
fn another_pipeline_sees_its_own_parameters() {
    let mut project = Project::new();
    project.params.insert("lr", (json!(1), false));
    let read = || step("a", "a", |host| Ok(host.param("lr").unwrap()));
    let sum = || {
        step("sum", "sum", |host| {
            let list = json!([host.sibling_result("x")?, host.sibling_result("y")?, host.param("lr")]);
            host.put("data", "sum", Datum::Json(list))?;
            Ok(json!(null))
        })
    };
    let twice = || program("lr * 2", |host| Ok(json!(host.param("lr").unwrap().as_i64().unwrap() * 2)));
    let plan = || [inner("x", vec![("lr", template(twice()))], vec![read()]), inner("y", vec![], vec![read()]), sum()];
    project.apply(&plan());
    assert_eq!(project.get("sum").as_deref(), Some("[2,1,1]"));
    assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged);
    project.params.insert("lr", (json!(3), false));
    assert_eq!(project.apply(&plan()).lines()[0], "rerun x/a (3): param `lr` changed from 2 to 6");
    assert_eq!(project.get("sum").as_deref(), Some("[6,3,3]"));
}

#[test]
fn decisions_see_the_data_and_only_steps_write() {
    let project = Project::new();
    let when = || program("a > 0", |host| Ok(json!(host.get("data", "a")?.is_some())));
    let plan = || [put("b", "b", 1).when(when()), put("a", "a", 1), put("c", "c", 1).when(when())];
    let told = project.apply(&plan());
    assert_eq!(told.lines(), ["done a", "done c"]);
    assert_eq!(project.apply(&plan()).end, RunEnd::Unchanged);
    let write = program("write", |host| host.put("data", "x", Datum::Json(json!(1))).map(|()| json!(true)));
    let told = project.apply(&[put("a", "a", 2).when(write)]);
    assert!(told.lines()[0].starts_with("failed a: `data` is read-only here"), "{:?}", told.lines());
}

#[test]
fn a_failed_run_goes_on_where_it_failed() {
    let project = Project::new();
    let broken = || step("b", "broken", |_| Err(StepError::script("no")));
    let told = project.apply(&[put("a", "a", 1), broken(), put("c", "c", 1)]);
    assert_eq!(told.lines(), ["done a", "failed b: no"]);
    let RunEnd::Failed { task, error } = told.end else { panic!() };
    assert_eq!((&*task.path, error.message.as_str()), ("b", "no"));
    let told = project.apply(&[put("a", "a", 1), put("b", "b", 1), put("c", "c", 1)]);
    assert_eq!(told.lines(), ["kept 1 up to a", "done b", "done c"]);
    assert!(matches!(told.events[0], Event::RunStarted { resumed: true, .. }));
    assert_eq!(project.store.runs().unwrap().len(), 1, "it is the same run");
}

#[test]
fn failures_that_are_passed_over_stay_so_until_something_changes() {
    let project = Project::new();
    let broken = |text: &str| {
        step("b", text, |host| {
            host.put("data", "b", Datum::Json(json!(1)))?;
            Err(StepError::script("no"))
        })
    };
    let plan = |text: &str| [put("a", "a", 1), broken(text).skip(), put("c", "c", 1)];
    let told = project.apply(&plan("1"));
    assert_eq!(told.lines(), ["done a", "passed over b: no", "done c"]);
    assert_eq!((told.end, project.get("b")), (RunEnd::Done, None));
    assert_eq!(project.apply(&plan("1")).end, RunEnd::Unchanged);
    assert_eq!(project.apply(&plan("2")).lines()[1], "rerun b (2): its `rhai` changed");
    // The same for a container: what was done in it before stays.
    let inside = |text: &str| {
        [stage("s", vec![put("a", "a", 2), stage("t", vec![broken(text), put("x", "x", 1)])]).skip(), put("c", "c", 1)]
    };
    let told = project.apply(&inside("1"));
    assert_eq!(told.lines()[1..], ["done s/a", "passed over s/t/b: no", "done c"]);
    assert_eq!(project.apply(&inside("1")).end, RunEnd::Unchanged);
    let mut more = inside("1").to_vec();
    more.push(put("d", "d", 1));
    assert_eq!(project.apply(&more).lines(), ["kept 3 up to c", "done d"]);
    more[0] = inside("2")[0].clone();
    assert_eq!(project.apply(&more).lines()[1..3], ["rerun s/t/b (3): its `rhai` changed", "passed over s/t/b: no"]);
}

#[test]
fn retries_pause_and_count() {
    let project = Project::new();
    let tries = || {
        step("a", "a", |host| match host.task().attempt {
            3 => Ok(json!(3)),
            number => Err(StepError::script(format!("try {number}"))),
        })
    };
    let told = project.apply(&[tries().retry(2)]);
    assert_eq!(told.lines(), ["again a 1 1000", "again a 2 1000", "done a"]);
    let Some(Event::RunEnded { counts, .. }) = told.events.last() else { panic!() };
    assert_eq!((counts.done, counts.retried), (1, 2));
    let project = Project::new();
    assert_eq!(project.apply(&[tries().retry(1)]).lines().last().unwrap(), "failed a: try 2");
    assert_eq!(project.apply(&[fail("because")]).lines().last().unwrap(), "failed main: because");
}

#[test]
fn parts_of_a_pipeline_run_on_demand() {
    let mut project = Project::new();
    let plan = [put("a", "a", 1), stage("s", vec![put("b", "b", 1), put("c", "c", 1)]), put("d", "d", 1)];
    project.options.from = Some("s/c".into());
    let error = project.try_apply(&plan).unwrap_err();
    assert_eq!(error.to_string(), "`a` stands before what was asked for and is not done: it is not done yet");
    assert_eq!(project.store.runs().unwrap().len(), 0);
    project.options = crate::Options { until: Some("s".into()), ..Default::default() };
    let told = project.apply(&plan);
    assert_eq!(
        (told.ran(), told.end),
        (vec!["a".into(), "s/b".into(), "s/c".into()], RunEnd::Stopped { path: "s".into() })
    );
    project.options = crate::Options { only: Some("s/b".into()), ..Default::default() };
    let told = project.apply(&plan);
    assert_eq!(told.lines(), ["kept 1 up to a", "rerun s/b (2): it was asked for", "done s/b"]);
    assert_eq!(told.end, RunEnd::Stopped { path: "s/b".into() });
    project.options = Default::default();
    assert_eq!(project.apply(&plan).lines(), ["kept 2 up to s/b", "done s/c", "done d"]);
    project.options.from = Some("s".into());
    assert_eq!(project.apply(&plan).ran(), ["s/b", "s/c", "d"]);
    project.options.from = Some("nowhere".into());
    assert!(matches!(project.try_apply(&plan), Err(crate::ApplyError::UnknownPath { .. })));
    project.options = crate::Options { fresh: true, ..Default::default() };
    assert_eq!(project.apply(&plan).ran(), ["a", "s/b", "s/c", "d"]);
}

#[test]
fn steps_that_run_every_time_accumulate() {
    let project = Project::new();
    let count = || {
        step("count", "count", |host| {
            let Some(Datum::Json(old)) = host.get("data", "n")?.or(Some(Datum::Json(json!(0)))) else { panic!() };
            host.put("data", "n", Datum::Json(json!(old.as_i64().unwrap() + 1)))?;
            Ok(json!(null))
        })
        .always()
    };
    let plan = |first: i64| [put("a", "a", first), count(), put("c", "c", 1)];
    project.apply(&plan(1));
    assert_eq!(
        project.apply(&plan(1)).lines(),
        ["kept 1 up to a", "rerun count (1): it runs every time", "done count", "done c"]
    );
    assert_eq!(project.get("n").as_deref(), Some("2"));
    // A change before it does not lose what it gathered.
    project.apply(&plan(2));
    assert_eq!((project.get("n").as_deref(), project.get("a").as_deref()), (Some("3"), Some("2")));
    project.apply(&plan(2));
    assert_eq!(project.get("n").as_deref(), Some("4"));
}

#[test]
fn secrets_are_neither_stored_nor_told() {
    let mut project = Project::new();
    project.params.insert("token", (json!("hunter2"), true));
    let use_it = |how: fn(
        &std::sync::Arc<dyn thinking_step::Host>,
        thinking_step::Value,
    ) -> Result<thinking_step::Value, StepError>| {
        [step("a", "a", move |host| how(host, host.param("token").unwrap()))]
    };
    let message = |told: Told| match told.end {
        RunEnd::Failed { error, .. } => error.message,
        end => format!("{end:?}"),
    };
    assert_eq!(
        message(project.apply(&use_it(|_, token| Ok(token)))),
        "the secret `token` must not be a result: results are stored"
    );
    let stored = use_it(|host, token| host.put("data", "x", Datum::Json(token)).map(|()| json!(1)));
    assert_eq!(message(project.apply(&stored)), "the secret `token` must not be stored in `data`");
    assert_eq!(
        message(project.apply(&use_it(|_, token| Err(StepError::script(format!("bad {token}")))))),
        "bad \"•••\""
    );
    assert_eq!(project.apply(&use_it(|_, _| Ok(json!(1)))).end, RunEnd::Done);
    project.params.insert("token", (json!("other"), true));
    assert_eq!(project.apply(&use_it(|_, _| Ok(json!(1)))).end, RunEnd::Unchanged);
}

#[test]
fn pipelines_on_one_line_build_on_each_other() {
    let mut project = Project::new();
    let sum = || {
        step("sum", "sum", |host| {
            let Some(Datum::Json(a)) = host.get("data", "a")? else { return Err(StepError::script("no a")) };
            host.put("data", "sum", Datum::Json(json!(a.as_i64().unwrap() + 1)))?;
            Ok(json!(null))
        })
    };
    project.apply(&[put("a", "a", 1)]);
    project.pipeline = "second";
    project.apply(&[sum(), put("x", "x", 1)]);
    assert_eq!(project.get("sum").as_deref(), Some("2"));
    // A change in the second leaves the first alone.
    assert_eq!(
        project.apply(&[sum(), put("x", "x", 2)]).lines(),
        ["kept 1 up to sum", "rerun x (1): its `rhai` changed", "done x"]
    );
    project.pipeline = "main";
    assert_eq!(project.apply(&[put("a", "a", 1)]).end, RunEnd::Unchanged);
    // A change in the first takes along what was built on it.
    assert_eq!(project.apply(&[put("a", "a", 5)]).lines(), ["rerun a (3): its `rhai` changed", "done a"]);
    assert_eq!(project.get("sum"), None);
    project.pipeline = "second";
    assert_eq!(project.apply(&[sum(), put("x", "x", 2)]).ran(), ["sum", "x"]);
    assert_eq!(project.get("sum").as_deref(), Some("6"));
}

#[test]
fn a_broken_store_ends_the_run_and_says_what_to_do() {
    let store = std::sync::Arc::new(super::crashing::CrashingStore::new());
    let project = Project::on(store.clone());
    let plan = [put("a", "a", 1), put("b", "b", 1), put("c", "c", 1)];
    store.crash_after(Some(2));
    let RunEnd::StoreFailed { message, help } = project.apply(&plan).end else { panic!() };
    assert_eq!((message.as_str(), help.is_some()), ("crash", true));
    store.crash_after(None);
    assert_eq!(project.apply(&plan).lines(), ["kept 1 up to a", "done b", "done c"]);
    assert_eq!(project.store.runs().unwrap().len(), 1);
}

#[test]
fn what_a_step_reads_of_its_own_writes_is_what_it_wrote() {
    let project = Project::new();
    let scan = |host: &std::sync::Arc<dyn thinking_step::Host>, limit| -> Result<String, StepError> {
        let rows = host.scan("data", "k", Some("k1"), limit)?;
        Ok(rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(" "))
    };
    let fill = step("fill", "fill", |host| {
        (1..=6).try_for_each(|at| host.put("data", &format!("k{at}"), Datum::Json(json!(at))))?;
        Ok(json!(null))
    });
    let change = step("change", "change", move |host| {
        host.delete("data", "k3")?;
        host.put("data", "k25", Datum::Blob(vec![1]))?;
        host.put("data", "k9", Datum::Json(json!(9)))?;
        let seen = json!([scan(host, 100)?, scan(host, 3)?, host.delete("data", "k3")?]);
        host.clear("data")?;
        host.put("data", "seen", Datum::Json(seen))?;
        Ok(json!(scan(host, 100)?))
    });
    project.apply(&[fill, change]);
    assert_eq!(
        project.data().into_iter().collect::<Vec<_>>(),
        [("seen".to_owned(), r#"["k2 k25 k4 k5 k6 k9","k2 k25 k4",false]"#.to_owned())]
    );
}
