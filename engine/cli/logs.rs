//! `thinking logs`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use crate::cli::past::{self, Opened, PastArgs};
use crate::cli::tail::Tail;
use clap::{Args, ValueEnum};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use thinking_diagnostic::{Code, Diagnostic, SourceMap, did_you_mean};
use thinking_event::{Event, Reporter};
use thinking_report::{ConsoleOptions, ConsoleReporter, JsonReporter, Weave, level_of, parse_line};
use thinking_run::past::{PathFilter, Replay, Sought, find_run};
use thinking_step::LogLevel;
use thinking_store::{RunRecord, RunStatus, StoreError};
use thinking_store_lmdb::holder;

/// How often a followed log is looked at.
const PAUSE: Duration = Duration::from_millis(100);
/// A process that has left its run writes the end of its log within this time.
const LAST_WORDS: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking logs                            what the latest run said
  thinking logs -f                         follow it, also from another terminal
  thinking logs fit/epoch --level warn     warnings and failures of a task and what is below
  thinking logs --run 20261120-0811 -n 50  the last 50 lines of an earlier run")]
pub(crate) struct LogsArgs {
    /// Only this task and what is below: fit/epoch[3]; keys may be left out
    pub path: Option<String>,
    #[command(flatten)]
    pub past: PastArgs,
    /// The manifest, or a directory, beside which the state lies; it is not read
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Go on until the run ends; waits for a run if there is none yet
    #[arg(long, short)]
    pub follow: bool,
    /// The run, by its id or the beginning of it [default: the latest]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Only what is at least so loud; a failed attempt is a warning, a failed task an error
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<Loudness>,
    /// Only the last N events
    #[arg(short = 'n', long = "lines", value_name = "N")]
    pub lines: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Loudness {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Loudness> for LogLevel {
    fn from(level: Loudness) -> Self {
        match level {
            Loudness::Trace => Self::Trace,
            Loudness::Debug => Self::Debug,
            Loudness::Info => Self::Info,
            Loudness::Warn => Self::Warn,
            Loudness::Error => Self::Error,
        }
    }
}

pub(crate) fn run(args: &LogsArgs) -> Result<Exit, Trouble> {
    let filter = match &args.path {
        Some(path) => match PathFilter::parse(path) {
            Some(filter) => Some(filter),
            None => {
                let help = "write the key of an iteration in brackets: fit/epoch[3]".to_owned();
                return Ok(wrong(args, format!("`{path}` is no path of a task"), help));
            }
        },
        None => None,
    };
    let directory = past::directory(&args.past, args.manifest.as_deref());
    let Some((opened, record)) = find(args, &directory)? else { return Ok(Exit::Done) };
    let record = match record {
        Ok(record) => record,
        Err(exit) => return Ok(exit),
    };
    Teller::new(args, &opened, record, filter).tell()
}

/// The run that is meant, perhaps after waiting for one. `None`: there is none, and that was said.
type Meant = Option<(Opened, Result<RunRecord, Exit>)>;

fn find(args: &LogsArgs, directory: &Path) -> Result<Meant, Trouble> {
    let mut told = false;
    loop {
        if let Some(opened) = past::open(directory.to_path_buf())? {
            let sought = find_run(&opened.past()?, args.run.as_deref())?;
            match sought {
                Sought::Run(record) => return Ok(Some((opened, Ok(*record)))),
                Sought::None(_) if args.run.is_none() => {}
                other => {
                    let exit = unknown(args, &other);
                    return Ok(Some((opened, Err(exit))));
                }
            }
        }
        if !args.follow {
            if !args.past.quiet {
                output::talk(&past::nothing(directory));
            }
            return Ok(None);
        }
        if !told && !args.past.quiet {
            output::talk("nothing was run here yet: waiting for a run to begin (Ctrl-C ends this)\n");
        }
        told = true;
        std::thread::sleep(PAUSE);
    }
}

fn unknown(args: &LogsArgs, sought: &Sought) -> Exit {
    let wanted = args.run.as_deref().unwrap_or_default();
    match sought {
        Sought::Several(ids) => {
            let message = format!("the ids of several runs begin with `{wanted}`: {}", ids.join(", "));
            wrong(args, message, "type more of it".to_owned())
        }
        Sought::None(ids) => {
            let help = match did_you_mean(wanted, ids.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`thinking history` lists the runs".to_owned(),
            };
            wrong(args, format!("no run `{wanted}` is recorded"), help)
        }
        Sought::Run(_) => Exit::Done,
    }
}

fn wrong(args: &LogsArgs, message: String, help: String) -> Exit {
    output::complain(Diagnostic::error(Code::CommandLine, message).help(help), args.past.json);
    Exit::Wrong
}

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
struct Teller<'a> {
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
    fn new(args: &'a LogsArgs, opened: &'a Opened, record: RunRecord, filter: Option<PathFilter>) -> Self {
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

    fn tell(mut self) -> Result<Exit, Trouble> {
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
        | Event::TaskSkipped { task }
        | Event::AttemptFailed { task, .. }
        | Event::TaskFailed { task, .. }
        | Event::Output { task, .. }
        | Event::Log { task, .. } => Some(&task.path),
        Event::RunStarted { .. } | Event::Stopping { .. } | Event::RunEnded { .. } => None,
    }
}
