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
    assert_eq!(told.lines()[1], "rerun sum (3): `epoch[4]` before it fell away");
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
    let told = project.apply(&plan(json!([{"id": 1}, {"id": 1}])));
    assert!(told.ran().is_empty(), "keys are looked at before anything runs");
    let RunEnd::Failed { error, .. } = told.end else { panic!() };
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
fn all_conditions_are_looked_at_before_any_branch_changes_what_they_see() {
    let project = Project::new();
    let untouched = || Some(program("untouched", |host| Ok(json!(host.get("data", "a")?.is_none()))));
    let branches =
        || vec![(untouched(), vec![put("one", "a", 1)]), (untouched(), vec![put("two", "a", 2)]), (None, vec![end()])];
    let plan = [choose(true, branches()), put("after", "b", 1)];
    assert_eq!(project.apply(&plan).ran(), ["one", "two", "after"]);
    assert_eq!(project.apply(&plan).end, RunEnd::Unchanged);
    let project = Project::new();
    let plan = [choose(false, branches()), put("after", "b", 1)];
    assert_eq!(project.apply(&plan).ran(), ["one", "after"]);
}

#[test]
fn a_path_inside_another_pipeline_begins_there() {
    let project = Project::new();
    let read = || {
        step("read", "read", |host| {
            let seen = [host.result("a")?.unwrap(), host.result("s/b")?.unwrap()];
            host.put("data", "seen", Datum::Json(json!(seen)))?;
            Ok(json!(null))
        })
    };
    let deep =
        |value: i64| inner("deep", vec![], vec![put("a", "a", value), stage("s", vec![put("b", "b", 2), read()])]);
    let plan = |value: i64| [put("a", "other", 7), each("n", value_of(&[1, 2]), vec![deep(value)])];
    project.apply(&plan(1));
    assert_eq!(project.get("seen").as_deref(), Some("[1,2]"));
    assert_eq!(project.apply(&plan(1)).end, RunEnd::Unchanged);
    project.apply(&plan(3));
    assert_eq!(project.get("seen").as_deref(), Some("[3,2]"));
}

