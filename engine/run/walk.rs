//! The dispatcher: carries out what the core decides, one command after the other.

use crate::apply::ApplyError;
use crate::attempt::{self, Executors};
use crate::compare::{Checked, Stale, misplaced};
use crate::decide::{Command, Core, Ending, Failure, Force, Input, Place, Question, Shape};
use crate::head::cut;
use crate::host::{Deadline, Role, RunHost, Seen, attempt_note};
use crate::reads::{self, Facts};
use crate::recorded::{Recorded, steps_after};
use crate::summary::{self, Summary};
use crate::world::World;
use crate::{Stop, always, question, runs};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use thinking_event::{Counts, Event, RunEnd, TaskRef};
use thinking_plan::{Step, TaskKind};
use thinking_step::{ErrorKind, StepError, Value};
use thinking_store::{
    Commit, Durability, Entry, InternId, Outcome, RunRecord, RunStatus, Seq, StepEntry, StoreError, TaskKey, Token, Write,
};

/// Why a walk cannot go on.
pub(crate) enum Trouble {
    /// The store failed.
    Store(StoreError),
    /// What stands before `--from` or `--only` is not done.
    Unready { path: String, stale: Stale },
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One walk over a plan.
pub(crate) struct Walk {
    world: Arc<World>,
    core: Core,
    recorded: Recorded,
    executors: Executors,
    checked: Checked,
    summary: Summary,
    run: RunRecord,
    /// Whether the run is on record and told.
    started: bool,
    resumed: bool,
    remembered: Vec<String>,
    durability: Durability,
    directory: PathBuf,
    counts: Counts,
    began: u64,
    /// Kept steps that were not told yet.
    kept: Option<(TaskRef, u64)>,
    open: Vec<OpenContainer>,
    has_always: bool,
    displaced: Vec<always::Displaced>,
    known_reads: HashMap<Vec<u8>, InternId>,
    last_failure: Option<FailedAttempt>,
}

/// A container that the walk is in.
struct OpenContainer {
    place: Place,
    iterations: Option<u64>,
    announced: bool,
    began: u64,
    deadline: Option<Deadline>,
}

/// What is recorded when a failed attempt is passed over.
struct FailedAttempt {
    task: TaskKey,
    definition: InternId,
    reads: InternId,
    facts: Facts,
}

/// What a walk is started with.
pub(crate) struct Start {
    pub world: Arc<World>,
    pub core: Core,
    pub recorded: Recorded,
    pub run: RunRecord,
    pub resumed: bool,
    pub remembered: Vec<String>,
    pub durability: Durability,
    pub directory: PathBuf,
    pub began: u64,
}

impl Walk {
    /// A walk that has not begun.
    pub(crate) fn new(start: Start) -> Result<Self, StoreError> {
        let Start { world, core, recorded, run, resumed, remembered, durability, directory, began } = start;
        let has_always = always::exist(&world.plan);
        let displaced = if has_always { always::load(&world)? } else { Vec::new() };
        Ok(Self {
            has_always,
            displaced,
            world,
            core,
            recorded,
            executors: Executors::default(),
            checked: Checked::default(),
            summary: Summary::default(),
            run,
            started: false,
            resumed,
            remembered,
            durability,
            directory,
            counts: Counts::default(),
            began,
            kept: None,
            open: Vec::new(),
            known_reads: HashMap::new(),
            last_failure: None,
        })
    }

    /// Puts the run on record and tells it, once.
    pub(crate) fn start_run(&mut self) -> Result<(), StoreError> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        let failed = |error: std::io::Error| StoreError::Io(format!("{}: {error}", self.directory.display()));
        std::fs::create_dir_all(&self.directory).map_err(failed)?;
        let at = self.world.clock.now();
        self.run.status = RunStatus::Running;
        let commit = Commit {
            run: Some(self.run.clone()),
            notes: vec![(summary::note(&self.world.line, &self.world.plan.pipeline), None)],
            ..Commit::entry(self.world.line.clone(), Entry::RunStarted { run: self.run.number, at })
        };
        self.commit(commit)?;
        self.world.tell(Event::RunStarted {
            run: self.world.run.id.clone(),
            pipeline: self.world.plan.pipeline.clone(),
            at,
            resumed: self.resumed,
            remembered: std::mem::take(&mut self.remembered),
            directory: self.directory.display().to_string(),
        });
        Ok(())
    }

