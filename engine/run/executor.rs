//! The seam between the decision to try a step and the place where the try happens.
//!
//! An attempt is described by an [`AttemptSpec`], plain data that can be sent away; its [`Token`] names it everywhere. The dispatcher submits, polls and
//! cancels; it never asks how an executor does it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thinking_plan::{Body, Plan, TaskKind};
use thinking_step::{ErrorKind, Host, StepError, Value};
use thinking_store::Token;

/// One try of a step, described so that any executor can bring it to where it runs.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AttemptSpec {
    /// Which try: commits under an older token are refused.
    pub token: Token,
    /// Number of the task in its plan.
    pub task: u32,
    /// Its path with keys.
    pub path: Arc<str>,
    /// Number of the attempt, from 1.
    pub number: u32,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What is to be done.
    pub body: BodySpec,
}

/// What an attempt does, after templates.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum BodySpec {
    /// The script of the task.
    Script,
    /// The native step of the task.
    Call {
        /// Arguments as a JSON object.
        arguments: Value,
    },
    /// A program outside.
    Exec(ExecSpec),
}

/// A program to start.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ExecSpec {
    /// The program, as written.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables to set.
    pub environment: Vec<(String, String)>,
    /// Inherited variables to leave out: what secrets came from.
    pub hidden: Vec<String>,
    /// Standard input.
    pub stdin: Option<String>,
    /// Working directory, absolute.
    pub directory: PathBuf,
    /// What to make of standard output as a result: `text`, `lines` or `json`.
    pub stdout: Option<String>,
    /// File that the program may write its result to.
    pub result: PathBuf,
}

/// An attempt with the world that it sees, for executors inside this process.
#[derive(Clone)]
pub struct Attempt {
    /// What to do.
    pub spec: AttemptSpec,
    /// The plan that it is from.
    pub plan: Arc<Plan>,
    /// The world.
    pub host: Arc<dyn Host>,
    /// Takes lines of output: whether it is standard error, and the line without its end.
    pub output: Arc<dyn Fn(bool, String) + Send + Sync>,
}

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It has not begun.
    Queued,
    /// It is at work.
    Running,
    /// It is over.
    Exited(Result<Value, StepError>),
    /// It is gone for good and left no word.
    Lost,
    /// The executor cannot say at this moment. That never means that it failed.
    Unknown,
}

/// Brings attempts to where they run.
pub trait Executor: Send + Sync {
    /// Takes an attempt. Submitting the same token twice starts it once.
    ///
    /// # Errors
    /// It cannot be started.
    fn submit(&self, attempt: Attempt) -> Result<(), StepError>;
    /// How the attempt stands, waiting up to `patience` for a change. What exited is told once.
    fn poll(&self, token: Token, patience: Duration) -> Standing;
    /// Asks the attempt to end; `now`: without giving it time to tidy up.
    fn cancel(&self, token: Token, now: bool);
}

/// Runs scripts and native steps on the thread that submits them: a chain of small steps needs no change of thread.
#[derive(Default)]
pub struct InlineExecutor {
    ended: std::sync::Mutex<Option<(Token, Result<Value, StepError>)>>,
}

impl Executor for InlineExecutor {
    fn submit(&self, attempt: Attempt) -> Result<(), StepError> {
        let token = attempt.spec.token;
        let ended = run_here(&attempt);
        *self.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((token, ended));
        Ok(())
    }

    fn poll(&self, token: Token, _: Duration) -> Standing {
        let mut ended = self.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match ended.take_if(|(of, _)| *of == token) {
            Some((_, result)) => Standing::Exited(result),
            None => Standing::Unknown,
        }
    }

    /// Scripts and native steps look at their host by themselves.
    fn cancel(&self, _: Token, _: bool) {}
}

/// The entry point of scripts and native steps, whoever brought the attempt here.
///
/// # Errors
/// Why it failed; a panic counts as a failure.
pub fn run_here(attempt: &Attempt) -> Result<Value, StepError> {
    let task = attempt.plan.tasks.get(attempt.spec.task as usize);
    let Some(TaskKind::Step(step)) = task.map(|task| &task.kind) else {
        return Err(StepError::new(ErrorKind::Native, format!("`{}` is no step of this plan", attempt.spec.path)));
    };
    match (&step.body, &attempt.spec.body) {
        (Body::Script(program), BodySpec::Script) => contained(|| program.eval(&attempt.host)),
        (Body::Call(call), BodySpec::Call { arguments }) => {
            contained(|| crate::calls::call(&call.callee, arguments, &attempt.host))
        }
        _ => Err(StepError::new(
            ErrorKind::Native,
            format!("`{}` is another kind of step in this plan", attempt.spec.path),
        )),
    }
}

/// A panic fails the step, not the engine: the attempt's writes are in its host and are dropped with it.
pub(crate) fn contained(run: impl FnOnce() -> Result<Value, StepError>) -> Result<Value, StepError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned());
        Err(StepError::new(ErrorKind::Native, format!("it panicked: {text}")))
    })
}
