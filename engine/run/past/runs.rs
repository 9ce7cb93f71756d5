//! Runs: which there were, which one is meant, what it did.

use super::gather::Gather;
use super::steps::{failed_step, past_step};
use super::{Ends, Past};
use thinking_event::past::{PastChange, PastCounts, PastRun, PastRunSteps, PastStatus};
use thinking_store::{Entry, RunRecord, RunStatus, Seq, StoreError};

const PAGE: usize = 500;
/// Entries that are looked at to count the steps of a run that nobody has left.
const MOST: usize = 20_000;

/// Which runs to tell of.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Of this pipeline only.
    pub pipeline: Option<String>,
    /// At most so many; `None`: all.
    pub limit: Option<usize>,
}

/// The runs of the line, newest first, and whether there are more. Reads the records that it gives, and no others but those of other lines and pipelines.
///
/// # Errors
/// The store failed.
pub fn history(past: &Past<'_>, asked: &Asked) -> Result<(Vec<PastRun>, bool), StoreError> {
    let limit = asked.limit.unwrap_or(usize::MAX);
    let running = running(past)?;
    let mut runs = Vec::new();
    let mut more = false;
    each_run(past, |record| {
        if asked.pipeline.as_ref().is_some_and(|pipeline| *pipeline != record.pipeline) {
            return Ok(true);
        }
        more = runs.len() >= limit;
        if !more {
            runs.push(past_run(past, record, running)?);
        }
        Ok(!more)
    })?;
    Ok((runs, more))
}

/// Calls `each` with the records of the line, newest first, until it says that it is enough.
fn each_run(past: &Past<'_>, mut each: impl FnMut(RunRecord) -> Result<bool, StoreError>) -> Result<(), StoreError> {
    let mut before = None;
    // Most often only the latest are wanted.
    let mut page = 30;
    loop {
        let records = past.store.runs_before(before, page)?;
        before = records.last().map(|record| record.number);
        let last = records.len() < page;
        page = PAGE;
        for record in records.into_iter().filter(|record| record.line == past.line) {
            if !each(record)? {
                return Ok(());
            }
        }
        if last {
            return Ok(());
        }
    }
}

/// The number of the run that a process is at: of those that nobody has left, the one that was taken up last.
fn running(past: &Past<'_>) -> Result<Option<u32>, StoreError> {
    if !past.alive {
        return Ok(None);
    }
    let mut latest: Option<(i64, u32)> = None;
    let mut looked_at = 0;
    each_run(past, |record| {
        if record.status == RunStatus::Running {
            latest = latest.max(Some((record.figures.resumed.max(record.started), record.number)));
        }
        looked_at += 1;
        // Each pipeline has one unfinished run at most, and that is its latest.
        Ok(looked_at < PAGE)
    })?;
    Ok(latest.map(|(_, number)| number))
}

/// What a record says, and of a run that nobody has left what the journal says.
fn past_run(past: &Past<'_>, record: RunRecord, running: Option<u32>) -> Result<PastRun, StoreError> {
    let figures = &record.figures;
    let (known, left) = (figures.processes > 0, record.status != RunStatus::Running);
    let mut counts = PastCounts {
        done: figures.done,
        at_least: false,
        skipped: left.then_some(figures.skipped),
        failed: left.then_some(figures.failed),
        retried: left.then_some(figures.retried),
    };
    let mut took = figures.took;
    if known && !left {
        let entries = past.store.journal(Seq(figures.after.0 + 1), MOST)?;
        counts.at_least = entries.len() == MOST;
        let (done, millis) = so_far(record.number, entries.iter().map(|(_, entry)| entry));
        counts.done = counts.done.max(done);
        took = took.max(millis.saturating_mul(1000));
    }
    let status = match record.status {
        RunStatus::Running if running == Some(record.number) => PastStatus::Running,
        RunStatus::Running => PastStatus::Killed,
        RunStatus::Done => PastStatus::Done,
        RunStatus::Failed => PastStatus::Failed,
        RunStatus::Interrupted => PastStatus::Interrupted,
        RunStatus::Stopped => PastStatus::Stopped,
        RunStatus::Abandoned => PastStatus::Abandoned,
    };
    let changes = record.figures.changes.iter().map(|change| PastChange {
        at: change.at,
        task: change.task.clone(),
        reason: change.reason.clone(),
        dropped: change.dropped,
    });
    Ok(PastRun {
        changes: changes.collect(),
        earlier_changes: record.figures.earlier_changes,
        fresh: record.figures.fresh,
        processes: record.figures.processes,
        counts: known.then_some(counts),
        took: known.then_some(took),
        number: record.number,
        id: record.id,
        line: record.line,
        pipeline: record.pipeline,
        status,
        started: record.started,
        // While a process is at it, the time when an earlier one left it says nothing.
        ended: if left { record.ended } else { None },
        params: record.params.into_iter().collect(),
        facets: record.facets,
    })
}

