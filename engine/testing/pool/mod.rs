//! Worker processes: they are started, asked, watched and ended here, and what they answer becomes the events of a test run.
//!
//! 1. [`Pool::load`] starts one worker for each project and gives what they have to offer.
//! 2. The caller selects and orders ([`select`](crate::select), [`schedule`](crate::schedule)).
//! 3. [`Pool::run`] runs that list and gives a [`TestRunResult`].
//!
//! A worker is asked for one test at a time: the way there and back takes less than a tenth of a millisecond, and so no test waits behind another
//! while a worker is idle, and a crash is always the crash of one known test. No worker outlives the pool: each leads a process group that is
//! killed when the worker is dropped, and calls [`end_with_parent`] for the case that this process is killed itself.

mod dispatch;
mod load;
mod options;
mod parent;
mod replies;
mod result;
mod run;
mod tries;
mod useful;
mod worker;

#[cfg(test)]
mod tests;

pub use options::{Interrupt, Planned, RunOptions};
pub use parent::end_with_parent;
pub use result::{TestRunResult, WorkerError};

use crate::protocol::Ready;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use worker::{News, Worker};

/// So often reporters are told that time passes, and the caller is asked for an interrupt.
const TICK: Duration = Duration::from_millis(100);

/// A project and how a worker for it is started.
pub struct ProjectWorkers {
    /// Its manifest as it was named on the command line: [`TestInfo::project`](thinking_event::testing::TestInfo::project).
    pub project: String,
    /// Makes the command line of a worker. Standard input, output and error, and the process group, are set by the pool.
    pub command: Box<dyn FnMut() -> Command + Send>,
}

/// A project whose workers are known.
struct Project {
    name: String,
    command: Box<dyn FnMut() -> Command + Send>,
    /// What the first worker had to offer.
    ready: Option<Ready>,
    /// How long the last worker took to load it.
    loading: Duration,
    /// No worker of it can be started.
    broken: bool,
    /// So many workers went since one ran a test.
    lost: u32,
}

/// Worker processes of several projects that share a number of places.
///
/// The thread that calls [`Pool::load`] and [`Pool::run`] is the parent of the workers in the eyes of the system: they end with it, so it should be one that
/// stays to the end, such as the main thread.
pub struct Pool {
    projects: Vec<Project>,
    jobs: usize,
    workers: BTreeMap<u64, Worker>,
    next: u64,
    sender: Sender<News>,
    news: Receiver<News>,
}

impl Pool {
    /// A pool without workers yet. `jobs`: how many tests at once, at least one.
    #[must_use]
    pub fn new(projects: Vec<ProjectWorkers>, jobs: usize) -> Self {
        let (sender, news) = channel();
        let project = |one: ProjectWorkers| Project {
            name: one.project,
            command: one.command,
            ready: None,
            loading: Duration::ZERO,
            broken: false,
            lost: 0,
        };
        Self {
            projects: projects.into_iter().map(project).collect(),
            jobs: jobs.max(1),
            workers: BTreeMap::new(),
            next: 0,
            sender,
            news,
        }
    }

    /// How many tests at once from now on, at least one: known only when the manifests are loaded.
    pub fn set_jobs(&mut self, jobs: usize) {
        self.jobs = jobs.max(1);
    }

    /// Starts a worker; it says later whether it is ready.
    fn start(&mut self, project: usize) -> Result<(), WorkerError> {
        let Some(known) = self.projects.get_mut(project) else { return Ok(()) };
        let id = self.next;
        self.next += 1;
        let command = (known.command)();
        let program = command.get_program().to_string_lossy().into_owned();
        match Worker::start(id, project, command, &self.sender) {
            Ok(worker) => drop(self.workers.insert(id, worker)),
            Err(error) => {
                known.broken = true;
                let message =
                    format!("a worker for the tests of `{}` cannot be started: `{program}`: {error}", known.name);
                return Err(WorkerError { project: known.name.clone(), message, last_lines: Vec::new() });
            }
        }
        Ok(())
    }

    /// What a worker said before it was ready, if that was not what it should: it is ended, and none of its project is started again.
    fn refuse(&mut self, worker: Worker, said: Option<String>) -> WorkerError {
        let project = worker.project();
        let ended = worker.end(said.is_none());
        let name = self.projects.get_mut(project).map(|known| {
            known.broken = true;
            known.name.clone()
        });
        let project = name.unwrap_or_default();
        let what = match said {
            Some(said) => said,
            None => ended.how,
        };
        let message = format!("a worker for the tests of `{project}` did not get ready: {what}");
        WorkerError { project, message, last_lines: ended.last_lines }
    }
}
