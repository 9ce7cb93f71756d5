//! Parameters and facets as the command line, files and the environment give them.

use crate::cli::args::RunArgs;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use thinking_diagnostic::{Code, Diagnostic};
use thinking_manifest::Requests;
use thinking_plan::Given;
use thinking_store::RunRecord;

/// What parameters were given, with those of the unfinished run.
pub(crate) fn params(args: &RunArgs, unfinished: Option<&RunRecord>) -> Result<Given, Trouble> {
    let mut given = Given {
        remembered: unfinished.map(|run| run.params.clone()).unwrap_or_default(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect::<BTreeMap<_, _>>(),
        working_directory: std::env::current_dir().unwrap_or_default(),
        ..Given::default()
    };
    for text in &args.params {
        let Some((name, value)) = text.split_once('=') else {
            return Err(wrong(args, format!("`-p {text}` gives no value"), "write -p NAME=VALUE"));
        };
        given.command_line.push((name.to_owned(), value.to_owned()));
    }
    for file in &args.params_files {
        let values = read(file)
            .map_err(|why| wrong(args, format!("cannot use `{}`: {why}", file.display()), "mend the file"))?;
        given.files.push((file.display().to_string(), values));
    }
    Ok(given)
}

/// What facets were asked for.
pub(crate) fn facets(args: &RunArgs, unfinished: Option<&RunRecord>) -> Requests {
    let environment = std::env::var("THINKING_FACETS").unwrap_or_default();
    let words = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    Requests {
        command_line: args.facet.iter().flat_map(|text| words(text)).collect(),
        environment: words(&environment),
        remembered: unfinished.map(|run| run.facets.clone()).unwrap_or_default(),
    }
}

/// What is taken over from the unfinished run, as a command line would say it.
pub(crate) fn taken_over(
    args: &RunArgs,
    requests: &Requests,
    unfinished: Option<&RunRecord>,
    active: &[String],
) -> Vec<String> {
    let Some(run) = unfinished else { return Vec::new() };
    let given = |name: &str| args.params.iter().any(|text| text.split('=').next() == Some(name));
    let params = run.params.iter().filter(|(name, _)| !given(name)).map(|(name, value)| match value {
        Value::String(text) => format!("-p {name}={text}"),
        other => format!("-p {name}={other}"),
    });
    let facets = requests
        .remembered
        .iter()
        .filter(|facet| {
            active.contains(facet) && !requests.command_line.contains(facet) && !requests.environment.contains(facet)
        })
        .map(|facet| format!("--facet {facet}"));
    params.chain(facets).collect()
}

fn wrong(args: &RunArgs, message: String, help: &str) -> Trouble {
    output::complain(Diagnostic::error(Code::CommandLine, message).help(help.to_owned()), args.common.json);
    Trouble::Told(Exit::Wrong)
}

/// Values from a file, by its extension.
fn read(file: &Path) -> Result<Map<String, Value>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let value = match file.extension().and_then(|extension| extension.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string())?,
        Some("toml") => {
            let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
            from_toml(toml::Value::Table(table))
        }
        Some("kdl") => thinking_manifest::values(&text)?,
        _ => return Err("it is neither .kdl, .json nor .toml".to_owned()),
    };
    match value {
        Value::Object(map) => Ok(map),
        _ => Err("it must hold names and values".to_owned()),
    }
}

/// TOML as JSON: dates as text, and numbers that JSON cannot say as nothing.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(from_toml).collect(),
        toml::Value::Table(fields) => {
            Value::Object(fields.into_iter().map(|(name, field)| (name, from_toml(field))).collect())
        }
    }
}
