//! `runtime { lifecycle { … } }`: own targets, and what the project itself does at targets.

use super::Assembly;
use crate::compile::NoResults;
use crate::definition::Definer;
use crate::task::{Call, Callee, Wired};
use crate::workshop::Workshop;
use crate::{TemplateValue, settings};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thinking_container::{
    Direction, LifecyclePlan, Lifetime, OnAction, OwnTarget, Place, Root, STANDARD_TARGETS, Side, Target, Wiring,
    plan_lifecycle,
};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned, did_you_mean};
use thinking_schema::{self as schema, DirectionWord, DurationText, Templated, Tree};
use thinking_step::{
    Class, DefinitionPart, Need, Origin, Program, Purpose, ReferenceKind, ScopeEntry, StaticScope, VariableKind,
};

/// How long what stops may take unless the manifest says otherwise.
const GRACE: Duration = Duration::from_secs(10);

/// What happens before and after a pipeline.
#[derive(Clone, Default)]
pub struct Hooks {
    /// Targets and who takes part in each, in order.
    pub plan: LifecyclePlan,
    /// What the project itself does, and operations that are called with arguments; hooks name them by number.
    pub ons: Vec<On>,
    /// How long what stops may take.
    pub grace: Duration,
    /// How long each hook of an own target may take, by the target's name.
    pub timeouts: BTreeMap<String, Duration>,
}

/// One `on`.
#[derive(Clone)]
pub struct On {
    /// The target.
    pub target: String,
    /// Where it is written.
    pub span: Option<Span>,
    /// What it does.
    pub body: OnBody,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// The file that its target requires, or what stands in for it.
    pub file: Option<PathBuf>,
    /// The required file, where another one stands in for it.
    pub missing: Option<PathBuf>,
    /// The bindings that it does something with.
    pub about: Vec<Arc<str>>,
}

/// What an `on` does.
#[derive(Clone)]
pub enum OnBody {
    /// A script.
    Script(Arc<dyn Program>),
    /// A call.
    Call(Call),
}

/// Compiled, and waiting for the wiring.
#[derive(Default)]
pub(crate) struct Unplanned {
    targets: Vec<OwnTarget>,
    actions: Vec<thinking_container::On>,
    hooks: Hooks,
    /// Parts of the definitions of what uses a binding, with the binding.
    pub(crate) hooked: BTreeMap<String, Vec<DefinitionPart>>,
}

impl Unplanned {
    /// Decides who takes part in what.
    pub(crate) fn planned(self, assembly: &Assembly, wiring: &Wiring, diagnostics: &mut Diagnostics) -> Hooks {
        let (plan, wrong) = plan_lifecycle(&self.targets, &self.actions, &assembly.wirer, wiring);
        diagnostics.extend(wrong);
        Hooks { plan, ..self.hooks }
    }
}

