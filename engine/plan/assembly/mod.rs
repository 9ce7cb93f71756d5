//! Components, bindings and what the engine has, put together: what scripts see as variables, what `call` can name, and in the end the
//! wiring of a pipeline.

mod config;
mod inventory;
mod lifecycle;
mod parts;
mod scripted;
mod typed;
mod wired;

pub use inventory::Inventory;
pub(crate) use lifecycle::hooks;
pub use lifecycle::{Hooks, On, OnBody};
pub(crate) use wired::{forgotten, what_dependencies_can_do};

use crate::compile::NoResults;
use crate::database::Declared;
use crate::task::Wired;
use crate::workshop::{Workshop, active_facets};
use crate::{names, pure, script_name, settings};
use config::Configured;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thinking_container::{Binding, Catalog, Choice, Lifetime, Resource, ResourceId, Target, Wire, Wirer, Wiring};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, MappedText, Span, Spanned};
use thinking_schema::{self as schema, ScopeWord};
use thinking_step::{
    About, ComponentType, DefinitionPart, Need, Origin, Purpose, ScopeEntry, ScriptedComponent, Value, VariableKind,
};
use typed::Typed;

/// Everything that a dependency, a script or a `call` can mean.
pub(crate) struct Assembly {
    /// Decides what is meant.
    pub wirer: Wirer,
    /// Variables of components by their names in scripts.
    pub variables: BTreeMap<String, ScopeEntry>,
    /// Components whose scripts have mistakes, by name: what they can do is not known.
    pub broken: BTreeSet<String>,
    /// What hooks of the project do with each binding before the pipeline, as parts of the definitions of what uses it.
    pub hooked: BTreeMap<String, Vec<DefinitionPart>>,
    /// The parameters of scripted components, by component.
    typed: BTreeMap<String, Typed>,
    /// Scripted components that depend on something, by name: as declared, and their text.
    dependants: BTreeMap<String, (ScriptedComponent, MappedText)>,
    /// What the configuration of each binding says, without secrets.
    recorded: BTreeMap<String, Recorded>,
    /// Where each binding stands, and where it names its component.
    places: BTreeMap<String, (Span, Span)>,
}

/// What may be recorded of a configuration.
struct Recorded {
    config: Value,
    /// Where its fields stand.
    fields: BTreeMap<String, Span>,
}

impl Assembly {
    /// What a name in a script or before the last dot of a `call` means.
    ///
    /// # Errors
    /// Several things could be meant, or none.
    pub(crate) fn named(&self, name: &str, span: Option<Span>) -> Result<Choice, Diagnostic> {
        let mut need = Need::one(name, name);
        need.origin = span.map_or(Origin::Engine, Origin::Manifest);
        self.wirer.resolve(&need)
    }

    /// What is known of the component that a name means, and its binding; `None` if it is none, or not clear.
    pub(crate) fn component(&self, name: &str) -> Option<(Arc<str>, Arc<About>)> {
        match self.named(name, None) {
            Ok(Choice::One(Target::Unit(unit))) => {
                let unit = self.wirer.unit(unit)?;
                Some((unit.name.clone(), Arc::new(unit.component.about().clone())))
            }
            _ => None,
        }
    }

    /// What a choice comes to when it runs.
    pub(crate) fn wired(&self, choice: &Choice) -> Vec<Wired> {
        let one = |target: &Target| match target {
            Target::Unit(unit) => self.wirer.unit(*unit).map(|unit| Wired::Component(unit.name.clone())),
            Target::Resource(resource) => {
                let resource = self.wirer.resource(*resource)?;
                Some(Wired::Engine(resource.name.as_str().into(), resource.what.clone()))
            }
        };
        choice.targets().iter().filter_map(one).collect()
    }

    /// What the engine has, by number.
    pub(crate) fn resources(&self) -> Vec<(Arc<str>, VariableKind)> {
        let all = (0..).map_while(|number| self.wirer.resource(ResourceId(number)));
        all.map(|resource| (resource.name.as_str().into(), resource.what.clone())).collect()
    }

    /// All kinds of components that a choice leads to.
    pub(crate) fn kinds(&self, choice: &Choice) -> Vec<Arc<dyn ComponentType>> {
        parts::kinds(self, choice)
    }

