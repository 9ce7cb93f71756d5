//! All that can be chosen, and the indexes that make choosing quick.

use crate::wiring::fit::{same, shown, word};
use crate::wiring::{Binding, Catalog, Lifetime, Resource, ResourceId, Target, UnitId, Wire};
use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_step::{About, ComponentType, Need, Value};

/// A binding whose component is known.
#[derive(Clone)]
pub struct Declared {
    /// Its name, as in the manifest.
    pub name: Arc<str>,
    /// Its component.
    pub component: Arc<dyn ComponentType>,
    /// The component's configuration.
    pub config: Value,
    /// How long an instance lives.
    pub lifetime: Lifetime,
    /// Taken before others that fit.
    pub primary: bool,
    /// Taken only where nothing else is.
    pub fallback: bool,
    /// Created at its first use.
    pub lazy: bool,
    /// Created whether something needs it or not.
    pub eager: bool,
    /// Whether nobody bound it: it is a component's binding of its own name.
    pub implicit: bool,
    /// Where it is declared, if a manifest says so.
    pub span: Option<Span>,
    /// What `wire` says, for each dependency of the component; empty where it says nothing.
    pub(crate) wired: Vec<Vec<(Target, Option<Span>)>>,
}

/// Decides which binding each dependency takes. Nothing here depends on the order of declaration but the order in which things start.
#[derive(Default)]
pub struct Wirer {
    pub(crate) catalog: Catalog,
    pub(crate) units: Vec<Declared>,
    pub(crate) resources: Vec<Resource>,
    /// By name as in manifests.
    pub(crate) names: HashMap<String, Target>,
    pub(crate) by_interface: HashMap<String, Vec<UnitId>>,
    pub(crate) by_component: HashMap<String, Vec<UnitId>>,
    pub(crate) by_rust: HashMap<TypeId, Vec<UnitId>>,
    pub(crate) by_kind: HashMap<String, Vec<ResourceId>>,
    /// Bindings that cannot be used, and what was said of them: what needs them says the same, rather than something new.
    pub(crate) broken: BTreeMap<String, Diagnostic>,
    /// Dependencies (unit, number) of which `wire` says something wrong.
    pub(crate) spoiled: HashSet<(usize, usize)>,
    /// Components that cannot be bindings of their own name, and the configuration that they need.
    pub(crate) unbound: BTreeMap<String, Vec<String>>,
    /// Components that are bound under other conditions only.
    pub(crate) elsewhere: BTreeSet<String>,
}

impl Wirer {
    /// Takes in everything that can be chosen; gives every mistake in the bindings themselves. Configurations are not looked into.
    #[must_use]
    pub fn new(catalog: Catalog, bindings: Vec<Binding>, resources: Vec<Resource>) -> (Self, Vec<Diagnostic>) {
        Self::with_conditions(catalog, bindings, resources, BTreeSet::new())
    }

    /// The same, where some components are bound only under other conditions than these (`when`, facets): nobody bound them here, and they are
    /// no bindings of their own names all the same.
    #[must_use]
    pub fn with_conditions(
        catalog: Catalog,
        bindings: Vec<Binding>,
        resources: Vec<Resource>,
        elsewhere: BTreeSet<String>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut wirer = Self {
            catalog,
            units: Vec::with_capacity(bindings.len()),
            resources,
            names: HashMap::new(),
            by_interface: HashMap::new(),
            by_component: HashMap::new(),
            by_rust: HashMap::new(),
            by_kind: HashMap::new(),
            broken: BTreeMap::new(),
            spoiled: HashSet::new(),
            unbound: BTreeMap::new(),
            elsewhere,
        };
        let mut wrong = Vec::new();
        for (at, resource) in wirer.resources.iter().enumerate() {
            wirer.names.insert(word(&resource.name), Target::Resource(ResourceId(at)));
            for kind in &resource.kinds {
                wirer.by_kind.entry(word(kind)).or_default().push(ResourceId(at));
            }
        }
        let mut wires = Vec::new();
        for binding in bindings {
            wires.push((wirer.units.len(), binding.name.clone(), binding.wires.clone()));
            if !wirer.declare(binding, &mut wrong) {
                wires.pop();
            }
        }
        wirer.add_implicit(&mut wrong);
        for (at, name, wires) in wires {
            for wire in wires {
                if let Err(diagnostic) = wirer.wire_one(at, &name, &wire) {
                    wrong.push(diagnostic);
                }
            }
        }
        (wirer, wrong)
    }

