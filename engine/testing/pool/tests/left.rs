//! No process is left.

use super::{Told, fake, plan};
use crate::pool::{Interrupt, Pool, ProjectWorkers, RunOptions};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use thinking_event::testing::{Outcome, TestRunEnd};

/// A project whose test writes down its processes and then waits for ever.
fn waiting(note: &Path) -> ProjectWorkers {
    let ProjectWorkers { project, mut command } = fake::project("p0", &["wait".to_owned(), "pass".to_owned()], "ready");
    let note = note.to_owned();
    let command = move || {
        let mut command = command();
        command.env("FAKE_NOTE", &note);
        command
    };
    ProjectWorkers { project, command: Box::new(command) }
}

/// The worker's process and the one that it started.
fn noted(note: &Path) -> Option<[u32; 2]> {
    let text = std::fs::read_to_string(note).ok()?;
    let (worker, child) = text.strip_suffix('.')?.split_once(' ')?;
    Some([worker.parse().ok()?, child.parse().ok()?])
}

fn run(note: &Path, interrupt: &dyn Fn() -> Interrupt) -> crate::pool::TestRunResult {
    let mut pool = Pool::new(vec![waiting(note)], 1);
    pool.load(&|| Interrupt::None, &mut || {}).unwrap();
    let plan = plan(&["wait", "pass"].map(|name| (0, name.to_owned())));
    pool.run(&plan, &RunOptions::default(), interrupt, &mut Told::default())
}

fn assert_gone(process: u32) {
    let alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    let until = Instant::now() + Duration::from_secs(10);
    while alive() {
        assert!(Instant::now() < until, "{process} still runs");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn asked_twice_running_tests_are_killed() {
    let directory = tempfile::tempdir().unwrap();
    let note = directory.path().join("note");
    let result = run(&note, &|| if noted(&note).is_some() { Interrupt::Now } else { Interrupt::None });
    assert!(result.records.iter().all(|record| record.outcome == Outcome::NotRun && record.tries.is_empty()));
    assert_eq!(result.end, TestRunEnd::Interrupted);
    noted(&note).unwrap().into_iter().for_each(assert_gone);
}

#[test]
fn a_reporter_that_panics_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let note = directory.path().join("note");
    let run = || run(&note, &|| if noted(&note).is_some() { panic!("as a test wants it") } else { Interrupt::None });
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
    noted(&note).unwrap().into_iter().for_each(assert_gone);
}

/// What `the_scheduler_is_killed` starts.
#[test]
fn scheduler() {
    if let Some(note) = std::env::var_os("FAKE_SCHEDULER") {
        run(note.as_ref(), &|| Interrupt::None);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_scheduler_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let note = directory.path().join("note");
    let mut scheduler = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pool::tests::left::scheduler"])
        .env("FAKE_SCHEDULER", &note)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while noted(&note).is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    scheduler.kill().unwrap();
    scheduler.wait().unwrap();
    let [worker, child] = noted(&note).unwrap();
    assert_gone(worker);
    // What a worker starts is its own to take along; this one does not.
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_raw(child as i32).unwrap(),
        rustix::process::Signal::KILL,
    );
}