    /// Walks to the end. `at_once`: the run is on record before anything else.
    pub(crate) fn run(mut self, at_once: bool) -> Result<RunEnd, ApplyError> {
        let ended = if at_once { self.start_run().map_err(Trouble::from) } else { Ok(()) };
        let ended = ended.and_then(|()| self.stand_first()).and_then(|()| self.walk());
        let end = match ended {
            Ok(end) => end,
            Err(Trouble::Unready { path, stale }) => {
                return Err(ApplyError::Unready { path, reason: stale.reason, span: stale.span });
            }
            Err(Trouble::Store(error)) => store_failed(&error),
        };
        self.flush();
        let run = if self.started { self.world.run.id.clone() } else { "".into() };
        let took = self.world.clock.elapsed().saturating_sub(self.began);
        self.world.tell(Event::RunEnded { run, end: end.clone(), counts: self.counts, took });
        Ok(end)
    }

    fn walk(&mut self) -> Result<RunEnd, Trouble> {
        let mut input = Input::Go;
        loop {
            input = match self.core.decide(input) {
                Command::Evaluate { place, question } => self.evaluate(&place, question)?,
                Command::Open { place, iterations } => self.enter(place, iterations),
                Command::Close { place, shape } => self.leave(&place, shape),
                Command::Skip { place } => self.skip(&place),
                Command::Check { place, force } => self.check(&place, force)?,
                Command::Attempt { place, number } => self.attempt(&place, number)?,
                Command::Pause { place, number, error, pause } => {
                    let task = place.task_ref(&self.world.plan);
                    let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    self.counts.retried += 1;
                    self.world.tell(Event::AttemptFailed { task, attempt: number, error, pause: millis });
                    self.world.clock.pause(pause, &self.world.stop);
                    Input::Go
                }
                Command::PassOver { place, failure } => self.pass_over(&place, *failure)?,
                Command::Finish(ending) => return self.finish(ending),
            };
        }
    }

    fn commit(&mut self, commit: Commit) -> Result<Seq, StoreError> {
        self.world.head().commit(&*self.world.store, commit)
    }

    /// Tells of kept steps before anything else is told.
    fn flush(&mut self) {
        if let Some((task, count)) = self.kept.take() {
            self.world.tell(Event::StepsKept { task, count });
        }
    }

    /// Something happens here: the run is on record, and the containers around it are told.
    fn act(&mut self) -> Result<(), StoreError> {
        self.start_run()?;
        self.flush();
        for container in self.open.iter_mut().filter(|container| !container.announced) {
            container.announced = true;
            let task = container.place.task_ref(&self.world.plan);
            self.world.tell(Event::ContainerStarted { task, iterations: container.iterations });
        }
        Ok(())
    }

    fn evaluate(&mut self, place: &Place, question: Question) -> Result<Input, Trouble> {
        if let Some(input) = self.overdue() {
            return Ok(input);
        }
        let host = question::host(&self.world, place, question);
        let value = question::evaluate(&self.world, place, question, &host);
        let seen = std::mem::take(&mut *host.seen());
        self.summary.add_reads(&seen.reads, &place.scope);
        if seen.volatile {
            self.summary.spoil();
        }
        match value {
            Ok(value) => Ok(Input::Value(value)),
            Err(error) => match self.world.take_failure() {
                Some(error) => Err(error.into()),
                None => {
                    let mut reads = seen.reads;
                    let reads = self.intern_reads(&mut reads)?;
                    let facts = Facts { variables: seen.variables, results: seen.results, ..Facts::default() };
                    let definition = self.world.store.intern(b"")?;
                    self.last_failure = Some(FailedAttempt { task: place.key.clone(), definition, reads, facts });
                    Ok(Input::Failed(self.world.mask.error(error)))
                }
            },
        }
    }

    fn enter(&mut self, place: Place, iterations: Option<u64>) -> Input {
        let deadline = match attempt::timeout(&self.world, &place) {
            Ok(timeout) => timeout.map(|timeout| attempt::deadline(&self.world, timeout, &format!("`{}`", place.path))),
            Err(error) => return Input::Failed(self.world.mask.error(error)),
        };
        self.open.truncate(place.depth.saturating_sub(1));
        // An unnamed container is not worth a word.
        let announced = self.world.plan.task(place.task).name.is_none();
        self.open.push(OpenContainer { place, iterations, announced, began: self.world.clock.elapsed(), deadline });
        Input::Go
    }

