//! Databases of documents, vectors and nested values in scripts.

use super::{ENGINE, World};
use crate::{Documents, Objects, Vectors, evaluate, step_error, value_from};
use rhai::{Dynamic, EvalAltResult, Scope};
use serde_json::json;
use std::sync::Arc;
use thinking_step::{Host, Metric, StepError, Value};

/// What a script gives that has `papers`, `points` (two dimensions), and `model`.
fn eval(world: &World, metric: Metric, code: &str) -> Result<Value, StepError> {
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    let mut scope = Scope::new();
    scope.push("papers", Documents::new("papers", &["year".to_owned()]));
    scope.push("points", Vectors::new("points", 2, metric));
    scope.push("model", Objects::new("model"));
    let (value, _) = evaluate(&host, || ENGINE.eval_with_scope::<Dynamic>(&mut scope, code));
    let value = value.map_err(|error: Box<EvalAltResult>| match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(thrown, _) | EvalAltResult::ErrorTerminated(thrown, _) => step_error(thrown),
        other => StepError::script(other.to_string()),
    })?;
    value_from(&value)
}

fn value(code: &str) -> Value {
    eval(&World::new(), Metric::Cosine, code).unwrap_or_else(|error| panic!("{code}: {error:?}"))
}

/// The message of a script that fails, with its help.
fn failure(code: &str) -> String {
    match eval(&World::new(), Metric::Cosine, code) {
        Ok(value) => panic!("{code} gives {value}"),
        Err(StepError { message, help: Some(help), .. }) => format!("{message}; {help}"),
        Err(error) => error.message,
    }
}

