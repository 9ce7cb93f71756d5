//! What a run looks like at this moment, kept up by counting. Events come by the hundred thousand per second, so taking one neither
//! formats nor, after the first iteration of a loop, allocates.

use super::path::{inside, key_end, push_unkeyed, top};
use super::rate::Rate;
use super::tops::Tops;
use crate::clean;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use thinking_event::{Counts, Event, TaskRef};

/// A run under way. Times are microseconds of the reporter's own clock.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The run, once it has started.
    pub run: Option<Run>,
    /// Steps so far.
    pub counts: Counts,
    /// The outermost tasks that came up.
    pub tops: Tops,
    /// Containers that are open, outer ones before inner ones.
    pub open: Vec<Open>,
    /// Steps at work, and the last that was: the picture is calmer if it stays until the next begins.
    pub running: Vec<Running>,
    /// What instances of a step took, by path without keys.
    pub took: HashMap<Box<str>, Took>,
    /// Somebody pressed Ctrl-C.
    pub stopping: bool,
    unkeyed: String,
}

/// What a run is called.
#[derive(Debug)]
pub(super) struct Run {
    /// Its id.
    pub id: Arc<str>,
    /// The pipeline.
    pub pipeline: Arc<str>,
    /// When this process began with it.
    pub began: u64,
}

/// Instances of a step that this process brought to an end.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Took {
    /// How many.
    pub done: u64,
    /// Microseconds of all together.
    pub sum: u64,
}

/// A container that is open.
#[derive(Debug)]
pub(super) struct Open {
    /// Its path with keys.
    pub path: Arc<str>,
    /// Number of iterations, if it is a loop that knows.
    pub total: Option<u64>,
    /// Iterations that were over before this process came here.
    pub passed: u64,
    /// When it began.
    pub began: u64,
    /// Iterations that are over.
    pub done: u64,
    /// How quickly they go.
    pub rate: Rate,
    /// A path in the iteration under way, and where the key ends in it.
    at: Option<(Arc<str>, usize)>,
}

impl Open {
    /// The key of the iteration under way, with its brackets.
    pub(super) fn key(&self) -> Option<&str> {
        self.at.as_ref().and_then(|(path, end)| path.get(self.path.len()..*end))
    }
}

/// A step at work.
#[derive(Debug)]
pub(super) struct Running {
    /// Its path with keys.
    pub path: Arc<str>,
    /// Number of the attempt.
    pub attempt: u32,
    /// When the attempt started, milliseconds since 1970.
    pub at: i64,
    /// It waits for its next attempt until this moment.
    pub waits: Option<u64>,
    /// It is a `wait`: until when, milliseconds since 1970, and whether for a condition.
    pub waiting: Option<(Option<i64>, bool)>,
    /// It is over.
    pub over: bool,
    /// The last lines that it printed.
    pub lines: VecDeque<String>,
}

/// Lines of a program that are shown.
const LINES: usize = 3;
/// More of a line is never shown, bytes.
const LINE: usize = 2048;

impl State {
    /// Takes an event; asks for the time only where it is needed.
    pub(super) fn take(&mut self, event: &Event, now: impl Fn() -> u64) {
        match event {
            Event::RunStarted { run, pipeline, .. } => {
                self.run = Some(Run { id: run.clone(), pipeline: pipeline.clone(), began: now() });
            }
            Event::ContainerStarted { task, iterations, passed } => self.open(task, (*iterations, *passed), now()),
            Event::ContainerEnded { task, took } => {
                self.close(&task.path);
                self.tops.ended(&task.path, *took);
            }
            Event::StepStarted { task, attempt, at } => self.started(task, *attempt, *at, now),
            Event::Waiting { task, until, condition, .. } => {
                if let Some(running) = self.running_at(&task.path) {
                    running.waiting = Some((*until, *condition));
                }
            }
            Event::StepDone { task, took, .. } => self.done(&task.path, *took),
            Event::StepsKept { task, count } => {
                self.counts.kept += count;
                self.tops.kept(&task.path, *count);
            }
            Event::TaskSkipped { task } => {
                self.arrive(&task.path, &now);
                self.counts.skipped += 1;
                self.tops.skipped(&task.path, now());
            }
            Event::AttemptFailed { task, pause, .. } => {
                self.counts.retried += 1;
                self.tops.of(&task.path, 0).retried += 1;
                if let Some(running) = self.running_at(&task.path) {
                    running.waits = Some(now().saturating_add(pause.saturating_mul(1000)));
                }
            }
            Event::TaskFailed { task, passed_over, .. } => {
                self.counts.failed += u64::from(*passed_over);
                self.tops.failed(&task.path, *passed_over, now());
                self.end(&task.path);
            }
            Event::Output { task, line, .. } => self.said(&task.path, line),
            Event::Stopping { .. } => self.stopping = true,
            Event::Rerun { .. } | Event::Log { .. } | Event::HookEnded { .. } => {}
            Event::RunEnded { counts, .. } => {
                self.counts = *counts;
                self.tops.left(now());
            }
        }
    }

