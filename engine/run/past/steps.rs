//! Steps: which ones a path means, and what is known of one.

use super::gather::Gather;
use super::seen::seen;
use super::{Ends, Past, data};
use crate::decide::TypedPath;
use crate::reads::{self, Facts};
use crate::recorded::steps_after;
use std::collections::{BTreeMap, HashMap};
use thinking_event::past::{PastOutcome, PastStep, PastStepDetail, PastTask, PastTasks};
use thinking_step::Value;
use thinking_store::{Entry, InternId, Outcome, RunRecord, RunStatus, Seq, StepEntry, StoreError, TaskKey, View};

/// What a path means.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// One instance of a step.
    Step(Box<PastStepDetail>),
    /// A container, or a step with several instances.
    Tasks(PastTasks),
    /// Tasks of that path in several pipelines: their names.
    Pipelines(Vec<String>),
    /// Nothing that was recorded. The paths without keys that are.
    Nothing(Vec<String>),
}

/// What is recorded at and below a path: names joined by `/`, keys of iterations may be left out, `pipeline:` may stand before it. Steps that were given
/// up are only looked at if nothing else is found.
///
/// # Errors
/// The store failed.
pub fn find_task(past: &Past<'_>, text: &str, pipeline: Option<&str>, ends: Ends) -> Result<Found, StoreError> {
    let (before, path) = match text.split_once(':') {
        Some((name, path)) if !name.contains(['/', '[', '"']) => (Some(name), path),
        _ => (None, text),
    };
    let pipeline = before.or(pipeline);
    let Some(typed) = TypedPath::parse(path) else { return Ok(Found::Nothing(Vec::new())) };
    let view = past.store.view(past.line)?;
    if let Some((seq, entry)) = exact(past, &view, &typed, pipeline)? {
        return detail(past, &view, seq, entry, ends).map(|detail| Found::Step(Box::new(detail)));
    }
    let mut matches = Matches::new(past, &typed, pipeline, ends);
    let mut failed = Ok(());
    steps_after(past.store, &view, None, |seq, entry| {
        if failed.is_ok() {
            failed = matches.add(seq, entry);
        }
    })?;
    failed?;
    matches.add_latest_failures()?;
    if matches.tasks.is_empty() {
        // Failures are among what is looked through then.
        matches = Matches::new(past, &typed, pipeline, ends);
        matches.add_given_up()?;
    }
    matches.finish(&view)
}

/// The instance that is meant, if the path is that of a step outside of loops, or has all its keys.
fn exact(
    past: &Past<'_>,
    view: &View,
    typed: &TypedPath,
    pipeline: Option<&str>,
) -> Result<Option<(Seq, StepEntry)>, StoreError> {
    let iterations: Vec<_> = typed.keys.iter().flatten().cloned().collect();
    let names = match pipeline {
        Some(name) => vec![name.to_owned()],
        None => pipelines(past)?,
    };
    let mut found = None;
    for name in names {
        let number = match past.store.intern(format!("{name}:{}", typed.bare).as_bytes()) {
            Ok(number) => number,
            Err(StoreError::Closed) => continue,
            Err(error) => return Err(error),
        };
        if let Some(step) = past.store.done(view, &TaskKey::new(number, &iterations))? {
            if found.is_some() {
                // Two pipelines have it: the longer way tells them apart.
                return Ok(None);
            }
            found = Some(step);
        }
    }
    Ok(found)
}

