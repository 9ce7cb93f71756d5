//! What fits a dependency by itself, and how places in Rust are said.

use crate::wiring::Declared;
use thinking_diagnostic::Span;
use thinking_step::{About, Need, Origin};

/// A name as in manifests: `word_counts` and `word-counts` are the same.
pub(crate) fn word(name: &str) -> String {
    name.replace('_', "-")
}

/// Whether two names are the same in manifests.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let dash = |byte| if byte == b'_' { b'-' } else { byte };
    one.bytes().map(dash).eq(other.bytes().map(dash))
}

/// Whether a dependency asks by one word that may be a binding's name as well as an interface.
pub(crate) fn is_one_word(need: &Need) -> bool {
    need.rust.is_none() && same(&need.name, &need.wanted)
}

/// Whether a component provides something of the name that is asked for, whatever its Rust type.
pub(crate) fn goes_by(about: &About, need: &Need) -> bool {
    about.name == need.wanted || about.provides.iter().any(|interface| same(&interface.name, &need.wanted))
}

/// Whether a component is what is asked for.
pub(crate) fn fits(about: &About, need: &Need) -> bool {
    match need.rust {
        Some(rust) => about.rust == Some(rust) || about.provides.iter().any(|interface| interface.rust == Some(rust)),
        None => goes_by(about, need),
    }
}

/// Whether a component is itself the type that is asked for, rather than something that provides it.
pub(crate) fn is_itself(about: &About, need: &Need) -> bool {
    match need.rust {
        Some(rust) => about.rust == Some(rust),
        None => about.name == need.wanted,
    }
}

/// The place in Rust, for people; `None` for one that a label shows, or that is the engine's.
pub(crate) fn said(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Source(file, line) => Some(format!("{file}:{line}")),
        Origin::Manifest(_) | Origin::Engine => None,
    }
}

/// The place in a manifest or script.
pub(crate) fn shown(origin: &Origin) -> Option<Span> {
    match origin {
        Origin::Manifest(span) => Some(*span),
        Origin::Source(..) | Origin::Engine => None,
    }
}

/// A binding's name, with the component's place in Rust where no manifest shows it.
pub(crate) fn named(unit: &Declared) -> String {
    let about = unit.component.about();
    match said(&about.origin) {
        Some(place) if unit.span.is_none() => format!("`{}` ({place})", unit.name),
        _ => format!("`{}`", unit.name),
    }
}
