//! From a command line to a plan: what `apply` and `plan` have in common.

use crate::cli::args::RunArgs;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::session::{self, Session};
use crate::cli::{given, output, runner};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Severity, SourceMap, did_you_mean};
use thinking_manifest::guide::no_pipeline;
use thinking_manifest::{Model, Requests, Selection};
use thinking_plan::{Parameters, Plan, Settings, Workshop};
use thinking_script::Rhai;
use thinking_step::Mode;
use thinking_store::{RunRecord, StoreError};
use thinking_store_lmdb::LmdbStore;

/// The line that is worked on; forks come later.
pub(crate) const LINE: &str = "main";

/// A plan that is ready, and what is needed beside it.
pub(crate) struct Prepared {
    pub plan: Plan,
    pub settings: Settings,
    pub sources: Arc<SourceMap>,
    /// The main manifest, as given.
    pub manifest: PathBuf,
    pub state: PathBuf,
    /// What was taken over from the unfinished run.
    pub remembered: Vec<String>,
    /// Environment variables that hold secrets.
    pub secrets: Vec<String>,
    /// The command that goes on with the run.
    pub resume: String,
}

/// Reads, checks, and plans. Everything wrong is printed.
pub(crate) fn prepare(args: &RunArgs) -> Result<Prepared, Trouble> {
    let path = session::manifest(&args.common)?;
    let language = Rhai::new();
    let mut session = match Session::load(&path, &language) {
        Ok(session) => session,
        Err((sources, diagnostics)) => {
            output::diagnostics(&diagnostics, &sources, args.common.json);
            return Err(Trouble::Told(Exit::Wrong));
        }
    };
    runner::enter(&session, &args.common)?;
    let state = session::state_directory(&args.common, &session.project.directory);
    session.check(&state);
    let mut found = std::mem::take(&mut session.diagnostics);
    let planned = if found.has_errors() { None } else { plan(args, &mut session, &state, &mut found)? };
    let Some((plan, settings, remembered, secrets)) = planned.filter(|_| !found.has_errors()) else {
        output::diagnostics(&found, &session.sources, args.common.json);
        return Err(Trouble::Told(Exit::Wrong));
    };
    // Warnings do not stop anything.
    if !found.is_empty() && !args.common.quiet && !args.common.json {
        output::diagnostics(&found, &session.sources, false);
    }
    let resume = resume_command(args, &path);
    Ok(Prepared {
        plan,
        settings,
        sources: Arc::new(session.sources),
        manifest: path,
        state,
        remembered,
        secrets,
        resume,
    })
}

type Planned = (Plan, Settings, Vec<String>, Vec<String>);

fn plan(
    args: &RunArgs,
    session: &mut Session<'_>,
    state: &Path,
    found: &mut Diagnostics,
) -> Result<Option<Planned>, Trouble> {
    let defaults = Selection::default();
    let Some(base) = session.project.compose(&defaults, &mut Diagnostics::new()) else { return Ok(None) };
    let Some(pipeline) = pipeline(args, &base, session.text(), found) else { return Ok(None) };
    let unfinished = unfinished(state, &pipeline)?.filter(|_| !args.fresh);
    let requests = given::facets(args, unfinished.as_ref());
    let given = given::params(args, unfinished.as_ref())?;
    let selection = match select(session, &base, &given, &requests, state) {
        Ok(selection) => selection,
        Err(wrong) => {
            found.extend(wrong);
            return Ok(None);
        }
    };
    let Some(model) = session.project.compose(&selection, found) else { return Ok(None) };
    if model.manifest.pipeline.get(&pipeline).is_none() {
        found.push(unknown_pipeline(&pipeline, &model));
        return Ok(None);
    }
    let secrets = model.manifest.param.iter().filter(|(_, param)| param.secret);
    let secrets = secrets.filter_map(|(_, param)| param.env.as_ref().map(|env| env.value.clone())).collect();
    let mut shop = workshop(session, &model, state);
    shop.resolve_params(&given, found);
    let settings = shop.settings(found);
    let Some(mut plan) = shop.plan(&pipeline, found) else { return Ok(None) };
    plan.remembered_facets = selection.given.iter().map(|facet| Arc::from(facet.as_str())).collect();
    let remembered = given::taken_over(args, &requests, unfinished.as_ref(), &selection.active);
    Ok(Some((plan, settings, remembered, secrets)))
}

