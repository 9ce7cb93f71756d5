//! How long the rest takes: from what earlier runs took, and what this one took so far.

use super::path::inside;
use thinking_event::ExpectedStep;

/// What is known of a step, all its instances together. Steps come in the order in which they stand in the manifest.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known<'a> {
    /// Its path without keys.
    pub path: &'a str,
    /// What earlier runs say.
    pub expected: Option<ExpectedStep>,
    /// So many instances were done by this process.
    pub done: u64,
    /// And took so long together, microseconds.
    pub took: u64,
}

/// A loop that is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop<'a> {
    /// Its path without keys.
    pub path: &'a str,
    /// Its iterations, if it knows.
    pub total: Option<u64>,
    /// Iterations that were over when this process came to it.
    pub passed: u64,
    /// Iterations that this process brought to an end.
    pub done: u64,
}

/// An earlier mean counts as much as this many instances of this run.
const TRUST: u64 = 3;

/// Microseconds that are left, if earlier runs tell. `loops` are open, outermost first; `running` is the step at work (or the last
/// that was) with the microseconds that it is at it.
pub(super) fn left(steps: &[Known<'_>], loops: &[Loop<'_>], running: Option<(&str, u64)>) -> Option<u64> {
    if steps.iter().all(|step| step.expected.is_none()) {
        return None;
    }
    let at = running.and_then(|(path, _)| steps.iter().position(|step| step.path == path));
    let elapsed = running.map_or(0, |(_, elapsed)| elapsed);
    let mut sum = 0.0;
    for (number, step) in steps.iter().enumerate() {
        let Some(mean) = mean(step) else { continue };
        let place = at.map_or(Place::Ahead, |at| match number {
            number if number < at => Place::Behind,
            number if number == at => Place::Here,
            _ => Place::Ahead,
        });
        sum += count(step, loops, place) * mean;
        if place == Place::Here {
            sum -= real(elapsed).min(mean);
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and fractions do not matter"
    )]
    Some(sum.max(0.0) as u64)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Behind,
    Here,
    Ahead,
}

/// What one instance takes.
fn mean(step: &Known<'_>) -> Option<f64> {
    match step.expected.filter(|expected| expected.instances > 0) {
        Some(expected) => {
            let before = real(expected.mean) * real(TRUST);
            Some((before + real(step.took)) / real(TRUST + step.done))
        }
        None => (step.done > 0).then(|| real(step.took) / real(step.done)),
    }
}

/// Instances that are still to come, the running one included.
fn count(step: &Known<'_>, loops: &[Loop<'_>], place: Place) -> f64 {
    let expected = step.expected.map_or(0.0, |expected| real(expected.instances));
    let mut around = loops.iter().filter(|each| inside(each.path, step.path) && each.total.is_some());
    let Some((outer, total)) = around.next().and_then(|outer| outer.total.map(|total| (outer, total))) else {
        return match place {
            Place::Behind => 0.0,
            Place::Here => 1.0,
            Place::Ahead => expected,
        };
    };
    // How much of the iteration that is under way this step has behind it.
    let begun = match (around.next(), place) {
        (Some(Loop { total: Some(total), passed, done, .. }), _) if *total > 0 => {
            (real(passed + done) / real(*total)).min(1.0)
        }
        (_, Place::Behind) => 1.0,
        _ => 0.0,
    };
    let ended = real(outer.done) + begun;
    let each =
        if outer.done > 0 { real(step.done) / ended } else { expected.max(real(step.done)) / real(total.max(1)) };
    ((real(total) - real(outer.passed) - ended) * each).max(if place == Place::Here { 1.0 } else { 0.0 })
}

#[expect(clippy::cast_precision_loss, reason = "an estimate is told with two digits")]
fn real(number: u64) -> f64 {
    number as f64
}

/// The moment of the end, moved slowly: an estimate that jumps is of no use to a person.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steady {
    end: Option<f64>,
    fed: u64,
}

/// Pause between two looks at the estimate, microseconds.
const PAUSE: u64 = 1_000_000;

impl Steady {
    /// Whether it is time for a new estimate.
    pub(super) fn due(&self, now: u64) -> bool {
        self.end.is_none() || now >= self.fed + PAUSE
    }

    /// Takes an estimate made at that moment.
    pub(super) fn feed(&mut self, now: u64, left: Option<u64>) {
        self.fed = now;
        self.end = left.map(|left| {
            let found = real(now) + real(left);
            let Some(end) = self.end else { return found };
            let miss = found - end;
            let part = if miss.abs() > real(left) / 2.0 { 0.6 } else { 0.2 };
            end + miss * part
        });
    }

    /// Microseconds that are left at that moment.
    pub(super) fn left(&self, now: u64) -> Option<u64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
        self.end.map(|end| (end - real(now)).max(0.0) as u64)
    }
}