const PAPERS: &str = r#"
    papers.insert(#{ title: "On Heat", year: 1822, author: #{ name: "Fourier" } });
    papers.insert(#{ id: "ein", title: "On Motion", year: 1905, tags: ["physics", 4] });
    papers.insert(#{ title: "On Numbers", year: 1936.5 });
    papers.insert(#{ id: 10, title: "Untitled", year: () });
"#;

#[test]
fn documents_come_and_go() {
    let papers = |code: &str| value(&format!("{PAPERS}{code}"));
    assert_eq!(
        papers("papers.get(1)"),
        json!({ "id": 1, "title": "On Heat", "year": 1822, "author": { "name": "Fourier" } })
    );
    assert_eq!(papers("papers.get(\"1\")"), json!(null), "\"1\" is another id than 1");
    assert_eq!(papers("papers.all().map(|p| p.id)"), json!([1, 2, 10, "ein"]));
    assert_eq!(
        papers("[papers.insert(#{ id: () }), papers.insert(#{})]"),
        json!([11, 12]),
        "after the greatest number"
    );
    assert_eq!(
        papers("papers.update(1, #{ year: 1823, pages: 3, author: 7 }); papers.get(1)"),
        json!({ "id": 1, "title": "On Heat", "year": 1823, "pages": 3, "author": 7 })
    );
    assert_eq!(
        papers(
            "let was = [papers.remove(2), papers.remove(2)]; was.push(papers.count()); was.push(papers.insert(#{})); was"
        ),
        json!([true, false, 3, 11])
    );
    assert_eq!(papers("papers.clear(); papers.insert(#{ year: 1 }) + papers.count()"), json!(2));
}

#[test]
fn documents_are_found() {
    let ids = |filter: &str| value(&format!("{PAPERS}papers.find({filter}).map(|p| p.id)"));
    assert_eq!(ids("#{ year: 1905 }"), json!(["ein"]));
    assert_eq!(ids("#{ year: 1905.0 }"), json!(["ein"]));
    assert_eq!(ids("#{ year: #{ gte: 1822, lt: 1936.5 } }"), json!([1, "ein"]));
    assert_eq!(ids("#{ year: #{ gt: 1822 }, title: #{ contains: \"Num\" } }"), json!([2]));
    assert_eq!(ids("#{ year: () }"), json!([10]));
    assert_eq!(ids("#{ \"author.name\": \"Fourier\" }"), json!([1]));
    assert_eq!(ids("#{ tags: #{ contains: 4 } }"), json!(["ein"]));
    assert_eq!(ids("#{ \"tags.0\": \"physics\" }"), json!(["ein"]));
    assert_eq!(ids("#{ tags: #{ exists: false }, id: #{ \"in\": [2, \"ein\"] } }"), json!([2]));
    assert_eq!(ids("#{ author: #{ eq: #{ name: \"Fourier\" } } }"), json!([1]));
    assert_eq!(ids("#{ title: #{ ne: \"Untitled\", lte: \"On M\" } }"), json!([1]));
    assert_eq!(ids("#{ id: \"ein\" }"), json!(["ein"]));
    assert_eq!(ids("#{}, #{ sort: \"year\", descending: true, limit: 2 }"), json!([2, "ein"]));
    assert_eq!(ids("#{}, #{ sort: \"year\" }"), json!([10, 1, "ein", 2]));
    assert_eq!(ids("#{}, #{ descending: true }"), json!(["ein", 10, 2, 1]));
    assert_eq!(value(&format!("{PAPERS}papers.count(#{{ year: #{{ gt: 1900 }} }})")), json!(2));
}

#[test]
fn wrong_uses_of_documents_are_told() {
    let cases = [
        ("papers.insert(3)", "a document must be a map, not an int"),
        ("papers.insert(#{ id: 1.5 })", "the `id` of a document must be a string or an int, not a float"),
        (
            "papers.insert(#{ id: 1 }); papers.insert(#{ id: 1 })",
            "`papers` has a document with the id 1 already; change it with `update(1, …)`, or take it away with `remove` first",
        ),
        (
            "papers.insert(#{ x: blob() })",
            "a blob cannot be a result or be stored as JSON (at .x); keep it in a database with `put`, or make it text",
        ),
        ("papers.get(1.0)", "an id must be a string or an int, not a float"),
        ("papers.update(\"a\", #{})", "`papers` has no document with the id \"a\"; add it with `insert`"),
        ("papers.update(1, 2)", "what `update` lays over a document must be a map of fields, not an int"),
        (
            "papers.insert(#{}); papers.update(1, #{ id: 2 })",
            "the id of document 1 cannot change; insert it anew and remove the old one",
        ),
        ("papers.remove([])", "an id must be a string or an int, not a list"),
        ("papers.find(1)", "a filter must be a map such as #{ year: 2020 }, not an int"),
        ("papers.find(#{ year: #{ get: 1 } })", "the filter of `year` has no operator `get`; did you mean `gt`?"),
        (
            "papers.find(#{ author: #{ name: 1 } })",
            "the filter of `author` has no operator `name`; there are: eq, ne, gt, gte, lt, lte, in, contains, exists; a field inside of a field is \
             written \"author.name\", equality with a map `eq: #{ … }`",
        ),
        (
            "papers.find(#{ year: #{} })",
            "the filter asks nothing of `year`; write #{ year: #{ gte: 2020 } } or another operator",
        ),
        ("papers.find(#{ year: #{ gt: true } })", "`gt` of `year` needs a number or a string, not true"),
        ("papers.find(#{ year: #{ \"in\": 1 } })", "`in` of `year` needs a list, not 1"),
        ("papers.count(#{ year: #{ exists: 1 } })", "`exists` of `year` needs true or false, not 1"),
        ("papers.find(#{}, #{ sorted: \"year\" })", "`find` has no option `sorted`; did you mean `sort`?"),
        ("papers.find(#{}, #{ limit: -1 })", "the option `limit` must not be negative, but is -1"),
        ("papers.find(#{}, #{ limit: \"1\" })", "the option `limit` must be an int, not a string"),
        ("papers.find(#{}, 3)", "options must be a map such as #{ limit: 10 }, not an int"),
    ];
    for (code, expected) in cases {
        assert_eq!(failure(code), expected, "{code}");
    }
}

#[test]
fn vectors_are_found_by_nearness() {
    let points = |metric: Metric, code: &str| {
        let add = "points.add(\"b\", [1, 0], \"east\"); points.add(1, [0, 2]); points.add(\"a\", [4, 0], #{ n: 1 });";
        eval(&World::new(), metric, &format!("{add}{code}")).unwrap_or_else(|error| panic!("{code}: {error:?}"))
    };
    assert_eq!(
        points(Metric::Cosine, "points.nearest([3, 0], 2)"),
        json!([{ "id": "a", "score": 1.0, "data": { "n": 1 } }, { "id": "b", "score": 1.0, "data": "east" }])
    );
    let ids = "points.nearest([2, 1], 9).map(|found| [found.id, found.score])";
    assert_eq!(points(Metric::Dot, ids), json!([["a", 8.0], [1, 2.0], ["b", 2.0]]));
    assert_eq!(
        points(Metric::Euclidean, ids).to_string(),
        r#"[["b",1.4142135623730951],[1,2.23606797749979],["a",2.23606797749979]]"#
    );
    assert_eq!(points(Metric::Dot, "points.nearest([0, 0], 1)[0].score").to_string(), "0.0");
    assert_eq!(points(Metric::Cosine, "points.get(1)"), json!({ "vector": [0.0, 2.0], "data": null }));
    assert_eq!(
        points(Metric::Cosine, "[points.remove(1), points.remove(1), points.len(), points.get(1)]"),
        json!([true, false, 2, null])
    );
    assert_eq!(
        points(Metric::Cosine, "points.remove(\"a\"); points.add(\"a\", [1, 1]); points.get(\"a\").data"),
        json!(null)
    );
    assert_eq!(points(Metric::Cosine, "points.clear(); points.nearest([1, 1], 1)"), json!([]));
    assert_eq!(
        points(Metric::Cosine, "points.add(2, [0.1, 1]); points.get(2).vector[0]"),
        json!(0.100_000_001_490_116_12)
    );
    // More than a page of them.
    let many = "for i in 0..2500 { points.add(i + 2, [1, i]); } points.nearest([1, 2400], 1)[0].id + points.len()";
    assert_eq!(points(Metric::Euclidean, many), json!(2402 + 2503));
}

#[test]
fn wrong_uses_of_vectors_are_told() {
    let dimensions = "the manifest says how many: `dimensions` of the database";
    let cases = [
        ("points.add(1, [1])", format!("the vector has 1 number, and those of `points` have 2; {dimensions}")),
        ("points.add(1, [])", format!("the vector is empty, and those of `points` have 2; {dimensions}")),
        ("points.nearest([1, 2, 3], 1)", format!("the vector has 3 numbers, and those of `points` have 2; {dimensions}")),
        ("points.add(1, \"ab\")", "a vector must be a list of numbers, not a string".to_owned()),
        ("points.add(1, [1, \"b\"])", "element 1 of the vector must be a number, not a string".to_owned()),
        ("points.add(1, [0.0 / 0.0, 1])", "element 0 of the vector is NaN, which is no number to compare with".to_owned()),
        ("points.add(1, [1e300, 1])", format!("element 0 of the vector is {}, which is too large for a 32-bit float", 1e300)),
        (
            "points.nearest([0, 1e-300 * 0.0], 1)",
            "a vector of zeros has no direction, so it has no cosine to any other; leave it out, or declare the database with `metric=\"dot\"` or \
             `\"euclidean\"`"
                .to_owned(),
        ),
        ("points.add((), [1, 2])", "an id must be a string or an int, not ()".to_owned()),
        (
            "points.add(1, [1, 2]); points.add(1, [1, 2])",
            "`points` has a vector with the id 1 already; take it away with `remove(1)` first".to_owned(),
        ),
        ("points.nearest([1, 2], 0)", "how many are wanted must be at least 1, but is 0".to_owned()),
        ("points.nearest([1, 2], \"1\")", "how many are wanted must be an int, not a string".to_owned()),
    ];
    for (code, expected) in cases {
        assert_eq!(failure(code), expected, "{code}");
    }
}

/// Steps that run again begin without data of another declaration, but steps that always run go on with what is there.
#[test]
fn vectors_of_another_declaration_are_not_read_as_if_they_were_of_this_one() {
    let world = World::new();
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    let mut scope = Scope::new();
    scope.push("points", Vectors::new("points", 3, Metric::Dot));
    evaluate(&host, || ENGINE.eval_with_scope::<()>(&mut scope, "points.add(\"x\", [1, 2, 3]);")).0.unwrap();
    for code in ["points.get(\"x\")", "points.nearest([1, 2], 1)"] {
        assert_eq!(
            eval(&world, Metric::Dot, code).unwrap_err().message,
            "the vector \"x\" of `points` has 3 numbers: it was added when `dimensions` was another"
        );
    }
}

const MODEL: &str = r#"
    model.put("layers", [#{ weights: [1, 2.5], name: "in" }, #{ weights: [], raw: blob(2, 7) }]);
    model.put("meta.epochs", 3);
    model.put(["a.b", "c d"], [true]);
"#;

#[test]
fn nested_values_are_reached_by_path() {
    let model = |code: &str| value(&format!("{MODEL}{code}"));
    assert_eq!(model("model.get(\"layers.0.weights\")"), json!([1, 2.5]));
    assert_eq!(model("model.get(\"layers.0.weights.1\")"), json!(2.5));
    assert_eq!(model("model.get([\"layers\", 1, \"raw\"]) == blob(2, 7)"), json!(true));
    assert_eq!(model("[model.get(\"meta\"), model.get([\"a.b\"])]"), json!([{ "epochs": 3 }, { "c d": [true] }]));
    assert_eq!(
        model("[model.keys(), model.keys(\"layers\"), model.keys(\"layers.0\"), model.keys(\"no\")]"),
        json!([["a.b", "layers", "meta"], [0, 1], ["name", "weights"], []])
    );
    assert_eq!(
        model(
            "[model.get(\"no.way\"), model.get(\"layers.7\"), model.get(\"meta.epochs.x\"), model.get(\"layers.00\")]"
        ),
        json!([null, null, null, null])
    );
    assert_eq!(
        model("model.put(\"layers.0.weights.2\", 9); model.put(\"layers.0.weights.0\", [1]); model.get(\"layers.0\")"),
        json!({ "name": "in", "weights": [[1], 2.5, 9] })
    );
    assert_eq!(model("model.put(\"layers.2.name\", \"out\"); model.get(\"layers.2\")"), json!({ "name": "out" }));
    assert_eq!(
        model(
            "model.delete(\"layers.0\"); [model.has(\"layers.0.raw\"), model.has(\"layers.1\"), model.delete(\"layers.1\")]"
        ),
        json!([true, false, false])
    );
    assert_eq!(
        model("model.put(\"meta\", ()); [model.has(\"meta\"), model.get(\"meta.epochs\"), model.get(\"meta\")]"),
        json!([true, null, null])
    );
    assert_eq!(model("model.clear(); [model.get(), model.keys()]"), json!([{}, []]));
    // Names with much below them.
    assert_eq!(
        value("for i in 0..1200 { model.put([`k${i}`, \"x\"], 1); model.put(`l${i}`, 1); } model.keys().len()"),
        json!(2400)
    );
}

#[test]
fn wrong_uses_of_objects_are_told() {
    let next = "an index counts from 0; 2 would be the next element";
    let cases = [
        ("model.get(1)", "a path must be a string such as \"a.b\" or a list, not an int".to_owned()),
        ("model.get(\"a..b\")", "the path \"a..b\" has an empty name: write names with dots between them".to_owned()),
        ("model.put(\"\", 1)", "the path \"\" is empty: write names with dots between them".to_owned()),
        ("model.put([], 1)", "the path is empty: it needs at least one name".to_owned()),
        ("model.get([1.5])", "a path is made of strings and ints, not of a float".to_owned()),
        ("model.put(\"layers.3\", 1)", format!("`layers` is a list of 2 elements: `3` is none of them; {next}")),
        ("model.put(\"layers.x.y\", 1)", format!("`layers` is a list of 2 elements: `x` is none of them; {next}")),
        ("model.put([\"layers\", -1], 1)", format!("`layers` is a list of 2 elements: `-1` is none of them; {next}")),
        (
            "model.put(\"meta.epochs.first\", 1)",
            "`meta.epochs` is an int: nothing can be put into it; delete it first, or choose another path".to_owned(),
        ),
        (
            "model.put(\"layers.0.weights.1.x\", 1)",
            "`layers.0.weights.1` is a float: nothing can be put into it; delete it first, or choose another path".to_owned(),
        ),
        ("model.keys(\"meta.epochs\")", "`meta.epochs` has no keys: it is an int".to_owned()),
        (
            "model.put(\"x\", #{ y: [1, 0.0 / 0.0] })",
            "JSON cannot say NaN (at [1]), below `x.y`; check with `is_nan()` and `is_infinite()`, or leave the value out".to_owned(),
        ),
    ];
    for (code, expected) in cases {
        assert_eq!(failure(&format!("{MODEL}{code}")), expected, "{code}");
    }
    // What failed has written nothing.
    assert_eq!(
        value(&format!(
            "{MODEL}try {{ model.put(\"meta.epochs.x\", 1) }} catch {{}} try {{ model.put(\"new.x\", || 1) }} catch {{}} model.keys()"
        )),
        json!(["a.b", "layers", "meta"])
    );
}

#[test]
fn only_steps_write_any_of_them() {
    let mut world = World::new();
    Arc::get_mut(&mut world.host).unwrap().writable = false;
    for code in
        ["papers.insert(#{})", "papers.clear()", "points.add(1, [1, 2])", "points.remove(1)", "model.put(\"a\", 1)"]
    {
        let error = eval(&world, Metric::Dot, code).unwrap_err();
        assert!(error.message.contains("is read-only here: only steps write"), "{code}: {}", error.message);
    }
}
