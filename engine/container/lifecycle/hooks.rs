//! Who takes part in a target.

use crate::lifecycle::target::unknown;
use crate::lifecycle::{Direction, Side};
use crate::wiring::{Target, Unit, UnitId, Wirer, Wiring};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_step::{About, Origin};

/// `on TARGET …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// The target.
    pub target: String,
    /// Where that stands.
    pub target_span: Option<Span>,
    /// What is done.
    pub action: OnAction,
    /// Where that stands.
    pub action_span: Option<Span>,
}

/// What an `on` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnAction {
    /// `call="binding.operation"`, split at the last dot.
    Operation {
        /// The binding, as in the manifest.
        binding: String,
        /// The operation, as in scripts or as in the manifest.
        operation: String,
        /// Whether the manifest gives arguments, which are checked by the caller.
        arguments: bool,
    },
    /// A script or a native step: the project's own, which the [`Environment`](crate::Environment) runs.
    Project,
}

/// One thing that a target does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hook {
    /// An operation of a unit.
    Unit {
        /// The unit.
        unit: UnitId,
        /// The number of the operation.
        operation: usize,
        /// Whether it is told the outcome.
        told: bool,
        /// The number of the `on` that says so; `None`: the operation has the target's name.
        on: Option<usize>,
        /// Whether that `on` gives arguments: then the [`Environment`](crate::Environment) does it.
        given: bool,
    },
    /// The `on` of that number.
    Project {
        /// Its number.
        on: usize,
    },
}

/// A target whose hooks are looked for.
pub(crate) struct HookedTarget<'a> {
    pub(crate) name: &'a str,
    pub(crate) side: Side,
    pub(crate) direction: Direction,
}

/// An `on` whose operation is known.
pub(crate) struct Known<'a> {
    pub(crate) number: usize,
    pub(crate) target: &'a str,
    /// `None`: the project's own.
    pub(crate) call: Option<(UnitId, usize, bool)>,
    /// Whether it gives arguments.
    pub(crate) given: bool,
}

/// Which `on`s can be used; every mistake in them.
pub(crate) fn known<'a>(
    ons: &'a [On],
    targets: &[(&str, Side)],
    wirer: &Wirer,
    wrong: &mut Vec<Diagnostic>,
) -> Vec<Known<'a>> {
    let mut all = Vec::new();
    for (number, on) in ons.iter().enumerate() {
        let Some((_, side)) = targets.iter().find(|(name, _)| *name == on.target) else {
            wrong.push(unknown(&on.target, on.target_span, targets.iter().map(|(name, _)| *name)));
            continue;
        };
        let call = match &on.action {
            OnAction::Project => None,
            OnAction::Operation { binding, operation, arguments } => {
                match operation_of(wirer, on, (binding, operation, *arguments), *side) {
                    Ok(call) => Some(call),
                    Err(diagnostic) => {
                        wrong.push(diagnostic);
                        continue;
                    }
                }
            }
        };
        let given = matches!(&on.action, OnAction::Operation { arguments: true, .. });
        all.push(Known { number, target: &on.target, call, given });
    }
    all
}

fn operation_of(
    wirer: &Wirer,
    on: &On,
    (binding, operation, arguments): (&str, &str, bool),
    side: Side,
) -> Result<(UnitId, usize, bool), Diagnostic> {
    let found = match wirer.find(binding) {
        Some(Target::Unit(id)) => wirer.unit(id).map(|unit| (id, unit)),
        _ => None,
    };
    let Some((id, unit)) = found else {
        if let Some(diagnostic) = wirer.broken(binding) {
            return Err(diagnostic.clone());
        }
        let near = did_you_mean(binding, wirer.units().map(|(_, unit)| &*unit.name));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("there is no binding `{binding}`");
        return Err(Diagnostic::error(Code::UnknownComponent, message).at(on.action_span, "unknown").help(help));
    };
    let about = unit.component.about();
    let Some(number) = about.operation(operation) else {
        let known = about.operations.iter().map(|operation| operation.name.as_str());
        let help = match did_you_mean(operation, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if about.operations.is_empty() => "it has no operations".to_owned(),
            None => format!("it has {}", known.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{binding}` has no operation `{operation}`");
        return Err(Diagnostic::error(Code::UnknownComponent, message).at(on.action_span, "unknown").help(help));
    };
    let told = !arguments && check_arity(about, number, &on.target, side, on.action_span)?;
    Ok((id, number, told))
}

/// Whether an operation can be a hook; says whether it is told the outcome.
pub(crate) fn check_arity(
    about: &About,
    operation: usize,
    target: &str,
    side: Side,
    span: Option<Span>,
) -> Result<bool, Diagnostic> {
    let Some(known) = about.operations.get(operation) else { return Ok(false) };
    let (fewest, most) = known.arity();
    let (allowed, why) = match side {
        Side::Start => (0, "nothing can be handed to it before the pipeline"),
        Side::Stop => (1, "what stops is handed the outcome, and nothing else"),
    };
    if fewest <= allowed {
        return Ok(side == Side::Stop && most > 0);
    }
    let place = match &known.origin {
        Origin::Source(file, line) => format!(" ({file}:{line})"),
        Origin::Manifest(_) | Origin::Engine => String::new(),
    };
    let message =
        format!("`{}` of `{}` cannot take part in `{target}`{place}: it takes arguments", known.name, about.name);
    let declared = match &known.origin {
        Origin::Manifest(span) => Some(*span),
        Origin::Source(..) | Origin::Engine => None,
    };
    Err(Diagnostic::error(Code::InvalidArguments, message)
        .at(span, "called here")
        .at(declared, format!("takes {}", known.signature()))
        .help(format!("{why}: give its parameters defaults, or the operation another name")))
}

/// The hooks of a target, in the order in which they run.
pub(crate) fn hooks(
    target: &HookedTarget<'_>,
    ons: &[Known<'_>],
    wiring: &Wiring,
    wrong: &mut Vec<Diagnostic>,
) -> Vec<Hook> {
    let mut units: Vec<Hook> = Vec::new();
    let backward = target.direction == Direction::Backward;
    let mut order: Vec<&Unit> = wiring.units.iter().collect();
    let mut own: Vec<&Known<'_>> = ons.iter().filter(|on| on.target == target.name).collect();
    if backward {
        order.reverse();
        own.reverse();
    }
    for unit in order {
        let about = unit.component.about();
        if let Some(operation) = about.operation(target.name) {
            match check_arity(about, operation, target.name, target.side, None) {
                Ok(told) => units.push(Hook::Unit { unit: unit.id, operation, told, on: None, given: false }),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        for on in &own {
            if let Some((id, operation, told)) = on.call.filter(|(id, ..)| *id == unit.id) {
                units.push(Hook::Unit { unit: id, operation, told, on: Some(on.number), given: on.given });
            }
        }
    }
    let project = own.iter().filter(|on| on.call.is_none()).map(|on| Hook::Project { on: on.number });
    if backward { project.chain(units).collect() } else { units.into_iter().chain(project).collect() }
}
