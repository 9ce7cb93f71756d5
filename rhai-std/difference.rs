//! Where two values differ, in a few lines.

use crate::assertion::equal;
use crate::brief::{brief, brief_pair};
use rhai::Dynamic;
use similar::DiffOp;
use similar::algorithms::{Capture, Replace, myers};

/// Most lines that are told.
const LINES: usize = 30;
/// Most characters of a value on a line of its own, and of one of two.
const ALONE: usize = 200;
const OF_TWO: usize = 60;
/// Lines that are shown around those that differ.
const AROUND: usize = 2;
/// Sequences whose middle, which differs, is longer are compared place by place: looking for the shortest way between them takes
/// quadratic time.
const LONGEST: usize = 1000;

/// Lines that tell where two values differ: the places in maps and lists, the lines of texts, or the values themselves.
pub fn differences(left: &Dynamic, right: &Dynamic) -> Vec<String> {
    let mut told = Told { lines: Vec::new(), left_out: 0 };
    if both_lists(left, right) || both_maps(left, right) {
        told.add(|| "left → right; only left (-), only right (+):".to_owned());
        told.value("", left, right);
    } else if let Some((left, right)) = long_texts(left, right) {
        told.add(|| "left (-), right (+):".to_owned());
        told.text("", &left, &right);
    } else {
        let (left, right) = brief_pair(left, right, ALONE);
        return vec![format!("left:  {left}"), format!("right: {right}")];
    }
    if told.left_out > 0 {
        let lines = if told.left_out == 1 { "line" } else { "lines" };
        told.lines.push(format!("… and {} {lines} more", told.left_out));
    }
    told.lines
}

fn both_lists(left: &Dynamic, right: &Dynamic) -> bool {
    left.as_array_ref().is_ok() && right.as_array_ref().is_ok()
}

fn both_maps(left: &Dynamic, right: &Dynamic) -> bool {
    left.as_map_ref().is_ok() && right.as_map_ref().is_ok()
}

/// Two texts of which one has several lines.
fn long_texts(left: &Dynamic, right: &Dynamic) -> Option<(String, String)> {
    let text = |value: &Dynamic| value.as_immutable_string_ref().ok().map(|text| text.to_string());
    let (left, right) = (text(left)?, text(right)?);
    (left.contains('\n') || right.contains('\n')).then_some((left, right))
}

struct Told {
    lines: Vec<String>,
    /// How many lines there was no room for.
    left_out: usize,
}

impl Told {
    fn add(&mut self, line: impl FnOnce() -> String) {
        if self.lines.len() < LINES {
            self.lines.push(line());
        } else {
            self.left_out += 1;
        }
    }

    /// Two values at one place.
    fn value(&mut self, way: &str, left: &Dynamic, right: &Dynamic) {
        if equal(left, right) {
            return;
        }
        if let (Ok(left), Ok(right)) = (left.as_map_ref(), right.as_map_ref()) {
            for (name, one) in left.iter() {
                match right.get(name) {
                    Some(other) => self.value(&field(way, name), one, other),
                    None => self.only('-', &field(way, name), one),
                }
            }
            for (name, other) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
                self.only('+', &field(way, name), other);
            }
        } else if let (Ok(left), Ok(right)) = (left.as_array_ref(), right.as_array_ref()) {
            self.list(way, &left, &right);
        } else if let Some((left, right)) = long_texts(left, right) {
            self.add(|| format!("{way}:"));
            self.text("  ", &left, &right);
        } else {
            self.add(|| {
                let (left, right) = brief_pair(left, right, OF_TWO);
                format!("{way}: {left} → {right}")
            });
        }
    }

    fn only(&mut self, sign: char, way: &str, value: &Dynamic) {
        self.add(|| format!("{sign} {way}: {}", brief(value, OF_TWO * 2)));
    }

    /// Places of what both have, or the left one alone, count in the left list; of the rest in the right one.
    fn list(&mut self, way: &str, left: &[Dynamic], right: &[Dynamic]) {
        let lefts: Vec<_> = left.iter().map(Element).collect();
        let rights: Vec<_> = right.iter().map(Element).collect();
        for op in steps(&lefts, &rights) {
            let (olds, news) = (op.old_range(), op.new_range());
            let paired = olds.len().min(news.len());
            if matches!(op, DiffOp::Equal { .. }) {
                continue;
            }
            for (old, new) in olds.clone().zip(news.clone()) {
                if let (Some(one), Some(other)) = (left.get(old), right.get(new)) {
                    self.value(&format!("{way}[{old}]"), one, other);
                }
            }
            for old in olds.skip(paired) {
                left.get(old).into_iter().for_each(|one| self.only('-', &format!("{way}[{old}]"), one));
            }
            for new in news.skip(paired) {
                right.get(new).into_iter().for_each(|one| self.only('+', &format!("{way}[{new}]"), one));
            }
        }
    }

    /// The sign comes first whatever the indent, so that a line that itself begins with `-` is not taken for one that is missing.
    fn text(&mut self, indent: &str, left: &str, right: &str) {
        // An end of the last line is no line more.
        let lines = |text: &'_ str| -> Vec<String> {
            text.strip_suffix('\n').unwrap_or(text).split('\n').map(str::to_owned).collect()
        };
        let (olds, news) = (lines(left), lines(right));
        let groups = similar::group_diff_ops(steps(&olds, &news), AROUND);
        let mut end = 0;
        for group in groups {
            let start = group.first().map_or(end, |op| op.old_range().start);
            self.skipped(indent, start.saturating_sub(end));
            for op in &group {
                let same = matches!(op, DiffOp::Equal { .. });
                let old = olds.get(op.old_range()).unwrap_or_default();
                let new = if same { &[] } else { news.get(op.new_range()).unwrap_or_default() };
                let start = |at: usize| old.get(at).zip(new.get(at)).map_or(0, |(old, new)| shown_from(old, new));
                for (at, line) in old.iter().enumerate() {
                    self.add(|| format!("{} {indent}{}", if same { ' ' } else { '-' }, shown(line, start(at))));
                }
                for (at, line) in new.iter().enumerate() {
                    self.add(|| format!("+ {indent}{}", shown(line, start(at))));
                }
                end = op.old_range().end;
            }
        }
        if left.ends_with('\n') != right.ends_with('\n') {
            let (with, without) = if left.ends_with('\n') { ("left", "right") } else { ("right", "left") };
            self.add(|| format!("{indent}the {with} text ends with a line break, the {without} one does not"));
        } else {
            self.skipped(indent, olds.len().saturating_sub(end));
        }
    }

    fn skipped(&mut self, indent: &str, lines: usize) {
        match lines {
            0 => {}
            1 => self.add(|| format!("{indent}… 1 equal line")),
            _ => self.add(|| format!("{indent}… {lines} equal lines")),
        }
    }
}

