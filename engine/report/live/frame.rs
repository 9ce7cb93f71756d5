//! The picture of a run under way, as lines that fit the terminal.

use super::path::{inside, name};
use super::row::{Line, Row, Word};
use super::state::{Open, Running, State};
use super::tops::Standing;
use super::{ending, left, rate};
use crate::marks::Marks;
use crate::{clean, duration};
use std::fmt::Write as _;

/// What the picture depends on beside the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// Columns and lines that may be used.
    pub columns: usize,
    pub lines: usize,
    /// This moment on the reporter's clock, microseconds, and as milliseconds since 1970.
    pub now: u64,
    pub date: i64,
    /// Microseconds that are left, if that is known.
    pub left: Option<u64>,
    pub marks: &'a Marks,
}

/// More lines are never of use.
const MOST: usize = 40;
/// Steps that are shown, if many run at once.
const STEPS: usize = 8;

/// The lines, the outermost first. Those that matter least are left out where the terminal is not high enough.
pub(super) fn frame(state: &State, scene: Scene<'_>) -> Vec<Line> {
    let Some(run) = &state.run else { return Vec::new() };
    let marks = scene.marks;
    let mut rows: Vec<(u8, Row)> = Vec::new();
    let mut title = format!("run {}  pipeline ", run.id);
    clean::push(&mut title, &run.pipeline);
    let mut words = vec![Word::new(passed(scene.now.saturating_sub(run.began)), marks.dim, 80)];
    words.extend(scene.left.map(|left| Word::new(left::told(left), marks.bold, 70)));
    rows.push((88, Row { name: title, tone: marks.bold, words, ..Row::default() }));
    before(state, &mut rows, scene);
    for open in &state.open {
        container(state, open, &mut rows, scene);
    }
    // Steps beside all containers.
    steps(state, None, &mut rows, scene);
    rows.push((80, counts(state, marks)));
    let most = scene.lines.min(MOST);
    while rows.len() > most {
        // Of equals the upper one goes first.
        let least = rows.iter().enumerate().min_by_key(|(_, (weight, _))| *weight).map_or(0, |(at, _)| at);
        rows.remove(least);
    }
    rows.into_iter().map(|(_, row)| row.line(scene.columns, marks)).collect()
}

/// The outermost tasks that are over.
fn before(state: &State, rows: &mut Vec<(u8, Row)>, scene: Scene<'_>) {
    let over: Vec<_> = state.tops.0.iter().filter(|top| top.standing != Standing::Open).collect();
    let shown = over.len().saturating_sub(MOST);
    let columns = ending::Columns::of(&over[shown..]);
    for (at, top) in over[shown..].iter().enumerate() {
        let failed = matches!(top.standing, Standing::Failed | Standing::PassedOver);
        let weight = if failed { 60 } else { u8::try_from(at.min(40)).unwrap_or(40) };
        rows.push((weight, ending::row(top, columns, scene.marks)));
    }
}

/// A container, the steps in it, and their output.
fn container(state: &State, open: &Open, rows: &mut Vec<(u8, Row)>, scene: Scene<'_>) {
    let marks = scene.marks;
    let parent = around(state, &open.path);
    let depth = state.open.iter().filter(|other| inside(&other.path, &open.path)).count();
    let mut title = String::new();
    clean::push(&mut title, name(parent.map(|parent| &*parent.path), &open.path));
    if let Some(key) = open.key() {
        clean::push(&mut title, key);
    }
    let mut row = Row { indent: 2 + depth * 2, sign: marks.start, color: marks.dim, name: title, ..Row::default() };
    let over = open.passed.saturating_add(open.done);
    if let Some(total) = open.total {
        row.bar = Some((over, total));
        row.words.push(Word::new(format!("{over}/{total}"), "", 90));
    } else if open.key().is_some() {
        row.words.push(Word::new(format!("{over} done"), "", 90));
    }
    let is_loop = !row.words.is_empty();
    if is_loop {
        let per_second = open.rate.per_second();
        row.words.extend(per_second.map(|rate| Word::new(rate::told(rate), marks.dim, 50)));
        // Where earlier runs tell what is left, that stands above.
        if let (Some(per_second), Some(total), None) = (per_second, open.total, scene.left) {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "told with two digits"
            )]
            let left = (total.saturating_sub(over) as f64 / per_second * 1e6) as u64;
            // In the middle of an iteration some of it is over already.
            let left = left.saturating_sub(open.rate.since_last(scene.now));
            row.words.push(Word::new(left::told(left), "", 70));
        }
    } else {
        let passed_by = scene.now.saturating_sub(open.began);
        row.words.extend((passed_by >= SHOWN).then(|| Word::new(passed(passed_by), marks.dim, 40)));
    }
    let weight = 62 + u8::try_from(depth.min(9)).unwrap_or(9) + if is_loop { 8 } else { 0 };
    rows.push((weight, row));
    steps(state, Some(open), rows, scene);
}

/// Shorter times are not worth a word, microseconds.
const SHOWN: u64 = 1_000_000;

