//! States: saved with the step, restored when something else is recorded.

use crate::bench::{call, create, engine, host};
use crate::words::Seen;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking::prelude::State;
use thinking_step::testing::MemoryHost;
use thinking_step::{Component, Datum, ErrorKind, Host, StepError, VariableKind};

type Data = BTreeMap<String, BTreeMap<String, Datum>>;

fn component() -> Arc<dyn Component> {
    let kv = engine("words", VariableKind::Kv("words".into()));
    create("text.split", "model", json!({}), vec![kv]).expect("it is created")
}

/// Calls inside of an attempt that finds `data` recorded; gives the results and what is recorded then.
fn attempt(
    component: &Arc<dyn Component>,
    data: &Data,
    succeeds: bool,
    calls: &[(&str, Value)],
) -> (Vec<Result<Value, StepError>>, Data) {
    let own = host();
    *own.data.lock().expect("it is ours") = data.clone();
    let own = Arc::new(own);
    let shared: Arc<dyn Host> = own.clone();
    let results = calls.iter().map(|(name, arguments)| ask(component, name, arguments.clone(), &shared)).collect();
    own.end(succeeds).expect("it is saved");
    let left = own.data.lock().expect("it is ours").clone();
    (results, if succeeds { left } else { data.clone() })
}

fn ask(component: &Arc<dyn Component>, name: &str, arguments: Value, host: &Arc<dyn Host>) -> Result<Value, StepError> {
    call(component, "text.split", name, arguments, host)
}

fn learn(text: &str) -> (&'static str, Value) {
    ("learn", json!({ "text": text }))
}

fn count() -> (&'static str, Value) {
    ("count", json!({}))
}

#[test]
fn what_a_step_changed_is_saved_and_restored_elsewhere() {
    let first = component();
    let (results, data) = attempt(&first, &Data::new(), true, &[learn("a b a"), count()]);
    assert_eq!(results, [Ok(json!(2)), Ok(json!(3))]);
    let Some(Datum::Blob(bytes)) = data["model"].get("seen") else { panic!("{data:?}") };
    let kept: Seen = rmp_serde::from_slice(bytes).expect("it is MessagePack");
    assert_eq!(kept.words, [("a".to_owned(), 2), ("b".to_owned(), 1)].into());
    // Another process.
    let (results, same) = attempt(&component(), &data, true, &[count()]);
    assert_eq!((results, &same), (vec![Ok(json!(3))], &data));
    // The same one goes on with what is in memory.
    let (results, _) = attempt(&first, &data, true, &[learn("c"), count()]);
    assert_eq!(results, [Ok(json!(3)), Ok(json!(4))]);
}

#[test]
fn what_a_failed_step_changed_is_forgotten() {
    let model = component();
    let (_, data) = attempt(&model, &Data::new(), true, &[learn("a")]);
    let (results, data) = attempt(&model, &data, false, &[learn("b c"), count()]);
    assert_eq!(results[1], Ok(json!(3)));
    let (results, _) = attempt(&model, &data, true, &[count()]);
    assert_eq!(results, [Ok(json!(1))]);
    // Also where nothing was recorded before.
    let model = component();
    attempt(&model, &Data::new(), false, &[learn("b c")]);
    let (results, _) = attempt(&model, &Data::new(), true, &[count()]);
    assert_eq!(results, [Ok(json!(0))]);
}

#[test]
fn a_host_that_vanishes_commits_nothing() {
    let model = component();
    let shared: Arc<dyn Host> = Arc::new(host());
    ask(&model, "learn", json!({ "text": "a b" }), &shared).expect("it learns");
    drop(shared);
    let (results, _) = attempt(&model, &Data::new(), true, &[count()]);
    assert_eq!(results, [Ok(json!(0))]);
}

#[test]
fn memory_follows_what_is_recorded() {
    let model = component();
    let (_, one) = attempt(&model, &Data::new(), true, &[learn("a")]);
    let (_, two) = attempt(&model, &one, true, &[learn("b")]);
    for (data, expected) in [(&one, 1), (&two, 2), (&Data::new(), 0), (&two, 2)] {
        let (results, _) = attempt(&model, data, true, &[count()]);
        assert_eq!(results, [Ok(json!(expected))], "after a rollback");
    }
}

