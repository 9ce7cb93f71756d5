//! Tries that a worker could not tell of itself.

use super::worker::{Ended, Job};
use std::time::Duration;
use thinking_event::testing::{Outcome, TestFailure, Try};

/// Its process ended under it.
pub(super) fn crashed(number: u32, job: &Job, ended: &Ended) -> Try {
    failed(
        number,
        job,
        Outcome::Crashed,
        "crash",
        &format!("the test's process crashed: {}", ended.how),
        &ended.last_lines,
    )
}

/// Its process said what it should not.
pub(super) fn confused(number: u32, job: &Job, said: &str, ended: &Ended) -> Try {
    let message = format!("the test's process was killed: {said}");
    failed(number, job, Outcome::Crashed, "crash", &message, &ended.last_lines)
}

/// It did not end in time, and not when it was told to.
pub(super) fn hung(number: u32, job: &Job, ended: &Ended) -> Try {
    let limit = job.timeout.map(|timeout| format!("longer than {}", in_words(timeout)));
    let limit = limit.unwrap_or_else(|| "too long".to_owned());
    let message = format!("it took {limit} and did not stop when it was told to: its process was killed");
    failed(number, job, Outcome::TimedOut, "timeout", &message, &ended.last_lines)
}

fn failed(number: u32, job: &Job, outcome: Outcome, kind: &str, message: &str, last_lines: &[String]) -> Try {
    let mut rendered = message.to_owned();
    if !last_lines.is_empty() {
        rendered.push_str("\nits last lines on standard error:");
        last_lines.iter().for_each(|line| {
            rendered.push_str("\n  ");
            rendered.push_str(line);
        });
    }
    let failure =
        TestFailure { kind: kind.to_owned(), message: message.to_owned(), rendered, ..TestFailure::default() };
    Try {
        number,
        at: job.at,
        took: micros(job.sent.elapsed()),
        outcome,
        phases: Vec::new(),
        failures: vec![failure],
        leaks: Vec::new(),
        properties: Vec::new(),
    }
}

/// `250 ms`, `5 s`, `1.5 s`
fn in_words(time: Duration) -> String {
    match time.as_millis() {
        millis @ ..1000 => format!("{millis} ms"),
        _ => format!("{} s", time.as_secs_f64()),
    }
}

/// Whole microseconds.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
