//! Making the recorded state match a plan.

use crate::announce::Announcer;
use crate::decide::{Core, Selection, TypedPath};
use crate::faults::Faults;
use crate::leftover::{self, Leftover};
use crate::recorded::{Recorded, steps_after};
use crate::summary::{self, Summary};
use crate::walk::{Start, Walk, taken_up};
use crate::world::{Parts, World};
use crate::{Clock, StopSignal, always, groups, outputs, runs, scratch, written};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use thinking_diagnostic::Span;
use thinking_event::{Counts, Event, Reporter, RunEnd, TaskRef};
use thinking_plan::Plan;
use thinking_step::{LogLevel, RunInfo, UnderTest};
use thinking_store::{Commit, Durability, Entry, RunRecord, RunStatus, Seq, Store, StoreError, View};

/// Looks up an environment variable: the run never reads the environment by itself.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What to run, where, and who is told.
pub struct Launch {
    /// What to do.
    pub plan: Arc<Plan>,
    /// Where it is recorded.
    pub store: Arc<dyn Store>,
    /// The line: `main`, or a fork.
    pub line: String,
    /// Who is told.
    pub reporter: Arc<dyn Reporter>,
    /// How it is told to stop.
    pub stop: StopSignal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where each run gets its directory: `.thinking/runs`.
    pub runs_directory: PathBuf,
    /// The state's directory: `.thinking`.
    pub state_directory: PathBuf,
    /// What part, and how.
    pub options: Options,
    /// What was taken over from the unfinished run, to be told: `epochs=5`, `--facet smoke`.
    pub remembered: Vec<String>,
    /// When events wait for commits.
    pub durability: Durability,
    /// The environment as steps that look at it see it.
    pub environment: Environment,
    /// Environment variables that started programs must not see: where secrets came from.
    pub hidden: Vec<String>,
    /// The test that it belongs to.
    pub test: Option<UnderTest>,
}

/// What part to run, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Start over on empty data.
    pub fresh: bool,
    /// Run this task and what follows, even if done.
    pub from: Option<String>,
    /// Run this task alone, even if done.
    pub only: Option<String>,
    /// Stop after this task.
    pub until: Option<String>,
    /// How many steps at once. One after the other for now.
    pub jobs: Option<usize>,
    /// What is to go wrong in a test.
    pub faults: Option<Arc<Faults>>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// How the pipeline ended.
    pub end: RunEnd,
    /// How many hooks failed while components were stopped.
    pub unstopped: usize,
}

/// Why nothing was run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// What stands before `--from` or `--only` is not done as it is now.
    #[error("`{path}` stands before what was asked for and is not done: {reason}")]
    Unready {
        /// The first task that is not.
        path: String,
        /// Why.
        reason: String,
        /// The changed place.
        span: Option<Span>,
    },
    /// A path on the command line that leads nowhere.
    #[error("there is no task `{path}`")]
    UnknownPath {
        /// The path as given.
        path: String,
    },
    /// The store failed before anything ran.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the recorded state match the plan: keeps what is done and holds, runs the rest. A failure of a task, a stop and a failing store
