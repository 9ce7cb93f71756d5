#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::{PastPage, history_text, run_text, step_json, step_text};
use serde_json::json;
use thinking_diagnostic::Style;
use thinking_event::past::{
    PastChange, PastCounts, PastItem, PastOutcome, PastRead, PastRun, PastRunSteps, PastStatus, PastStep,
    PastStepDetail, PastValue, PastWrite, Shortened,
};

fn page(width: Option<usize>) -> PastPage {
    PastPage {
        style: Style { color: false, unicode: true, width: 100 },
        width,
        zone: jiff::tz::TimeZone::fixed(jiff::tz::offset(2)),
        resume_command: "thinking apply".to_owned(),
    }
}

fn run(status: PastStatus) -> PastRun {
    PastRun {
        number: 3,
        id: "20261120-081115-cdbe".to_owned(),
        line: "main".to_owned(),
        pipeline: "train".to_owned(),
        status,
        started: 1_795_162_275_000,
        ended: None,
        took: Some(61_000_000),
        processes: 2,
        counts: Some(PastCounts { done: 20_000, at_least: true, ..PastCounts::default() }),
        params: vec![("epochs".to_owned(), json!(5)), ("corpus".to_owned(), json!("a\u{1b}[2J.txt"))],
        facets: vec!["gpu".to_owned(), "smoke".to_owned()],
        fresh: true,
        changes: vec![PastChange {
            at: 0,
            task: "fit/epoch[3]/train".to_owned(),
            reason: "its `rhai` changed".to_owned(),
            dropped: 1,
        }],
        earlier_changes: 7,
    }
}

/// A record of before there were figures.
fn old() -> PastRun {
    PastRun {
        took: None,
        processes: 0,
        counts: None,
        params: Vec::new(),
        facets: Vec::new(),
        fresh: false,
        changes: Vec::new(),
        earlier_changes: 0,
        ..run(PastStatus::Done)
    }
}

