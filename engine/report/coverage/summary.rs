//! Coverage in a few lines.

use super::count::{Count, plural};
use thinking_event::testing::{Coverage, PartKind};

/// Most parts that are named.
const NAMED: usize = 8;

/// A line or two for the console, without a line's end at the end: `lines 83 % (120 of 144), tasks 9 of 10, …`, then what was not reached. Kinds of
/// parts that there are none of are left out; empty if there is nothing at all to reach.
#[must_use]
pub fn summary(coverage: &Coverage) -> String {
    let mut counts = Vec::new();
    let lines = Count::all_lines(coverage);
    if lines.all > 0 {
        counts.push(format!("lines {} % ({} of {})", lines.percent(), lines.reached, lines.all));
    }
    for kind in PartKind::ALL {
        let Count { reached, all } = Count::parts(coverage, kind);
        if all > 0 {
            counts.push(format!("{} {reached} of {all}", plural(kind)));
        }
    }
    let mut text = counts.join(", ");
    let missed: Vec<String> = coverage
        .parts
        .iter()
        .filter(|(_, reach)| reach.hits == 0)
        .map(|(key, _)| format!("{} {}", key.kind.word().replace('-', " "), key.name))
        .collect();
    if !missed.is_empty() {
        let shown: Vec<&str> = missed.iter().take(NAMED).map(String::as_str).collect();
        text.push_str("\nnot reached: ");
        text.push_str(&shown.join(", "));
        if missed.len() > NAMED {
            text.push_str(&format!(", and {} more", missed.len() - NAMED));
        }
    }
    text
}
