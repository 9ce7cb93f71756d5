//! Going over what is recorded: what is kept, and from where on everything is given up.

use super::{Trouble, Walk};
use crate::always;
use crate::compare::Stale;
use crate::decide::{Force, Input, Place};
use crate::figures::Figures;
use crate::head::cut;
use crate::leftover::{self, Leftover};
use crate::misplaced::misplaced;
use crate::recorded::steps_after;
use crate::tally::task_of;
use std::collections::BTreeMap;
use thinking_event::{Event, TaskRef};
use thinking_plan::{Step, TaskKind};
use thinking_store::{Commit, Entry, Outcome, Seq, StepEntry, StoreError};

enum Verdict {
    /// The core's answer.
    Answer(Input),
    /// It has to run, for that reason.
    Run(Stale),
}

impl Walk {
    pub(super) fn check(&mut self, place: &Place, force: Force) -> Result<Input, Trouble> {
        if let Some(input) = self.interrupted() {
            return Ok(input);
        }
        let world = self.world.clone();
        let TaskKind::Step(step) = &world.plan.task(place.task).kind else { return Ok(Input::Run) };
        if !world.head().live {
            let stale =
                if step.always { self.check_always(place, step, force)? } else { self.check_next(place, step, force)? };
            match stale {
                Verdict::Answer(input) => return Ok(input),
                Verdict::Run(stale) => self.unready(place, force, &stale)?,
            }
        } else {
            self.unready(place, force, &Stale::new("it is not done yet"))?;
        }
        Ok(Input::Run)
    }

    fn unready(&self, place: &Place, force: Force, stale: &Stale) -> Result<(), Trouble> {
        if force == Force::Kept {
            return Err(Trouble::Unready { path: place.path.to_string(), stale: stale.clone() });
        }
        Ok(())
    }

    /// Compares a step with the next recorded one.
    fn check_next(&mut self, place: &Place, step: &Step, force: Force) -> Result<Verdict, Trouble> {
        let world = self.world.clone();
        let Some((seq, entry)) = self.recorded.peek(&*world.store)?.cloned() else {
            self.go_live()?;
            return Ok(Verdict::Run(Stale::new("it is not done yet")));
        };
        let stale = if entry.task == place.key {
            self.checked.stale(&world, place, step, &entry, &mut self.summary)?
        } else {
            match self.checked.passed_over(&world, &self.core, place, step, &entry, &mut self.summary)? {
                Some((depth, item, None)) => {
                    self.keep(place, &entry)?;
                    self.leave_unfinished(depth);
                    return Ok(Verdict::Answer(Input::PassedOver { depth, item }));
                }
                Some((_, _, stale)) => stale,
                None => Some(misplaced(&world, &self.core, self.recorded.view(), place, &entry)?),
            }
        };
        let stale = match (stale, force) {
            (None, Force::Run) => Stale::new("it was asked for"),
            (None, _) => {
                self.keep(place, &entry)?;
                return Ok(Verdict::Answer(Input::Kept));
            }
            (Some(stale), _) => stale,
        };
        self.unready(place, force, &stale)?;
        self.give_up(seq, place.task_ref(&world.plan), stale.clone())?;
        Ok(Verdict::Run(stale))
    }

    /// A step that runs in every run, after what it did before.
    fn check_always(&mut self, place: &Place, step: &Step, force: Force) -> Result<Verdict, Trouble> {
        let world = self.world.clone();
        let mut latest = None;
        while let Some((_, entry)) =
            self.recorded.peek(&*world.store)?.filter(|(_, entry)| entry.task == place.key).cloned()
        {
            self.figures.pass(&entry);
            latest = Some(entry);
            self.recorded.pass();
            self.stand()?;
        }
        if let Some(entry) = &latest
            && entry.run == self.run.number
            && self.resumed
            && force != Force::Run
            && self.checked.stale(&world, place, step, entry, &mut self.summary)?.is_none()
        {
            self.tally.done(place.task);
            self.count_kept(place);
            return Ok(Verdict::Answer(Input::Kept));
        }
        // What stands before `--from` is not run again, not even this.
        if latest.is_some() && force == Force::Kept {
            self.tally.done(place.task);
            self.count_kept(place);
            return Ok(Verdict::Answer(Input::Kept));
        }
        let stale = Stale::new("it runs every time");
        self.unready(place, force, &Stale::new("it is not done yet"))?;
        match self.recorded.peek(&*world.store)?.map(|(seq, _)| *seq) {
            Some(seq) => self.give_up(seq, place.task_ref(&world.plan), stale.clone())?,
            None => self.go_live()?,
        }
        Ok(Verdict::Run(stale))
    }

