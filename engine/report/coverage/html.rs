//! Coverage as HTML: one page that stands alone, without a script and without an address outside.

use super::count::{Count, plural};
use super::escape::escape;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use thinking_event::testing::{Coverage, PartKind};

/// Colours and columns; everything is below `.coverage`, so that it disturbs no other page.
const STYLE: &str = "\
.coverage{--hit:#dff3e0;--miss:#fbdcdc;--hit-text:#1a7f37;--miss-text:#b3261e;--quiet:#6b7280;--line:#d8dce2;font:14px/1.45 system-ui,sans-serif}
.coverage table{border-collapse:collapse;margin:.5em 0 1.5em}
.coverage th,.coverage td{text-align:left;padding:.2em .9em .2em 0;vertical-align:top;border-bottom:1px solid var(--line)}
.coverage td.number{text-align:right;font-variant-numeric:tabular-nums}
.coverage .reached{color:var(--hit-text)}.coverage .missed{color:var(--miss-text);font-weight:600}
.coverage .quiet{color:var(--quiet)}
.coverage details{margin:.4em 0}.coverage summary{cursor:pointer}
.coverage pre{margin:.3em 0 1em;overflow-x:auto;border:1px solid var(--line);font:12.5px/1.5 ui-monospace,monospace;tab-size:4}
.coverage pre span{display:block;min-width:max-content;padding:0 .5em}
.coverage pre .hit{background:var(--hit)}.coverage pre .miss{background:var(--miss)}
.coverage pre i{display:inline-block;width:4.5em;color:var(--quiet);font-style:normal;text-align:right;margin-right:.9em;user-select:none}
@media(prefers-color-scheme:dark){.coverage{--hit:#12361d;--miss:#4a1717;--hit-text:#5fd27a;--miss-text:#ff8a80;--quiet:#9aa3af;--line:#3a4048}}
";

/// The rules for [`html_fragment`], for a `<style>` element.
#[must_use]
pub fn html_style() -> &'static str {
    STYLE
}

/// The whole page.
pub fn page(coverage: &Coverage, texts: &BTreeMap<String, String>) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Coverage</title>\n<style>\nbody{{margin:1.5em}}\n{STYLE}</style>\n</head>\n<body>\n\
         <h1 class=\"coverage\">Coverage</h1>\n{}</body>\n</html>\n",
        html_fragment(coverage, texts)
    )
}

/// A `<section>` for a page that has [`html_style`]: counts, a table of the manifest's parts, and each file with the hits of its lines, which open
/// by themselves. `texts` are the sources by the names that the coverage has.
#[must_use]
pub fn html_fragment(coverage: &Coverage, texts: &BTreeMap<String, String>) -> String {
    let mut out = String::from("<section class=\"coverage\">\n");
    counts(&mut out, coverage);
    parts(&mut out, coverage);
    for (file, lines) in &coverage.lines {
        source(&mut out, file, lines, texts.get(file).map(String::as_str));
    }
    out.push_str("</section>\n");
    out
}

// Writing to a string cannot fail, so what `write!` answers is dropped below.

fn row(out: &mut String, name: &str, count: Count) {
    let class = if count.reached == count.all { "reached" } else { "missed" };
    let Count { reached, all } = count;
    let percent = count.percent();
    let _ = writeln!(
        out,
        "<tr><td>{name}</td><td class=\"number {class}\">{percent} %</td><td class=\"number\">{reached} of {all}</td></tr>"
    );
}

fn counts(out: &mut String, coverage: &Coverage) {
    let lines = Count::all_lines(coverage);
    if lines.all == 0 && coverage.parts.is_empty() {
        out.push_str("<p class=\"quiet\">There is nothing that could be reached.</p>\n");
        return;
    }
    out.push_str("<table>\n<tr><th>what</th><th>reached</th><th></th></tr>\n");
    if lines.all > 0 {
        row(out, "lines of scripts", lines);
    }
    for kind in PartKind::ALL {
        let count = Count::parts(coverage, kind);
        if count.all > 0 {
            row(out, plural(kind), count);
        }
    }
    out.push_str("</table>\n");
}

/// What was not reached first.
fn parts(out: &mut String, coverage: &Coverage) {
    if coverage.parts.is_empty() {
        return;
    }
    out.push_str("<table>\n<tr><th>part</th><th>name</th><th>reached</th><th>place</th></tr>\n");
    let (missed, reached): (Vec<_>, Vec<_>) = coverage.parts.iter().partition(|(_, reach)| reach.hits == 0);
    for (key, reach) in missed.into_iter().chain(reached) {
        let (class, hits) = match reach.hits {
            0 => ("missed", "never".to_owned()),
            1 => ("reached", "once".to_owned()),
            hits => ("reached", format!("{hits} times")),
        };
        let place = match (reach.file.is_empty(), reach.line) {
            (true, _) => String::new(),
            (false, 0) => escape(&reach.file),
            (false, line) => format!("{}:{line}", escape(&reach.file)),
        };
        let (kind, name) = (key.kind.word().replace('-', " "), escape(&key.name));
        let _ = writeln!(
            out,
            "<tr><td>{kind}</td><td>{name}</td><td class=\"{class}\">{hits}</td><td class=\"quiet\">{place}</td></tr>"
        );
    }
    out.push_str("</table>\n");
}

fn source(out: &mut String, file: &str, lines: &BTreeMap<usize, u64>, text: Option<&str>) {
    let count = Count::lines(lines);
    let class = if count.reached == count.all { "reached" } else { "missed" };
    let _ = writeln!(
        out,
        "<details><summary>{} <span class=\"{class}\">{} %</span> <span class=\"quiet\">{} of {} lines</span></summary>\n<pre>",
        escape(file),
        count.percent(),
        count.reached,
        count.all
    );
    let mut shown = 0;
    for (at, content) in text.unwrap_or("").lines().enumerate() {
        shown = at + 1;
        line(out, shown, lines.get(&shown).copied(), content);
    }
    // The text is not known, or shorter than it was.
    for (number, hits) in lines.range(shown + 1..) {
        line(out, *number, Some(*hits), "");
    }
    out.push_str("</pre></details>\n");
}

fn line(out: &mut String, number: usize, hits: Option<u64>, content: &str) {
    let (class, hits) = match hits {
        None => ("", String::new()),
        Some(0) => (" class=\"miss\"", "0".to_owned()),
        Some(hits) => (" class=\"hit\"", hits.to_string()),
    };
    let content = escape(content);
    // The line's end is inside: between two blocks it would be an empty line of its own.
    let _ = write!(out, "<span{class}><i>{number}</i><i>{hits}</i>{content}\n</span>");
}
