//! The manifest as a case sees it: facets, bindings, parameters.

use crate::bench::Parts;
use crate::case::Case;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Label, Span, Spanned, did_you_mean};
use thinking_manifest::{Model, Requests, Selection};
use thinking_plan::{Parameters, Workshop};
use thinking_schema::{Bind, Tree};
use thinking_step::Mode;

/// A manifest under facets, with bindings and parameters of its own.
pub(crate) struct Setting {
    pub model: Model,
    pub params: Parameters,
}

impl Setting {
    /// Environment variables that hold secrets: started programs do not see them.
    pub fn secrets(&self) -> Vec<String> {
        let secret = self.model.manifest.param.iter().filter(|(_, param)| param.secret);
        secret.filter_map(|(_, param)| param.env.as_ref().map(|env| env.value.clone())).collect()
    }
}

impl Setting {
    /// Secret parameters with their values as they stand in JSON.
    pub fn secret_values(&self) -> Vec<(String, String)> {
        let secret = self.params.values.iter().filter(|(_, param)| param.secret);
        let text = |value: &Value| value.to_string().trim_matches('"').to_owned();
        // What is too short stands in too many texts by chance.
        let texts = secret.map(|(name, param)| (name.to_string(), text(&param.value)));
        texts.filter(|(_, text)| text.len() >= 4 && text != "null" && text != "true" && text != "false").collect()
    }
}

/// What tells settings apart: facets, places of bindings, values of parameters.
type Key = (Vec<String>, Vec<Option<Span>>, String);

/// The settings so far.
#[derive(Default)]
pub(crate) struct Settings(HashMap<Key, Option<Arc<Setting>>>);

