//! The picture of a test run under way, as lines that fit the terminal.

use crate::live::frame::passed;
use crate::live::left;
use crate::live::row::{Line, Row, Word};
use crate::marks::Marks;

/// What is known of a test run under way.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// Which run, and of how many tests.
    pub title: String,
    /// Tests that were selected.
    pub total: usize,
    /// Tests that are over.
    pub done: usize,
    /// Those among them that failed.
    pub failed: usize,
    /// Those among them that passed after a retry.
    pub flaky: usize,
    /// Tries that failed and were repeated.
    pub retried: usize,
    /// How long all will take as far as earlier runs tell, microseconds.
    pub expected: Option<u64>,
    /// In the order in which they began.
    pub running: Vec<Running>,
    /// No new test starts.
    pub stopping: bool,
    /// Nothing is painted any more.
    pub over: bool,
}

/// A test that runs.
#[derive(Debug)]
pub(super) struct Running {
    /// Its path, as lines name it.
    pub name: String,
    /// Number of the try, from 1.
    pub attempt: u32,
    /// When the try began, milliseconds since 1970 UTC.
    pub at: i64,
}

/// More tests that run are counted only.
const MOST: usize = 16;

/// The lines. `elapsed` is in microseconds, `date` this moment in milliseconds since 1970 UTC.
pub(super) fn frame(
    picture: &Picture,
    columns: usize,
    lines: usize,
    elapsed: u64,
    date: i64,
    marks: &Marks,
) -> Vec<Line> {
    if picture.over || picture.total == 0 || lines == 0 {
        return Vec::new();
    }
    let mut rows = Vec::new();
    let mut words = vec![Word::new(passed(elapsed), marks.dim, 80)];
    words.extend(time_left(picture, elapsed).map(|left| Word::new(left::told(left), marks.bold, 70)));
    rows.push(Row { name: picture.title.clone(), tone: marks.bold, words, ..Row::default() });
    let room = lines.saturating_sub(2).min(MOST);
    let folded = picture.running.len() > room;
    let shown = if folded { room.saturating_sub(1) } else { picture.running.len() };
    for running in &picture.running[..shown] {
        let took = u64::try_from(date.saturating_sub(running.at)).unwrap_or(0).saturating_mul(1000);
        let mut row = Row {
            indent: 2,
            sign: marks.start,
            color: marks.green,
            name: running.name.clone(),
            words: vec![Word::new(passed(took), marks.dim, 80)],
            ..Row::default()
        };
        if running.attempt > 1 {
            row.words.push(Word::new(format!("attempt {}", running.attempt), marks.yellow, 60));
        }
        rows.push(row);
    }
    if folded && room > 0 {
        let name = format!("{} and {} more", marks.gap, picture.running.len() - shown);
        rows.push(Row { indent: 2, name, tone: marks.dim, ..Row::default() });
    }
    if lines > 1 {
        rows.push(counts(picture, marks));
    }
    rows.into_iter().map(|row| row.line(columns, marks)).collect()
}

/// `  3/12  ━━━─────  1 failed  1 flaky`
fn counts(picture: &Picture, marks: &Marks) -> Row {
    let (done, total) = (picture.done as u64, picture.total as u64);
    let mut row = Row { indent: 2, name: format!("{done}/{total}"), bar: Some((done, total)), ..Row::default() };
    let more = [
        (picture.failed, "failed", marks.red, 90),
        (picture.flaky, "flaky", marks.yellow, 60),
        (picture.retried, "retried", marks.yellow, 40),
    ];
    for (number, word, color, weight) in more {
        if number > 0 {
            row.words.push(Word::new(format!("{number} {word}"), color, weight));
        }
    }
    if picture.stopping {
        row.words.push(Word::new("stopping", marks.yellow, 80));
    }
    row
}

/// What is left of the time that was expected. When it takes longer than that, nothing is known any more.
fn time_left(picture: &Picture, elapsed: u64) -> Option<u64> {
    let left = picture.expected?.checked_sub(elapsed)?;
    (left > 0 && !picture.stopping && picture.done < picture.total).then_some(left)
}
