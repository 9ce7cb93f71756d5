//! Whether what was recorded still holds.

use crate::decide::{Core, Place, Scope};
use crate::host::{result_digest, variable_digest};
use crate::mask::Mask;
use crate::reads::{Facts, Read, from_bytes, hex, names_digest};
use crate::results::{Asked, Source, look_up, source};
use crate::world::World;
use crate::written::{self, Since};
use crate::{inputs, summary::Summary};
use std::collections::HashSet;
use std::path::PathBuf;
use thinking_diagnostic::Span;
use thinking_plan::{OnError, Setting, Step, TaskId};
use thinking_step::{Value, digest};
use thinking_store::{InternId, Outcome, StepEntry, StoreError};

/// Why something recorded does not hold any more, and the changed place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    pub reason: String,
    pub span: Option<Span>,
}

impl Stale {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), span: None }
    }
}

/// The depth of a container, whether only its iteration is meant, and why what is recorded of it does not hold.
pub(crate) type PassedOver = (usize, bool, Option<Stale>);

/// Sets of reads that were found to hold: a million iterations that read the same are looked at once.
#[derive(Default)]
pub(crate) struct Checked {
    holding: HashSet<(InternId, TaskId, u64)>,
}

impl Checked {
    /// Compares a recorded step with the plan and the world as they are.
    pub(crate) fn stale(
        &mut self,
        world: &World,
        place: &Place,
        step: &Step,
        entry: &StepEntry,
        summary: &mut Summary,
    ) -> Result<Option<Stale>, StoreError> {
        let never = matches!(world.plan.task(place.task).on_error, Setting::Fixed(OnError::Fail));
        if never && entry.task == place.key && matches!(entry.outcome, Outcome::Skipped(_)) {
            return Ok(Some(Stale::new("its `on-error` changed")));
        }
        if world.definition(place.task, &step.definition)? != entry.definition {
            let stored = world.store.interned(entry.definition)?;
            let (reason, span) =
                step.definition.difference(&stored).unwrap_or_else(|| ("definition changed".to_owned(), None));
            return Ok(Some(Stale { reason: format!("its {reason}"), span }));
        }
        if let Some(stale) = self.stale_reads(world, place, entry, summary)? {
            return Ok(Some(stale));
        }
        if entry.outputs.is_empty() {
            return Ok(None);
        }
        let Some(facts) = Facts::from_bytes(&entry.outputs) else {
            return Ok(Some(Stale::new("it was recorded by another version")));
        };
        for (name, digest) in &facts.variables {
            let now = place.scope.variable(name).map(|variable| variable_digest(&variable.value));
            if now.as_ref() != Some(digest) {
                return Ok(Some(Stale::new(format!("`{name}` is another one"))));
            }
        }
        let view = world.head().view.clone();
        for seen in &facts.results {
            let asked = if seen.sibling { Asked::Sibling(&seen.name, false) } else { Asked::Path(&seen.name) };
            let now = look_up(world, &view, place, asked)?;
            if now.source != Source::Container || result_digest(now.value.as_ref()) != seen.digest {
                return Ok(Some(Stale::new(format!("the result of `{}` changed", seen.name))));
            }
        }
        for (path, digest) in &facts.outputs {
            summary.add_output(path, digest);
            if let Some(stale) = stale_output(world, path, digest)
                && !since(world, entry)?.is_some_and(|since| since.left(world, path))
            {
                return Ok(Some(stale));
            }
        }
        facts.files.iter().for_each(|(path, digest)| summary.add_written(path, digest.as_deref()));
        Ok(None)
    }

    /// The container around `place` whose failure, at this very step, is what `entry` records: its depth, whether only its iteration is meant, and why that
    /// does not hold.
    pub(crate) fn passed_over(
        &mut self,
        world: &World,
        core: &Core,
        place: &Place,
        step: &Step,
        entry: &StepEntry,
        summary: &mut Summary,
    ) -> Result<Option<PassedOver>, StoreError> {
        // A step that passes its failures over itself leaves none to what is around it.
        let own = matches!(world.plan.task(place.task).on_error, Setting::Fixed(OnError::Skip));
        let around = core.passing_over(&entry.task).filter(|_| !own);
        let facts = Facts::from_bytes(&entry.outputs).unwrap_or_default();
        let same = facts.failed.as_deref() == Some(&*place.path) && matches!(entry.outcome, Outcome::Skipped(_));
        let Some((depth, item)) = around.filter(|_| same) else { return Ok(None) };
        Ok(Some((depth, item, self.stale(world, place, step, entry, summary)?)))
    }

