//! Bindings that nobody needs.

use crate::wiring::resolve::Asker;
use crate::wiring::{Choice, Target, UnitId, Wirer};
use std::collections::BTreeSet;
use thinking_diagnostic::{Code, Diagnostic};
use thinking_step::Need;

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

    /// What may be used where some bindings come and go (`when`): they, what could stand in for them, and what all these need. Of each, its
    /// component, and the names that it and its `wire`s say.
    #[must_use]
    pub fn may_be_used<'a>(&self, conditional: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> BTreeSet<UnitId> {
        let mut open: Vec<UnitId> = Vec::new();
        for (component, names) in conditional {
            let about = self.catalog.get(component).map(|kind| kind.about());
            let interfaces = about.iter().flat_map(|about| about.provides.iter().map(|interface| &*interface.name));
            let words = names.into_iter().chain([component]).chain(interfaces).map(|word| Need::one(word, word));
            for need in words.chain(about.iter().flat_map(|about| about.needs.iter().cloned())) {
                let fitting = self.fitting(&need, Asker::default()).into_iter().chain(self.find(&need.name));
                open.extend(fitting.filter_map(|target| match target {
                    Target::Unit(unit) => Some(unit),
                    Target::Resource(_) => None,
                }));
            }
        }
        let mut found = BTreeSet::new();
        while let Some(unit) = open.pop() {
            if found.insert(unit) {
                open.extend(self.choices(unit).iter().flat_map(Choice::units));
            }
        }
        found
    }
}
