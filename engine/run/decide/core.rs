//! The walk over the task tree: a stack of frames and what it waits for.

use crate::decide::frame::{Frame, FrameKind};
use crate::decide::passes::secret_key;
use crate::decide::{Command, Ending, Failure, Input, Items, Place, Question, Scope, Selection, shown};
use crate::mask::Mask;
use std::collections::HashSet;
use std::sync::Arc;
use thinking_plan::{FromValue, OnError, Plan, Setting, TaskId, TaskKind};
use thinking_step::{ErrorKind, StepError, Value};
use thinking_store::{InternId, IterationKey, TaskKey};

/// The decision core: give it the outcome of the last command, it gives the next.
pub(crate) struct Core {
    pub(super) plan: Arc<Plan>,
    ids: Arc<[InternId]>,
    pub(super) mask: Arc<Mask>,
    pub(super) frames: Vec<Frame>,
    pub(super) waiting: Waiting,
    selection: Selection,
    layers: u64,
}

/// What is left of a container around the walk.
pub(crate) struct Remaining<'a> {
    /// The container; `None` for the pipeline itself.
    pub container: Option<TaskId>,
    /// Its tasks that come after in this pass.
    pub rest: &'a [TaskId],
    /// Whether more passes may follow.
    pub again: bool,
    /// What its children see.
    pub scope: &'a Arc<Scope>,
}

/// Keys of a range with up to so many elements are asked for before its first iteration.
const MOST_AHEAD: u64 = 65_536;

/// What the last command was about.
pub(super) enum Waiting {
    /// Nothing: walk on.
    Nothing,
    Task(Place, Question),
    /// The next key of the top frame's items.
    Key,
    /// A frame to push, once the driver has made its preparations.
    Opening(Box<Frame>),
    Check(Place),
    Attempt(Place, u32),
    /// Whether a failure of the place is passed over. The flag: the place is the container at the top.
    Raising(Place, Box<Failure>, bool),
    /// Nobody: the end was told.
    Ended,
}

impl Core {
    /// A walk over `plan` from its start. `ids` are the numbers of the tasks' paths, by task.
    pub(crate) fn new(plan: Arc<Plan>, ids: Arc<[InternId]>, mask: Arc<Mask>, selection: Selection) -> Self {
        Self { plan, ids, mask, frames: vec![Frame::root()], waiting: Waiting::Nothing, selection, layers: 0 }
    }

    /// Takes the outcome of the last command (at first: `Go`) and says what is next.
    pub(crate) fn decide(&mut self, input: Input) -> Command {
        match (std::mem::replace(&mut self.waiting, Waiting::Nothing), input) {
            (Waiting::Ended, _) | (_, Input::Stop) => self.finish(Ending::Interrupted),
            (_, Input::TimedOut { depth, error }) => self.time_out(depth, error),
            (_, Input::PassedOver { depth, item }) => {
                self.frames.truncate(depth.max(1));
                if item && let Some(frame) = self.frames.last_mut() {
                    frame.open = false;
                }
                self.advance()
            }
            (Waiting::Task(place, question), Input::Value(value)) => self.answered(place, question, value),
            (Waiting::Task(place, question), Input::Failed(error)) => {
                if matches!(question, Question::Until | Question::Condition(_)) {
                    self.frames.pop();
                }
                self.fail(place, error, 0)
            }
            (Waiting::Key, Input::Value(value)) => self.keyed(value),
            (Waiting::Key, Input::Failed(error)) => self.fail_top(error),
            (Waiting::Opening(frame), Input::Go) => {
                self.frames.push(*frame);
                self.advance()
            }
            (Waiting::Opening(frame), Input::Failed(error)) => match frame.place {
                Some(place) => self.fail(place, error, 0),
                None => self.advance(),
            },
            (Waiting::Check(..), Input::Kept) | (Waiting::Attempt(..), Input::Done) => self.advance(),
            (Waiting::Check(place), Input::Run) => self.attempt(place, 1),
            (Waiting::Attempt(place, number), Input::AttemptFailed { error, policy }) => {
                if error.kind == ErrorKind::Cancelled {
                    return self.finish(Ending::Interrupted);
                }
                match policy.and_then(|policy| policy.pause(&place.path, number, &error)) {
                    Some(pause) => {
                        self.waiting = Waiting::Attempt(place.clone(), number);
                        Command::Pause { place, number, error, pause }
                    }
                    None => self.fail(place, error, number),
                }
            }
            (Waiting::Attempt(place, number), Input::Go) => self.attempt(place, number + 1),
            (Waiting::Raising(place, failure, top), Input::Value(value)) => {
                match (OnError::from_value(&value) == Some(OnError::Skip), top) {
                    (true, true) => self.settle(place, failure),
                    (true, false) => Command::PassOver { place, failure },
                    (false, top) => self.raise_on(failure, top),
                }
            }
            (Waiting::Raising(_, failure, top), Input::Failed(_)) => self.raise_on(failure, top),
            // `Go` after a command that was only told; anything else cannot be told here and changes nothing.
            _ => self.advance(),
        }
    }