fn value_of(items: &[i64]) -> std::sync::Arc<dyn thinking_step::Program> {
    value(json!(items))
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
    let store = std::sync::Arc::new(super::crashing::crashing());
    let project = Project::on(store.clone());
    let plan = [put("a", "a", 1), put("b", "b", 1), put("c", "c", 1)];
    store.fail_after(Some(2));
    let RunEnd::StoreFailed { message, help, unusable: false } = project.apply(&plan).end else { panic!() };
    assert_eq!((message.as_str(), help.is_some()), ("crash", true));
    store.fail_after(None);
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

#[test]
fn on_error_of_a_loop_concerns_an_item() {
    let project = Project::new();
    let work = |bad: i64, text: &str| {
        step("a", text, move |host| {
            let value = host.variable("v").unwrap();
            host.put("data", &format!("v{value}"), Datum::Json(value.clone()))?;
            if value == json!(bad) { Err(StepError::script("no")) } else { Ok(value) }
        })
    };
    let sum = || {
        step("sum", "sum", |host| {
            host.put("data", "sum", Datum::Json(host.sibling_result("v")?.unwrap()))?;
            Ok(json!(null))
        })
    };
    let loops = |body: Vec<Node>| [each("v", value(json!([1, 2, 3])), body).skip(), sum()];
    let plan = |bad, text: &str| loops(vec![stage("s", vec![put("first", "f", 1), work(bad, text)])]);
    let told = project.apply(&plan(2, "1"));
    assert_eq!(
        told.lines(),
        [
            "done v[1]/s/first",
            "done v[1]/s/a",
            "done v[2]/s/first",
            "passed over v[2]/s/a: no",
            "done v[3]/s/first",
            "done v[3]/s/a",
            "done sum"
        ]
    );
    assert_eq!(told.end, RunEnd::Done);
    assert_eq!(project.get("sum").as_deref(), Some("[1,null,3]"));
    assert_eq!(project.get("v2"), None);
    let ended = |told: &Told| {
        let path = |event: &Event| match event {
            Event::ContainerEnded { task, .. } => Some(task.path.to_string()),
            _ => None,
        };
        told.events.iter().filter_map(path).collect::<Vec<_>>()
    };
    assert_eq!(ended(&told), ["v[1]/s", "v[3]/s", "v"], "what failed is not told to be done");
    assert_eq!(project.apply(&plan(2, "1")).end, RunEnd::Unchanged);
    // Another pipeline position after it sees the same, also when the walk goes over what is recorded.
    let mut more = plan(2, "1").to_vec();
    more.push(put("d", "d", 1));
    assert_eq!(project.apply(&more).lines(), ["kept 7 up to sum", "done d"]);
    // A change tries again; without `skip` the failure counts.
    assert_eq!(project.apply(&plan(0, "2")).lines()[1], "rerun v[1]/s/a (7): its `rhai` changed");
    assert_eq!(project.get("sum").as_deref(), Some("[1,2,3]"));
    project.apply(&plan(2, "1"));
    let strict =
        [each("v", value(json!([1, 2, 3])), vec![stage("s", vec![put("first", "f", 1), work(2, "1")])]), sum()];
    assert!(matches!(project.apply(&strict).end, RunEnd::Failed { .. }));
    // What the loop itself cannot do is not passed over.
    let broken = [each("v", program("in", |_| Err(StepError::script("no list"))), vec![work(0, "1")]).skip()];
    assert!(matches!(project.apply(&broken).end, RunEnd::Failed { .. }));
}

#[test]
fn a_failure_that_may_not_be_passed_over_any_more_counts() {
    let project = Project::new();
    let broken = || step("a", "a", |_| Err(StepError::script("no")));
    assert_eq!(project.apply(&[broken().skip(), put("b", "b", 1)]).end, RunEnd::Done);
    let told = project.apply(&[broken(), put("b", "b", 1)]);
    assert_eq!(told.lines(), ["rerun a (2): its `on-error` changed", "failed a: no"]);
}

#[test]
fn secrets_do_not_get_into_keys_messages_reads_and_paths() {
    let mut project = Project::new();
    project.params.insert("tok", (json!("hunter2"), true));
    project.params.insert("auth", (json!("Bearer hunter2"), false));
    let tok = |how: fn(thinking_step::Value) -> thinking_step::Value| {
        program("tok", move |host| Ok(how(host.param("tok").unwrap())))
    };
    let message = |told: Told| match told.end {
        RunEnd::Failed { error, .. } => error.message,
        end => format!("{end:?}"),
    };
    let refused = "the secret `tok` must not be part of a key";
    let body = || vec![put("a", "a", 1)];
    assert_eq!(message(project.apply(&[each("v", tok(|tok| json!([tok])), body())])), refused);
    assert_eq!(message(project.apply(&[each("v", tok(|tok| json!({tok.as_str().unwrap(): 1})), body())])), refused);
    let keyed = keyed("v", value(json!([1, 2])), tok(|tok| tok), body());
    assert_eq!(message(project.apply(&[keyed])), refused);
    assert_eq!(
        message(project.apply(&[put("a", "a", 1).when(tok(|tok| tok))])),
        "`when` gives \"•••\", where true or false is needed"
    );
    assert_eq!(
        message(project.apply(&[put("a", "a", 1).when(value(json!(null)))])),
        "`when` gives (), where true or false is needed"
    );
    assert_eq!(message(project.apply(&[fail("bad hunter2")])), "bad •••");
    let read = step("a", "read", |host| {
        let path = format!("{}.txt", host.param("tok").unwrap().as_str().unwrap());
        host.permit(thinking_step::Access::Read(path.as_ref())).map(|_| json!(1))
    });
    assert_eq!(message(project.apply(&[read])), "a path made of the secret `tok` would be recorded");
    assert!(message(project.apply(&[put("a", "a", 1).input("hunter2*")])).contains("would be recorded"));
    // A parameter that was made of a secret counts without it, and is not remembered.
    let use_it = || step("a", "use", |host| Ok(json!(host.param("auth").unwrap().as_str().unwrap().len())));
    let lent = || {
        let inner_step = step("b", "lent", |host| Ok(json!(host.param("auth").is_some())));
        inner("x", vec![("auth", template(program("tok", |host| Ok(host.param("tok").unwrap()))))], vec![inner_step])
    };
    let over =
        each("v", tok(|tok| json!([{"t": tok}])), vec![step("c", "c", |host| Ok(json!(host.variable("v").is_some())))]);
    let plan = [use_it(), lent(), over];
    assert_eq!(project.apply(&plan).end, RunEnd::Done);
    let stored = |project: &Project| {
        let journal = format!("{:?}", project.store.journal(thinking_store::Seq(1), 1000).unwrap());
        let mut contents = String::new();
        for number in 0..1000 {
            if let Ok(bytes) = project.store.interned(thinking_store::InternId(number)) {
                contents.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        format!("{journal}{contents}{:?}", project.store.runs().unwrap())
    };
    let text = stored(&project);
    assert!(text.contains("Bearer •••") && !text.contains("hunter2"), "{text}");
    assert!(!text.contains(&thinking_step::digest(br#"{"t":"hunter2"}"#).to_string()));
    project.params.insert("tok", (json!("other secret"), true));
    project.params.insert("auth", (json!("Bearer other secret"), false));
    assert_eq!(project.apply(&plan).end, RunEnd::Unchanged);
    project.params.insert("auth", (json!("Basic other secret"), false));
    assert_eq!(
        project.apply(&plan).lines()[0],
        "rerun a (3): param `auth` changed from \"Bearer •••\" to \"Basic •••\""
    );
}

#[test]
fn what_is_in_a_secret_list_is_secret() {
    let mut project = Project::new();
    project.params.insert("keys", (json!(["hunter2", {"n": 123_456}]), true));
    let give = |how: fn(thinking_step::Value) -> thinking_step::Value| {
        [step("a", "a", move |host| Ok(how(host.param("keys").unwrap())))]
    };
    for how in [(|keys| keys) as fn(thinking_step::Value) -> _, |keys| json!([keys[0]]), |keys| keys[1]["n"].clone()] {
        let RunEnd::Failed { error, .. } = project.apply(&give(how)).end else { panic!() };
        assert_eq!(error.message, "the secret `keys` must not be a result: results are stored");
    }
    let told = project.apply(&[step("a", "b", |host| {
        host.log(thinking_step::LogLevel::Info, &format!("{:?}", host.param("keys")));
        Err(StepError::script(format!("bad {}", host.param("keys").unwrap())))
    })]);
    assert!(!format!("{:?}", told.events).contains("hunter2") && !format!("{:?}", told.events).contains("123456"));
}

#[test]
fn results_of_iterations_that_never_came_up_are_an_error() {
    let project = Project::new();
    let ask = |path: &'static str| {
        let told = project.apply(&[
            each("v", value(json!([1, 2])), vec![put("a", "a", 1), put("b", "b", 1).when(value(false))]),
            step("ask", path, move |host| Ok(json!(host.result(path)?))),
        ]);
        match told.end {
            RunEnd::Failed { error, .. } => error.message,
            _ => "fine".to_owned(),
        }
    };
    assert_eq!(ask("v[9]/a"), "there is no task `v[9]/a` before this");
    assert_eq!(ask("v[9]"), "there is no task `v[9]` before this");
    assert_eq!(ask("v[2]/a"), "fine");
    assert_eq!(ask("v[2]/b"), "fine", "a skipped task's result is nothing");
    let inside = step("a", "inside", |host| match host.variable("n").unwrap().as_i64().unwrap() {
        3 => host.result("n[5]/a").map(|found| json!(found)),
        _ => host.result("n[1]/a").map(|found| json!(found)),
    });
    let told = project.apply(&[each("n", value(json!({"$range": [1, 6]})), vec![inside])]);
    assert_eq!(told.lines().last().unwrap(), "failed n[3]/a: there is no task `n[5]/a` before this");
    // A loop whose keys were given by an expression.
    let key = program("key", |host| Ok(host.variable("u").unwrap()["id"].clone()));
    let inside = step("a", "keyed", |host| host.result("u[y]/a").map(|found| json!(found)));
    let told = project.apply(&[keyed("u", value(json!([{"id": "x"}, {"id": "y"}])), key, vec![inside])]);
    assert_eq!(told.lines().last().unwrap(), "failed u[x]/a: there is no task `u[y]/a` before this");
}

#[test]
fn until_something_that_never_comes_up_is_told() {
    let mut project = Project::new();
    let plan = [each("v", value(json!([1, 2])), vec![put("a", "a", 1)])];
    project.options.until = Some("v[9]".into());
    let told = project.apply(&plan);
    let warned = |told: &Told| {
        told.events.iter().any(|event| matches!(event, Event::Log { message, .. } if message == "`v[9]` never came up"))
    };
    assert_eq!((told.end.clone(), warned(&told)), (RunEnd::Done, true));
    let project =
        Project { options: crate::Options { until: Some("v[1]".into()), ..Default::default() }, ..Project::new() };
    let told = project.apply(&plan);
    assert!(!told.events.iter().any(|event| matches!(event, Event::ContainerEnded { .. })), "`v` goes on");
    assert_eq!(told.end, RunEnd::Stopped { path: "v[1]".into() });
    assert!(!warned(&told));
}

#[test]
fn until_a_task_that_never_comes_up_stops_at_the_first_that_stands_after_it() {
    let ran = |until: &str, nodes: &[Node]| {
        let project =
            Project { options: crate::Options { until: Some(until.into()), ..Default::default() }, ..Project::new() };
        let told = project.apply(nodes);
        let warned = told
            .events
            .iter()
            .any(|event| matches!(event, Event::Log { message, .. } if message == &format!("`{until}` never came up")));
        assert!(warned, "{until}");
        (told.ran().join(" "), told.end)
    };
    let stopped = |path: &str| RunEnd::Stopped { path: path.into() };
    let no = || value(false);
    let plan = [put("a", "a", 1), stage("s", vec![put("b", "b", 1)]).when(no()), put("c", "c", 1)];
    assert_eq!(ran("s/b", &plan), ("a".into(), stopped("s")));
    let plan =
        [choose(false, vec![(Some(no()), vec![put("a", "a", 1)]), (None, vec![put("b", "b", 1)])]), put("c", "c", 1)];
    assert_eq!(ran("a", &plan), (String::new(), stopped("a")));
    let items = || value(json!([1, 2]));
    let only_second = || program("second", |host| Ok(json!(host.variable("n") == Some(json!(2)))));
    let inside = || vec![stage("s", vec![put("x", "x", 1)]).when(only_second()), put("y", "y", 1)];
    let plan = [each("n", items(), inside()), put("z", "z", 1)];
    // A key that does not come up: to the end of the loop. A key whose branch is not taken: to what stands after it in that iteration.
    assert_eq!(ran("n[7]", &plan), ("n[1]/y n[2]/s/x n[2]/y".into(), stopped("n[2]/y")));
    assert_eq!(ran("n[7]/y", &plan), ("n[1]/y n[2]/s/x n[2]/y".into(), stopped("n[2]/y")));
    assert_eq!(ran("n[1]/s/x", &plan), (String::new(), stopped("n[1]/s")));
    // Without a key the next iteration may bring it.
    let project =
        Project { options: crate::Options { until: Some("n/s/x".into()), ..Default::default() }, ..Project::new() };
    let told = project.apply(&plan);
    assert_eq!((told.ran().join(" "), told.end), ("n[1]/y n[2]/s/x".into(), stopped("n[2]/s/x")));
}

#[test]
fn a_rerun_names_the_other_pipelines_that_lose_steps() {
    let mut project = Project::new();
    project.apply(&[put("a", "a", 1), put("b", "b", 1)]);
    project.pipeline = "other";
    project.apply(&[put("x", "x", 1)]);
    project.pipeline = "main";
    let told = project.apply(&[put("a", "a", 2), put("b", "b", 1)]);
    let others = told.events.iter().find_map(|event| match event {
        Event::Rerun { dropped, others, .. } => Some((*dropped, others.clone())),
        _ => None,
    });
    assert_eq!(others, Some((3, vec![("other".into(), 1)])));
}

/// A loop that becomes longer, and one in another: what lies behind is told with it.
#[test]
fn a_loop_tells_what_lies_behind() {
    let project = Project::new();
    let plan = |outer: serde_json::Value| {
        let inner = each("month", value(json!([1, 2, 3])), vec![put("sum", "a", 1)]);
        [stage("fit", vec![each("year", value(outer), vec![inner])])]
    };
    let behind = |events: &[Event]| -> Vec<(String, Option<u64>, u64)> {
        let started = events.iter().filter_map(|event| match event {
            Event::ContainerStarted { task, iterations, passed } => Some((task.path.to_string(), *iterations, *passed)),
            _ => None,
        });
        started.collect()
    };
    let told = |list: &[(&str, Option<u64>, u64)]| -> Vec<(String, Option<u64>, u64)> {
        list.iter().map(|(path, iterations, passed)| ((*path).to_owned(), *iterations, *passed)).collect()
    };
    let first = project.apply(&plan(json!([2012, 2013])));
    let all = [
        ("fit", None, 0),
        ("fit/year", Some(2), 0),
        ("fit/year[2012]/month", Some(3), 0),
        ("fit/year[2013]/month", Some(3), 0),
    ];
    assert_eq!(behind(&first.events), told(&all));
    let longer = project.apply(&plan(json!([2012, 2013, 2014])));
    let rest = [("fit", None, 0), ("fit/year", Some(3), 2), ("fit/year[2014]/month", Some(3), 0)];
    assert_eq!(behind(&longer.events), told(&rest));
}