/// are ends of a run ([`RunEnd`]) like others, and are told as events.
///
/// # Errors
/// Nothing was run.
pub fn apply(launch: Launch) -> Result<Ended, ApplyError> {
    let began = launch.clock.elapsed();
    let selection = selection(&launch.plan, &launch.options)?;
    let selected = launch.options.from.is_some() || launch.options.only.is_some();
    let whole = !selected && launch.options.until.is_none() && !launch.options.fresh;
    groups::end_left(&launch.state_directory);
    let found = outputs::recover(&launch.state_directory, launch.plan.permissions.root(), &*launch.store)?;
    scratch::sweep(&launch.state_directory);
    let left = runs::unfinished(&*launch.store, &launch.line, &launch.plan.pipeline)?;
    let (resumed, abandoned) = if launch.options.fresh { (None, left) } else { (left, None) };
    let (fresh, is_resumed) = (launch.options.fresh, resumed.is_some());
    let mut run = match resumed {
        Some(run) => run,
        None => runs::begin(&*launch.store, &launch.plan, &launch.line, &*launch.clock, &launch.runs_directory)?,
    };
    run.figures.fresh |= launch.options.fresh;
    let directory = launch.runs_directory.join(&run.id);
    let announcer = Announcer::new(launch.store.clone(), launch.reporter, launch.durability);
    let world = Arc::new(World::new(Parts {
        plan: launch.plan,
        store: launch.store,
        line: launch.line,
        clock: launch.clock,
        stop: launch.stop,
        environment: launch.environment,
        hidden: launch.hidden,
        state_directory: launch.state_directory,
        announcer: Some(announcer),
        test: launch.test,
        run: RunInfo {
            id: run.id.as_str().into(),
            directory: directory.clone(),
            started: runs::timestamp(run.started).into(),
        },
        run_number: run.number,
    })?);
    for found in found {
        let task = TaskRef { path: world.plan.pipeline.clone(), span: None };
        let (output, place) = (world.recorded_path(&found.output), found.place.display());
        let message =
            format!("`{output}` was being made when the run was killed; what lay there now is kept as {place}");
        world.tell(Event::Log { task, level: LogLevel::Warn, message: world.mask.text(&message) });
    }
    // A process that was killed may have left some.
    if is_resumed {
        scratch::drop_done(&world)?
    } else {
        scratch::drop_all(&world)
    }
    if whole
        && !is_resumed
        && !always::exist(&world.plan)
        && let Some(kept) = Summary::holds(&world)?
    {
        let took = world.clock.elapsed().saturating_sub(began);
        let (done, failed) = kept.totals();
        let counts = Counts { kept: done + failed, failed, ..Counts::default() };
        world.tell(Event::RunEnded { run: "".into(), end: RunEnd::Unchanged, counts, took });
        world.finish();
        return Ok(Ended { end: RunEnd::Unchanged, unstopped: 0 });
    }
    if is_resumed {
        run = taken_up(&world, run);
    }
    if is_resumed && !selected {
        written::recover(&world)?;
    }
    let recorded = if launch.options.fresh {
        start_over(&world, abandoned)?
    } else {
        let view = world.head().view.clone();
        Recorded::new(view, world.pipeline)
    };
    let core = Core::new(world.plan.clone(), world.ids.clone(), world.mask.clone(), selection);
    let teller = Arc::downgrade(&world);
    world.stop.listen(move || {
        if let Some(world) = teller.upgrade() {
            let running = world.running.load(Ordering::Relaxed);
            world.tell(Event::Stopping { running });
        }
    });
    let walk = Walk::new(Start {
        world: world.clone(),
        core,
        recorded,
        run,
        resumed: is_resumed,
        remembered: launch.remembered,
        durability: launch.durability,
        directory,
        began,
        faults: launch.options.faults,
    })?;
    let end = walk.run(fresh || (is_resumed && !selected));
    world.stop.unlisten();
    world.finish();
    end
}

/// Puts the unfinished run aside and goes back to empty data.
fn start_over(world: &World, abandoned: Option<RunRecord>) -> Result<Recorded, StoreError> {
    if let Some(run) = abandoned {
        let at = world.clock.now();
        let entry = Entry::RunStopped { run: run.number, at, status: RunStatus::Abandoned };
        let run = Some(RunRecord { status: RunStatus::Abandoned, ended: run.ended.or(Some(at)), ..run });
        world.store.accept(Commit { run, ..Commit::entry(world.line.clone(), entry) })?;
    }
    let view = world.head().view.clone();
    let mut leftover = Leftover::before("");
    steps_after(&*world.store, &view, None, |_, entry| leftover.add(world, &entry))?;
    let notes = vec![
        (leftover::note(world), leftover.to_note()),
        (always::note(&world.line, &world.plan.pipeline), None),
        (summary::note(&world.line, &world.plan.pipeline), None),
    ];
    scratch::drop_all(world);
    let from = world.head().view.clone();
    world.head().go_back(from, Vec::new(), notes);
    Ok(Recorded::none(View { pieces: Arc::new([]), at: Seq(0) }, world.pipeline))
}

/// What `--from`, `--only` and `--until` select.
pub(crate) fn selection(plan: &Plan, options: &Options) -> Result<Selection, ApplyError> {
    let find = |path: &Option<String>| -> Result<Option<TypedPath>, ApplyError> {
        let Some(path) = path else { return Ok(None) };
        let typed = TypedPath::parse(path).filter(|typed| plan.find(&typed.bare).is_some());
        typed.map(Some).ok_or_else(|| ApplyError::UnknownPath { path: path.clone() })
    };
    let (from, only, until) = (find(&options.from)?, find(&options.only)?, find(&options.until)?);
    Ok(Selection::new(from.or_else(|| only.clone()), only.or(until)))
}
