//! `run`.

use crate::evaluation::host;
use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use rhai::ImmutableString;
use thinking_step::RunInfo;

/// The variable `run`: `run.id`, `run.dir`, `run.started`.
#[derive(Debug, Clone, Copy)]
pub struct RunHandle;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("run");
    ns.module.set_getter_fn("id", |_: &mut RunHandle| -> Answer<ImmutableString> { Ok((&*info()?.id).into()) });
    ns.module.set_getter_fn("dir", |_: &mut RunHandle| -> Answer<ImmutableString> {
        Ok(info()?.directory.display().to_string().into())
    });
    ns.module
        .set_getter_fn("started", |_: &mut RunHandle| -> Answer<ImmutableString> { Ok((&*info()?.started).into()) });
    ns
}

fn info() -> Answer<RunInfo> {
    host()?.run().ok_or_else(|| fail("there is no run yet: `run` is known only while one is under way"))
}
