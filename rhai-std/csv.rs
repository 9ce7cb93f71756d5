//! `csv`: tables with a line of names first.

use crate::convert::value_from;
use crate::failure::{Answer, fail, raise};
use crate::file;
use crate::namespace::Namespace;
use rhai::{Array, Dynamic, ImmutableString, Map};
use thinking_step::{Class, Value};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("csv");
    ns.function(
        "parse",
        Class::Pure,
        "parse(text) -> list of maps",
        "One map per row, by the names of the first line. A field that is a plain number as a whole (`12`, `-0.5`, `1e3`, not `007`) is one.",
        |text: ImmutableString| parse(text.as_bytes(), "the text"),
    );
    ns.function(
        "read",
        Class::Observe,
        "read(path) -> list of maps",
        "Reads a CSV file as `parse` does.",
        |path: ImmutableString| parse(&file::read(&path, "csv::read")?, &format!("`{path}`")),
    )
    .reads(0);
    ns.function(
        "to_string",
        Class::Pure,
        "to_string(rows) -> string",
        "Rows (maps, or lists) as CSV. The columns are the names of all maps, sorted.",
        |rows: Array| print(&rows),
    );
    ns.form("to_string", |rows: Array, columns: Array| print_columns(&rows, &columns));
    ns.function(
        "write",
        Class::Effect,
        "write(path, rows)",
        "Writes a CSV file; a third argument names the columns.",
        |path: ImmutableString, rows: Array| -> Answer<()> {
            file::write(&path, print(&rows)?.as_bytes(), "csv::write")
        },
    )
    .writes(0);
    ns.form("write", |path: ImmutableString, rows: Array, columns: Array| -> Answer<()> {
        file::write(&path, print_columns(&rows, &columns)?.as_bytes(), "csv::write")
    });
    ns
}

fn parse(text: &[u8], what: &str) -> Answer<Array> {
    let bad = |error: csv::Error| fail(format!("{what} is not CSV: {}", explain(&error)));
    let mut reader = csv::ReaderBuilder::new().from_reader(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    let names: Vec<rhai::Identifier> = reader.headers().map_err(bad)?.iter().map(Into::into).collect();
    let mut rows = Array::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let row: Map = names.iter().cloned().zip(record.iter().map(field)).collect();
        rows.push(Dynamic::from_map(row));
    }
    Ok(rows)
}

fn explain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} fields instead of {expected_len}")
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            format!("line {} is not UTF-8", pos.as_ref().map_or(0, csv::Position::line))
        }
        _ => error.to_string(),
    }
}

fn field(text: &str) -> Dynamic {
    if !is_plain_number(text) {
        return text.into();
    }
    if text.contains(['.', 'e', 'E']) {
        return match text.parse::<f64>() {
            Ok(float) if float.is_finite() => float.into(),
            _ => text.into(),
        };
    }
    text.parse::<i64>().map_or_else(|_| text.into(), Into::into)
}

/// Whether a text is a number as JSON writes it: no plus sign, no leading zeros, no blanks. So keys such as `007` stay what they are.
fn is_plain_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

fn print(rows: &Array) -> Answer<String> {
    let mut columns: Vec<String> = rows
        .iter()
        .filter_map(|row| row.as_map_ref().ok())
        .flat_map(|row| row.keys().map(ToString::to_string).collect::<Vec<_>>())
        .collect();
    columns.sort_unstable();
    columns.dedup();
    table(rows, &columns)
}

fn print_columns(rows: &Array, columns: &Array) -> Answer<String> {
    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    table(rows, &columns)
}

fn table(rows: &Array, columns: &[String]) -> Answer<String> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let bad = |error: csv::Error| fail(format!("cannot write CSV: {error}"));
    if !columns.is_empty() {
        writer.write_record(columns).map_err(bad)?;
    }
    for (at, row) in rows.iter().enumerate() {
        let fields = if let Ok(row) = row.as_map_ref() {
            columns
                .iter()
                .map(|name| row.get(name.as_str()).map_or(Ok(String::new()), cell))
                .collect::<Answer<Vec<_>>>()?
        } else if let Ok(row) = row.as_array_ref() {
            row.iter().map(cell).collect::<Answer<Vec<_>>>()?
        } else {
            return Err(fail(format!("row {at} must be a map or a list")));
        };
        writer.write_record(fields).map_err(bad)?;
    }
    let bytes = writer.into_inner().map_err(|error| fail(format!("cannot write CSV: {error}")))?;
    String::from_utf8(bytes).map_err(|error| fail(error.to_string()))
}

fn cell(value: &Dynamic) -> Answer<String> {
    Ok(match value_from(value).map_err(raise)? {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    })
}
