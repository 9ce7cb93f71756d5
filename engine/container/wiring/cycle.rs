//! Circles of dependencies.

use crate::wiring::graph::{Edge, Found};
use crate::wiring::{UnitId, Wirer};
use std::collections::{BTreeSet, HashMap};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics};

/// More than this at once help nobody: mending some shows the rest.
const MOST: usize = 10;

/// Says every circle once, wherever the search begins: it goes by names.
pub(crate) fn check(wirer: &Wirer, found: &HashMap<UnitId, Found>, wrong: &mut Diagnostics) {
    let name = |id: &UnitId| wirer.unit(*id).map_or("", |unit| &unit.name);
    let mut ids: Vec<UnitId> = found.keys().copied().collect();
    ids.sort_by(|one, other| name(one).cmp(name(other)));
    let edges: HashMap<UnitId, Vec<&Edge>> = found
        .iter()
        .map(|(id, one)| {
            let mut edges: Vec<&Edge> = one.edges.iter().collect();
            edges.sort_by(|one, other| (name(&one.to), one.need).cmp(&(name(&other.to), other.need)));
            edges.dedup_by_key(|edge| edge.to);
            (*id, edges)
        })
        .collect();
    let mut done: BTreeSet<UnitId> = BTreeSet::new();
    let mut said = 0;
    for start in ids {
        // The way from `start`: each with the number of its next edge. No recursion: chains may be long.
        let mut way: Vec<(UnitId, usize)> = vec![(start, 0)];
        let mut on_way: HashMap<UnitId, usize> = HashMap::from([(start, 0)]);
        while let Some((id, next)) = way.last_mut() {
            let id = *id;
            let edge = if done.contains(&id) { None } else { edges.get(&id).and_then(|edges| edges.get(*next)) };
            *next += 1;
            let Some(edge) = edge else {
                done.insert(id);
                on_way.remove(&id);
                way.pop();
                continue;
            };
            if let Some(from) = on_way.get(&edge.to) {
                let circle: Vec<(UnitId, &Edge)> = way[*from..]
                    .iter()
                    .filter_map(|(id, next)| Some((*id, *edges.get(id)?.get(next.checked_sub(1)?)?)))
                    .collect();
                wrong.push(tell(wirer, circle));
                said += 1;
                if said == MOST {
                    return;
                }
            } else if !done.contains(&edge.to) {
                on_way.insert(edge.to, way.len());
                way.push((edge.to, 0));
            }
        }
    }
}

/// `a → b → a`, with the place of every edge.
fn tell(wirer: &Wirer, mut circle: Vec<(UnitId, &Edge)>) -> Diagnostic {
    let name = |id: UnitId| wirer.unit(id).map_or("", |unit| &unit.name);
    let first = circle.iter().enumerate().min_by_key(|(_, (id, _))| name(*id)).map_or(0, |(at, _)| at);
    circle.rotate_left(first);
    let mut text: String = circle.iter().map(|(id, _)| format!("{} → ", name(*id))).collect();
    text.push_str(circle.first().map_or("", |(id, _)| name(*id)));
    let mut error = Diagnostic::error(Code::WiringCycle, format!("components need each other in a circle: {text}"));
    let mut places = Vec::new();
    for (id, edge) in circle {
        let (from, to) = (name(id), name(edge.to));
        match (wirer.edge_span(id, edge), wirer.edge_place(id, edge)) {
            (Some(span), _) => error = error.at(span, format!("`{from}` needs `{to}`")),
            (None, Some(place)) => places.push(format!("`{from}` needs `{to}` ({place})")),
            (None, None) => places.push(format!("`{from}` needs `{to}`")),
        }
    }
    if !places.is_empty() {
        error = error.help(places.join("\n"));
    }
    error.help("take one of these dependencies out, or give it another binding with `wire`".to_owned())
}