#[test]
fn looking_writes_nothing_and_neither_does_a_change_to_the_same() {
    let model = component();
    let (_, data) = attempt(&model, &Data::new(), true, &[count()]);
    assert_eq!(data, Data::new());
    let (_, data) = attempt(&model, &data, true, &[learn("a")]);
    let own = host();
    *own.data.lock().expect("it is ours") = data;
    let own = Arc::new(own);
    let shared: Arc<dyn Host> = own.clone();
    ask(&model, "learn", json!({ "text": "a", "times": 0 }), &shared).expect("it changes nothing");
    own.data.lock().expect("it is ours").clear();
    own.end(true).expect("there is nothing to save");
    assert!(own.data.lock().expect("it is ours").is_empty(), "it was not written again");
}

#[test]
fn only_steps_change_it() {
    let mut own = host();
    own.writable = false;
    let shared: Arc<dyn Host> = Arc::new(own);
    let told = ask(&component(), "learn", json!({ "text": "a" }), &shared).expect_err("it is refused");
    assert_eq!(told.message, "the state of `model` can be changed only in a step");
    assert_eq!(ask(&component(), "count", json!({}), &shared), Ok(json!(0)));
}

#[test]
fn a_thread_that_would_wait_for_itself_is_told() {
    let model = component();
    let (results, _) =
        attempt(&model, &Data::new(), true, &[("twice", json!({})), ("forget_all", json!({})), learn("a")]);
    let message = |at: usize| results[at].as_ref().expect_err("it is refused").message.clone();
    assert_eq!(message(0), "the state of `model` cannot be changed while it is being read here");
    assert_eq!(message(1), "the state of `model` cannot be read while it is being changed here");
    assert_eq!(results[2], Ok(json!(1)), "and it can be used after that");
}

#[test]
fn what_cannot_be_read_is_told() {
    let mut data = Data::new();
    data.entry("model".into()).or_default().insert("seen".into(), Datum::Blob(vec![0x93, 1, 2]));
    let (results, _) = attempt(&component(), &data, false, &[count(), count()]);
    for told in results {
        let told = told.expect_err("it cannot be read");
        assert!(
            told.message.starts_with("the recorded state `seen` of `model` cannot be read by this version: "),
            "{told}"
        );
        assert_eq!(told.help.as_deref(), Some("give new fields `#[serde(default)]`, or start over with `--fresh`"));
    }
}

#[test]
fn two_steps_at_once_do_not_see_each_other() {
    let model = component();
    let at = |path: &str| {
        let mut own = host();
        own.path = path.into();
        Arc::new(own)
    };
    let (one, other) = (at("one"), at("other"));
    let share = |host: &Arc<MemoryHost>| -> Arc<dyn Host> { host.clone() };
    // Both may look.
    assert_eq!(ask(&model, "count", json!({}), &share(&one)), Ok(json!(0)));
    assert_eq!(ask(&model, "count", json!({}), &share(&other)), Ok(json!(0)));
    // Nobody changes it under the eyes of another.
    let told = ask(&model, "learn", json!({ "text": "a" }), &share(&one)).expect_err("the other one looks");
    assert_eq!(told.kind, ErrorKind::Conflict);
    assert_eq!(told.message, "another step uses the state of `model` at the same time");
    other.end(true).expect("there is nothing to save");
    assert_eq!(ask(&model, "learn", json!({ "text": "a" }), &share(&one)), Ok(json!(1)));
    // And nobody sees what is not recorded.
    let told = ask(&model, "count", json!({}), &share(&other)).expect_err("one changes it");
    assert_eq!(told.kind, ErrorKind::Conflict);
    one.end(true).expect("it is saved");
    *other.data.lock().expect("it is ours") = one.data.lock().expect("it is ours").clone();
    assert_eq!(ask(&model, "count", json!({}), &share(&other)), Ok(json!(1)));
}

#[test]
fn without_a_component_it_is_plain_memory() {
    let state = State::<Vec<u32>>::default();
    state.write().expect("it can be changed").push(3);
    assert_eq!(*state.read().expect("it can be read"), [3]);
}
