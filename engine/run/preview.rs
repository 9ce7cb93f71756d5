//! What an apply would do, without doing it.
//!
//! Up to the first step that would run, everything is known: the same walk as an apply's goes over what is recorded. What follows would run, as far as that
//! does not depend on what that step will make of the data.

use crate::apply::{ApplyError, Environment, Options, selection};
use crate::compare::{Checked, Stale};
use crate::decide::{Command, Core, Ending, Force, Input, Items, Place, Question, TypedPath};
use crate::leftover::Leftover;
use crate::recorded::{Recorded, steps_after};
use crate::summary::Summary;
use crate::tally::{Absence, task_of};
use crate::verdicts::Verdicts;
use crate::world::{Parts, World};
use crate::{Clock, StopSignal, always, forecast, misplaced, question, runs};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_plan::{Plan, Step, TaskId, TaskKind, Template};
use thinking_step::RunInfo;
use thinking_store::{InternId, Outcome, Store, StoreError};

/// What to preview. The store may be open for reading only.
pub struct PreviewRequest {
    /// What would be done.
    pub plan: Arc<Plan>,
    /// Where it is recorded; an empty store if there is no state yet.
    pub store: Arc<dyn Store>,
    /// The line.
    pub line: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The state's directory.
    pub state_directory: PathBuf,
    /// The options that an apply would be given.
    pub options: Options,
    /// The environment as steps that look at it see it.
    pub environment: Environment,
}

/// What an apply would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// All named tasks, in the order of the manifest.
    pub tasks: Vec<PreviewTask>,
    /// How many recorded steps would be given up.
    pub dropped: u64,
    /// Other pipelines that are among them, each with how many of them are its.
    pub others: Vec<(Arc<str>, u64)>,
    /// The task that would fail even if all steps that run before it are done, with keys as far as it has some by then, and why.
    pub fails: Option<(String, String)>,
    /// Outputs that would be removed and not made again, each with the task, with keys, that left it.
    pub removes: Vec<(String, String)>,
    /// The first recorded step that is not part of the pipeline any more, if nothing else is to be done before it.
    pub gone: Option<String>,
    /// The id of the unfinished run that would go on.
    pub run: Option<String>,
}

impl Preview {
    /// Whether an apply would have nothing to do.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.gone.is_none()
            && self.fails.is_none()
            && self.tasks.iter().all(|task| matches!(task.verdict, Verdict::Done | Verdict::Skipped))
    }
}

/// What would become of a task; of one in a loop, of all its iterations together.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewTask {
    /// Its path without keys.
    pub path: Arc<str>,
    /// Its node.
    pub span: Option<Span>,
    /// Whether it is a step.
    pub step: bool,
    /// Whether it is a `wait`.
    pub wait: bool,
    /// What would become of it.
    pub verdict: Verdict,
    /// How many of its instances are done and would be kept.
    pub done: u64,
    /// Why.
    pub why: Option<String>,
    /// The changed place.
    pub changed: Option<Span>,
}

/// What would become of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, and nothing that it depends on has changed.
    Done,
    /// It would run.
    Run,
    /// It is not there this time.
    Skipped,
    /// That depends on what this task, with keys, will do.
    Unknown(String),
    /// It would fail, for that reason: a step before it starts, a container at the `fail` in it.
    Fails(String),
}

