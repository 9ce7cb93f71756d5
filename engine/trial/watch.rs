//! Sees a test as it runs: when its parts begin and end, what fails, what they write.

use crate::case::{Case, Variable};
use crate::cover::{Seen, What};
use crate::shape::{Job, Shape};
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use thinking_event::testing::{Outcome, OutputLine, OutputSource, PhaseKind};
use thinking_event::{Event, Reporter};
use thinking_run::Clock;
use thinking_schema::Fails;
use thinking_step::{Carried, ErrorKind, Flow, LAST_VALUE, StepError, Value, Watch};

/// What happened in a part so far.
#[derive(Default)]
pub(crate) struct Happened {
    /// Milliseconds since 1970 UTC, and the moment.
    pub began: Option<(i64, Instant)>,
    /// Microseconds.
    pub took: u64,
    pub title: Option<String>,
    pub output: Kept,
    pub failure: Option<StepError>,
}

/// Lines of output: the first and the last ones, if they are too many.
#[derive(Default)]
pub(crate) struct Kept {
    first: Vec<OutputLine>,
    last: VecDeque<OutputLine>,
    /// Bytes of the first ones, and of the last ones.
    sizes: (usize, usize),
    lost: usize,
}

/// So many bytes of the first lines are kept, and as many of the last ones.
const KEPT: usize = 128 << 10;

impl Kept {
    fn push(&mut self, line: OutputLine) {
        let size = line.text.len() + 1;
        if self.last.is_empty() && self.sizes.0 + size <= KEPT {
            self.sizes.0 += size;
            self.first.push(line);
            return;
        }
        self.sizes.1 += size;
        self.last.push_back(line);
        while self.sizes.1 > KEPT {
            let Some(gone) = self.last.pop_front() else { break };
            self.sizes.1 -= gone.text.len() + 1;
            self.lost += 1;
        }
    }

    /// All that is kept, with a word on what is not.
    pub fn lines(self) -> Vec<OutputLine> {
        let mut lines = self.first;
        if self.lost > 0 {
            let text = format!("… {} lines are left out here …", self.lost);
            lines.push(OutputLine { source: OutputSource::Log, level: String::new(), text });
        }
        lines.extend(self.last);
        lines
    }
}

/// Watches one try of a test.
pub(crate) struct Watcher {
    shape: Arc<Shape>,
    flow: Arc<Flow>,
    clock: Arc<dyn Clock>,
    about: Value,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    parts: HashMap<usize, Happened>,
    /// The error of a run that was to fail.
    expected: HashMap<usize, StepError>,
    failed: bool,
    /// What setups gave, by the numbers of their parts.
    fixtures: HashMap<usize, Carried>,
    /// Steps that began and did not end: paths with keys.
    open: Vec<String>,
    seen: Seen,
}