pub(crate) fn workshop<'w, 'l>(session: &'w mut Session<'l>, model: &'w Model, state: &Path) -> Workshop<'w, 'l> {
    Workshop {
        project: &session.project,
        model,
        params: Parameters::default(),
        steps: &session.steps,
        components: &session.components,
        compiler: &mut session.compiler,
        sources: &mut session.sources,
        state: state.to_path_buf(),
    }
}

/// Which facets are active. `detect` sees the parameters as they are without the facets that it decides about.
pub(crate) fn select(
    session: &mut Session<'_>,
    base: &Model,
    given: &thinking_plan::Given,
    requests: &Requests,
    state: &Path,
) -> Result<Selection, Vec<Diagnostic>> {
    let facets = session.project.facets.clone();
    let mut shop = workshop(session, base, state);
    let mut wrong = Diagnostics::new();
    shop.resolve_params(given, &mut wrong);
    let selected = facets.select(requests, Mode::App, &mut |facet| shop.detect(facet));
    // A parameter that is wrong now may be mended by a facet; but if `detect` cannot do without it, that is the mistake to tell.
    selected.map_err(|found| if wrong.has_errors() { wrong.into_iter().collect() } else { found })
}

fn pipeline(args: &RunArgs, model: &Model, text: &str, found: &mut Diagnostics) -> Option<String> {
    let known: Vec<&str> = model.manifest.pipeline.names().collect();
    match (&args.pipeline, &*known) {
        (Some(name), _) if known.contains(&name.as_str()) => Some(name.clone()),
        (Some(name), _) => {
            found.push(unknown_pipeline(name, model));
            None
        }
        (None, [only]) => Some((*only).to_owned()),
        (None, []) => {
            // To `validate` that is worth a warning; here it ends everything, and is said once.
            *found = std::mem::take(found).into_iter().filter(|one| one.code != Code::UnknownPipeline).collect();
            found.push(no_pipeline(text, Severity::Error));
            None
        }
        (None, several) => {
            found.push(
                Diagnostic::error(Code::CommandLine, "which pipeline? the manifest has several")
                    .help(format!("say which with --pipeline: {}", several.join(", "))),
            );
            None
        }
    }
}

pub(crate) fn unknown_pipeline(name: &str, model: &Model) -> Diagnostic {
    let known: Vec<&str> = model.manifest.pipeline.names().collect();
    let help = match did_you_mean(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    Diagnostic::error(Code::UnknownPipeline, format!("no pipeline is called `{name}`")).help(help)
}

/// The pipeline's unfinished run, without touching the state.
pub(crate) fn unfinished(state: &Path, pipeline: &str) -> Result<Option<RunRecord>, Trouble> {
    match LmdbStore::open_read_only(state) {
        Ok(store) => Ok(thinking_run::unfinished(&store, LINE, pipeline)?),
        Err(StoreError::Absent(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The command that goes on: as it was given, without what an unfinished run remembers.
fn resume_command(args: &RunArgs, path: &Path) -> String {
    let mut words = vec!["thinking".to_owned(), "apply".to_owned()];
    if args.common.manifest.is_some() {
        words.push(path.display().to_string());
    }
    if let Some(pipeline) = &args.pipeline {
        words.extend(["--pipeline".to_owned(), pipeline.clone()]);
    }
    if let Some(state) = &args.common.state {
        words.extend(["--state".to_owned(), state.display().to_string()]);
    }
    words.join(" ")
}
