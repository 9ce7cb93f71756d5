//! `thinking show`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::past::{self, PastArgs};
use crate::cli::{output, resolved};
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_report::{PastPage, run_steps_json, run_text, step_json, step_text, tasks_json, tasks_text};
use thinking_run::past::{Ends, Found, Past, Sought, find_run, find_task, run_steps};
use thinking_store::RunRecord;

/// Of long lists so much is shown from the beginning, and as much from the end.
const ENDS: Ends = Ends(20);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking show                          the latest run
  thinking show 20261120-0811            the run whose id begins so
  thinking show 'fit/epoch[3]/train'     a step: when, how long, its result, which data it changed
  thinking show fit/epoch                all that is below
  thinking show train:fit/epoch          the same of pipeline `train`
  thinking show --resolved --facet gpu   the manifest with a facet, and where each value is from
  thinking show --defaults std/logging   a manifest that ships with thinking")]
pub(crate) struct ShowArgs {
    /// A run, by its id or the beginning of it, or a task, by its path [default: the latest run]
    #[arg(value_name = "RUN|PATH")]
    pub target: Option<String>,
    #[command(flatten)]
    pub past: PastArgs,
    /// The manifest, or a directory, beside which the state lies; it is not read
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Only tasks of this pipeline
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
    /// Shorten nothing
    #[arg(long)]
    pub all: bool,
    /// Print the manifests that ship with thinking, or the one of that name
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["target", "pipeline"])]
    pub defaults: Option<String>,
    /// Print the manifest as it is composed, with the place of every value; RUN|PATH is a manifest then
    #[arg(long, conflicts_with_all = ["defaults", "all"])]
    pub resolved: bool,
    /// With --resolved: switch facets on
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', requires = "resolved")]
    pub facet: Vec<String>,
    /// With --resolved: give a parameter that a `detect` looks at its value
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", requires = "resolved")]
    pub params: Vec<String>,
}

pub(crate) fn run(args: &ShowArgs) -> Result<Exit, Trouble> {
    if let Some(name) = &args.defaults {
        return Ok(defaults(name, args.past.json));
    }
    if args.resolved {
        return resolved::run(args);
    }
    let manifest = args.manifest.as_deref();
    let directory = past::directory(&args.past, manifest);
    let Some(opened) = past::open(directory.clone())? else {
        let help = "`thinking apply` runs the pipeline; --state says where its state lies".to_owned();
        let message = past::nothing(&directory).trim_end().to_owned();
        output::complain(Diagnostic::error(Code::State, message).help(help), args.past.json);
        return Ok(Exit::Wrong);
    };
    let past = opened.past()?;
    let ends = if args.all || args.past.json { Ends(usize::MAX) } else { ENDS };
    let page = || past::page(&args.past, manifest, args.all);
    let sought = find_run(&past, args.target.as_deref())?;
    let target = args.target.as_deref().unwrap_or_default();
    match sought {
        Sought::Run(record) if record.id == target || args.target.is_none() => {
            show_run(&past, &record, ends, args, page)
        }
        // The beginning of an id may also be the path of a task, which is there in full.
        Sought::Run(record) => match find_task(&past, target, args.pipeline.as_deref(), ends)? {
            Found::Nothing(_) => show_run(&past, &record, ends, args, page),
            found => Ok(show_found(&found, target, &[], args, page)),
        },
        Sought::Several(ids) => {
            let message = format!("the ids of several runs begin with `{target}`: {}", ids.join(", "));
            Ok(wrong(args, message, "type more of it".to_owned()))
        }
        Sought::None(_) if args.target.is_none() => {
            Ok(wrong(args, "no run is recorded yet".to_owned(), "`thinking apply` runs the pipeline".to_owned()))
        }
        Sought::None(ids) => {
            let found = find_task(&past, target, args.pipeline.as_deref(), ends)?;
            Ok(show_found(&found, target, &ids, args, page))
        }
    }
}

fn show_run(
    past: &Past<'_>,
    record: &RunRecord,
    ends: Ends,
    args: &ShowArgs,
    page: impl Fn() -> PastPage,
) -> Result<Exit, Trouble> {
    let detail = run_steps(past, record, ends)?;
    print(args, || run_steps_json(&detail), || run_text(&detail, &page()));
    Ok(Exit::Done)
}

fn show_found(found: &Found, target: &str, ids: &[String], args: &ShowArgs, page: impl Fn() -> PastPage) -> Exit {
    match found {
        Found::Step(detail) => print(args, || step_json(detail), || step_text(detail, &page())),
        Found::Tasks(tasks) => print(args, || tasks_json(tasks), || tasks_text(tasks, &page())),
        Found::Pipelines(names) => {
            let message = format!("`{target}` is a task of several pipelines: {}", names.join(", "));
            let first = names.first().map_or("", String::as_str);
            return wrong(args, message, format!("say which: thinking show '{first}:{target}'"));
        }
        Found::Nothing(known) => {
            let message = format!("no run and no task `{target}` is recorded");
            return wrong(args, message, near(target, known, ids));
        }
    }
    Exit::Done
}

/// What may have been meant.
fn near(target: &str, known: &[String], ids: &[String]) -> String {
    let bare = past::without_keys(target);
    let recorded = |path: &str| known.iter().any(|task| task == path || task.starts_with(&format!("{path}/")));
    if bare != target && recorded(&bare) {
        return format!("of `{bare}` there are other iterations: thinking show {bare}");
    }
    match past::nearest(target, known, ids) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "`thinking history` lists the runs".to_owned(),
        None => "`thinking history` lists the runs, `thinking show` the steps of the latest".to_owned(),
    }
}

fn print(args: &ShowArgs, as_json: impl FnOnce() -> Value, as_text: impl FnOnce() -> String) {
    if args.past.json {
        output::json_data(&as_json());
    } else {
        output::data(&as_text());
    }
}

fn wrong(args: &ShowArgs, message: String, help: String) -> Exit {
    output::complain(Diagnostic::error(Code::CommandLine, message).help(help), args.past.json);
    Exit::Wrong
}

/// The manifests that ship, each under a comment with its name.
fn defaults(name: &str, as_json: bool) -> Exit {
    let names: Vec<&str> = thinking_manifests::names().collect();
    let wanted: Vec<&str> = names.iter().copied().filter(|known| name.is_empty() || *known == name).collect();
    if wanted.is_empty() {
        let help = match did_you_mean(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", names.join(", ")),
        };
        let message = format!("no manifest `{name}` ships with thinking");
        output::complain(Diagnostic::error(Code::CommandLine, message).help(help), as_json);
        return Exit::Wrong;
    }
    let text = |name: &str| thinking_manifests::get(name).unwrap_or_default();
    if as_json {
        let list: serde_json::Map<String, Value> =
            wanted.iter().map(|name| ((*name).to_owned(), text(name).into())).collect();
        output::json_data(&Value::Object(list));
        return Exit::Done;
    }
    let texts: Vec<String> = wanted.iter().map(|name| format!("// {name}\n{}\n", text(name).trim_end())).collect();
    output::data(&texts.join("\n"));
    Exit::Done
}
