//! The tests of a loaded project.

use crate::cli::args::RunArgs;
use crate::cli::exit::Trouble;
use crate::cli::session::Session;
use crate::cli::{given, prepare};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap};
use thinking_manifest::{Model, Requests, Selection};
use thinking_plan::Given;
use thinking_step::Mode;
use thinking_trial::{Bench, Case, Collected, Parts, Prepared, collect};

/// The manifest as tests see it where they say nothing.
pub(crate) fn base(
    session: &mut Session<'_>,
    facet: &[String],
    state: &Path,
) -> Result<Result<(Model, Given), Vec<Diagnostic>>, Trouble> {
    let run = RunArgs { facet: facet.to_vec(), ..RunArgs::default() };
    let (given, requests) = (given::params(&run, None)?, given::facets(&run, None));
    Ok(select(session, &given, &requests, state).and_then(|selection| {
        let mut found = Diagnostics::new();
        let model = session.project.compose(&selection, &mut found);
        match model.filter(|_| !found.has_errors()) {
            Some(model) => Ok((model, given)),
            None => Err(found.into_iter().collect()),
        }
    }))
}

fn select(
    session: &mut Session<'_>,
    given: &Given,
    requests: &Requests,
    state: &Path,
) -> Result<Selection, Vec<Diagnostic>> {
    let usual = Selection { mode: Mode::Test, ..Selection::default() };
    let Some(base) = session.project.compose(&usual, &mut Diagnostics::new()) else { return Ok(usual) };
    let facets = session.project.facets.clone();
    let mut shop = prepare::workshop(session, &base, state);
    shop.resolve_params(given, &mut Diagnostics::new());
    facets.select(requests, Mode::Test, &mut |facet| shop.detect(facet))
}

/// A bench for the tests of a session. `child` makes the command line of a process for [`Bench::child`].
pub(crate) fn bench<'b, 'l>(
    session: &'b mut Session<'l>,
    base: &'b Model,
    given: &Given,
    state: &Path,
    child: Box<dyn Fn() -> Command + Send + Sync>,
) -> Bench<'b, 'l> {
    Bench::new(Parts {
        project: &session.project,
        base,
        given: given.clone(),
        steps: &session.steps,
        components: &session.components,
        compiler: &mut session.compiler,
        sources: &mut session.sources,
        state: state.to_path_buf(),
        child,
    })
}

/// Tests that are ready, by where they are written: all rows of a table are one.
#[derive(Default)]
pub(crate) struct Ready(BTreeMap<(String, String), Option<Prepared>>);

impl Ready {
    /// A test, made ready if it was not.
    pub fn of(
        &mut self,
        bench: &mut Bench<'_, '_>,
        case: &Case<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Prepared> {
        // Rows are parts of one test, and each may be wrong in its own way.
        bench.row(case, diagnostics);
        let key = (case.info.suites.join("/"), case.bare_name().to_owned());
        if let Some(known) = self.0.get(&key) {
            return known.clone();
        }
        let made = bench.prepare(case, diagnostics);
        self.0.insert(key, made.clone());
        made
    }

    /// What was found, but for bindings that nothing uses besides tests.
    pub fn without_used(&self, found: Diagnostics, sources: &SourceMap) -> Diagnostics {
        let used: BTreeSet<&str> = self.0.values().flatten().flat_map(Prepared::bindings).collect();
        let is_used = |one: &Diagnostic| {
            let name = one.labels.first().map_or("", |label| sources.slice(label.span));
            one.code == Code::UnusedBinding && used.contains(name.trim_matches('"'))
        };
        found.into_iter().filter(|one| !is_used(one)).collect()
    }
}

/// Adds all mistakes in the suites of a project, whose manifest is shown so, to what was found in it.
pub(crate) fn check(session: &mut Session<'_>, shown: &str, state: &Path) -> Result<(), Trouble> {
    let mut found = std::mem::take(&mut session.diagnostics);
    match base(session, &[], state)? {
        Ok((model, given)) => {
            let Collected { cases } =
                collect(&model.manifest, &session.project, shown, &mut session.sources, &mut found);
            let mut bench = bench(session, &model, &given, state, Box::new(|| Command::new("true")));
            let mut ready = Ready::default();
            for case in &cases {
                ready.of(&mut bench, case, &mut found);
            }
            found = ready.without_used(found, bench.sources());
        }
        Err(wrong) => found.extend(wrong),
    }
    found.sort();
    session.diagnostics = found;
    Ok(())
}
