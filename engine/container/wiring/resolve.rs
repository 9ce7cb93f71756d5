//! The choice rules.

use crate::wiring::choice::needs_config;
use crate::wiring::fit::{fits, goes_by, is_itself, is_one_word, named, said, same, shown, word};
use crate::wiring::{Candidate, Choice, Target, UnitId, Wirer};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_step::Need;

/// Who asks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asker<'a> {
    /// Its name, for people.
    pub(crate) who: Option<&'a str>,
    /// Where it asks, if the dependency itself has no place in a manifest.
    pub(crate) span: Option<Span>,
    /// The binding that asks: it is no candidate for itself, unless it is named.
    pub(crate) unit: Option<UnitId>,
}

/// Which rule chose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Name,
    Primary,
    Only,
    Itself,
    Fallback,
}

/// Why none was chosen.
enum Unchosen {
    Missing,
    Several(Several),
}

/// Which ones stand in each other's way.
struct Several {
    targets: Vec<Target>,
    what: &'static str,
}

impl Wirer {
    /// What a dependency takes. `wire` is not looked at: it belongs to the binding that asks.
    ///
    /// # Errors
    /// Nothing fits, or several do and no rule tells which: lists them, and says what to write.
    pub fn resolve(&self, need: &Need) -> Result<Choice, Diagnostic> {
        self.choose(need, Asker::default())
    }

    pub(crate) fn choose(&self, need: &Need, asker: Asker<'_>) -> Result<Choice, Diagnostic> {
        if need.many {
            return Ok(Choice::Many(self.fitting(need, asker)));
        }
        let unchosen = match self.single(need, asker) {
            Ok((target, _)) => return Ok(Choice::One(target)),
            Err(unchosen) => unchosen,
        };
        let broken = self.broken(&need.name).or_else(|| self.broken.values().next().filter(|_| !need.optional));
        match (broken, unchosen) {
            // Said already, of the binding that is meant: its mistake is the only one.
            (Some(diagnostic), _) => Err(diagnostic.clone()),
            (None, _) if need.optional => Ok(Choice::Nothing),
            (None, Unchosen::Missing) => Err(self.missing(need, asker)),
            (None, Unchosen::Several(several)) => Err(self.ambiguous(need, asker, &several)),
        }
    }

    /// Applies the rules in their order.
    fn single(&self, need: &Need, asker: Asker<'_>) -> Result<(Target, Rule), Unchosen> {
        if let Some(target) = self.find(&need.name)
            && self.fits_by_name(need, target)
        {
            return Ok((target, Rule::Name));
        }
        let fitting = self.fitting(need, asker);
        let several = |targets, what| Err(Unchosen::Several(Several { targets, what }));
        let among = |test: &dyn Fn(Target) -> bool| -> Vec<Target> {
            fitting.iter().copied().filter(|target| test(*target)).collect()
        };
        match *among(&|target| self.is_primary(target)) {
            [] => {}
            [one] => return Ok((one, Rule::Primary)),
            [..] => return several(among(&|target| self.is_primary(target)), "is primary"),
        }
        let usual = among(&|target| !self.is_fallback(target));
        if let [one] = *usual {
            return Ok((one, Rule::Only));
        }
        if let [one] = *among(&|target| !self.is_fallback(target) && self.is_type_itself(need, target)) {
            return Ok((one, Rule::Itself));
        }
        match *among(&|target| self.is_fallback(target)) {
            [] if usual.is_empty() => Err(Unchosen::Missing),
            [] => several(usual, "fits"),
            [one] => Ok((one, Rule::Fallback)),
            [..] => several(among(&|target| self.is_fallback(target)), "is a fallback"),
        }
    }

    /// All that fit, sorted by name.
    fn fitting(&self, need: &Need, asker: Asker<'_>) -> Vec<Target> {
        let mut found: Vec<Target> = Vec::new();
        let units =
            |list: Option<&Vec<UnitId>>| list.into_iter().flatten().map(|unit| Target::Unit(*unit)).collect::<Vec<_>>();
        match need.rust {
            Some(rust) => found.extend(units(self.by_rust.get(&rust))),
            None => {
                found.extend(units(self.by_interface.get(&word(&need.wanted))));
                found.extend(units(self.by_component.get(&need.wanted)));
                let resources = self.by_kind.get(&word(&need.wanted));
                found.extend(resources.into_iter().flatten().map(|resource| Target::Resource(*resource)));
            }
        }
        found.retain(|target| asker.unit.is_none_or(|unit| *target != Target::Unit(unit)));
        found.sort_by(|one, other| (self.name_of(*one), one).cmp(&(self.name_of(*other), other)));
        found.dedup();
        found
    }

    /// The kind of something that fits a name, where it is not clear which one is meant.
    #[must_use]
    pub fn any_that_fits(&self, name: &str) -> Option<&std::sync::Arc<dyn thinking_step::ComponentType>> {
        let fitting = self.fitting(&Need::one(name, name), Asker::default());
        fitting.into_iter().find_map(|target| match target {
            Target::Unit(unit) => self.unit(unit).map(|unit| &unit.component),
            Target::Resource(_) => None,
        })
    }

    /// Whether something of the dependency's own name is what is asked for.
    fn fits_by_name(&self, need: &Need, target: Target) -> bool {
        if is_one_word(need) {
            return true;
        }
        match target {
            Target::Unit(unit) => self.unit(unit).is_some_and(|unit| fits(unit.component.about(), need)),
            Target::Resource(resource) => {
                need.rust.is_none()
                    && self.resource(resource).is_some_and(|one| one.kinds.iter().any(|kind| same(kind, &need.wanted)))
            }
        }
    }

