//! What the verbs that look at a composed manifest have in common: reading it, and deciding about facets as `apply` would.

use crate::cli::args::{Common, RunArgs};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::session::{self, Session};
use crate::cli::{given, output, prepare, runner};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use thinking_diagnostic::{Diagnostic, Diagnostics};
use thinking_manifest::resolved::{Child, Origin};
use thinking_manifest::{Model, Requests, Selection};
use thinking_plan::{Given, Workshop};
use thinking_script::Rhai;
use thinking_store::RunRecord;

/// What they take.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LookArgs {
    #[command(flatten)]
    pub common: Common,
    /// Give a parameter that a `detect` or `when` looks at its value
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Switch facets on
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub facet: Vec<String>,
    /// The pipeline, if there are several
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
}

/// A manifest without mistakes, and what was given for it.
pub(crate) struct Looked<'l> {
    pub session: Session<'l>,
    /// The main manifest, as given.
    pub path: PathBuf,
    pub state: PathBuf,
    /// The manifest without any facet: what `detect` sees.
    pub base: Model,
    /// The run that `apply` would go on with.
    pub unfinished: Option<RunRecord>,
    args: RunArgs,
    given: Given,
}

/// Reads and checks a manifest. Everything wrong is printed.
pub(crate) fn look<'l>(args: &LookArgs, language: &'l Rhai) -> Result<Looked<'l>, Trouble> {
    let path = session::manifest(&args.common)?;
    let json = args.common.json;
    let mut session = match Session::load(&path, language) {
        Ok(session) => session,
        Err((sources, diagnostics)) => {
            output::diagnostics(&diagnostics, &sources, json);
            return Err(Trouble::Told(Exit::Wrong));
        }
    };
    runner::enter(&session, &args.common)?;
    let state = session::state_directory(&args.common, &session.project.directory);
    session.check(&state);
    let base = session.project.compose(&Selection::default(), &mut Diagnostics::new());
    let base = match base.filter(|_| !session.diagnostics.has_errors()) {
        Some(base) => base,
        None => {
            output::diagnostics(&session.diagnostics, &session.sources, json);
            return Err(Trouble::Told(Exit::Wrong));
        }
    };
    let run = RunArgs {
        common: args.common.clone(),
        params: args.params.clone(),
        facet: args.facet.clone(),
        pipeline: args.pipeline.clone(),
        ..RunArgs::default()
    };
    let pipelines: Vec<&str> = base.manifest.pipeline.names().collect();
    let pipeline = match (&args.pipeline, &*pipelines) {
        (Some(name), known) if !known.contains(&name.as_str()) && !anywhere(&session, name) => {
            let unknown = prepare::unknown_pipeline(name, &base);
            output::diagnostics(&Diagnostics::from_iter([unknown]), &session.sources, json);
            return Err(Trouble::Told(Exit::Wrong));
        }
        (Some(name), _) => Some(name.as_str()),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    let unfinished = match pipeline {
        Some(pipeline) => prepare::unfinished(&state, pipeline)?,
        None => None,
    };
    let given = given::params(&run, unfinished.as_ref())?;
    Ok(Looked { session, path, state, base, unfinished, args: run, given })
}

/// Whether some facet brings a pipeline of that name.
fn anywhere(session: &Session<'_>, pipeline: &str) -> bool {
    let selections = session.project.facets.every_selection();
    let mut models = selections.iter().filter_map(|one| session.project.compose(one, &mut Diagnostics::new()));
    models.any(|model| model.manifest.pipeline.get(pipeline).is_some())
}

impl<'l> Looked<'l> {
    /// The facets that were asked for here.
    pub fn requests(&self) -> Requests {
        given::facets(&self.args, self.unfinished.as_ref())
    }

    /// Which facets are active then. What is wrong with the choice is printed.
    pub fn select(&mut self, requests: &Requests) -> Result<Selection, Trouble> {
        let chosen = prepare::select(&mut self.session, &self.base, &self.given, requests, &self.state);
        chosen.map_err(|wrong| self.refuse(wrong))
    }

    /// The manifest under a selection, and its nodes. What is wrong with it is printed.
    pub fn compose(&self, selection: &Selection) -> Result<(Model, Vec<Child>), Trouble> {
        let mut found = Diagnostics::new();
        let model = self.session.project.compose(selection, &mut found).filter(|_| !found.has_errors());
        let model = model.ok_or_else(|| self.refuse(found))?;
        let nodes = self.session.project.nodes(&model);
        Ok((model, nodes))
    }

    /// A workshop for a composed manifest, its parameters as they are given here; one that is missing has no value.
    pub fn workshop<'w>(&'w mut self, model: &'w Model) -> Workshop<'w, 'l> {
        let given = self.given.clone();
        let mut shop = prepare::workshop(&mut self.session, model, &self.state);
        shop.resolve_params(&given, &mut Diagnostics::new());
        shop
    }

    /// What the `detect` of each facet that has one says, in the order of their declaration.
    pub fn detected(&mut self) -> Vec<(String, Result<bool, Diagnostic>)> {
        let facets = self.session.project.facets.clone();
        let mut shop = prepare::workshop(&mut self.session, &self.base, &self.state);
        shop.resolve_params(&self.given, &mut Diagnostics::new());
        let with_code = facets.facets.iter().filter(|facet| facet.detect.is_some());
        with_code.map(|facet| (facet.name.clone(), shop.detect(facet))).collect()
    }

    fn refuse(&self, wrong: impl IntoIterator<Item = Diagnostic>) -> Trouble {
        let found = Diagnostics::from_iter(wrong);
        output::diagnostics(&found, &self.session.sources, self.args.common.json);
        Trouble::Told(Exit::Wrong)
    }
}

/// A place as JSON has it, `null` for none.
pub(crate) fn origin_json(origin: Option<&Origin>) -> Value {
    match origin {
        Some(origin) => {
            json!({ "file": origin.file, "line": origin.line, "column": origin.column, "facet": origin.facet })
        }
        None => Value::Null,
    }
}