#[test]
fn wide_narrow_and_very_narrow() {
    let runs = [run(PastStatus::Killed), old()];
    insta::assert_snapshot!(history_text(&runs, Some("thinking history -n 0"), &page(None)), @r#"
    run                   pipeline  status  started           took    steps   given
    20261120-081115-cdbe  train     killed  2026-11-20 10:11  1m 01s  20000+  -p epochs=5 -p corpus=a\u{1b}[2J.txt --facet gpu,smoke
      killed, goes on with `thinking apply`
      ↻ fresh: on empty data
      ↻ went back 7 times before
      ↻ again from `fit/epoch[3]/train`: its `rhai` changed; 1 recorded step given up
    20261120-081115-cdbe  train     done    2026-11-20 10:11
    … earlier runs: thinking history -n 0
    "#);
    insta::assert_snapshot!(history_text(&runs, None, &page(Some(75))), @r#"
    20261120-081115-cdbe
      train
      killed
      2026-11-20 10:11
      1m 01s
      steps: 20000+
      -p epochs=5 -p corpus=a\u{1b}[2J.txt --facet gpu,smoke
      killed, goes on with `thinking apply`
      ↻ fresh: on empty data
      ↻ went back 7 times before
      ↻ again from `fit/epoch[3]/train`: its `rhai` changed; 1 recorded step g…
    20261120-081115-cdbe
      train
      done
      2026-11-20 10:11
    "#);
    insta::assert_snapshot!(history_text(&runs, None, &page(Some(20))), @r#"
    20261120-081115-cdbe
      train
      killed
      2026-11-20 10:11
      1m 01s
      steps: 20000+
      -p epochs=5 -p corpus=a\u{1b}[2J.txt --facet gpu,smoke
      killed, goes on with `thinking apply`
      ↻ fresh: on empty data
      ↻ went back 7 times before
      ↻ again from `fit…
    20261120-081115-cdbe
      train
      done
      2026-11-20 10:11
    "#);
}

#[test]
fn colours_and_ascii() {
    let style = Style { color: true, unicode: false, width: 100 };
    let text = history_text(&[run(PastStatus::Failed)], Some("x"), &PastPage { style, ..page(None) });
    assert!(text.contains("\u{1b}[31m20261120-081115-cdbe\u{1b}[0m  train"), "{text}");
    assert!(text.is_ascii(), "{text}");
}

fn step(path: &str, outcome: PastOutcome) -> PastStep {
    PastStep {
        path: path.to_owned(),
        pipeline: "train".to_owned(),
        attempt: 2,
        started: 1_795_162_275_000,
        took: Some(812),
        outcome,
        result: json!({ "loss": 0.25, "words": "a very long text that does not fit on a line of eighty columns, not at all" }),
        current: false,
    }
}

#[test]
fn long_lists_are_shortened() {
    let steps = Shortened {
        first: vec![step("prepare", PastOutcome::Done)],
        left_out: 960,
        last: vec![step("last", PastOutcome::Failed("two\nlines".to_owned()))],
    };
    let detail = PastRunSteps { run: PastRun { status: PastStatus::Interrupted, ..old() }, steps };
    insta::assert_snapshot!(run_text(&detail, &page(Some(60))), @r#"
    run 20261120-081115-cdbe  pipeline train
      status   interrupted, goes on with `thinking apply`
      started  2026-11-20 10:11:15

      task     started   took   result
    ✓ prepare  10:11:15  0.8ms  given up since; attempt 2; {"lo…
      … 960 more; --all shows them
    ✗ last     10:11:15  0.8ms  attempt 2; failed: two
    "#);
}

#[test]
fn every_kind_of_change() {
    let write = |key: &str, before, after| {
        let (database, key) = ("rows".to_owned(), Some(key.to_owned()));
        PastWrite { database, item: PastItem::Key, key, before, after }
    };
    let number = |number: u32| PastValue::Json(json!(number));
    let long = || PastValue::Json(json!("x".repeat(200)));
    let first = vec![
        PastWrite { key: None, ..write("", PastValue::Absent, PastValue::Absent) },
        write("new", PastValue::Absent, number(1)),
        write("changed", number(1), number(2)),
        write("same", number(1), number(1)),
        write("gone", number(1), PastValue::Absent),
        write("never", PastValue::Absent, PastValue::Absent),
        write("unknown", PastValue::Unknown, number(1)),
        write("blob", PastValue::Blob(70_000), PastValue::Blob(3)),
        write(&"k".repeat(100), long(), long()),
        write("steers \u{1b}[2J", number(1), PastValue::Json(json!("\u{202e}"))),
    ];
    let read = |kind, name: &str, value: Option<&str>| PastRead {
        kind,
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    let detail = PastStepDetail {
        step: step("fit/epoch[3]/train", PastOutcome::Done),
        run: "20261120-081115-cdbe".to_owned(),
        generation: 2,
        seq: 9,
        reads: vec![read("param", "epochs", Some("5")), read("file", "a.txt", None)],
        outputs: vec!["out/a.txt".to_owned()],
        files: vec![("b.txt".to_owned(), true), ("c.txt".to_owned(), false)],
        writes: Shortened { first, left_out: 5, last: vec![write("z", PastValue::Absent, number(9))] },
        internal: Shortened::default(),
    };
    insta::assert_snapshot!(step_text(&detail, &page(Some(80))), @r#"
    fit/epoch[3]/train  pipeline train
      outcome  done
      by       run 20261120-081115-cdbe, attempt 2
      started  2026-11-20 10:11:15
      took     0.8ms
      now      given up since: no recorded state builds on it
      result   {
                 "loss": 0.25,
                 "words": "a very long text that does not fit on a line of eighty c…
               }
      saw      param epochs = 5
               file a.txt
      wrote    output out/a.txt
               file b.txt
               file c.txt, removed
      changed  rows: everything in it was deleted
               rows "new"  new → 1
               rows "changed"  1 → 2
               rows "same"  1, as before
               rows "gone"  1 → deleted
               rows "never"  deleted; it was not there
               rows "unknown"  not known any more → 1
               rows "blob"  70000 bytes → 3 bytes
               rows "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…  "xxxxxxxx…, as before
               rows "steers \u001b[2J"  1 → "\u{202e}"
               … 5 more; --all shows them
               rows "z"  new → 9
    "#);
    // Elsewhere than on a terminal nothing is cut.
    assert!(step_text(&detail, &page(None)).contains(&"x".repeat(200)));
    for width in 0..40 {
        // Whatever the terminal, there is a text.
        assert!(step_text(&detail, &page(Some(width))).contains("rows"));
    }
}

#[test]
fn changes_are_told_as_people_know_them() {
    let write = |database: &str, item, before, after| PastWrite {
        database: database.to_owned(),
        item,
        key: Some("raw".to_owned()),
        before,
        after,
    };
    let known = |value: serde_json::Value| PastValue::Json(value);
    let document =
        |id: serde_json::Value, before, after| write("papers:documents", PastItem::Document(id), before, after);
    let vector = |id: serde_json::Value, before, after| write("points:vectors", PastItem::Vector(id), before, after);
    let object = |steps: serde_json::Value, before, after| {
        write("model:objects", PastItem::Path(steps.as_array().unwrap().clone()), before, after)
    };
    let long = "x".repeat(100);
    let first = vec![
        document(json!(7), PastValue::Absent, known(json!({ "id": 7, "year": 2006 }))),
        document(
            json!("a b"),
            known(json!({ "id": "a b", "year": 2006, "old": [1], "same": 1 })),
            known(json!({ "id": "a b", "year": 1999.5, "new": true, "same": 1 })),
        ),
        document(json!(8), known(json!({ "id": 8 })), PastValue::Absent),
        document(json!(9), known(json!({ "id": 9, "t": long, "u": 1 })), known(json!({ "id": 9, "t": "", "u": 2 }))),
        document(json!(10), known(json!({ "id": 10 })), known(json!({ "id": 10 }))),
        vector(json!("a"), PastValue::Absent, PastValue::Blob(8)),
        vector(json!(2), PastValue::Blob(4), PastValue::Absent),
        write("points:vectors", PastItem::VectorData(json!(2)), PastValue::Absent, known(json!({ "n": 1 }))),
        object(json!(["a", "b"]), PastValue::Absent, known(json!({ "list": 2 }))),
        object(json!(["a", "b", 1, "c.d"]), PastValue::Absent, known(json!({}))),
        object(json!(["a", "b", 0]), known(json!(1)), PastValue::Blob(3)),
        PastWrite { key: None, ..object(json!([]), PastValue::Absent, PastValue::Absent) },
    ];
    let index = write("papers:documents", PastItem::Internal, PastValue::Absent, known(json!({})));
    let detail = |writes: Vec<PastWrite>| PastStepDetail {
        step: PastStep { result: json!(null), ..step("fill", PastOutcome::Done) },
        run: "20261120-081115-cdbe".to_owned(),
        generation: 0,
        seq: 9,
        reads: Vec::new(),
        outputs: Vec::new(),
        files: Vec::new(),
        writes: Shortened { first: writes, left_out: 0, last: Vec::new() },
        internal: Shortened { first: vec![index.clone()], left_out: 0, last: Vec::new() },
    };
    let told = |writes: Vec<PastWrite>, width| {
        let text = step_text(&detail(writes), &page(width));
        text.split_once("  changed  ").map(|(_, changes)| changes.to_owned()).unwrap_or_default()
    };
    insta::assert_snapshot!(told(first.clone(), Some(80)), @r#"
    papers 7  new → {"year":2006}
               papers "a b"  year 2006 → 1999.5, new new → true, old [1] → deleted
               papers 8  {} → deleted
               papers 9  t "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
               papers 10  {}, as before
               points "a"  new → 2 numbers
               points 2  1 number → deleted
               points 2 data  new → {"n":1}
               model a.b  new → a list of 2
               model ["a","b",1,"c.d"]  new → a map
               model a.b.0  1 → 3 bytes
               model: everything in it was deleted
    "#);
    assert!(told(first.clone(), None).contains(&format!("papers 9  t \"{long}\" → \"\", u 1 → 2\n")));
    assert_eq!(told(Vec::new(), None), "only how data is found: no document, vector or value\n");
    for width in 0..40 {
        assert!(told(first.clone(), Some(width)).contains("papers"));
    }
    let changes = step_json(&detail(first))["changes"].clone();
    let own = |at: usize| {
        let mut fields = changes[at].as_object().unwrap().clone();
        for name in ["database", "key", "before", "after"] {
            assert!(fields.remove(name).is_some(), "what is stored stays: {name}");
        }
        serde_json::Value::Object(fields)
    };
    assert_eq!(own(0), json!({ "name": "papers", "kind": "documents", "id": 7 }));
    let absent = json!({ "absent": true });
    let fields = json!({
        "year": { "before": { "value": 2006 }, "after": { "value": 1999.5 } },
        "new": { "before": absent, "after": { "value": true } },
        "old": { "before": { "value": [1] }, "after": absent },
    });
    assert_eq!(own(1), json!({ "name": "papers", "kind": "documents", "id": "a b", "fields": fields }));
    assert_eq!(own(5), json!({ "name": "points", "kind": "vectors", "id": "a" }));
    assert_eq!(own(7), json!({ "name": "points", "kind": "vectors", "id": 2, "data": true }));
    assert_eq!(own(9), json!({ "name": "model", "kind": "objects", "path": ["a", "b", 1, "c.d"] }));
    assert_eq!(own(12), json!({ "name": "papers", "kind": "documents", "internal": true }));
    assert_eq!(changes.as_array().unwrap().len(), 13);
}
