//! How deeply a value is nested: copying and dropping it takes stack for every level.

use rhai::{Array, Dynamic, FnPtr, Map};

/// Most levels of lists, maps and functions inside of each other.
pub const DEEPEST: usize = 500;
/// Most elements that are looked at: a long list costs no more than a short one.
const BUDGET: usize = 1024;

/// Whether a value is nested more than [`DEEPEST`] levels deep. Of a large value only a part is looked at, the way down first: what a loop
/// nests is found, what somebody hides among thousands of elements may not be.
#[must_use]
pub fn too_deep(value: &Dynamic) -> bool {
    let mut budget = BUDGET;
    deeper_than(value, DEEPEST, &mut budget)
}

fn deeper_than(value: &Dynamic, levels: usize, budget: &mut usize) -> bool {
    if !holds_others(value) {
        return false;
    }
    if levels == 0 {
        return true;
    }
    // What a script is just changing is locked; it will be seen another time.
    if value.is_shared() {
        return !value.is_locked()
            && value.read_lock::<Dynamic>().is_some_and(|value| deeper_than(&value, levels - 1, budget));
    }
    let mut below = |value: &Dynamic| {
        *budget = budget.saturating_sub(1);
        *budget > 0 && deeper_than(value, levels - 1, budget)
    };
    // Each is asked for by its own type, so that nothing is locked twice.
    if let Some(list) = value.read_lock::<Array>() {
        // New elements are mostly at the ends.
        let ends = list.iter().take(8).chain(list.iter().rev().take(8));
        return ends.chain(list.iter().take(BUDGET)).any(&mut below);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.values().any(&mut below);
    }
    value.read_lock::<FnPtr>().is_some_and(|function| function.curry().iter().any(&mut below))
}

fn holds_others(value: &Dynamic) -> bool {
    value.is_shared() || value.is_array() || value.is_map() || value.is_fnptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_found_in_lists_maps_and_functions() {
        let nested = |levels: usize, wrap: &dyn Fn(Dynamic) -> Dynamic| {
            let mut value = Dynamic::UNIT;
            for _ in 0..levels {
                value = wrap(value);
            }
            value
        };
        let list = |value| Dynamic::from_array(vec![1.into(), value]);
        let map = |value| Dynamic::from_map(Map::from([("a".into(), 1.into()), ("next".into(), value)]));
        for wrap in [&list as &dyn Fn(Dynamic) -> Dynamic, &map] {
            assert!(!too_deep(&nested(DEEPEST, wrap)));
            assert!(too_deep(&nested(DEEPEST + 1, wrap)));
        }
        assert!(!too_deep(&Dynamic::from_array(vec![Dynamic::from_array(Vec::new()); 100_000])));
        assert!(!too_deep(&1.into()));
    }
}
