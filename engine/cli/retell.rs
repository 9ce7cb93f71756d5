//! Telling a run again: its log, and what the journal knows besides.

use crate::cli::exit::{Exit, Trouble};
use crate::cli::logs::{LogsArgs, PAUSE, wrong};
use crate::cli::output;
use crate::cli::past::{self, Opened};
use crate::cli::tail::Tail;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use thinking_diagnostic::SourceMap;
use thinking_event::{Event, Reporter};
use thinking_report::{ConsoleOptions, ConsoleReporter, JsonReporter, Weave, level_of, parse_line};
use thinking_run::past::{PathFilter, Replay};
use thinking_step::LogLevel;
use thinking_store::{RunRecord, RunStatus, StoreError};
use thinking_store_lmdb::holder;

/// A process that has left its run writes the end of its log within this time.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Standard output; knows when nobody reads it any more.
struct Out(Arc<AtomicBool>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stdout().write(bytes).inspect_err(|_| self.0.store(true, Ordering::Relaxed))
    }
    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush().inspect_err(|_| self.0.store(true, Ordering::Relaxed))
    }
}

/// Tells a run again.
pub(crate) struct Teller<'a> {
    args: &'a LogsArgs,
    opened: &'a Opened,
    record: RunRecord,
    filter: Option<PathFilter>,
    level: LogLevel,
    reporter: Box<dyn Reporter>,
    /// Nobody reads any more.
    closed: Arc<AtomicBool>,
    /// The last events, if only those are wanted; `None` when they were told.
    kept: Option<VecDeque<Event>>,
    /// Whether the path that was asked for came up.
    met: bool,
    /// Paths that did, for who mistyped.
    seen: Vec<String>,
    ended: bool,
}

impl<'a> Teller<'a> {
    pub fn new(args: &'a LogsArgs, opened: &'a Opened, record: RunRecord, filter: Option<PathFilter>) -> Self {
        let closed = Arc::new(AtomicBool::new(false));
        let out = Box::new(Out(closed.clone()));
        let level = args.level.map_or(LogLevel::Trace, LogLevel::from);
        let reporter: Box<dyn Reporter> = if args.past.json {
            Box::new(JsonReporter::new(out))
        } else {
            let resume_command = past::resume(&args.past, args.manifest.as_deref());
            let options = ConsoleOptions { style: past::style(), quiet: args.past.quiet, level, resume_command };
            Box::new(ConsoleReporter::new(out, options, Arc::new(SourceMap::new())))
        };
        let kept = args.lines.map(|_| VecDeque::new());
        Self { args, opened, record, filter, level, reporter, closed, kept, met: false, seen: Vec::new(), ended: false }
    }

    pub fn tell(mut self) -> Result<Exit, Trouble> {
        let run_directory = self.opened.directory.join("runs").join(&self.record.id);
        let mut replay = Replay::new(self.record.clone(), run_directory.display().to_string());
        let mut weave = Weave::default();
        let mut tail = Tail::new(run_directory.join("log.jsonl"));
        let mut unreadable: Option<(u64, u64)> = None;
        let mut left: Option<Instant> = None;
        let opened = self.opened;
        let past = opened.past()?;
        let mut more = || {
            let page = replay.next(&past)?;
            Ok::<_, StoreError>(page.into_iter().map(|recalled| ((), recalled.event)).collect())
        };
        loop {
            // Asked before the end of the log is looked for: what is written until then is read.
            let over = !self.args.follow || self.is_over(&mut left)?;
            while let Some(line) = tail.next_line(over) {
                if self.closed.load(Ordering::Relaxed) {
                    return Ok(Exit::Done);
                }
                match parse_line(&line.text) {
                    Some(line) => {
                        weave.log(&line.event, &mut more, |(), event| self.add(event))?;
                        self.add(line.event);
                    }
                    None if serde_json::from_str::<serde::de::IgnoredAny>(&line.text).is_ok() => {}
                    None => unreadable = Some((unreadable.map_or(0, |(count, _)| count) + 1, line.number)),
                }
            }
            if over {
                break;
            }
            self.let_go();
            if self.closed.load(Ordering::Relaxed) {
                return Ok(Exit::Done);
            }
            std::thread::sleep(PAUSE);
        }
        let running = self.is_running()?;
        // What a running process has not written yet comes soon.
        if !running {
            weave.finish(&mut more, |(), event| self.add(event))?;
        }
        self.let_go();
        self.reporter.finish();
        self.close(running, &tail, unreadable)
    }

