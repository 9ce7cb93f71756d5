//! Process groups of started programs: none outlives its step, nor the process that started it.
//!
//! A program that is directly under this process dies with it. What the program started does not, so each group is written down in `running/` of the
//! state's directory while it lives, and the next process ends those that are still there.

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// So long what a program left behind may take to end by itself.
const GRACE: Duration = Duration::from_millis(200);
/// So long killed processes may take to be gone.
const LAST: Duration = Duration::from_secs(2);

/// What tells a group from a later one with the same number.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// When the program began, in the system's ticks since it was started.
    began: u64,
    /// Which start of the system that was.
    boot: String,
    /// The value of `THINKING_RESULT`, which no other program has.
    result: PathBuf,
}

/// The record of a group; it goes when this is dropped.
pub(crate) struct Recorded {
    file: PathBuf,
}

impl Drop for Recorded {
    fn drop(&mut self) {
        // What stays names a group that is gone, and is removed at the next start.
        let _ = fs::remove_file(&self.file);
    }
}

/// Writes a group down.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn record(state: &Path, group: Pid, result: &Path) -> io::Result<Recorded> {
    let directory = state.join("running");
    let (began, boot) = (began(group.as_raw_pid()).unwrap_or(0), boot());
    let file = directory.join(group.as_raw_pid().to_string());
    let text = serde_json::to_vec(&Record { began, boot, result: result.to_owned() })?;
    match fs::write(&file, &text) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(&directory)?;
            fs::write(&file, &text)?;
        }
        other => other?,
    }
    Ok(Recorded { file })
}

/// Ends the groups that a killed process left. The state's lock is held, so none of them is anyone's any more.
pub(crate) fn end_left(state: &Path) {
    let Ok(files) = fs::read_dir(state.join("running")) else { return };
    let boot = boot();
    for file in files.filter_map(Result::ok) {
        let number = file.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        let record = fs::read(file.path()).ok().and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
        if let (Some(number), Some(record)) = (number, record)
            && record.boot == boot
        {
            end_recorded(number, &record);
        }
        let _ = fs::remove_file(file.path());
    }
}

fn end_recorded(number: i32, record: &Record) {
    let Some(group) = Pid::from_raw(number).filter(|_| number > 1) else { return };
    let until = Instant::now() + LAST;
    while Instant::now() < until {
        if began(number) == Some(record.began) {
            let _ = kill_process_group(group, Signal::KILL);
        } else {
            // The program itself is gone, so the number may be another group's by now: its processes are known by their environment.
            let members = members(number, record);
            if members.is_empty() {
                return;
            }
            for member in members {
                let _ = kill_process(member, Signal::KILL);
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The processes of a group that were started by that program.
fn members(group: i32, record: &Record) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let wanted = format!("THINKING_RESULT={}", record.result.display());
    let numbers = processes.filter_map(Result::ok).filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let its = |number: &i32| {
        let in_group = stat(*number).is_some_and(|stat| {
            let word = |at: usize| stat.split_ascii_whitespace().nth(at);
            // A dead one that nobody has looked at yet does no harm.
            word(0) != Some("Z") && word(2).and_then(|word| word.parse().ok()) == Some(group)
        });
        in_group
            && fs::read(format!("/proc/{number}/environ"))
                .is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes()))
    };
    numbers.filter(its).filter_map(Pid::from_raw).collect()
}

/// Ends what is left of a group whose program has ended: asks first, and does not wait for long.
pub(crate) fn end(group: Pid) {
    let gone = || test_kill_process_group(group).is_err();
    if gone() || kill_process_group(group, Signal::TERM).is_err() {
        return;
    }
    let until = Instant::now() + GRACE;
    let mut pause = Duration::from_micros(200);
    while Instant::now() < until {
        std::thread::sleep(pause);
        if gone() {
            return;
        }
        pause = (pause * 2).min(Duration::from_millis(10));
    }
    let _ = kill_process_group(group, Signal::KILL);
}

/// What stands in the process's `stat` from its state on.
fn stat(process: i32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may hold anything.
    text.rsplit_once(')').map(|(_, rest)| rest.trim_start().to_owned())
}

/// When a process began, unless it is gone or dead.
fn began(process: i32) -> Option<u64> {
    let stat = stat(process)?;
    let mut words = stat.split_ascii_whitespace();
    words.next().filter(|state| *state != "Z")?;
    words.nth(18)?.parse().ok()
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}
