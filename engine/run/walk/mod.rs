//! The dispatcher: carries out what the core decides, one command after the other.

mod checking;
mod decisions;
mod ending;
mod trying;

use crate::apply::{ApplyError, Ended};
use crate::attempt::Executors;
use crate::compare::{Checked, Stale};
use crate::components::NotStarted;
use crate::decide::{Command, Core, Input, Place};
use crate::faults::Faults;
use crate::figures::Figures;
use crate::host::Deadline;
use crate::leftover::Leftover;
use crate::reads::Facts;
use crate::recorded::Recorded;
use crate::summary::{self, Summary};
use crate::tally::Tally;
use crate::took::Took;
use crate::world::World;
use crate::{Stop, always, runs, written};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thinking_container::Outcome;
use thinking_event::{Counts, Event, RunEnd, TaskRef};
use thinking_step::{ErrorKind, StepError};
use thinking_store::{Commit, Durability, Entry, InternId, RunRecord, RunStatus, Seq, StoreError, TaskKey};

/// Why a walk cannot go on.
pub(crate) enum Trouble {
    /// The store failed.
    Store(StoreError),
    /// What stands before `--from` or `--only` is not done.
    Unready { path: String, stale: Stale },
    /// A component did not start.
    NotStarted(NotStarted),
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
    figures: Figures,
    /// Whether the run is on record and told.
    started: bool,
    resumed: bool,
    remembered: Vec<String>,
    durability: Durability,
    directory: PathBuf,
    counts: Counts,
    tally: Tally,
    took: Took,
    began: u64,
    /// Kept steps that were not told yet.
    kept: Option<(TaskRef, u64)>,
    open: Vec<OpenContainer>,
    has_always: bool,
    displaced: Vec<always::Displaced>,
    /// What the step that runs next left when it was done before.
    leftover: Option<Leftover>,
    known_reads: HashMap<Vec<u8>, InternId>,
    last_failure: Option<FailedAttempt>,
    faults: Option<Arc<Faults>>,
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
    pub faults: Option<Arc<Faults>>,
}

