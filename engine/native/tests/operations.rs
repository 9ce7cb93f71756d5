//! Calls of operations.

use crate::bench::{call, create, engine, host, provided};
use crate::words::Tokenizer;
use serde_json::{Value, json};
use std::any::TypeId;
use std::sync::Arc;
use thinking_step::{Component, ErrorKind, Host, StepError, Supplied, VariableKind};

fn split(config: Value) -> Arc<dyn Component> {
    create("text.split", "words", config, vec![engine("words", VariableKind::Kv("words".into()))])
        .expect("it is created")
}

fn everything() -> Arc<dyn Component> {
    let letters = create("each-letter", "letters", json!({}), vec![]).expect("it is created");
    let words = split(json!({}));
    let all =
        Supplied::Many(vec![provided("letters", "each-letter", &letters), provided("words", "text.split", &words)]);
    let dependencies = vec![
        all,
        Supplied::One(provided("letters", "each-letter", &letters)),
        engine("params", VariableKind::Params(vec![])),
        engine("facets", VariableKind::Facets(vec![])),
        engine("run", VariableKind::Run),
    ];
    create("everything", "everything", json!({}), dependencies).expect("it is created")
}

fn ask(operation: &str, arguments: Value) -> Result<Value, StepError> {
    let mut host = host();
    host.params.insert("epochs".into(), json!(3));
    host.params.insert("none".into(), Value::Null);
    host.facets.push("gpu".into());
    let host: Arc<dyn Host> = Arc::new(host);
    call(&everything(), "everything", operation, arguments, &host)
}

#[test]
fn configuration_decides_and_values_come_and_go() {
    let host: Arc<dyn Host> = Arc::new(host());
    let plain = split(json!({}));
    assert_eq!(call(&plain, "text.split", "split", json!({ "text": "A b" }), &host), Ok(json!(["A", "b"])));
    let other = split(json!({ "lower-case": true, "separator": "-" }));
    assert_eq!(call(&other, "text.split", "split", json!({ "text": "A-b" }), &host), Ok(json!(["a", "b"])));
    assert_eq!(call(&other, "text.split", "separator", json!({}), &host), Ok(json!("-")));
    assert_eq!(ask("scaled", json!({ "numbers": [1, 2.5], "options": { "scale": 2 } })), Ok(json!([2.0, 5.0])));
    assert_eq!(ask("reversed", json!({ "bytes": [1, 2, 255] })), Ok(json!([255, 2, 1])));
    assert_eq!(ask("or_nobody", json!({})), Ok(json!("nobody")));
    assert_eq!(ask("or_nobody", json!({ "name": null })), Ok(json!("nobody")));
    assert_eq!(ask("or_nobody", json!({ "name": "Ada" })), Ok(json!("Ada")));
}

#[test]
fn dependencies_are_what_was_wired() {
    assert_eq!(ask("names", json!({})), Ok(json!(["letters", "words"])));
    assert_eq!(ask("first-of-each", json!({ "text": "ab cd" })), Ok(json!(["a", "ab"])));
    assert_eq!(ask("has_letters", json!({})), Ok(json!(true)));
    assert_eq!(
        ask("surroundings", json!({})),
        Ok(json!({ "epochs": 3, "none": null, "gpu": true, "started": "2026-01-01T00:00:00Z" }))
    );
    let nothing = vec![
        Supplied::Many(vec![]),
        Supplied::Nothing,
        engine("params", VariableKind::Params(vec![])),
        engine("facets", VariableKind::Facets(vec![])),
        engine("run", VariableKind::Run),
    ];
    let alone = create("everything", "alone", json!({}), nothing).expect("it is created");
    let host: Arc<dyn Host> = Arc::new(host());
    assert_eq!(call(&alone, "everything", "has_letters", json!({}), &host), Ok(json!(false)));
}

