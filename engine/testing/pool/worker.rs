//! One worker process: its pipes, its process group and its end.

use crate::protocol::{Reply, Request};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// So many of the last lines on standard error are shown when a worker crashes.
const LAST_LINES: usize = 20;
/// So much of a line is kept.
const LINE: usize = 4096;
/// A reply is not longer, in bytes.
const LARGEST_REPLY: u64 = 256 << 20;
/// So long a worker whose replies have ended may take to be gone.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the threads that read say.
pub(super) enum News {
    /// A worker replied.
    Reply(u64, Reply),
    /// A worker wrote a line that is no reply.
    Garbage(u64, String),
    /// No reply follows.
    Closed(u64),
}

/// What a worker is at.
pub(super) enum State {
    /// It loads its project.
    Starting,
    /// It waits.
    Idle,
    /// It runs a test.
    Busy(Job),
    /// Its input is closed: it is about to end by itself.
    Ending,
}

/// A try that a worker is at.
pub(super) struct Job {
    /// Number in the list.
    pub planned: usize,
    /// When it was asked for.
    pub sent: Instant,
    /// The same, in milliseconds since 1970 UTC.
    pub at: i64,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// When its worker is killed.
    pub deadline: Option<Instant>,
}

/// A process; killed with its group when it is dropped.
pub(super) struct Worker {
    pub state: State,
    pub began: Instant,
    /// Since when it is known to be gone although its output is still open: something that it started holds that.
    pub gone: Option<Instant>,
    project: usize,
    child: Child,
    stdin: Option<ChildStdin>,
    group: Option<Pid>,
    errors: Arc<Errors>,
    reaped: bool,
}

/// How a worker ended.
pub(super) struct Ended {
    /// `it was ended by signal 9 (SIGKILL)`
    pub how: String,
    /// The last lines on standard error.
    pub last_lines: Vec<String>,
}

#[derive(Default)]
struct Errors {
    lines: Mutex<VecDeque<String>>,
    closed: AtomicBool,
}

impl Worker {
    /// Starts a process and the threads that read what it writes.
    pub fn start(id: u64, project: usize, mut command: Command, sender: &Sender<News>) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let errors = Arc::new(Errors::default());
        let (state, began) = (State::Starting, Instant::now());
        // From here on it is killed if anything fails.
        let worker =
            Self { state, began, gone: None, project, child, stdin, group, errors: errors.clone(), reaped: false };
        if let Some(stdin) = &worker.stdin {
            // One that does not read must not hold up all others.
            rustix::fs::fcntl_setfl(stdin, rustix::fs::fcntl_getfl(stdin)? | rustix::fs::OFlags::NONBLOCK)?;
        }
        if let Some(stdout) = stdout {
            let sender = sender.clone();
            thread::Builder::new().name("replies".to_owned()).spawn(move || read_replies(id, stdout, &sender))?;
        }
        if let Some(stderr) = stderr {
            thread::Builder::new().name("errors".to_owned()).spawn(move || errors.follow(stderr))?;
        }
        Ok(worker)
    }

    /// Number of its project.
    pub fn project(&self) -> usize {
        self.project
    }

    /// Asks for something. What it wrote to standard error before is forgotten.
    pub fn ask(&mut self, request: &Request) -> io::Result<()> {
        self.errors.lines().clear();
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        match &mut self.stdin {
            Some(stdin) => stdin.write_all(&line),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Tells it that nothing follows.
    pub fn dismiss(&mut self) {
        self.stdin = None;
        self.state = State::Ending;
    }

    /// Whether the process has ended; it can still be asked how.
    pub fn is_gone(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.group.is_none_or(|process| !matches!(waitid(WaitId::Pid(process), options), Ok(None)))
    }

    /// Ends it and its group. `by_itself`: its replies have ended, so it is given a moment to end as it wants to.
    pub fn end(mut self, by_itself: bool) -> Ended {
        self.stdin = None;
        if by_itself {
            let until = Instant::now() + PATIENCE;
            while !self.is_gone() && Instant::now() < until {
                thread::sleep(Duration::from_millis(1));
            }
        }
        // Its number cannot be another's before it is waited for.
        self.kill();
        let status = self.child.wait();
        self.reaped = true;
        let until = Instant::now() + PATIENCE / 4;
        while !self.errors.closed.load(Ordering::Acquire) && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
        let how = status.map_or_else(|error| format!("it is gone: {error}"), told);
        Ended { how, last_lines: self.errors.lines().iter().cloned().collect() }
    }

    /// Asks it to end the test that it is at; it tears down and replies.
    pub fn interrupt(&self) {
        if let Some(process) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may be gone by itself.
            let _ = kill_process(process, Signal::INT);
        }
    }

    fn kill(&self) {
        // What it started leads groups of its own, and would stay.
        for process in descendants(self.child.id()) {
            if let Some(process) = i32::try_from(process).ok().and_then(Pid::from_raw) {
                let _ = kill_process(process, Signal::KILL);
            }
        }
        if let Some(group) = self.group {
            // It may be gone by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Processes that a process started, and those that they started, as the system tells; none where it does not.
fn descendants(process: u32) -> Vec<u32> {
    let mut all = Vec::new();
    let mut next = vec![process];
    while let Some(one) = next.pop() {
        let tasks = std::fs::read_dir(format!("/proc/{one}/task")).into_iter().flatten().filter_map(Result::ok);
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        for list in lists {
            let children: Vec<u32> = list.split_whitespace().filter_map(|id| id.parse().ok()).collect();
            next.extend(&children);
            all.extend(children);
        }
    }
    all
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _ = self.child.wait();
        }
    }
}

/// How a process ended, for people.
fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(number)) => match signal_name(number) {
            Some(name) => format!("it was ended by signal {number} ({name})"),
            None => format!("it was ended by signal {number}"),
        },
        (None, None) => "it ended".to_owned(),
    }
}

