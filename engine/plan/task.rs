//! The task tree.

use crate::database::Database;
use crate::{Hooks, Setting, Template, TemplateValue};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use thinking_container::{Wirer, Wiring};
use thinking_diagnostic::Span;
use thinking_step::{
    Class, Definition, Digest, ErrorKind, Mode, NativeStep, Permissions, Program, Value, VariableKind,
};

/// A pipeline, ready to run: after facets, parameters and all checks.
#[derive(Clone)]
pub struct Plan {
    /// The project's name, or a stand-in made from the manifest's place.
    pub project: Arc<str>,
    /// Whether the manifest gives the project a name.
    pub named: bool,
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// All tasks; a [`TaskId`] is an index. A parent stands before its children.
    pub tasks: Vec<Task>,
    /// The outermost tasks, in order.
    pub root: Vec<TaskId>,
    /// The databases.
    pub databases: Vec<Database>,
    /// Parameters with their values.
    pub params: Parameters,
    /// Active facets, the mode's among them, sorted.
    pub facets: Vec<Arc<str>>,
    /// Facets that were asked for or detected: what an unfinished run remembers.
    pub remembered_facets: Vec<Arc<str>>,
    /// `app` or `test`.
    pub mode: Mode,
    /// What is permitted.
    pub permissions: Permissions,
    /// `runtime { seed }`.
    pub seed: i64,
    /// Digest of the whole tree: structure, conditions and definitions.
    pub digest: Digest,
    /// The manifest's directory, absolute.
    pub directory: std::path::PathBuf,
    /// The components that it needs.
    pub wiring: Arc<Wiring>,
    /// What decided which components those are.
    pub wirer: Arc<Wirer>,
    /// What the engine has for components, by the numbers that the wiring uses: names, and what a script's variable would be.
    pub resources: Vec<(Arc<str>, VariableKind)>,
    /// What happens before and after it.
    pub hooks: Arc<Hooks>,
}

/// Parameters by their names in the manifest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// By name as in the manifest (`batch-size`).
    pub values: BTreeMap<Arc<str>, ParamValue>,
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamValue {
    /// The value; `Null` for an optional one that was not given.
    pub value: Value,
    /// Whether it must never be stored or shown.
    pub secret: bool,
    /// Whether it was given (command line, file, remembered) rather than defaulted: what an unfinished run remembers.
    pub given: bool,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// Number of a task in [`Plan::tasks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);

/// One task.
#[derive(Clone)]
pub struct Task {
    /// Its name; `None` for an unnamed container, which adds nothing to paths.
    pub name: Option<Arc<str>>,
    /// Path without iterations' keys: `fit/epoch/train`. For an unnamed container the path of what is around it.
    pub path: Arc<str>,
    /// The container it is in.
    pub parent: Option<TaskId>,
    /// Its node in the manifest.
    pub span: Option<Span>,
    /// Only if this is true.
    pub when: Option<Arc<dyn Program>>,
    /// Own, or of the nearest container that has one. Only steps look at it.
    pub retry: Option<Arc<Retry>>,
    /// Of a step per attempt, of a container in total.
    pub timeout: Option<Setting<Duration>>,
    /// What a failure does.
    pub on_error: Setting<OnError>,
    /// What it is.
    pub kind: TaskKind,
}

/// What a failure of a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Fails what is around it.
    #[default]
    Fail,
    /// The run goes on; the result is `()`.
    Skip,
}

/// How pauses between tries grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backoff {
    /// Always `initial`.
    #[default]
    Fixed,
    /// `initial` × number of the failed attempt.
    Linear,
    /// `initial` × 2 ^ (number of the failed attempt − 1).
    Exponential,
}

/// How often and when to try again.
#[derive(Clone)]
pub struct Retry {
    /// Tries after the first.
    pub tries: Setting<u32>,
    /// How pauses grow.
    pub backoff: Setting<Backoff>,
    /// First pause.
    pub initial: Setting<Duration>,
    /// Longest pause.
    pub max: Option<Setting<Duration>>,
    /// Each pause is drawn evenly from 50 % to 100 % of its length.
    pub jitter: Setting<bool>,
    /// Only on these kinds; empty for all that can pass by themselves.
    pub on: Vec<ErrorKind>,
}

/// What a task is.
#[derive(Clone)]
pub enum TaskKind {
    /// In order.
    Stage {
        /// What is in it.
        children: Vec<TaskId>,
    },
    /// One transaction.
    Step(Box<Step>),
    /// Once per element.
    Each {
        /// The loop variable as in scripts.
        variable: Arc<str>,
        /// An array, range or map.
        items: Arc<dyn Program>,
        /// The iteration's key.
        key: Option<Arc<dyn Program>>,
        /// What is in it.
        children: Vec<TaskId>,
    },
    /// 1, 2, 3 … until true.
    Repeat {
        /// The loop variable as in scripts.
        variable: Arc<str>,
        /// Ends the loop after an iteration.
        until: Arc<dyn Program>,
        /// Reaching it without `until` being true is a failure.
        max: Option<Setting<u32>>,
        /// What is in it.
        children: Vec<TaskId>,
    },
    /// The first branch whose condition holds, or every one (in order).
    Choose {
        /// Every one that holds.
        all: bool,
        /// In order; at most one without a condition, the last.
        branches: Vec<Branch>,
    },
    /// Another pipeline as one stage. Its tasks are in this plan, below this one.
    Run {
        /// The pipeline.
        pipeline: Arc<str>,
        /// Parameters that differ inside, by name as in the manifest.
        params: Vec<(Arc<str>, TemplateValue)>,
        /// What is in it.
        children: Vec<TaskId>,
    },
    /// Ends the pipeline that it is written in, successfully.
    End,
    /// Fails with a reason.
    Fail {
        /// The reason.
        reason: Template,
    },
}

