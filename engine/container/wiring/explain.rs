//! Why something is chosen, and why the others are not.

use crate::wiring::choice::needs_config;
use crate::wiring::fit::{fits, word};
use crate::wiring::resolve::{Asker, Rule, Unchosen};
use crate::wiring::{Candidate, Target, UnitId, Wirer};
use thinking_step::Need;

impl Wirer {
    /// What might be chosen, and why each is or is not: for people who ask. Sorted by name.
    #[must_use]
    pub fn explain(&self, need: &Need) -> Vec<Candidate> {
        self.explain_to(need, Asker::default())
    }

    /// As [`Wirer::explain`], for a dependency of a binding, by its number: its `wire` counts, and it is no candidate for itself.
    #[must_use]
    pub fn explain_for(&self, unit: UnitId, number: usize) -> Vec<Candidate> {
        let Some(declared) = self.unit(unit) else { return Vec::new() };
        let Some(need) = declared.component.about().needs.get(number) else { return Vec::new() };
        let mut all = self.explain_to(need, Asker { unit: Some(unit), ..Asker::default() });
        let wired: Vec<&str> =
            declared.wired.get(number).into_iter().flatten().map(|(to, _)| self.name_of(*to)).collect();
        if let Some(first) = wired.first() {
            for candidate in &mut all {
                if candidate.chosen && !wired.contains(&&*candidate.binding) {
                    candidate.chosen = false;
                    candidate.why = format!("`{}` is wired to `{first}`", need.name);
                }
            }
            all.retain(|candidate| !wired.contains(&&*candidate.binding));
            all.extend(wired.iter().map(|name| Candidate {
                binding: (*name).to_owned(),
                chosen: true,
                why: format!("is what `wire \"{}\"` says", need.name),
            }));
            all.sort_by(|one, other| one.binding.cmp(&other.binding));
        }
        all
    }

    pub(crate) fn explain_to(&self, need: &Need, asker: Asker<'_>) -> Vec<Candidate> {
        let fitting = self.fitting(need, asker);
        let chosen = self.single(need, asker);
        let mut all: Vec<Candidate> = Vec::new();
        let mut listed = fitting.clone();
        let by_name = self.find(&need.name);
        listed.extend(by_name.filter(|target| !fitting.contains(target)));
        for target in listed {
            let name = self.name_of(target).to_owned();
            let (taken, why) = if need.many {
                let fits = fitting.contains(&target);
                (fits, if fits { "fits: all are taken".to_owned() } else { self.why_unfit(need, target) })
            } else {
                self.why(need, target, &chosen, fitting.len() == 1)
            };
            all.push(Candidate { binding: name, chosen: taken, why });
        }
        all.extend(self.near_misses(need, asker));
        all.sort_by(|one, other| one.binding.cmp(&other.binding));
        all
    }

    /// Why one that fits, or has the dependency's name, is or is not taken.
    fn why(
        &self,
        need: &Need,
        target: Target,
        chosen: &Result<(Target, Rule), Unchosen>,
        alone: bool,
    ) -> (bool, String) {
        match chosen {
            Ok((one, rule)) if *one == target => {
                let why = match rule {
                    Rule::Name => "has the dependency's own name",
                    Rule::Primary => "is primary",
                    Rule::Only if alone => "is the only one",
                    Rule::Only => "is the only one that is no fallback",
                    Rule::Itself => "is itself the type asked for",
                    Rule::Fallback => "is the fallback",
                };
                (true, why.to_owned())
            }
            _ if !self.fits_by_name(need, target) => (false, self.why_unfit(need, target)),
            Ok((one, rule)) => {
                let name = self.name_of(*one);
                let why = match rule {
                    Rule::Name => format!("fits, but `{name}` has the dependency's own name"),
                    Rule::Primary => format!("fits, but `{name}` is primary"),
                    Rule::Only => format!("is a fallback, and `{name}` is there"),
                    Rule::Itself => format!("fits, but `{name}` is itself the type asked for"),
                    Rule::Fallback => format!("fits, and so does another, so that the fallback `{name}` is taken"),
                };
                (false, why)
            }
            Err(Unchosen::Several(several)) if several.targets.contains(&target) => (
                false,
                format!("{}, and so {} another", several.what, if several.what == "fits" { "does" } else { "is" }),
            ),
            Err(_) => (false, "fits, but no rule tells which one to take".to_owned()),
        }
    }

    /// Components that go by the name and cannot be taken.
    fn near_misses(&self, need: &Need, asker: Asker<'_>) -> Vec<Candidate> {
        let missed = |name: &str, why: String| Candidate { binding: name.to_owned(), chosen: false, why };
        let mut all = Vec::new();
        for name in &self.elsewhere {
            let fits = self.catalog.get(name).is_some_and(|kind| fits(kind.about(), need));
            if fits && !self.by_component.contains_key(name) {
                all.push(missed(name, "is bound, but not under these facets and parameters".to_owned()));
            }
        }
        for (name, required) in &self.unbound {
            if self.catalog.get(name).is_some_and(|kind| fits(kind.about(), need)) {
                all.push(missed(name, needs_config(required)));
            }
        }
        let mut near: Vec<UnitId> = Vec::new();
        if need.rust.is_some() {
            near.extend(self.by_interface.get(&word(&need.wanted)).into_iter().flatten());
            near.extend(self.by_component.get(&need.wanted).into_iter().flatten());
            near.sort_unstable();
            near.dedup();
        }
        let own = self.find(&need.name);
        for unit in near {
            let target = Target::Unit(unit);
            if !self.fits_by_name(need, target) && own != Some(target) {
                all.push(missed(self.name_of(target), self.why_unfit(need, target)));
            }
        }
        if let Some(unit) =
            asker.unit.and_then(|unit| self.unit(unit)).filter(|unit| fits(unit.component.about(), need))
        {
            all.push(missed(&unit.name, "is the one that asks".to_owned()));
        }
        all
    }
}