/// Says what an apply would do.
///
/// # Errors
/// What an apply would refuse, or the store failed.
pub fn preview(request: PreviewRequest) -> Result<Preview, ApplyError> {
    let selection = selection(&request.plan, &request.options)?;
    let unfinished = runs::unfinished(&*request.store, &request.line, &request.plan.pipeline)?;
    let unfinished = unfinished.filter(|_| !request.options.fresh);
    let run = match &unfinished {
        Some(run) => run.clone(),
        None => {
            let runs = request.state_directory.join("runs");
            runs::begin(&*request.store, &request.plan, &request.line, &*request.clock, &runs)?
        }
    };
    let world = Arc::new(World::new(Parts {
        plan: request.plan,
        store: request.store,
        line: request.line,
        clock: request.clock,
        stop: StopSignal::default(),
        environment: request.environment,
        test: None,
        hidden: Vec::new(),
        announcer: None,
        run: RunInfo {
            id: run.id.as_str().into(),
            directory: request.state_directory.join("runs").join(&run.id),
            started: runs::timestamp(run.started).into(),
        },
        run_number: run.number,
        state_directory: request.state_directory,
    })?);
    let view = world.head().view.clone();
    let options = &request.options;
    let selected = options.from.is_some() || options.only.is_some() || options.until.is_some();
    if !selected
        && !options.fresh
        && unfinished.is_none()
        && !always::exist(&world.plan)
        && let Some(tally) = Summary::holds(&world)?
    {
        let tasks = Verdicts::of_finished(world.plan.clone(), &tally).tasks();
        let (others, removes) = (Vec::new(), Vec::new());
        return Ok(Preview { tasks, dropped: 0, others, fails: None, removes, gone: None, run: None });
    }
    let before = view.clone();
    let recorded = if options.fresh {
        world.head().go_back(view.clone(), Vec::new(), Vec::new());
        Recorded::none(view, world.pipeline)
    } else {
        Recorded::new(view, world.pipeline)
    };
    // What an earlier process was to remove and did not get to.
    let mut leftover = Leftover::load(&world)?.unwrap_or_default();
    if options.fresh {
        steps_after(&*world.store, &before, None, |_, entry| leftover.add(&world, &entry))?;
    }
    let core = Core::new(world.plan.clone(), world.ids.clone(), world.mask.clone(), selection);
    let mut previewing = Previewing {
        verdicts: Verdicts::new(world.plan.clone()),
        world,
        recorded,
        checked: Checked::default(),
        summary: Summary::default(),
        resumed: unfinished.is_some(),
        run: run.number,
        others: BTreeMap::new(),
        fails: None,
        foreseen: HashMap::new(),
        leftover,
    };
    let (dropped, gone) = previewing.walk(core)?;
    let last = request.options.only.as_deref().or(request.options.until.as_deref());
    if let Some(last) = last.and_then(TypedPath::parse) {
        previewing.verdicts.end_after(&last);
        // A failure that stands after it is not reached.
        if previewing.verdicts.fails.is_none() {
            previewing.fails = None;
        }
    }
    let name = |(pipeline, count): (&InternId, &u64)| {
        let name = previewing.world.store.interned(*pipeline)?;
        Ok((String::from_utf8_lossy(&name).into(), *count))
    };
    let others = previewing.others.iter().map(name).collect::<Result<_, StoreError>>()?;
    let run = unfinished.map(|run| run.id);
    let removes = previewing.removes();
    let Previewing { verdicts, fails, .. } = previewing;
    Ok(Preview { tasks: verdicts.tasks(), dropped, others, fails, removes, gone, run })
}

struct Previewing {
    world: Arc<World>,
    recorded: Recorded,
    checked: Checked,
    summary: Summary,
    verdicts: Verdicts,
    resumed: bool,
    run: u32,
    /// Steps of other pipelines that would be given up.
    others: BTreeMap<InternId, u64>,
    fails: Option<(String, String)>,
    /// What loops go over that come after the first step that runs.
    foreseen: HashMap<TaskId, Items>,
    /// Outputs of steps that would be given up.
    leftover: Leftover,
}

