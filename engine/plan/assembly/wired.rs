//! What only the wiring shows of scripted components: mistakes in what they ask of their dependencies, and what they forget.

use super::{Assembly, Hooks};
use crate::compile::Compiler;
use crate::script_name;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thinking_container::{Choice, Hook, Lifetime, Target, Unit, UnitId, Wiring};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics};
use thinking_step::{About, KeptField, VariableKind};

/// Checks the scripts of what is used once more, now that it is known what each of their dependencies is.
pub(crate) fn what_dependencies_can_do(
    assembly: &Assembly,
    wiring: &Wiring,
    compiler: &mut Compiler<'_>,
    diagnostics: &mut Diagnostics,
) {
    let mut abouts = BTreeMap::new();
    for unit in &wiring.units {
        let about = unit.component.about();
        let Some((declared, text)) = assembly.dependants.get(&about.name) else { continue };
        let mut declared = declared.clone();
        for (need, choice) in about.needs.iter().zip(&unit.choices) {
            let name = script_name(&need.name);
            // Most of the work is saved where a script does not even have the word.
            if let Some(kind) = text.text.contains(&name).then(|| kind(assembly, choice, &mut abouts)).flatten() {
                declared.dependencies.insert(name, kind);
            }
        }
        if !declared.dependencies.is_empty() {
            compiler.component(text, declared, diagnostics);
        }
    }
}

/// What a choice is to a script, if it is one thing of which something is known.
fn kind(assembly: &Assembly, choice: &Choice, abouts: &mut BTreeMap<UnitId, Arc<About>>) -> Option<VariableKind> {
    let Choice::One(target) = choice else { return None };
    match target {
        Target::Resource(resource) => Some(assembly.wirer.resource(*resource)?.what.clone()),
        Target::Unit(id) => {
            let unit = assembly.wirer.unit(*id)?;
            let about = unit.component.about();
            if assembly.broken.contains(&about.name) {
                return None;
            }
            let about = Arc::clone(abouts.entry(*id).or_insert_with(|| Arc::new(about.clone())));
            Some(VariableKind::Component { binding: unit.name.to_string(), about })
        }
    }
}

/// Warns of fields that steps set and look at, and that are gone when the process is.
pub(crate) fn forgotten(wiring: &Wiring, hooks: &Hooks, diagnostics: &mut Diagnostics) {
    for unit in wiring.units.iter().filter(|unit| forgets(unit)) {
        let operations = &unit.component.about().operations;
        let hooked: BTreeSet<&str> = hooks
            .plan
            .targets
            .iter()
            .flat_map(|target| &target.hooks)
            .filter_map(|hook| match hook {
                Hook::Unit { unit: id, operation, .. } if *id == unit.id => operations.get(*operation),
                _ => None,
            })
            .map(|operation| operation.name.as_str())
            .collect();
        // What starts and stops does so in every run.
        let by_steps = |operations: &[String]| operations.iter().any(|name| !hooked.contains(name.as_str()));
        let field = unit.component.kept().iter().find(|field| by_steps(&field.set_by) && by_steps(&field.read_by));
        diagnostics.extend(field.map(warning));
    }
}

/// A step's own component begins anew with each step, and a persistent one is saved.
fn forgets(unit: &Unit) -> bool {
    unit.lifetime != Lifetime::Step && unit.component.about().persistent.is_empty()
}

fn warning(field: &KeptField) -> Diagnostic {
    let message = format!("`this.{}` is kept in memory only: a resumed or partial run begins without it", field.name);
    Diagnostic::warning(Code::ForgottenState, message)
        .at(field.span, "set here")
        .help("write persistent=#true on the component, or scope=\"step\" where it is bound".to_owned())
}
