//! What the component behind a stub depends on: taken when it is created, so that it does not start things that nothing else needs.

use crate::wiring::{Choice, Target, Wirer};
use std::sync::Arc;
use thinking_step::{Host, Provided, ProvidedKind, StepError, Supplied};

/// The bindings that one dependency takes.
pub(crate) struct Later {
    many: bool,
    bindings: Vec<Arc<str>>,
}

/// Takes the components out of choices: what the engine has costs nothing and stays. Gives what is to be taken later, for each dependency.
pub(crate) fn postponed(choices: &mut [Choice], wirer: &Wirer) -> Vec<Later> {
    choices.iter_mut().map(|choice| postpone(choice, wirer)).collect()
}

fn postpone(choice: &mut Choice, wirer: &Wirer) -> Later {
    let bindings = choice.units().filter_map(|id| Some(Arc::clone(&wirer.unit(id)?.name))).collect();
    let many = matches!(choice, Choice::Many(_));
    match choice {
        Choice::One(Target::Unit(_)) => *choice = Choice::Nothing,
        Choice::Many(targets) => targets.retain(|target| matches!(target, Target::Resource(_))),
        _ => {}
    }
    Later { many, bindings }
}

/// All that the component depends on: what it was given, and what was left for later.
pub(crate) fn completed(given: &[Supplied], later: &[Later], host: &Arc<dyn Host>) -> Result<Vec<Supplied>, StepError> {
    let mut all = Vec::with_capacity(later.len());
    for (at, later) in later.iter().enumerate() {
        let given = given.get(at).cloned().unwrap_or(Supplied::Nothing);
        if later.bindings.is_empty() {
            all.push(given);
            continue;
        }
        let mut provided = match given {
            Supplied::Many(provided) => provided,
            Supplied::One(_) | Supplied::Nothing => Vec::new(),
        };
        for binding in &later.bindings {
            let (component, kind) = host.component(binding)?;
            provided.push(Provided { binding: Arc::clone(binding), what: ProvidedKind::Component(component, kind) });
        }
        all.push(if later.many {
            provided.sort_by(|one, other| one.binding.cmp(&other.binding));
            Supplied::Many(provided)
        } else {
            provided.pop().map_or(Supplied::Nothing, Supplied::One)
        });
    }
    Ok(all)
}
