//! How the operations of a scripted component touch the world, as far as their text says.

use super::facts::{Facts, Form, Survey};
use crate::known::Known;
use std::collections::{BTreeMap, BTreeSet};
use thinking_step::Class;

/// The class of each function; `None` where it calls what only the wiring knows.
pub fn classes(survey: &Survey, known: &Known, needs: &BTreeSet<String>) -> BTreeMap<Form, Option<Class>> {
    let own = |facts: &Facts| -> Option<Class> {
        if facts.any_function || (!needs.is_empty() && (facts.whole || !facts.fields.is_disjoint(needs))) {
            return None;
        }
        let state = facts.whole || facts.fields.iter().any(|field| field != "config");
        let least = if state { Class::State } else { Class::Pure };
        let called = facts.calls.iter().filter_map(|name| known.doc(name)).map(|doc| doc.class);
        Some(called.fold(least, Class::max))
    };
    let all = || survey.functions.iter().map(|((name, _), facts)| (name, facts)).chain(&survey.closures);
    // By name alone: which of two forms a call means makes no difference worth knowing.
    let mut found: BTreeMap<&str, Option<Class>> = BTreeMap::new();
    for (name, facts) in all() {
        let class = own(facts);
        found.entry(name).and_modify(|other| *other = larger(*other, class)).or_insert(class);
    }
    // Each round carries classes over one more call; classes only grow, so there is an end.
    loop {
        let mut changed = false;
        for (name, facts) in all() {
            let mut class = found.get(name.as_str()).copied().flatten();
            if class.is_none() {
                continue;
            }
            for called in &facts.calls {
                if let Some(other) = found.get(called.as_str()) {
                    class = larger(class, *other);
                }
            }
            if found.get(name.as_str()) != Some(&class) {
                found.insert(name, class);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    survey.functions.keys().map(|form| (form.clone(), found.get(form.0.as_str()).copied().flatten())).collect()
}

/// The larger of two; not knowing is the largest.
fn larger(one: Option<Class>, other: Option<Class>) -> Option<Class> {
    Some(one?.max(other?))
}
