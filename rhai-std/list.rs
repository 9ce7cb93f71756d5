//! `list`.

use crate::assertion::equal;
use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use crate::number::{count, kind};
use crate::orders::{Combinations, Permutations};
use crate::rand;
use crate::stream::Stream;
use rhai::{Array, Dynamic, FnPtr, INT, Map, NativeCallContext};
use std::cmp::Ordering;
use thinking_step::Class;

/// Most numbers of a `range`.
const MOST: i128 = 10_000_000;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("list");
    let pure = Class::Pure;
    ns.function(
        "range",
        pure,
        "range(from, to) -> list",
        "The ints from `from` up to, not including, `to`; a third argument is the step.",
        |from: INT, to: INT| range(from, to, 1),
    );
    ns.form("range", range);
    ns.function(
        "chunks",
        pure,
        "chunks(list, size) -> list of lists",
        "Cut into pieces of `size`; the last may be shorter.",
        |list: Array, size: INT| -> Answer<Array> {
            let size = count(size, "the size")?;
            if size == 0 {
                return Err(fail("the size must be at least 1"));
            }
            Ok(list.chunks(size).map(|piece| Dynamic::from_array(piece.to_vec())).collect())
        },
    );
    ns.function(
        "zip",
        pure,
        "zip(a, b) -> list of pairs",
        "Pairs of the elements at the same place; as long as the shorter list.",
        |a: Array, b: Array| -> Array { a.into_iter().zip(b).map(|(a, b)| Dynamic::from_array(vec![a, b])).collect() },
    );
    ns.function("sum", pure, "sum(list)", "The sum of the numbers.", |list: Array| crate::stats::sum(&list));
    ns.function(
        "unique",
        pure,
        "unique(list) -> list",
        "Each value once, in the order of their first places.",
        |list: Array| unique(list),
    );
    ns.function(
        "flatten",
        pure,
        "flatten(list) -> list",
        "The elements of the lists in the list.",
        |list: Array| -> Answer<Array> {
            let mut flat = Array::new();
            for item in list {
                match crate::stream::as_list(&item)? {
                    Some(inner) => flat.extend(inner),
                    None => flat.extend(item.try_cast_result::<Array>().unwrap_or_else(|item| vec![item])),
                }
            }
            Ok(flat)
        },
    );
    ns.function(
        "sorted",
        pure,
        "sorted(list) -> list",
        "In ascending order: numbers, or strings.",
        |list: Array| -> Answer<Array> {
            let keys = list.clone();
            sort(list, keys)
        },
    );
    ns.function(
        "sort_by",
        pure,
        "sort_by(list, |x| key) -> list",
        "In ascending order of the keys; equal ones keep their order.",
        |context: NativeCallContext, list: Array, key: FnPtr| -> Answer<Array> {
            let keys = keys(&context, &list, &key)?;
            sort(list, keys)
        },
    );
    ns.function(
        "group_by",
        pure,
        "group_by(list, |x| key) -> map of lists",
        "The elements by their key, which becomes a string.",
        |context: NativeCallContext, list: Array, key: FnPtr| -> Answer<Map> {
            let keys = keys(&context, &list, &key)?;
            let mut groups: std::collections::BTreeMap<String, Array> = std::collections::BTreeMap::new();
            for (item, key) in list.into_iter().zip(keys) {
                groups.entry(key.to_string()).or_default().push(item);
            }
            Ok(groups.into_iter().map(|(key, items)| (key.into(), Dynamic::from_array(items))).collect())
        },
    );
    ns.function("shuffle", pure, "shuffle(list) -> list", "The elements in random order (Fisher–Yates), drawn as `rand::int` draws: a step that runs again gets the same order.", |list: Array| {
        rand::shuffle(list)
    });
    ns.function(
        "permutations",
        pure,
        "permutations(list) -> list of lists",
        "All orders of the elements, made one after the other, so that `for order in list::permutations(people) { … break; }` makes only as many as it looks at. \
         They come in the order of the elements' places; `permutations(list, k)` gives all orders of k of them: n! / (n − k)! with n elements. \
         What needs all at once (`sort`, `[0]`, a result) may hold a million.",
        |list: Array| orders(list, None),
    )
    .streams();
    ns.form("permutations", |list: Array, k: INT| orders(list, Some(k)));
    ns.function(
        "combinations",
        pure,
        "combinations(list, k) -> list of lists",
        "All choices of k elements in their order, made one after the other as `permutations` makes them: n! / (k! · (n − k)!) with n elements.",
        |list: Array, k: INT| -> Answer<Dynamic> { Ok(Stream::dynamic(Combinations { list, k: count(k, "k")? })) },
    )
    .streams();
    ns
}

fn range(from: INT, to: INT, step: INT) -> Answer<Array> {
    if step == 0 {
        return Err(fail("the step must not be 0"));
    }
    let length = (i128::from(to) - i128::from(from)) / i128::from(step);
    if length > MOST {
        return Err(fail(format!("a list of {length} numbers is too long: use a range, `{from}..{to}`")));
    }
    let mut list = Array::new();
    let mut next = from;
    while if step > 0 { next < to } else { next > to } {
        list.push(next.into());
        match next.checked_add(step) {
            Some(after) => next = after,
            None => break,
        }
    }
    Ok(list)
}

fn unique(list: Array) -> Array {
    let mut seen: std::collections::HashSet<String> = std::collections::HashSet::new();
    let mut kept = Array::new();
    for item in list {
        // Simple values are found by their text; the rest is compared.
        let fresh = if item.is_int() || item.is_string() || item.is_bool() || item.is_char() {
            seen.insert(format!("{} {item}", item.type_name()))
        } else {
            !kept.iter().any(|other| equal(other, &item))
        };
        if fresh {
            kept.push(item);
        }
    }
    kept
}

fn keys(context: &NativeCallContext, list: &Array, key: &FnPtr) -> Answer<Vec<Dynamic>> {
    list.iter().map(|item| key.call_within_context(context, (item.clone(),))).collect()
}

fn sort(list: Array, keys: Vec<Dynamic>) -> Answer<Array> {
    let strings = keys.iter().all(|key| key.is_string() || key.is_char());
    if let Some(odd) = keys.iter().find(|key| !strings && !key.is_int() && !key.is_float()) {
        return Err(fail(format!("a list is sorted by numbers alone or strings alone, but there is {}", kind(odd))));
    }
    let mut pairs: Vec<(Dynamic, Dynamic)> = keys.into_iter().zip(list).collect();
    pairs.sort_by(|(a, _), (b, _)| compare(a, b));
    Ok(pairs.into_iter().map(|(_, item)| item).collect())
}

fn compare(a: &Dynamic, b: &Dynamic) -> Ordering {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return a.cmp(&b);
    }
    let float = |value: &Dynamic| value.as_float().or_else(|_| value.as_int().map(|int| int as f64)).ok();
    match (float(a), float(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.to_string().cmp(&b.to_string()),
    }
}

fn orders(list: Array, k: Option<INT>) -> Answer<Dynamic> {
    let k = k.map_or(Ok(list.len()), |k| count(k, "k"))?;
    Ok(Stream::dynamic(Permutations { list, k }))
}
