//! Whether another worker is worth its start.

use std::time::Duration;

/// As many tests of a queue are looked at; a longer one is worth it before.
const LOOKED_AT: usize = 256;

/// Whether tests end earlier if another worker is started than if they wait for those that there are.
///
/// `free`: in how long each worker that there is becomes free. `queue`: how long each waiting test takes, first one first. `loading`: how long a worker
/// takes to start.
pub(super) fn another(free: &[Duration], queue: impl Iterator<Item = Duration> + Clone, loading: Duration) -> bool {
    if queue.clone().next().is_none() {
        return false;
    }
    let without = end(free.to_vec(), queue.clone());
    let mut with = free.to_vec();
    with.push(loading);
    match (without, end(with, queue)) {
        (Some(without), Some(with)) => with < without,
        // Nobody is there.
        (None, _) => true,
        (_, None) => false,
    }
}

/// When the last of these tests ends if each goes to the worker that is free first.
fn end(mut free: Vec<Duration>, queue: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut last = None;
    for test in queue.take(LOOKED_AT) {
        let first = free.iter_mut().min()?;
        *first = first.saturating_add(test);
        last = last.max(Some(*first));
    }
    last
}

#[cfg(test)]
mod tests {
    use super::another;
    use std::time::Duration;

    #[test]
    fn a_worker_is_started_if_that_saves_time() {
        let times = |list: &[u64]| list.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        // In how long workers are free | how long tests take | how long a worker takes to start | worth it
        let cases: &[(&[u64], &[u64], u64, bool)] = &[
            (&[], &[1], 500, true),
            (&[1], &[1, 1, 1], 50, false),
            (&[1], &[100, 100], 50, true),
            (&[10_000], &[1], 50, true),
            (&[30], &[1], 50, false),
            (&[10, 10], &[20, 20], 50, false),
            (&[10, 10], &[20, 200, 200], 50, false),
            (&[10, 10], &[200, 200, 200], 50, true),
            (&[1], &[], 50, false),
        ];
        for (free, queue, loading, expected) in cases {
            let found = another(&times(free), times(queue).into_iter(), Duration::from_millis(*loading));
            assert_eq!(found, *expected, "{free:?} {queue:?} {loading}");
        }
    }
}
