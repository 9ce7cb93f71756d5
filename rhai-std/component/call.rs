//! Calls of operations.

use super::Handle;
use super::cross::crossing;
use crate::evaluation::host;
use crate::failure::{Answer, raise};
use crate::serde::{Positional, to_dynamic};
use rhai::{Dynamic, FuncRegistration, Module, NativeCallContext, RhaiFunc};
use std::any::TypeId;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use thinking_diagnostic::did_you_mean;
use thinking_step::{About, Class, ErrorKind, Host, Operation, StepError, with_current};

/// Adds the methods of components that a script calls, by their names and numbers of arguments: which component is called, and whether it has
/// such an operation, is seen at the call.
pub fn operations<'a>(module: &mut Module, calls: impl IntoIterator<Item = (&'a str, usize)>) {
    for (name, count) in calls {
        let called: Box<str> = name.into();
        let func = move |_: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| call(&called, args);
        let mut types = vec![TypeId::of::<Handle>()];
        types.resize(count + 1, TypeId::of::<Dynamic>());
        let function = RhaiFunc::Method { func: Arc::new(func), has_context: false, is_pure: true, is_volatile: true };
        FuncRegistration::new(name).in_global_namespace().set_into_module_raw(module, types, function);
    }
}

fn call(name: &str, args: &mut [&mut Dynamic]) -> Answer<Dynamic> {
    let Some((first, args)) = args.split_first_mut() else { return Ok(Dynamic::UNIT) };
    let Some(handle) = first.read_lock::<Handle>().map(|handle| handle.clone()) else { return Ok(Dynamic::UNIT) };
    let host = host()?;
    let found = handle.found(&host)?;
    let about = found.kind.about();
    let (at, operation) = wanted(about, &handle.0.name, name, args.len()).map_err(raise)?;
    if let Some(script) = &found.script {
        let values = args.iter_mut().map(|arg| crossing(arg.take())).collect::<Result<Vec<_>, _>>();
        return script.call_with(at, values.map_err(raise)?, &host).map_err(raise);
    }
    let class = effective(operation, &*host);
    if class >= Class::Observe {
        host.touch(class, &format!("{}.{}", handle.0.name, operation.name)).map_err(raise)?;
    }
    let mut arguments = Positional::new(args);
    let answer = catch_unwind(AssertUnwindSafe(|| {
        with_current(&host, || {
            let answer = found.component.call(at, &mut arguments, &host)?;
            to_dynamic(&*answer).map_err(|problem| {
                let message = format!("what `{}.{name}` gives is nothing for a script: {problem}", handle.0.name);
                StepError::new(ErrorKind::Native, message)
            })
        })
    }));
    answer.unwrap_or_else(|panic| Err(panicked(&handle.0.name, name, &*panic))).map_err(raise)
}

/// What has not said how it touches the world may do anything in a step; elsewhere it is trusted to look at most.
fn effective(operation: &Operation, host: &dyn Host) -> Class {
    if operation.declared || host.may_write() { operation.class } else { operation.class.min(Class::Observe) }
}

/// The operation of that name that takes so many arguments.
fn wanted<'a>(
    about: &'a About,
    component: &str,
    name: &str,
    count: usize,
) -> Result<(usize, &'a Operation), StepError> {
    let found = about.operation(name).and_then(|at| Some((at, about.operations.get(at)?)));
    let Some((at, operation)) = found else {
        let help = match did_you_mean(name, about.operations.iter().map(|operation| operation.name.as_str())) {
            Some(near) => format!("did you mean `{component}.{near}`?"),
            None => {
                let all: Vec<String> = about.operations.iter().map(Operation::signature).collect();
                format!("`{}` has: {}", about.name, all.join(", "))
            }
        };
        return Err(StepError::script(format!("`{component}` has no operation `{name}`")).help(help));
    };
    let (fewest, most) = operation.arity();
    if count < fewest || count > most {
        let error = StepError::script(format!("`{component}.{name}` cannot take {count} arguments"));
        return Err(error.help(format!("it is called as `{component}.{}`", operation.signature())));
    }
    Ok((at, operation))
}

#[cold]
fn panicked(component: &str, name: &str, panic: &(dyn std::any::Any + Send)) -> StepError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    StepError::new(ErrorKind::Native, format!("`{component}.{name}` panicked: {text}"))
}