/// Compiles the hooks of the project; what they need joins the roots. `variables` are what tasks see.
pub(crate) fn hooks(
    shop: &mut Workshop<'_, '_>,
    assembly: &Assembly,
    variables: StaticScope,
    roots: &mut Vec<Root>,
    diagnostics: &mut Diagnostics,
) -> Unplanned {
    let model = shop.model;
    let lifecycle = model.manifest.runtime.as_ref().and_then(|runtime| runtime.lifecycle.as_ref());
    let Some(lifecycle) = lifecycle else {
        return Unplanned { hooks: Hooks { grace: GRACE, ..Hooks::default() }, ..Unplanned::default() };
    };
    let mut unplanned = Unplanned::default();
    unplanned.hooks.grace = duration(shop, lifecycle.grace.as_ref(), diagnostics).unwrap_or(GRACE);
    let mut files = BTreeMap::new();
    for (name, target) in lifecycle.target.iter() {
        let Some(own) = own_target(name, target, diagnostics) else { continue };
        if let Some(file) = required_file(shop, &name.value, target, diagnostics) {
            files.insert(name.value.clone(), file);
        }
        if let Some(timeout) = duration(shop, target.timeout.as_ref(), diagnostics) {
            unplanned.hooks.timeouts.insert(name.value.clone(), timeout);
        }
        unplanned.targets.push(own);
    }
    let (order, _) = plan_lifecycle(&unplanned.targets, &[], &assembly.wirer, &Wiring::default());
    for on in &lifecycle.on {
        let side = order.targets.iter().find(|target| target.name == on.target.value).map(|target| target.side);
        let (file, missing) = files.get(&on.target.value).cloned().unzip();
        let missing = missing.flatten();
        let mut maker = Maker { shop: &mut *shop, assembly, variables: &variables, roots: &mut *roots };
        let asks = lifecycle.target.get(&on.target.value).is_some_and(|target| target.requires.is_some());
        let Some((action, body, span)) = maker.on(on, side, asks, diagnostics) else { continue };
        let about = mentioned(assembly, &body);
        if side != Some(Side::Stop) {
            let mut definer = Definer::default();
            let label = format!("hook at `{}`", on.target.value);
            match &body {
                OnBody::Script(program) => definer.program(&label, &**program, span),
                OnBody::Call(call) => {
                    definer.fixed(&label, call.callee.name(), span);
                    definer.value(&format!("arguments of the {label}"), &call.arguments, span);
                }
            }
            for binding in &about {
                unplanned.hooked.entry(binding.to_string()).or_default().extend(definer.parts.iter().cloned());
            }
        }
        unplanned.actions.push(thinking_container::On {
            target: on.target.value.clone(),
            target_span: on.target.span,
            action,
            action_span: span,
        });
        let timeout = duration(shop, on.timeout.as_ref(), diagnostics).or(unplanned
            .hooks
            .timeouts
            .get(&on.target.value)
            .copied());
        unplanned.hooks.ons.push(On { target: on.target.value.clone(), span, body, timeout, file, missing, about });
    }
    unplanned
}

/// The bindings that a hook does something with.
fn mentioned(assembly: &Assembly, body: &OnBody) -> Vec<Arc<str>> {
    match body {
        OnBody::Call(Call { callee: Callee::Operation { binding, .. }, .. }) => vec![binding.clone()],
        OnBody::Call(Call { callee: Callee::Step { dependencies, .. }, .. }) => {
            let wired = dependencies.iter().flatten().filter_map(|wired| match wired {
                Wired::Component(binding) => Some(binding.clone()),
                Wired::Engine(..) => None,
            });
            wired.collect()
        }
        OnBody::Script(program) => {
            let named = program.references().iter().filter_map(|reference| match &reference.kind {
                ReferenceKind::Component(name) => assembly.component(name).map(|(binding, _)| binding),
                _ => None,
            });
            named.collect()
        }
    }
}

fn own_target(name: &Spanned<String>, target: &schema::Target, diagnostics: &mut Diagnostics) -> Option<OwnTarget> {
    let (place, beside) = match (&target.before, &target.after) {
        (Some(before), _) => (Place::Before, before),
        (None, Some(after)) => (Place::After, after),
        (None, None) => {
            diagnostics.push(
                Diagnostic::error(Code::Missing, format!("target `{}` does not say where it stands", name.value))
                    .at(name.span, "before or after which other?")
                    .help(format!(
                        "write before=\"startup\" or after=\"startup\"; there are {}",
                        STANDARD_TARGETS.join(", ")
                    )),
            );
            return None;
        }
    };
    Some(OwnTarget {
        name: name.value.clone(),
        span: name.span,
        place,
        beside: beside.value.clone(),
        beside_span: beside.span,
        direction: target.direction.as_ref().map(|direction| match direction.value {
            DirectionWord::Forward => Direction::Forward,
            DirectionWord::Backward => Direction::Backward,
            DirectionWord::Gather => Direction::Gather,
        }),
        requires: target.requires.as_ref().map(|file| file.value.clone()),
        default: target.default.as_ref().map(|file| file.value.clone()),
    })
}