#[test]
fn what_does_not_fit_is_refused() {
    let message = |result: Result<Arc<dyn Component>, StepError>| result.err().expect("it is refused").message;
    let kv = || engine("words", VariableKind::Kv("words".into()));
    assert_eq!(
        message(create("text.split", "words", json!({ "lowercase": true }), vec![kv()])),
        "`text.split` cannot take this configuration: unknown field `lowercase`, expected `lower-case` or `separator`"
    );
    assert_eq!(
        message(create("text.split", "words", json!({}), vec![engine("run", VariableKind::Run)])),
        "`words` cannot use what it was given as `words`: `run` is no kv database"
    );
    let letters = create("each-letter", "letters", json!({}), vec![]).expect("it is created");
    let wrong = split(json!({}));
    let wrong = Supplied::One(provided("words", "text.split", &wrong));
    let many = Supplied::Many(vec![provided("letters", "each-letter", &letters)]);
    assert_eq!(
        message(create("everything", "all", json!({}), vec![many, wrong])),
        "`all` cannot use what it was given as `letters`: `words` is no `main::words::EachLetter`"
    );
    let told = ask("scaled", json!({ "options": { "scale": 1 } })).expect_err("there are no numbers");
    assert_eq!((told.kind, told.message.as_str()), (ErrorKind::Native, "`scaled` needs `numbers`"));
    let told = ask("scaled", json!({ "numbers": ["x"], "options": {} })).expect_err("they are none");
    assert_eq!(told.message, "argument `numbers` of `scaled` does not fit: invalid type: string \"x\", expected f32");
    let told = ask("reversed", json!({ "bytes": [256] })).expect_err("it is no byte");
    assert_eq!(told.message, "argument `bytes` of `reversed` does not fit: invalid value: integer `256`, expected u8");
    let told = ask("unknown_parameter", json!({})).expect_err("there is none");
    assert_eq!(told.message, "there is no parameter `epoch`");
    assert_eq!(told.help.as_deref(), Some("there are: epochs, none"));
}

#[test]
fn failures_tell_their_causes_and_keep_their_kind() {
    let told = ask("fail", json!({})).expect_err("it fails");
    assert_eq!((told.kind, told.message.as_str()), (ErrorKind::Native, "cannot save"));
    assert_eq!(told.details, ["caused by: cannot write `a`", "caused by: the disk is full"]);
    let told = ask("refuse", json!({})).expect_err("it fails");
    assert_eq!((told.kind, told.message.as_str()), (ErrorKind::Permission, "cannot begin"));
    assert_eq!((told.details, told.help.as_deref()), (vec!["caused by: not permitted".to_owned()], Some("permit it")));
    let told = ask("plain_refusal", json!({})).expect_err("it fails");
    assert_eq!(told, StepError::new(ErrorKind::Timeout, "too late").help("be quick"));
    let told = ask("panic", json!({})).expect_err("it panics");
    assert_eq!((told.kind, told.message.as_str()), (ErrorKind::Native, "`everything.panic` panicked: oh 1"));
    let told = ask("on_another_thread", json!({})).expect_err("it is nobody's call");
    assert_eq!(told.message, "databases and states can be used only on the thread that the engine called");
    assert_eq!(ask("on_another_thread_with_its_world", json!({})), Ok(json!(["epochs", "none"])));
}

#[test]
fn hooks_are_told_why() {
    let host: Arc<dyn Host> = Arc::new(host());
    let words = split(json!({}));
    assert_eq!(call(&words, "text.split", "shutdown", json!({ "outcome": "failed" }), &host), Ok(json!("Failed")));
}

#[test]
fn components_are_their_types_and_nothing_else() {
    let words = split(json!({}));
    let cast = Arc::clone(&words).cast(TypeId::of::<dyn Tokenizer>()).expect("it is one");
    let tokenizer = cast.downcast::<Arc<dyn Tokenizer>>().expect("it is an `Arc` of it");
    assert_eq!(tokenizer.split("a b"), ["a", "b"]);
    assert!(words.cast(TypeId::of::<String>()).is_none());
}

#[test]
fn too_many_arguments_and_no_such_number_are_refused() {
    struct Three;
    impl thinking_step::Arguments for Three {
        fn positional(&self) -> Option<usize> {
            Some(3)
        }
        fn get<'a>(&'a mut self, _: usize, _: &str) -> Option<Box<dyn erased_serde::Deserializer<'a> + 'a>> {
            None
        }
    }
    let host: Arc<dyn Host> = Arc::new(host());
    let words = split(json!({}));
    let told = words.call(0, &mut Three, &host).err().expect("it is refused");
    assert_eq!(told.message, "`split` takes 1 argument, not 3");
    assert_eq!(told.help.as_deref(), Some("it is called like this: split(text) -> Vec<String>"));
    assert_eq!(
        words.call(99, &mut Three, &host).err().expect("it is refused").message,
        "`words` has no operation number 99"
    );
}