impl Watcher {
    /// For a case; its variables get their first values.
    pub fn new(case: &Case<'_>, row: &[Variable], shape: Arc<Shape>, flow: Arc<Flow>, clock: Arc<dyn Clock>) -> Self {
        let info = &case.info;
        let about = json!({
            "name": info.name, "path": info.path(), "suites": info.suites, "tags": info.tags, "stage": "setup",
        });
        for name in ["fixture", "error", "result", "args", "doc", "table"] {
            flow.set(name, Carried::Value(Value::Null));
        }
        flow.set("outcome", Carried::Value("passed".into()));
        flow.set("test", Carried::Value(about.clone()));
        for variable in row {
            flow.set(&variable.name.value, Carried::Value(variable.value.clone()));
        }
        Self { shape, flow, clock, about, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The test failed; teardowns see that.
    fn fail(&self, word: &str, error: &StepError) {
        self.flow.set("outcome", Carried::Value(word.into()));
        self.flow.set("error", Carried::Value(error.message.clone().into()));
    }

    /// The test was stopped; teardowns see that.
    pub fn stopped(&self, outcome: Outcome, error: StepError) {
        self.fail(outcome.word(), &error);
        let mut state = self.state();
        state.failed = true;
        // It belongs to the part that was under way.
        let last = state.parts.iter().filter_map(|(part, one)| Some((one.began?.1, *part))).max();
        let part = last.map_or(0, |(_, part)| part);
        state.parts.entry(part).or_default().failure.get_or_insert(error);
    }

    /// Notes a failure that belongs to no step of the test.
    pub fn failed_outside(&self, error: StepError) {
        self.fail("failed", &error);
        let mut state = self.state();
        state.failed = true;
        state.parts.entry(0).or_default().failure.get_or_insert(error);
    }

    /// Whether a part has begun.
    pub fn has_begun(&self, part: usize) -> bool {
        self.state().parts.get(&part).is_some_and(|one| one.began.is_some())
    }

    /// Whether anything failed so far.
    pub fn has_failed(&self) -> bool {
        self.state().failed
    }

    /// What happened in each part, by its number, and the steps that never ended.
    pub fn take(&self) -> (HashMap<usize, Happened>, Vec<String>) {
        let mut state = self.state();
        (std::mem::take(&mut state.parts), std::mem::take(&mut state.open))
    }

    /// What was reached of pipelines so far.
    pub fn seen(&self) -> Seen {
        std::mem::take(&mut self.state().seen)
    }

    /// Something happened in a pipeline under test; elsewhere it is nothing to note.
    fn note(&self, path: &str, what: What) {
        let Some(run) = self.shape.run_of(path).and_then(|run| self.shape.runs.get(run)) else { return };
        let within = path.get(run.path.len()..).unwrap_or_default().trim_start_matches('/');
        self.state().seen.note(&run.name, within, what);
    }

    fn stage(&self, stage: &str) {
        let mut about = self.about.clone();
        about["stage"] = stage.into();
        self.flow.set("test", Carried::Value(about));
    }
}

impl Watch for Watcher {
    fn begins(&self, path: &str, _attempt: u32) -> Result<(), StepError> {
        let Some(part) = self.shape.part_of(path) else { return Ok(()) };
        {
            let mut state = self.state();
            let happened = state.parts.entry(part).or_default();
            happened.began.get_or_insert_with(|| (self.clock.now(), Instant::now()));
        }
        if let Some(part) = self.shape.parts.get(part) {
            self.stage(part.stage);
            // A setup that did not get to its end made nothing to be taken away.
            if part.stage == "teardown" && part.kind != PhaseKind::Aspect {
                let fixture = part.undoes.and_then(|setup| self.state().fixtures.get(&setup).cloned());
                self.flow.set("fixture", fixture.unwrap_or(Carried::Value(Value::Null)));
            }
        }
        match self.shape.roles.get(path).map(|role| &role.job) {
            Some(Job::Sets(variables)) => {
                for variable in variables {
                    self.flow.set(&variable.name.value, Carried::Value(variable.value.clone()));
                }
            }
            Some(Job::MustHaveFailed(run)) => {
                let Some(run_of) = self.shape.runs.get(*run) else { return Ok(()) };
                let Some(fails) = &run_of.fails else { return Ok(()) };
                let failed = self.state().expected.get(run).cloned();
                return must_have_failed(&run_of.name, &fails.value, failed).map_err(|error| error.at(fails.span));
            }
            Some(_) => {}
            None => {
                let run = self.shape.run_of(path).and_then(|run| self.shape.runs.get(run));
                if let Some(run) = run {
                    self.flow.set("result", Carried::ResultOf(run.path.clone()));
                }
                self.note(path, What::Begun);
            }
        }
        Ok(())
    }

    fn ended(&self, path: &str, result: Result<&Value, &StepError>) {
        let Some(part) = self.shape.part_of(path) else { return };
        {
            let mut state = self.state();
            let happened = state.parts.entry(part).or_default();
            if let Some((_, began)) = happened.began {
                happened.took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            }
            if let (Ok(title), Some(Job::Title)) = (result, self.shape.roles.get(path).map(|role| &role.job)) {
                happened.title = title.as_str().map(str::to_owned);
            }
        }
        let last = self.flow.take(LAST_VALUE);
        if let (Ok(value), Some(Job::Gives(name))) = (result, self.shape.roles.get(path).map(|role| &role.job)) {
            let value = last.unwrap_or_else(|| Carried::Value(value.clone()));
            if *name == "fixture" {
                self.state().fixtures.insert(part, value.clone());
            }
            self.flow.set(name, value);
        }
    }

    fn passed_over(&self, by: &str, failed: &str, error: &StepError) {
        // What a pipeline under test passes over itself is no failure of the test.
        if !by.is_empty() {
            return;
        }
        if !self.shape.roles.contains_key(failed)
            && let Some(run) = self.shape.run_of(failed)
            && self.shape.runs.get(run).is_some_and(|run| run.fails.is_some())
        {
            self.flow.set("error", Carried::Value(error.message.clone().into()));
            self.state().expected.insert(run, error.clone());
            return;
        }
        self.fail("failed", error);
        let part = self.shape.part_of(failed).unwrap_or_default();
        let mut state = self.state();
        state.failed = true;
        state.parts.entry(part).or_default().failure.get_or_insert_with(|| error.clone());
    }
}

/// Whether something failed as it should.
fn must_have_failed(name: &str, fails: &Fails, failed: Option<StepError>) -> Result<(), StepError> {
    match (fails, failed) {
        (_, None) => Err(StepError::script(format!("`{name}` was to fail, and did not"))),
        (Fails::With(text), Some(error)) if !error.message.contains(text.as_str()) => {
            let message = format!("`{name}` was to fail with \"{text}\", and failed otherwise");
            Err(StepError::new(ErrorKind::Script, message).details([format!("it said: {}", error.message)]))
        }
        (Fails::Any(_) | Fails::With(_), Some(_)) => Ok(()),
    }
}

/// Keeps what the steps of a test write, by the parts that they belong to.
pub(crate) struct Listener(pub Arc<Watcher>);

impl Listener {
    fn keep(&self, path: &str, line: OutputLine) {
        let bare = thinking_plan::without_keys(path);
        let part = self.0.shape.part_of(&bare).unwrap_or_default();
        self.0.state().parts.entry(part).or_default().output.push(line);
    }
}

impl Reporter for Listener {
    fn event(&self, event: &Event) {
        match event {
            Event::Log { task, level, message } => {
                let level = level.name().to_owned();
                for text in message.split('\n') {
                    let (level, text) = (level.clone(), text.trim_end_matches('\r').to_owned());
                    self.keep(&task.path, OutputLine { source: OutputSource::Log, level, text });
                }
            }
            Event::Output { task, stderr, line, .. } => {
                let source = if *stderr { OutputSource::Stderr } else { OutputSource::Stdout };
                self.keep(&task.path, OutputLine { source, level: String::new(), text: line.clone() });
            }
            Event::TaskSkipped { task } => self.0.note(&thinking_plan::without_keys(&task.path), What::Skipped),
            Event::StepStarted { task, .. } => self.0.state().open.push(task.path.to_string()),
            Event::StepDone { task, .. } | Event::AttemptFailed { task, .. } | Event::TaskFailed { task, .. } => {
                let path = thinking_plan::without_keys(&task.path);
                match event {
                    Event::AttemptFailed { .. } => self.0.note(&path, What::Retried),
                    Event::TaskFailed { passed_over: true, .. } => self.0.note(&path, What::PassedOver),
                    _ => {}
                }
                self.0.state().open.retain(|open| *open != *task.path);
            }
            _ => {}
        }
    }
}
