//! Calls of native steps and of operations, in this process.

use std::sync::Arc;
use thinking_plan::{Callee, Wired};
use thinking_step::{
    ErrorKind, Host, NamedArguments, NativeCall, Provided, ProvidedKind, StepError, Supplied, Value, to_json,
};

/// Calls what a `call` names, in front of `host`. Panics are the caller's to contain.
///
/// # Errors
/// It cannot be called here, or it failed.
pub(crate) fn call(callee: &Callee, arguments: &Value, host: &Arc<dyn Host>) -> Result<Value, StepError> {
    host.touch(callee.class(), callee.name())?;
    match callee {
        Callee::Step { step, dependencies } => {
            let supplied = step.needs().iter().zip(dependencies).map(|(need, wired)| supply(need.many, wired, host));
            let dependencies = supplied.collect::<Result<_, _>>()?;
            step.run(NativeCall { arguments, dependencies, host })
        }
        Callee::Operation { binding, number, name, .. } => {
            let (component, _) = host.component(binding)?;
            let answer = component.call(*number, &mut NamedArguments(arguments), host)?;
            to_json(&answer).map_err(|error| {
                StepError::new(ErrorKind::Native, format!("what `{name}` gave cannot be a result: {error}")).help(
                    "a result is what JSON can say: numbers that are finite, texts, lists and maps with text keys",
                )
            })
        }
    }
}

fn supply(many: bool, wired: &[Wired], host: &Arc<dyn Host>) -> Result<Supplied, StepError> {
    let mut provided = Vec::with_capacity(wired.len());
    for one in wired {
        provided.push(match one {
            Wired::Component(binding) => {
                let (component, kind) = host.component(binding)?;
                Provided { binding: binding.clone(), what: ProvidedKind::Component(component, kind) }
            }
            Wired::Engine(name, kind) => Provided { binding: name.clone(), what: ProvidedKind::Engine(kind.clone()) },
        });
    }
    Ok(match provided.pop() {
        Some(only) if !many && provided.is_empty() => Supplied::One(only),
        None if !many => Supplied::Nothing,
        last => {
            provided.extend(last);
            Supplied::Many(provided)
        }
    })
}
