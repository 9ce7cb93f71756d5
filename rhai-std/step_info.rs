//! `step`.

use crate::evaluation::host;
use crate::failure::{Answer, raise};
use crate::namespace::Namespace;
use rhai::{INT, ImmutableString};

/// The variable `step`: `step.key` (the idempotency key), `step.attempt` (from 1), `step.path`.
#[derive(Debug, Clone, Copy)]
pub struct StepHandle;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("step");
    ns.module.set_getter_fn("key", |_: &mut StepHandle| -> Answer<ImmutableString> {
        Ok(host()?.idempotency_key().map_err(raise)?.into())
    });
    ns.module.set_getter_fn("attempt", |_: &mut StepHandle| -> Answer<INT> { Ok(INT::from(host()?.task().attempt)) });
    ns.module
        .set_getter_fn("path", |_: &mut StepHandle| -> Answer<ImmutableString> { Ok((&*host()?.task().path).into()) });
    ns
}
