//! Starting cargo, and ending it when the user asks to stop.

use super::Stop;
use crate::cli::signals;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// So often is looked whether cargo ended.
const PAUSE: Duration = Duration::from_millis(10);

/// What cargo tells a program that it starts of the program's own package.
const OTHER: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];

/// Cargo, as it is started for one crate.
pub(super) struct Cargo {
    program: OsString,
    /// Where it is started: a crate's own `.cargo/config.toml` and `rust-toolchain.toml` hold.
    directory: PathBuf,
    /// Whether its talk is kept back until something fails.
    pub quiet: bool,
    stop: Arc<AtomicBool>,
}

/// What cargo left.
pub(super) struct Ran {
    pub status: ExitStatus,
    pub out: String,
    /// What it said, if that was kept back.
    pub err: String,
}

/// Why cargo did not run to its end.
pub(super) enum Failure {
    /// It cannot be started.
    Start(io::Error),
    /// The user asked to stop.
    Interrupted,
}

impl Failure {
    /// With what to say if it cannot be started.
    pub fn or(self, refuse: impl FnOnce(&io::Error) -> thinking_diagnostic::Diagnostic) -> Stop {
        match self {
            Self::Start(error) => Stop::from(refuse(&error)),
            Self::Interrupted => Stop::Interrupted,
        }
    }
}

impl Cargo {
    /// Cargo as it is found on `PATH`, or as the environment says (`CARGO`), in a directory.
    pub fn new(directory: &Path, quiet: bool) -> Self {
        let program = std::env::var_os("CARGO").filter(|program| !program.is_empty());
        Self {
            program: program.unwrap_or_else(|| "cargo".into()),
            directory: directory.to_path_buf(),
            quiet,
            stop: signals::asked(),
        }
    }

    /// Whether the user asked to stop.
    pub fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Runs it to its end. What it says is shown as it comes if `shown`, else kept.
    pub fn run(&self, directory: &Path, arguments: &[&OsStr], shown: bool) -> Result<Ran, Failure> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(if shown { Stdio::inherit() } else { Stdio::piped() });
        // Started by `cargo run`, this process has what cargo says of another package; build scripts that look at it would run again.
        for (name, _) in std::env::vars_os() {
            if OTHER.iter().any(|other| name.as_encoded_bytes().starts_with(other.as_bytes())) {
                command.env_remove(name);
            }
        }
        self.wait(command.spawn().map_err(Failure::Start)?)
    }

    /// What `rustc` says of itself, where cargo would start it.
    pub fn host(&self) -> Option<String> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let ran = Command::new(rustc).arg("-vV").current_dir(&self.directory).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8(ran.stdout).ok()?;
        text.lines().find_map(|line| line.strip_prefix("host: ")).map(|host| host.trim().to_owned())
    }

    fn wait(&self, mut child: Child) -> Result<Ran, Failure> {
        let out = child.stdout.take().map(reader).transpose().map_err(Failure::Start)?;
        let err = child.stderr.take().map(reader).transpose().map_err(Failure::Start)?;
        let mut told = false;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(Failure::Start)? {
                break status;
            }
            if self.interrupted() && !told {
                told = true;
                // A terminal's Ctrl-C reached it already; another signal did not. Its number is its own until it was waited for.
                if let Some(process) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                    let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
                }
            }
            std::thread::sleep(PAUSE);
        };
        if self.interrupted() {
            // What cargo started may still hold the pipes; nobody waits for it.
            return Err(Failure::Interrupted);
        }
        Ok(Ran { status, out: read(out), err: read(err) })
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> io::Result<JoinHandle<Vec<u8>>> {
    std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        // What came before a failure is worth more than nothing.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

fn read(thread: Option<JoinHandle<Vec<u8>>>) -> String {
    let bytes = thread.and_then(|thread| thread.join().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
