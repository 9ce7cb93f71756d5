//! Doubles take their places.

use crate::double::dependencies::postponed;
use crate::double::kind::{DoubledKind, Shared, Turns};
use crate::double::{Calls, Double, Stand, returned};
use crate::lifecycle::{Hook, LifecyclePlan, Side};
use crate::wiring::{Target, UnitId, Wirer, Wiring};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use thinking_step::{About, Operation};

/// Puts doubles into a wiring: the component of each unit that has any is wrapped, and `calls` records what is called. A binding that the
/// wiring does not need is checked and left out. `wirer` and `lifecycle` are what the wiring was made by and for.
///
/// # Errors
/// All mistakes: a binding or operation that is not there (with what was most likely meant), a value that the operation cannot give, and a
/// component that calls another one directly in Rust, where a double would not be seen. The wiring is as it was then.
pub fn double(
    wiring: &mut Wiring,
    wirer: &Wirer,
    lifecycle: &LifecyclePlan,
    doubles: &[Double],
    calls: &Arc<Calls>,
) -> Result<(), Vec<Diagnostic>> {
    let mut wrong = Diagnostics::new();
    let mut places: BTreeMap<UnitId, BTreeMap<usize, Vec<&Double>>> = BTreeMap::new();
    for double in doubles {
        match placed(wirer, double) {
            Ok((unit, operation)) => {
                places.entry(unit).or_default().entry(operation).or_default().push(double);
            }
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    for (unit, operations) in &places {
        wrong.extend(unseen(wiring, wirer, *unit, operations));
    }
    if !wrong.is_empty() {
        wrong.sort();
        return Err(wrong.into_iter().collect());
    }
    for (unit, operations) in &places {
        let Some(declared) = wirer.unit(*unit) else { continue };
        for (number, operation) in declared.component.about().operations.iter().enumerate() {
            calls.know(&declared.name, &operation.name, operations.contains_key(&number));
        }
        wrap(wiring, wirer, lifecycle, *unit, operations, calls);
    }
    rest(wiring, wirer);
    Ok(())
}

/// Which operation of which unit it means.
fn placed(wirer: &Wirer, double: &Double) -> Result<(UnitId, usize), Diagnostic> {
    let Double { binding, operation, span, stand } = double;
    let unknown = |message: String| Diagnostic::error(Code::UnknownComponent, message).at(*span, "");
    let (id, unit) = match wirer.find(binding) {
        Some(Target::Unit(id)) => match wirer.unit(id) {
            Some(unit) => (id, unit),
            None => return Err(unknown(format!("there is no binding `{binding}`"))),
        },
        Some(Target::Resource(_)) => {
            let diagnostic = unknown(format!("`{binding}` has no operations that could be replaced"));
            return Err(diagnostic
                .help("only components have doubles; give a database what the test needs in `setup`".to_owned()));
        }
        None => {
            let names: Vec<&str> = wirer.units().map(|(_, unit)| &*unit.name).collect();
            let help = match did_you_mean(binding, names) {
                Some(near) => format!("did you mean `{near}.{operation}`?"),
                None => "`thinking components` lists what there is".to_owned(),
            };
            return Err(unknown(format!("there is no binding `{binding}`")).help(help));
        }
    };
    let about = unit.component.about();
    let Some((number, known)) = found(about, operation) else {
        let help = match did_you_mean(operation, about.operations.iter().map(|known| known.name.as_str())) {
            Some(near) => format!("did you mean `{}.{near}`?", unit.name),
            None => {
                let all: Vec<String> = about.operations.iter().map(Operation::signature).collect();
                format!("it has: {}", all.join(", "))
            }
        };
        let message = match operation.is_empty() {
            true => format!("which operation of `{}` is meant?", unit.name),
            false => format!("`{}` has no operation `{operation}`", unit.name),
        };
        return Err(unknown(message).help(help));
    };
    if let Stand::Returns(value) = stand
        && !returned::fits(&known.returns, value)
    {
        let message = format!("`{}.{}` cannot give {value}", unit.name, known.name);
        let diagnostic = Diagnostic::error(Code::InvalidValue, message).at(*span, "");
        return Err(diagnostic.help(format!("it gives `{}`", known.returns)));
    }
    Ok((id, number))
}

fn found<'a>(about: &'a About, name: &str) -> Option<(usize, &'a Operation)> {
    let number = about.operation(name)?;
    Some((number, about.operations.get(number)?))
}

/// Who would not see the double: what holds the component as a Rust type calls it without asking anybody.
fn unseen(
    wiring: &Wiring,
    wirer: &Wirer,
    doubled: UnitId,
    operations: &BTreeMap<usize, Vec<&Double>>,
) -> Vec<Diagnostic> {
    let Some(name) = wirer.unit(doubled).map(|unit| &unit.name) else { return Vec::new() };
    let holds = |unit: &&crate::wiring::Unit| {
        let needs = unit.component.about().needs.iter().zip(&unit.choices);
        needs.filter(|(need, _)| need.rust.is_some()).any(|(_, choice)| choice.units().any(|id| id == doubled))
    };
    let holders = wiring.units.iter().filter(holds);
    let spans: Vec<_> = operations.values().flatten().map(|double| double.span).collect();
    let told = holders.flat_map(|holder| {
        let (holder, name) = (&holder.name, &name);
        spans.iter().map(move |span| {
            let message = format!("`{holder}` calls `{name}` directly in Rust, where a double would not be seen");
            Diagnostic::error(Code::NotAllowedHere, message).at(*span, "").help(format!(
                "bind another component in its place for the test: bind \"{name}\" to=\"…\", or stub `{holder}` itself"
            ))
        })
    });
    told.collect()
}

fn wrap(
    wiring: &mut Wiring,
    wirer: &Wirer,
    lifecycle: &LifecyclePlan,
    id: UnitId,
    operations: &BTreeMap<usize, Vec<&Double>>,
    calls: &Arc<Calls>,
) {
    let Some(unit) = wiring.units.iter_mut().find(|unit| unit.id == id) else { return };
    let real = Arc::clone(&unit.component);
    let mut turns: Vec<Option<Turns>> = real.about().operations.iter().map(|_| None).collect();
    for (number, doubles) in operations {
        if let Some(place) = turns.get_mut(*number) {
            *place = Some(Turns::new(doubles.iter().map(|double| double.stand.clone()).collect()));
        }
    }
    let stubbed = operations.values().flatten().any(|double| double.stand.is_stub());
    let shared = Shared {
        about: Shared::about(real.about(), &turns),
        binding: Arc::clone(&unit.name),
        turns,
        later: stubbed.then(|| postponed(&mut unit.choices, wirer)),
        starts: taking_part(lifecycle, Side::Start, id),
        stops: taking_part(lifecycle, Side::Stop, id),
        calls: Arc::clone(calls),
        real,
    };
    unit.component = Arc::new(DoubledKind(Arc::new(shared)));
}

/// The operations with which a unit takes part in one side of the run.
fn taking_part(lifecycle: &LifecyclePlan, side: Side, id: UnitId) -> BTreeSet<usize> {
    let hooks = lifecycle.side(side).flat_map(|target| &target.hooks);
    hooks
        .filter_map(|hook| match hook {
            Hook::Unit { unit, operation, .. } if *unit == id => Some(*operation),
            _ => None,
        })
        .collect()
}

/// What only stubbed components need is not started before they are.
fn rest(wiring: &mut Wiring, wirer: &Wirer) {
    let eager = wiring.units.iter().map(|unit| unit.id).filter(|id| wirer.unit(*id).is_some_and(|unit| unit.eager));
    let mut open: Vec<UnitId> = wiring.roots.iter().flat_map(|choice| choice.units()).chain(eager).collect();
    let mut needed: BTreeSet<UnitId> = BTreeSet::new();
    while let Some(id) = open.pop() {
        if needed.insert(id) {
            open.extend(wiring.unit(id).into_iter().flat_map(|unit| &unit.choices).flat_map(|choice| choice.units()));
        }
    }
    for unit in wiring.units.iter_mut().filter(|unit| !needed.contains(&unit.id)) {
        unit.lazy = true;
    }
}