    fn leave(&mut self, place: &Place, shape: Shape) -> Input {
        self.world.remember(place.task, place.iterations.clone(), shape);
        self.end_containers(place.depth);
        Input::Go
    }

    /// The containers from that depth on are over.
    fn end_containers(&mut self, depth: usize) {
        while self.open.last().is_some_and(|container| container.place.depth >= depth) {
            let Some(container) = self.open.pop() else { return };
            let named = self.world.plan.task(container.place.task).name.is_some();
            if container.announced && named {
                self.flush();
                let took = self.world.clock.elapsed().saturating_sub(container.began);
                self.world.tell(Event::ContainerEnded { task: container.place.task_ref(&self.world.plan), took });
            }
        }
    }

    fn skip(&mut self, place: &Place) -> Input {
        self.counts.skipped += 1;
        // While the walk goes over what is recorded, nothing happens that is worth a word.
        if self.world.head().live && self.started {
            self.flush();
            self.world.tell(Event::TaskSkipped { task: place.task_ref(&self.world.plan) });
        }
        Input::Go
    }

    /// A container whose time is over.
    fn overdue(&self) -> Option<Input> {
        let now = self.world.clock.elapsed();
        let over = |container: &&OpenContainer| container.deadline.as_ref().is_some_and(|deadline| now >= deadline.at);
        let container = self.open.iter().find(over)?;
        let message = container.deadline.as_ref().map(|deadline| deadline.message.clone()).unwrap_or_default();
        let error = StepError::new(ErrorKind::Timeout, message);
        Some(Input::TimedOut { depth: container.place.depth, error })
    }

