//! What is lazy, scoped, shared by threads, or stuck.

use super::world::{World, scope};
use crate::lifecycle::Outcome;
use crate::live::ScopeKey;
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

const HOOKS: &str = "operations=init,startup,shutdown,exit";

#[test]
fn lazy_ones_start_at_their_first_use_after_what_they_need() {
    let world = World::new(&format!(
        "component a {HOOKS}\ncomponent b {HOOKS} needs=a\ncomponent c {HOOKS}\n\
         bind a a lazy\nbind b b lazy\nbind c c\nask b\nask c\n"
    ));
    world.start().unwrap();
    assert_eq!(world.seen.log(), ["create c", "init c", "startup c"]);
    let first = world.get("b", &ScopeKey::default()).unwrap();
    assert_eq!(world.get("b", &scope("s", "i", "t")).unwrap(), first, "one for the whole run");
    assert_eq!(world.seen.log(), ["create a", "init a", "startup a", "create b", "init b", "startup b"]);
    assert!(world.stop(Outcome::Done).is_empty());
    // The start order of the wiring, backwards: `c` was declared last.
    let log = world.seen.log();
    assert_eq!(log, ["shutdown c", "shutdown b", "shutdown a", "exit c", "exit b", "exit a"]);
}

#[test]
fn a_lazy_one_that_an_eager_one_needs_starts_with_it() {
    let world = World::new(&format!("component a {HOOKS}\ncomponent b {HOOKS} needs=a\nbind a a lazy\nask b\n"));
    world.start().unwrap();
    assert_eq!(world.seen.log(), ["create a", "create b", "init a", "init b", "startup a", "startup b"]);
}

#[test]
fn a_lazy_one_that_nobody_uses_never_lives() {
    let world = World::new(&format!("component a {HOOKS}\nbind a a lazy\nask a\n"));
    world.start().unwrap();
    assert!(world.stop(Outcome::Done).is_empty());
    assert!(world.seen.log().is_empty());
}

#[test]
fn a_first_use_that_fails_is_tried_anew() {
    let world = World::new(&format!("component a {HOOKS},post_startup\nbind a a lazy\nask a\n"));
    world.start().unwrap();
    let get = || world.get("a", &ScopeKey::default());
    world.seen.let_fail("create a");
    assert_eq!(get().unwrap_err().message, "`a` cannot be created: no luck");
    assert_eq!(get().unwrap_err().message, "`a` cannot be created: no luck");
    world.seen.let_go_well("create a");
    world.seen.let_fail("startup a");
    assert_eq!(get().unwrap_err().message, "`a` failed in `startup`: no luck");
    world.seen.let_go_well("startup a");
    world.seen.log();
    // After `startup` it is stopped again, and what fails then is not lost.
    world.seen.let_fail("post_startup a");
    world.seen.let_fail("exit a");
    let error = get().unwrap_err();
    assert_eq!(error.message, "`a` failed in `post-startup`: no luck");
    assert_eq!(error.details, ["`a` failed in `exit`: no luck"]);
    assert_eq!(world.seen.log(), ["create a", "init a", "startup a", "post_startup a !", "shutdown a", "exit a !"]);
    world.seen.let_go_well("post_startup a");
    world.seen.let_go_well("exit a");
    get().unwrap();
    assert!(world.stop(Outcome::Done).is_empty());
    assert_eq!(world.seen.log()[3..], ["post_startup a", "shutdown a", "exit a"]);
}

#[test]
fn first_uses_at_once_create_once() {
    let world =
        World::new(&format!("component a {HOOKS}\ncomponent b {HOOKS} needs=a\nbind a a lazy\nbind b b lazy\nask b\n"));
    world.start().unwrap();
    let together = Barrier::new(8);
    std::thread::scope(|threads| {
        for at in 0..8 {
            let (world, together) = (&world, &together);
            threads.spawn(move || {
                together.wait();
                world.get(if at % 2 == 0 { "a" } else { "b" }, &ScopeKey::default()).unwrap();
            });
        }
    });
    let created = world.seen.log().iter().filter(|line| line.starts_with("create")).count();
    assert_eq!(created, 2);
}

