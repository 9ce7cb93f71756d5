//! Random writes and reads against a plain JSON value.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::convert::{from_value, value_from};
use crate::evaluate;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use thinking_step::Host;
use thinking_step::testing::MemoryHost;

#[derive(Debug, Clone)]
enum Action {
    Put(Vec<String>, Value),
    Delete(Vec<String>),
    Get(Vec<String>),
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), (0..9_i64).prop_map(Value::from), "[a\u{0}]{0,1}".prop_map(Value::from)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(step(), inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Names that are near each other as keys, and that are indexes too.
fn step() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "a\0", "a\0\0", "ab", "", "0", "1", "2", "\u{10ffff}"]).prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(step(), 1..4)
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (path(), any_value()).prop_map(|(path, value)| Action::Put(path, value)),
        2 => path().prop_map(Action::Delete),
        2 => path().prop_map(Action::Get),
    ]
}

/// Whether it could be put.
fn model_put(model: &mut Value, path: &[String], value: &Value) -> bool {
    let Some((first, rest)) = path.split_first() else {
        *model = value.clone();
        return true;
    };
    match model {
        Value::Null => {
            let mut map = json!({});
            let done = model_put(&mut map, path, value);
            *model = map;
            done
        }
        Value::Object(fields) => match fields.get_mut(first) {
            Some(inner) => model_put(inner, rest, value),
            None => {
                let mut inner = Value::Null;
                let done = model_put(&mut inner, rest, value);
                fields.insert(first.clone(), inner);
                done
            }
        },
        Value::Array(items) => match index(first) {
            Some(at) if at < items.len() => model_put(&mut items[at], rest, value),
            Some(at) if at == items.len() => {
                let mut inner = Value::Null;
                let done = model_put(&mut inner, rest, value);
                items.push(inner);
                done
            }
            _ => false,
        },
        _ => false,
    }
}

fn model_get<'m>(model: &'m Value, path: &[String]) -> Option<&'m Value> {
    path.iter().try_fold(model, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(items) => items.get(index(step)?),
        _ => None,
    })
}

fn model_delete(model: &mut Value, path: &[String]) -> bool {
    let (last, around) = path.split_last().unwrap();
    let pointer = around.iter().try_fold(model, |value, step| match value {
        Value::Object(fields) => fields.get_mut(step),
        Value::Array(items) => items.get_mut(index(step)?),
        _ => None,
    });
    match pointer {
        Some(Value::Object(fields)) => fields.remove(last).is_some(),
        Some(Value::Array(items)) => match index(last).filter(|at| *at < items.len()) {
            Some(at) => {
                items.remove(at);
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn check(actions: &[Action]) -> Result<(), TestCaseError> {
    let host: Arc<dyn Host> = Arc::new(MemoryHost::new(&std::env::temp_dir()));
    let (db, mut model) = (Objects::new("model"), json!({}));
    evaluate(&host, || {
        for action in actions {
            match action {
                Action::Put(path, value) => {
                    let before = model.clone();
                    let done = put(&db, &Path { steps: path.clone() }, &from_value(value)).is_ok();
                    prop_assert_eq!(done, model_put(&mut model, path, value));
                    if !done {
                        model = before;
                    }
                }
                Action::Delete(path) => {
                    let was = delete(&db, &Path { steps: path.clone() }).unwrap();
                    prop_assert_eq!(was, model_delete(&mut model, path));
                }
                Action::Get(path) => {
                    let (found, wanted) = (get(&db, &Path { steps: path.clone() }).unwrap(), model_get(&model, path));
                    prop_assert_eq!(&value_from(&found).unwrap(), wanted.unwrap_or(&Value::Null));
                    let names = within(&db, |tree| keys(tree, path)).map(|names| value_from(&names.into()).unwrap());
                    match wanted {
                        Some(Value::Object(fields)) => {
                            let mut wanted: Vec<&String> = fields.keys().collect();
                            wanted.sort();
                            prop_assert_eq!(names.unwrap(), json!(wanted));
                        }
                        Some(Value::Array(items)) => {
                            prop_assert_eq!(names.unwrap(), json!((0..items.len()).collect::<Vec<_>>()));
                        }
                        None => prop_assert_eq!(names.unwrap(), json!([])),
                        Some(_) => prop_assert!(names.is_err()),
                    }
                }
            }
            let whole = within(&db, |tree| tree.value(ROOT, Node::Map)).unwrap();
            prop_assert_eq!(&value_from(&whole).unwrap(), &model);
        }
        Ok(())
    })
    .0
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_a_plain_value_would_hold(actions in prop::collection::vec(action(), 1..24)) {
        check(&actions)?;
    }
}

#[test]
fn a_small_write_leaves_the_rest_alone() {
    let memory = Arc::new(MemoryHost::new(&std::env::temp_dir()));
    let host: Arc<dyn Host> = Arc::clone(&memory) as Arc<dyn Host>;
    let db = Objects::new("model");
    let at = |path: &str| Path::new(&path.into()).unwrap();
    evaluate(&host, || {
        let layer = json!({ "weights": [0.5, 1], "name": "dense" });
        assert!(put(&db, &at("layers"), &from_value(&json!([layer, layer]))).is_ok());
        let before = memory.data.lock().unwrap()["model"].clone();
        assert!(put(&db, &at("layers.1.name"), &"sparse".into()).is_ok());
        let after = memory.data.lock().unwrap()["model"].clone();
        let changed: Vec<&String> =
            after.iter().filter(|(key, row)| before.get(*key) != Some(row)).map(|(key, _)| key).collect();
        assert_eq!(changed, ["olayers\u{0}\u{0}00000001\u{0}\u{0}name\u{0}\u{0}"]);
        assert_eq!(before.len(), after.len());
    });
}
