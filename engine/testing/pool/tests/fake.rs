//! A worker that does what its tests are called. It is this very program, started again.

use crate::pool::{ProjectWorkers, end_with_parent};
use crate::protocol::{Done, Order, Ready, Reply, Request, Settings};
use std::fs::File;
use std::io::{BufRead as _, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};
use thinking_event::testing::{Coverage, Outcome, TestFailure, TestInfo, Try};

/// Workers of a project with these tests. `how`: `ready`, or how they get ready instead.
pub fn project(name: &str, tests: &[String], how: &str) -> ProjectWorkers {
    let program = std::env::current_exe().unwrap();
    let (project, tests, how) = (name.to_owned(), tests.join("\n"), how.to_owned());
    let command = move || {
        // What the test harness writes goes elsewhere, as what tests write does in a real worker.
        let script = r#"exec 3>&1 1>/dev/null; exec "$0" --exact pool::tests::fake::worker --nocapture"#;
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&program);
        command.env("FAKE_TESTS", &tests).env("FAKE_PROJECT", &project).env("FAKE_START", &how);
        command
    };
    ProjectWorkers { project: name.to_owned(), command: Box::new(command) }
}

/// What the worker says of a test before.
pub fn info(project: &str, name: &str) -> TestInfo {
    let timeout = name.starts_with("hang").then_some(50);
    TestInfo { project: project.to_owned(), name: name.to_owned(), timeout, ..TestInfo::default() }
}

#[test]
fn worker() {
    let (Ok(tests), Ok(project)) = (std::env::var("FAKE_TESTS"), std::env::var("FAKE_PROJECT")) else { return };
    end_with_parent().unwrap();
    let mut replies = File::options().write(true).open("/dev/fd/3").unwrap();
    let how = std::env::var("FAKE_START").unwrap();
    let mut ready = Ready {
        tests: tests.lines().map(|name| info(&project, name)).collect(),
        settings: Settings { slow: Some(60_000), ..Settings::default() },
        ..Ready::default()
    };
    ready.coverage.lines.entry("lines.rhai".to_owned()).or_default().extend([(1, 0), (2, 0)]);
    match how.as_str() {
        "broken" => {
            eprintln!("nothing works today");
            std::process::exit(7);
        }
        "banner" => writeln!(replies, "Welcome to \u{1b}[1mfake\u{1b}[0m!").unwrap(),
        "slow" => std::thread::sleep(Duration::from_millis(300)),
        "wrong" => (ready.tests, ready.errors, ready.error_count) = (Vec::new(), "error: no".to_owned(), 1),
        _ => {}
    }
    say(&mut replies, &Reply::Ready(Box::new(ready)));
    if how == "leaves" {
        eprintln!("that was all");
        std::process::exit(0);
    }
    for line in std::io::stdin().lock().lines() {
        let Request::Run(order) = serde_json::from_str(&line.unwrap()).unwrap();
        let result = run(&order, &mut replies);
        let mut coverage = Coverage::default();
        if order.coverage {
            coverage.lines.entry("lines.rhai".to_owned()).or_default().insert(1, 1);
        }
        say(&mut replies, &done(&order, result, coverage));
    }
}

fn done(order: &Order, result: Try, coverage: Coverage) -> Reply {
    Reply::Done(Box::new(Done { test: order.test.clone(), repetition: order.repetition, result, coverage }))
}

fn say(replies: &mut File, reply: &Reply) {
    let mut line = serde_json::to_vec(reply).unwrap();
    line.push(b'\n');
    replies.write_all(&line).unwrap();
}

fn run(order: &Order, replies: &mut File) -> Try {
    let failed = |message: &str| TestFailure { message: message.to_owned(), ..TestFailure::default() };
    let mut done = Try {
        number: order.attempt,
        at: 0,
        took: 0,
        outcome: Outcome::Passed,
        phases: Vec::new(),
        failures: Vec::new(),
        leaks: Vec::new(),
        properties: vec![("process".to_owned(), std::process::id().to_string())],
    };
    let began = Instant::now();
    let verb = order.test.split([' ', '-']).next().unwrap_or_default();
    match verb {
        "fail" => (done.outcome, done.failures) = (Outcome::Failed, vec![failed("no")]),
        "flaky" if order.attempt < 3 => (done.outcome, done.failures) = (Outcome::Failed, vec![failed("not yet")]),
        "crash" => {
            eprintln!("about to crash in {}", order.test);
            std::process::abort();
        }
        "leave" => std::process::exit(3),
        "hang" | "wait" => {
            // A process in the worker's group that would outlive it.
            let mut child = Command::new("sleep").arg("600").spawn().unwrap();
            if let Ok(file) = std::env::var("FAKE_NOTE") {
                std::fs::write(file, format!("{} {}.", std::process::id(), child.id())).unwrap();
            }
            child.wait().unwrap();
        }
        "garbage" => writeln!(replies, "Segmentation fault (core dumped)").unwrap(),
        "half" => {
            write!(replies, r#"{{"done":{{"res"#).unwrap();
            std::process::exit(0);
        }
        "twice" => say(replies, &self::done(order, done.clone(), Coverage::default())),
        "slow" => done.took = 61_000_000,
        "rest" => {
            let millis = order.test.split('-').nth(1).and_then(|number| number.parse().ok()).unwrap_or(150);
            std::thread::sleep(Duration::from_millis(millis));
        }
        _ => {}
    }
    done.took = done.took.max(u64::try_from(began.elapsed().as_micros()).unwrap());
    done
}
