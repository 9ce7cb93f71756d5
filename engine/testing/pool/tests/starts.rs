//! How workers start, or do not.

use super::{Told, fake, plan};
use crate::pool::{Interrupt, Pool, ProjectWorkers, RunOptions};
use std::cell::Cell;
use std::process::Command;

fn shown(project: ProjectWorkers) -> String {
    let mut pool = Pool::new(vec![project], 1);
    let ready = pool.load(&|| Interrupt::None, &mut || {}).unwrap().remove(0);
    match ready {
        Ok(ready) => format!("{} tests, {} errors: {}", ready.tests.len(), ready.error_count, ready.errors),
        Err(error) => format!("{error}\n{}", error.last_lines.join("\n")),
    }
}

#[test]
fn a_worker_may_be_slow_and_must_not_be_wrong() {
    let names = ["pass".to_owned()];
    insta::assert_snapshot!(shown(fake::project("p0", &names, "slow")), @"1 tests, 0 errors:");
    insta::assert_snapshot!(shown(fake::project("p0", &names, "wrong")), @"0 tests, 1 errors: error: no");
    insta::assert_snapshot!(shown(fake::project("p0", &names, "broken")), @"
    a worker for the tests of `p0` did not get ready: it ended with exit code 7
    nothing works today
    ");
    insta::assert_snapshot!(shown(fake::project("p0", &names, "banner")), @"a worker for the tests of `p0` did not get ready: it wrote something that is no reply: `Welcome to ·[1mfake·[0m!`");
    let absent = || Command::new("/there/is/no/such/program");
    let absent = ProjectWorkers { project: "p0".to_owned(), command: Box::new(absent) };
    insta::assert_snapshot!(shown(absent), @"a worker for the tests of `p0` cannot be started: `/there/is/no/such/program`: No such file or directory (os error 2)");
}

#[test]
fn projects_are_loaded_beside_one_that_is_wrong() {
    let names = ["pass".to_owned()];
    let projects = [("p0", "ready"), ("p1", "broken"), ("p2", "slow"), ("p3", "ready")];
    let projects = projects.map(|(name, how)| fake::project(name, &names, how));
    let mut pool = Pool::new(projects.into(), 2);
    let loaded = pool.load(&|| Interrupt::None, &mut || {}).unwrap();
    assert_eq!(loaded.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true]);
    // A list with tests of a project that is not there: they are told as not run.
    let plan = plan(&[(0, "pass".to_owned()), (1, "pass".to_owned()), (3, "pass".to_owned())]);
    let mut told = Told::default();
    let result = pool.run(&plan, &RunOptions::default(), &|| Interrupt::None, &mut told);
    assert_eq!((result.counts.passed, result.counts.not_run), (2, 1));
}

#[test]
fn workers_that_leave_again_and_again() {
    let names = ["pass".to_owned()];
    let mut pool = Pool::new(vec![fake::project("p0", &names, "leaves")], 1);
    pool.load(&|| Interrupt::None, &mut || {}).unwrap()[0].as_ref().unwrap();
    let result =
        pool.run(&plan(&[(0, "pass".to_owned())]), &RunOptions::default(), &|| Interrupt::None, &mut Told::default());
    // Whether it went with its test or before shows only in who is to blame.
    assert!(result.counts.not_run == 1 && result.errors.len() == 1 || result.counts.crashed == 1, "{result:?}");
}

#[test]
fn a_project_that_breaks_in_the_middle() {
    let names = ["crash".to_owned(), "pass".to_owned()];
    let mut starts = 0;
    let (mut good, mut bad) = (fake::project("p0", &names, "ready"), fake::project("p0", &names, "broken"));
    let command = move || {
        starts += 1;
        if starts == 1 { (good.command)() } else { (bad.command)() }
    };
    let mut pool = Pool::new(vec![ProjectWorkers { project: "p0".to_owned(), command: Box::new(command) }], 1);
    pool.load(&|| Interrupt::None, &mut || {}).unwrap();
    let mut told = Told::default();
    let plan = plan(&names.map(|name| (0, name)));
    let result = pool.run(&plan, &RunOptions::default(), &|| Interrupt::None, &mut told);
    insta::assert_snapshot!(told.0, @"
    2 of 0 tests, 1 at once
      started  p0 crash #1 try 1
      ended    crash: crashed
        the test's process crashed: it was ended by signal 6 (SIGABRT)
        its last lines on standard error:
          about to crash in crash
      ended    pass: not run
    Finished: 0 passed, 0 flaky, 1 failed (0 timed out, 1 crashed), 1 not run, 0 slow
    ");
    assert_eq!(result.errors[0].last_lines, ["nothing works today"]);
}

#[test]
fn loading_can_be_interrupted() {
    let names = ["pass".to_owned()];
    let mut pool = Pool::new(vec![fake::project("p0", &names, "slow"), fake::project("p1", &names, "slow")], 1);
    let asked = Cell::new(0);
    let interrupt = || match asked.replace(asked.get() + 1) {
        0 => Interrupt::None,
        _ => Interrupt::Graceful,
    };
    assert!(pool.load(&interrupt, &mut || {}).is_none());
    assert!(pool.workers.is_empty());
}