    /// What steps that use something are made of besides their own text.
    pub(crate) fn parts(&self, choice: &Choice) -> Vec<DefinitionPart> {
        parts::of(self, choice)
    }
}

/// Puts everything together. What is wrong is told once, however many pipelines there are.
pub(crate) fn assemble(shop: &mut Workshop<'_, '_>, databases: &[Declared], diagnostics: &mut Diagnostics) -> Assembly {
    let scripted::Scripted { kinds: scripted, broken, dependants } = scripted::scripted(shop, diagnostics);
    let (catalog, wrong) = Catalog::new(shop.components.iter().cloned().chain(scripted));
    diagnostics.extend(wrong);
    let resources = resources(shop, databases);
    let (mut bindings, mut recorded, mut places) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let model = shop.model;
    let mut typed: BTreeMap<String, Typed> = BTreeMap::new();
    for (name, component) in model.manifest.component.iter() {
        typed.insert(name.value.clone(), Typed::of(shop, component));
    }
    for (name, bind) in model.manifest.bind.iter() {
        if let Some(why) = names::reserved(name, shop.compiler.language()) {
            diagnostics.push(
                Diagnostic::error(Code::ReservedName, format!("a binding cannot be called `{}`", name.value))
                    .at(name.span, why),
            );
            continue;
        }
        if !holds(shop, bind, diagnostics) {
            continue;
        }
        let component = catalog.get(&bind.to.value).cloned();
        let about = component.as_ref().map(|component| component.about());
        let Configured { value, recorded: shown, places: fields } =
            config::configured(shop, (name, bind), (about, typed.get(&bind.to.value)), diagnostics);
        recorded.insert(name.value.clone(), Recorded { config: shown, fields });
        places.extend(name.span.map(|span| (name.value.clone(), (span, bind.to.span.unwrap_or(span)))));
        bindings.push(binding(name, bind, value));
    }
    let (wirer, wrong) = Wirer::with_conditions(catalog, bindings, resources, shop.project.bound_components());
    diagnostics.extend(wrong);
    // What nobody configured has its defaults, which are part of what it is.
    for (_, unit) in wirer.units().filter(|(_, unit)| unit.implicit) {
        if let Some(typed) = typed.get(&*unit.name) {
            let mut config = Value::Object(serde_json::Map::new());
            typed.complete_recorded(&mut config);
            recorded.insert(unit.name.to_string(), Recorded { config, fields: typed.places() });
        }
    }
    let (variables_of, hooked) = (BTreeMap::new(), BTreeMap::new());
    let mut assembly = Assembly { wirer, variables: variables_of, broken, hooked, typed, dependants, recorded, places };
    assembly.variables = variables(shop, &assembly);
    assembly
}

/// What a configuration does not say has its default, also where nobody bound a component.
pub(crate) fn fill_defaults(assembly: &Assembly, wiring: &mut Wiring, diagnostics: &mut Diagnostics) {
    for unit in &mut wiring.units {
        let about = unit.component.about();
        match assembly.typed.get(&about.name) {
            // Bound ones have theirs.
            Some(typed) if assembly.wirer.unit(unit.id).is_some_and(|unit| unit.implicit) => {
                typed.complete(&mut unit.config, diagnostics);
            }
            Some(_) => {}
            None => unit.config = config::with_defaults(&about.config, std::mem::take(&mut unit.config)),
        }
    }
}

/// Whether a binding is there: its `when`, as far as it can be known. Which facets it is for was decided before.
fn holds(shop: &mut Workshop<'_, '_>, bind: &schema::Bind, diagnostics: &mut Diagnostics) -> bool {
    let Some(when) = &bind.when else { return true };
    let scope = settings::scope(shop, false);
    let program = shop.compiler.code(when, shop.sources, &scope, &NoResults, Purpose::Pure, diagnostics);
    let Some(program) = program else { return true };
    let host = pure::host(&shop.params, &active_facets(shop.model), shop.model.selection.mode, None);
    let wrong = match program.eval(&host) {
        Ok(Value::Bool(holds)) => return holds,
        Ok(value) => format!("`when` gives {value}, and it must be true or false"),
        // Without values (`validate`) every binding is looked at.
        Err(_) if shop.params.values.is_empty() => return true,
        Err(error) => error.message,
    };
    diagnostics.push(Diagnostic::error(Code::InvalidValue, wrong).at(when.0.span, "here"));
    true
}