impl Previewing {
    /// Walks up to the first step that would run, and guesses from there. Gives how much would be given up.
    fn walk(&mut self, mut core: Core) -> Result<(u64, Option<String>), ApplyError> {
        let world = self.world.clone();
        self.stand()?;
        let mut input = Input::Go;
        loop {
            input = match core.decide(input) {
                Command::Evaluate { place, question } => {
                    let host = question::host(&world, &place, question);
                    match question::evaluate(&world, &place, question, &host) {
                        Ok(value) => {
                            if let (Question::Condition(at), Some(holds)) = (question, value.as_bool()) {
                                self.verdicts.branch(place.task, at, holds);
                            }
                            Input::Value(value)
                        }
                        Err(error) => match world.take_failure() {
                            Some(error) => return Err(error.into()),
                            // A component that did not start may say something else than one that did.
                            None if question::asks_component(&world, &place, question) => {
                                let path = place.path.to_string();
                                let reason = "what a component will say is known only in a run".to_owned();
                                self.verdicts.note(place.task, Verdict::Unknown(path.clone()), Stale::new(reason));
                                self.follow(&core, &path);
                                return Ok((0, None));
                            }
                            None => Input::Failed(world.mask.error(error)),
                        },
                    }
                }
                Command::Open { place, iterations } => {
                    if iterations == Some(0) {
                        self.verdicts.absent(place.task, Absence::NoIterations);
                    }
                    Input::Go
                }
                Command::Pause { .. } => Input::Go,
                Command::Close { place, shape } => {
                    world.remember(place.task, place.iterations.clone(), shape);
                    Input::Go
                }
                Command::Skip { place } => {
                    self.verdicts.absent(place.task, Absence::When);
                    Input::Go
                }
                Command::Check { place, force } => match self.check(&core, &place, force)? {
                    Ok(input) => input,
                    Err(stale) => {
                        let (path, dropped) = (place.path.to_string(), self.left()?);
                        self.verdicts.note(place.task, Verdict::Run, stale);
                        self.follow(&core, &path);
                        return Ok((dropped, None));
                    }
                },
                // Steps are not tried here; what is asked about them ends the walk above.
                Command::Attempt { .. } => Input::Stop,
                Command::PassOver { place, failure } => {
                    let next = self.recorded.peek(&*world.store)?.cloned();
                    let recorded = |entry: &thinking_store::StepEntry| {
                        entry.task == place.key && matches!(entry.outcome, Outcome::Skipped(_))
                    };
                    if !next.is_some_and(|(_, entry)| recorded(&entry)) {
                        let dropped = self.left()?;
                        let verdict = Verdict::Fails(failure.error.message.clone());
                        self.verdicts.note(failure.place.task, verdict, Stale::new("its failure is passed over"));
                        self.follow(&core, &failure.place.path);
                        return Ok((dropped, None));
                    }
                    self.verdicts.passed(place.task, &failure.error.message);
                    self.recorded.pass();
                    self.stand()?;
                    Input::Go
                }
                Command::Finish(Ending::Failed(failure)) => {
                    self.fail(failure.place.task, &failure.place.path, &failure.error.message);
                    let verdict = Verdict::Fails(failure.error.message.clone());
                    self.verdicts.note(
                        failure.place.task,
                        verdict,
                        Stale { reason: failure.error.message, span: failure.error.span },
                    );
                    return Ok((0, None));
                }
                Command::Finish(Ending::Done | Ending::Stopped { .. }) if !core.reached() => {
                    let reason = "the run does not get there".to_owned();
                    return Err(ApplyError::Unready { path: core.wanted(), reason, span: None });
                }
                Command::Finish(Ending::Done) => {
                    let gone = self.recorded.peek(&*world.store)?.map(|(_, entry)| entry.path.clone());
                    return Ok((self.left()?, gone));
                }
                Command::Finish(Ending::Stopped { .. } | Ending::Interrupted) => return Ok((0, None)),
            };
        }
    }

    /// Guesses what comes after the first step that runs.
    fn follow(&mut self, core: &Core, path: &str) {
        let world = self.world.clone();
        let foreseen = forecast::follow(&world, core, path, &mut self.verdicts.found);
        if let Some((failing, reason)) = &foreseen.fails {
            self.fail(*failing, &world.plan.task(*failing).path, reason);
        }
        self.foreseen = foreseen.items;
    }

    /// The run would fail there.
    fn fail(&mut self, task: TaskId, path: &str, reason: &str) {
        self.verdicts.fails = Some((task, path.to_owned()));
        let path = if path.is_empty() { &*self.world.plan.pipeline } else { path };
        self.fails = Some((path.to_owned(), reason.to_owned()));
    }

    /// `Err`: the step would run, and why.
    fn check(&mut self, core: &Core, place: &Place, force: Force) -> Result<Result<Input, Stale>, ApplyError> {
        let world = self.world.clone();
        let TaskKind::Step(step) = &world.plan.task(place.task).kind else { return Ok(Ok(Input::Kept)) };
        let checked = self.compare(core, place, step, force)?;
        if let (Err(stale), Force::Kept) = (&checked, force) {
            let path = place.path.to_string();
            return Err(ApplyError::Unready { path, reason: stale.reason.clone(), span: stale.span });
        }
        if checked.is_ok() {
            self.stand()?;
        }
        Ok(checked)
    }