    fn check(&mut self, place: &Place, force: Force) -> Result<Input, Trouble> {
        if let Some(input) = self.overdue() {
            return Ok(input);
        }
        let world = self.world.clone();
        let TaskKind::Step(step) = &world.plan.task(place.task).kind else { return Ok(Input::Run) };
        if !world.head().live {
            let stale = if step.always { self.check_always(place, step, force)? } else { self.check_next(place, step, force)? };
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
                Some((depth, None)) => {
                    self.keep(place, &entry);
                    self.end_containers(depth);
                    return Ok(Verdict::Answer(Input::PassedOver { depth }));
                }
                Some((_, stale)) => stale,
                None => Some(misplaced(&world, self.recorded.view(), place, &entry)?),
            }
        };
        let stale = match (stale, force) {
            (None, Force::Run) => Stale::new("it was asked for"),
            (None, _) => {
                self.keep(place, &entry);
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
        while let Some((_, entry)) = self.recorded.peek(&*world.store)?.filter(|(_, entry)| entry.task == place.key).cloned() {
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
            self.count_kept(place);
            return Ok(Verdict::Answer(Input::Kept));
        }
        // What stands before `--from` is not run again, not even this.
        if latest.is_some() && force == Force::Kept {
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
    fn keep(&mut self, place: &Place, entry: &StepEntry) {
        self.recorded.pass();
        // A failure here shows again at the next look.
        let _ = self.stand();
        if matches!(entry.outcome, Outcome::Skipped(_)) {
            self.counts.failed += 1;
        }
        self.count_kept(place);
    }

    fn count_kept(&mut self, place: &Place) {
        self.counts.kept += 1;
        let count = self.kept.take().map_or(0, |(_, count)| count) + 1;
        self.kept = Some((TaskRef { path: place.path.clone(), span: self.world.plan.task(place.task).span }, count));
    }

    /// Sees the data as it was right before the next recorded step: that is what the decisions before it saw.
    fn stand(&mut self) -> Result<(), Trouble> {
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
    fn stand_first(&mut self) -> Result<(), Trouble> {
        if self.world.head().live { Ok(()) } else { self.stand() }
    }

    /// Everything recorded was walked over.
    fn go_live(&mut self) -> Result<(), Trouble> {
        let view = self.world.store.view(&self.world.line)?;
        self.world.head().go_live(view);
        Ok(())
    }

    /// Gives up what is recorded from the commit `seq` on. The next commit makes it so.
    fn give_up(&mut self, seq: Seq, task: TaskRef, stale: Stale) -> Result<(), Trouble> {
        let world = self.world.clone();
        let (view, after) = (self.recorded.view().clone(), self.recorded.passed());
        let (mut dropped, mut reached, mut latest) = (0u64, false, after);
        let mut displaced = std::mem::take(&mut self.displaced);
        steps_after(&*world.store, &view, after, |at, entry| {
            reached |= at == seq;
            if !reached {
                latest = Some(at);
                return;
            }
            dropped += 1;
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
        world.head().go_back(cut(&view.pieces, seq), notes);
        self.start_run()?;
        self.flush();
        world.tell(Event::Rerun { task, reason: stale.reason, span: stale.span, dropped });
        Ok(())
    }

    fn attempt(&mut self, place: &Place, number: u32) -> Result<Input, Trouble> {
        if self.world.stop.asked() != Stop::No {
            return Ok(Input::Stop);
        }
        if let Some(input) = self.overdue() {
            return Ok(input);
        }
        let world = self.world.clone();
        let task = world.plan.task(place.task);
        let TaskKind::Step(step) = &task.kind else { return Ok(Input::Done) };
        self.act()?;
        if step.always && number == 1 {
            always::adopt(&world, &mut self.displaced, &place.key)?;
        }
        let token = world.store.begin(&world.line, &place.key)?;
        let view = world.head().view.clone();
        let (at, began) = (world.clock.now(), world.clock.elapsed());
        let told = place.task_ref(&world.plan);
        world.tell(Event::StepStarted { task: told.clone(), attempt: number, at });
        let own = attempt::timeout(&world, place);
        let around = self.open.iter().fold(None, |least, container| attempt::earlier(least, container.deadline.clone()));
        let own = own.map(|timeout| timeout.map(|timeout| attempt::deadline(&world, timeout, "it")));
        let (deadline, broken) = match own {
            Ok(own) => (attempt::earlier(own, around), None),
            Err(error) => (around, Some(error)),
        };
        let role = Role::Attempt { token, number };
        let host = Arc::new(RunHost::new(world.clone(), place.clone(), view, role, deadline));
        let made = match broken {
            Some(error) => Err(error),
            None => attempt::attempt(&world, &self.executors, place, (task, step), &host, (token, number)),
        };
        if let Some(error) = world.take_failure() {
            return Err(error.into());
        }
        let seen = std::mem::take(&mut *host.seen());
        match made {
            Ok(made) => {
                let took = world.clock.elapsed().saturating_sub(began);
                self.commit_step(place, step, (token, number), seen, made, (at, took))?;
                Ok(Input::Done)
            }
            Err(error) => {
                let definition = world.definition(place.task, &step.definition)?;
                let mut reads = seen.reads;
                let reads = self.intern_reads(&mut reads)?;
                let facts = Facts { variables: seen.variables, results: seen.results, ..Facts::default() };
                self.last_failure = Some(FailedAttempt { task: place.key.clone(), definition, reads, facts });
                if error.kind == ErrorKind::Timeout
                    && let Some(input) = self.overdue()
                {
                    return Ok(input);
                }
                let error = world.mask.error(error);
                match attempt::retry_policy(&world, place) {
                    Ok(policy) => Ok(Input::AttemptFailed { error, policy }),
                    Err(broken) => Ok(Input::AttemptFailed { error: world.mask.error(broken), policy: None }),
                }
            }
        }
    }

    fn commit_step(
        &mut self,
        place: &Place,
        step: &Step,
        (token, number): (Token, u32),
        mut seen: Seen,
        made: attempt::Made,
        (at, took): (i64, u64),
    ) -> Result<(), StoreError> {
        let world = self.world.clone();
        let writes = std::mem::take(&mut seen.writes).into_writes();
        let (variables, results) = (std::mem::take(&mut seen.variables), std::mem::take(&mut seen.results));
        let mut facts = Facts { outputs: made.outputs, variables, results, ..Facts::default() };
        facts.outputs.iter().for_each(|(path, digest)| self.summary.add_output(path, digest));
        if step.always {
            facts.wrote = writes.iter().map(written).collect();
        }
        self.summary.add_reads(&seen.reads, &place.scope);
        let touched = seen.touched;
        let entry = StepEntry {
            run: self.run.number,
            pipeline: world.pipeline,
            task: place.key.clone(),
            path: place.path.to_string(),
            outcome: Outcome::Done,
            attempt: number,
            generation: crate::results::generation(&world, place)?,
            definition: world.definition(place.task, &step.definition)?,
            reads: self.intern_reads(&mut seen.reads)?,
            result: encode_result(&made.result),
            outputs: facts.to_bytes(),
            started: at,
            took,
        };
        let notes = if touched { vec![(attempt_note(&world.line, place), None)] } else { Vec::new() };
        let line = world.line.clone();
        let seq = self.commit(Commit { token: Some(token), writes, notes, ..Commit::entry(line, Entry::Step(entry)) })?;
        self.counts.done += 1;
        if let Some(announcer) = &world.announcer {
            let task = place.task_ref(&world.plan);
            announcer.tell_after(seq, Event::StepDone { task, attempt: number, took });
        }
        if let Some(aside) = made.aside {
            // Earlier outputs are kept until the commit that names the new ones cannot be lost any more.
            if aside.holds_any() {
                world.store.wait_durable(seq)?;
            }
            aside.forget(&world.state_directory).map_err(|error| StoreError::Io(error.to_string()))?;
        }
        if matches!(step.body, thinking_plan::Body::Exec(_)) {
            attempt::drop_scratch(&world, place, token);
        }
        Ok(())
    }

    fn intern_reads(&mut self, reads: &mut Vec<reads::Read>) -> Result<InternId, StoreError> {
        let bytes = reads::to_bytes(reads);
        if let Some(id) = self.known_reads.get(&bytes) {
            return Ok(*id);
        }
        let id = self.world.store.intern(&bytes)?;
        if self.known_reads.len() >= 4096 {
            self.known_reads.clear();
        }
        self.known_reads.insert(bytes, id);
        Ok(id)
    }

    /// Records that a failure is passed over, so that it is not tried again while nothing changes.
    fn pass_over(&mut self, place: &Place, failure: Failure) -> Result<Input, Trouble> {
        let world = self.world.clone();
        self.end_containers(place.depth);
        if !world.head().live {
            let next = self.recorded.peek(&*world.store)?.cloned();
            match next {
                Some((_, entry)) if entry.task == place.key && matches!(entry.outcome, Outcome::Skipped(_)) => {
                    self.keep(place, &entry);
                    return Ok(Input::Go);
                }
                Some((seq, _)) => {
                    let stale = Stale::new(format!("it failed: {}", failure.error.message));
                    self.give_up(seq, failure.place.task_ref(&world.plan), stale)?;
                }
                None => self.go_live()?,
            }
        }
        self.act()?;
        let failed = self.last_failure.take();
        let empty = world.store.intern(&reads::to_bytes(&mut Vec::new()))?;
        let nothing = world.store.intern(b"")?;
        let (definition, reads, mut facts) = match failed {
            Some(failed) if failed.task == failure.place.key => (failed.definition, failed.reads, failed.facts),
            _ => (nothing, empty, Facts::default()),
        };
        if failure.place.key != place.key {
            facts.failed = Some(failure.place.path.to_string());
        }
        let entry = StepEntry {
            run: self.run.number,
            pipeline: world.pipeline,
            task: place.key.clone(),
            path: place.path.to_string(),
            outcome: Outcome::Skipped(failure.error.message.clone()),
            attempt: failure.attempts,
            generation: crate::results::generation(&world, place)?,
            definition,
            reads,
            result: b"null".to_vec(),
            outputs: facts.to_bytes(),
            started: world.clock.now(),
            took: 0,
        };
        let seq = self.commit(Commit::entry(world.line.clone(), Entry::Step(entry)))?;
        self.counts.failed += 1;
        if let Some(announcer) = &world.announcer {
            let task = failure.place.task_ref(&world.plan);
            let event = Event::TaskFailed { task, attempts: failure.attempts, error: failure.error, passed_over: true };
            announcer.tell_after(seq, event);
        }
        Ok(Input::Go)
    }

    fn finish(&mut self, ending: Ending) -> Result<RunEnd, Trouble> {
        let (end, status) = match ending {
            Ending::Done => {
                self.end_containers(0);
                return self.finish_done();
            }
            Ending::Stopped { path } => {
                self.end_containers(0);
                (RunEnd::Stopped { path }, RunStatus::Stopped)
            }
            Ending::Interrupted => (RunEnd::Interrupted, RunStatus::Interrupted),
            Ending::Failed(failure) => (self.fail(*failure)?, RunStatus::Failed),
        };
        if self.started {
            self.leave_run(status, Vec::new())?;
        }
        Ok(end)
    }

    fn finish_done(&mut self) -> Result<RunEnd, Trouble> {
        let world = self.world.clone();
        if !self.core.reached() {
            let stale = Stale::new("the run does not get there");
            return Err(Trouble::Unready { path: self.core.wanted(), stale });
        }
        if !world.head().live
            && let Some((seq, entry)) = self.recorded.peek(&*world.store)?.cloned()
        {
            let reason = "it is not part of the pipeline any more".to_owned();
            let task = TaskRef { path: entry.path.as_str().into(), span: None };
            self.give_up(seq, task, Stale::new(reason.clone()))?;
            if world.head().is_changing() {
                let at = world.clock.now();
                self.commit(Commit::entry(world.line.clone(), Entry::LineChanged { reason, at }))?;
            }
        }
        if !self.started {
            return Ok(RunEnd::Unchanged);
        }
        let mut notes = Vec::new();
        if !self.has_always {
            let steps = self.counts.done + self.counts.kept;
            let summary = std::mem::take(&mut self.summary).finish(&world, steps);
            notes.push((summary::note(&world.line, &world.plan.pipeline), summary));
        }
        if !self.displaced.is_empty() {
            // Steps that are gone take their writes along.
            notes.push((always::note(&world.line, &world.plan.pipeline), None));
        }
        self.leave_run(RunStatus::Done, notes)?;
        Ok(RunEnd::Done)
    }

    fn fail(&mut self, failure: Failure) -> Result<RunEnd, Trouble> {
        self.act()?;
        let task = failure.place.task_ref(&self.world.plan);
        let (error, attempts) = (failure.error, failure.attempts);
        let entry = Entry::Failed {
            run: self.run.number,
            path: task.path.to_string(),
            attempts,
            message: error.message.clone(),
            at: self.world.clock.now(),
        };
        let seq = self.commit(Commit::entry(self.world.line.clone(), entry))?;
        if let Some(announcer) = &self.world.announcer {
            let event = Event::TaskFailed { task: task.clone(), attempts, error: error.clone(), passed_over: false };
            announcer.tell_after(seq, event);
        }
        Ok(RunEnd::Failed { task, error })
    }

    fn leave_run(&mut self, status: RunStatus, notes: Vec<(String, Option<Vec<u8>>)>) -> Result<(), StoreError> {
        let at = self.world.clock.now();
        self.run.status = status;
        self.run.ended = Some(at);
        let commit = Commit {
            run: Some(self.run.clone()),
            notes,
            ..Commit::entry(self.world.line.clone(), Entry::RunStopped { run: self.run.number, at, status })
        };
        let seq = self.commit(commit)?;
        if self.durability != Durability::None || status != RunStatus::Running {
            self.world.store.wait_durable(seq)?;
        }
        Ok(())
    }
}

enum Verdict {
    /// The core's answer.
    Answer(Input),
    /// It has to run, for that reason.
    Run(Stale),
}

fn written(write: &Write) -> (u16, Option<Vec<u8>>) {
    match write {
        Write::Put(database, key, _) | Write::Delete(database, key) => (database.0, Some(key.clone())),
        Write::Clear(database) => (database.0, None),
    }
}

fn encode_result(value: &Value) -> Vec<u8> {
    // A JSON value always has a text.
    serde_json::to_vec(value).unwrap_or_default()
}

fn store_failed(error: &StoreError) -> RunEnd {
    let help = match error {
        StoreError::Full(_) => "make room on the disk, then type `thinking apply` again: it goes on after the last durable step",
        StoreError::Unusable { help, .. } => help,
        StoreError::InUse { .. } => "wait until the other process has ended, or stop it",
        _ => "type `thinking apply` again: it goes on after the last durable step",
    };
    RunEnd::StoreFailed { message: error.to_string(), help: Some(help.to_owned()) }
}

/// The record of the run to go on with, as it is from now on.
pub(crate) fn taken_up(world: &World, mut run: RunRecord) -> RunRecord {
    run.params = runs::given(&world.plan);
    run.facets = world.plan.remembered_facets.iter().map(ToString::to_string).collect();
    run
}
