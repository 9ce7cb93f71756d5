//! Whatever is edited and wherever it crashes: in the end the data is that of a first run.

use super::crashing::crashing;
use super::support::*;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use thinking_event::RunEnd;
use thinking_step::{Class, Datum, StepError};

/// A task to be made into a [`Node`]: what differs between two plans of one test.
#[derive(Debug, Clone)]
struct Sketch {
    name: usize,
    kind: SketchKind,
    when: When,
    skip: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    Always,
    Param,
    Data(usize),
}

#[derive(Debug, Clone)]
enum SketchKind {
    /// Writes a key from another key's value.
    Mix {
        from: usize,
        to: usize,
        version: u8,
    },
    /// Deletes a key, or everything.
    Drop {
        key: Option<usize>,
    },
    /// Writes what an earlier task gave.
    Result {
        of: usize,
        to: usize,
    },
    /// Touches the world outside and writes.
    Touch {
        to: usize,
    },
    /// Writes and then fails if the data so far is odd.
    Fragile {
        from: usize,
    },
    Stage(Vec<Sketch>),
    Each(u8, Vec<Sketch>),
    Repeat(u8, Vec<Sketch>),
    Choose(Vec<Sketch>, Vec<Sketch>),
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn number(host: &Arc<dyn thinking_step::Host>, key: &str) -> Result<i64, StepError> {
    Ok(match host.get("data", key)? {
        Some(Datum::Json(value)) => value.as_i64().unwrap_or(0),
        _ => 0,
    })
}

fn index(host: &Arc<dyn thinking_step::Host>) -> i64 {
    host.variable("index").and_then(|index| index.as_i64()).unwrap_or(0)
}

fn nodes(sketches: &[Sketch]) -> Vec<Node> {
    let mut used = [false; NAMES.len()];
    let fresh = |sketch: &&Sketch| !std::mem::replace(&mut used[sketch.name], true);
    sketches.iter().filter(fresh).map(node).collect()
}

fn node(sketch: &Sketch) -> Node {
    let name = NAMES[sketch.name];
    let node = match &sketch.kind {
        SketchKind::Mix { from, to, version } => {
            let (from, to, version) = (NAMES[*from], NAMES[*to], i64::from(*version));
            step(name, &format!("mix {from} {to} {version}"), move |host| {
                let value = (number(host, from)? * 7 + version + index(host)) % 1000;
                host.put("data", to, Datum::Json(json!(value)))?;
                Ok(json!(value))
            })
        }
        SketchKind::Drop { key } => {
            let key = key.map(|key| NAMES[key]);
            step(name, &format!("drop {key:?}"), move |host| {
                match key {
                    Some(key) => drop(host.delete("data", key)?),
                    None => host.clear("data")?,
                }
                host.put("data", "z", Datum::Json(json!(1)))?;
                Ok(json!(null))
            })
        }
        SketchKind::Result { of, to } => {
            let (of, to) = (NAMES[*of], NAMES[*to]);
            step(name, &format!("result {of} {to}"), move |host| {
                let value = json!([host.sibling_result(of)?, host.param("p")]);
                host.put("data", &format!("r{to}"), Datum::Json(value.clone()))?;
                Ok(value)
            })
        }
        SketchKind::Touch { to } => {
            let to = NAMES[*to];
            step(name, &format!("touch {to}"), move |host| {
                host.touch(Class::Effect, "touch")?;
                host.put("data", to, Datum::Json(json!(number(host, to)? + 1)))?;
                Ok(json!(null))
            })
        }
        SketchKind::Fragile { from } => {
            let from = NAMES[*from];
            step(name, &format!("fragile {from}"), move |host| {
                host.put("data", "never", Datum::Json(json!(1)))?;
                if number(host, from)? % 2 == 1 { Err(StepError::script("odd")) } else { Ok(json!(0)) }
            })
            .skip()
        }
        SketchKind::Stage(children) => stage(name, nodes(children)),
        SketchKind::Each(count, children) => each(name, value(json!({"$range": [0, count]})), nodes(children)),
        SketchKind::Repeat(count, children) => {
            let count = i64::from(*count);
            let until = program(&count.to_string(), move |host| Ok(json!(index(host) + 1 >= count)));
            repeat(name, until, None, nodes(children))
        }
        SketchKind::Choose(first, second) => {
            let odd = program("p is odd", |host| Ok(json!(host.param("p").unwrap().as_i64().unwrap() % 2 == 1)));
            let mut choose = choose(false, vec![(Some(odd), nodes(first)), (None, nodes(second))]);
            choose.name = Some(name);
            choose
        }
    };
    let node = if sketch.skip { node.skip() } else { node };
    match sketch.when {
        When::Always => node,
        When::Param => node.when(program("p < 2", |host| Ok(json!(host.param("p").unwrap().as_i64().unwrap() < 2)))),
        When::Data(key) => {
            let key = NAMES[key];
            node.when(program(&format!("{key} is even"), move |host| Ok(json!(number(host, key)? % 2 == 0))))
        }
    }
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let name = || 0..NAMES.len();
    let kind = prop_oneof![
        4 => (name(), name(), 0..3u8).prop_map(|(from, to, version)| SketchKind::Mix { from, to, version }),
        1 => proptest::option::of(name()).prop_map(|key| SketchKind::Drop { key }),
        2 => (name(), name()).prop_map(|(of, to)| SketchKind::Result { of, to }),
        1 => name().prop_map(|to| SketchKind::Touch { to }),
        1 => name().prop_map(|from| SketchKind::Fragile { from }),
    ];
    let when = move || prop_oneof![6 => Just(When::Always), 1 => Just(When::Param), 1 => name().prop_map(When::Data)];
    let wrap = move |kind: BoxedStrategy<SketchKind>| {
        (name(), kind, when(), prop::bool::weighted(0.2)).prop_map(|(name, kind, when, skip)| Sketch {
            name,
            kind,
            when,
            skip,
        })
    };
    wrap(kind.boxed()).prop_recursive(2, 12, 3, move |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..3);
        let kind = prop_oneof![
            list().prop_map(SketchKind::Stage),
            (0..3u8, list()).prop_map(|(count, list)| SketchKind::Each(count, list)),
            (1..3u8, list()).prop_map(|(count, list)| SketchKind::Repeat(count, list)),
            (list(), list()).prop_map(|(first, second)| SketchKind::Choose(first, second)),
        ];
        wrap(kind.boxed())
    })
}

