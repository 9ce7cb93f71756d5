//! What a manifest may touch, and what its tasks touch as far as that can be seen before they run.

use crate::task::{Task, TaskId};
use crate::{Workshop, settings};
use std::collections::HashSet;
use std::sync::Arc;
use thinking_diagnostic::{Diagnostics, Span};
use thinking_step::{Class, ReferenceKind};

/// A kind of permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// To read files.
    Read,
    /// To write, create and delete files.
    Write,
    /// To connect to hosts.
    Net,
    /// To start programs.
    Run,
    /// To read environment variables.
    Env,
}

/// What permits something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// `runtime { permissions { … } }`
    Permissions,
    /// A `path` parameter of that name.
    Param(String),
    /// An `input` of the step of that name.
    Input(String),
    /// An `output` of the step of that name.
    Output(String),
}

/// One thing that is permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What may be done.
    pub right: Right,
    /// To what: a glob, `host:port`, a program or a variable; `*` stands for each `${…}` whose value is not known yet.
    pub pattern: String,
    /// Where it is permitted.
    pub span: Option<Span>,
    /// By what.
    pub by: By,
}

/// What a task touches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Touch {
    /// Starts a program, as written.
    Runs(String),
    /// Reads a file that a script names.
    Reads(String),
    /// Writes a file that a script names.
    Writes(String),
    /// Reads an environment variable.
    Env(String),
    /// Calls a function of the library, or a native step, that looks at the world outside or changes it.
    Calls(String, Class),
}

impl Touch {
    pub(crate) fn of(reference: &ReferenceKind) -> Option<Self> {
        match reference {
            ReferenceKind::ReadsFile(path) => Some(Self::Reads(path.clone())),
            ReferenceKind::WritesFile(path) => Some(Self::Writes(path.clone())),
            ReferenceKind::ReadsEnv(name) => Some(Self::Env(name.clone())),
            _ => None,
        }
    }
}

/// A [`Touch`], by whom and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The pipeline.
    pub pipeline: Arc<str>,
    /// The task's path without keys.
    pub task: Arc<str>,
    /// What it touches.
    pub touch: Touch,
    /// Where that is written.
    pub span: Option<Span>,
}

/// What a composed manifest may touch, and what of it is seen to be touched.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// What is permitted besides reading the project's directory, in the order of the kinds and the text.
    pub grants: Vec<Grant>,
    /// What is touched, in the order of the pipelines and their tasks.
    pub uses: Vec<Use>,
}

impl Workshop<'_, '_> {
    /// Looks through all pipelines. What is wrong with them is no business of this: [`Workshop::check`] says it.
    pub fn survey(&mut self) -> Survey {
        let mut ignored = Diagnostics::new();
        let mut survey = Survey { grants: settings::grants(self, &mut ignored), uses: Vec::new() };
        survey.grants.sort_by_key(|grant| (grant.right, grant.span));
        let mut known = HashSet::new();
        let names: Vec<String> = self.model.manifest.pipeline.names().map(str::to_owned).collect();
        for name in names {
            let Some((_, uses)) = self.plan_and_uses(&name, &mut ignored) else { continue };
            // A pipeline that another runs is looked through with it, and once more by itself.
            survey.uses.extend(uses.into_iter().filter(|used| known.insert((used.span, used.touch.clone()))));
        }
        survey
    }
}

pub(crate) fn uses(pipeline: &str, tasks: &[Task], touches: Vec<(TaskId, Touch, Option<Span>)>) -> Vec<Use> {
    let pipeline: Arc<str> = pipeline.into();
    let path = |id: TaskId| tasks.get(id.0 as usize).map_or_else(|| "".into(), |task| task.path.clone());
    touches
        .into_iter()
        .map(|(id, touch, span)| Use { pipeline: pipeline.clone(), task: path(id), touch, span })
        .collect()
}