/// The pipelines of the latest runs.
fn pipelines(past: &Past<'_>) -> Result<Vec<String>, StoreError> {
    let mut names: Vec<String> = past.store.runs_before(None, 200)?.into_iter().map(|run| run.pipeline).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// A step as the journal tells of it.
pub(super) fn past_step(past: &Past<'_>, view: &View, seq: Seq, entry: StepEntry) -> Result<PastStep, StoreError> {
    let current = past.store.done(view, &entry.task)?.is_some_and(|(latest, _)| latest == seq);
    let pipeline = past.text(entry.pipeline)?;
    Ok(PastStep {
        path: if entry.path.is_empty() { pipeline.clone() } else { entry.path },
        pipeline,
        attempt: entry.attempt,
        started: entry.started,
        // What was passed over is not timed.
        took: (entry.outcome == Outcome::Done).then_some(entry.took),
        outcome: match entry.outcome {
            Outcome::Done => PastOutcome::Done,
            Outcome::Skipped(message) => PastOutcome::PassedOver(message),
        },
        result: serde_json::from_slice(&entry.result).unwrap_or(Value::Null),
        current,
    })
}

/// A failure that ended a run.
pub(super) fn failed_step(pipeline: &str, entry: Entry) -> PastStep {
    let (path, attempt, message, started) = match entry {
        Entry::Failed { path, attempts, message, at, .. } => (path, attempts, message, at),
        _ => Default::default(),
    };
    let pipeline = pipeline.to_owned();
    let outcome = PastOutcome::Failed(message);
    PastStep { path, pipeline, attempt, started, took: None, outcome, result: Value::Null, current: false }
}

fn detail(past: &Past<'_>, view: &View, seq: Seq, entry: StepEntry, ends: Ends) -> Result<PastStepDetail, StoreError> {
    let number = entry.run;
    let run = past.store.runs_before(Some(number.saturating_add(1)), 1)?.into_iter().find(|run| run.number == number);
    let facts = Facts::from_bytes(&entry.outputs).unwrap_or_default();
    let read = reads::from_bytes(&past.store.interned(entry.reads)?).unwrap_or_default();
    let (writes, internal) = data::changes(past, seq, ends)?;
    Ok(PastStepDetail {
        run: run.map(|run| run.id).unwrap_or_default(),
        generation: entry.generation,
        seq: seq.0,
        reads: seen(read, &facts),
        outputs: facts.outputs.into_iter().map(|(path, _)| path).collect(),
        files: facts.files.into_iter().map(|(path, digest)| (path, digest.is_some())).collect(),
        writes,
        internal,
        step: past_step(past, view, seq, entry)?,
    })
}

/// One that matched: a step, or a failure and its pipeline.
enum Match {
    Step(Seq, Box<StepEntry>),
    Failure(String, Entry),
}

/// The steps that a path means, as they come by.
struct Matches<'a> {
    past: &'a Past<'a>,
    typed: &'a TypedPath,
    pipeline: Option<&'a str>,
    ends: Ends,
    names: HashMap<InternId, String>,
    /// Paths without keys, in the order in which they came by; those of other pipelines too.
    known: BTreeMap<String, ()>,
    pipelines: Vec<String>,
    tasks: Vec<PastTask>,
    numbers: HashMap<String, usize>,
    gathered: Option<Gather<Match>>,
    count: u64,
    /// The path of the only match.
    only: Option<String>,
}

impl<'a> Matches<'a> {
    fn new(past: &'a Past<'a>, typed: &'a TypedPath, pipeline: Option<&'a str>, ends: Ends) -> Self {
        Self {
            past,
            typed,
            pipeline,
            ends,
            names: HashMap::new(),
            known: BTreeMap::new(),
            pipelines: Vec::new(),
            tasks: Vec::new(),
            numbers: HashMap::new(),
            gathered: None,
            count: 0,
            only: None,
        }
    }

    fn add(&mut self, seq: Seq, entry: StepEntry) -> Result<(), StoreError> {
        let pipeline = match self.names.get(&entry.pipeline) {
            Some(name) => name.clone(),
            None => {
                let name = self.past.text(entry.pipeline)?;
                self.names.insert(entry.pipeline, name.clone());
                name
            }
        };
        let Some(bare) = self.matched(&entry.path, &pipeline) else { return Ok(()) };
        let number = *self.numbers.entry(bare.clone()).or_insert(self.tasks.len());
        if number == self.tasks.len() {
            let first = entry.started;
            self.tasks.push(PastTask { path: bare, done: 0, passed_over: 0, took: 0, first, last: first });
        }
        if let Some(task) = self.tasks.get_mut(number) {
            match entry.outcome {
                Outcome::Done => task.done += 1,
                Outcome::Skipped(_) => task.passed_over += 1,
            }
            task.took = task.took.saturating_add(entry.took);
            task.first = task.first.min(entry.started);
            task.last = task.last.max(entry.started.saturating_add_unsigned(entry.took / 1000));
        }
        self.gather(&pipeline, entry.path.clone(), Match::Step(seq, Box::new(entry)));
        Ok(())
    }

