//! Which lines ran, and how often.

use super::counters::Counters;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thinking_diagnostic::{SourceId, SourceMap, Span};
use thinking_event::testing::Coverage;

/// Counts the lines of the programs that a [`Rhai`](crate::Rhai) compiled with it, on all threads. Copies are the same recorder.
///
/// It knows places by the number of their source, so it serves the texts of one [`SourceMap`]. A text that is compiled again is
/// the same lines again.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Inner>);

#[derive(Default)]
struct Inner {
    counters: Counters,
    sites: Mutex<Sites>,
}

/// Places where something is counted, by their numbers.
#[derive(Default)]
struct Sites {
    all: Vec<Site>,
    numbers: HashMap<(SourceId, u32), usize>,
}

struct Site {
    span: Span,
    /// The place that is always passed just before this one, and counts for it where both are on a line.
    before: Option<usize>,
}

impl Recorder {
    /// A recorder of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How often each line ran since the last time that this was asked; lines that can run and did not are there with 0. `sources`
    /// holds the texts that were compiled; what is from none of them is left out.
    ///
    /// A line counts once each time the first statement on it begins, whatever else is on it.
    #[must_use]
    pub fn take(&self, sources: &SourceMap) -> Coverage {
        self.lines(sources, |number| self.0.counters.take(number))
    }

    /// Every line that can run, each with 0; takes nothing.
    #[must_use]
    pub fn runnable(&self, sources: &SourceMap) -> Coverage {
        self.lines(sources, |_| 0)
    }

    fn lines(&self, sources: &SourceMap, hits: impl Fn(usize) -> u64) -> Coverage {
        let sites = self.sites();
        let line = |span: Span| Some((span.source, sources.place(span)?.line));
        let mut found: BTreeMap<SourceId, BTreeMap<usize, u64>> = BTreeMap::new();
        for (number, site) in sites.all.iter().enumerate() {
            let hits = hits(number);
            let Some((source, own)) = line(site.span) else { continue };
            // Two lines of a script are one where it is written with `\n`.
            let before = site.before.and_then(|number| line(sites.all.get(number)?.span));
            if before != Some((source, own)) {
                *found.entry(source).or_default().entry(own).or_default() += hits;
            }
        }
        let mut coverage = Coverage::default();
        for (source, lines) in found {
            if let Some(file) = sources.get(source) {
                coverage
                    .add(Coverage { lines: BTreeMap::from([(file.name.to_string(), lines)]), ..Coverage::default() });
            }
        }
        coverage
    }

    /// The number of a place.
    pub(super) fn site(&self, span: Span, before: Option<usize>) -> usize {
        let mut sites = self.sites();
        let next = sites.all.len();
        let number = *sites.numbers.entry((span.source, span.start)).or_insert(next);
        if number == next {
            self.0.counters.reserve(number);
            sites.all.push(Site { span, before });
        }
        number
    }

    /// Counts one more.
    #[inline]
    pub(crate) fn hit(&self, number: usize) {
        self.0.counters.hit(number);
    }

    fn sites(&self) -> MutexGuard<'_, Sites> {
        self.0.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