    /// The container around the walk that passes a failure here over and is recorded under that key: its depth, and whether it is only its iteration
    /// that is under way. `None` also if a task further inside would pass it over first.
    pub(crate) fn passing_over(&self, key: &TaskKey) -> Option<(usize, bool)> {
        for frame in self.frames.iter().rev() {
            let place = self.blamed(frame)?;
            let on_error = &self.plan.task(place.task).on_error;
            if place.key == *key {
                let item = matches!(frame.kind, FrameKind::Each { .. });
                return (!matches!(on_error, Setting::Fixed(OnError::Fail))).then_some((place.depth, item));
            }
            if matches!(on_error, Setting::Fixed(OnError::Skip)) {
                return None;
            }
        }
        None
    }

    /// What a failure inside of the container is a failure of: of an `each` the iteration that is under way.
    fn blamed(&self, frame: &Frame) -> Option<Place> {
        let place = frame.place.clone()?;
        if !matches!(frame.kind, FrameKind::Each { .. }) {
            return Some(place);
        }
        let id = self.ids.get(place.task.0 as usize)?;
        Some(Place {
            path: frame.path.clone(),
            key: TaskKey::new(*id, &frame.iterations),
            iterations: frame.iterations.clone(),
            scope: frame.scope.clone(),
            depth: place.depth + 1,
            ..place
        })
    }

