//! What scripts see and give.

use super::{World, eval, program, value};
use serde_json::json;
use std::sync::Arc;
use thinking_step::{Datum, Host};

#[test]
fn values_are_what_json_can_say() {
    assert_eq!(value("1 + 2"), json!(3));
    assert_eq!(value("1 / 2.0"), json!(0.5));
    assert_eq!(value(""), json!(null));
    assert_eq!(value("let x = 1;"), json!(null));
    assert_eq!(value("#{ b: [1, 'c', \"d\", true, ()], a: 1.5 }"), json!({ "a": 1.5, "b": [1, "c", "d", true, null] }));
    assert_eq!(value("return 7;"), json!(7));
    assert_eq!(value("1..4"), json!([1, 2, 3]));
}

#[test]
fn the_engines_variables_lead_to_the_host() {
    assert_eq!(value("params.epochs * epoch + index"), json!(62));
    assert_eq!(value("params[\"corpus\"]"), json!("a.txt"));
    assert_eq!(value("params.batch_size ?? 64"), json!(64));
    assert_eq!(value("[facets.has(\"gpu\"), facets.has(\"smoke\"), mode]"), json!([true, false, "app"]));
    assert_eq!(value("[run.id, run.dir, run.started]"), json!(["run", "/run", "2026-01-01T00:00:00Z"]));
    assert_eq!(value("[results.count, results[\"export\"].rows[1], result(\"prepare/count\")]"), json!([5, 2, 6]));
    assert_eq!(value("[step.key, step.attempt, step.path]"), json!(["key", 1, "test"]));
    assert_eq!(value("params.type_of()"), json!("params"));
}

#[test]
fn databases_are_read_and_written_through_the_host() {
    let world = World::new();
    let code = r#"
        for word in "b a b".split(" ") { words.put(word, (words.get(word) ?? 0) + 1); }
        words.put("blob", blob(2, 7));
        [words.len(), words.keys(), words.scan("b"), words.has("z"), words.delete("a"), words.get("a"), words.get("blob").len()]
    "#;
    let world_value = world.eval(code);
    assert!(world_value.is_err(), "a blob is no JSON: {world_value:?}");
    let code = code.replace("words.scan(\"b\")", "words.scan(\"b\").map(|row| row.key)");
    assert_eq!(World::new().eval(&code).unwrap(), json!([3, ["a", "b", "blob"], ["b", "blob"], false, true, null, 2]));
    let data = world.host.data.lock().unwrap();
    assert_eq!(data["words"]["blob"], Datum::Blob(vec![7, 7]));
    assert_eq!(data["words"]["b"], Datum::Json(json!(2)));
}

#[test]
fn walking_a_database_turns_its_pages() {
    let code = "for n in 0..2500 { words.put(`k${text::pad_left(n, 5, '0')}`, n); } [words.len(), words.values().len(), words.scan(\"k01\").len(), words.keys()[2499]]";
    assert_eq!(value(code), json!([2500, 2500, 1000, "k02499"]));
}

#[test]
fn closures_and_functions_work_with_the_engines_variables() {
    assert_eq!(value("[1, 2].map(|x| x * params.epochs)"), json!([20, 40]));
    assert_eq!(value("[\"a\", \"b\"].for_each(|| words.put(this, 1)); words.keys()"), json!(["a", "b"]));
    assert_eq!(value("fn twice(x) { x * 2 } twice(epoch)"), json!(6));
    assert_eq!(value("let f = |x| x + 1; [f.call(1), call(f, 2)]"), json!([2, 3]));
    assert_eq!(value("let o = #{ n: 2, add: |x| x + this.n }; o.add(3)"), json!(5));
    assert_eq!(value("fn f(db) { db.put(\"k\", 1); db.len() } f(words)"), json!(1));
}

#[test]
fn what_is_printed_goes_to_the_log() {
    let world = World::new();
    world.eval("print(\"a\"); debug(1); log::warn(`x${1}`)").unwrap();
    assert_eq!(world.seen(), ["Info a", "Debug 1", "Warn x1"]);
}

#[test]
fn many_threads_share_one_language() {
    let program =
        program("let sum = 0; for i in 0..1000 { sum += i; words.put(`${i}`, params.epochs); } sum + words.len()");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let host: Arc<dyn Host> = World::new().host;
                assert_eq!(program.eval(&host).unwrap(), json!(500_500));
            });
        }
    });
}

#[test]
fn random_numbers_start_over_with_each_evaluation() {
    let code = "[rand::int(1, 6), rand::float(), rand::choice([1, 2, 3]), list::shuffle([1, 2, 3, 4])]";
    assert_eq!(eval(code), eval(code));
    assert_ne!(value("rand::float()"), value("rand::float(); rand::float()"));
    assert_eq!(
        value("let ok = true; for i in 0..300 { let x = rand::int(-2, 2); ok &= x >= -2 && x <= 2; } ok"),
        json!(true)
    );
}
