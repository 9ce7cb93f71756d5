//! Orders and choices of elements, one after the other.

use crate::failure::{Answer, fail};
use crate::stream::{Items, Source};
use rhai::{Array, Dynamic};
use std::sync::Arc;

/// Most lists that are held at once.
const MOST: usize = 1_000_000;

/// All orders of k elements of a list.
pub struct Permutations {
    pub list: Array,
    pub k: usize,
}

/// All choices of k elements of a list.
pub struct Combinations {
    pub list: Array,
    pub k: usize,
}

fn picked(list: &Array, places: &[usize]) -> Dynamic {
    Dynamic::from_array(places.iter().filter_map(|at| list.get(*at).cloned()).collect())
}

impl Source for Permutations {
    fn items(self: Arc<Self>) -> Items {
        let n = self.list.len();
        let mut order: Option<Vec<usize>> = (self.k <= n).then(|| (0..n).collect());
        Box::new(std::iter::from_fn(move || {
            let places = order.as_mut()?;
            let item = picked(&self.list, places.get(..self.k)?);
            // What stands behind the first k is in ascending order; turned around, the next order has other first k.
            places.get_mut(self.k..)?.reverse();
            if !next_permutation(places) {
                order = None;
            }
            Some(Ok(item))
        }))
    }

    fn count(&self) -> Option<Answer<usize>> {
        let (n, k) = (self.list.len(), self.k);
        if k > n {
            return Some(Ok(0));
        }
        let many = (n - k + 1..=n).try_fold(1_usize, usize::checked_mul);
        Some(many.filter(|many| i64::try_from(*many).is_ok()).ok_or_else(|| {
            fail(format!("{n} elements have more orders than an int can count: go through them with `for`"))
        }))
    }

    fn may_be_held(&self) -> Answer<()> {
        match self.count() {
            Some(Ok(many)) if many <= MOST => Ok(()),
            _ if self.k == self.list.len() => Err(too_many(format!("{} elements have", self.list.len()), "orders")),
            _ => Err(too_many(format!("{} of {} elements have", self.k, self.list.len()), "orders")),
        }
    }
}

impl Source for Combinations {
    fn items(self: Arc<Self>) -> Items {
        let (n, k) = (self.list.len(), self.k);
        let mut chosen: Option<Vec<usize>> = (k <= n).then(|| (0..k).collect());
        Box::new(std::iter::from_fn(move || {
            let places = chosen.as_mut()?;
            let item = picked(&self.list, places);
            match (0..k).rev().find(|at| places[*at] < n - k + at) {
                Some(grow) => {
                    places[grow] += 1;
                    for at in grow + 1..k {
                        places[at] = places[at - 1] + 1;
                    }
                }
                None => chosen = None,
            }
            Some(Ok(item))
        }))
    }

    fn count(&self) -> Option<Answer<usize>> {
        let (n, k) = (self.list.len(), self.k);
        if k > n {
            return Some(Ok(0));
        }
        // Each product is a number of choices itself, so the division leaves nothing.
        let many =
            (0..k.min(n - k)).try_fold(1_u128, |many, at| Some(many.checked_mul((n - at) as u128)? / (at as u128 + 1)));
        Some(many.and_then(|many| i64::try_from(many).ok()).and_then(|many| usize::try_from(many).ok()).ok_or_else(|| {
            fail(format!("there are more ways to choose {k} of {n} elements than an int can count: go through them with `for`"))
        }))
    }

    fn may_be_held(&self) -> Answer<()> {
        match self.count() {
            Some(Ok(many)) if many <= MOST => Ok(()),
            _ => Err(too_many(
                "there are".to_owned(),
                &format!("ways to choose {} of {} elements", self.k, self.list.len()),
            )),
        }
    }
}

fn too_many(who: String, what: &str) -> Box<rhai::EvalAltResult> {
    fail(format!("{who} more than {MOST} {what}: go through them with `for`, which makes one after the other"))
}

/// The next order in dictionary order; `false` if this was the last.
fn next_permutation(order: &mut [usize]) -> bool {
    let Some(pivot) = order.windows(2).rposition(|pair| pair[0] < pair[1]) else { return false };
    if let Some(swap) = order.iter().rposition(|value| *value > order[pivot]) {
        order.swap(pivot, swap);
    }
    order[pivot + 1..].reverse();
    true
}
