//! `lcov.info`: what `genhtml`, editors and services read. <https://github.com/linux-test-project/lcov>, `man geninfo`, FILES.

use super::count::Count;
use std::fmt::Write as _;
use thinking_event::testing::Coverage;

/// The whole file: a record per source, a `DA` per line.
pub fn text(coverage: &Coverage) -> String {
    let mut out = String::new();
    for (file, lines) in &coverage.lines {
        // A record ends with its line; a name cannot.
        let name: String =
            file.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "TN:\nSF:{name}");
        for (line, hits) in lines {
            let _ = writeln!(out, "DA:{line},{hits}");
        }
        let Count { reached, all } = Count::lines(lines);
        let _ = writeln!(out, "LF:{all}\nLH:{reached}\nend_of_record");
    }
    out
}