#[test]
fn each_scope_has_its_own_and_ends_with_it() {
    let world = World::new(&format!(
        "component run {HOOKS}\ncomponent stage {HOOKS} needs=run\ncomponent item {HOOKS} needs=stage\n\
         component step {HOOKS} needs=item,run\nbind stage stage scope=stage\nbind item item scope=item\n\
         bind step step scope=step\nask step\n"
    ));
    world.start().unwrap();
    assert_eq!(world.seen.log(), ["create run", "init run", "startup run"]);
    let first = world.get("step", &scope("fit", "epoch[1]", "train#1")).unwrap();
    assert_eq!(world.get("step", &scope("fit", "epoch[1]", "train#1")).unwrap(), first);
    assert_ne!(world.get("step", &scope("fit", "epoch[1]", "train#2")).unwrap(), first);
    let item = world.get("item", &scope("fit", "epoch[1]", "score#1")).unwrap();
    assert_ne!(world.get("item", &scope("fit", "epoch[2]", "score#1")).unwrap(), item);
    let created = |log: Vec<String>| log.into_iter().filter(|line| line.starts_with("create")).collect::<Vec<_>>();
    assert_eq!(created(world.seen.log()), ["create stage", "create item", "create step", "create step", "create item"]);
    let leave = |ended: &str| {
        let failures = world.container.leave(&world.env, Outcome::Done, |scope| &*scope.key != ended);
        assert!(failures.is_empty());
        world.seen.log()
    };
    assert_eq!(leave("nothing"), [""; 0]);
    assert_eq!(leave("train#1"), ["shutdown step", "exit step"]);
    assert_eq!(leave("train#1"), [""; 0]);
    // What was given the iteration's ends with it.
    assert_eq!(leave("epoch[1]"), ["shutdown step", "shutdown item", "exit step", "exit item"]);
    assert_eq!(leave("fit"), ["shutdown item", "shutdown stage", "exit item", "exit stage"]);
    // Another stage begins.
    world.get("step", &scope("publish", "-", "export#1")).unwrap();
    assert_eq!(created(world.seen.log()), ["create stage", "create item", "create step"]);
    assert!(world.stop(Outcome::Done).is_empty());
    assert_eq!(
        world.seen.log(),
        [
            "shutdown step",
            "shutdown item",
            "shutdown stage",
            "shutdown run",
            "exit step",
            "exit item",
            "exit stage",
            "exit run"
        ]
    );
}

#[test]
fn what_is_gathered_runs_at_once() {
    let world = World::new(
        "component a operations=warm_up,cool_down\ncomponent b operations=warm_up,cool_down needs=a\n\
         target warm-up after=startup direction=gather\ntarget cool-down after=shutdown direction=gather\nask b\n",
    );
    // Neither gets on before the other is there.
    let together = Arc::new(Barrier::new(2));
    for what in ["warm_up a", "warm_up b", "cool_down a", "cool_down b"] {
        let together = Arc::clone(&together);
        world.seen.let_be(what, move || {
            together.wait();
            Ok(())
        });
    }
    world.start().unwrap();
    assert!(world.stop(Outcome::Done).is_empty());
    assert_eq!(world.seen.log().len(), 6);
}

#[test]
fn all_failures_of_what_is_gathered_are_told() {
    let world = World::new(
        "component a operations=warm_up,shutdown\ncomponent b operations=warm_up needs=a\n\
         component c operations=warm_up needs=a\ntarget warm-up after=startup direction=gather\nask b\nask c\n",
    );
    world.seen.let_fail("warm_up a");
    world.seen.let_be("warm_up c", || panic!("{}", String::from("no luck at all")));
    let failure = world.start().unwrap_err();
    assert_eq!(failure.failure.to_string(), "`a` failed in `warm-up`: no luck");
    let also: Vec<String> = failure.also.iter().map(ToString::to_string).collect();
    assert_eq!(also, ["`c` failed in `warm-up`: it panicked: no luck at all"]);
    assert_eq!(world.seen.log().last().unwrap(), "shutdown a");
}

/// Something that is stuck until the test ends.
#[derive(Default)]
struct Stuck(Mutex<bool>, Condvar);

impl Stuck {
    fn wait(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |free| !*free).unwrap());
    }
    fn free(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
}