/// The file that a target requires, or the one that stands in for it and the one that is missing.
fn required_file(
    shop: &mut Workshop<'_, '_>,
    name: &str,
    target: &schema::Target,
    diagnostics: &mut Diagnostics,
) -> Option<(PathBuf, Option<PathBuf>)> {
    let requires = target.requires.as_ref()?;
    let wanted = path(shop, requires, diagnostics)?;
    if wanted.is_file() {
        return Some((wanted, None));
    }
    if let Some(default) = &target.default {
        let stands_in = path(shop, default, diagnostics)?;
        if stands_in.is_file() {
            return Some((stands_in, Some(wanted)));
        }
        diagnostics.push(
            Diagnostic::error(
                Code::UnreadableFile,
                format!("target `{name}` requires `{}`, which is missing, and so is its default", requires.value),
            )
            .at(default.span, "there is no such file")
            .at(requires.span, "nor this one"),
        );
        return None;
    }
    let help = match similar(&wanted) {
        Some(near) => format!(
            "`{near}` could stand in: copy it to `{}`, or let it be the default: default=\"{near}\"",
            requires.value
        ),
        None => "write the file, or name one that stands in where it is missing: default=\"…\"".to_owned(),
    };
    diagnostics.push(
        Diagnostic::error(
            Code::UnreadableFile,
            format!("target `{name}` requires `{}`, and there is no such file", requires.value),
        )
        .at(requires.span, "required here")
        .help(help),
    );
    None
}

fn path(shop: &mut Workshop<'_, '_>, text: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<PathBuf> {
    let path = if text.value.contains("${") {
        settings::value_of(shop, text, diagnostics)?.as_str()?.to_owned()
    } else {
        text.value.clone()
    };
    Some(shop.project.directory.join(path))
}

/// A file beside a missing one whose name is much like it: `settings.example.toml`, `settings.toml.dist`.
fn similar(wanted: &std::path::Path) -> Option<String> {
    let (stem, ending) = (wanted.file_stem()?.to_str()?, wanted.extension().and_then(|ending| ending.to_str()));
    let entries = std::fs::read_dir(wanted.parent()?).ok()?;
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let begins = names.iter().find(|name| {
        name.starts_with(stem) && ending.is_none_or(|ending| name.split('.').any(|piece| piece == ending))
    });
    let near = || did_you_mean(wanted.file_name()?.to_str()?, names.iter().map(String::as_str)).map(str::to_owned);
    begins.cloned().or_else(near)
}

fn duration(
    shop: &mut Workshop<'_, '_>,
    text: Option<&Templated<DurationText>>,
    diagnostics: &mut Diagnostics,
) -> Option<Duration> {
    let text = text?;
    let value = match text {
        Templated::Value(value) => value.value.0.clone(),
        Templated::Template(string) => settings::value_of(shop, string, diagnostics)?.as_str()?.to_owned(),
    };
    let duration = thinking_manifest::units::duration(&value);
    if duration.is_none() {
        diagnostics.push(
            Diagnostic::error(Code::InvalidValue, format!("this gives \"{value}\", which is no duration"))
                .at(text.span(), "here")
                .help("durations are written like \"250ms\", \"30s\" or \"5m\"".to_owned()),
        );
    }
    duration
}

struct Maker<'m, 'w, 'l> {
    shop: &'m mut Workshop<'w, 'l>,
    assembly: &'m Assembly,
    variables: &'m StaticScope,
    roots: &'m mut Vec<Root>,
}