/// `~25s left`, `~4m left`, `~2h 05m left`, `~3d 4h left`: rounded up, so that it moves seldom.
pub(crate) fn told(left: u64) -> String {
    let seconds = left.div_ceil(1_000_000);
    let (minutes, hours) = (seconds.div_ceil(60), seconds.div_ceil(3600));
    if seconds <= 55 {
        format!("~{}s left", seconds.max(1).div_ceil(5) * 5)
    } else if minutes < 60 {
        format!("~{minutes}m left")
    } else if hours < 48 {
        let minutes = minutes.div_ceil(5) * 5;
        format!("~{}h {:02}m left", minutes / 60, minutes % 60)
    } else {
        format!("~{}d {}h left", hours / 24, hours % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Loop, Steady, left, told};
    use thinking_event::ExpectedStep;

    const SECOND: u64 = 1_000_000;

    fn known(path: &str, instances: u64, mean: u64, done: u64, took: u64) -> Known<'_> {
        let expected = (instances > 0).then_some(ExpectedStep { instances, mean: mean * SECOND });
        Known { path, expected, done, took: took * SECOND }
    }

    fn open(path: &str, total: u64, passed: u64, done: u64) -> Loop<'_> {
        Loop { path, total: Some(total), passed, done }
    }

    /// Steps, loops, what runs with its seconds, seconds that are left.
    #[test]
    fn cases() {
        let plain = [known("a", 1, 10, 0, 0), known("b", 1, 20, 0, 0), known("c", 1, 30, 0, 0)];
        let fit = [
            known("p", 1, 5, 1, 5),
            known("fit/e/t", 20, 10, 4, 40),
            known("fit/e/s", 20, 2, 4, 8),
            known("r", 1, 7, 0, 0),
        ];
        let inner = [known("y/m/s", 24, 1, 18, 18), known("y/t", 2, 6, 1, 6)];
        type Case<'c> = (&'c str, &'c [Known<'c>], &'c [Loop<'c>], Option<(&'c str, u64)>, Option<u64>);
        let cases: [Case<'_>; 15] = [
            ("before the first step", &plain, &[], None, Some(60)),
            ("the first just begun", &plain, &[], Some(("a", 0)), Some(60)),
            ("in the middle", &plain, &[], Some(("b", 5)), Some(45)),
            ("a step that takes longer than ever", &plain, &[], Some(("b", 500)), Some(30)),
            ("a step that no earlier run had", &plain, &[], Some(("new", 3)), Some(60)),
            ("nobody knows", &[known("a", 0, 0, 1, 4)], &[], Some(("a", 0)), None),
            ("nothing to know", &[], &[], None, None),
            (
                "a loop in its fifth iteration",
                &fit,
                &[open("fit/e", 20, 0, 4)],
                Some(("fit/e/t", 4)),
                Some(16 * 12 - 4 + 7),
            ),
            (
                "and in its second half",
                &fit,
                &[open("fit/e", 20, 0, 3)],
                Some(("fit/e/s", 0)),
                Some(16 * 10 + 17 * 8 / 3 + 7),
            ),
            (
                "a loop that is longer than before",
                &fit,
                &[open("fit/e", 40, 0, 4)],
                Some(("fit/e/t", 0)),
                Some(36 * 12 + 7),
            ),
            (
                "and one that is taken up again",
                &fit,
                &[open("fit/e", 20, 10, 4)],
                Some(("fit/e/t", 0)),
                Some(6 * 12 + 7),
            ),
            ("its first iteration", &[known("e/t", 20, 10, 0, 0)], &[open("e", 20, 0, 0)], Some(("e/t", 0)), Some(200)),
            ("a loop in a loop", &inner, &[open("y", 2, 0, 1), open("y/m", 12, 0, 6)], Some(("y/m/s", 0)), Some(6 + 6)),
            (
                "a loop without an end",
                &fit,
                &[Loop { total: None, ..open("fit/e", 0, 0, 4) }],
                Some(("fit/e/t", 0)),
                Some(10 + 40 + 7),
            ),
            ("slower than before", &[known("e/t", 9, 1, 3, 9)], &[open("e", 9, 0, 3)], Some(("e/t", 0)), Some(12)),
        ];
        for (what, steps, loops, running, seconds) in cases {
            let running = running.map(|(path, elapsed)| (path, elapsed * SECOND));
            let found = left(steps, loops, running).map(|micros| (micros + SECOND / 2) / SECOND);
            assert_eq!(found, seconds, "{what}");
        }
    }

    #[test]
    fn an_estimate_does_not_jump() {
        let mut steady = Steady::default();
        assert!(steady.due(0));
        steady.feed(0, Some(100 * SECOND));
        assert_eq!(steady.left(SECOND), Some(99 * SECOND));
        assert!(!steady.due(SECOND / 2) && steady.due(SECOND));
        // Off by ten seconds: it moves by two.
        steady.feed(10 * SECOND, Some(100 * SECOND));
        assert_eq!(steady.left(10 * SECOND), Some(92 * SECOND));
        // Far off: it goes there more quickly.
        steady.feed(10 * SECOND, Some(1092 * SECOND));
        assert_eq!(steady.left(10 * SECOND), Some(692 * SECOND));
        assert_eq!(steady.left(10_000 * SECOND), Some(0));
        steady.feed(11 * SECOND, None);
        assert_eq!(steady.left(11 * SECOND), None);
    }

    #[test]
    fn words() {
        let cases = [
            (0, "~5s left"),
            (4, "~5s left"),
            (51, "~55s left"),
            (56, "~1m left"),
            (61, "~2m left"),
            (3540, "~59m left"),
            (3541, "~1h 00m left"),
            (3601, "~1h 05m left"),
            (7500, "~2h 05m left"),
            (172_799, "~2d 0h left"),
            (360_000, "~4d 4h left"),
        ];
        for (seconds, words) in cases {
            assert_eq!(told(seconds * SECOND), words, "{seconds}");
        }
    }
}