/// A branch of `choose`.
#[derive(Clone)]
pub struct Branch {
    /// `None` for `otherwise`.
    pub condition: Option<Arc<dyn Program>>,
    /// What is in it.
    pub children: Vec<TaskId>,
    /// Its node.
    pub span: Option<Span>,
}

/// A step.
#[derive(Clone)]
pub struct Step {
    /// What it does.
    pub body: Body,
    /// Globs of files whose content it depends on.
    pub inputs: Vec<Template>,
    /// Files that it must leave.
    pub outputs: Vec<Template>,
    /// Runs every time, on the data as it is.
    pub always: bool,
    /// What it is: a difference from the recorded one is a reason to run again.
    pub definition: Arc<Definition>,
}

/// What a step does.
#[derive(Clone)]
pub enum Body {
    /// A script.
    Script(Arc<dyn Program>),
    /// A program outside.
    Exec(Box<Exec>),
    /// A native step, or an operation of a component.
    Call(Call),
    /// A `wait`: time that passes.
    Wait(Wait),
}

/// What a `wait` waits for. Its time is counted from the moment when the run first got there, also across kills.
#[derive(Clone)]
pub enum Wait {
    /// A time.
    For(Setting<Duration>),
    /// A condition.
    Until {
        /// Evaluated at once and then every second.
        condition: Arc<dyn Program>,
        /// How long that may take.
        timeout: Option<Setting<Duration>>,
    },
}

/// A program to start, without a shell.
#[derive(Clone)]
pub struct Exec {
    /// The program, as written.
    pub program: Template,
    /// Its arguments.
    pub arguments: Vec<Template>,
    /// Environment variables beside the inherited ones.
    pub environment: Vec<(Arc<str>, Template)>,
    /// Standard input; closed without.
    pub stdin: Option<Template>,
    /// Working directory; the manifest's without.
    pub directory: Option<Template>,
    /// What to make of standard output as a result.
    pub stdout: Option<Setting<StdoutAs>>,
}

/// What to make of standard output as a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StdoutAs {
    /// One string, without the last line break.
    Text,
    /// A list of lines.
    Lines,
    /// Parsed.
    Json,
}

impl crate::FromValue for StdoutAs {
    const WANTED: &'static str = "\"text\", \"lines\" or \"json\"";
    fn from_value(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "text" => Some(Self::Text),
            "lines" => Some(Self::Lines),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A call of native code or of a component.
#[derive(Clone)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// Its arguments: a map.
    pub arguments: TemplateValue,
}

/// What a `call` names.
#[derive(Clone)]
pub enum Callee {
    /// A native step.
    Step {
        /// The step.
        step: Arc<dyn NativeStep>,
        /// What its dependencies take, in their order.
        dependencies: Vec<Vec<Wired>>,
    },
    /// An operation of a component.
    Operation {
        /// The binding.
        binding: Arc<str>,
        /// The operation's number.
        number: usize,
        /// As written: `trainer.fit`.
        name: Arc<str>,
        /// How it touches the world.
        class: Class,
    },
}

/// One thing that a dependency of a native step takes.
#[derive(Clone)]
pub enum Wired {
    /// The component of that binding.
    Component(Arc<str>),
    /// Something of the engine: its name, and what a script's variable of that name would be.
    Engine(Arc<str>, VariableKind),
}

impl Callee {
    /// What is called, as manifests write it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Step { step, .. } => step.name(),
            Self::Operation { name, .. } => name,
        }
    }

    /// How it touches the world.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Step { step, .. } => step.class(),
            Self::Operation { class, .. } => *class,
        }
    }
}

impl Plan {
    /// The task of that number. Numbers come from this plan, so it is there.
    #[must_use]
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.0 as usize]
    }

    /// The innermost `run` around a task, if there is one.
    #[must_use]
    pub fn run_around(&self, task: TaskId) -> Option<TaskId> {
        run_around(&self.tasks, task)
    }

    /// The task of that path without keys, if there is one.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<TaskId> {
        let found = self.tasks.iter().position(|task| task.name.is_some() && &*task.path == path)?;
        u32::try_from(found).ok().map(TaskId)
    }
}

/// The innermost `run` around a task.
pub(crate) fn run_around(tasks: &[Task], task: TaskId) -> Option<TaskId> {
    let parent = |id: TaskId| tasks.get(id.0 as usize)?.parent;
    let is_run = |id: &TaskId| tasks.get(id.0 as usize).is_some_and(|task| matches!(task.kind, TaskKind::Run { .. }));
    std::iter::successors(parent(task), |id| parent(*id)).find(is_run)
}
