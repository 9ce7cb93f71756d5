//! Ending a process at a certain commit of its own.
//!
//! Which moments there are. A run changes what it can come back to only by its commits: of the run's beginning and end, of each step, of what an
//! attempt is about to touch outside, of a line that goes back. Between two of them it works on things that are not recorded. So with N commits
//! there are 2 N + 1 moments, in their order: right before the 1st commit, right after it, …, right before the N-th, right after it, and after the
//! store was closed. Right *before* a commit the work that it records has been done and is lost; right *after* it nothing else has been done.
//!
//! A store writes several commits in one transaction of its own if they come fast, and a kill loses a whole group. Here every commit waits until it is
//! durable, so that each is a transaction by itself and the moments are the same every time: before and after a commit is before and after its
//! transaction, and the moments between the commits of what would have been one group are among them. What a lost group adds is that steps after a lost
//! one had begun too. They can have touched nothing outside, as the first touch waits until all before it is durable. A transaction that is cut is none:
//! that is for the store's own tests.

use std::fmt;
use std::str::FromStr;
use thinking_store::watched::{Watch, WatchedStore};
use thinking_store::{Commit, Seq, Store, StoreError};

/// A moment at which a process is killed. As text `before 3`, `after 3` or `end`, for a child's command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KillPoint {
    /// The n-th commit, from 1, is about to be made.
    Before(u64),
    /// The n-th commit is durable, and nothing has happened since.
    After(u64),
    /// The run is over and the store closed, but the process has not ended.
    End,
}

impl KillPoint {
    /// All moments of a run that makes so many commits, in their order.
    pub fn all(commits: u64) -> impl Iterator<Item = Self> {
        (1..=commits).flat_map(|number| [Self::Before(number), Self::After(number)]).chain([Self::End])
    }

    /// Which commit it is about; `None` at the end.
    #[must_use]
    pub fn commit(self) -> Option<u64> {
        match self {
            Self::Before(number) | Self::After(number) => Some(number),
            Self::End => None,
        }
    }
}

impl fmt::Display for KillPoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(number) => write!(formatter, "before {number}"),
            Self::After(number) => write!(formatter, "after {number}"),
            Self::End => formatter.write_str("end"),
        }
    }
}

impl FromStr for KillPoint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0);
        let point = match text.split_once(' ') {
            Some(("before", rest)) => number(rest).map(Self::Before),
            Some(("after", rest)) => number(rest).map(Self::After),
            _ => (text == "end").then_some(Self::End),
        };
        point.ok_or_else(|| format!("`{text}` is no moment: before 3, after 3, end"))
    }
}

/// Kills its process at a moment, or at none.
#[derive(Debug, Clone, Copy)]
pub struct Killer(Option<KillPoint>);

/// A store that kills its process at that moment (SIGKILL: nothing is tidied up). Every commit waits until it is durable.
pub fn killing<S: Store>(store: S, point: KillPoint) -> WatchedStore<S, Killer> {
    WatchedStore::new(store, Killer(Some(point)))
}

/// A store that commits as [`killing`] does and kills nobody: [`WatchedStore::commits`] says in the end how many moments there are.
pub fn counting<S: Store>(store: S) -> WatchedStore<S, Killer> {
    WatchedStore::new(store, Killer(None))
}

impl Watch for Killer {
    fn before(&self, number: u64, _: &Commit, _: &dyn Store) -> Result<(), StoreError> {
        if self.0 == Some(KillPoint::Before(number)) {
            die();
        }
        Ok(())
    }

    fn after(&self, number: u64, seq: Seq, store: &dyn Store) -> Result<(), StoreError> {
        store.wait_durable(seq)?;
        if self.0 == Some(KillPoint::After(number)) {
            die();
        }
        Ok(())
    }

    fn closed(&self, _: u64) {
        if self.0 == Some(KillPoint::End) {
            die();
        }
    }
}

/// Kills this process.
pub(super) fn die() -> ! {
    // It may always kill itself; what waits below is for the moment until that has happened.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_order_and_have_texts() {
        let all: Vec<String> = KillPoint::all(2).map(|point| point.to_string()).collect();
        assert_eq!(all, ["before 1", "after 1", "before 2", "after 2", "end"]);
        for point in KillPoint::all(2) {
            assert_eq!(point.to_string().parse(), Ok(point));
        }
        for text in ["", "before", "before 0", "before x", "end 3", "during 3"] {
            assert!(text.parse::<KillPoint>().is_err(), "{text}");
        }
        assert_eq!(KillPoint::all(0).collect::<Vec<_>>(), [KillPoint::End]);
    }
}