    /// The path without keys, if it is meant.
    fn matched(&mut self, path: &str, pipeline: &str) -> Option<String> {
        let bare = TypedPath::parse(path)?.bare;
        if !self.known.contains_key(&bare) && self.known.len() < 10_000 {
            self.known.insert(bare.clone(), ());
        }
        let wanted = self.pipeline.is_none_or(|wanted| wanted == pipeline);
        (wanted && self.typed.holds(path, &bare)).then_some(bare)
    }

    fn gather(&mut self, pipeline: &str, path: String, found: Match) {
        if !self.pipelines.iter().any(|known| known == pipeline) {
            self.pipelines.push(pipeline.to_owned());
        }
        self.only = if self.count == 0 || self.only.as_ref() == Some(&path) { Some(path) } else { None };
        self.count += 1;
        self.gathered.get_or_insert_with(|| Gather::new(self.ends)).add(found);
    }

    /// Tasks that failed in runs that are not gone on with yet.
    fn add_latest_failures(&mut self) -> Result<(), StoreError> {
        let mut pipelines = Vec::new();
        for run in self.past.store.runs_before(None, 200)? {
            if run.line != self.past.line || pipelines.contains(&run.pipeline) {
                continue;
            }
            if run.status == RunStatus::Failed {
                // A failure comes right before the end of its run.
                let last = self.past.store.journal(Seq(run.figures.until.0.saturating_sub(1)), 1)?;
                for (_, entry) in last {
                    self.add_failure(&run.pipeline, entry);
                }
            }
            pipelines.push(run.pipeline);
        }
        Ok(())
    }

    fn add_failure(&mut self, pipeline: &str, entry: Entry) {
        let Entry::Failed { path, .. } = &entry else { return };
        if self.matched(path, pipeline).is_some() {
            let path = path.clone();
            self.gather(pipeline, path, Match::Failure(pipeline.to_owned(), entry));
        }
    }

    /// Steps that were given up since, and tasks that failed: the whole journal is looked through.
    fn add_given_up(&mut self) -> Result<(), StoreError> {
        let runs: HashMap<u32, RunRecord> = self.past.store.runs()?.into_iter().map(|run| (run.number, run)).collect();
        let mut from = Seq(1);
        loop {
            let page = self.past.store.journal(from, 1000)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            from = Seq(last.0 + 1);
            for (seq, entry) in page {
                match entry {
                    Entry::Step(step) => self.add(seq, step)?,
                    Entry::Failed { run, .. } => {
                        let pipeline = runs.get(&run).map(|run| run.pipeline.clone()).unwrap_or_default();
                        self.add_failure(&pipeline, entry);
                    }
                    _ => {}
                }
            }
        }
    }

    fn finish(self, view: &View) -> Result<Found, StoreError> {
        let Some(gathered) = self.gathered else { return Ok(Found::Nothing(self.known.into_keys().collect())) };
        if self.pipelines.len() > 1 {
            return Ok(Found::Pipelines(self.pipelines));
        }
        let steps = gathered.finish(Ok::<_, StoreError>)?;
        // All that is known of one step, also if it was done several times: the latest counts.
        if self.only.is_some()
            && let Some(Match::Step(seq, entry)) = steps.iter().last()
        {
            let detail = detail(self.past, view, *seq, (**entry).clone(), self.ends)?;
            return Ok(Found::Step(Box::new(detail)));
        }
        let mut make = |found: Match| match found {
            Match::Step(seq, entry) => past_step(self.past, view, seq, *entry),
            Match::Failure(pipeline, entry) => Ok(failed_step(&pipeline, entry)),
        };
        let first = steps.first.into_iter().map(&mut make).collect::<Result<_, StoreError>>()?;
        let last = steps.last.into_iter().map(&mut make).collect::<Result<_, StoreError>>()?;
        Ok(Found::Tasks(PastTasks {
            path: self.typed.text(),
            pipeline: self.pipelines.into_iter().next().unwrap_or_default(),
            tasks: self.tasks,
            steps: thinking_event::past::Shortened { first, left_out: steps.left_out, last },
        }))
    }
}
