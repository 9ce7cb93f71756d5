//! Failures at every position of the start and the stop, against a model.

use super::world::World;
use crate::lifecycle::Outcome;

const UNITS: [&str; 3] = ["a", "b", "c"];
const START: [&str; 5] = ["init", "pre_startup", "startup", "post_startup", "warm_up"];
const STOP: [&str; 5] = ["cool_down", "pre_shutdown", "shutdown", "post_shutdown", "exit"];

/// `c` depends on `b`, and that on `a`; each takes part in everything, and so does the project at both ends.
fn text() -> String {
    let start = START.join(",");
    let stop: Vec<String> = STOP.iter().map(|name| format!("{name}:outcome")).collect();
    let operations = format!("operations={start},{}", stop.join(","));
    format!(
        "component a {operations}\ncomponent b {operations} needs=a\ncomponent c {operations} needs=b\n\
         target warm-up after=post-startup\ntarget cool-down before=pre-shutdown\n\
         on init rhai\non startup rhai\non exit rhai\nask c\n"
    )
}

/// What is logged when one thing fails, and whether the run starts.
fn model(failing: &str, outcome: &str) -> (Vec<String>, bool) {
    let mut log = Vec::new();
    let mut started: Vec<&str> = Vec::new();
    let mut begun = false;
    let does = |log: &mut Vec<String>, what: &str, more: &str| {
        let fails = what == failing;
        log.push(format!("{what}{more}{}", if fails { " !" } else { "" }));
        !fails
    };
    let runs = 'start: {
        for unit in UNITS {
            if !does(&mut log, &format!("create {unit}"), "") {
                break 'start false;
            }
        }
        for target in START {
            begun = true;
            for unit in UNITS {
                if !does(&mut log, &format!("{target} {unit}"), "") {
                    break 'start false;
                }
                if target == "startup" {
                    started.push(unit);
                }
            }
            let on = [("init", "on#0"), ("startup", "on#1")].into_iter().find(|(name, _)| *name == target);
            if let Some((_, on)) = on
                && !does(&mut log, on, "")
            {
                break 'start false;
            }
        }
        true
    };
    let outcome = if runs { outcome } else { "failed" };
    let more = format!(" ({outcome})");
    for target in STOP {
        if target == "exit" && begun {
            does(&mut log, "on#2", &more);
        }
        for unit in started.iter().rev() {
            does(&mut log, &format!("{target} {unit}"), &more);
        }
    }
    (log, runs)
}

fn positions() -> Vec<String> {
    let mut all: Vec<String> = UNITS.iter().map(|unit| format!("create {unit}")).collect();
    for target in START.iter().chain(&STOP) {
        all.extend(UNITS.iter().map(|unit| format!("{target} {unit}")));
    }
    all.extend(["on#0", "on#1", "on#2"].map(str::to_owned));
    all
}

fn check(failing: &str, panics: bool) {
    let world = World::new(&text());
    let what = failing;
    if panics {
        world.seen.let_be(what, || panic!("no luck"));
    } else {
        world.seen.let_fail(what);
    }
    let (expected, runs) = model(failing, "done");
    let started = world.start();
    assert_eq!(started.is_ok(), runs, "{failing}");
    let stopped = world.stop(Outcome::Done);
    assert_eq!(world.seen.log(), expected, "{failing}");
    let failures: Vec<String> = match &started {
        Ok(()) => stopped,
        Err(failure) => {
            assert!(stopped.is_empty(), "it was stopped already");
            assert!(failure.stopping.is_empty() && failure.also.is_empty());
            vec![failure.failure.to_string()]
        }
    };
    let reason = if panics { "it panicked: no luck" } else { "no luck" };
    let expected = match what.split_once(' ') {
        Some(("create", unit)) => format!("`{unit}` cannot be created: {reason}"),
        Some((operation, unit)) => format!("`{unit}` failed in `{}`: {reason}", operation.replace('_', "-")),
        None => {
            let target = if what == "on#0" {
                "init"
            } else if what == "on#1" {
                "startup"
            } else {
                "exit"
            };
            format!("on \"{target}\" failed: {reason}")
        }
    };
    assert_eq!(failures, [expected], "{failing}");
    let told = world.seen.told.lock().unwrap().iter().filter(|line| line.ends_with(" !")).count();
    assert_eq!(told, 1, "{failing}: the failure is told once");
}

#[test]
fn a_failure_at_every_position_stops_what_had_started() {
    for failing in positions() {
        check(&failing, false);
    }
}

#[test]
fn so_does_a_panic() {
    for failing in positions() {
        check(&failing, true);
    }
}

#[test]
fn without_failures_everything_happens_in_order() {
    for outcome in [Outcome::Done, Outcome::Failed, Outcome::Interrupted] {
        let world = World::new(&text());
        world.start().unwrap();
        assert!(world.stop(outcome).is_empty());
        let (expected, _) = model("", outcome.name());
        let log = world.seen.log();
        assert_eq!(log, expected);
        assert!(world.stop(outcome).is_empty() && world.seen.log().is_empty(), "a second stop does nothing");
        // Everything was told as well, under the targets' names.
        assert_eq!(world.seen.told.lock().unwrap().len(), log.len());
    }
}

#[test]
fn no_failure_hides_another() {
    let world = World::new(&text());
    world.start().unwrap();
    for what in ["shutdown b", "shutdown a", "exit c", "on#2"] {
        world.seen.let_fail(what);
    }
    let failures = world.stop(Outcome::Interrupted);
    assert_eq!(
        failures,
        [
            "`b` failed in `shutdown`: no luck",
            "`a` failed in `shutdown`: no luck",
            "on \"exit\" failed: no luck",
            "`c` failed in `exit`: no luck"
        ]
    );
}

#[test]
fn a_failing_start_tells_what_failed_on_the_way_back() {
    let world = World::new(&text());
    for what in ["post_startup b", "shutdown c", "exit a"] {
        world.seen.let_fail(what);
    }
    let failure = world.start().unwrap_err();
    assert_eq!(failure.failure.to_string(), "`b` failed in `post-startup`: no luck");
    let stopping: Vec<String> = failure.stopping.iter().map(ToString::to_string).collect();
    assert_eq!(stopping, ["`c` failed in `shutdown`: no luck", "`a` failed in `exit`: no luck"]);
}

#[test]
fn what_a_target_requires_is_missing() {
    let world = World::new(&text());
    world.seen.let_fail("reached startup");
    let failure = world.start().unwrap_err();
    assert_eq!(failure.failure.to_string(), "`target \"startup\"` failed in `startup`: no luck");
    assert!(!world.seen.log().iter().any(|line| line.starts_with("shutdown")));
}

#[test]
fn who_interrupts_the_start_stops_what_had_started() {
    let world = World::new(&text());
    let seen = std::sync::Arc::downgrade(&world.seen);
    world.seen.let_be("startup b", move || {
        seen.upgrade().unwrap().stopping.store(true, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    });
    let failure = world.start().unwrap_err();
    assert_eq!(failure.failure.who, "c");
    assert_eq!(failure.failure.error.kind, thinking_step::ErrorKind::Cancelled);
    let stopped: Vec<String> = world.seen.log().into_iter().filter(|line| line.starts_with("shutdown")).collect();
    assert_eq!(stopped, ["shutdown b (interrupted)", "shutdown a (interrupted)"]);
}