/// The steps right in a container, and what they print.
fn steps(state: &State, parent: Option<&Open>, rows: &mut Vec<(u8, Row)>, scene: Scene<'_>) {
    let marks = scene.marks;
    let depth =
        parent.map_or(0, |parent| state.open.iter().filter(|open| inside(&open.path, &parent.path)).count() + 1);
    let own =
        |running: &&Running| around(state, &running.path).map(|open| &*open.path) == parent.map(|open| &*open.path);
    // A step beside all containers that is over stands above already.
    let shown = |running: &&Running| !(running.over && parent.is_none());
    let mine: Vec<&Running> = state.running.iter().filter(own).filter(shown).collect();
    for running in mine.iter().take(STEPS) {
        let mut title = String::new();
        clean::push(&mut title, name(parent.map(|parent| &*parent.path), &running.path));
        let (sign, color) =
            if running.waits.is_some() { (marks.again, marks.yellow) } else { (marks.start, marks.green) };
        let mut row = Row { indent: 2 + depth * 2, sign, color, name: title, tone: marks.bold, ..Row::default() };
        match running.waits {
            Some(until) => {
                let pause = until.saturating_sub(scene.now).div_ceil(1_000_000);
                let next = running.attempt.saturating_add(1);
                row.words.push(Word::new(format!("attempt {next}"), marks.yellow, 60));
                if pause > 0 {
                    row.words.push(Word::new(format!("in {}", passed(pause * 1_000_000)), "", 80));
                }
            }
            None if running.waiting.is_some() && !running.over => row.words.extend(waiting(running, scene.date)),
            None => {
                if running.attempt > 1 {
                    row.words.push(Word::new(format!("attempt {}", running.attempt), marks.yellow, 60));
                }
                let since = elapsed(running, scene.date);
                row.words.extend((since >= SHOWN).then(|| Word::new(passed(since), "", 80)));
            }
        }
        rows.push((95, row));
        let last = running.lines.len().saturating_sub(1);
        for (at, line) in running.lines.iter().enumerate() {
            rows.push((if at == last { 58 } else { 50 }, said(line, depth, marks)));
        }
    }
    if mine.len() > STEPS {
        let name = format!("and {} more at once", mine.len() - STEPS);
        rows.push((57, Row { indent: 2 + depth * 2, name, tone: marks.dim, ..Row::default() }));
    }
}

/// What a `wait` waits for.
fn waiting(running: &Running, date: i64) -> Vec<Word> {
    let Some((until, condition)) = running.waiting else { return Vec::new() };
    let left = until.map(|until| u64::try_from(until.saturating_sub(date)).unwrap_or(0).saturating_mul(1000));
    let left = left.map(|left| passed(left.div_ceil(1_000_000) * 1_000_000));
    let mut words = vec![Word::new(if condition { "waits for its condition" } else { "waits" }, "", 60)];
    let told = left.map(|left| if condition { format!("{left} at most") } else { left });
    words.extend(told.map(|told| Word::new(told, "", 80)));
    words
}

fn said(line: &str, depth: usize, marks: &Marks) -> Row {
    let (name, tone) = (line.trim_end().to_owned(), marks.dim);
    Row { indent: 4 + depth * 2, sign: marks.bar, color: marks.dim, name, tone, cut: true, ..Row::default() }
}

/// The innermost open container around a path.
fn around<'s>(state: &'s State, path: &str) -> Option<&'s Open> {
    state.open.iter().filter(|open| inside(&open.path, path)).max_by_key(|open| open.path.len())
}

/// Microseconds that an attempt is at work.
pub(super) fn elapsed(running: &Running, date: i64) -> u64 {
    u64::try_from(date.saturating_sub(running.at)).unwrap_or(0).saturating_mul(1000)
}

/// What happened so far, in numbers.
fn counts(state: &State, marks: &Marks) -> Row {
    let counts = &state.counts;
    let mut row = Row { indent: 2, name: format!("{} done", counts.done), tone: marks.dim, ..Row::default() };
    let more = [
        (counts.kept, "kept", marks.dim, 20),
        (counts.skipped, "skipped", marks.dim, 10),
        (counts.failed, "failed", marks.red, 80),
        (counts.retried, "retried", marks.yellow, 30),
    ];
    for (number, word, color, weight) in more {
        if number > 0 {
            row.words.push(Word::new(format!("{number} {word}"), color, weight));
        }
    }
    if state.stopping {
        row.words.push(Word::new("stopping", marks.yellow, 90));
    }
    row
}

/// A time that passes: `3.2s`, `42s`, `1m 20s`. Tenths only while they can be read.
pub(crate) fn passed(micros: u64) -> String {
    if (10_000_000..60_000_000).contains(&micros) {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = write!(text, "{}s", micros / 1_000_000);
        text
    } else if micros < 10_000_000 {
        format!("{}.{}s", micros / 1_000_000, micros / 100_000 % 10)
    } else {
        duration(micros)
    }
}