    /// What is left of the containers around the walk, the innermost first.
    pub(crate) fn remaining(&self) -> impl Iterator<Item = Remaining<'_>> {
        self.frames.iter().rev().map(|frame| {
            let rest = frame.children(&self.plan).get(frame.next..).unwrap_or_default();
            let again = match &frame.kind {
                FrameKind::Plain => false,
                FrameKind::Each { items, index, .. } => *index < items.len(),
                FrameKind::Repeat { .. } => true,
                FrameKind::Choose { .. } => false,
            };
            Remaining { container: frame.place.as_ref().map(|place| place.task), rest, again, scope: &frame.scope }
        })
    }

    /// Whether a loop that the walk is in has an iteration with that key; `None` if that is not known.
    pub(crate) fn has_iteration(&self, task: TaskId, key: &IterationKey) -> Option<bool> {
        let frame = self.frames.iter().rev().find(|frame| frame.place.as_ref().is_some_and(|at| at.task == task))?;
        match &frame.kind {
            FrameKind::Each { keys: Some(keys), ahead: true, .. } => Some(keys.contains(key)),
            FrameKind::Each { keys: None, items, .. } => Some(items.position(key).is_some()),
            _ => None,
        }
    }

    /// Whether what was asked for with `--from` or `--only` was reached, or nothing was.
    pub(crate) fn reached(&self) -> bool {
        self.selection.reached()
    }

    /// What was asked for with `--until`, if it never came up.
    pub(crate) fn missed(&self) -> Option<String> {
        self.selection.missed()
    }

    /// What was asked for with `--from` or `--only`.
    pub(crate) fn wanted(&self) -> String {
        self.selection.wanted()
    }

    pub(super) fn finish(&mut self, ending: Ending) -> Command {
        self.waiting = Waiting::Ended;
        Command::Finish(ending)
    }

    pub(super) fn ask(&mut self, place: Place, question: Question) -> Command {
        self.waiting = Waiting::Task(place.clone(), question);
        Command::Evaluate { place, question }
    }

    pub(super) fn attempt(&mut self, place: Place, number: u32) -> Command {
        self.waiting = Waiting::Attempt(place.clone(), number);
        Command::Attempt { place, number }
    }

    /// Goes on from where the walk stands.
    pub(super) fn advance(&mut self) -> Command {
        loop {
            let plan = self.plan.clone();
            let Some(frame) = self.frames.last_mut() else { return self.finish(Ending::Done) };
            if frame.open {
                if let Some(child) = frame.children(&plan).get(frame.next).copied() {
                    frame.next += 1;
                    if let Some(command) = self.begin(child) {
                        return command;
                    }
                    continue;
                }
                frame.open = false;
                if let Some(command) = self.after_pass() {
                    return command;
                }
                continue;
            }
            if let Some(command) = self.before_pass() {
                return command;
            }
        }
    }

    /// A task is next.
    pub(super) fn begin(&mut self, task: TaskId) -> Option<Command> {
        let place = self.place(task)?;
        let found = self.plan.task(task);
        if found.name.is_some()
            && let Err(path) = self.selection.reach(&self.plan, task, &place.path)
        {
            return Some(self.finish(Ending::Stopped { path }));
        }
        if found.when.is_some() {
            return Some(self.ask(place, Question::When));
        }
        Some(self.enter(place))
    }

    pub(super) fn place(&self, task: TaskId) -> Option<Place> {
        let frame = self.frames.last()?;
        let found = self.plan.task(task);
        let around = frame.place.as_ref().map_or("", |place| &*self.plan.task(place.task).path);
        let own = found.path.strip_prefix(around).unwrap_or(&found.path);
        let path = match (found.name.is_some(), frame.path.is_empty()) {
            (false, _) => frame.path.clone(),
            (true, true) => own.trim_start_matches('/').into(),
            (true, false) => {
                let mut path = String::with_capacity(frame.path.len() + own.len() + 1);
                path.push_str(&frame.path);
                if !own.starts_with('/') {
                    path.push('/');
                }
                path.push_str(own);
                path.into()
            }
        };
        let id = self.ids.get(task.0 as usize)?;
        Some(Place {
            task,
            path,
            key: TaskKey::new(*id, &frame.iterations),
            iterations: frame.iterations.clone(),
            scope: frame.scope.clone(),
            depth: self.frames.len(),
        })
    }

    /// The task is there.
    pub(super) fn enter(&mut self, place: Place) -> Command {
        let plan = self.plan.clone();
        match &plan.task(place.task).kind {
            TaskKind::Step(_) => {
                let force = self.selection.force();
                self.waiting = Waiting::Check(place.clone());
                Command::Check { place, force }
            }
            TaskKind::Stage { .. } => self.open(place, FrameKind::Plain, true, None),
            TaskKind::Each { .. } => self.ask(place, Question::Items),
            TaskKind::Repeat { max, .. } => match max {
                None => self.open(place, FrameKind::Repeat { count: 0, max: None }, false, None),
                Some(Setting::Fixed(max)) => {
                    self.open(place, FrameKind::Repeat { count: 0, max: Some(*max) }, false, None)
                }
                Some(Setting::Computed(_)) => self.ask(place, Question::Max),
            },
            TaskKind::Choose { .. } => {
                self.open(place, FrameKind::Choose { branch: usize::MAX, taken: Vec::new(), entered: 0 }, false, None)
            }
            TaskKind::Run { params, .. } if params.is_empty() => self.inner_pipeline(place, Vec::new()),
            TaskKind::Run { .. } => self.ask(place, Question::Params),
            TaskKind::End => {
                self.end_pipeline();
                self.advance()
            }
            TaskKind::Fail { .. } => self.ask(place, Question::Reason),
        }
    }

    pub(super) fn open(&mut self, place: Place, kind: FrameKind, open: bool, iterations: Option<u64>) -> Command {
        let frame = Frame {
            path: place.path.clone(),
            iterations: place.iterations.clone(),
            scope: place.scope.clone(),
            place: Some(place.clone()),
            open,
            next: 0,
            kind,
        };
        self.waiting = Waiting::Opening(Box::new(frame));
        Command::Open { place, iterations }
    }

    pub(super) fn inner_pipeline(&mut self, place: Place, values: Vec<(Arc<str>, Value)>) -> Command {
        self.layers += 1;
        let scope = Scope::pipeline(&place.scope, self.layers, values);
        let command = self.open(place, FrameKind::Plain, true, None);
        if let Waiting::Opening(frame) = &mut self.waiting {
            frame.scope = scope;
        }
        command
    }

    /// All that remains of the pipeline in which the walk is counts as walked.
    pub(super) fn end_pipeline(&mut self) {
        let is_run = |frame: &Frame| {
            frame.place.as_ref().is_none_or(|place| matches!(self.plan.task(place.task).kind, TaskKind::Run { .. }))
        };
        let bottom = self.frames.iter().rposition(is_run).unwrap_or(0);
        self.frames.truncate(bottom + 1);
        if let Some(frame) = self.frames.last_mut() {
            frame.next = usize::MAX;
        }
    }

    pub(super) fn answered(&mut self, place: Place, question: Question, value: Value) -> Command {
        let wrong = |what: &str, value: &Value| {
            StepError::script(format!("{what} gives {}, where true or false is needed", shown(value)))
        };
        match question {
            Question::When => match value {
                Value::Bool(true) => self.enter(place),
                Value::Bool(false) => Command::Skip { place },
                other => self.fail(place, wrong("`when`", &other), 0),
            },
            Question::Items => match Items::new(value) {
                Ok(items) => {
                    let keyed = matches!(self.plan.task(place.task).kind, TaskKind::Each { key: Some(_), .. });
                    if !keyed && let Some(secret) = items.secret_key(&self.mask) {
                        let error = secret_key(secret);
                        return self.fail(place, error, 0);
                    }
                    let count = items.len();
                    let keys = keyed.then(Arc::default);
                    // A long range is not in memory, and its keys should not be either.
                    let ahead = !matches!(items, Items::Range(..)) || count <= MOST_AHEAD;
                    let kind = FrameKind::Each { items, index: 0, keys, seen: HashSet::new(), ahead };
                    self.open(place, kind, false, Some(count))
                }
                Err(error) => self.fail(place, error, 0),
            },
            Question::Max => match u32::from_value(&value) {
                Some(max) => self.open(place, FrameKind::Repeat { count: 0, max: Some(max) }, false, None),
                None => self.fail(
                    place,
                    StepError::script(format!("`max` gives {}, where a whole number from 0 is needed", shown(&value))),
                    0,
                ),
            },
            Question::Until => match value {
                Value::Bool(true) => self.close(),
                Value::Bool(false) => self.advance(),
                other => {
                    self.frames.pop();
                    self.fail(place, wrong("`until`", &other), 0)
                }
            },
            Question::Condition(_) => match value {
                Value::Bool(taken) => {
                    self.branch(taken);
                    self.advance()
                }
                other => {
                    self.frames.pop();
                    self.fail(place, wrong("the condition", &other), 0)
                }
            },
            Question::Params => {
                let fields = if let Value::Object(fields) = value { fields } else { serde_json::Map::new() };
                self.inner_pipeline(place, fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
            }
            Question::Reason => {
                let reason = value.as_str().map_or_else(|| shown(&value), str::to_owned);
                let span = self.plan.task(place.task).span;
                self.fail(place, StepError::script(reason).at(span), 0)
            }
            // These are waited for in other ways.
            Question::Key | Question::OnError => self.advance(),
        }
    }

    /// The container at the top fails by itself.
    pub(super) fn fail_top(&mut self, error: StepError) -> Command {
        match self.frames.pop().and_then(|frame| frame.place) {
            Some(place) => self.fail(place, error, 0),
            None => self.finish(Ending::Interrupted),
        }
    }

    pub(super) fn time_out(&mut self, depth: usize, error: StepError) -> Command {
        self.frames.truncate(depth.max(1) + 1);
        self.fail_top(error)
    }

    /// A task failed for good; its own container is at the top.
    pub(super) fn fail(&mut self, place: Place, error: StepError, attempts: u32) -> Command {
        let error = self.mask.error(error.at(self.plan.task(place.task).span));
        let failure = Box::new(Failure { place: place.clone(), error, attempts });
        self.raise(place, failure)
    }

    /// Lets the failure rise to the first task around it that passes failures over.
    pub(super) fn raise(&mut self, place: Place, failure: Box<Failure>) -> Command {
        let plan = self.plan.clone();
        let task = plan.task(place.task);
        // What an `each` says about errors concerns its items, not itself.
        if matches!(task.kind, TaskKind::Each { .. }) {
            return self.raise_from(failure);
        }
        match &task.on_error {
            Setting::Fixed(OnError::Skip) => Command::PassOver { place, failure },
            Setting::Fixed(OnError::Fail) => self.raise_from(failure),
            Setting::Computed(_) => self.ask_to_pass(place, failure, false),
        }
    }

    /// The container at the top has a failure in it.
    pub(super) fn raise_from(&mut self, failure: Box<Failure>) -> Command {
        let plan = self.plan.clone();
        loop {
            let Some(place) = self.frames.last().and_then(|frame| self.blamed(frame)) else {
                return self.finish(Ending::Failed(failure));
            };
            match &plan.task(place.task).on_error {
                Setting::Fixed(OnError::Skip) => return self.settle(place, failure),
                Setting::Fixed(OnError::Fail) => self.frames.pop(),
                Setting::Computed(_) => return self.ask_to_pass(place, failure, true),
            };
        }
    }

    fn ask_to_pass(&mut self, place: Place, failure: Box<Failure>, top: bool) -> Command {
        self.waiting = Waiting::Raising(place.clone(), failure, top);
        Command::Evaluate { place, question: Question::OnError }
    }

    /// A task does not pass the failure over; `top`: it is the container at the top.
    fn raise_on(&mut self, failure: Box<Failure>, top: bool) -> Command {
        if top {
            self.frames.pop();
        }
        self.raise_from(failure)
    }

    /// The container at the top passes a failure over: an `each` goes on with its next item, any other is left.
    fn settle(&mut self, place: Place, failure: Box<Failure>) -> Command {
        match self.frames.last_mut() {
            Some(frame) if matches!(frame.kind, FrameKind::Each { .. }) => frame.open = false,
            _ => drop(self.frames.pop()),
        }
        Command::PassOver { place, failure }
    }
}
