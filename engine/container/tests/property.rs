//! Whatever the graph, the uses and the failures: every started component is stopped exactly once, dependants before what they depend on.

use super::world::{Event, World, scope};
use crate::lifecycle::Outcome;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

const HOOKS: [&str; 4] = ["init", "startup", "post_startup", "warm_up"];
const STOPS: [&str; 4] = ["pre_shutdown", "shutdown", "post_shutdown", "exit"];
const LIFETIMES: [&str; 4] = ["run", "stage", "item", "step"];

#[derive(Debug, Clone)]
struct Unit {
    /// How short it lives: a number in [`LIFETIMES`].
    lifetime: usize,
    lazy: bool,
    /// Which of the units before it it needs, where they live long enough.
    needs: Vec<bool>,
    /// Where it is declared.
    rank: u32,
}

#[derive(Debug, Clone)]
enum Act {
    Use(usize, [u8; 3]),
    /// Scopes of the kind (1 to 3) and number end.
    Leave(usize, u8),
}

fn units() -> impl Strategy<Value = Vec<Unit>> {
    let unit = (0..4_usize, any::<bool>(), proptest::collection::vec(any::<bool>(), 10), any::<u32>())
        .prop_map(|(lifetime, lazy, needs, rank)| Unit { lifetime, lazy, needs, rank });
    proptest::collection::vec(unit, 1..10)
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => (0..10_usize, [0..2_u8, 0..2_u8, 0..2_u8]).prop_map(|(unit, scope)| Act::Use(unit, scope)),
        1 => (1..4_usize, 0..2_u8).prop_map(|(kind, number)| Act::Leave(kind, number)),
    ];
    proptest::collection::vec(act, 0..20)
}

/// The units as a text, declared in the order of their ranks.
fn text(units: &[Unit]) -> String {
    let (mut text, mut binds) = (String::new(), Vec::new());
    let operations: Vec<&str> = HOOKS.iter().chain(&STOPS).copied().collect();
    for (at, unit) in units.iter().enumerate() {
        let before = units.iter().zip(&unit.needs).take(at).enumerate();
        let needs = before.filter(|(_, (other, needed))| **needed && other.lifetime <= unit.lifetime);
        let needs: Vec<String> = needs.map(|(other, _)| format!("u{other}")).collect();
        let needs = if needs.is_empty() { String::new() } else { format!(" needs={}", needs.join(",")) };
        let _ = writeln!(text, "component k{at} operations={}{needs}", operations.join(","));
        let lazy = if unit.lazy { " lazy" } else { "" };
        binds.push((unit.rank, format!("bind u{at} k{at} scope={}{lazy}\nask u{at}\n", LIFETIMES[unit.lifetime])));
    }
    binds.sort();
    text.extend(binds.into_iter().map(|(_, bind)| bind));
    text + "target warm-up after=post-startup direction=gather\n"
}

/// Checks what happened to every instance.
fn check(events: &[Event], births: &[(String, Vec<u64>)]) -> Result<(), TestCaseError> {
    let mut places: HashMap<(u64, &str), Vec<usize>> = HashMap::new();
    for (at, event) in events.iter().enumerate() {
        let (operation, _) = event.what.split_once(' ').unwrap();
        places.entry((event.instance, operation)).or_default().push(at);
    }
    let at = |instance: u64, operation: &'static str| places.get(&(instance, operation)).map_or(&[][..], Vec::as_slice);
    for (instance, (binding, given)) in births.iter().enumerate() {
        let instance = instance as u64;
        let startup = at(instance, "startup");
        prop_assert!(startup.len() <= 1, "{binding} started twice");
        let started = startup.iter().any(|place| events[*place].well);
        for stop in STOPS {
            let stops = at(instance, stop);
            prop_assert_eq!(stops.len(), usize::from(started), "{} of {}: {:?}", stop, binding, events);
            for hook in HOOKS {
                prop_assert!(at(instance, hook).iter().all(|hook| stops.iter().all(|stop| hook < stop)));
            }
        }
        for other in given {
            // What it needs was there before it, in every target that goes forward …
            for hook in &HOOKS[..3] {
                let (own, others) = (at(instance, hook), at(*other, hook));
                prop_assert!(own.is_empty() || others.iter().all(|place| *place < own[0]), "{binding} {hook}");
            }
            // … and is stopped after it, in every target that goes backward.
            for stop in STOPS {
                let (own, others) = (at(instance, stop), at(*other, stop));
                prop_assert!(own.is_empty() || !others.is_empty(), "{binding} was stopped, what it needs was not");
                prop_assert!(others.iter().all(|place| own.iter().all(|own| own < place)), "{binding} {stop}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_started_component_is_stopped_once_and_dependants_first(
        units in units(),
        acts in acts(),
        faults in proptest::collection::vec((0..10_usize, 0..9_usize, any::<bool>()), 0..3),
    ) {
        let world = World::new(&text(&units));
        for (unit, place, panics) in faults {
            let what = match place {
                0..4 => format!("{} u{unit}", HOOKS[place]),
                4..8 => format!("{} u{unit}", STOPS[place - 4]),
                _ => format!("create u{unit}"),
            };
            if panics {
                world.seen.let_be(&what, || std::panic::resume_unwind(Box::new("no luck")));
            } else {
                world.seen.let_fail(&what);
            }
        }
        if world.start().is_ok() {
            for act in acts {
                match act {
                    Act::Use(unit, [stage, item, step]) => {
                        let scope = scope(&format!("stage{stage}"), &format!("item{stage}{item}"), &format!("step{stage}{item}{step}"));
                        let _ = world.get(&format!("u{}", unit % units.len()), &scope);
                    }
                    Act::Leave(kind, number) => {
                        let gone = format!("{}{number}", LIFETIMES[kind]);
                        world.container.leave(&world.env, Outcome::Done, |scope| !scope.key.starts_with(&gone));
                    }
                }
            }
        }
        world.stop(Outcome::Done);
        let (events, births) = (world.seen.events.lock().unwrap(), world.seen.births.lock().unwrap());
        check(&events, &births)?;
        let lived: HashSet<u64> = events.iter().map(|event| event.instance).collect();
        prop_assert!(lived.len() <= births.len());
    }
}
