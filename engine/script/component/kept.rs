//! Fields of `this` that hold something from one call to the next.

use super::facts::{Facts, Survey};
use super::functions::Defined;
use crate::places::Places;
use std::collections::{BTreeMap, BTreeSet};
use thinking_step::KeptField;

type Names = BTreeSet<String>;

/// Each place where a field is set that some operation looks at later without having set it anew.
pub fn kept(survey: &Survey, places: &Places, needs: &Names, defined: &[Defined]) -> Vec<KeptField> {
    let functions: BTreeMap<&str, &Facts> =
        survey.functions.iter().map(|((name, _), facts)| (name.as_str(), facts)).collect();
    if functions.values().all(|facts| facts.sets.is_empty()) {
        return Vec::new();
    }
    let old = old(&functions);
    let operations: Vec<(&str, BTreeSet<&str>)> = defined
        .iter()
        .filter(|function| function.public)
        .map(|function| (function.name.as_str(), reached(&functions, &function.name)))
        .collect();
    let mut all = Vec::new();
    for (function, facts) in &functions {
        for (field, position) in facts.sets.iter().filter(|(field, _)| field != "config" && !needs.contains(field)) {
            let Some(span) = places.token(*position) else { continue };
            let by = |with: &dyn Fn(&str, &BTreeSet<&str>) -> bool| -> Vec<String> {
                let some = operations.iter().filter(|(name, reached)| with(name, reached));
                some.map(|(name, _)| (*name).to_owned()).collect()
            };
            let set_by = by(&|_, reached| reached.contains(function));
            let read_by = by(&|name, _| old.get(name).is_some_and(|fields| fields.contains(field)));
            if !set_by.is_empty() && !read_by.is_empty() {
                all.push(KeptField { name: field.clone(), span, set_by, read_by });
            }
        }
    }
    all.sort_by_key(|field| field.span);
    all.dedup();
    all
}

/// A function and all that it calls on `this`.
fn reached<'a>(functions: &BTreeMap<&'a str, &'a Facts>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut all, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(facts) = open.pop().and_then(|name| functions.get(name)) {
        for called in facts.rows.iter().flat_map(|row| &row.calls).filter(|name| functions.contains_key(name.as_str()))
        {
            if all.insert(called.as_str()) {
                open.push(called.as_str());
            }
        }
    }
    all
}

/// The fields that each function looks at without having set them anew before.
fn old<'a>(functions: &BTreeMap<&'a str, &'a Facts>) -> BTreeMap<&'a str, Names> {
    let none = || functions.keys().map(|name| (*name, Names::new())).collect::<BTreeMap<_, _>>();
    // What a function sets anew whatever happens, then what it looks at: each round goes one call deeper, and both only grow.
    let mut anew = none();
    rounds(&mut anew, |known, name| {
        let rows = functions.get(name).map(|facts| facts.rows.iter()).into_iter().flatten();
        rows.flat_map(|row| {
            let through = row.only_calls.as_deref().and_then(|called| known.get(called)).into_iter().flatten();
            row.sets.iter().chain(through).cloned().collect::<Vec<_>>()
        })
        .collect()
    });
    let mut old = none();
    rounds(&mut old, |known, name| {
        let (mut looked, mut set) = (Names::new(), Names::new());
        for row in functions.get(name).map(|facts| facts.rows.iter()).into_iter().flatten() {
            let through = row.calls.iter().filter_map(|called| known.get(called.as_str())).flatten();
            looked.extend(row.reads.iter().chain(through).filter(|field| !set.contains(*field)).cloned());
            set.extend(row.sets.clone());
            set.extend(row.only_calls.as_deref().and_then(|called| anew.get(called)).into_iter().flatten().cloned());
        }
        looked
    });
    old
}

/// Works out every function anew until nothing changes.
fn rounds<'a>(known: &mut BTreeMap<&'a str, Names>, of: impl Fn(&BTreeMap<&'a str, Names>, &str) -> Names) {
    loop {
        let next: BTreeMap<&str, Names> = known.keys().map(|name| (*name, of(known, name))).collect();
        if next == *known {
            return;
        }
        *known = next;
    }
}