    fn open(&mut self, task: &TaskRef, (total, passed): (Option<u64>, u64), now: u64) {
        self.arrive(&task.path, || now);
        self.tops.of(&task.path, now);
        self.open.push(Open {
            path: task.path.clone(),
            total,
            passed,
            began: now,
            done: 0,
            rate: Rate::since(now),
            at: None,
        });
    }

    fn started(&mut self, task: &TaskRef, attempt: u32, at: i64, now: impl Fn() -> u64) {
        self.arrive(&task.path, &now);
        self.tops.touch(&task.path, now);
        self.running.retain(|running| !running.over || *running.path == *task.path);
        match self.running_at(&task.path) {
            Some(running) => {
                (running.attempt, running.at, running.waits, running.over) = (attempt, at, None, false);
                running.lines.clear();
            }
            None => {
                let (path, lines) = (task.path.clone(), VecDeque::new());
                self.running.push(Running { path, attempt, at, waits: None, waiting: None, over: false, lines });
            }
        }
    }

    fn done(&mut self, path: &Arc<str>, took: u64) {
        self.counts.done += 1;
        self.end(path);
        self.tops.done(path, took);
        self.unkeyed.clear();
        push_unkeyed(&mut self.unkeyed, path);
        match self.took.get_mut(self.unkeyed.as_str()) {
            Some(all) => {
                all.done += 1;
                all.sum = all.sum.saturating_add(took);
            }
            None => {
                self.took.insert(self.unkeyed.as_str().into(), Took { done: 1, sum: took });
            }
        }
    }

    /// Something begins at that path: loops around it move on, and containers that are not around anything any more are gone. Those
    /// that were left in the middle (`on-error="skip"`) are not told to have ended.
    fn arrive(&mut self, path: &Arc<str>, now: impl Fn() -> u64) {
        let running = &self.running;
        let mut dropped = false;
        self.open.retain_mut(|open| {
            if inside(&open.path, path) {
                open.arrive(path);
                return true;
            }
            let used = running.iter().any(|running| !running.over && inside(&open.path, &running.path));
            dropped |= !used && top(&open.path).len() == open.path.len();
            used
        });
        if dropped {
            self.tops.left_before(top(path), now());
        }
    }

    fn close(&mut self, path: &str) {
        self.open.retain(|open| *open.path != *path && !inside(path, &open.path));
    }

    fn end(&mut self, path: &str) {
        if let Some(running) = self.running_at(path) {
            (running.over, running.waits) = (true, None);
        }
    }

    fn running_at(&mut self, path: &str) -> Option<&mut Running> {
        self.running.iter_mut().find(|running| *running.path == *path)
    }

    fn said(&mut self, path: &str, line: &str) {
        let Some(running) = self.running_at(path) else { return };
        // Of a bar that is redrawn in place the last state counts, else the beginning.
        let mut part = line;
        if line.len() > LINE {
            let cut = if line.contains('\r') { line.ceil_char_boundary(line.len() - LINE) } else { 0 };
            part = &line[cut..line.floor_char_boundary(cut + LINE)];
        }
        let mut clean = clean::line(part);
        if clean.contains('\t') {
            clean = clean.replace('\t', "    ");
        }
        if running.lines.len() == LINES {
            running.lines.pop_front();
        }
        running.lines.push_back(clean);
    }
}

impl Open {
    fn arrive(&mut self, path: &Arc<str>) {
        let start = self.path.len();
        if path.as_bytes().get(start) != Some(&b'[') {
            return;
        }
        if let Some((last, end)) = &self.at
            && path.as_bytes().get(start..*end) == last.as_bytes().get(start..*end)
        {
            return;
        }
        if let Some(end) = key_end(path, start) {
            self.done += u64::from(self.at.is_some());
            self.at = Some((path.clone(), end));
        }
    }
}
