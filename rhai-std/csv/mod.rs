//! `csv`: tables with a line of names first.

mod cases;
mod format;
mod rows;

pub use cases::{CsvCase, csv_cases};

use crate::convert::value_from;
use crate::evaluation::check_memory;
use crate::failure::{Answer, fail, raise};
use crate::file;
use crate::file_view::FileView;
use crate::namespace::Namespace;
use crate::stream::{Source as _, Stream};
use format::Format;
use rhai::{Array, Dynamic, ImmutableString, Map};
use rows::Rows;
use std::sync::Arc;
use thinking_step::{Class, Value};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("csv");
    ns.function(
        "parse",
        Class::Pure,
        "parse(text) -> list of maps",
        "One map per row, by the names of the first line. A field that is a plain number as a whole (`12`, `-0.5`, `1e3`, not `007`) is one. \
         A second argument is a map of options: `separator` (\",\"), `quote`, `comment` (lines that begin with this character are left out), \
         `header` (`false`: there are no names, rows are lists), `numbers` (`false`: all fields stay text). Throws, with the line, where a row has more or fewer fields.",
        |text: ImmutableString| parse(&text, Format::default()),
    );
    ns.form("parse", |text: ImmutableString, options: Map| parse(&text, Format::read(&options)?));
    ns.function(
        "read",
        Class::Observe,
        "read(path) -> list of maps",
        "Reads a CSV file, a row at a time: `for row in csv::read(\"big.csv\") { … }` holds one row, whatever the size of the file. \
         Rows and options are those of `parse`; the value can do all that a list can. What is wrong in the middle is thrown when the row is reached, with its line.",
        |path: ImmutableString| open(&path, Format::default()),
    )
    .reads(0)
    .streams();
    ns.form("read", |path: ImmutableString, options: Map| open(&path, Format::read(&options)?));
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

fn parse(text: &str, format: Format) -> Answer<Array> {
    let rows = Rows { file: FileView::of_text(text), what: "the text".to_owned(), format };
    let mut list = Array::new();
    for row in Arc::new(rows).items() {
        if list.len().is_multiple_of(4096) {
            check_memory()?;
        }
        list.push(row?);
    }
    Ok(list)
}

fn open(path: &str, format: Format) -> Answer<Dynamic> {
    let file = FileView::open(path, "csv::read")?;
    Ok(Stream::dynamic(Rows { file, what: format!("`{path}`"), format }))
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
