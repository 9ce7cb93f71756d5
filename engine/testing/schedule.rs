//! In which order the selected tests run.

use crate::pool::Planned;
use crate::record::Records;
use std::cmp::Reverse;
use thinking_event::testing::{Outcome, TestInfo};

/// What decides the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ordering {
    /// The longest first, by recorded durations; so the last ones, which may leave places empty, are short.
    ///
    /// Tests of which no duration is known come before all others, in the order of the text: a long one among them would, as the last, prolong the run by all of
    /// its length, and a short one costs nothing by coming early.
    #[default]
    LongestFirst,
    /// At random, the same for the same seed and the same tests (`--shuffle`).
    Shuffled(u64),
    /// The order of the text (`--stepwise`).
    Written,
}

/// What the command line says of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// What decides.
    pub ordering: Ordering,
    /// Those that failed when they last ran come before all others.
    pub failed_first: bool,
    /// So often each runs (`--repeat`), at least once.
    pub repeat: u32,
    /// How many at once, at least one.
    pub jobs: usize,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { ordering: Ordering::default(), failed_first: false, repeat: 1, jobs: 1 }
    }
}

/// The order, and how long it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Tests as [`Pool::run`](crate::pool::Pool::run) takes them.
    pub plan: Vec<Planned>,
    /// Expected wall time, microseconds: tests of unknown duration count as the median of the others, and
    /// the start of workers counts as nothing. `None`: no duration is known.
    pub expected: Option<u64>,
}

/// Orders the selected ones among all tests.
#[must_use]
pub fn schedule(tests: &[TestInfo], selected: &[usize], wishes: Wishes, records: &Records) -> Schedule {
    let chosen = || selected.iter().filter_map(|number| tests.get(*number));
    let mut plan: Vec<Planned> = (1..=wishes.repeat.max(1))
        .flat_map(|repetition| {
            chosen().map(move |test| Planned { test: test.clone(), repetition, expected: records.took(test) })
        })
        .collect();
    match wishes.ordering {
        Ordering::Written => {}
        Ordering::Shuffled(seed) => shuffle(&mut plan, seed),
        // Stable, so what is equal stays in the order of the text.
        Ordering::LongestFirst => plan.sort_by_key(|planned| (planned.expected.is_some(), Reverse(planned.expected))),
    }
    if wishes.failed_first {
        plan.sort_by_cached_key(|planned| !records.outcome(&planned.test).is_some_and(Outcome::is_failure));
    }
    let expected = median(&plan).map(|unknown| {
        let durations: Vec<u64> = plan.iter().map(|planned| planned.expected.unwrap_or(unknown)).collect();
        wall_time(&durations, wishes.jobs)
    });
    Schedule { plan, expected }
}

/// How long tests of these durations take if each starts, in this order, as soon as one of `jobs` places is free.
#[must_use]
pub fn wall_time(durations: &[u64], jobs: usize) -> u64 {
    let mut free: std::collections::BinaryHeap<Reverse<u64>> =
        vec![Reverse(0); jobs.clamp(1, durations.len().max(1))].into();
    for duration in durations {
        let Reverse(begin) = free.pop().unwrap_or(Reverse(0));
        free.push(Reverse(begin.saturating_add(*duration)));
    }
    free.into_iter().map(|Reverse(end)| end).max().unwrap_or(0)
}

fn median(plan: &[Planned]) -> Option<u64> {
    let mut known: Vec<u64> = plan.iter().filter_map(|planned| planned.expected).collect();
    known.sort_unstable();
    known.get(known.len() / 2).copied()
}

/// Fisher and Yates, with numbers of our own: a seed must mean the same order in every version of the program.
fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..list.len()).rev() {
        let chosen = split_mix(&mut state) % (last as u64 + 1);
        list.swap(last, usize::try_from(chosen).unwrap_or(last));
    }
}

/// The next number of the generator SplitMix64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests;
