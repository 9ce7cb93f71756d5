//! `results`, and `result(path)`.

use crate::convert::from_value;
use crate::evaluation::host;
use crate::failure::{Answer, fail, raise};
use crate::namespace::Namespace;
use rhai::{Dynamic, ImmutableString};
use thinking_step::Class;

/// The variable `results`.
#[derive(Debug, Clone, Copy)]
pub struct Results;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("results");
    ns.module.set_indexer_get_fn(|_: &mut Results, name: ImmutableString| -> Answer<Dynamic> {
        let value = host()?.sibling_result(&name).map_err(raise)?;
        value.map(|value| from_value(&value)).ok_or_else(|| fail(format!("there is no result of a task `{name}` here")))
    });
    ns
}

pub(crate) fn globals() -> Namespace {
    let mut ns = Namespace::global("");
    ns.function(
        "result",
        Class::State,
        "result(path)",
        "The result of any task that ran before: `result(\"prepare/count\")`.",
        |path: ImmutableString| -> Answer<Dynamic> {
            let value = host()?.result(&path).map_err(raise)?;
            value.map(|value| from_value(&value)).ok_or_else(|| fail(format!("no task `{path}` ran before this one")))
        },
    );
    ns
}