/// An element that is equal to others as `assert_eq` says it.
struct Element<'a>(&'a Dynamic);

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        equal(self.0, other.0)
    }
}

/// The steps from one sequence to another: what is equal, missing, added, or replaced.
fn steps<T: PartialEq>(left: &[T], right: &[T]) -> Vec<DiffOp> {
    let shorter = left.len().min(right.len());
    let before = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let pairs = left.iter().rev().zip(right.iter().rev()).take(shorter - before);
    let behind = pairs.take_while(|(left, right)| left == right).count();
    let (lefts, rights) = (before..left.len() - behind, before..right.len() - behind);
    if lefts.len().max(rights.len()) > LONGEST {
        return place_by_place(left, right, behind);
    }
    let mut found = Replace::new(Capture::new());
    // Capturing cannot fail.
    let _ = myers::diff(&mut found, left, 0..left.len(), right, 0..right.len());
    found.into_inner().into_ops()
}

/// What is at the same place in both is equal or replaced; `behind` elements are equal at the ends.
fn place_by_place<T: PartialEq>(left: &[T], right: &[T], behind: usize) -> Vec<DiffOp> {
    let (old_end, new_end) = (left.len() - behind, right.len() - behind);
    let same: Vec<bool> =
        left.iter().take(old_end).zip(right.iter().take(new_end)).map(|(left, right)| left == right).collect();
    let mut steps = Vec::new();
    let mut at = 0;
    for run in same.chunk_by(|one, next| one == next) {
        let len = run.len();
        steps.push(if run.contains(&true) {
            DiffOp::Equal { old_index: at, new_index: at, len }
        } else {
            DiffOp::Replace { old_index: at, old_len: len, new_index: at, new_len: len }
        });
        at += len;
    }
    if old_end > at {
        steps.push(DiffOp::Delete { old_index: at, old_len: old_end - at, new_index: at });
    }
    if new_end > at {
        steps.push(DiffOp::Insert { old_index: at, new_index: at, new_len: new_end - at });
    }
    if behind > 0 {
        steps.push(DiffOp::Equal { old_index: old_end, new_index: new_end, len: behind });
    }
    steps
}

fn field(way: &str, name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') && !name.is_empty();
    if plain { format!("{way}.{name}") } else { format!("{way}[{}]", brief(&name.into(), OF_TWO)) }
}

/// From which character on two lines are shown, so that it can be seen where they differ.
fn shown_from(old: &str, new: &str) -> usize {
    let equal = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    if equal < ALONE / 2 { 0 } else { equal - ALONE / 4 }
}

/// A line of a text with what cannot be seen in it written out, and not endlessly long.
fn shown(line: &str, start: usize) -> String {
    let mut out = String::from(if start > 0 { "…" } else { "" });
    for letter in line.chars().skip(start).take(ALONE) {
        if letter.is_control() { out.extend(letter.escape_default()) } else { out.push(letter) }
    }
    let rest = line.chars().count().saturating_sub(start + ALONE);
    if rest > 0 { format!("{out}… ({rest} characters more)") } else { out }
}
