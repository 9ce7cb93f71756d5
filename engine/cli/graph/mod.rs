//! `thinking graph`: the tasks of a pipeline and what they are wired to, as a picture.
//!
//! 1. `tasks`, `wiring`: the plan to a [`Drawing`](drawing::Drawing): boxes, frames and arrows
//! 2. `svg`, `mermaid`, `dot`, `json`: the drawing to text

mod dot;
mod drawing;
mod json;
mod mermaid;
mod svg;
mod tasks;
mod wiring;

use crate::cli::chosen::{self, LookArgs, Looked};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::{output, prepare};
use clap::{Args, ValueEnum};
use drawing::Drawing;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics};
use thinking_manifest::Model;
use thinking_plan::Plan;
use thinking_script::Rhai;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking graph                             as Mermaid on a terminal, else as SVG
  thinking graph -o train.svg                a picture; .mmd and .dot are the other endings
  thinking graph --format dot --facet gpu    for graphviz, with a facet
  thinking graph --wiring -o wiring.svg      only the components and what they take
  thinking graph --json                      boxes and arrows for machines

Frames are what holds tasks, dashed ones loops, dotted ones what may not happen. Arrows say what
comes next, dashed ones which result is read where, thick ones what a component takes; dotted lines
say which component or database a task uses.")]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    pub look: LookArgs,
    /// How it is drawn [default: by the ending of -o, else mermaid on a terminal and svg elsewhere]
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    pub format: Option<Format>,
    /// Only the tasks, and the databases that they use
    #[arg(long)]
    pub tasks: bool,
    /// Only the components, and what they take
    #[arg(long)]
    pub wiring: bool,
    /// Write into a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A picture that every browser shows
    Svg,
    /// A flowchart in Mermaid, which many forges and editors show
    Mermaid,
    /// The language of graphviz
    Dot,
}

pub(crate) fn run(args: &GraphArgs) -> Result<Exit, Trouble> {
    let Some(format) = format(args) else {
        let name = args.output.as_deref().unwrap_or(Path::new("")).display();
        let help = "end it in .svg, .mmd or .dot, or say --format";
        return Ok(wrong(args, format!("how is `{name}` to be drawn?"), help));
    };
    let language = Rhai::new();
    let mut looked = chosen::look(&args.look, &language)?;
    let requests = looked.requests();
    let selection = looked.select(&requests)?;
    let (model, _) = looked.compose(&selection)?;
    let plan = plan(args, &mut looked, &model)?;
    let mut drawing = Drawing::default();
    let both = args.tasks == args.wiring;
    let tasks = (both || args.tasks).then(|| tasks::tasks(&plan, &looked.session.sources, &mut drawing));
    wiring::wiring(&plan, tasks.as_ref(), both || args.wiring, &mut drawing);
    let title = format!("{}: pipeline {}", looked.path.display(), plan.pipeline);
    let text = match format {
        _ if args.look.common.json => Some(json::json(&drawing)),
        Format::Svg => svg::svg(&drawing, &title),
        Format::Mermaid => Some(mermaid::mermaid(&drawing)),
        Format::Dot => Some(dot::dot(&drawing, &title)),
    };
    let Some(text) = text else {
        let help = "this is a mistake in thinking; --format dot and --format mermaid leave the layout to others";
        return Ok(wrong(args, "the drawing could not be laid out".to_owned(), help));
    };
    match &args.output {
        None => output::data(&text),
        Some(file) => {
            if let Err(error) = std::fs::write(file, text) {
                let message = format!("cannot write `{}`: {error}", file.display());
                return Ok(wrong(args, message, "name a file in a folder that is there"));
            }
        }
    }
    Ok(Exit::Done)
}

/// How to draw; `None` if the file's name does not say.
fn format(args: &GraphArgs) -> Option<Format> {
    if args.format.is_some() {
        return args.format;
    }
    let Some(file) = &args.output else {
        let terminal = std::io::stdout().is_terminal();
        return Some(if terminal { Format::Mermaid } else { Format::Svg });
    };
    match file.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "svg" => Some(Format::Svg),
        "mmd" | "mermaid" => Some(Format::Mermaid),
        "dot" | "gv" => Some(Format::Dot),
        _ if args.look.common.json => Some(Format::Svg),
        _ => None,
    }
}

/// The plan of the pipeline that is meant; parameters may be missing.
fn plan(args: &GraphArgs, looked: &mut Looked<'_>, model: &Model) -> Result<Plan, Trouble> {
    let json = args.look.common.json;
    let known: Vec<String> = model.manifest.pipeline.names().map(str::to_owned).collect();
    let mut found = Diagnostics::new();
    let name = match (&args.look.pipeline, &*known) {
        (Some(name), known) if known.contains(name) => Some(name.clone()),
        (Some(name), _) => {
            found.push(prepare::unknown_pipeline(name, model));
            None
        }
        (None, [only]) => Some(only.clone()),
        (None, several) => {
            let help = match several {
                [] => "the manifest has none: there is nothing to draw".to_owned(),
                _ => format!("say which with --pipeline: {}", several.join(", ")),
            };
            found.push(Diagnostic::error(Code::CommandLine, "which pipeline?").help(help));
            None
        }
    };
    let plan = name.and_then(|name| looked.workshop(model).plan(&name, &mut found));
    plan.filter(|_| !found.has_errors()).ok_or_else(|| {
        output::diagnostics(&found, &looked.session.sources, json);
        Trouble::Told(Exit::Wrong)
    })
}

fn wrong(args: &GraphArgs, message: String, help: &str) -> Exit {
    let diagnostic = Diagnostic::error(Code::CommandLine, message).help(help.to_owned());
    output::complain(diagnostic, args.look.common.json);
    Exit::Wrong
}
