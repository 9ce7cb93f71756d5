//! The order in which units start.

use crate::wiring::UnitId;
use crate::wiring::graph::Found;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Dependencies first; of those that could come next, the one that was declared first. What stands in a circle comes last, in declaration
/// order: a circle is a mistake of its own.
pub(crate) fn start_order(found: &HashMap<UnitId, Found>) -> Vec<UnitId> {
    let mut missing: HashMap<UnitId, usize> = HashMap::with_capacity(found.len());
    let mut dependants: HashMap<UnitId, Vec<UnitId>> = HashMap::with_capacity(found.len());
    for (id, one) in found {
        let edges = one.edges.iter().filter(|edge| found.contains_key(&edge.to));
        missing.insert(*id, edges.clone().count());
        for edge in edges {
            dependants.entry(edge.to).or_default().push(*id);
        }
    }
    let free = missing.iter().filter(|(_, count)| **count == 0).map(|(id, _)| Reverse(*id));
    let mut ready: BinaryHeap<Reverse<UnitId>> = free.collect();
    let mut order = Vec::with_capacity(found.len());
    while let Some(Reverse(id)) = ready.pop() {
        missing.remove(&id);
        order.push(id);
        for dependant in dependants.get(&id).into_iter().flatten() {
            let Some(count) = missing.get_mut(dependant) else { continue };
            *count -= 1;
            if *count == 0 {
                ready.push(Reverse(*dependant));
            }
        }
    }
    let mut circular: Vec<UnitId> = missing.into_keys().collect();
    circular.sort_unstable();
    order.extend(circular);
    order
}
