//! Scenarios with rows of examples: each row is a test.

use super::parse::distinct;
use super::scan::{Doc, Line};
use super::{Scenario, StepText, Table};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_step::from_text;

/// A table below `Examples:`.
pub struct Examples {
    /// Its tags.
    pub tags: Vec<String>,
    /// Its rows, the names first.
    pub rows: Vec<Line<Vec<String>>>,
    /// The line that it begins with.
    pub span: Span,
}

/// The tests of a scenario, whose first steps are those of the background.
pub fn rows(
    outline: &Scenario,
    tables: &[Examples],
    background: usize,
    problems: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> Vec<Scenario> {
    let mut all = Vec::new();
    for table in tables {
        let Some((head, rows)) = table.rows.split_first().filter(|(_, rows)| !rows.is_empty()) else {
            let warning =
                Diagnostic::warning(Code::Missing, "the examples have no rows: nothing runs").at(table.span, "");
            warnings.push(warning.help("below comes a row of names, then one row for each test".to_owned()));
            continue;
        };
        let names = &head.content;
        if let Some(twice) =
            names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)).map(|(_, name)| name)
        {
            problems.push(
                Diagnostic::error(Code::Duplicate, format!("two columns are called `{twice}`")).at(head.span, ""),
            );
        }
        for step in &outline.steps[background..] {
            for name in placeholders(&step.text).filter(|name| !names.iter().any(|known| known == name)) {
                if let Some(near) = did_you_mean(name, names.iter().map(String::as_str)) {
                    let warning = Diagnostic::warning(Code::Missing, format!("the examples have no column `{name}`"));
                    warnings.push(
                        warning
                            .at(step.span, "")
                            .at(head.span, "the columns")
                            .help(format!("did you mean `<{near}>`?")),
                    );
                }
            }
        }
        for row in rows {
            let fill = |text: &str| fill(text, names, &row.content);
            let case = names.iter().zip(&row.content).map(|(name, value)| format!("{name}={}", from_text(value)));
            let step = |step: &StepText| StepText {
                text: fill(&step.text),
                doc: step.doc.as_ref().map(|doc| Doc { text: fill(&doc.text), media: doc.media.clone() }),
                table: step.table.as_ref().map(|table| Table {
                    rows: table.rows.iter().map(|row| row.iter().map(|cell| fill(cell)).collect()).collect(),
                }),
                ..step.clone()
            };
            let (before, own) = outline.steps.split_at(background);
            all.push(Scenario {
                name: format!("{}[{}]", fill(&outline.name).trim(), all.len() + 1),
                case: Some(case.collect::<Vec<_>>().join(" ")),
                tags: distinct([outline.tags.clone(), table.tags.clone()].concat()),
                line: row.number,
                span: row.span,
                steps: before.iter().cloned().chain(own.iter().map(step)).collect(),
                ..outline.clone()
            });
        }
    }
    all
}

/// The names between `<` and `>`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(name, _)| name))
}

/// A text with the values of a row for `<name>`; what stands in a value is not filled in again.
fn fill(text: &str, names: &[String], values: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let value = names.iter().zip(values).find_map(|(name, value)| {
            let end = from.strip_prefix('<')?.strip_prefix(name.as_str())?.strip_prefix('>')?;
            Some((value, end))
        });
        match value {
            Some((value, end)) => {
                out.push_str(value);
                rest = end;
            }
            None => {
                out.push('<');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
