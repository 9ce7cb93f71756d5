//! A table as cases of a test.

use super::format::Format;
use super::rows::{open_at_end, why};
use csv::StringRecord;
use std::collections::BTreeMap;
use thinking_diagnostic::{Code, Diagnostic, SourceId, SourceMap, Span};
use thinking_step::{Value, from_text};

/// A row of a table with the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvCase {
    /// The line that it begins in, from 1.
    pub line: usize,
    /// The row, without the end of its line.
    pub span: Span,
    /// What is in it, by column: plain numbers are numbers, all else is text, as `csv::read` says it.
    pub values: BTreeMap<String, Value>,
}

/// So many rows that are wrong are told.
const TOLD: usize = 20;

/// The rows of a table whose first line names the columns; the text is in the map.
///
/// # Errors
/// Everything that is wrong with it, at its place: no columns, no rows, a column without a name or two with the same, a row with more or fewer fields, a quote
/// that nothing closes.
pub fn csv_cases(sources: &SourceMap, source: SourceId) -> Result<Vec<CsvCase>, Vec<Diagnostic>> {
    let Some(file) = sources.get(source) else { return Err(Vec::new()) };
    let text = &*file.text;
    // Some editors begin a file with a byte order mark.
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let table = text.get(mark..).unwrap_or("");
    let format = Format::default();
    let mut reader = format.builder().has_headers(false).flexible(true).from_reader(table.as_bytes());
    let (mut record, mut names, mut cases) = (StringRecord::new(), None::<(Vec<String>, Span)>, Vec::new());
    let mut problems = Vec::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                let problem = Diagnostic::error(Code::Syntax, format!("the table is not CSV: {}", why(&error)));
                problems.push(problem.at(Span::new(source, 0, 0), ""));
                break;
            }
        }
        let from = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let to = usize::try_from(reader.position().byte()).unwrap_or(table.len()).min(table.len());
        let written = table.get(from..to).unwrap_or("");
        // Empty lines before the row are not part of it.
        let start = mark + from + written.len() - written.trim_start_matches(['\n', '\r']).len();
        let span = Span::new(source, start, (mark + from + written.trim_end_matches(['\n', '\r']).len()).max(start));
        if to == table.len() && open_at_end(written.as_bytes(), &record, format) {
            problems
                .push(Diagnostic::error(Code::Syntax, "a quote that nothing closes").at(span, "the row begins here"));
            break;
        }
        let Some((names, head)) = &names else {
            names = Some((columns(&record, span, &mut problems), span));
            continue;
        };
        if record.len() != names.len() {
            let message = format!("the row has {} fields instead of {}", record.len(), names.len());
            problems.push(Diagnostic::error(Code::Syntax, message).at(span, "").at(*head, "the columns"));
            if problems.len() == TOLD {
                break;
            }
            continue;
        }
        let line = file.line_column(u32::try_from(start).unwrap_or(u32::MAX)).line;
        let values = names.iter().cloned().zip(record.iter().map(from_text)).collect();
        cases.push(CsvCase { line, span, values });
    }
    if problems.is_empty() && cases.is_empty() {
        let place = names.map_or(Span::new(source, 0, 0), |(_, head)| head);
        let help = "the first line names the columns; each line after it is a case".to_owned();
        problems.push(Diagnostic::error(Code::Missing, "the table has no rows").at(place, "").help(help));
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

fn columns(record: &StringRecord, span: Span, problems: &mut Vec<Diagnostic>) -> Vec<String> {
    let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() {
            problems.push(Diagnostic::error(Code::InvalidName, format!("column {} has no name", at + 1)).at(span, ""));
        } else if names.iter().take(at).any(|other| other == name) {
            problems.push(Diagnostic::error(Code::Duplicate, format!("two columns are called `{name}`")).at(span, ""));
        }
    }
    names
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let mut sources = SourceMap::new();
        let id = sources.add("cases.csv", text);
        let row = |case: &CsvCase| {
            let values = serde_json::to_string(&case.values).unwrap();
            format!("{} {values} <{}>", case.line, sources.slice(case.span))
        };
        let problem = |problem: &Diagnostic| {
            let place = problem.labels.first().unwrap().span;
            format!("{} {} <{}>", sources.describe(place), problem.message, sources.slice(place))
        };
        match csv_cases(&sources, id) {
            Ok(cases) => Ok(cases.iter().map(row).collect::<Vec<_>>().join("\n")),
            Err(problems) => Err(problems.iter().map(problem).collect::<Vec<_>>().join("\n")),
        }
    }

    #[test]
    fn rows_become_cases() {
        let table = [
            ("text,n\na b,2\n,0", "2 {\"n\":2,\"text\":\"a b\"} <a b,2>\n3 {\"n\":0,\"text\":\"\"} <,0>"),
            ("\u{feff}a\r\n\r\n007\r\n-1.5\r\n", "3 {\"a\":\"007\"} <007>\n4 {\"a\":-1.5} <-1.5>"),
            (
                "a, b\n\"x\ny\",\"q\"\"\"\n1,true\n",
                "2 {\"a\":\"x\\ny\",\"b\":\"q\\\"\"} <\"x\ny\",\"q\"\"\">\n4 {\"a\":1,\"b\":\"true\"} <1,true>",
            ),
            ("a\n\n\n1\n\n2", "4 {\"a\":1} <1>\n6 {\"a\":2} <2>"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), Ok(expected.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn mistakes_have_their_places() {
        let table = [
            ("", "cases.csv:1:1 the table has no rows <>"),
            ("a,b\n", "cases.csv:1:1 the table has no rows <a,b>"),
            ("a,b,a\n1,2,3", "cases.csv:1:1 two columns are called `a` <a,b,a>"),
            ("a,,b\n1,2,3", "cases.csv:1:1 column 2 has no name <a,,b>"),
            (
                "a,b\n1\n\n1,2\n1,2,3\n",
                "cases.csv:2:1 the row has 1 fields instead of 2 <1>\ncases.csv:5:1 the row has 3 fields instead of 2 <1,2,3>",
            ),
            ("a,b\n1,\"x\n2,3\n", "cases.csv:2:1 a quote that nothing closes <1,\"x\n2,3>"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), Err(expected.to_owned()), "{text:?}");
        }
        let many = format!("a\n{}", "1,2\n".repeat(100));
        assert_eq!(read(&many).unwrap_err().lines().count(), TOLD);
    }
}
