//! Programs outside, each in a process group of its own.

use crate::executor::{Attempt, BodySpec, ExecSpec, Executor, Standing};
use crate::groups;
use crate::mask::KEPT;
use crate::spawn::spawn;
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use thinking_step::{ErrorKind, StepError, Value};
use thinking_store::Token;

/// So many bytes of standard output can be a result.
const LARGEST_RESULT: usize = 64 << 20;
/// So many last lines of standard error are shown with a failure.
const SHOWN_LINES: usize = 10;
/// So many bytes of output are read at once at most.
const PIECE: usize = 16 << 10;
/// So many pieces of output may wait: a program that writes faster than its lines are told has to wait.
const WAITING: usize = 256;
/// So long a program's output may stay open after its end, by a child that it left behind.
const LINGER: Duration = Duration::from_secs(1);

/// Starts programs as children of this process.
#[derive(Default)]
pub struct ProcessExecutor {
    running: Mutex<HashMap<Token, Arc<Mutex<Running>>>>,
    state: Option<PathBuf>,
}

struct Running {
    spec: ExecSpec,
    output: Arc<dyn Fn(bool, String) + Send + Sync>,
    group: rustix::process::Pid,
    /// Until the group is gone.
    _recorded: Option<groups::Recorded>,
    /// Whether nothing of the group is left.
    over: bool,
    news: Receiver<News>,
    stdout: Vec<u8>,
    /// The beginnings of the lines that are under way: of standard output, of standard error.
    begun: [Vec<u8>; 2],
    last: VecDeque<String>,
    open: u8,
    status: Option<(Result<ExitStatus, String>, Instant)>,
}

enum News {
    /// A piece of a line, or all of it; only the last piece ends with a line break.
    Piece(bool, Vec<u8>),
    Closed,
    Ended(Result<ExitStatus, String>),
}

impl Executor for ProcessExecutor {
    fn submit(&self, attempt: Attempt) -> Result<(), StepError> {
        let BodySpec::Exec(spec) = attempt.spec.body else {
            return Err(StepError::new(ErrorKind::Exec, format!("`{}` starts no program", attempt.spec.path)));
        };
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let std::collections::hash_map::Entry::Vacant(entry) = running.entry(attempt.spec.token) {
            entry.insert(Arc::new(Mutex::new(start(spec, attempt.output, self.state.as_deref())?)));
        }
        Ok(())
    }

    fn poll(&self, token: Token, patience: Duration) -> Standing {
        let Some(running) = self.find(token) else { return Standing::Unknown };
        let ended = running.lock().unwrap_or_else(PoisonError::into_inner).wait(patience);
        match ended {
            None => Standing::Running,
            Some(result) => {
                self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
                Standing::Exited(result)
            }
        }
    }

    fn cancel(&self, token: Token, now: bool) {
        if let Some(running) = self.find(token) {
            running.lock().unwrap_or_else(PoisonError::into_inner).signal(now);
        }
    }
}

impl ProcessExecutor {
    /// One that writes down in the state's directory what runs, so that the next process can end what a killed one left.
    #[must_use]
    pub fn recording(state_directory: PathBuf) -> Self {
        Self { state: Some(state_directory), ..Self::default() }
    }

    fn find(&self, token: Token) -> Option<Arc<Mutex<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&token).cloned()
    }
}

