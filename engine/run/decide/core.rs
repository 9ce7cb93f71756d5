//! The walk over the task tree: a stack of frames and what it waits for.

use crate::decide::frame::{Frame, FrameKind};
use crate::decide::scope::Iteration;
use crate::decide::{
    Command, Ending, Failure, Input, Items, Place, Question, Scope, Selection, own_key, push_key,
};
use std::collections::HashSet;
use std::sync::Arc;
use thinking_plan::{FromValue, OnError, Plan, Setting, TaskId, TaskKind};
use thinking_step::{ErrorKind, StepError, Value};
use thinking_store::{InternId, IterationKey, TaskKey};

/// The decision core: give it the outcome of the last command, it gives the next.
pub(crate) struct Core {
    plan: Arc<Plan>,
    ids: Arc<[InternId]>,
    frames: Vec<Frame>,
    waiting: Waiting,
    selection: Selection,
    layers: u64,
}

/// What the last command was about.
enum Waiting {
    /// Nothing: walk on.
    Nothing,
    Task(Place, Question),
    /// A key of the top frame's next item.
    Key(crate::decide::items::Item),
    /// A frame to push, once the driver has made its preparations.
    Opening(Box<Frame>),
    Check(Place),
    Attempt(Place, u32),
    /// Whether a failure of the place is passed over.
    Raising(Place, Box<Failure>),
    /// Nobody: the end was told.
    Ended,
}

impl Core {
    /// A walk over `plan` from its start. `ids` are the numbers of the tasks' paths, by task.
    pub(crate) fn new(plan: Arc<Plan>, ids: Arc<[InternId]>, selection: Selection) -> Self {
        Self { plan, ids, frames: vec![Frame::root()], waiting: Waiting::Nothing, selection, layers: 0 }
    }

