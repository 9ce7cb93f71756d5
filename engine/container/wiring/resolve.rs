//! The choice rules.

use crate::wiring::fit::{fits, goes_by, is_itself, is_one_word, same, word};
use crate::wiring::{Choice, Target, UnitId, Wirer};
use thinking_diagnostic::{Code, Diagnostic, Span};
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
pub(crate) enum Rule {
    Name,
    Primary,
    Only,
    Itself,
    Fallback,
}

/// Why none was chosen.
pub(crate) enum Unchosen {
    Missing,
    Several(Several),
}

/// Which ones stand in each other's way.
pub(crate) struct Several {
    pub(crate) targets: Vec<Target>,
    pub(crate) what: &'static str,
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
        // Who gives a binding the dependency's own name means it: that Rust cannot take it is no reason to take another one.
        if let Some(target @ Target::Unit(unit)) = self.find(&need.name)
            && !self.fits_by_name(need, target)
            && self.unit(unit).is_some_and(|unit| !unit.implicit && goes_by(unit.component.about(), need))
        {
            let message = format!("`{}` {}", self.name_of(target), self.why_unfit(need, target));
            return Err(Diagnostic::error(Code::MissingDependency, message)
                .at(self.span_of(target), "bound here")
                .help("bind a component that is written in Rust, or give this binding another name".to_owned()));
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
    pub(crate) fn single(&self, need: &Need, asker: Asker<'_>) -> Result<(Target, Rule), Unchosen> {
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
    pub(crate) fn fitting(&self, need: &Need, asker: Asker<'_>) -> Vec<Target> {
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
    pub(crate) fn fits_by_name(&self, need: &Need, target: Target) -> bool {
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
}
