#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::{Ordering, Wishes, schedule, split_mix, wall_time};
use crate::record::{Record, Records};
use thinking_event::testing::{Outcome, TestInfo, TestRecord, Try};

fn test(name: &str) -> TestInfo {
    TestInfo { project: "p".to_owned(), name: name.to_owned(), ..TestInfo::default() }
}

/// Tests by name; how long each took, if that is known, and whether it failed.
fn given(tests: &[(&str, Option<u64>, bool)]) -> (Vec<TestInfo>, Records) {
    let infos: Vec<TestInfo> = tests.iter().map(|(name, ..)| test(name)).collect();
    let ran = |(name, took, failed): &(&str, Option<u64>, bool)| {
        let outcome = if *failed { Outcome::Failed } else { Outcome::Passed };
        let (phases, failures, leaks, properties) = Default::default();
        let one = Try { number: 1, at: 0, took: (*took)?, outcome, phases, failures, leaks, properties };
        Some(TestRecord { test: test(name), repetition: 1, outcome, tries: vec![one], slow: false })
    };
    let mut record = Record::default();
    record.update("p", &infos, &tests.iter().filter_map(ran).collect::<Vec<_>>());
    (infos, Records([("p".to_owned(), record)].into()))
}

fn order(tests: &[(&str, Option<u64>, bool)], wishes: Wishes) -> (String, Option<u64>) {
    let (infos, records) = given(tests);
    let selected: Vec<usize> = (0..infos.len()).collect();
    let schedule = schedule(&infos, &selected, wishes, &records);
    let names = schedule.plan.iter().map(|planned| match planned.repetition {
        1 => planned.test.name.clone(),
        repetition => format!("{}{repetition}", planned.test.name),
    });
    (names.collect::<Vec<_>>().join(" "), schedule.expected)
}

#[test]
fn orders() {
    let tests = [
        ("a", Some(10), false),
        ("b", None, false),
        ("c", Some(30), false),
        ("d", Some(20), true),
        ("e", None, false),
        ("f", Some(20), false),
    ];
    let wishes = Wishes { jobs: 2, ..Wishes::default() };
    // The unknown ones count as 20 each.
    assert_eq!(order(&tests, wishes), ("b e c d f a".to_owned(), Some(60)));
    assert_eq!(order(&tests, Wishes { failed_first: true, ..wishes }), ("d b e c f a".to_owned(), Some(60)));
    assert_eq!(order(&tests, Wishes { ordering: Ordering::Written, ..wishes }).0, "a b c d e f");
    let twice = Wishes { repeat: 2, ..wishes };
    assert_eq!(order(&tests, twice).0, "b e b2 e2 c c2 d f d2 f2 a a2");
    assert_eq!(order(&tests, Wishes { ordering: Ordering::Written, ..twice }).0, "a b c d e f a2 b2 c2 d2 e2 f2");
    let unknown = [("a", None, false), ("b", None, false)];
    assert_eq!(order(&unknown, wishes), ("a b".to_owned(), None));
    assert_eq!(order(&[], wishes), (String::new(), None));
}

#[test]
fn a_seed_means_one_order() {
    let tests = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| (name, Some(1), name == "h"));
    let shuffled = |seed| order(&tests, Wishes { ordering: Ordering::Shuffled(seed), ..Wishes::default() }).0;
    // These stay as they are in all versions of the program.
    assert_eq!([shuffled(0), shuffled(1), shuffled(42)], ["c f a d e g b h", "e d c h f g a b", "d b g c e a h f"]);
    let failed_first =
        order(&tests, Wishes { ordering: Ordering::Shuffled(42), failed_first: true, ..Wishes::default() }).0;
    assert_eq!(failed_first, "h d b g c e a f");
}

#[test]
fn wall_times() {
    let cases: &[(&[u64], usize, u64)] = &[
        (&[], 4, 0),
        (&[5], 4, 5),
        (&[5, 5, 5], 1, 15),
        (&[4, 3, 2, 1], 2, 5),
        (&[1, 2, 3, 4], 2, 6),
        (&[7, 1], usize::MAX, 7),
    ];
    for (durations, jobs, expected) in cases {
        assert_eq!(wall_time(durations, *jobs), *expected, "{durations:?} {jobs}");
    }
}

/// No schedule is shorter than its longest test, than an equal share of all, or than what must fall together: of the `k * jobs + 1` longest tests some
/// worker gets `k + 1`, and these take at least as long as the shortest of them.
fn bound(durations: &[u64], jobs: usize) -> u64 {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable_by_key(|duration| std::cmp::Reverse(*duration));
    let together = (0..=sorted.len() / jobs).filter_map(|k| {
        let among = sorted.get(..=k * jobs)?;
        Some(among.iter().rev().take(k + 1).sum())
    });
    together.chain([sorted.iter().sum::<u64>().div_ceil(jobs as u64)]).max().unwrap_or(0)
}

/// Suites of many sizes: most tests short, some long, as it is with unit tests beside whole pipelines.
#[test]
fn near_the_best_possible_schedule() {
    let (mut worst, mut sum, mut written, mut state) = (0.0_f64, 0.0, 0.0, 0);
    const SUITES: u32 = 300;
    for _ in 0..SUITES {
        let mut next = |below: u64| split_mix(&mut state) % below;
        let jobs = usize::try_from(1 + next(16)).unwrap();
        let count = 10 + next(400);
        // Of one order of magnitude, or from a hundred microseconds to ten seconds, a longer one less likely than a shorter one.
        let spread = 1 + next(5);
        let mut duration = || {
            let magnitude = next(spread).min(next(spread));
            (100 + next(900)) * 10_u64.pow(u32::try_from(magnitude).unwrap())
        };
        let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        let tests: Vec<(&str, Option<u64>, bool)> =
            names.iter().map(|name| (name.as_str(), Some(duration()), false)).collect();
        let durations: Vec<u64> = tests.iter().filter_map(|(_, took, _)| *took).collect();
        let (_, expected) = order(&tests, Wishes { jobs, ..Wishes::default() });
        let best = bound(&durations, jobs) as f64;
        let ratio = expected.unwrap() as f64 / best;
        (worst, sum, written) = (worst.max(ratio), sum + ratio, written + wall_time(&durations, jobs) as f64 / best);
    }
    let (mean, written) = (sum / f64::from(SUITES), written / f64::from(SUITES));
    assert!(worst < 1.10 && mean < 1.02, "worst {worst}, mean {mean}");
    // Otherwise nothing would be shown.
    assert!(written > 1.10, "in the order of the text {written}");
}
