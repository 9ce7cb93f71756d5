//! What a component is, as text whose change is a reason to run the steps that use it again: its name, its declared version, its
//! configuration, a script's own text, and the same of all that it is wired to.

use super::Assembly;
use std::collections::BTreeSet;
use std::sync::Arc;
use thinking_container::{Choice, Lifetime, Target, UnitId};
use thinking_diagnostic::Span;
use thinking_step::{About, ComponentType, DefinitionPart, Origin, VariableKind};

pub(super) fn of(assembly: &Assembly, choice: &Choice) -> Vec<DefinitionPart> {
    let mut parts = Vec::new();
    let mut seen = BTreeSet::new();
    choice.units().for_each(|unit| add(assembly, unit, &mut seen, &mut parts));
    parts
}

/// All kinds of components that a choice leads to, each once.
pub(super) fn kinds(assembly: &Assembly, choice: &Choice) -> Vec<Arc<dyn ComponentType>> {
    let (mut open, mut seen): (Vec<UnitId>, BTreeSet<UnitId>) = (choice.units().collect(), BTreeSet::new());
    let mut all = Vec::new();
    while let Some(unit) = open.pop() {
        if seen.insert(unit)
            && let Some(declared) = assembly.wirer.unit(unit)
        {
            all.push(declared.component.clone());
            open.extend(assembly.wirer.choices(unit).iter().flat_map(Choice::units));
        }
    }
    all
}

fn add(assembly: &Assembly, unit: UnitId, seen: &mut BTreeSet<UnitId>, parts: &mut Vec<DefinitionPart>) {
    if !seen.insert(unit) {
        return;
    }
    let Some(declared) = assembly.wirer.unit(unit) else { return };
    let (binding, about) = (&*declared.name, declared.component.about());
    let place = assembly.places.get(binding).map(|(_, component)| *component).or(declared.span);
    let mut say = |label: String, text: String, places: Vec<(u32, Span)>| {
        parts.push(DefinitionPart { label, text, places });
    };
    let here = || place.map(|span| (0, span)).into_iter().collect();
    say(format!("component `{binding}`"), about.name.clone(), here());
    let declared_at = match about.origin {
        Origin::Manifest(span) => Some(span),
        Origin::Source(..) | Origin::Engine => None,
    };
    say(
        format!("version of `{}`", about.name),
        about.version.clone(),
        declared_at.map(|span| (0, span)).into_iter().collect(),
    );
    let (text, places) = configuration(assembly, binding, about);
    if !text.is_empty() {
        say(format!("configuration of `{binding}`"), text, if places.is_empty() { here() } else { places });
    }
    if declared.lifetime != Lifetime::Run {
        say(format!("scope of `{binding}`"), declared.lifetime.to_string(), here());
    }
    if !about.persistent.is_empty() {
        say(format!("persistence of `{binding}`"), about.persistent.join(", "), here());
    }
    for part in assembly.hooked.get(binding).into_iter().flatten() {
        say(part.label.clone(), part.text.clone(), part.places.clone());
    }
    let (text, places) = &about.definition;
    if !text.is_empty() {
        say(format!("script of `{}`", about.name), text.clone(), places.clone());
    }
    let choices = assembly.wirer.choices(unit);
    for (need, choice) in about.needs.iter().zip(&choices) {
        let names: Vec<String> = choice.targets().iter().map(|target| name(assembly, *target)).collect();
        say(format!("`{}` of `{binding}`", need.name), names.join(", "), here());
    }
    for inner in choices.iter().flat_map(Choice::units) {
        add(assembly, inner, seen, parts);
    }
}

/// What may be recorded of a configuration, and where each field stands; nobody bound has its defaults.
fn configuration(assembly: &Assembly, binding: &str, about: &About) -> (String, Vec<(u32, Span)>) {
    let recorded = assembly.recorded.get(binding);
    let defaults = || super::config::with_defaults(&about.config, serde_json::json!({}));
    let config = recorded.map_or_else(defaults, |recorded| recorded.config.clone());
    let (mut text, mut places) = (String::new(), Vec::new());
    places.extend(assembly.places.get(binding).map(|(binding, _)| (0, *binding)));
    if let serde_json::Value::Object(fields) = sorted(&config) {
        for (name, value) in &fields {
            let at = u32::try_from(text.len()).unwrap_or(u32::MAX);
            places.extend(recorded.and_then(|recorded| recorded.fields.get(name)).map(|span| (at, *span)));
            text.push_str(&format!("{name} {value}\n"));
        }
    }
    (text, places)
}

fn name(assembly: &Assembly, target: Target) -> String {
    match target {
        Target::Unit(_) => assembly.wirer.name_of(target).to_owned(),
        Target::Resource(resource) => {
            let Some(resource) = assembly.wirer.resource(resource) else { return String::new() };
            // A database of another kind is another one.
            let kind = match &resource.what {
                VariableKind::Documents { index, .. } => format!(" documents {}", index.join(" ")),
                VariableKind::Vectors { dimensions, metric, .. } => format!(" vectors {dimensions} {metric:?}"),
                VariableKind::Objects(_) => " objects".to_owned(),
                _ => String::new(),
            };
            format!("{}{kind}", resource.name)
        }
    }
}

/// The order in which fields are written means nothing.
fn sorted(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            serde_json::Value::Object(fields.into_iter().collect())
        }
        serde_json::Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