    /// Compares a recorded set of reads with the world as it is.
    fn stale_reads(
        &mut self,
        world: &World,
        place: &Place,
        entry: &StepEntry,
        summary: &mut Summary,
    ) -> Result<Option<Stale>, StoreError> {
        let key = (entry.reads, place.task, place.scope.params_number());
        if self.holding.contains(&key) {
            return Ok(None);
        }
        let Some(reads) = from_bytes(&world.store.interned(entry.reads)?) else {
            return Ok(Some(Stale::new("it was recorded by another version")));
        };
        let mut explained = false;
        for read in &reads {
            let found = stale(world, &place.scope, read).or_else(|| stale_source(world, place.task, read));
            let Some(found) = found else { continue };
            // What the pipeline itself wrote there later is no change.
            let of_files = matches!(read.inner(), Read::File(..) | Read::List(..) | Read::Glob(..));
            if !of_files || since(world, entry)?.is_none_or(|since| since.explains(world, read).is_none()) {
                return Ok(Some(found));
            }
            explained = true;
        }
        summary.add_step(&reads, &place.scope);
        // Bounded: steps that each read something else are looked at each by itself. What was explained holds at this place alone.
        if !explained && self.holding.len() < 100_000 {
            self.holding.insert(key);
        }
        Ok(None)
    }
}

/// What the pipeline wrote at or after a recorded step.
fn since<'a>(world: &'a World, entry: &StepEntry) -> Result<Option<Since<'a>>, StoreError> {
    let written = world.written()?;
    Ok(written::place(world, entry)?.map(|place| written.since(place)))
}

/// Whether an output is as it was left.
pub(crate) fn stale_output(world: &World, path: &str, digest: &str) -> Option<Stale> {
    match world.files.digest(&world.real_path(path)).map(hex) {
        None => Some(Stale::new(format!("output `{path}` is missing"))),
        Some(now) if now != digest => Some(Stale::new(format!("output `{path}` was changed"))),
        Some(_) => None,
    }
}

/// Whether a name or path of a result now means another task.
fn stale_source(world: &World, task: TaskId, read: &Read) -> Option<Stale> {
    let (name, was, now) = match read {
        Read::Sibling(name, was) => {
            let was = was.as_ref().map_or(Source::Nothing, |path| Source::Step(path.as_str().into()));
            (name, was, source(&world.plan, task, Asked::Sibling(name, false)))
        }
        Read::Task(path, was) => {
            let was = if *was { Source::Step(path.as_str().into()) } else { Source::Nothing };
            (path, was, source(&world.plan, task, Asked::Path(path)))
        }
        _ => return None,
    };
    (now != was).then(|| Stale::new(format!("the result `{name}` is now another task's")))
}

/// Whether one thing seen is now otherwise. What a result is from is looked at with the task that saw it.
pub(crate) fn stale(world: &World, scope: &Scope, read: &Read) -> Option<Stale> {
    match read {
        Read::Param(name, was) => {
            let Some(param) = world.plan.params.values.get(name.as_str()) else {
                return Some(Stale::new(format!("param `{name}` is gone")));
            };
            if param.secret {
                return None;
            }
            let now = seen_param(&world.mask, scope.param(name).unwrap_or(&param.value));
            let told = |text: &str| if text == "null" { "()".to_owned() } else { short(text) };
            let reason = || format!("param `{name}` changed from {} to {}", told(&world.mask.text(was)), told(&now));
            (now != *was).then(|| Stale { reason: reason(), span: param.span })
        }
        Read::Facet(name, was) => {
            let now = world.plan.facets.iter().any(|facet| **facet == **name);
            let state = if now { "is now active" } else { "is no longer active" };
            (now != *was).then(|| Stale::new(format!("facet `{name}` {state}")))
        }
        Read::Mode(was) => {
            let now = world.plan.mode.name();
            (now != was).then(|| Stale::new(format!("the mode changed from {was} to {now}")))
        }
        Read::Seed(was) => {
            let now = world.plan.seed;
            (now != *was).then(|| Stale::new(format!("the seed changed from {was} to {now}")))
        }
        Read::Env(name, was) => {
            let now = (world.environment)(name).map(|value| hex(digest(value.as_bytes())));
            (now != *was).then(|| Stale::new(format!("environment variable `{name}` changed")))
        }
        Read::File(path, was) => {
            let now = world.files.digest(&world.real_path(path)).map(hex);
            let what = match (was, &now) {
                (None, _) => "is there now",
                (_, None) => "is gone",
                _ => "changed",
            };
            (now != *was).then(|| Stale::new(format!("file `{path}` {what}")))
        }
        Read::List(path, own, was, _) => {
            let now = world.files.names(&world.real_path(path)).map(|names| names_digest(&names, own));
            let what = match (was, &now) {
                (None, _) => "is there now",
                (_, None) => "is gone",
                _ => "has other files in it",
            };
            (now != *was).then(|| Stale::new(format!("directory `{path}` {what}")))
        }
        Read::Glob(pattern, was, own, _) => {
            let own: Vec<PathBuf> = own.iter().map(|path| world.real_path(path)).collect();
            let now = inputs::matched(world, pattern, &own);
            let now = now.map(|files| inputs::names_digest(&inputs::names(world, &files)));
            (now.as_ref() != Ok(was)).then(|| Stale::new(format!("input `{pattern}` now means other files")))
        }
        Read::Start(read) => stale(world, &Scope::default(), read),
        Read::Sibling(..) | Read::Task(..) => None,
    }
}

/// A parameter's value as it is recorded: as JSON text, with secrets that it was made of hidden.
pub(crate) fn seen_param(mask: &Mask, value: &Value) -> String {
    mask.text(&value.to_string())
}

fn short(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(57).chain("...".chars()).collect() }
}
