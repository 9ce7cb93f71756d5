//! `cobertura.xml`: what Jenkins, GitLab and others read. The format is `coverage-04.dtd`.

use super::count::Count;
use super::escape::escape;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use thinking_event::testing::{Coverage, PartKind};

/// Kinds of parts that are one way out of several at a line.
const BRANCHES: [PartKind; 2] = [PartKind::Branch, PartKind::ErrorPath];

/// What is known of a line.
#[derive(Default)]
struct Line {
    /// How often it ran; `None` if only parts of the manifest stand on it.
    hits: Option<u64>,
    /// Hits of the branches that stand on it.
    branches: Vec<u64>,
}

/// Lines of a file by their numbers.
type Lines = BTreeMap<usize, Line>;

/// The whole file: a package per folder, a class per file. Branches and error paths of the manifest are branches of their lines.
pub fn text(coverage: &Coverage) -> String {
    let files = files(coverage);
    let mut packages: BTreeMap<&str, Vec<(&str, &Lines)>> = BTreeMap::new();
    for (file, lines) in &files {
        packages.entry(file.rsplit_once('/').map_or(".", |(folder, _)| folder)).or_default().push((file, lines));
    }
    let lines = lines_of(files.values());
    let branches = branches_of(files.values());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail, so what `write!` answers is dropped here and below.
    let _ = writeln!(
        out,
        "<coverage line-rate=\"{}\" branch-rate=\"{}\" lines-covered=\"{}\" lines-valid=\"{}\" branches-covered=\"{}\" \
         branches-valid=\"{}\" complexity=\"0\" version=\"{}\" timestamp=\"0\">",
        lines.rate(),
        branches.rate(),
        lines.reached,
        lines.all,
        branches.reached,
        branches.all,
        env!("CARGO_PKG_VERSION")
    );
    out.push_str("  <sources>\n    <source>.</source>\n  </sources>\n  <packages>\n");
    for (package, classes) in packages {
        let all = || classes.iter().map(|(_, lines)| *lines);
        let _ = writeln!(out, "    <package {}>", rates(package, None, lines_of(all()), branches_of(all())));
        out.push_str("      <classes>\n");
        for (file, lines) in &classes {
            let name = file.rsplit_once('/').map_or(*file, |(_, name)| name);
            let of = || std::iter::once(*lines);
            let _ = writeln!(out, "        <class {}>", rates(name, Some(file), lines_of(of()), branches_of(of())));
            out.push_str("          <methods/>\n          <lines>\n");
            for (number, line) in *lines {
                line.write(&mut out, *number);
            }
            out.push_str("          </lines>\n        </class>\n");
        }
        out.push_str("      </classes>\n    </package>\n");
    }
    out.push_str("  </packages>\n</coverage>\n");
    out
}

fn rates(name: &str, file: Option<&str>, lines: Count, branches: Count) -> String {
    let file = file.map_or(String::new(), |file| format!("filename=\"{}\" ", escape(file)));
    let (name, lines, branches) = (escape(name), lines.rate(), branches.rate());
    format!("name=\"{name}\" {file}line-rate=\"{lines}\" branch-rate=\"{branches}\" complexity=\"0\"")
}

impl Line {
    /// A line where only parts of the manifest stand ran as often as they were reached.
    fn hits(&self) -> u64 {
        self.hits.unwrap_or_else(|| self.branches.iter().copied().fold(0, u64::saturating_add))
    }

    fn write(&self, out: &mut String, number: usize) {
        let hits = self.hits();
        if self.branches.is_empty() {
            let _ = writeln!(out, "            <line number=\"{number}\" hits=\"{hits}\"/>");
            return;
        }
        let count = Count::of(self.branches.iter().copied());
        let _ = writeln!(
            out,
            "            <line number=\"{number}\" hits=\"{hits}\" branch=\"true\" condition-coverage=\"{}% ({}/{})\"/>",
            count.percent(),
            count.reached,
            count.all
        );
    }
}

fn files(coverage: &Coverage) -> BTreeMap<&str, Lines> {
    let mut files: BTreeMap<&str, Lines> = BTreeMap::new();
    for (file, lines) in &coverage.lines {
        let own = lines.iter().map(|(line, hits)| (*line, Line { hits: Some(*hits), branches: Vec::new() }));
        files.insert(file, own.collect());
    }
    let placed = |kind, line, file: &str| BRANCHES.contains(&kind) && line > 0 && !file.is_empty();
    for (_, reach) in coverage.parts.iter().filter(|(key, reach)| placed(key.kind, reach.line, &reach.file)) {
        let line = files.entry(&reach.file).or_default().entry(reach.line).or_default();
        line.branches.push(reach.hits);
    }
    files
}

fn lines_of<'a>(files: impl Iterator<Item = &'a Lines>) -> Count {
    Count::of(files.flat_map(|lines| lines.values().map(Line::hits)))
}

fn branches_of<'a>(files: impl Iterator<Item = &'a Lines>) -> Count {
    Count::of(files.flat_map(|lines| lines.values().flat_map(|line| line.branches.iter().copied())))
}