    /// What is to be said beside the log.
    fn close(self, running: bool, tail: &Tail, unreadable: Option<(u64, u64)>) -> Result<Exit, Trouble> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(Exit::Done);
        }
        let mut talk = Vec::new();
        if let Some(why) = tail.problem().filter(|_| !running) {
            talk.push(format!("{why}; this is what the journal knows of the run"));
        }
        match unreadable {
            Some((1, number)) => talk.push(format!("line {number} of the log is cut or damaged and was left out")),
            Some((count, number)) => {
                talk.push(format!(
                    "{count} lines of the log are cut or damaged and were left out, the last is {number}"
                ));
            }
            None => {}
        }
        if !running && self.record_now()?.status == RunStatus::Running {
            let resume = past::resume(&self.args.past, self.args.manifest.as_deref());
            talk.push(format!("run {} was killed; it goes on with `{resume}`", self.record.id));
        }
        if !self.args.past.quiet {
            talk.iter().for_each(|line| output::talk(&format!("{line}\n")));
        }
        if let (Some(path), false) = (&self.args.path, self.met) {
            let help = match past::nearest(path, &self.seen, &[]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "without a path the whole log is shown".to_owned(),
            };
            let message = format!("run {} says nothing of `{path}`", self.record.id);
            return Ok(wrong(self.args, message, help));
        }
        Ok(Exit::Done)
    }

    /// Takes an event that is next.
    fn add(&mut self, event: Event) {
        self.ended = matches!(event, Event::RunEnded { .. });
        if level_of(&event) < self.level {
            return;
        }
        if let Some(filter) = &self.filter {
            let Some(path) = task(&event) else { return };
            if !filter.holds(path) {
                if self.seen.len() < 1_000 && !self.met && !self.seen.iter().any(|seen| seen == path) {
                    self.seen.push(path.to_owned());
                }
                return;
            }
            self.met = true;
        }
        match (&mut self.kept, self.args.lines) {
            (Some(kept), Some(most)) => {
                kept.push_back(event);
                if kept.len() > most {
                    kept.pop_front();
                }
            }
            _ => self.reporter.event(&event),
        }
    }

    /// The end of the log is reached: tells what was kept, and all that comes after.
    fn let_go(&mut self) {
        for event in self.kept.take().into_iter().flatten() {
            self.reporter.event(&event);
        }
    }

    /// Whether nothing will be added to the log.
    fn is_over(&self, left: &mut Option<Instant>) -> Result<bool, StoreError> {
        if holder(&self.opened.directory)?.is_none() {
            return Ok(true);
        }
        if self.record_now()?.status == RunStatus::Running {
            *left = None;
            return Ok(false);
        }
        Ok(self.ended || left.get_or_insert_with(Instant::now).elapsed() >= LAST_WORDS)
    }

    fn is_running(&self) -> Result<bool, StoreError> {
        Ok(holder(&self.opened.directory)?.is_some() && self.record_now()?.status == RunStatus::Running)
    }

    /// The run's record as it is now.
    fn record_now(&self) -> Result<RunRecord, StoreError> {
        let number = self.record.number;
        let now = self.opened.record(number)?;
        Ok(now.unwrap_or_else(|| self.record.clone()))
    }
}

/// The task that an event is about.
fn task(event: &Event) -> Option<&str> {
    match event {
        Event::Rerun { task, .. }
        | Event::ContainerStarted { task, .. }
        | Event::ContainerEnded { task, .. }
        | Event::StepStarted { task, .. }
        | Event::Waiting { task, .. }
        | Event::StepDone { task, .. }
        | Event::StepsKept { task, .. }
        | Event::HookEnded { task, .. }
        | Event::TaskSkipped { task }
        | Event::AttemptFailed { task, .. }
        | Event::TaskFailed { task, .. }
        | Event::Output { task, .. }
        | Event::Log { task, .. } => Some(&task.path),
        Event::RunStarted { .. } | Event::Stopping { .. } | Event::RunEnded { .. } => None,
    }
}