fn binding(name: &Spanned<String>, bind: &schema::Bind, config: Value) -> Binding {
    let lifetime = match bind.scope.as_ref().map(|scope| scope.value) {
        None | Some(ScopeWord::Run) => Lifetime::Run,
        Some(ScopeWord::Stage) => Lifetime::Stage,
        Some(ScopeWord::Step) => Lifetime::Step,
        Some(ScopeWord::Item) => Lifetime::Item,
    };
    let wire = |wire: &schema::Wire| Wire {
        need: wire.dependency.value.clone(),
        need_span: wire.dependency.span,
        binding: wire.to.value.clone(),
        binding_span: wire.to.span,
    };
    Binding {
        name: name.value.clone(),
        span: name.span,
        component: bind.to.value.clone(),
        component_span: bind.to.span,
        lifetime,
        primary: bind.primary,
        fallback: bind.fallback,
        lazy: bind.lazy,
        eager: bind.eager,
        config,
        wires: bind.wire.iter().map(wire).collect(),
    }
}

/// Databases, parameters, facets and the run are bindings like any other.
fn resources(shop: &Workshop<'_, '_>, databases: &[Declared]) -> Vec<Resource> {
    let kind = |what: &VariableKind| match what {
        VariableKind::Documents { .. } => "documents",
        VariableKind::Vectors { .. } => "vectors",
        VariableKind::Objects(_) => "objects",
        _ => "kv",
    };
    let mut all: Vec<Resource> = databases
        .iter()
        .map(|declared| Resource {
            name: declared.name.value.clone(),
            kinds: vec![kind(&declared.kind).to_owned()],
            what: declared.kind.clone(),
            span: declared.name.span,
        })
        .collect();
    let params = shop.model.manifest.param.names().map(script_name).collect();
    let facets = shop.project.facets.names().map(str::to_owned).collect();
    let engine = [
        ("params", VariableKind::Params(params)),
        ("facets", VariableKind::Facets(facets)),
        ("run", VariableKind::Run),
    ];
    all.extend(engine.into_iter().map(|(name, what)| Resource {
        name: name.to_owned(),
        kinds: vec![name.to_owned()],
        what,
        span: None,
    }));
    all
}

/// What scripts can name: bindings, components that nobody bound, and interfaces. A name that could mean several things is a variable too;
/// whoever uses it is told.
fn variables(shop: &Workshop<'_, '_>, assembly: &Assembly) -> BTreeMap<String, ScopeEntry> {
    let mut names: BTreeSet<String> = shop.model.manifest.bind.names().map(str::to_owned).collect();
    let catalog = assembly.wirer.catalog();
    names.extend(catalog.iter().map(|kind| kind.about().name.clone()));
    names.extend(catalog.interfaces().map(|(name, _)| name.to_owned()));
    let mut variables = BTreeMap::new();
    for name in names.into_iter().filter(|name| !name.contains('.')) {
        if names::reserved(&name, shop.compiler.language()).is_some() {
            continue;
        }
        let (binding, about) = match assembly.named(&name, None) {
            Ok(Choice::One(Target::Unit(unit))) => match assembly.wirer.unit(unit) {
                Some(unit) => (unit.name.to_string(), unit.component.about().clone()),
                None => continue,
            },
            // What is meant is not clear; what it can do then is no second mistake.
            Err(_) => match assembly.wirer.any_that_fits(&name) {
                Some(component) => (name.clone(), component.about().clone()),
                None => {
                    // A binding that cannot be used is told as such; what is asked of it is no second mistake.
                    if let Some((declared, _)) = shop.model.manifest.bind.entry(&name) {
                        let entry = ScopeEntry { kind: VariableKind::Unknown, span: declared.span };
                        variables.insert(script_name(&name), entry);
                    }
                    continue;
                }
            },
            Ok(_) => continue,
        };
        let kind = if assembly.broken.contains(&about.name) {
            // Whatever is asked of it may be right.
            VariableKind::Unknown
        } else {
            VariableKind::Component { binding, about: Arc::new(about) }
        };
        let span = shop.model.manifest.bind.entry(&name).and_then(|(name, _)| name.span);
        variables.insert(script_name(&name), ScopeEntry { kind, span });
    }
    variables
}