    /// What goes by that name, as in manifests or scripts.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Target> {
        self.names.get(&word(name)).copied()
    }

    /// A binding. `UnitId`s of another wirer give `None`.
    #[must_use]
    pub fn unit(&self, unit: UnitId) -> Option<&Declared> {
        self.units.get(unit.0)
    }

    /// All bindings: declared ones in their order, then those of components that nobody bound.
    pub fn units(&self) -> impl Iterator<Item = (UnitId, &Declared)> {
        self.units.iter().enumerate().map(|(at, unit)| (UnitId(at), unit))
    }

    /// Something of the engine.
    #[must_use]
    pub fn resource(&self, resource: ResourceId) -> Option<&Resource> {
        self.resources.get(resource.0)
    }

    /// The kinds of components.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The name of what was chosen.
    #[must_use]
    pub fn name_of(&self, target: Target) -> &str {
        match target {
            Target::Unit(unit) => self.units.get(unit.0).map_or("", |unit| &unit.name),
            Target::Resource(resource) => self.resources.get(resource.0).map_or("", |resource| &resource.name),
        }
    }

    /// Where it is declared, if a manifest says so.
    #[must_use]
    pub fn span_of(&self, target: Target) -> Option<Span> {
        match target {
            Target::Unit(unit) => self.units.get(unit.0).and_then(|unit| unit.span),
            Target::Resource(resource) => self.resources.get(resource.0).and_then(|resource| resource.span),
        }
    }

    /// What was said of a binding that cannot be used.
    pub(crate) fn broken(&self, name: &str) -> Option<&Diagnostic> {
        self.broken.get(&word(name))
    }

    /// Takes a binding in; says whether it can be used.
    fn declare(&mut self, binding: Binding, wrong: &mut Vec<Diagnostic>) -> bool {
        let name = word(&binding.name);
        let taken = match self.names.get(&name) {
            Some(Target::Resource(resource)) => self.resources.get(resource.0).map(|resource| {
                let text = format!("`{}` is a name of the engine's own", resource.name);
                let error =
                    Diagnostic::error(Code::ReservedName, format!("a binding cannot be called `{}`", binding.name));
                match resource.span {
                    None => error.at(binding.span, text),
                    Some(first) => error.at(binding.span, "this name is taken").at(first, "by this"),
                }
            }),
            Some(Target::Unit(unit)) => self.units.get(unit.0).map(|unit| {
                Diagnostic::error(Code::Duplicate, format!("`bind \"{}\"` is there twice", binding.name))
                    .at(binding.span, "again here")
                    .at(unit.span, "first here")
                    .help("give one of them another name".to_owned())
            }),
            None => None,
        };
        if let Some(diagnostic) = taken {
            wrong.push(diagnostic);
            return false;
        }
        let both = match (binding.primary && binding.fallback, binding.lazy && binding.eager) {
            (true, _) => Some("`primary` and `fallback`"),
            (_, true) => Some("`lazy` and `eager`"),
            _ => None,
        };
        if let Some(both) = both {
            let message = format!("`{}` cannot be both {both}", binding.name);
            wrong.push(
                Diagnostic::error(Code::InvalidValue, message)
                    .at(binding.span, "one contradicts the other")
                    .help("leave one of them out".to_owned()),
            );
        }
        let Some(component) = self.catalog.get(&binding.component).cloned() else {
            let diagnostic =
                self.catalog.unknown(&binding.component).at(binding.component_span.or(binding.span), "unknown");
            wrong.push(diagnostic.clone());
            self.broken.insert(name, diagnostic);
            return false;
        };
        self.add(Declared {
            name: binding.name.into(),
            wired: vec![Vec::new(); component.about().needs.len()],
            component,
            config: binding.config,
            lifetime: binding.lifetime,
            primary: binding.primary,
            fallback: binding.fallback,
            lazy: binding.lazy,
            eager: binding.eager,
            implicit: false,
            span: binding.span,
        });
        true
    }

    /// A component that nobody bound is a binding of its own name.
    fn add_implicit(&mut self, wrong: &mut Vec<Diagnostic>) {
        let unbound = |kind: &&Arc<dyn ComponentType>| {
            let name = &kind.about().name;
            !self.by_component.contains_key(name) && !self.elsewhere.contains(name)
        };
        let kinds: Vec<Arc<dyn ComponentType>> = self.catalog.iter().filter(unbound).cloned().collect();
        for component in kinds {
            let about = component.about();
            let name = word(&about.name);
            if let Some(Target::Resource(taken)) = self.names.get(&name) {
                wrong.extend(shown(&about.origin).map(|place| self.hidden(&about.name, place, *taken)));
            }
            if self.names.contains_key(&name) || self.broken.contains_key(&name) {
                continue;
            }
            let required = required(about);
            if !required.is_empty() {
                self.unbound.insert(about.name.clone(), required);
                continue;
            }
            self.add(Declared {
                name: about.name.as_str().into(),
                config: Value::Object(serde_json::Map::new()),
                lifetime: Lifetime::Run,
                primary: false,
                fallback: false,
                lazy: false,
                eager: false,
                implicit: true,
                span: shown(&about.origin),
                wired: vec![Vec::new(); about.needs.len()],
                component,
            });
        }
    }

    /// A component of the manifest that nothing could ever name.
    fn hidden(&self, component: &str, place: Span, taken: ResourceId) -> Diagnostic {
        let other = self.resources.get(taken.0).and_then(|resource| resource.span);
        let message = format!("nothing can reach the component `{component}`: something else has its name");
        let error = Diagnostic::error(Code::ReservedName, message);
        match other {
            Some(other) => error.at(place, "this name is taken").at(other, "by this"),
            None => error.at(place, format!("`{component}` is a name of the engine's own")),
        }
        .help(format!("bind it under another name: bind \"…\" to=\"{component}\""))
    }

    fn add(&mut self, unit: Declared) {
        let id = UnitId(self.units.len());
        let about = unit.component.about();
        self.names.insert(word(&unit.name), Target::Unit(id));
        self.by_component.entry(about.name.clone()).or_default().push(id);
        let mut rust: Vec<TypeId> = about.rust.into_iter().collect();
        for interface in &about.provides {
            let units = self.by_interface.entry(word(&interface.name)).or_default();
            if units.last() != Some(&id) {
                units.push(id);
            }
            rust.extend(interface.rust.filter(|known| !rust.contains(known)));
        }
        for known in rust {
            self.by_rust.entry(known).or_default().push(id);
        }
        self.units.push(unit);
    }

    /// Takes in one `wire`.
    fn wire_one(&mut self, at: usize, name: &str, wire: &Wire) -> Result<(), Diagnostic> {
        let Some(unit) = self.units.get(at) else { return Ok(()) };
        let needs = &unit.component.about().needs;
        let Some(number) = needs.iter().position(|need| same(&need.name, &wire.need)) else {
            let known = needs.iter().map(|need| need.name.as_str());
            let help = match did_you_mean(&wire.need, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if needs.is_empty() => "it depends on nothing".to_owned(),
                None => format!("it has {}", listed(known)),
            };
            let message = format!("`{}` has no dependency `{}`", unit.component.about().name, wire.need);
            return Err(Diagnostic::error(Code::InvalidValue, message).at(wire.need_span, "unknown").help(help));
        };
        let target = match self.wirable(&needs[number], wire) {
            Ok(target) => target,
            Err(diagnostic) => {
                self.spoiled.insert((at, number));
                return Err(diagnostic);
            }
        };
        let many = needs[number].many;
        let Some(wired) = self.units.get_mut(at).and_then(|unit| unit.wired.get_mut(number)) else { return Ok(()) };
        if let Some((_, first)) = wired.first().filter(|_| !many) {
            let message = format!("`wire \"{}\"` is there twice in `{name}`", wire.need);
            return Err(Diagnostic::error(Code::Duplicate, message)
                .at(wire.need_span, "again here")
                .at(*first, "first here")
                .help("the dependency takes one binding: leave one of them out".to_owned()));
        }
        wired.push((target, wire.need_span));
        Ok(())
    }

    /// What a `wire` names, if it can be that.
    fn wirable(&self, need: &Need, wire: &Wire) -> Result<Target, Diagnostic> {
        if let Some(diagnostic) = self.broken.get(&word(&wire.binding)) {
            return Err(diagnostic.clone());
        }
        let Some(target) = self.find(&wire.binding) else {
            let known: Vec<&str> =
                self.units.iter().map(|unit| &*unit.name).chain(self.resources.iter().map(|one| &*one.name)).collect();
            let help = match (self.unbound.get(&wire.binding), did_you_mean(&wire.binding, known)) {
                (Some(required), _) => {
                    format!("the component `{}` {}", wire.binding, super::choice::needs_config(required))
                }
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("add `bind \"{}\" to=\"…\"`", wire.binding),
            };
            let message = format!("there is no binding `{}`", wire.binding);
            return Err(Diagnostic::error(Code::UnknownComponent, message).at(wire.binding_span, "unknown").help(help));
        };
        if !self.may_be_wired(need, target) {
            let message = format!("`{}` is no `{}`", wire.binding, need.wanted);
            return Err(Diagnostic::error(Code::InvalidValue, message)
                .at(wire.binding_span, self.why_unfit(need, target))
                .at(self.span_of(target), "declared here"));
        }
        Ok(target)
    }
}

/// The fields without which a component's configuration is none.
fn required(about: &About) -> Vec<String> {
    let names = about.config.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Names for people: `a`, `b` and `c`.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