fn start(
    spec: ExecSpec,
    output: Arc<dyn Fn(bool, String) + Send + Sync>,
    state: Option<&Path>,
) -> Result<Running, StepError> {
    // A program with a slash is a path in the working directory; others are looked up by the system.
    let program = Path::new(&spec.program);
    let by_path = spec.program.contains('/');
    let mut command = Command::new(if by_path { spec.directory.join(program) } else { program.to_owned() });
    command.args(&spec.arguments).current_dir(&spec.directory).process_group(0);
    spec.hidden.iter().for_each(|name| {
        command.env_remove(name);
    });
    command.envs(spec.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(if spec.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = spawn(command).map_err(|error| not_started(&spec, &error))?;
    let (sender, news) = sync_channel(WAITING);
    let failed = |error: std::io::Error| {
        StepError::new(ErrorKind::Exec, format!("`{}` cannot be watched: {error}", spec.program))
    };
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let group = group.ok_or_else(|| StepError::new(ErrorKind::Exec, "the started program has no process id"))?;
    let recorded = state.map(|state| groups::record(state, group, &spec.result)).transpose();
    let watched = recorded
        .and_then(|recorded| watch(&mut child, &sender, spec.stdin.clone()).map(|()| recorded))
        .and_then(|recorded| {
            std::thread::Builder::new().name("exec".to_owned()).spawn(move || {
                let status = child.wait().map_err(|error| error.to_string());
                // Nobody listens any more when the run is over.
                let _ = sender.send(News::Ended(status));
            })?;
            Ok(recorded)
        });
    let recorded = match watched {
        Ok(recorded) => recorded,
        Err(error) => {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            return Err(failed(error));
        }
    };
    Ok(Running {
        spec,
        output,
        group,
        _recorded: recorded,
        over: false,
        news,
        stdout: Vec::new(),
        begun: [Vec::new(), Vec::new()],
        last: VecDeque::new(),
        open: 2,
        status: None,
    })
}

fn watch(child: &mut Child, sender: &SyncSender<News>, stdin: Option<String>) -> std::io::Result<()> {
    if let Some(stdout) = child.stdout.take() {
        follow(stdout, false, sender.clone())?;
    }
    if let Some(stderr) = child.stderr.take() {
        follow(stderr, true, sender.clone())?;
    }
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), stdin) {
        std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            // A program that does not read all of its input is none of our business.
            let _ = pipe.write_all(text.as_bytes());
        })?;
    }
    Ok(())
}

