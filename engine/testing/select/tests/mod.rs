//! Filters on a small suite.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod expressions;
mod mistakes;
mod selecting;

use super::{Dialect, Filter};
use thinking_diagnostic::{Diagnostic, SourceMap, Style, render};
use thinking_event::testing::TestInfo;

/// Letter, path, tags and facets of each test.
const TESTS: [(&str, &str, &str, &str); 6] = [
    ("a", "tokenizer/splits on spaces", "unit", ""),
    ("b", "tokenizer/rows[1]", "unit table", ""),
    ("c", "tokenizer/rows[2]", "unit table slow", ""),
    ("d", "net/client/asks (twice)", "slow net", "gpu"),
    ("e", "net/client/what now?", "net-slow", ""),
    ("f", "trains", "", "gpu big"),
];

fn tests() -> Vec<TestInfo> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let test = |(_, path, tags, facets): &(&str, &str, &str, &str)| {
        let mut suites: Vec<String> = path.split('/').map(str::to_owned).collect();
        let name = suites.pop().unwrap_or_default();
        let project = if path.starts_with("net") { "far/app.kdl" } else { "app.kdl" }.to_owned();
        TestInfo { project, suites, name, tags: words(tags), facets: words(facets), ..TestInfo::default() }
    };
    TESTS.iter().map(test).collect()
}

fn letters(selected: impl IntoIterator<Item = usize>) -> String {
    selected.into_iter().map(|number| TESTS[number].0).collect()
}

fn shown(found: &[Diagnostic], sources: &SourceMap) -> String {
    let style = Style { width: 100, ..Style::default() };
    found.iter().map(|one| render(one, sources, style)).collect::<Vec<_>>().join("\n")
}

fn chosen(dialect: Dialect, text: &str) -> String {
    let mut sources = SourceMap::new();
    match Filter::parse(dialect, text, &mut sources) {
        Ok(filter) => letters(tests().iter().enumerate().filter(|(_, test)| filter.matches(test)).map(|(at, _)| at)),
        Err(wrong) => wrong.message,
    }
}