impl Maker<'_, '_, '_> {
    fn on(
        &mut self,
        on: &schema::On,
        side: Option<Side>,
        file: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<(OnAction, OnBody, Option<Span>)> {
        if let Some(code) = &on.rhai {
            let program = self.script(code, side, file, diagnostics)?;
            return Some((OnAction::Project, OnBody::Script(program), code.0.span));
        }
        let call = on.call.as_ref()?;
        let name = &call.operation;
        let arguments = self.arguments(call, diagnostics);
        let (callee, action) = match self.shop.steps.get(&name.value) {
            Some(step) => {
                diagnostics.extend(thinking_manifest::check_arguments(&step.schema(), name, &call.arguments));
                let mut dependencies = Vec::new();
                for need in step.needs() {
                    match self.assembly.wirer.resolve(need) {
                        Ok(choice) => dependencies.push(self.assembly.wired(&choice)),
                        Err(wrong) => diagnostics.push(wrong.at(name.span, "needed by this step")),
                    }
                    let who = format!("`{}`", step.name());
                    self.roots.push(Root { who, need: need.clone(), span: name.span });
                }
                (Callee::Step { step, dependencies }, OnAction::Project)
            }
            None => {
                let Some((binding, operation)) = name.value.rsplit_once('.') else {
                    diagnostics.push(self.unknown(name));
                    return None;
                };
                let Some((unit, about)) = self.assembly.component(binding) else {
                    diagnostics.push(self.unknown(name));
                    return None;
                };
                let Some(number) = about.operation(operation) else {
                    if self.assembly.broken.contains(&about.name) {
                        return None;
                    }
                    diagnostics.push(self.unknown(name));
                    return None;
                };
                if !call.arguments.is_empty() {
                    let schema = about.operations.get(number).map(crate::builder::arguments_schema).unwrap_or_default();
                    diagnostics.extend(thinking_manifest::check_arguments(&schema, name, &call.arguments));
                }
                let action = OnAction::Operation {
                    binding: unit.to_string(),
                    operation: operation.to_owned(),
                    arguments: !call.arguments.is_empty(),
                };
                let name = name.value.as_str().into();
                (Callee::Operation { binding: unit, number, name, class: Class::Effect }, action)
            }
        };
        Some((action, OnBody::Call(Call { callee, arguments }), name.span))
    }

    /// A hook lives for the run, so what it names must, too.
    fn too_short(&self, name: &str, span: Span) -> Option<Diagnostic> {
        let (binding, _) = self.assembly.component(name)?;
        let Some(Target::Unit(unit)) = self.assembly.wirer.find(&binding) else { return None };
        let unit = self.assembly.wirer.unit(unit).filter(|unit| unit.lifetime != Lifetime::Run)?;
        let message = format!("a hook belongs to the run, and `{binding}` lives for the {}", unit.lifetime);
        Some(
            Diagnostic::error(Code::ShorterLifetime, message)
                .at(span, "used here")
                .at(unit.span, format!("lives for the {}", unit.lifetime))
                .help("let it take part by itself: a function of the target's name is called for each one".to_owned()),
        )
    }

    fn unknown(&self, name: &Spanned<String>) -> Diagnostic {
        crate::builder::unknown_callee(self.assembly, &self.shop.steps.names(), name)
    }

    fn arguments(&mut self, call: &schema::Call, diagnostics: &mut Diagnostics) -> TemplateValue {
        let scope = settings::scope(self.shop, false);
        let mut arguments = Vec::new();
        for (name, value) in &call.arguments {
            let (compiler, sources) = (&mut *self.shop.compiler, &*self.shop.sources);
            let value: TemplateValue = match &value.value {
                Tree::Text(_) | Tree::List(_) | Tree::Map(_) => {
                    compiler.tree(value, sources, &scope, &NoResults, Purpose::Pure, diagnostics)
                }
                fixed => TemplateValue::Fixed(fixed.to_json()),
            };
            arguments.push((name.value.clone(), value));
        }
        TemplateValue::Map(arguments)
    }

    fn script(
        &mut self,
        code: &schema::Code,
        side: Option<Side>,
        file: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<dyn Program>> {
        let mut scope = self.variables.clone();
        scope.variables.remove("results");
        scope.variables.remove("step");
        let mut add = |name: &str, kind| {
            scope.variables.insert(name.to_owned(), ScopeEntry { kind, span: None });
        };
        if side == Some(Side::Stop) {
            add("outcome", VariableKind::Outcome);
        }
        if file {
            add("file", VariableKind::Loop);
        }
        let scope = self.shop.compiler.scope(scope);
        let program =
            self.shop.compiler.code(code, self.shop.sources, &scope, &NoResults, Purpose::Hook, diagnostics)?;
        for reference in program.references() {
            let ReferenceKind::Component(name) = &reference.kind else { continue };
            let mut need = Need::one(name, name);
            need.origin = Origin::Manifest(reference.span);
            self.roots.push(Root { who: "a hook".to_owned(), need, span: Some(reference.span) });
            diagnostics.extend(self.too_short(name, reference.span));
        }
        Some(program)
    }
}
