//! The choice rules, start orders, circles and lifetimes as a table of cases, each also with its declarations permuted.

use super::cases::{Case, check, written};
use crate::wiring::{Choice, Wirer};
use std::fmt::Write;
use thinking_diagnostic::Diagnostic;

const CASES: &str = include_str!("cases/choosing.txt");

/// What is chosen and why, the start order, and every diagnostic.
fn outcome(text: &str) -> String {
    let case = Case::parse(text);
    let (wirer, mut wrong) = case.wirer();
    let (wiring, more) = wirer.wire(&case.roots);
    wrong.extend(more);
    wrong.sort();
    let mut out = chosen(&case, &wirer, &wiring.roots);
    let order: Vec<String> = wiring
        .units
        .iter()
        .map(|unit| {
            let given: Vec<String> = unit.choices.iter().map(|choice| names(&wirer, choice)).collect();
            if given.is_empty() { unit.name.to_string() } else { format!("{}({})", unit.name, given.join(", ")) }
        })
        .collect();
    if !order.is_empty() {
        let _ = writeln!(out, "starts: {}", order.join(" "));
    }
    let unused = if wrong.has_errors() { Vec::new() } else { wirer.unused(&wiring.used()) };
    out + &case.shown(wrong.iter().chain(&unused))
}

fn names(wirer: &Wirer, choice: &Choice) -> String {
    let names: Vec<&str> = choice.targets().iter().map(|target| wirer.name_of(*target)).collect();
    match choice {
        Choice::Nothing => "nothing".to_owned(),
        Choice::One(_) => names.concat(),
        Choice::Many(_) => format!("[{}]", names.join(" ")),
    }
}

fn chosen(case: &Case, wirer: &Wirer, answers: &[Choice]) -> String {
    let mut out = String::new();
    for (root, answer) in case.roots.iter().zip(answers) {
        let _ = writeln!(out, "{} takes {}", root.need.name, names(wirer, answer));
        for candidate in wirer.explain(&root.need) {
            let sign = if candidate.chosen { '+' } else { '-' };
            let _ = writeln!(out, "  {sign} `{}` {}", candidate.binding, candidate.why);
        }
    }
    out
}

#[test]
fn everything_is_chosen_by_the_rules() {
    check("choosing.txt", |case| outcome(&case.text));
}

/// What must not depend on the order of the lines: all but the start order and the line numbers.
fn essence(lines: &[&str]) -> String {
    let case = Case::parse(&(lines.join("\n") + "\n"));
    let (wirer, mut wrong) = case.wirer();
    let (wiring, more) = wirer.wire(&case.roots);
    wrong.extend(more);
    let mut out = chosen(&case, &wirer, &wiring.roots);
    let mut told: Vec<String> = wrong.iter().map(|diagnostic| told(&case, diagnostic)).collect();
    let mut given: Vec<String> = wiring
        .units
        .iter()
        .map(|unit| {
            format!("{} {:?}", unit.name, unit.choices.iter().map(|choice| names(&wirer, choice)).collect::<Vec<_>>())
        })
        .collect();
    told.append(&mut given);
    told.sort();
    out.push_str(&told.join("\n"));
    out
}

fn told(case: &Case, diagnostic: &Diagnostic) -> String {
    let mut labels: Vec<String> =
        diagnostic.labels.iter().map(|label| format!("{}: {}", case.sources.slice(label.span), label.text)).collect();
    // Which of two of one name is the second one is a matter of order.
    labels.iter_mut().for_each(|label| *label = label.replace("again here", "here").replace("first here", "here"));
    labels.get_mut(1..).unwrap_or_default().sort();
    format!("{} {} {labels:?} {:?}", diagnostic.code.name(), diagnostic.message, diagnostic.help)
}

#[test]
fn the_order_of_declarations_chooses_nothing() {
    let mut compared = 0;
    for case in written(CASES).iter().filter(|case| !case.title.contains("(in order)")) {
        let (asks, mut lines): (Vec<&str>, Vec<&str>) = case.text.lines().partition(|line| line.starts_with("ask"));
        let with_asks = |lines: &[&str]| essence(&[lines, &asks[..]].concat());
        let expected = with_asks(&lines);
        let mut same = |lines: &[&str]| {
            compared += 1;
            assert_eq!(with_asks(lines), expected, "{}: {lines:#?}", case.title);
        };
        if lines.len() <= 5 {
            permutations(&mut lines, 0, &mut same);
        } else {
            let mut random = 0x9e37_79b9_7f4a_7c15_u64;
            for _ in 0..100 {
                shuffle(&mut lines, &mut random);
                same(&lines);
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

fn permutations<'a>(lines: &mut Vec<&'a str>, from: usize, visit: &mut dyn FnMut(&[&'a str])) {
    if from == lines.len() {
        return visit(lines);
    }
    for other in from..lines.len() {
        lines.swap(from, other);
        permutations(lines, from + 1, visit);
        lines.swap(from, other);
    }
}

/// The same ones in every run of the tests.
fn shuffle(lines: &mut [&str], random: &mut u64) {
    for at in (1..lines.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        lines.swap(at, usize::try_from(*random % (at as u64 + 1)).unwrap());
    }
}