/// How many steps a run did by these entries, and how many milliseconds its processes took, a killed one until its last step.
fn so_far<'a>(run: u32, entries: impl Iterator<Item = &'a Entry>) -> (u64, u64) {
    let (mut done, mut took, mut process) = (0, 0, None);
    let length = |(from, to): (i64, i64)| to.saturating_sub(from).max(0).unsigned_abs();
    for entry in entries {
        match entry {
            Entry::RunStarted { run: its, at } if *its == run => {
                took += process.replace((*at, *at)).map_or(0, length);
            }
            Entry::RunStopped { run: its, at, .. } if *its == run => {
                took += process.take().map_or(0, |(from, _)| length((from, *at)));
            }
            Entry::Step(step) if step.run == run => {
                done += u64::from(step.outcome == thinking_store::Outcome::Done);
                let end = step.started.saturating_add_unsigned(step.took / 1000);
                process = process.map(|(from, to)| (from, to.max(end)));
            }
            _ => {}
        }
    }
    (done, took + process.map_or(0, length))
}

/// Which run a text means.
#[derive(Debug, Clone, PartialEq)]
pub enum Sought {
    /// This one.
    Run(Box<RunRecord>),
    /// Several whose ids begin so, newest first, at most nine.
    Several(Vec<String>),
    /// None. The ids of the latest runs, newest first.
    None(Vec<String>),
}

/// The run with that id, or the only one whose id begins so; without a text the latest.
///
/// # Errors
/// The store failed.
pub fn find_run(past: &Past<'_>, text: Option<&str>) -> Result<Sought, StoreError> {
    let (mut found, mut exact, mut ids, mut latest) = (Vec::new(), None, Vec::new(), Vec::new());
    each_run(past, |record| {
        if latest.len() < 100 {
            latest.push(record.id.clone());
        }
        match text {
            None => exact = Some(record),
            Some(text) if record.id == text => exact = Some(record),
            Some(text) if !text.is_empty() && record.id.starts_with(text) => {
                if ids.len() < 9 {
                    ids.push(record.id.clone());
                }
                found.push(record);
                found.truncate(2);
            }
            Some(_) => {}
        }
        Ok(exact.is_none())
    })?;
    Ok(match (exact, found.pop(), found.is_empty()) {
        (Some(run), _, _) => Sought::Run(Box::new(run)),
        (None, Some(only), true) => Sought::Run(Box::new(only)),
        (None, Some(_), false) => Sought::Several(ids),
        (None, None, _) => Sought::None(latest),
    })
}

/// A run with the steps that it did and its failures.
///
/// # Errors
/// The store failed.
pub fn run_steps(past: &Past<'_>, record: &RunRecord, ends: Ends) -> Result<PastRunSteps, StoreError> {
    let mut gather = Gather::new(ends);
    each_entry(past, record, |seq, entry| {
        match entry {
            Entry::Step(step) if step.run == record.number => gather.add((seq, Entry::Step(step))),
            Entry::Failed { run, .. } if run == record.number => gather.add((seq, entry)),
            _ => {}
        }
        Ok(())
    })?;
    let view = past.store.view(past.line)?;
    let steps = gather.finish(|(seq, entry)| match entry {
        Entry::Step(step) => past_step(past, &view, seq, step),
        other => Ok(failed_step(&record.pipeline, other)),
    })?;
    let run = past_run(past, record.clone(), running(past)?)?;
    Ok(PastRunSteps { run, steps })
}

/// Calls `each` with the entries among which a run's are.
pub(super) fn each_entry(
    past: &Past<'_>,
    record: &RunRecord,
    mut each: impl FnMut(Seq, Entry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let figures = &record.figures;
    let until = if figures.until == Seq(0) { Seq(u64::MAX) } else { figures.until };
    let mut from = Seq(figures.after.0 + 1);
    loop {
        let page = past.store.journal(from, PAGE)?;
        let last = page.len() < PAGE;
        for (seq, entry) in page {
            if seq > until {
                return Ok(());
            }
            from = Seq(seq.0 + 1);
            each(seq, entry)?;
        }
        if last {
            return Ok(());
        }
    }
}
