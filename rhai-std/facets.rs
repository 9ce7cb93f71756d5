//! `facets`.

use crate::evaluation::host;
use crate::failure::Answer;
use crate::namespace::Namespace;
use rhai::ImmutableString;
use thinking_step::Class;

/// The variable `facets`.
#[derive(Debug, Clone, Copy)]
pub struct Facets;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("facets");
    ns.function(
        "has",
        Class::Pure,
        "has(name) -> bool",
        "Whether the facet is active.",
        |_: &mut Facets, name: ImmutableString| -> Answer<bool> { Ok(host()?.facet(&name)) },
    );
    ns
}
