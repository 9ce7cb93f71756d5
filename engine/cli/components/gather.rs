//! What there is, as words and values.

use super::schema::{Field, fields};
use crate::cli::chosen::Looked;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_container::{Candidate, Declared, Registry, Target, UnitId};
use thinking_diagnostic::{Diagnostics, SourceMap};
use thinking_manifest::Model;
use thinking_plan::Inventory;
use thinking_step::{About, NativeStep, Need, Operation, Origin};

/// Everything.
pub(crate) struct Everything {
    pub interfaces: Vec<Interface>,
    pub components: Vec<Component>,
    pub bindings: Vec<Binding>,
    pub steps: Vec<Step>,
}

/// A binding, or a component without one, that might be taken.
pub(crate) struct Offer {
    pub binding: String,
    /// Its component, if that is called otherwise.
    pub component: Option<String>,
    pub chosen: bool,
    /// Why it is or is not, after its name.
    pub why: String,
}

/// A name that several components may go by.
pub(crate) struct Interface {
    pub name: String,
    pub candidates: Vec<Offer>,
}

pub(crate) struct Component {
    pub name: String,
    pub doc: String,
    pub version: String,
    pub provides: Vec<String>,
    /// Where it is declared.
    pub place: Option<String>,
    pub config: Vec<Field>,
    pub needs: Vec<Need>,
    pub operations: Vec<Act>,
    pub persistent: Vec<String>,
}

/// An operation.
pub(crate) struct Act {
    pub signature: String,
    pub doc: String,
    pub parameters: Vec<Field>,
    pub place: Option<String>,
}

pub(crate) struct Binding {
    pub name: String,
    pub component: String,
    pub place: Option<String>,
    /// Nobody bound it: it is a component's binding of its own name.
    pub implicit: bool,
    /// `scope stage`, `primary`, …
    pub marks: Vec<String>,
    pub config: Value,
    pub takes: Vec<Taken>,
    /// Pipelines that need it.
    pub pipelines: Vec<String>,
}

/// What a dependency takes.
pub(crate) struct Taken {
    pub name: String,
    pub wanted: String,
    pub optional: bool,
    pub many: bool,
    pub candidates: Vec<Offer>,
}

/// A native step.
pub(crate) struct Step {
    pub name: String,
    pub summary: String,
    pub place: Option<String>,
    pub arguments: Vec<Field>,
    pub takes: Vec<Taken>,
}

/// Everything of a manifest under its facets.
pub(crate) fn of(looked: &mut Looked<'_>, model: &Model) -> Everything {
    let steps = looked.session.steps.0.clone();
    let names: Vec<String> = model.manifest.pipeline.names().map(str::to_owned).collect();
    let mut shop = looked.workshop(model);
    let inventory = shop.inventory();
    let mut used: BTreeMap<UnitId, Vec<String>> = BTreeMap::new();
    for name in names {
        let Some(plan) = shop.plan(&name, &mut Diagnostics::new()) else { continue };
        for unit in plan.wiring.used() {
            used.entry(unit).or_default().push(name.clone());
        }
    }
    Gatherer { inventory: &inventory, sources: &looked.session.sources, used }.everything(&steps)
}

/// A file as one types it here, if it lies below the working directory.
fn near(file: &str) -> String {
    let path = std::path::Path::new(file);
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

pub(crate) struct Gatherer<'g> {
    pub inventory: &'g Inventory,
    pub sources: &'g SourceMap,
    pub used: BTreeMap<UnitId, Vec<String>>,
}

impl Gatherer<'_> {
    pub fn everything(&self, steps: &Registry) -> Everything {
        let wirer = &self.inventory.wirer;
        let interfaces = wirer.catalog().interfaces().map(|(name, _)| Interface {
            name: name.to_owned(),
            candidates: self.offers(wirer.explain(&Need::one(name, name))),
        });
        Everything {
            interfaces: interfaces.collect(),
            components: wirer.catalog().iter().map(|kind| self.component(kind.about())).collect(),
            bindings: wirer.units().map(|(id, unit)| self.binding(id, unit)).collect(),
            steps: steps.names().into_iter().filter_map(|name| Some(self.step(&steps.get(name)?))).collect(),
        }
    }

    fn place(&self, origin: &Origin) -> Option<String> {
        match origin {
            Origin::Engine => None,
            Origin::Source(file, line) => Some(format!("{}:{line}", near(file))),
            Origin::Manifest(span) => {
                let file = self.sources.get(span.source)?;
                Some(format!("{}:{}", file.name, self.sources.place(*span)?.line))
            }
        }
    }

    fn component(&self, about: &About) -> Component {
        Component {
            name: about.name.clone(),
            doc: paragraph(&about.doc),
            version: about.version.clone(),
            provides: about.provides.iter().map(|interface| interface.name.clone()).collect(),
            place: self.place(&about.origin),
            config: fields(&about.config),
            needs: about.needs.clone(),
            operations: about.operations.iter().map(|operation| self.act(operation)).collect(),
            persistent: about.persistent.clone(),
        }
    }

    fn act(&self, operation: &Operation) -> Act {
        let parameters = operation.parameters.iter();
        Act {
            signature: operation.signature(),
            doc: paragraph(&operation.doc),
            parameters: parameters.map(|one| Field::new(&one.name, &one.schema, !one.optional)).collect(),
            place: self.place(&operation.origin),
        }
    }

    fn binding(&self, id: UnitId, unit: &Declared) -> Binding {
        let about = unit.component.about();
        let scope = unit.lifetime.to_string();
        let mut marks = Vec::new();
        if scope != "run" {
            marks.push(format!("scope {scope}"));
        }
        for (mark, word) in
            [(unit.primary, "primary"), (unit.fallback, "fallback"), (unit.lazy, "lazy"), (unit.eager, "eager")]
        {
            marks.extend(mark.then(|| word.to_owned()));
        }
        let needs = about.needs.iter().enumerate();
        let config = self.inventory.configs.get(&*unit.name).unwrap_or(&unit.config).clone();
        Binding {
            name: unit.name.to_string(),
            component: about.name.clone(),
            place: unit.span.and_then(|span| self.place(&Origin::Manifest(span))),
            implicit: unit.implicit,
            marks,
            config,
            takes: needs.map(|(number, need)| self.taken(need, self.inventory.wirer.explain_for(id, number))).collect(),
            pipelines: self.used.get(&id).cloned().unwrap_or_default(),
        }
    }

    fn taken(&self, need: &Need, candidates: Vec<Candidate>) -> Taken {
        let Need { name, wanted, optional, many, .. } = need.clone();
        Taken { name, wanted, optional, many, candidates: self.offers(candidates) }
    }

    fn offers(&self, candidates: Vec<Candidate>) -> Vec<Offer> {
        let wirer = &self.inventory.wirer;
        let component = |binding: &str| match wirer.find(binding)? {
            Target::Unit(unit) => Some(wirer.unit(unit)?.component.about().name.clone()),
            Target::Resource(_) => None,
        };
        let offer = |one: Candidate| Offer {
            component: component(&one.binding).filter(|component| *component != one.binding),
            binding: one.binding,
            chosen: one.chosen,
            why: one.why,
        };
        candidates.into_iter().map(offer).collect()
    }

    fn step(&self, step: &Arc<dyn NativeStep>) -> Step {
        Step {
            name: step.name().to_owned(),
            summary: step.summary().to_owned(),
            place: self.place(&step.origin()),
            arguments: fields(&step.schema()),
            takes: step.needs().iter().map(|need| self.taken(need, self.inventory.wirer.explain(need))).collect(),
        }
    }
}

/// A text on one line.
fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
