//! Waits, on a clock that moves only when told to.

use super::support::*;
use crate::{Clock as _, StopSignal, Verdict};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use thinking_event::{Event, RunEnd};
use thinking_plan::{Setting, Wait};
use thinking_step::{ErrorKind, Program, StepError};
use thinking_store::Entry;

fn pause(millis: u64) -> Node {
    wait("pause", Wait::For(Setting::Fixed(Duration::from_millis(millis))))
}

fn until(condition: Arc<dyn Program>, timeout: Option<u64>) -> Node {
    let timeout = timeout.map(|timeout| Setting::Fixed(Duration::from_millis(timeout)));
    wait("ready", Wait::Until { condition, timeout })
}

/// True from the look of that number on; `at_look` sees each number.
fn looks(enough: u64, at_look: impl Fn(u64) + Send + Sync + 'static) -> (Arc<AtomicU64>, Arc<dyn Program>) {
    let count = Arc::new(AtomicU64::new(0));
    let counter = count.clone();
    let condition = program("looks", move |_| {
        let look = counter.fetch_add(1, Ordering::SeqCst) + 1;
        at_look(look);
        Ok(json!(look >= enough))
    });
    (count, condition)
}

#[test]
fn it_takes_its_time_once_and_its_length_is_no_change() {
    let project = Project::new();
    let told = project.apply(&[put("a", "a", 1), pause(3_600_000), put("b", "b", 1)]);
    assert_eq!(told.ran(), ["a", "pause", "b"]);
    assert_eq!(project.clock.now(), 3_600_000);
    let waiting = |event: &Event| matches!(event, Event::Waiting { until: Some(3_600_000), condition: false, .. });
    assert_eq!(told.events.iter().filter(|event| waiting(event)).count(), 1);
    let told = project.apply(&[put("a", "a", 1), pause(5), put("b", "b", 1)]);
    assert_eq!(told.end, RunEnd::Unchanged);
    assert_eq!(project.clock.now(), 3_600_000, "what is over is over");
    project.apply(&[put("a", "a", 2), pause(5000), put("b", "b", 1)]);
    assert_eq!(project.clock.now(), 3_605_000, "a wait after something that ran again waits again");
    let preview = project.preview(&[put("a", "a", 3), pause(5000)]);
    assert_eq!((preview.tasks[1].verdict.clone(), preview.tasks[1].wait), (Verdict::Run, true));
}

#[test]
fn no_time_is_not_recorded() {
    let project = Project::new();
    assert_eq!(project.apply(&[pause(0)]).ran(), ["pause"]);
    let entries = project.store.journal(thinking_store::Seq(0), 100).unwrap();
    assert!(!entries.iter().any(|(_, entry)| matches!(entry, Entry::Attempt { .. })));
}

#[test]
fn a_condition_is_looked_at_every_second() {
    let project = Project::new();
    let (count, condition) = looks(4, |_| {});
    let told = project.apply(&[until(condition.clone(), None)]);
    assert_eq!((told.end.clone(), count.load(Ordering::SeqCst), project.clock.now()), (RunEnd::Done, 4, 3000));
    assert_eq!(project.apply(&[until(condition, None)]).end, RunEnd::Unchanged);
    let (_, wrong) = looks(1, |_| {});
    let wrong = program("wrong", move |host| wrong.eval(host).map(|_| json!("yes")));
    let told = project.apply(&[put("a", "a", 1), until(wrong, None)]);
    assert_eq!(told.lines().last().unwrap(), "failed ready: `until` gives \"yes\", where true or false is needed");
}