    /// Whether `wire` may name it. A word that is no interface can only be a name, so any binding will do.
    pub(crate) fn may_be_wired(&self, need: &Need, target: Target) -> bool {
        let known = self.catalog.is_interface(&need.wanted) || self.catalog.get(&need.wanted).is_some();
        let fits = match target {
            Target::Unit(unit) => self.unit(unit).is_some_and(|unit| fits(unit.component.about(), need)),
            Target::Resource(_) => !known && self.fits_by_name(need, target),
        };
        fits || (is_one_word(need) && !known)
    }

    fn is_primary(&self, target: Target) -> bool {
        matches!(target, Target::Unit(unit) if self.unit(unit).is_some_and(|unit| unit.primary))
    }

    fn is_fallback(&self, target: Target) -> bool {
        matches!(target, Target::Unit(unit) if self.unit(unit).is_some_and(|unit| unit.fallback))
    }

    fn is_type_itself(&self, need: &Need, target: Target) -> bool {
        matches!(target, Target::Unit(unit) if self.unit(unit).is_some_and(|unit| is_itself(unit.component.about(), need)))
    }

    /// Why something is not what is asked for, after its name.
    pub(crate) fn why_unfit(&self, need: &Need, target: Target) -> String {
        let Target::Unit(unit) = target else { return format!("is no `{}`", need.wanted) };
        let Some(about) = self.unit(unit).map(|unit| unit.component.about()) else { return String::new() };
        if need.rust.is_some() && goes_by(about, need) {
            return match about.rust {
                None => format!("is scripted: Rust code cannot take it as `{}`", need.wanted),
                Some(_) => format!("provides another type that is called `{}`", need.wanted),
            };
        }
        format!("does not provide `{}`", need.wanted)
    }

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

    fn explain_to(&self, need: &Need, asker: Asker<'_>) -> Vec<Candidate> {
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

    /// What a dependency is called in messages, and its place in Rust.
    fn asked(need: &Need, asker: Asker<'_>) -> String {
        let what = match asker.who {
            Some(who) if same(&need.name, &need.wanted) => format!(", which {who} needs"),
            Some(who) => format!(", which {who} needs as `{}`", need.name),
            None if same(&need.name, &need.wanted) => String::new(),
            None => format!(" for `{}`", need.name),
        };
        match said(&need.origin) {
            Some(place) => format!("{what} ({place})"),
            None => what,
        }
    }

    fn missing(&self, need: &Need, asker: Asker<'_>) -> Diagnostic {
        let message = format!("nothing provides `{}`{}", need.wanted, Self::asked(need, asker));
        let mut error =
            Diagnostic::error(Code::MissingDependency, message).at(shown(&need.origin).or(asker.span), "needed here");
        let near: Vec<String> = self
            .explain_to(need, asker)
            .into_iter()
            .map(|candidate| format!("`{}` {}", candidate.binding, candidate.why))
            .collect();
        let bindable =
            self.unbound.keys().find(|name| self.catalog.get(name).is_some_and(|kind| fits(kind.about(), need)));
        if !near.is_empty() {
            error = error.help(near.join("\n"));
        }
        if let Some(component) = bindable {
            return error.help(format!("add `bind \"{}\" to=\"{component}\" {{ … }}`", need.name));
        }
        let known = self
            .catalog
            .interfaces()
            .map(|(name, _)| name)
            .chain(self.catalog.iter().map(|kind| kind.about().name.as_str()))
            .chain(self.units.iter().map(|unit| &*unit.name))
            .chain(self.resources.iter().map(|resource| &*resource.name));
        match did_you_mean(&need.wanted, known) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None if near.is_empty() => error.help("`thinking components` lists what there is".to_owned()),
            None => error,
        }
    }

    fn ambiguous(&self, need: &Need, asker: Asker<'_>, several: &Several) -> Diagnostic {
        let names: Vec<String> = several
            .targets
            .iter()
            .map(|target| match target {
                Target::Unit(unit) => self.unit(*unit).map(named).unwrap_or_default(),
                Target::Resource(_) => format!("`{}`", self.name_of(*target)),
            })
            .collect();
        let names = names.join(", ");
        let what = match several.what {
            "fits" => format!("several fit `{}`", need.wanted),
            "is primary" => format!("more than one primary binding fits `{}`", need.wanted),
            _ => format!("more than one fallback fits `{}`", need.wanted),
        };
        let mut error =
            Diagnostic::error(Code::AmbiguousDependency, format!("{what}{}: {names}", Self::asked(need, asker)))
                .at(shown(&need.origin).or(asker.span), "needed here");
        for target in &several.targets {
            error = error.at(self.span_of(*target), several.what);
        }
        let first = several.targets.first().map_or("", |target| self.name_of(*target));
        let mut write = Vec::new();
        match several.what {
            "fits" if several.targets.iter().any(|target| matches!(target, Target::Unit(_))) => {
                write.push("`primary=#true` on one of them".to_owned());
            }
            "fits" => {}
            what => write.push(format!(
                "`{}=#true` on one of them only",
                if what == "is primary" { "primary" } else { "fallback" }
            )),
        }
        if let Some(unit) = asker.unit.and_then(|unit| self.unit(unit)) {
            let (name, wire) = (&unit.name, format!("wire \"{}\" to=\"{first}\"", need.name));
            write.push(if unit.implicit {
                format!("`bind \"{name}\" to=\"{name}\" {{ {wire} }}`")
            } else {
                format!("`{wire}` in `bind \"{name}\"`")
            });
        }
        if need.rust.is_some() || several.targets.iter().any(|target| matches!(target, Target::Unit(_))) {
            write.push(format!("`bind \"{}\" to=\"…\"`", need.name));
        }
        if write.is_empty() {
            error.help("give the dependency the name of the one that it is to take".to_owned())
        } else {
            error.help(format!("write {}", write.join(", or ")))
        }
    }
}