#[test]
fn who_overruns_the_grace_is_left_behind_and_the_others_stop() {
    let text = format!("component a {HOOKS}\ncomponent b {HOOKS} needs=a\non exit rhai\nask b\n");
    let world = World::with_grace(&text, Duration::from_millis(30));
    let stuck = Arc::new(Stuck::default());
    let held = Arc::clone(&stuck);
    world.seen.let_be("shutdown b", move || {
        held.wait();
        Ok(())
    });
    let held = Arc::clone(&stuck);
    world.seen.let_be("on#0", move || {
        held.wait();
        Ok(())
    });
    world.start().unwrap();
    world.seen.log();
    let failures = world.stop(Outcome::Interrupted);
    assert_eq!(
        failures,
        ["`b` failed in `shutdown`: did not stop within 30ms", "on \"exit\" failed: did not stop within 30ms"]
    );
    // Nothing more is asked of the one that is stuck.
    assert_eq!(world.seen.log(), ["shutdown a", "exit a"]);
    stuck.free();
}

#[test]
fn nothing_is_there_before_the_start_or_after_the_stop() {
    let world = World::new(&format!("component a {HOOKS}\nbind a a lazy\nask a\n"));
    let get = || world.get("a", &ScopeKey::default()).unwrap_err().message;
    assert_eq!(get(), "`a` cannot be created: nothing has started yet");
    world.start().unwrap();
    assert_eq!(world.get("b", &ScopeKey::default()).unwrap_err().message, "there is no binding `b` here");
    world.stop(Outcome::Done);
    assert_eq!(get(), "the run is stopping");
    assert_eq!(world.start().unwrap_err().failure.error.message, "the run was started before");
}

#[test]
fn nothing_happens_where_nothing_was_started() {
    let world = World::new(&format!("component a {HOOKS}\non exit rhai\nask a\n"));
    assert!(world.stop(Outcome::Failed).is_empty());
    assert!(world.seen.log().is_empty());
    assert!(world.start().is_err());
}

/// A hook may use other components, also ones that it brings to life; itself it cannot have before it is there.
#[test]
fn a_hook_may_use_others_but_not_itself() {
    let world =
        World::new(&format!("component a {HOOKS}\ncomponent b {HOOKS}\nbind a a lazy\nbind b b\nask a\nask b\n"));
    let (container, env) = (Arc::downgrade(&world.container), Arc::clone(&world.env));
    let uses = move |binding: &'static str| {
        let (container, env) = (container.clone(), Arc::clone(&env));
        move || container.upgrade().unwrap().get(&env, binding, &ScopeKey::default()).map(drop)
    };
    world.seen.let_be("init b", uses("a"));
    world.start().unwrap();
    let log = world.seen.log();
    assert_eq!(
        log,
        ["create b", "create a", "init a", "startup a", "init b", "startup b"],
        "late ones start by themselves"
    );
    assert!(world.stop(Outcome::Done).is_empty());

    let world = World::new(&format!("component a {HOOKS}\nbind a a lazy\nask a\n"));
    let (container, env) = (Arc::downgrade(&world.container), Arc::clone(&world.env));
    world.seen.let_be("startup a", move || container.upgrade().unwrap().get(&env, "a", &ScopeKey::default()).map(drop));
    world.start().unwrap();
    let message = world.get("a", &ScopeKey::default()).unwrap_err().message;
    assert_eq!(message, "`a` failed in `startup`: `a` cannot be created: it needs itself while it starts");
}

/// One that comes to life while everything stops is stopped as well, and its user is told.
#[test]
fn who_comes_too_late_is_stopped() {
    let world = World::new(&format!(
        "component a {HOOKS}\ncomponent b {HOOKS} needs=a\ncomponent c\nbind b b lazy\nbind c c scope=step\nask b\nask c\n"
    ));
    world.start().unwrap();
    world.seen.log();
    let (entered, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (here, there) = (Arc::clone(&entered), Arc::clone(&go_on));
    world.seen.let_be("startup b", move || {
        here.wait();
        there.wait();
        Ok(())
    });
    let message = std::thread::scope(|threads| {
        let late = threads.spawn(|| world.get("b", &ScopeKey::default()).unwrap_err().message);
        entered.wait();
        let stopping = threads.spawn(|| world.stop(Outcome::Done));
        // The stop has begun once nothing new is created.
        for attempt in 0.. {
            if world.get("c", &scope("-", "-", &attempt.to_string())).is_err() {
                break;
            }
            std::thread::yield_now();
        }
        go_on.wait();
        assert!(stopping.join().unwrap().is_empty());
        late.join().unwrap()
    });
    assert_eq!(message, "the run is stopping");
    let log: Vec<String> = world.seen.log().into_iter().filter(|line| line != "create c").collect();
    assert_eq!(log, ["create b", "init b", "startup b", "shutdown b", "exit b", "shutdown a", "exit a"]);
}