fn signal_name(number: i32) -> Option<&'static str> {
    let known = [
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::ILL, "SIGILL"),
        (Signal::INT, "SIGINT"),
        (Signal::KILL, "SIGKILL"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::TERM, "SIGTERM"),
    ];
    known.into_iter().find(|(signal, _)| signal.as_raw() == number).map(|(_, name)| name)
}

fn read_replies(id: u64, pipe: impl Read, sender: &Sender<News>) {
    let mut reader = BufReader::with_capacity(64 << 10, pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LARGEST_REPLY).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        let news = match serde_json::from_slice(&line) {
            // A line without its end is what a killed worker left.
            Ok(reply) if line.ends_with(b"\n") => News::Reply(id, reply),
            _ if !line.ends_with(b"\n") && (line.len() as u64) < LARGEST_REPLY => break,
            _ => News::Garbage(id, shortened(&line)),
        };
        // Nobody listens any more when the pool is gone.
        if sender.send(news).is_err() {
            return;
        }
    }
    let _ = sender.send(News::Closed(id));
}

/// What to say of a line that is no reply.
pub(super) fn garbage(said: &str) -> String {
    format!("it wrote something that is no reply: `{said}`")
}

/// The beginning of a line, fit to be shown.
fn shortened(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.get(..400).unwrap_or(line));
    let mut shown: String = text.trim().chars().take(80).map(|c| if c.is_control() { '·' } else { c }).collect();
    if text.trim().chars().count() > 80 {
        shown.push('…');
    }
    shown
}

impl Errors {
    fn lines(&self) -> std::sync::MutexGuard<'_, VecDeque<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, pipe: impl Read) {
        let mut reader = BufReader::new(pipe);
        let mut piece = Vec::new();
        loop {
            piece.clear();
            match (&mut reader).take(LINE as u64).read_until(b'\n', &mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&piece).trim_end_matches(['\n', '\r']).to_owned();
            let mut lines = self.lines();
            if lines.len() == LAST_LINES {
                lines.pop_front();
            }
            lines.push_back(text);
        }
        self.closed.store(true, Ordering::Release);
    }
}
