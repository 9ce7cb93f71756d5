//! What tests ask of their runner.

use super::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use thinking_step::testing::MemoryHost;
use thinking_step::{Called, StepError, Trial};

/// A runner that remembers.
#[derive(Default)]
pub struct Notes {
    calls: Vec<Called>,
    clock: AtomicI64,
    snapshots: Mutex<BTreeMap<String, Value>>,
    discarded: AtomicBool,
}

impl Notes {
    /// One in whose test `trainer.fit` was called with 3 and 5 epochs, the second time in vain.
    pub fn of_two_fits() -> Self {
        let call = |epochs: i64, ended| Called {
            operation: "trainer.fit".to_owned(),
            arguments: json!({ "epochs": epochs, "corpus": "a.txt" }).as_object().cloned().unwrap(),
            ended: Some(ended),
        };
        Self { calls: vec![call(3, Ok(json!(0.5))), call(5, Err("no memory".to_owned()))], ..Self::default() }
    }
}

impl Trial for Notes {
    fn calls(&self, operation: Option<&str>) -> Result<Vec<Called>, StepError> {
        match operation {
            Some("quiet.one") => Ok(Vec::new()),
            Some(name) if name != "trainer.fit" => Err(StepError::script(format!("there is no `{name}`"))),
            _ => Ok(self.calls.clone()),
        }
    }
    fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }
    fn advance(&self, by: Duration) -> Result<(), StepError> {
        self.clock.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
        Ok(())
    }
    fn set(&self, now: i64) -> Result<(), StepError> {
        self.clock.store(now, Ordering::Relaxed);
        Ok(())
    }
    fn snapshot(&self, name: &str, value: &Value) -> Result<(), StepError> {
        let mut all = self.snapshots.lock().unwrap();
        match all.insert(name.to_owned(), value.clone()) {
            Some(before) if before != *value => Err(StepError::script(format!("{before} became {value}"))),
            _ => Ok(()),
        }
    }
    fn discard(&self) -> StepError {
        self.discarded.store(true, Ordering::Relaxed);
        StepError::script("this case is passed over")
    }
}

fn world() -> (World, Arc<Notes>) {
    let mut world = World::new();
    let notes = Arc::new(Notes::of_two_fits());
    let mut host = MemoryHost::new(&world.path(""));
    host.trial = Some(Arc::clone(&notes) as Arc<dyn Trial>);
    world.host = Arc::new(host);
    (world, notes)
}

#[test]
fn values() {
    let (world, _) = world();
    let cases = [
        (r#"calls("trainer.fit").len()"#, json!(2)),
        (r#"calls("trainer.fit")[1]"#, json!({ "epochs": 5, "corpus": "a.txt" })),
        (
            r#"calls().map(|one| [one.operation, one.result, one.error])"#,
            json!([["trainer.fit", 0.5, null], ["trainer.fit", null, "no memory"]]),
        ),
        (r#"calls("quiet.one")"#, json!([])),
        (r#"called_with("trainer.fit", #{})"#, json!(true)),
        (r#"called_with("trainer.fit", #{ epochs: 3.0, corpus: "a.txt" })"#, json!(true)),
        (r#"called_with("trainer.fit", #{ epochs: 4 })"#, json!(false)),
        (r#"called_with("trainer.fit", #{ nothing: () })"#, json!(true)),
        (r#"assert_called("trainer.fit"); assert_called("trainer.fit", #{ epochs: 5 }); 1"#, json!(1)),
        (r#"snapshot("a", [1]); snapshot("a", [1]); snapshot("b", (1..3)); 1"#, json!(1)),
        ("assume(1 < 2); 7", json!(7)),
    ];
    for (code, expected) in cases {
        assert_eq!(world.value(code), expected, "{code}");
    }
}

#[test]
fn failures() {
    let (world, _) = world();
    let shown = |code: &str| {
        let error = world.eval(code).expect_err(code);
        [vec![error.message], error.details, error.help.into_iter().collect()].concat().join("\n")
    };
    assert_eq!(shown(r#"calls("trainer.fat")"#), "there is no `trainer.fat`");
    assert_eq!(shown(r#"assert_called("quiet.one", #{ a: 1 })"#), "`quiet.one` was not called");
    insta::assert_snapshot!(shown(r#"assert_called("trainer.fit", #{ epochs: 4 })"#), @r#"
    `trainer.fit` was not called with {"epochs":4}
    its 2 calls were:
      {"corpus":"a.txt","epochs":3}
      {"corpus":"a.txt","epochs":5}
    "#);
    assert_eq!(shown(r#"snapshot("a", 1); snapshot("a", 2)"#), "1 became 2");
    assert!(shown(r#"snapshot("a", |x| x)"#).contains("function"));
}

#[test]
fn a_case_is_passed_over_whatever_the_script_does() {
    let (world, notes) = world();
    let error = world.eval("try { assume(1 > 2); } catch { } 7").expect_err("nothing can catch it");
    assert_eq!(error.message, "this case is passed over");
    assert!(notes.discarded.load(Ordering::Relaxed));
}

#[test]
fn elsewhere_they_say_that_they_are_for_tests() {
    let error = World::new().eval(r#"calls("a.b")"#).expect_err("this is no test");
    assert_eq!(error.message, "`calls` works in tests only");
}
