//! Telling a run again: its log, and what the journal knows besides.

use crate::cli::exit::{Exit, Trouble};
use crate::cli::logs::{LogsArgs, PAUSE, wrong};
use crate::cli::output;
use crate::cli::past::{self, Opened};
use crate::cli::seek;
use crate::cli::tail::Tail;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use thinking_diagnostic::SourceMap;
use thinking_event::{Event, Reporter};
use thinking_report::{ConsoleOptions, ConsoleReporter, JsonReporter, Weave, level_of, parse_line};
use thinking_run::past::{Past, PathFilter, Replay, whole};
use thinking_step::LogLevel;
use thinking_store::{RunRecord, RunStatus, Seq, StoreError};
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

/// An event, and the first line of the log that may tell of it.
struct Kept {
    line: u64,
    event: Event,
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
    kept: Option<VecDeque<Kept>>,
    /// The line behind the last one that could be read.
    line: u64,
    /// Lines that could not.
    unreadable: Vec<u64>,
    /// Whether what was before the first event that is told was passed over.
    midst: bool,
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
        Self {
            args,
            opened,
            record,
            filter,
            level,
            reporter,
            closed,
            kept,
            line: 1,
            unreadable: Vec::new(),
            midst: false,
            met: false,
            seen: Vec::new(),
            ended: false,
        }
    }

    pub fn tell(mut self) -> Result<Exit, Trouble> {
        let run_directory = self.opened.directory.join("runs").join(&self.record.id);
        let log = run_directory.join("log.jsonl");
        let mut left: Option<Instant> = None;
        let opened = self.opened;
        let past = opened.past()?;
        let start = match self.args.lines {
            Some(most) => seek::start(&log, &past, &self.record, most, |event| self.is_wanted(event))?,
            None => None,
        };
        self.midst = start.is_some();
        let (record, directory) = (self.record.clone(), run_directory.display().to_string());
        let mut tail = Tail::new(log, start.as_ref().map_or(0, |start| start.offset));
        let mut replay = match start {
            Some(start) => Replay::after(record, directory, start.after),
            None => Replay::new(record, directory),
        };
        let mut weave = Weave::default();
        let mut more = || {
            let page = replay.next(&past)?;
            Ok::<_, StoreError>(page.into_iter().map(|recalled| (recalled.seq, recalled.event)).collect())
        };
        loop {
            // Asked before the end of the log is looked for: what is written until then is read.
            let over = !self.args.follow || self.is_over(&mut left)?;
            while let Some(line) = tail.next_line(over) {
                if self.closed.load(Ordering::Relaxed) {
                    return Ok(Exit::Done);
                }
                match parse_line(&line.text) {
                    Some(told) => {
                        let mut added = Ok(());
                        let tell = |seq, event| self.add_recalled(&past, seq, event, &mut added);
                        weave.log(&told.event, &mut more, tell)?;
                        added?;
                        self.add(told.event);
                    }
                    None if serde_json::from_str::<serde::de::IgnoredAny>(&line.text).is_ok() => {}
                    None => {
                        self.unreadable.push(line.number);
                        continue;
                    }
                }
                self.line = line.number + 1;
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
            let mut added = Ok(());
            weave.finish(&mut more, |seq, event| self.add_recalled(&past, seq, event, &mut added))?;
            added?;
        }
        self.let_go();
        self.reporter.finish();
        self.close(running, &tail)
    }

    /// What is to be said beside the log.
    fn close(self, running: bool, tail: &Tail) -> Result<Exit, Trouble> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(Exit::Done);
        }
        let mut talk = Vec::new();
        if let Some(why) = tail.problem().filter(|_| !running) {
            talk.push(format!("{why}; this is what the journal knows of the run"));
        }
        if let Some(last) = self.unreadable.last() {
            let number = last + tail.passed();
            talk.push(match self.unreadable.len() {
                1 => format!("line {number} of the log is cut or damaged and was left out"),
                count => format!("{count} lines of the log are cut or damaged and were left out, the last is {number}"),
            });
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

    /// Takes an event that is next and that only the journal has.
    fn add_recalled(&mut self, past: &Past<'_>, seq: Seq, event: Event, added: &mut Result<(), StoreError>) {
        // The figures of the whole run are known to who has read all of it.
        let whole = match event {
            Event::RunEnded { .. } if self.midst => whole(past, &self.record, seq),
            _ => Ok(None),
        };
        match whole {
            Ok(whole) => self.add(whole.unwrap_or(event)),
            Err(error) => *added = Err(error),
        }
    }

    /// Whether an event is among those that were asked for.
    fn is_wanted(&self, event: &Event) -> bool {
        let holds = |filter: &PathFilter| task(event).is_some_and(|path| filter.holds(path));
        level_of(event) >= self.level && self.filter.as_ref().is_none_or(holds)
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
                kept.push_back(Kept { line: self.line, event });
                if kept.len() > most {
                    kept.pop_front();
                }
            }
            _ => self.reporter.event(&event),
        }
    }

    /// The end of the log is reached: tells what was kept, and all that comes after.
    fn let_go(&mut self) {
        let Some(kept) = self.kept.take() else { return };
        if self.args.lines.is_some_and(|most| kept.len() >= most) {
            // What is damaged before the first of them was not asked for.
            let first = kept.front().map_or(u64::MAX, |kept| kept.line);
            self.unreadable.retain(|line| *line >= first);
        }
        for kept in kept {
            self.reporter.event(&kept.event);
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
