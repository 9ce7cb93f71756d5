//! Bindings that nobody needs.

use crate::wiring::{UnitId, Wirer};
use std::collections::BTreeSet;
use thinking_diagnostic::{Code, Diagnostic};

impl Wirer {
    /// Warnings for what is bound and never used. `used`: what the wirings of all pipelines hold. An unused fallback is no mistake: it waits
    /// for the day when nothing else is there.
    #[must_use]
    pub fn unused(&self, used: &BTreeSet<UnitId>) -> Vec<Diagnostic> {
        let idle =
            self.units().filter(|(id, unit)| !unit.implicit && !unit.eager && !unit.fallback && !used.contains(id));
        idle.map(|(_, unit)| {
            Diagnostic::warning(Code::UnusedBinding, format!("nothing uses the binding `{}`", unit.name))
                .at(unit.span, "never created")
                .help("take it out, or write `eager=#true` if it is to start all the same".to_owned())
        })
        .collect()
    }
}