    /// Takes the outcome of the last command (at first: `Go`) and says what is next.
    pub(crate) fn decide(&mut self, input: Input) -> Command {
        match (std::mem::replace(&mut self.waiting, Waiting::Nothing), input) {
            (Waiting::Ended, _) | (_, Input::Stop) => self.finish(Ending::Interrupted),
            (_, Input::TimedOut { depth, error }) => self.time_out(depth, error),
            (_, Input::PassedOver { depth }) => {
                self.frames.truncate(depth.max(1));
                self.advance()
            }
            (Waiting::Task(place, question), Input::Value(value)) => self.answered(place, question, value),
            (Waiting::Task(place, question), Input::Failed(error)) => {
                if matches!(question, Question::Until | Question::Condition(_)) {
                    self.frames.pop();
                }
                self.fail(place, error, 0)
            }
            (Waiting::Key(item), Input::Value(value)) => self.keyed(item, value),
            (Waiting::Key(_), Input::Failed(error)) => self.fail_top(error),
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
                match policy.and_then(|policy| policy.pause(&place.path, number, error.kind)) {
                    Some(pause) => {
                        self.waiting = Waiting::Attempt(place.clone(), number);
                        Command::Pause { place, number, error, pause }
                    }
                    None => self.fail(place, error, number),
                }
            }
            (Waiting::Attempt(place, number), Input::Go) => self.attempt(place, number + 1),
            (Waiting::Raising(place, failure), Input::Value(value)) => {
                if OnError::from_value(&value) == Some(OnError::Skip) {
                    return Command::PassOver { place, failure };
                }
                self.raise_from(failure)
            }
            (Waiting::Raising(_, failure), Input::Failed(_)) => self.raise_from(failure),
            // `Go` after a command that was only told; anything else cannot be told here and changes nothing.
            _ => self.advance(),
        }
    }

    /// The containers around the walk, the outermost first, each with its depth.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &Place> {
        self.frames.iter().filter_map(|frame| frame.place.as_ref())
    }

    /// What is left of the containers around the walk, the innermost first: the container, its tasks that come after in this pass, and whether more passes
    /// may follow.
    pub(crate) fn remaining(&self) -> impl Iterator<Item = (Option<TaskId>, &[TaskId], bool)> {
        self.frames.iter().rev().map(|frame| {
            let rest = frame.children(&self.plan).get(frame.next..).unwrap_or_default();
            let again = match &frame.kind {
                FrameKind::Plain => false,
                FrameKind::Each { items, index, .. } => *index < items.len(),
                FrameKind::Repeat { .. } => true,
                FrameKind::Choose { .. } => false,
            };
            (frame.place.as_ref().map(|place| place.task), rest, again)
        })
    }

    /// Whether what was asked for with `--from` or `--only` was reached, or nothing was.
    pub(crate) fn reached(&self) -> bool {
        self.selection.reached()
    }

    /// What was asked for with `--from` or `--only`.
    pub(crate) fn wanted(&self) -> String {
        self.selection.wanted()
    }

    fn finish(&mut self, ending: Ending) -> Command {
        self.waiting = Waiting::Ended;
        Command::Finish(ending)
    }

    fn ask(&mut self, place: Place, question: Question) -> Command {
        self.waiting = Waiting::Task(place.clone(), question);
        Command::Evaluate { place, question }
    }

    fn attempt(&mut self, place: Place, number: u32) -> Command {
        self.waiting = Waiting::Attempt(place.clone(), number);
        Command::Attempt { place, number }
    }

    /// Goes on from where the walk stands.
    fn advance(&mut self) -> Command {
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
    fn begin(&mut self, task: TaskId) -> Option<Command> {
        let place = self.place(task)?;
        let found = self.plan.task(task);
        if found.name.is_some()
            && let Err(path) = self.selection.reach(&place.path, &found.path)
        {
            return Some(self.finish(Ending::Stopped { path }));
        }
        if found.when.is_some() {
            return Some(self.ask(place, Question::When));
        }
        Some(self.enter(place))
    }

    fn place(&self, task: TaskId) -> Option<Place> {
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
    fn enter(&mut self, place: Place) -> Command {
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
                self.open(place, FrameKind::Choose { branch: usize::MAX, taken: Vec::new() }, false, None)
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

    fn open(&mut self, place: Place, kind: FrameKind, open: bool, iterations: Option<u64>) -> Command {
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

    fn inner_pipeline(&mut self, place: Place, values: Vec<(Arc<str>, Value)>) -> Command {
        self.layers += 1;
        let scope = Scope::pipeline(&place.scope, self.layers, values);
        let command = self.open(place, FrameKind::Plain, true, None);
        if let Waiting::Opening(frame) = &mut self.waiting {
            frame.scope = scope;
        }
        command
    }

    /// All that remains of the pipeline in which the walk is counts as walked.
    fn end_pipeline(&mut self) {
        let is_run = |frame: &Frame| {
            frame.place.as_ref().is_none_or(|place| matches!(self.plan.task(place.task).kind, TaskKind::Run { .. }))
        };
        let bottom = self.frames.iter().rposition(is_run).unwrap_or(0);
        self.frames.truncate(bottom + 1);
        if let Some(frame) = self.frames.last_mut() {
            frame.next = usize::MAX;
        }
    }

    fn answered(&mut self, place: Place, question: Question, value: Value) -> Command {
        let wrong = |what: &str, value: &Value| StepError::script(format!("{what} gives {value}, where true or false is needed"));
        match question {
            Question::When => match value {
                Value::Bool(true) => self.enter(place),
                Value::Bool(false) => Command::Skip { place },
                other => self.fail(place, wrong("`when`", &other), 0),
            },
            Question::Items => match Items::new(value) {
                Ok(items) => {
                    let keyed = matches!(self.plan.task(place.task).kind, TaskKind::Each { key: Some(_), .. });
                    let count = items.len();
                    let keys = keyed.then(Vec::new);
                    self.open(place, FrameKind::Each { items, index: 0, keys, seen: HashSet::new() }, false, Some(count))
                }
                Err(error) => self.fail(place, error, 0),
            },
            Question::Max => match u32::from_value(&value) {
                Some(max) => self.open(place, FrameKind::Repeat { count: 0, max: Some(max) }, false, None),
                None => {
                    self.fail(place, StepError::script(format!("`max` gives {value}, where a whole number from 0 is needed")), 0)
                }
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
                let reason = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let span = self.plan.task(place.task).span;
                self.fail(place, StepError::script(reason).at(span), 0)
            }
            // These are waited for in other ways.
            Question::Key | Question::OnError => self.advance(),
        }
    }

    /// Decides what the top frame does before its next pass over its children; `None` to look again.
    fn before_pass(&mut self) -> Option<Command> {
        let plan = self.plan.clone();
        let frame = self.frames.last_mut()?;
        let task = frame.place.as_ref().map(|place| &plan.task(place.task).kind);
        match (&mut frame.kind, task) {
            (FrameKind::Each { items, index, .. }, Some(TaskKind::Each { key, .. })) => {
                let Some(item) = items.get(*index) else { return Some(self.close()) };
                if key.is_none() {
                    self.start_iteration(item);
                    return None;
                }
                let place = frame.place.clone()?;
                let scope = self.item_scope(&item)?;
                self.waiting = Waiting::Key(item);
                Some(Command::Evaluate { place: Place { scope, ..place }, question: Question::Key })
            }
            (FrameKind::Repeat { count, max }, Some(TaskKind::Repeat { variable, .. })) => {
                if max.is_some_and(|max| *count >= max) {
                    let text = format!("`until` is still not true after {count} iterations, the `max` of this `repeat`");
                    return Some(self.fail_top(StepError::script(text)));
                }
                *count += 1;
                let (count, variable) = (*count, variable.clone());
                let iteration = Iteration {
                    variable,
                    value: count.into(),
                    index: u64::from(count) - 1,
                    value_is_key: true,
                    // The index is the key less one: whoever knows the key knows it.
                    index_is_key: true,
                };
                self.start_pass(IterationKey::Integer(i64::from(count)), iteration);
                None
            }
            (FrameKind::Choose { branch, taken }, Some(TaskKind::Choose { all, branches })) => {
                if !*all && !taken.is_empty() {
                    return Some(self.close());
                }
                *branch = branch.wrapping_add(1);
                let (at, first) = (*branch, taken.is_empty());
                let Some(found) = branches.get(at) else { return Some(self.close()) };
                if found.condition.is_some() {
                    let place = frame.place.clone()?;
                    return Some(self.ask(place, Question::Condition(at)));
                }
                // `otherwise` holds when nothing else did.
                self.branch(first);
                None
            }
            _ => Some(self.close()),
        }
    }

    /// A pass over the top frame's children is over; `None` to look again.
    fn after_pass(&mut self) -> Option<Command> {
        let frame = self.frames.last_mut()?;
        match &frame.kind {
            FrameKind::Plain => Some(self.close()),
            FrameKind::Repeat { .. } => {
                let place = frame.place.clone()?;
                let (scope, iterations) = (frame.scope.clone(), frame.iterations.clone());
                Some(self.ask(Place { scope, iterations, ..place }, Question::Until))
            }
            FrameKind::Each { .. } | FrameKind::Choose { .. } => None,
        }
    }

    fn branch(&mut self, holds: bool) {
        if let Some(frame) = self.frames.last_mut()
            && let FrameKind::Choose { branch, taken } = &mut frame.kind
            && holds
        {
            taken.push(*branch);
            frame.open = true;
            frame.next = 0;
        }
    }

    fn close(&mut self) -> Command {
        match self.frames.pop() {
            Some(mut frame) => match frame.place.take() {
                Some(place) => Command::Close { place, shape: frame.shape() },
                None => self.finish(Ending::Done),
            },
            None => self.finish(Ending::Done),
        }
    }

    fn item_scope(&self, item: &crate::decide::items::Item) -> Option<Arc<Scope>> {
        let frame = self.frames.last()?;
        let place = frame.place.as_ref()?;
        let (FrameKind::Each { index, .. }, TaskKind::Each { variable, key, .. }) =
            (&frame.kind, &self.plan.task(place.task).kind)
        else {
            return None;
        };
        Some(Scope::iteration(
            &place.scope,
            Iteration {
                variable: variable.clone(),
                value: item.value.clone(),
                index: *index,
                value_is_key: key.is_none() && item.value_is_key,
                index_is_key: key.is_none() && item.index_is_key,
            },
        ))
    }

    /// An iteration whose key was evaluated.
    fn keyed(&mut self, mut item: crate::decide::items::Item, value: Value) -> Command {
        let Some(key) = own_key(&value) else {
            return self.fail_top(StepError::script(format!("`key` gives {value}, where a string or a whole number is needed")));
        };
        if let Some(Frame { kind: FrameKind::Each { keys: Some(keys), seen, .. }, .. }) = self.frames.last_mut() {
            if !seen.insert(key.clone()) {
                let text = format!("two elements have the key {value}; the keys of an `each` must differ");
                return self.fail_top(StepError::script(text));
            }
            keys.push(key.clone());
        }
        item.key = key;
        self.start_iteration(item);
        self.advance()
    }

    fn start_iteration(&mut self, item: crate::decide::items::Item) {
        let Some(scope) = self.item_scope(&item) else { return };
        if let Some(frame) = self.frames.last_mut()
            && let FrameKind::Each { index, .. } = &mut frame.kind
        {
            *index += 1;
            frame.scope = scope;
        }
        self.pass(item.key);
    }

    fn start_pass(&mut self, key: IterationKey, iteration: Iteration) {
        if let Some(frame) = self.frames.last_mut()
            && let Some(place) = &frame.place
        {
            frame.scope = Scope::iteration(&place.scope, iteration);
        }
        self.pass(key);
    }

    fn pass(&mut self, key: IterationKey) {
        let Some(frame) = self.frames.last_mut() else { return };
        let Some(place) = &frame.place else { return };
        let mut path = String::with_capacity(place.path.len() + 8);
        path.push_str(&place.path);
        push_key(&mut path, &key);
        frame.path = path.into();
        frame.iterations = place.iterations.iter().cloned().chain(std::iter::once(key)).collect();
        frame.open = true;
        frame.next = 0;
    }

    /// The container at the top fails by itself.
    fn fail_top(&mut self, error: StepError) -> Command {
        match self.frames.pop().and_then(|frame| frame.place) {
            Some(place) => self.fail(place, error, 0),
            None => self.finish(Ending::Interrupted),
        }
    }

    fn time_out(&mut self, depth: usize, error: StepError) -> Command {
        self.frames.truncate(depth.max(1) + 1);
        self.fail_top(error)
    }

    /// A task failed for good; its own container is at the top.
    fn fail(&mut self, place: Place, error: StepError, attempts: u32) -> Command {
        let error = error.at(self.plan.task(place.task).span);
        let failure = Box::new(Failure { place: place.clone(), error, attempts });
        self.raise(place, failure)
    }

    /// Lets the failure rise to the first task around it that passes failures over.
    fn raise(&mut self, mut place: Place, failure: Box<Failure>) -> Command {
        loop {
            match &self.plan.task(place.task).on_error {
                Setting::Fixed(OnError::Skip) => return Command::PassOver { place, failure },
                Setting::Fixed(OnError::Fail) => {}
                Setting::Computed(_) => {
                    self.waiting = Waiting::Raising(place.clone(), failure);
                    return Command::Evaluate { place, question: Question::OnError };
                }
            }
            match self.frames.pop().and_then(|frame| frame.place) {
                Some(around) => place = around,
                None => return self.finish(Ending::Failed(failure)),
            }
        }
    }

    /// The container at the top has a failure in it.
    fn raise_from(&mut self, failure: Box<Failure>) -> Command {
        match self.frames.pop().and_then(|frame| frame.place) {
            Some(around) => self.raise(around, failure),
            None => self.finish(Ending::Failed(failure)),
        }
    }
}
