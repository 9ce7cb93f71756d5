//! `thinking diff`

use crate::cli::args::Common;
use crate::cli::chosen::{self, LookArgs, Looked};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::{output, past};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use thinking_diagnostic::{Code, Diagnostic};
use thinking_manifest::resolved::{Change, Origin, Origins, Side, changes};
use thinking_manifest::{Requests, Selection};
use thinking_report::{cut, cut_front};
use thinking_script::Rhai;

/// Columns between the two sides.
const GAP: usize = 2;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking diff --facet cpu --facet gpu         what differs, and where each value is from
  thinking diff --facet '' --facet gpu,smoke    what two facets together change
  thinking diff --facet cpu --facet gpu --json  for machines

Each --facet is one side: as `apply` with it would have the manifest here, with THINKING_FACETS and
what `detect` finds; --facet '' is the side that asks for none. An unfinished run is not looked at.")]
pub(crate) struct DiffArgs {
    /// Two runs or tasks to compare: this version compares facets only
    #[arg(value_name = "A B", num_args = 0..=2)]
    pub past: Vec<String>,
    /// A side: the facets that are switched on; given twice
    #[arg(long, value_name = "NAME,…")]
    pub facet: Vec<String>,
    /// The manifest, or its directory [default: pipeline.kdl, else the only *.kdl here]
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Give a parameter that a `detect` looks at its value
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// No difference: no state is looked at
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// For machines: JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Say nothing if nothing differs
    #[arg(long, short)]
    pub quiet: bool,
}

/// One outcome.
struct Outcome {
    /// As it was asked for.
    asked: String,
    selection: Selection,
}

pub(crate) fn run(args: &DiffArgs) -> Result<Exit, Trouble> {
    if !args.past.is_empty() {
        let message = "runs and tasks cannot be compared yet".to_owned();
        let help = "this version compares two choices of facets: thinking diff --facet A --facet B";
        return Ok(wrong(args, message, help));
    }
    let [one, other] = &*args.facet else {
        let message = format!(
            "two sides are compared, and {} given",
            match args.facet.len() {
                0 => "none is".to_owned(),
                1 => "one is".to_owned(),
                many => format!("{many} are"),
            }
        );
        return Ok(wrong(args, message, "give --facet twice: thinking diff --facet A --facet B ('' for none)"));
    };
    let common = Common { manifest: args.manifest.clone(), json: args.json, ..Common::default() };
    let look = LookArgs { common, params: args.params.clone(), ..LookArgs::default() };
    let language = Rhai::new();
    let mut looked = chosen::look(&look, &language)?;
    let (one, other) = (outcome(&mut looked, one)?, outcome(&mut looked, other)?);
    let before = looked.compose(&one.selection)?.1;
    let after = looked.compose(&other.selection)?.1;
    let page = Page { changes: changes(&before, &after), origins: looked.session.project.origins(), looked: &looked };
    if args.json {
        output::json_data(&page.json(&one, &other));
    } else if !page.changes.is_empty() {
        output::data(&page.text(&one, &other, past::width()));
    } else if !args.quiet {
        output::data("no difference: both sides are the same manifest\n");
    }
    Ok(Exit::Done)
}

fn outcome(looked: &mut Looked<'_>, asked: &str) -> Result<Outcome, Trouble> {
    let words = asked.split(',').map(str::trim).filter(|word| !word.is_empty());
    let command_line = words.map(str::to_owned).collect();
    let requests = Requests { command_line, remembered: Vec::new(), ..looked.requests() };
    Ok(Outcome { asked: asked.to_owned(), selection: looked.select(&requests)? })
}

fn wrong(args: &DiffArgs, message: String, help: &str) -> Exit {
    output::complain(Diagnostic::error(Code::CommandLine, message).help(help.to_owned()), args.json);
    Exit::Wrong
}

struct Page<'p> {
    changes: Vec<Change>,
    origins: Origins,
    looked: &'p Looked<'p>,
}

impl Page<'_> {
    fn origin(&self, side: Option<&Side>) -> Option<Origin> {
        self.origins.of(side?.span, &self.looked.session.sources)
    }

    /// Side by side: a line that says what, below it the two values and their places.
    fn text(&self, one: &Outcome, other: &Outcome, width: Option<usize>) -> String {
        let mut blocks: Vec<(String, Vec<[String; 2]>)> = Vec::new();
        let active = |side: &Outcome| match side.selection.active.join(", ") {
            none if none.is_empty() => "no facet active".to_owned(),
            some => format!("active: {some}"),
        };
        let asked = |side: &Outcome| {
            if side.asked.is_empty() { "--facet ''".to_owned() } else { format!("--facet {}", side.asked) }
        };
        blocks.push((String::new(), vec![[asked(one), asked(other)], [active(one), active(other)]]));
        for change in &self.changes {
            let (before, after) = change.texts();
            let nothing = || "-".to_owned();
            let place =
                |side: &Option<Side>| self.origin(side.as_ref()).map(|origin| origin.to_string()).unwrap_or_default();
            let node =
                |text: Option<String>| text.map(|text| if text.is_empty() { "is there".to_owned() } else { text });
            blocks.push((
                change.what(),
                vec![
                    [node(before).unwrap_or_else(nothing), node(after).unwrap_or_else(nothing)],
                    [place(&change.before), place(&change.after)],
                ],
            ));
        }
        let cells = blocks.iter().flat_map(|(_, rows)| rows);
        let widest = cells.map(|row| row[0].chars().count()).max().unwrap_or(0);
        let half = width.map_or(usize::MAX, |width| width.saturating_sub(2 * GAP) / 2);
        let column = widest.min(half);
        let mut text = String::new();
        for (what, rows) in &blocks {
            if !what.is_empty() {
                // The end of a path says most.
                text.push_str(&cut_front(what, width.unwrap_or(usize::MAX), "…"));
                text.push('\n');
            }
            for (at, [left, right]) in rows.iter().enumerate() {
                // So does the end of a place.
                let fit = if at == 1 && !what.is_empty() { cut_front } else { cut };
                let rest = width.map_or(usize::MAX, |width| width.saturating_sub(column + 2 * GAP));
                let line =
                    format!("{:GAP$}{:<column$}{:GAP$}{}", "", fit(left, column, "…"), "", fit(right, rest, "…"));
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        text
    }

    fn json(&self, one: &Outcome, other: &Outcome) -> Value {
        let outcome = |side: &Outcome| json!({ "asked": side.asked, "active": side.selection.active });
        let value = |side: &Option<Side>| match side {
            Some(side) => {
                json!({ "value": side.value, "text": side.text, "from": chosen::origin_json(self.origin(Some(side)).as_ref()) })
            }
            None => Value::Null,
        };
        let changes = self.changes.iter().map(|change| {
            json!({
                "what": change.what(), "nodes": change.path, "property": change.setting,
                "one": value(&change.before), "other": value(&change.after),
            })
        });
        json!({ "one": outcome(one), "other": outcome(other), "differences": changes.collect::<Vec<_>>() })
    }
}