impl Walk {
    /// A walk that has not begun.
    pub(crate) fn new(start: Start) -> Result<Self, StoreError> {
        let Start { world, core, recorded, run, resumed, remembered, durability, directory, began, faults } = start;
        let has_always = always::exist(&world.plan);
        let displaced = if has_always { always::load(&world)? } else { Vec::new() };
        Ok(Self {
            has_always,
            displaced,
            leftover: None,
            tally: Tally::new(&world.plan),
            took: Took::new(&world.plan),
            executors: Executors::new(&world.state_directory),
            world,
            core,
            recorded,
            checked: Checked::default(),
            summary: Summary::default(),
            figures: Figures::new(&run),
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
            faults,
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
        self.figures.start(&mut self.run, at, self.world.store.progress().accepted);
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
    pub(crate) fn run(mut self, at_once: bool) -> Result<Ended, ApplyError> {
        let ended = if at_once { self.start_run().map_err(Trouble::from) } else { Ok(()) };
        let ended = ended.and_then(|()| self.take_leftover());
        let ended = ended.and_then(|()| self.stand_first()).and_then(|()| self.walk());
        let end = match ended {
            Ok(end) => end,
            Err(Trouble::Unready { path, stale }) => {
                return Err(ApplyError::Unready { path, reason: stale.reason, span: stale.span });
            }
            Err(Trouble::Store(error)) => store_failed(&error),
            Err(Trouble::NotStarted(failure)) => match self.not_started(failure) {
                Ok(end) => end,
                Err(error) => store_failed(&error),
            },
        };
        let unstopped = self.world.components.stop(&self.world, outcome(&end));
        if self.started && !matches!(end, RunEnd::StoreFailed { .. }) {
            written::end(&self.world);
        }
        self.flush();
        let run = if self.started { self.world.run.id.clone() } else { "".into() };
        let took = self.world.clock.elapsed().saturating_sub(self.began);
        self.world.tell(Event::RunEnded { run, end: end.clone(), counts: self.counts, took });
        Ok(Ended { end, unstopped })
    }

    fn walk(&mut self) -> Result<RunEnd, Trouble> {
        let mut input = Input::Go;
        loop {
            let command = self.core.decide(input);
            if let Command::Evaluate { place, .. }
            | Command::Open { place, .. }
            | Command::Close { place, .. }
            | Command::Check { place, .. }
            | Command::Attempt { place, .. } = &command
            {
                self.leave_scopes(place, Outcome::Done);
            }
            if let Command::PassOver { place, .. } = &command {
                self.leave_scopes(place, Outcome::Failed);
            }
            input = match command {
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
                    let end =
                        self.open.iter().filter_map(|container| container.deadline.as_ref()).map(|end| end.at).min();
                    let left = end.map(|end| Duration::from_micros(end.saturating_sub(self.world.clock.elapsed())));
                    self.world.clock.pause(left.map_or(pause, |left| pause.min(left)), &self.world.stop);
                    Input::Go
                }
                Command::PassOver { place, failure } => self.pass_over(&place, *failure)?,
                Command::Finish(ending) => return self.finish(ending),
            };
        }
    }

    /// Scoped components whose scope is over stop before anything else happens.
    fn leave_scopes(&self, place: &Place, outcome: Outcome) {
        self.world.components.leave(&self.world, place, outcome);
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
    fn act(&mut self, place: &Place) -> Result<(), StoreError> {
        self.start_run()?;
        self.flush();
        for number in 0..self.open.len() {
            let Some(container) = self.open.get(number).filter(|container| !container.announced) else { continue };
            // A loop's iteration under way is known to what is next inside it.
            let inner = self.open.get(number + 1).map_or(place, |inner| &inner.place);
            let around = container.place.iterations.len();
            let passed = inner.scope.iterations().get(around).map_or(0, |iteration| iteration.index);
            let passed = if inner.iterations.len() > around { passed } else { 0 };
            let (task, iterations) = (container.place.task_ref(&self.world.plan), container.iterations);
            self.world.tell(Event::ContainerStarted { task, iterations, passed });
            if let Some(container) = self.open.get_mut(number) {
                container.announced = true;
            }
        }
        Ok(())
    }

    /// Why nothing new may start.
    fn interrupted(&self) -> Option<Input> {
        if self.world.stop.asked() == Stop::No { self.overdue() } else { Some(Input::Stop) }
    }

    /// A container whose time is over.
    fn overdue(&self) -> Option<Input> {
        if self.open.iter().all(|container| container.deadline.is_none()) {
            return None;
        }
        let now = self.world.clock.elapsed();
        let over = |container: &&OpenContainer| container.deadline.as_ref().is_some_and(|deadline| now >= deadline.at);
        let container = self.open.iter().find(over)?;
        let message = container.deadline.as_ref().map(|deadline| deadline.message.clone()).unwrap_or_default();
        let error = StepError::new(ErrorKind::Timeout, message);
        Some(Input::TimedOut { depth: container.place.depth, error })
    }
}

/// What components are told of the end.
fn outcome(end: &RunEnd) -> Outcome {
    match end {
        RunEnd::Done | RunEnd::Unchanged | RunEnd::Stopped { .. } => Outcome::Done,
        RunEnd::Failed { .. } | RunEnd::StoreFailed { .. } => Outcome::Failed,
        RunEnd::Interrupted => Outcome::Interrupted,
    }
}

fn store_failed(error: &StoreError) -> RunEnd {
    let help = match error {
        StoreError::Full(_) => {
            "make room on the disk, then type `thinking apply` again: it goes on after the last durable step"
        }
        StoreError::Unusable { help, .. } => help,
        StoreError::InUse { .. } => "wait until the other process has ended, or stop it",
        _ => "type `thinking apply` again: it goes on after the last durable step",
    };
    let unusable = matches!(error, StoreError::Unusable { .. });
    RunEnd::StoreFailed { message: error.to_string(), help: Some(help.to_owned()), unusable }
}

/// The record of the run to go on with, as it is from now on.
pub(crate) fn taken_up(world: &World, mut run: RunRecord) -> RunRecord {
    run.params = runs::given(&world.plan);
    run.facets = world.plan.remembered_facets.iter().map(ToString::to_string).collect();
    run
}
