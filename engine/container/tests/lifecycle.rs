//! Orders of targets and hooks against written-out lists. Besides the lines of `cases.rs`:
//!
//! ```text
//! target warm-up after=startup direction=gather
//! on     warm-up a.preload
//! on     init    rhai
//! ```

use super::cases::{Case, Word, check};
use crate::lifecycle::{
    Direction, Hook, LifecyclePlan, On, OnAction, OwnTarget, Place, STANDARD_TARGETS, Side, TargetPlan, plan_lifecycle,
};
use crate::wiring::{Target, Wirer};
use std::fmt::Write;

pub(super) fn declared(case: &Case) -> (Vec<OwnTarget>, Vec<On>) {
    let (mut targets, mut ons) = (Vec::new(), Vec::new());
    for words in &case.rest {
        match words[0].text.as_str() {
            "target" => targets.push(target(words)),
            "on" => ons.push(on(words)),
            other => panic!("no such line: {other}"),
        }
    }
    (targets, ons)
}

fn target(words: &[Word]) -> OwnTarget {
    let value = |key: &str| words.iter().find_map(|word| word.value(key));
    let (place, beside) = match (value("before"), value("after")) {
        (Some(beside), None) => (Place::Before, beside),
        (None, Some(beside)) => (Place::After, beside),
        _ => panic!("before= or after="),
    };
    OwnTarget {
        name: words[1].text.clone(),
        span: Some(words[1].span),
        place,
        beside: beside.text,
        beside_span: Some(beside.span),
        direction: value("direction").map(|word| Direction::from_name(&word.text).unwrap()),
        requires: None,
        default: None,
    }
}

fn on(words: &[Word]) -> On {
    let action = match words[2].text.rsplit_once('.') {
        None => OnAction::Project,
        Some((binding, operation)) => {
            OnAction::Operation { binding: binding.to_owned(), operation: operation.to_owned() }
        }
    };
    On { target: words[1].text.clone(), target_span: Some(words[1].span), action, action_span: Some(words[2].span) }
}

fn line(wirer: &Wirer, target: &TargetPlan) -> String {
    let hooks = target.hooks.iter().map(|hook| match *hook {
        Hook::Project { on } => format!("on#{on}"),
        Hook::Unit { unit, operation, told, .. } => {
            let about = wirer.unit(unit).unwrap().component.about();
            let arguments = if told { "outcome" } else { "" };
            let name = wirer.name_of(Target::Unit(unit));
            format!("{name}.{}({arguments})", about.operations[operation].name)
        }
    });
    let side = if target.side == Side::Start { "start" } else { "stop" };
    let hooks: Vec<String> = hooks.collect();
    format!("{} ({side}, {}): {}", target.name, target.direction.name(), hooks.join(" ")).trim_end().to_owned()
}

/// The plan of a case as text: targets of the standard in which nothing happens are left out.
fn outcome(text: &str) -> String {
    let case = Case::parse(text);
    let (wirer, wrong) = case.wirer();
    assert!(wrong.is_empty());
    let (wiring, wrong) = wirer.wire(&case.roots);
    assert!(wrong.is_empty());
    let (targets, ons) = declared(&case);
    let (plan, wrong) = plan_lifecycle(&targets, &ons, &wirer, &wiring);
    standard_ones_keep_their_order(&plan);
    let mut out = String::new();
    for target in plan.targets.iter().filter(|target| target.own.is_some() || !target.hooks.is_empty()) {
        let _ = writeln!(out, "{}", line(&wirer, target));
    }
    out + &case.shown(&wrong)
}

fn standard_ones_keep_their_order(plan: &LifecyclePlan) {
    let standard = plan.targets.iter().filter(|target| target.own.is_none()).map(|target| target.name.as_str());
    assert!(standard.eq(STANDARD_TARGETS));
    assert!(plan.targets.is_sorted_by_key(|target| target.side));
}

#[test]
fn plans_are_as_written_out() {
    check("lifecycle.txt", |case| outcome(&case.text));
}

/// Every own target beside every standard one, and another beside that one: both stand where they were put.
#[test]
fn own_targets_stand_directly_beside_what_they_name() {
    for standard in STANDARD_TARGETS {
        for first in ["before", "after"] {
            for second in ["before", "after"] {
                let text = format!("target one {first}={standard}\ntarget two {second}=one\n");
                let case = Case::parse(&text);
                let (wirer, _) = case.wirer();
                let (wiring, _) = wirer.wire(&[]);
                let (targets, _) = declared(&case);
                let (plan, wrong) = plan_lifecycle(&targets, &[], &wirer, &wiring);
                assert!(wrong.is_empty());
                standard_ones_keep_their_order(&plan);
                let names: Vec<&str> = plan.targets.iter().map(|target| target.name.as_str()).collect();
                let beside = match (first, second) {
                    ("before", "before") => ["two", "one", standard],
                    ("before", _) => ["one", "two", standard],
                    (_, "before") => [standard, "two", "one"],
                    _ => [standard, "one", "two"],
                };
                assert!(names.windows(3).any(|three| three == beside), "{text}{names:?}");
                let side = |name: &str| plan.targets.iter().find(|target| target.name == name).unwrap().side;
                assert!(side("one") == side(standard) && side("two") == side(standard));
            }
        }
    }
}
