//! Collecting the two ends of a long list.

use super::Ends;
use std::collections::VecDeque;
use thinking_event::past::Shortened;

/// Keeps the beginning and the end of what comes.
pub(super) struct Gather<T> {
    ends: usize,
    first: Vec<T>,
    left_out: u64,
    last: VecDeque<T>,
}

impl<T> Gather<T> {
    pub(super) fn new(ends: Ends) -> Self {
        Self { ends: ends.0, first: Vec::new(), left_out: 0, last: VecDeque::new() }
    }

    pub(super) fn add(&mut self, item: T) {
        if self.first.len() < self.ends {
            self.first.push(item);
            return;
        }
        self.last.push_back(item);
        if self.last.len() > self.ends {
            self.last.pop_front();
            self.left_out += 1;
        }
    }

    /// The ends, each item made into another.
    pub(super) fn finish<U, E>(self, mut make: impl FnMut(T) -> Result<U, E>) -> Result<Shortened<U>, E> {
        let first = self.first.into_iter().map(&mut make).collect::<Result<_, E>>()?;
        let last = self.last.into_iter().map(&mut make).collect::<Result<_, E>>()?;
        Ok(Shortened { first, left_out: self.left_out, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_left_out() {
        let gathered = |count: u32, ends: usize| {
            let mut gather = Gather::new(Ends(ends));
            (0..count).for_each(|number| gather.add(number));
            let Ok(shortened) = gather.finish(Ok::<_, std::convert::Infallible>);
            shortened
        };
        assert_eq!(gathered(7, 2), Shortened { first: vec![0, 1], left_out: 3, last: vec![5, 6] });
        assert_eq!(gathered(4, 2), Shortened { first: vec![0, 1], left_out: 0, last: vec![2, 3] });
        assert_eq!(gathered(3, usize::MAX).first.len(), 3);
        assert_eq!(gathered(7, 2).len(), 7);
    }
}
