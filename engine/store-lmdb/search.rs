//! Looking through versions: what a view sees of a key, and which keys there are, in several sources at once.

use crate::batch::Rows as Pending;
use crate::environment::{Reading, Rows};
use crate::fault;
use crate::keys::{self, Suffix, Table};
use heed::RoTxn;
use heed::types::Bytes;
use std::ops::Bound;
use thinking_store::{Seq, StoreError, View};

/// Where in a view a version stands. A greater place hides a smaller one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) piece: usize,
    pub(crate) seq: Seq,
}

/// The version of a group that a view sees, as it stands in its source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) place: Place,
    pub(crate) value: &'a [u8],
}

/// One sorted table: of commits that wait, or on disk.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Pending(&'a Pending),
    Stored(&'a RoTxn<'a, heed::AnyTls>, &'a Rows),
}

type Row<'a> = (&'a [u8], &'a [u8]);
/// A group, and what the view sees of it.
type Seen<'a> = (Vec<u8>, Option<Found<'a>>);

impl<'a> Source<'a> {
    pub(crate) fn stored(reading: &'a Reading<'a>, table: Table) -> Self {
        Self::Stored(reading.txn(), reading.rows(table))
    }

    fn seek(&self, from: &[u8]) -> Result<Option<Row<'a>>, StoreError> {
        match self {
            Self::Pending(rows) => {
                let range = (Bound::Included(from), Bound::Unbounded);
                Ok(rows.range::<[u8], _>(range).next().map(|(key, value)| (&**key, &**value)))
            }
            Self::Stored(txn, rows) => {
                rows.get_greater_than_or_equal_to(txn, from).map_err(|error| fault::lmdb(&error))
            }
        }
    }
}

/// The first version at or after a suffix, within one group.
#[derive(Clone, Copy)]
struct Step<'a> {
    sought: Suffix,
    found: Option<(Suffix, &'a [u8])>,
}

impl Step<'_> {
    /// Whether a seek to `start` would find the same again: versions of a group are neighbours, so nothing lies between.
    fn covers(&self, start: &Suffix) -> bool {
        self.sought <= *start && self.found.is_none_or(|(suffix, _)| *start <= suffix)
    }
}

/// The version of a group that the view sees in one source. `first` is the group's first row there, if it is known.
pub(crate) fn latest<'a>(
    source: Source<'a>,
    group: &[u8],
    view: &View,
    first: Option<Row<'a>>,
) -> Result<Option<Found<'a>>, StoreError> {
    let in_group = |row: Row<'a>| match keys::split(row.0) {
        Some((its, suffix)) if its == group => Some((suffix, row.1)),
        _ => None,
    };
    let mut step = first.map(|row| Step { sought: [0; keys::SUFFIX], found: in_group(row) });
    let mut key = Vec::new();
    for (piece, range) in view.pieces.iter().enumerate().rev() {
        let hi = range.hi.min(view.at);
        if hi < range.lo {
            continue;
        }
        let start = keys::suffix(range.segment, hi);
        let found = match step {
            Some(step) if step.covers(&start) => step.found,
            _ => {
                key.clear();
                key.extend_from_slice(group);
                key.extend_from_slice(&start);
                let found = source.seek(&key)?.and_then(in_group);
                step = Some(Step { sought: start, found });
                found
            }
        };
        if let Some((suffix, value)) = found {
            let (segment, seq) = keys::version(&suffix);
            if segment == range.segment && seq >= range.lo {
                return Ok(Some(Found { place: Place { piece, seq }, value }));
            }
        }
    }
    Ok(None)
}

/// The version that the view sees over several sources.
pub(crate) fn latest_of<'a>(
    sources: &[Source<'a>],
    group: &[u8],
    view: &View,
) -> Result<Option<Found<'a>>, StoreError> {
    let mut best: Option<Found<'a>> = None;
    for source in sources {
        best = newer(best, latest(*source, group, view, None)?);
    }
    Ok(best)
}

/// The one with the greater place.
pub(crate) fn newer<'a>(left: Option<Found<'a>>, right: Option<Found<'a>>) -> Option<Found<'a>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(if right.place > left.place { right } else { left }),
        (left, right) => left.or(right),
    }
}

/// Walks the groups of several sources in order.
pub(crate) struct Walk<'a> {
    cursors: Vec<Cursor<'a>>,
    prefix: Vec<u8>,
}

/// A source and its first row that was not passed yet.
struct Cursor<'a> {
    source: Source<'a>,
    rows: Option<heed::RoRange<'a, Bytes, Bytes>>,
    row: Option<Row<'a>>,
}

/// So many versions are stepped over before a seek is cheaper.
const STEPS: usize = 6;

impl<'a> Cursor<'a> {
    fn seek(&mut self, from: &[u8]) -> Result<(), StoreError> {
        match self.source {
            Source::Pending(_) => self.row = self.source.seek(from)?,
            Source::Stored(txn, rows) => {
                // LMDB has no empty keys, not even to look for.
                let from = if from.is_empty() { Bound::Unbounded } else { Bound::Included(from) };
                let range = (from, Bound::Unbounded);
                self.rows = Some(rows.range(txn, &range).map_err(|error| fault::lmdb(&error))?);
                self.step()?;
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), StoreError> {
        let next = self.rows.as_mut().and_then(Iterator::next).transpose();
        self.row = next.map_err(|error| fault::lmdb(&error))?;
        Ok(())
    }

    /// Goes behind all versions of a group.
    fn pass(&mut self, group: &[u8]) -> Result<(), StoreError> {
        let behind =
            |row: &Option<Row<'_>>| row.is_none_or(|(key, _)| keys::split(key).is_none_or(|split| split.0 != group));
        if behind(&self.row) {
            return Ok(());
        }
        if self.rows.is_some() {
            for _ in 0..STEPS {
                self.step()?;
                if behind(&self.row) {
                    return Ok(());
                }
            }
        }
        self.seek(&keys::after_group(group))
    }
}

impl<'a> Walk<'a> {
    /// Starts at the first key at or after `from` and goes on while keys start with `prefix`.
    pub(crate) fn new(sources: &[Source<'a>], from: &[u8], prefix: Vec<u8>) -> Result<Self, StoreError> {
        let mut cursors = Vec::with_capacity(sources.len());
        for source in sources {
            let mut cursor = Cursor { source: *source, rows: None, row: None };
            cursor.seek(from)?;
            cursors.push(cursor);
        }
        Ok(Self { cursors, prefix })
    }

    /// The next group, and what the view sees of it.
    pub(crate) fn next(&mut self, view: &View) -> Result<Option<Seen<'a>>, StoreError> {
        let first = self.cursors.iter().filter_map(|cursor| cursor.row).map(|(key, _)| key).min();
        let Some(first) = first.filter(|key| key.starts_with(&self.prefix)) else { return Ok(None) };
        let (group, _) = keys::split(first).ok_or_else(|| fault::damaged("a key is too short"))?;
        let mut best = None;
        for cursor in &mut self.cursors {
            if cursor.row.is_some_and(|(key, _)| keys::split(key).is_some_and(|(its, _)| its == group)) {
                best = newer(best, latest(cursor.source, group, view, cursor.row)?);
                cursor.pass(group)?;
            }
        }
        Ok(Some((group.to_vec(), best)))
    }
}