/// A plan, the parameter, and after how many commits the process dies.
type Round = (Vec<Sketch>, i64, Option<u64>);

/// A plan and small edits of it.
fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let plan = prop::collection::vec(sketch(), 1..5);
    let edit = (0..5usize, prop::option::of(sketch()), 0..3i64, prop::option::weighted(0.6, 0..8u64));
    (plan, 0..3i64, prop::option::weighted(0.5, 0..8u64), prop::collection::vec(edit, 0..4)).prop_map(
        |(plan, param, crash, edits)| {
            let mut rounds = vec![(plan, param, crash)];
            for (at, new, param, crash) in edits {
                let mut plan = rounds.last().unwrap().0.clone();
                match (at < plan.len(), new) {
                    (true, Some(new)) => plan[at] = new,
                    (true, None) => drop(plan.remove(at)),
                    (false, Some(new)) => plan.push(new),
                    (false, None) => plan.reverse(),
                }
                rounds.push((plan, param, crash));
            }
            rounds
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_outcome_is_that_of_a_first_run(rounds in rounds()) {
        let store = Arc::new(crashing());
        let mut project = Project::on(store.clone());
        for (plan, param, crash) in &rounds {
            store.fail_after(*crash);
            project.params.insert("p", (json!(param), false));
            let end = project.try_apply(&nodes(plan)).map(|told| told.end);
            let fine = matches!(end, Ok(RunEnd::Done | RunEnd::Unchanged | RunEnd::StoreFailed { .. }) | Err(crate::ApplyError::Store(_)));
            prop_assert!(fine, "{end:?}");
        }
        store.fail_after(None);
        let (plan, param, _) = rounds.last().unwrap();
        let foreseen = project.preview(&nodes(plan)).is_unchanged();
        let told = project.apply(&nodes(plan));
        let changed = told.lines().iter().any(|line| line.starts_with("done ") || line.starts_with("rerun ") || line.starts_with("passed "));
        prop_assert_eq!(foreseen, !changed, "{:?}", told.lines());
        let mut fresh = Project::new();
        fresh.params.insert("p", (json!(param), false));
        fresh.apply(&nodes(plan));
        prop_assert_eq!(project.data(), fresh.data());
        prop_assert!(project.preview(&nodes(plan)).is_unchanged());
        prop_assert_eq!(project.apply(&nodes(plan)).end, RunEnd::Unchanged);
    }
}
