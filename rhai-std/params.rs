//! `params`.

use crate::convert::from_value;
use crate::evaluation::host;
use crate::failure::{Answer, raise};
use crate::namespace::Namespace;
use rhai::{Dynamic, ImmutableString};
use thinking_step::{Class, StepError};

/// The variable `params`. Every look goes through the host, which records it.
#[derive(Debug, Clone, Copy)]
pub struct Params;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("params");
    ns.module.set_indexer_get_fn(|_: &mut Params, name: ImmutableString| get(&name));
    ns.function(
        "contains",
        Class::State,
        "contains(name) -> bool",
        "Whether there is a parameter of that name.",
        |_: &mut Params, name: ImmutableString| -> Answer<bool> { Ok(host()?.param(&name).is_some()) },
    );
    ns
}

fn get(name: &str) -> Answer<Dynamic> {
    let host = host()?;
    match host.param(name) {
        Some(value) => Ok(from_value(&value)),
        None => {
            let names = host.param_names().join(", ");
            Err(raise(
                StepError::script(format!("there is no parameter `{name}`"))
                    .help(format!("the parameters are: {names}")),
            ))
        }
    }
}