fn follow(pipe: impl Read + Send + 'static, stderr: bool, sender: SyncSender<News>) -> std::io::Result<()> {
    let read = move || {
        let mut reader = BufReader::with_capacity(PIECE, pipe);
        loop {
            let piece = match reader.fill_buf() {
                Ok(read) if !read.is_empty() => {
                    let end = read.iter().position(|byte| *byte == b'\n').map_or(read.len(), |at| at + 1);
                    read.get(..end).unwrap_or_default().to_vec()
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                _ => break,
            };
            reader.consume(piece.len());
            if sender.send(News::Piece(stderr, piece)).is_err() {
                return;
            }
        }
        let _ = sender.send(News::Closed);
    };
    std::thread::Builder::new().name("output".to_owned()).spawn(read).map(drop)
}

fn not_started(spec: &ExecSpec, error: &std::io::Error) -> StepError {
    let program = &spec.program;
    if !spec.directory.is_dir() {
        let text =
            format!("`{program}` cannot be started: its working directory {} does not exist", spec.directory.display());
        return StepError::new(ErrorKind::Exec, text);
    }
    match error.kind() {
        std::io::ErrorKind::NotFound if program.contains('/') => {
            StepError::new(ErrorKind::Exec, format!("the program `{program}` does not exist"))
                .help(format!("it was looked for as {}", spec.directory.join(program).display()))
        }
        std::io::ErrorKind::NotFound => StepError::new(ErrorKind::Exec, format!("the program `{program}` was not found"))
            .help(format!("install `{program}`, or add its directory to PATH; a program of the project is written with its path, as `./{program}`")),
        std::io::ErrorKind::PermissionDenied => {
            StepError::new(ErrorKind::Exec, format!("the program `{program}` may not be executed"))
                .help("is it marked as executable (`chmod +x`)?")
        }
        _ => StepError::new(ErrorKind::Exec, format!("`{program}` cannot be started: {error}")),
    }
}

impl Running {
    /// Takes in news until the program has ended or patience has.
    fn wait(&mut self, patience: Duration) -> Option<Result<Value, StepError>> {
        let end = Instant::now() + patience;
        let mut heard = false;
        loop {
            if let Some((_, since)) = &self.status {
                let waited = since.elapsed();
                if self.open == 0 || waited >= LINGER {
                    return Some(self.finish());
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            // A program that never falls silent can be cancelled too.
            if heard && left.is_zero() {
                return None;
            }
            heard = true;
            match self.news.recv_timeout(left) {
                Ok(News::Piece(stderr, piece)) => self.piece(stderr, &piece),
                Ok(News::Closed) => self.open = self.open.saturating_sub(1),
                Ok(News::Ended(status)) => self.status = Some((status, Instant::now())),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => {
                    self.open = 0;
                    let lost = || (Err("it is gone".to_owned()), Instant::now());
                    self.status.get_or_insert_with(lost);
                }
            }
        }
    }

    fn piece(&mut self, stderr: bool, piece: &[u8]) {
        if !stderr && self.spec.stdout.is_some() && self.stdout.len() <= LARGEST_RESULT {
            self.stdout.extend_from_slice(piece);
        }
        // Of a line without end only the beginning is kept.
        let begun = &mut self.begun[usize::from(stderr)];
        let room = KEPT.saturating_sub(begun.len()).min(piece.len());
        begun.extend_from_slice(piece.get(..room).unwrap_or_default());
        if piece.ends_with(b"\n") {
            self.line(stderr);
        }
    }

    /// A line is complete, or what is there of it is all that comes.
    fn line(&mut self, stderr: bool) {
        let line = std::mem::take(&mut self.begun[usize::from(stderr)]);
        let mut text = String::from_utf8_lossy(&line).into_owned();
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        if stderr {
            if self.last.len() == SHOWN_LINES {
                self.last.pop_front();
            }
            self.last.push_back(text.clone());
        }
        (self.output)(stderr, text);
    }

    fn signal(&self, now: bool) {
        if self.status.is_none() {
            let signal = if now { rustix::process::Signal::KILL } else { rustix::process::Signal::TERM };
            // It may have ended by itself just now.
            let _ = rustix::process::kill_process_group(self.group, signal);
        }
    }

    fn finish(&mut self) -> Result<Value, StepError> {
        // A child that it left behind ends with the step.
        groups::end(self.group);
        self.over = true;
        for stderr in [false, true] {
            if !self.begun[usize::from(stderr)].is_empty() {
                self.line(stderr);
            }
        }
        let program = &self.spec.program;
        let failed = |text: String| Err(StepError::new(ErrorKind::Exec, text).details(self.last.iter().cloned()));
        match &self.status {
            Some((Ok(status), _)) if status.success() => self.result(),
            Some((Ok(status), _)) => match (status.code(), status.signal()) {
                (Some(code), _) => failed(format!("`{program}` ended with exit code {code}")),
                (None, Some(signal)) => failed(format!("`{program}` was ended by signal {signal}")),
                (None, None) => failed(format!("`{program}` did not succeed")),
            },
            Some((Err(error), _)) => failed(format!("`{program}`: {error}")),
            None => failed(format!("`{program}` has not ended")),
        }
    }

    fn result(&self) -> Result<Value, StepError> {
        let program = &self.spec.program;
        let failed = |text: String| StepError::new(ErrorKind::Exec, text);
        match std::fs::read(&self.spec.result) {
            Ok(bytes) => {
                return serde_json::from_slice(&bytes).map_err(|error| {
                    failed(format!("what `{program}` wrote to $THINKING_RESULT is not JSON: {error}"))
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(failed(format!("what `{program}` wrote to $THINKING_RESULT cannot be read: {error}")));
            }
        }
        let Some(stdout) = self.spec.stdout.as_deref() else { return Ok(Value::Null) };
        if self.stdout.len() > LARGEST_RESULT {
            return Err(failed(format!("`{program}` wrote more than 64 MiB, too much for a result")));
        }
        let text = std::str::from_utf8(&self.stdout);
        let text = text
            .map_err(|_| failed(format!("the output of `{program}` is not text in UTF-8, so it cannot be a result")))?;
        match stdout {
            "json" => serde_json::from_str(text)
                .map_err(|error| failed(format!("the output of `{program}` is not JSON: {error}"))),
            "lines" => Ok(text.lines().map(Value::from).collect()),
            _ => Ok(text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)).into()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.over {
            let _ = rustix::process::kill_process_group(self.group, rustix::process::Signal::KILL);
        }
    }
}