#[test]
fn a_timeout_counts_from_the_first_arrival_across_interruptions() {
    let mut project = Project::new();
    let stop = project.stop.clone();
    let (_, condition) = looks(u64::MAX, move |look| {
        if look == 3 {
            stop.request();
        }
    });
    let plan = || [put("a", "a", 1), until(condition.clone(), Some(10_000)).skip(), put("b", "b", 1)];
    let told = project.apply(&plan());
    assert_eq!((told.end.clone(), project.clock.now()), (RunEnd::Interrupted, 2000));
    // It lies for seven seconds; one is left.
    project.clock.advance(Duration::from_secs(7));
    project.stop = StopSignal::default();
    let told = project.apply(&plan());
    assert_eq!(project.clock.now(), 10_000);
    assert_eq!(
        told.lines(),
        ["kept 1 up to a", "passed over ready: `until` did not become true within `timeout`", "done b"]
    );
    let kind = told.events.iter().find_map(|event| match event {
        Event::TaskFailed { error, .. } => Some(error.kind),
        _ => None,
    });
    assert_eq!(kind, Some(ErrorKind::Timeout));
}

#[test]
fn what_runs_again_before_it_makes_an_interrupted_wait_begin_anew() {
    let mut project = Project::new();
    let stop = project.stop.clone();
    let (_, condition) = looks(u64::MAX, move |look| {
        if look == 2 {
            stop.request();
        }
    });
    let plan = |value: i64| [put("a", "a", value), until(condition.clone(), Some(5_000)).skip()];
    assert_eq!(project.apply(&plan(1)).end, RunEnd::Interrupted);
    project.stop = StopSignal::default();
    project.clock.advance(Duration::from_secs(100));
    let before = project.clock.now();
    let told = project.apply(&plan(2));
    assert_eq!(told.end, RunEnd::Done);
    assert_eq!(project.clock.now() - before, 5_000);
}

#[test]
fn a_container_s_timeout_ends_a_wait() {
    let project = Project::new();
    let told = project.apply(&[stage("all", vec![pause(60_000)]).timeout(5_000)]);
    assert_eq!(told.lines(), ["failed all: `all` took longer than its timeout of 5s"]);
    assert_eq!(project.clock.now(), 5_000);
}

#[test]
fn what_steps_took_is_known_afterwards() {
    let project = Project::new();
    let expected = || {
        let expected = crate::expected(&*project.store, "main", "main").unwrap();
        let steps = expected.steps.iter().map(|(path, step)| (path.to_string(), step.instances, step.mean));
        steps.collect::<Vec<_>>()
    };
    assert_eq!(expected(), []);
    let plan = |last: i64| {
        let items = value(json!({ "$range": [1, last + 1] }));
        [each("n", items, vec![pause(2000)]), put("b", "b", 1)]
    };
    project.apply(&plan(3));
    let known = [("b".to_owned(), 1, 0), ("n/pause".to_owned(), 3, 2_000_000)];
    assert_eq!(expected(), known);
    // A run that fails early forgets nothing.
    let told = project.apply(&[plan(1)[0].clone(), fail("no")]);
    assert!(matches!(told.end, RunEnd::Failed { .. }));
    assert_eq!(expected(), known);
    project.apply(&plan(2));
    assert_eq!(expected()[1], ("n/pause".to_owned(), 2, 2_000_000));
}

#[test]
fn a_container_s_timeout_ends_the_pause_before_another_try() {
    let project = Project::new();
    let busy = step("ask", "ask", |_| {
        let mut error = StepError::new(ErrorKind::Http, "429");
        error.retry_after = Some(Duration::from_secs(3600));
        Err(error)
    });
    let told = project.apply(&[stage("all", vec![busy.retry(3)]).timeout(5_000)]);
    assert_eq!(told.lines(), ["again all/ask 1 3600000", "failed all: `all` took longer than its timeout of 5s"]);
    assert_eq!(project.clock.now(), 5_000);
}

#[test]
fn a_wait_that_took_too_long_begins_anew() {
    let project = Project::new();
    let (_, never) = looks(u64::MAX, |_| {});
    let plan = [until(never, Some(5_000))];
    for round in 1..=2 {
        assert_eq!(project.apply(&plan).lines(), ["failed ready: `until` did not become true within `timeout`"]);
        assert_eq!(project.clock.now(), round * 5_000);
    }
}