impl Settings {
    /// The setting of a case, with more parameters; `None` if it has mistakes, which are told once.
    pub fn of(
        &mut self,
        bench: &mut Parts<'_, '_>,
        case: &Case<'_>,
        own: Map<String, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<Setting>> {
        let binds: Vec<(&Spanned<String>, &Bind)> =
            case.suites.iter().flat_map(|suite| suite.bind.iter()).chain(case.test.bind.iter()).collect();
        let params: Vec<&Spanned<Tree>> =
            case.suites.iter().filter_map(|suite| suite.params.as_ref()).chain(case.test.params.as_ref()).collect();
        let mut values = Map::new();
        for (name, value) in params.iter().flat_map(|params| fields(params)) {
            values.insert(name.value.clone(), value.value.to_json());
        }
        let own_text = Value::Object(own.clone()).to_string();
        let key = (
            case.info.facets.clone(),
            binds.iter().map(|(name, _)| name.span).collect(),
            format!("{}{own_text}", Value::Object(values)),
        );
        if let Some(known) = self.0.get(&key) {
            return known.clone();
        }
        let made = make(bench, case, &binds, &params, own, diagnostics).map(Arc::new);
        self.0.insert(key, made.clone());
        made
    }
}

fn fields(params: &Spanned<Tree>) -> &[(Spanned<String>, Spanned<Tree>)] {
    match &params.value {
        Tree::Map(fields) => fields,
        _ => &[],
    }
}

fn make(
    bench: &mut Parts<'_, '_>,
    case: &Case<'_>,
    binds: &[(&Spanned<String>, &Bind)],
    params: &[&Spanned<Tree>],
    own: Map<String, Value>,
    diagnostics: &mut Diagnostics,
) -> Option<Setting> {
    let mut model = match case.info.facets.is_empty() {
        true => bench.base.clone(),
        false => facets(bench, case, diagnostics)?,
    };
    for (name, bind) in binds {
        let all = &mut model.manifest.bind.0;
        match all.iter_mut().find(|(known, _)| known.value == name.value) {
            Some(known) => *known = ((*name).clone(), (*bind).clone()),
            None => all.push(((*name).clone(), (*bind).clone())),
        }
    }
    let mut wrong = false;
    for (name, _) in params.iter().flat_map(|params| fields(params)) {
        if model.manifest.param.get(&name.value).is_none() {
            let help =
                did_you_mean(&name.value, model.manifest.param.names()).map(|near| format!("did you mean `{near}`?"));
            diagnostics.push(
                Diagnostic::error(Code::UnknownParam, format!("no parameter is called `{}`", name.value))
                    .at(name.span, "unknown")
                    .help(help),
            );
            wrong = true;
        }
    }
    if wrong {
        return None;
    }
    // As a default, so that templates are evaluated and what is wrong is told where it stands.
    for (name, value) in params.iter().flat_map(|params| fields(params)) {
        if let Some((_, param)) = model.manifest.param.0.iter_mut().find(|(known, _)| known.value == name.value) {
            (param.default, param.env) = (Some(value.clone()), None);
        }
    }
    let mut given = bench.given.clone();
    if !own.is_empty() {
        given.files.insert(0, ("the test".to_owned(), own));
    }
    let params = {
        let mut found = Diagnostics::new();
        let mut shop = shop(bench, &model);
        shop.resolve_params(&given, &mut found);
        let values = shop.params.clone();
        // One that is missing matters to those that look at it.
        found = found.into_iter().filter(|one| one.code != Code::MissingParam).collect();
        wrong = found.has_errors();
        diagnostics.extend(found.into_iter().map(|one| placed(one, params)));
        values
    };
    (!wrong).then_some(Setting { model, params })
}

/// A value that does not fit is told where the suite or the test gives it.
fn placed(mut wrong: Diagnostic, params: &[&Spanned<Tree>]) -> Diagnostic {
    let is_it = |name: &str| wrong.message.starts_with(&format!("parameter `{name}`"));
    let given = params.iter().rev().flat_map(|params| fields(params)).find(|(name, _)| is_it(&name.value));
    if let (Code::InvalidParam, Some((name, value))) = (wrong.code, given) {
        let span = value.span.or(name.span);
        wrong.labels = span.map(|span| Label { span, text: "given here".to_owned() }).into_iter().collect();
        wrong.help = None;
    }
    wrong
}

fn facets(bench: &mut Parts<'_, '_>, case: &Case<'_>, diagnostics: &mut Diagnostics) -> Option<Model> {
    let mut command_line = bench.base.selection.given.clone();
    for facet in &case.info.facets {
        // One of a group takes the place of another one.
        let group = |name: &str| {
            bench.project.facets.facets.iter().find(|known| known.name == name).and_then(|known| known.group.clone())
        };
        let own = group(facet);
        command_line.retain(|known| known != facet && (own.is_none() || group(known) != own));
        command_line.push(facet.clone());
    }
    let requests = Requests { command_line, ..Requests::default() };
    let selection = select(bench, &requests);
    let selection = match selection {
        Ok(selection) => selection,
        Err(found) => {
            let place = |one: Diagnostic| if one.labels.is_empty() { one.at(case.span, "in this test") } else { one };
            diagnostics.extend(found.into_iter().map(place));
            return None;
        }
    };
    let mut found = Diagnostics::new();
    let model = bench.project.compose(&selection, &mut found);
    let wrong = found.has_errors();
    diagnostics.extend(found);
    model.filter(|_| !wrong)
}

fn select(bench: &mut Parts<'_, '_>, requests: &Requests) -> Result<Selection, Vec<Diagnostic>> {
    let (facets, base, given) = (bench.project.facets.clone(), bench.base, bench.given.clone());
    let mut shop = shop(bench, base);
    shop.resolve_params(&given, &mut Diagnostics::new());
    facets.select(requests, Mode::Test, &mut |facet| shop.detect(facet))
}

fn shop<'w, 'l>(bench: &'w mut Parts<'_, 'l>, model: &'w Model) -> Workshop<'w, 'l> {
    Workshop {
        project: bench.project,
        model,
        params: Parameters::default(),
        steps: bench.steps,
        components: bench.components,
        compiler: bench.compiler,
        sources: bench.sources,
        state: bench.state.clone(),
    }
}
