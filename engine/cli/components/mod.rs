//! `thinking components`

mod gather;
mod json;
mod schema;
mod text;

#[cfg(test)]
mod tests;

use crate::cli::args::Common;
use crate::cli::chosen::{self, LookArgs};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::{output, past};
use clap::Args;
use gather::Everything;
use std::path::PathBuf;
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_script::Rhai;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking components                what there is, what is taken for what, and why
  thinking components tokenizer      one interface, component, binding or step in full
  thinking components --facet gpu    and with a facet
  thinking components --json         for machines")]
pub(crate) struct ComponentsArgs {
    /// Show this interface, component, binding or step in full
    pub name: Option<String>,
    /// The manifest, or its directory [default: pipeline.kdl, else the only *.kdl here]
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Give a parameter that a `detect` or `when` looks at its value
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Switch facets on
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub facet: Vec<String>,
    /// Directory of the recorded state: an unfinished run remembers facets
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// For machines: JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// No difference: everything is data
    #[arg(long, short)]
    pub quiet: bool,
}

pub(crate) fn run(args: &ComponentsArgs) -> Result<Exit, Trouble> {
    let common =
        Common { manifest: args.manifest.clone(), state: args.state.clone(), json: args.json, quiet: args.quiet };
    let look = LookArgs { common, params: args.params.clone(), facet: args.facet.clone(), pipeline: None };
    let language = Rhai::new();
    let mut looked = chosen::look(&look, &language)?;
    let requests = looked.requests();
    let selection = looked.select(&requests)?;
    let (model, _) = looked.compose(&selection)?;
    let mut all = gather::of(&mut looked, &model);
    if let Some(name) = &args.name {
        match one(all, name) {
            Ok(found) => all = found,
            Err(help) => {
                let message = format!("no interface, component, binding or step is called `{name}`");
                output::complain(Diagnostic::error(Code::UnknownComponent, message).help(help), args.json);
                return Ok(Exit::Wrong);
            }
        }
    }
    if args.json {
        output::json_data(&json::json(&all));
    } else {
        output::data(&text::text(&all, past::width(), args.name.is_some()));
    }
    Ok(Exit::Done)
}

/// What goes by a name, and what belongs to it: the component of a binding, the bindings of a component, the components of an interface.
/// With none, a help.
fn one(all: Everything, name: &str) -> Result<Everything, String> {
    let same = |known: &str| known == name || known.replace('-', "_") == name.replace('-', "_");
    let Everything { mut interfaces, mut components, mut bindings, mut steps } = all;
    let names: Vec<String> = interfaces
        .iter()
        .map(|one| &one.name)
        .chain(components.iter().map(|one| &one.name))
        .chain(bindings.iter().map(|one| &one.name))
        .chain(steps.iter().map(|one| &one.name))
        .cloned()
        .collect();
    if !names.iter().any(|known| same(known)) {
        return Err(match did_you_mean(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`thinking components` lists what there is".to_owned(),
        });
    }
    interfaces.retain(|one| same(&one.name));
    steps.retain(|one| same(&one.name));
    let bound: Vec<String> = bindings.iter().filter(|one| same(&one.name)).map(|one| one.component.clone()).collect();
    components.retain(|one| {
        same(&one.name) || bound.contains(&one.name) || one.provides.iter().any(|provided| same(provided))
    });
    let kinds: Vec<String> = components.iter().filter(|one| same(&one.name)).map(|one| one.name.clone()).collect();
    bindings.retain(|one| same(&one.name) || kinds.contains(&one.component));
    Ok(Everything { interfaces, components, bindings, steps })
}
