//! Numbers that grow from many threads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters in the first chunk; each further chunk is twice as large as the one before.
const FIRST: usize = 1 << 10;
/// Enough chunks for four billion counters.
const CHUNKS: usize = 23;

/// A table that grows and never moves, so that counting needs no lock.
#[derive(Default)]
pub struct Counters {
    chunks: [OnceLock<Box<[AtomicU64]>>; CHUNKS],
}

/// Chunk and place in it.
fn place(number: usize) -> (usize, usize) {
    let shifted = number.saturating_add(FIRST);
    let chunk = shifted.ilog2().saturating_sub(FIRST.ilog2()) as usize;
    (chunk, shifted - (FIRST << chunk))
}

impl Counters {
    /// Makes room for a number.
    pub fn reserve(&self, number: usize) {
        let (chunk, _) = place(number);
        if let Some(slot) = self.chunks.get(chunk) {
            slot.get_or_init(|| (0..FIRST << chunk).map(|_| AtomicU64::new(0)).collect());
        }
    }

    fn counter(&self, number: usize) -> Option<&AtomicU64> {
        let (chunk, at) = place(number);
        self.chunks.get(chunk)?.get()?.get(at)
    }

    /// Counts one more.
    #[inline]
    pub fn hit(&self, number: usize) {
        if let Some(counter) = self.counter(number) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The count since it was last taken.
    pub fn take(&self, number: usize) -> u64 {
        self.counter(number).map_or(0, |counter| counter.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_counter_of_its_own() {
        let counters = Counters::default();
        for number in 0..10_000 {
            counters.reserve(number);
            (0..number % 5).for_each(|_| counters.hit(number));
        }
        counters.hit(1 << 30);
        for number in 0..10_000 {
            assert_eq!(counters.take(number), (number % 5) as u64, "{number}");
            assert_eq!(counters.take(number), 0, "{number}");
        }
        assert_eq!([0, 1023, 1024, 3071, 3072].map(place), [(0, 0), (0, 1023), (1, 0), (1, 2047), (2, 0)]);
    }
}
