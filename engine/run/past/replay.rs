//! A run told again from the journal: what is told when its log says less.

use super::Past;
use std::collections::VecDeque;
use thinking_event::{Counts, Event, RunEnd, TaskRef};
use thinking_step::{ErrorKind, StepError};
use thinking_store::{Entry, Outcome, RunRecord, RunStatus, Seq, StoreError};

const PAGE: usize = 1000;

/// An event that the journal knows of, and when it was, milliseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// The commit that recorded it.
    pub seq: Seq,
    /// When.
    pub at: i64,
    /// What. The journal knows of runs that began and were left, of steps that are done, and of tasks that failed; not of what they printed.
    pub event: Event,
}

/// Tells a run again, page by page; a run that is still going on has more to tell later.
pub struct Replay {
    record: RunRecord,
    directory: String,
    from: Seq,
    started: bool,
    began: i64,
    counts: Counts,
    failure: Option<(TaskRef, StepError)>,
}

impl Replay {
    /// Tells that run, whose directory is `directory`.
    #[must_use]
    pub fn new(record: RunRecord, directory: String) -> Self {
        let (from, began) = (Seq(record.figures.after.0 + 1), record.started);
        Self { record, directory, from, started: false, began, counts: Counts::default(), failure: None }
    }

    /// Tells what the run did after that commit of its own. What is told of its end tells of nothing that was before; [`whole`] does.
    #[must_use]
    pub fn after(record: RunRecord, directory: String, seq: Seq) -> Self {
        Self { from: Seq(seq.0 + 1), started: true, ..Self::new(record, directory) }
    }

    /// What was recorded since the last call, at most a page; empty if that is all for now.
    ///
    /// # Errors
    /// The store failed.
    pub fn next(&mut self, past: &Past<'_>) -> Result<VecDeque<Recalled>, StoreError> {
        let until = match self.record.figures.until {
            Seq(0) => Seq(u64::MAX),
            until => until,
        };
        let mut recalled = VecDeque::new();
        while recalled.is_empty() {
            let page = past.store.journal(self.from, PAGE)?;
            let Some(last) = page.last().map(|(seq, _)| *seq) else { return Ok(recalled) };
            self.from = Seq(last.0 + 1);
            for (seq, entry) in page.into_iter().filter(|(seq, _)| *seq <= until) {
                recalled.extend(self.recall(entry).map(|(at, event)| Recalled { seq, at, event }));
            }
            if last >= until {
                return Ok(recalled);
            }
        }
        Ok(recalled)
    }

    fn recall(&mut self, entry: Entry) -> Option<(i64, Event)> {
        let number = self.record.number;
        let task = |path: String| {
            let path = if path.is_empty() { self.record.pipeline.clone() } else { path };
            TaskRef { path: path.into(), span: None }
        };
        match entry {
            Entry::RunStarted { run, at } if run == number => {
                let resumed = std::mem::replace(&mut self.started, true);
                (self.began, self.counts, self.failure) = (at, Counts::default(), None);
                let event = Event::RunStarted {
                    run: self.record.id.as_str().into(),
                    pipeline: self.record.pipeline.as_str().into(),
                    at,
                    resumed,
                    remembered: Vec::new(),
                    directory: self.directory.clone(),
                };
                Some((at, event))
            }
            Entry::Step(step) if step.run == number => {
                let at = step.started.saturating_add_unsigned(step.took / 1000);
                let task = task(step.path);
                let event = match step.outcome {
                    Outcome::Done => {
                        self.counts.done += 1;
                        Event::StepDone { task, attempt: step.attempt, took: step.took }
                    }
                    Outcome::Skipped(message) => {
                        self.counts.failed += 1;
                        let error = failure(message);
                        Event::TaskFailed { task, attempts: step.attempt, error, passed_over: true }
                    }
                };
                Some((at, event))
            }
            Entry::Failed { run, path, attempts, message, at } if run == number => {
                let (task, error) = (task(path), failure(message));
                self.failure = Some((task.clone(), error.clone()));
                Some((at, Event::TaskFailed { task, attempts, error, passed_over: false }))
            }
            Entry::RunStopped { run, at, status } if run == number => {
                let end = match (status, self.failure.take()) {
                    (RunStatus::Failed, Some((task, error))) => RunEnd::Failed { task, error },
                    (RunStatus::Done, _) => RunEnd::Done,
                    (RunStatus::Stopped, _) => RunEnd::Stopped { path: String::new() },
                    (RunStatus::Interrupted, _) => RunEnd::Interrupted,
                    // Put aside by a later run: this one had nothing to say then.
                    _ => return None,
                };
                let took = at.saturating_sub(self.began).max(0).unsigned_abs().saturating_mul(1000);
                let event = Event::RunEnded { run: self.record.id.as_str().into(), end, counts: self.counts, took };
                Some((at, event))
            }
            _ => None,
        }
    }
}

/// What that commit recorded, told by who has read all of the run before it; `None` if it tells of nothing.
///
/// # Errors
/// The store failed.
pub fn whole(past: &Past<'_>, record: &RunRecord, seq: Seq) -> Result<Option<Event>, StoreError> {
    let mut replay = Replay::new(record.clone(), String::new());
    loop {
        let page = replay.next(past)?;
        let Some(last) = page.back().map(|recalled| recalled.seq) else { return Ok(None) };
        if last >= seq {
            return Ok(page.into_iter().find(|recalled| recalled.seq == seq).map(|recalled| recalled.event));
        }
    }
}

/// The commit of a run that recorded what `is_meant`, among its last `reach`. `None` if there is none, or several.
///
/// # Errors
/// The store failed.
pub fn commit_of(
    past: &Past<'_>,
    record: &RunRecord,
    reach: u64,
    is_meant: impl Fn(&Event) -> bool,
) -> Result<Option<Seq>, StoreError> {
    let figures = &record.figures;
    let last = if figures.until == Seq(0) { past.store.progress().durable } else { figures.until };
    let before = figures.after.0.max(last.0.saturating_sub(reach));
    let mut replay = Replay::after(record.clone(), String::new(), Seq(before));
    let mut found = None;
    loop {
        let page = replay.next(past)?;
        if page.is_empty() {
            return Ok(found);
        }
        for recalled in page.iter().filter(|recalled| is_meant(&recalled.event)) {
            if found.replace(recalled.seq).is_some() {
                return Ok(None);
            }
        }
    }
}

/// The journal keeps the message of a failure, not its kind.
fn failure(message: String) -> StepError {
    StepError::new(ErrorKind::Script, message)
}