    /// The next recorded step holds.
    pub(super) fn keep(&mut self, place: &Place, entry: &StepEntry) -> Result<(), Trouble> {
        self.recorded.pass();
        self.figures.pass(entry);
        self.stand()?;
        match &entry.outcome {
            Outcome::Skipped(reason) => {
                self.counts.failed += 1;
                // It may be a container around this step that passed it over.
                let own = entry.task == place.key;
                let task = if own { Some(place.task) } else { task_of(&self.world.ids, &entry.task) };
                self.tally.passed(task.unwrap_or(place.task), reason);
            }
            Outcome::Done => {
                self.tally.done(place.task);
                self.took.add(place.task, entry.took);
            }
        }
        self.count_kept(place);
        Ok(())
    }

    pub(super) fn count_kept(&mut self, place: &Place) {
        self.counts.kept += 1;
        let count = self.kept.take().map_or(0, |(_, count)| count) + 1;
        self.kept = Some((TaskRef { path: place.path.clone(), span: self.world.plan.task(place.task).span }, count));
    }

    /// Sees the data as it was right before the next recorded step: that is what the decisions before it saw.
    pub(super) fn stand(&mut self) -> Result<(), Trouble> {
        let world = self.world.clone();
        let mut view = self.recorded.view().clone();
        if let Some((seq, _)) = self.recorded.peek(&*world.store)? {
            view.at = Seq(seq.0.saturating_sub(1));
            world.head().replay(view);
        } else {
            self.go_live()?;
        }
        Ok(())
    }

    /// Before the first task.
    pub(super) fn stand_first(&mut self) -> Result<(), Trouble> {
        if !self.world.head().live {
            self.stand()?;
        }
        let view = self.world.head().view.clone();
        let _ = self.world.start_view.set(view);
        Ok(())
    }

    /// Everything recorded was walked over.
    pub(super) fn go_live(&mut self) -> Result<(), Trouble> {
        let view = self.world.store.view(&self.world.line)?;
        self.world.head().go_live(view);
        Ok(())
    }

    /// Removes the outputs of steps that were given up, now or before a kill, but for those of the step that runs next.
    pub(super) fn take_leftover(&mut self) -> Result<(), Trouble> {
        let world = self.world.clone();
        let Some(leftover) = Leftover::load(&world)? else { return Ok(()) };
        let last = world.head().last;
        world.store.wait_durable(last)?;
        if leftover.remove_others(&world)? {
            world.head().ride(leftover::note(&world), None);
        } else {
            self.leftover = Some(leftover);
        }
        Ok(())
    }

    /// Another step than the expected one runs next, or none: nothing of what was given up stays.
    pub(super) fn remove_leftover(&mut self) -> Result<(), StoreError> {
        if let Some(leftover) = self.leftover.take() {
            leftover.remove_but(&self.world, &[])?;
            self.world.head().ride(leftover::note(&self.world), None);
        }
        Ok(())
    }

    /// Gives up what is recorded from the commit `seq` on. The next commit makes it so.
    pub(super) fn give_up(&mut self, seq: Seq, task: TaskRef, stale: Stale) -> Result<(), Trouble> {
        let world = self.world.clone();
        let (view, after) = (self.recorded.view().clone(), self.recorded.passed());
        let (mut dropped, mut reached, mut latest) = (0u64, false, after);
        let mut others = BTreeMap::new();
        let mut displaced = std::mem::take(&mut self.displaced);
        let mut leftover = Leftover::before(&task.path);
        steps_after(&*world.store, &view, after, |at, entry| {
            reached |= at == seq;
            if !reached {
                latest = Some(at);
                return;
            }
            dropped += 1;
            self.figures.pass(&entry);
            leftover.add(&world, &entry);
            if entry.pipeline != world.pipeline {
                *others.entry(entry.pipeline).or_insert(0u64) += 1;
            }
            if self.has_always && always::is_instance(&world, &entry) {
                always::displace(&mut displaced, &entry.task, &view, latest);
            }
        })?;
        self.displaced = displaced;
        let mut notes = Vec::new();
        if self.has_always {
            let name = always::note(&world.line, &world.plan.pipeline);
            notes.push((name, always::save(&self.displaced)));
        }
        let leftover = leftover.to_note();
        let any_left = leftover.is_some();
        if any_left {
            notes.push((leftover::note(&world), leftover));
        }
        world.head().go_back(view.clone(), cut(&view.pieces, seq), notes);
        Figures::change(&mut self.run, world.clock.now(), &task.path, &stale.reason, dropped);
        if self.started {
            world.head().ride_run(self.run.clone());
        }
        self.start_run()?;
        if any_left {
            if world.head().is_changing() {
                let (reason, at) = (stale.reason.clone(), world.clock.now());
                self.commit(Commit::entry(world.line.clone(), Entry::LineChanged { reason, at }))?;
            }
            self.take_leftover()?;
        }
        self.flush();
        let name = |(pipeline, count)| {
            let name = world.store.interned(pipeline)?;
            Ok((String::from_utf8_lossy(&name).into(), count))
        };
        let others = others.into_iter().map(name).collect::<Result<_, StoreError>>()?;
        world.tell(Event::Rerun { task, reason: stale.reason, span: stale.span, dropped, others });
        Ok(())
    }
}
