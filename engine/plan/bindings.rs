//! What is wrong with bindings that no pipeline uses. Another selection of facets may use or complete what this one leaves alone, so it is said
//! only when all of them were looked at.

use std::collections::BTreeSet;
use thinking_container::{Declared, Root, UnitId, Wirer};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span};
use thinking_schema::{Bind, Named};
use thinking_step::{Need, Origin};

/// What the selections that were looked at say of bindings.
#[derive(Debug, Default)]
pub struct Bindings {
    /// Bindings that something uses, by the places of their names.
    used: BTreeSet<Span>,
    /// Bindings that nothing uses, with the warnings.
    idle: Vec<(Span, Diagnostic)>,
    /// Bindings and components that can be wired.
    sound: BTreeSet<Span>,
    /// Those that cannot, and why.
    unsound: Vec<(Span, Diagnostic)>,
}

impl Bindings {
    /// What one selection says. `used`: what its pipelines take; `None` where that is not known. Mistakes in what always starts go to `diagnostics`.
    pub(crate) fn of(
        wirer: &Wirer,
        declared: &Named<Bind>,
        used: Option<BTreeSet<UnitId>>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut all = Self::default();
        if let Some(mut used) = used {
            used.extend(wirer.may_be_used(declared.iter().filter(|(_, bind)| bind.when.is_some()).map(
                |(name, bind)| {
                    let wired = bind.wire.iter().map(|wire| &*wire.to.value);
                    (&*bind.to.value, std::iter::once(&*name.value).chain(wired).collect())
                },
            )));
            all.used = used.iter().filter_map(|unit| wirer.unit(*unit)?.span).collect();
            let place = |warning: Diagnostic| Some((warning.labels.first()?.span, warning));
            all.idle = wirer.unused(&used).into_iter().filter_map(place).collect();
        }
        all.wire(wirer, declared, diagnostics);
        all
    }

    /// Wires what the manifest declares, whether something uses it or not.
    fn wire(&mut self, wirer: &Wirer, declared: &Named<Bind>, diagnostics: &mut Diagnostics) {
        let (_, eager) = wirer.wire(&[]);
        diagnostics.extend(eager.iter().cloned());
        // A `when` that does not hold now may when it runs.
        let absent = declared.iter().any(|(name, bind)| {
            let there = wirer.units().any(|(_, unit)| unit.span == name.span && !unit.implicit);
            bind.when.is_some() && !there
        });
        let known = |wrong: &Diagnostic| {
            // Circles that hang together can be told in several ways.
            let circle = |one: &Diagnostic| one.code == Code::WiringCycle;
            diagnostics.has(wrong)
                || circle(wrong) && diagnostics.iter().any(circle)
                || absent && wrong.code == Code::MissingDependency
        };
        let in_manifest = |unit: &Declared| matches!(unit.component.about().origin, Origin::Manifest(_));
        let roots: Vec<(Span, Root)> = wirer
            .units()
            .filter(|(_, unit)| !unit.implicit || in_manifest(unit))
            .filter_map(|(_, unit)| {
                let need = Need::one(&*unit.name, &*unit.name);
                Some((unit.span?, Root { who: format!("`{}`", unit.name), need, span: None }))
            })
            .collect();
        let together: Vec<Root> = roots.iter().map(|(_, root)| root.clone()).collect();
        if wirer.wire(&together).1.iter().all(known) {
            self.sound.extend(roots.into_iter().map(|(span, _)| span));
            return;
        }
        for (span, root) in roots {
            let (_, wrong) = wirer.wire(&[root]);
            let own: Vec<Diagnostic> = wrong.into_iter().filter(|wrong| !known(wrong)).collect();
            if own.is_empty() {
                self.sound.insert(span);
            }
            self.unsound.extend(own.into_iter().map(|wrong| (span, wrong)));
        }
    }

    /// Adds what another selection says; `note` is about that selection.
    pub fn add(&mut self, other: Self, note: Option<&str>) {
        self.used.extend(other.used);
        self.sound.extend(other.sound);
        for (own, more) in [(&mut self.idle, other.idle), (&mut self.unsound, other.unsound)] {
            for (span, diagnostic) in more {
                if !own.iter().any(|(known, one)| *known == span && one.message == diagnostic.message) {
                    own.push((span, diagnostic.help(note.map(str::to_owned))));
                }
            }
        }
    }

    /// What is wrong under all selections that were added.
    pub fn wrong(self) -> impl Iterator<Item = Diagnostic> {
        let Self { used, idle, sound, unsound } = self;
        let idle = idle.into_iter().filter(move |(span, _)| !used.contains(span));
        idle.chain(unsound.into_iter().filter(move |(span, _)| !sound.contains(span))).map(|(_, diagnostic)| diagnostic)
    }
}
