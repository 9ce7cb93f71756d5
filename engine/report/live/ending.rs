//! What stays on the screen: a line per outermost task.

use super::row::{Line, Row, Word};
use super::text::width;
use super::tops::{Standing, Top};
use crate::marks::Marks;
use crate::summary::count;
use crate::{clean, duration};

/// More lines than this are folded in the middle; failures stay.
const MOST: usize = 40;
/// Names are not filled up to more columns than this.
const NAMES: usize = 34;

/// Columns that stand below each other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Columns {
    name: usize,
    steps: usize,
    took: usize,
}

impl Columns {
    /// Wide enough for all of them.
    pub(super) fn of(tops: &[&Top]) -> Self {
        let mut columns = Self::default();
        for top in tops.iter().filter(|top| !matches!(top.standing, Standing::Kept | Standing::Skipped)) {
            columns.name = columns.name.max(width(&top.name).min(NAMES));
            columns.steps = columns.steps.max(steps(top).len());
            columns.took = columns.took.max(duration(top.took).len());
        }
        columns
    }
}

/// A line per task that came up.
pub(super) fn ending(tops: &[Top], columns: usize, marks: &Marks) -> Vec<Line> {
    let quiet =
        |top: &Top| top.failed == 0 && matches!(top.standing, Standing::Done | Standing::Kept | Standing::Skipped);
    let folded = tops.len() > MOST;
    let (head, tail) = (MOST / 2, tops.len() - (MOST / 2).min(tops.len()));
    let shown: Vec<(usize, &Top)> =
        tops.iter().enumerate().filter(|(at, top)| !folded || *at < head || *at >= tail || !quiet(top)).collect();
    let widths = Columns::of(&shown.iter().map(|(_, top)| *top).collect::<Vec<_>>());
    let mut lines = Vec::new();
    let mut next = 0;
    for (at, top) in shown {
        if at > next {
            let left_out = &tops[next..at];
            let steps: u64 = left_out.iter().map(|top| top.steps + top.kept).sum();
            let name = format!("{} {} more tasks, {}", marks.gap, left_out.len(), count(steps, "step"));
            lines.push(Row { indent: 2, name, tone: marks.dim, ..Row::default() }.line(columns, marks));
        }
        next = at + 1;
        lines.push(row(top, widths, marks).line(columns, marks));
    }
    lines
}

/// `✓ prepare  12 steps  3.2s  2 failed`
pub(super) fn row(top: &Top, columns: Columns, marks: &Marks) -> Row {
    let mut name = String::new();
    clean::push(&mut name, &top.name);
    let (sign, color) = match top.standing {
        Standing::Done if top.failed > 0 => (marks.done, marks.yellow),
        Standing::Done => (marks.done, marks.green),
        Standing::Kept => (marks.kept, marks.dim),
        Standing::Skipped => (marks.skipped, marks.dim),
        Standing::PassedOver | Standing::Failed => (marks.failed, marks.red),
        Standing::Open | Standing::Left => (marks.start, marks.yellow),
    };
    let mut row = Row { indent: 2, sign, color, name, column: columns.name, ..Row::default() };
    match top.standing {
        Standing::Kept => {
            row.column = 0;
            let before = top.kept.saturating_sub(1);
            let told =
                if before == 0 { "kept".to_owned() } else { format!("kept, and {} before", count(before, "step")) };
            row.words.push(Word::new(told, marks.dim, 90));
            return row;
        }
        Standing::Skipped => {
            row.words.push(Word::new("skipped", marks.dim, 90));
            return row;
        }
        _ => {}
    }
    let steps = Word { column: columns.steps, ..Word::new(steps(top), "", 60) };
    if columns.steps > 0 {
        row.words.push(steps);
    }
    row.words.push(Word { column: columns.took, ..Word::new(duration(top.took), marks.dim, 80) });
    let failed = if top.single { 0 } else { top.failed };
    let more = [
        (failed, "failed", marks.red, 70),
        (top.retried, "retried", marks.yellow, 40),
        (top.kept, "kept", marks.dim, 30),
        (top.skipped, "skipped", marks.dim, 20),
    ];
    for (number, word, color, weight) in more {
        if number > 0 {
            row.words.push(Word::new(format!("{number} {word}"), color, weight));
        }
    }
    match top.standing {
        Standing::Left => row.words.push(Word::new("not finished", marks.yellow, 75)),
        Standing::PassedOver if top.single => row.words.push(Word::new("failed, the run went on", marks.red, 75)),
        Standing::Failed if top.single => row.words.push(Word::new("failed", marks.red, 75)),
        _ => {}
    }
    row
}

/// A step of its own needs no count.
fn steps(top: &Top) -> String {
    if top.single { String::new() } else { count(top.steps, "step") }
}