    fn compare(
        &mut self,
        core: &Core,
        place: &Place,
        step: &Step,
        force: Force,
    ) -> Result<Result<Input, Stale>, ApplyError> {
        let world = self.world.clone();
        let mut latest = None;
        while let Some((_, entry)) = self.recorded.peek(&*world.store)?.cloned() {
            if entry.task != place.key {
                if latest.is_some() {
                    break;
                }
                return self.elsewhere(core, place, step, &entry);
            }
            if !step.always {
                let stale = self.checked.stale(&world, place, step, &entry, &mut self.summary)?;
                return Ok(match (stale, force) {
                    (Some(stale), _) => Err(stale),
                    (None, Force::Run) => Err(Stale::new("it was asked for")),
                    (None, _) => {
                        self.recorded.pass();
                        match &entry.outcome {
                            Outcome::Done => self.verdicts.done(place.task),
                            Outcome::Skipped(reason) => self.verdicts.passed(place.task, reason),
                        }
                        Ok(Input::Kept)
                    }
                });
            }
            latest = Some(entry);
            self.recorded.pass();
        }
        Ok(match latest {
            None => Err(Stale::new("it is not done yet")),
            Some(entry) if force == Force::Kept || self.resumed && entry.run == self.run && force == Force::Free => {
                self.verdicts.done(place.task);
                Ok(Input::Kept)
            }
            Some(_) => Err(Stale::new("it runs every time")),
        })
    }

    /// Another step is recorded here, or a failure of a container around this one.
    fn elsewhere(
        &mut self,
        core: &Core,
        place: &Place,
        step: &Step,
        entry: &thinking_store::StepEntry,
    ) -> Result<Result<Input, Stale>, ApplyError> {
        let world = self.world.clone();
        let passed = self.checked.passed_over(&world, core, place, step, entry, &mut self.summary)?;
        Ok(match passed {
            Some((depth, item, None)) => {
                self.recorded.pass();
                if let (Some(container), Outcome::Skipped(reason)) = (task_of(&world.ids, &entry.task), &entry.outcome)
                {
                    self.verdicts.passed(container, reason);
                }
                Ok(Input::PassedOver { depth, item })
            }
            Some((_, _, Some(stale))) => Err(stale),
            None => Err(misplaced::misplaced(&world, core, self.recorded.view(), place, entry)?),
        })
    }

    /// Sees the data as it was right before the next recorded step.
    fn stand(&mut self) -> Result<(), StoreError> {
        let world = self.world.clone();
        let mut view = self.recorded.view().clone();
        if let Some((seq, _)) = self.recorded.peek(&*world.store)? {
            view.at = thinking_store::Seq(seq.0.saturating_sub(1));
        }
        if !world.head().live {
            world.head().replay(view);
        }
        Ok(())
    }

    /// How many recorded steps are left from here on.
    fn left(&mut self) -> Result<u64, StoreError> {
        let world = self.world.clone();
        let Some(first) = self.recorded.peek(&*world.store)?.map(|(seq, _)| *seq) else { return Ok(0) };
        let (mut count, mut reached) = (0, false);
        steps_after(&*world.store, self.recorded.view(), self.recorded.passed(), |seq, entry| {
            reached |= seq == first;
            if reached {
                count += 1;
                self.leftover.add(&world, &entry);
                if entry.pipeline != world.pipeline {
                    *self.others.entry(entry.pipeline).or_insert(0) += 1;
                }
            }
        })?;
        Ok(count)
    }

    /// Outputs that would be removed and that, as far as is known, no step makes again.
    fn removes(&self) -> Vec<(String, String)> {
        let (world, plan) = (&self.world, &self.world.plan);
        let numbers = || (0..plan.tasks.len()).filter_map(|at| u32::try_from(at).ok()).map(TaskId);
        let mut made: HashSet<PathBuf> = HashSet::new();
        for task in numbers().filter(|task| self.verdicts.verdict(*task) != Verdict::Skipped) {
            if let TaskKind::Step(step) = &plan.task(task).kind {
                made.extend(step.outputs.iter().filter_map(Template::as_fixed).map(|path| world.real_path(&path)));
            }
        }
        let mut removed = self.leftover.present(world);
        removed.retain(|(path, task)| self.is_gone(task) && !made.contains(&world.real_path(path)));
        removed
    }

    /// Whether a recorded instance does not come up this time.
    fn is_gone(&self, path: &str) -> bool {
        let plan = &self.world.plan;
        let Some((typed, task)) =
            TypedPath::parse(path).and_then(|typed| plan.find(&typed.bare).map(|task| (typed, task)))
        else {
            return true;
        };
        let foreseen = |at: TaskId| {
            let items = self.foreseen.get(&at)?;
            Some(items.position(misplaced::key(plan, at, &typed)?).is_none())
        };
        self.verdicts.verdict(task) == Verdict::Skipped
            || misplaced::fallen(&self.world, plan, task, &typed).is_some()
            || misplaced::chain(plan, task).into_iter().any(|at| foreseen(at) == Some(true))
    }
}
