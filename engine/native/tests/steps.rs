//! Functions as steps.

use crate::bench::{create, engine, host, provided, run};
use serde_json::json;
use std::sync::Arc;
use thinking_step::{ErrorKind, Host, Supplied, VariableKind};

fn dependencies() -> Vec<Supplied> {
    let letters = create("each-letter", "letters", json!({}), vec![]).expect("it is created");
    vec![Supplied::One(provided("letters", "each-letter", &letters)), engine("words", VariableKind::Kv("words".into()))]
}

#[test]
fn arguments_have_defaults_and_data_is_written() {
    let host: Arc<dyn Host> = Arc::new(host());
    let result = run("vocab.build", json!({ "from": "abba" }), dependencies(), &host);
    assert_eq!(result, Ok(json!({ "words": 2, "text": "xa,b" })));
    let result =
        run("vocab.build", json!({ "from": "a", "min-count": 3, "mark": "", "limit": 1 }), dependencies(), &host);
    assert_eq!(result, Ok(json!({ "words": 1, "text": "a,b" })));
    assert_eq!(run("do-nothing", json!({}), vec![], &host), Ok(json!(null)));
}

#[test]
fn failures_name_the_step_or_say_why() {
    let host: Arc<dyn Host> = Arc::new(host());
    let told = run("vocab.build", json!({ "from": "" }), dependencies(), &host).expect_err("it refuses");
    assert_eq!((told.kind, told.message.as_str()), (ErrorKind::Native, "there is no text"));
    let told = run("vocab.build", json!({}), dependencies(), &host).expect_err("it lacks an argument");
    assert_eq!(told.message, "`vocab.build` needs `from`");
    let told = run("fall.over", json!({}), vec![], &host).expect_err("it panics");
    assert_eq!(told.message, "`fall.over` panicked: index out of bounds: the len is 2 but the index is 7");
    let told = run("vocab.build", json!({ "from": "a" }), vec![], &host).expect_err("nothing was given");
    assert_eq!(
        told.message,
        "`vocab.build` cannot use what it was given as `tokenizer`: nothing was given where one was needed"
    );
}

#[test]
fn databases_are_read_only_where_the_host_says_so() {
    let mut host = host();
    host.writable = false;
    let host: Arc<dyn Host> = Arc::new(host);
    let told = run("vocab.build", json!({ "from": "a" }), dependencies(), &host).expect_err("it cannot write");
    assert_eq!(told.message, "`words` is read-only here: only steps write");
}
