//! Words that all reports of tests share.

use crate::clean;
use thinking_event::testing::{Leak, Outcome, OutputLine, Phase, PhaseKind, TestFailure, TestInfo, TestRecord, Try};

/// A test's path, with the number of its repetition from the second on: `tokenizer/table[2] #2`.
pub(crate) fn path(test: &TestInfo, repetition: u32) -> String {
    numbered(&test.path(), repetition)
}

/// The same of a path that is known.
pub(crate) fn numbered(path: &str, repetition: u32) -> String {
    let mut out = String::new();
    clean::push(&mut out, path);
    if repetition > 1 {
        out.push_str(&format!(" #{repetition}"));
    }
    out
}

/// `given "a text"`, `setup`; a title that has quotation marks of its own gets no others: `when "a b" is typed`.
pub(crate) fn heading(phase: &Phase) -> String {
    let mut out = phase.kind.word().to_owned();
    if !phase.title.is_empty() {
        let mark = if phase.title.contains('"') { "" } else { "\"" };
        out.push(' ');
        out.push_str(mark);
        clean::push(&mut out, &phase.title);
        out.push_str(mark);
    }
    out
}

/// Why it failed, in one line: `then "there are two": expected 2, got 3`.
pub(crate) fn reason(one: &Try) -> String {
    let mut out = String::new();
    match one.all_failures().next() {
        Some((phase, failure)) => {
            if let Some(phase) = phase.filter(|phase| phase.kind != PhaseKind::Body) {
                out.push_str(&heading(phase));
                out.push_str(": ");
            }
            clean::push(&mut out, first_line(&failure.message));
        }
        None => out.push_str(one.outcome.word()),
    }
    out
}

/// The same of a test: of its last try.
pub(crate) fn reason_of(record: &TestRecord) -> String {
    record.last().map_or_else(|| record.outcome.word().to_owned(), reason)
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// The phases before a failed `then` that say what was done: its `given` and `when`.
pub(crate) fn before<'a>(one: &'a Try, failed: &Phase) -> Vec<&'a Phase> {
    if failed.kind != PhaseKind::Then {
        return Vec::new();
    }
    let told = |phase: &&Phase| matches!(phase.kind, PhaseKind::Given | PhaseKind::When);
    one.phases.iter().take_while(|phase| !std::ptr::eq(*phase, failed)).filter(told).collect()
}

/// The phase in which a try took too long or lost its process: the last one that began.
pub(crate) fn cut_off(one: &Try) -> Option<&Phase> {
    let last = one.phases.last().filter(|phase| phase.failure.is_none())?;
    matches!(one.outcome, Outcome::TimedOut | Outcome::Crashed).then_some(last)
}

/// `process 4711 sleep 100`
pub(crate) fn leak(leak: &Leak) -> String {
    let (kind, what) = leak_parts(leak);
    let mut out = format!("{kind} ");
    clean::push(&mut out, what);
    out
}

/// What kind it is, and which.
pub(crate) fn leak_parts(leak: &Leak) -> (&'static str, &str) {
    match leak {
        Leak::Process(what) => ("process", what),
        Leak::File(what) => ("file", what),
        Leak::Step(what) => ("step", what),
    }
}

/// All that its tries left behind.
pub(crate) fn leaks(record: &TestRecord) -> String {
    let told: Vec<String> = record.tries.iter().flat_map(|one| &one.leaks).map(leak).collect();
    told.join(", ")
}

/// A line of output for a plain text: a log line's level stands before it.
pub(crate) fn output(line: &OutputLine) -> String {
    match level(&line.level).as_str() {
        "" => clean::line(&line.text),
        word => format!("{word}: {}", clean::line(&line.text)),
    }
}

/// The word for a level; the usual one needs none.
pub(crate) fn level(level: &str) -> String {
    match level {
        "info" => String::new(),
        "warn" => "warning".to_owned(),
        other => clean::line(other),
    }
}

/// The diagnostic's text, each line harmless; the bare message where there is none.
pub(crate) fn rendered(failure: &TestFailure) -> String {
    let text = if failure.rendered.trim().is_empty() { &failure.message } else { &failure.rendered };
    clean::lines(text.trim_end().trim_start_matches('\n')).collect::<Vec<_>>().join("\n")
}

/// Whether a line of a failure tells of what should be there and is not (`-`), or of what is there and should not be (`+`). Programs print lists that way,
/// which mean nothing of the sort.
pub(crate) fn difference(failure: &TestFailure, line: &str) -> Option<char> {
    let sign = line.trim_start().strip_prefix(['-', '+']).and(line.trim_start().chars().next());
    let told = line.trim_start().chars().nth(1).is_none_or(|next| next == ' ');
    sign.filter(|_| told && matches!(failure.kind.as_str(), "assertion" | "script" | "snapshot" | "difference"))
}

/// Where it failed, or where the test is written: file and line.
pub(crate) fn place<'a>(test: &'a TestInfo, failure: Option<&'a TestFailure>) -> (&'a str, usize) {
    match failure.filter(|failure| !failure.file.is_empty()) {
        Some(failure) => (&failure.file, failure.line),
        None => (&test.file, test.line),
    }
}

/// Why a test as a whole failed, in full, for a text without colours: for each failure what was done before it, its diagnostic.
pub(crate) fn explanation(one: &Try) -> String {
    let mut out = String::new();
    for (phase, failure) in one.all_failures() {
        if !out.is_empty() {
            out.push('\n');
        }
        if let Some(phase) = phase {
            for earlier in before(one, phase) {
                out.push_str(&heading(earlier));
                out.push('\n');
            }
            if phase.kind != PhaseKind::Body {
                out.push_str(&heading(phase));
                out.push_str(" failed\n");
            }
        } else if let Some(cut) = cut_off(one) {
            out.push_str("in ");
            out.push_str(&heading(cut));
            out.push('\n');
        }
        out.push_str(&rendered(failure));
        out.push('\n');
    }
    out
}

/// As many lines from both ends as are not longer together than that, and how many are between.
pub(crate) fn ends(lines: &[String], most: usize) -> (&[String], usize, &[String]) {
    let total: usize = lines.iter().map(|line| line.len() + 1).sum();
    if total <= most {
        return (lines, 0, &[]);
    }
    let fitting = |lines: &mut dyn Iterator<Item = &String>| {
        let mut taken = 0;
        lines
            .take_while(|line| {
                taken += line.len() + 1;
                taken <= most / 2
            })
            .count()
    };
    let head = fitting(&mut lines.iter());
    let tail = fitting(&mut lines[head..].iter().rev());
    (&lines[..head], lines.len() - head - tail, &lines[lines.len() - tail..])
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn much_output_loses_its_middle() {
        let lines: Vec<String> = (0..10).map(|number| format!("line {number}")).collect();
        let (head, between, tail) = ends(&lines, 35);
        assert_eq!((head.len(), between, tail.len()), (2, 6, 2));
        let (head, between, tail) = ends(&lines, 70);
        assert_eq!((head.len(), between, tail.len()), (10, 0, 0));
        let (head, between, tail) = ends(&lines, 3);
        assert_eq!((head.len(), between, tail.len()), (0, 10, 0));
    }
}
