//! How tests and runs of tests end.

use super::{Told, fake, plan, run};
use crate::pool::{Interrupt, Pool, RunOptions};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;
use thinking_event::testing::TestRunEnd;

fn options() -> RunOptions {
    RunOptions { grace: Duration::from_millis(50), ..RunOptions::default() }
}

#[test]
fn every_way_to_end() {
    let tests =
        ["pass", "fail", "crash", "pass 2", "leave", "hang", "garbage", "half", "twice", "pass 3", "slow", "pass 4"];
    let (result, told) = run(&tests, &options());
    insta::assert_snapshot!(told, @"
    12 of 12 tests, 1 at once
      started  p0 pass #1 try 1
      ended    pass: passed
      started  p0 fail #1 try 1
      ended    fail: failed
        no
      started  p0 crash #1 try 1
      ended    crash: crashed
        the test's process crashed: it was ended by signal 6 (SIGABRT)
        its last lines on standard error:
          about to crash in crash
      started  p0 pass 2 #1 try 1
      ended    pass 2: passed
      started  p0 leave #1 try 1
      ended    leave: crashed
        the test's process crashed: it ended with exit code 3
      started  p0 hang #1 try 1
      ended    hang: timed out
        it took longer than 50 ms and did not stop when it was told to: its process was killed
      started  p0 garbage #1 try 1
      ended    garbage: crashed
        the test's process was killed: it wrote something that is no reply: `Segmentation fault (core dumped)`
      started  p0 half #1 try 1
      ended    half: crashed
        the test's process crashed: it ended with exit code 0
      started  p0 twice #1 try 1
      ended    twice: passed
      started  p0 pass 3 #1 try 1
      ended    pass 3: crashed
        the test's process was killed: it gave a reply that nobody asked for
      started  p0 slow #1 try 1
      ended    slow: passed, slow
      started  p0 pass 4 #1 try 1
      ended    pass 4: passed
    Finished: 5 passed, 0 flaky, 7 failed (1 timed out, 5 crashed), 0 not run, 1 slow
    ");
    assert!(result.errors.is_empty());
}

#[test]
fn failed_tests_are_tried_again() {
    let (result, told) = run(&["flaky", "fail", "crash", "pass"], &RunOptions { retries: Some(2), ..options() });
    insta::assert_snapshot!(told, @"
    4 of 4 tests, 1 at once
      started  p0 flaky #1 try 1
      again    flaky: failed
      started  p0 flaky #1 try 2
      again    flaky: failed
      started  p0 flaky #1 try 3
      ended    flaky: flaky
      started  p0 fail #1 try 1
      again    fail: failed
      started  p0 fail #1 try 2
      again    fail: failed
      started  p0 fail #1 try 3
      ended    fail: failed
        no
      started  p0 crash #1 try 1
      again    crash: crashed
      started  p0 crash #1 try 2
      again    crash: crashed
      started  p0 crash #1 try 3
      ended    crash: crashed
        the test's process crashed: it was ended by signal 6 (SIGABRT)
        its last lines on standard error:
          about to crash in crash
      started  p0 pass #1 try 1
      ended    pass: passed
    Finished: 1 passed, 1 flaky, 2 failed (0 timed out, 1 crashed), 0 not run, 0 slow
    ");
    let tries: Vec<usize> = result.records.iter().map(|record| record.tries.len()).collect();
    assert_eq!(tries, [3, 3, 3, 1]);
    assert_eq!(result.records[0].tries.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn nothing_starts_after_a_failure() {
    let fail_fast = RunOptions { fail_fast: true, retries: Some(1), ..options() };
    let (result, told) = run(&["pass", "fail", "pass 2", "pass 3"], &fail_fast);
    insta::assert_snapshot!(told, @"
    4 of 4 tests, 1 at once
      started  p0 pass #1 try 1
      ended    pass: passed
      started  p0 fail #1 try 1
      again    fail: failed
      started  p0 fail #1 try 2
      ended    fail: failed
        no
      ended    pass 2: not run
      ended    pass 3: not run
    Stopped: 1 passed, 0 flaky, 1 failed (0 timed out, 0 crashed), 2 not run, 0 slow
    ");
    assert_eq!(result.end, TestRunEnd::Stopped);
}

#[test]
fn coverage_is_summed() {
    let (result, _) = run(&["pass", "pass 2", "fail"], &RunOptions { coverage: true, ..options() });
    let lines = &result.coverage.lines["lines.rhai"];
    assert_eq!(lines.iter().map(|(line, hits)| (*line, *hits)).collect::<Vec<_>>(), [(1, 3), (2, 0)]);
    let (result, _) = run(&["pass"], &options());
    assert!(result.coverage.lines.is_empty());
}

#[test]
fn many_tests_of_several_projects() {
    let names: Vec<Vec<String>> =
        (0..3).map(|project| (0..400).map(|number| format!("pass {project}.{number}")).collect()).collect();
    let projects = names.iter().enumerate().map(|(number, names)| fake::project(&format!("p{number}"), names, "ready"));
    let mut pool = Pool::new(projects.collect(), 2);
    pool.load(&|| Interrupt::None, &mut || {}).unwrap();
    let tests: Vec<(usize, String)> = (0..400)
        .flat_map(|at| names.iter().enumerate().map(move |(project, names)| (project, names[at].clone())))
        .collect();
    let plan = plan(&tests);
    let result = pool.run(&plan, &options(), &|| Interrupt::None, &mut Told::default());
    assert_eq!((result.counts.passed, result.records.len()), (1200, 1200));
    assert!(result.records.iter().zip(&plan).all(|(record, planned)| record.test == planned.test));
}

#[test]
fn as_many_workers_as_are_useful() {
    let workers = |names: &[&str], jobs, how| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut pool = Pool::new(vec![fake::project("p0", &names, how)], jobs);
        pool.load(&|| Interrupt::None, &mut || {}).unwrap();
        let plan = plan(&names.into_iter().map(|name| (0, name)).collect::<Vec<_>>());
        let result = pool.run(&plan, &options(), &|| Interrupt::None, &mut Told::default());
        let processes: BTreeSet<String> =
            result.records.iter().map(|record| record.tries[0].properties[0].1.clone()).collect();
        processes.len()
    };
    // A second one would be ready only when all is over.
    assert_eq!(workers(&["pass", "pass 2", "pass 3"], 4, "slow"), 1);
    // Tests of unknown length turn out to be long.
    assert_eq!(workers(&["rest", "rest 2", "rest 3", "rest 4", "rest 5", "rest 6", "rest 7", "rest 8"], 2, "ready"), 2);
}

#[test]
fn asked_once_running_tests_end_and_no_other_starts() {
    let names = ["rest".to_owned(), "pass".to_owned()];
    let mut pool = Pool::new(vec![fake::project("p0", &names, "ready")], 1);
    pool.load(&|| Interrupt::None, &mut || {}).unwrap();
    let asked = Cell::new(0);
    // The first question comes before the first test.
    let interrupt = || match asked.replace(asked.get() + 1) {
        0 => Interrupt::None,
        _ => Interrupt::Graceful,
    };
    let mut told = Told::default();
    let plan = plan(&names.map(|name| (0, name)));
    let result = pool.run(&plan, &options(), &interrupt, &mut told);
    insta::assert_snapshot!(told.0, @"
    2 of 0 tests, 1 at once
      started  p0 rest #1 try 1
    stopping, 1 run
      ended    rest: passed
      ended    pass: not run
    Interrupted: 1 passed, 0 flaky, 0 failed (0 timed out, 0 crashed), 1 not run, 0 slow
    ");
    assert_eq!(result.end, TestRunEnd::Interrupted);
}

#[test]
fn a_project_that_nobody_knows() {
    let names = ["pass".to_owned()];
    let mut pool = Pool::new(vec![fake::project("p0", &names, "ready")], 1);
    pool.load(&|| Interrupt::None, &mut || {}).unwrap();
    let result = pool.run(
        &plan(&[(0, "pass".to_owned()), (1, "pass".to_owned())]),
        &options(),
        &|| Interrupt::None,
        &mut Told::default(),
    );
    assert_eq!((result.counts.passed, result.counts.not_run), (1, 1));
}
