//! The units that a pipeline needs, and how they hang together.

use crate::wiring::fit::{said, shown};
use crate::wiring::resolve::Asker;
use crate::wiring::{Choice, Lifetime, Target, UnitId, Wirer, cycle, order};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span};
use thinking_step::{ComponentType, Need, Value};

/// Something outside of the wiring that needs something of it: a script's variable, a native step's parameter, a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Root {
    /// Who asks, for people: `step "train"`.
    pub who: String,
    /// What is asked for.
    pub need: Need,
    /// Where.
    pub span: Option<Span>,
}

/// A binding that is used, with all that it takes.
#[derive(Clone)]
pub struct Unit {
    /// Its number in the [`Wirer`].
    pub id: UnitId,
    /// The binding's name.
    pub name: Arc<str>,
    /// Its component.
    pub component: Arc<dyn ComponentType>,
    /// The component's configuration.
    pub config: Value,
    /// What each of the component's dependencies takes, in their order.
    pub choices: Vec<Choice>,
    /// How long an instance lives.
    pub lifetime: Lifetime,
    /// Created at its first use.
    pub lazy: bool,
    /// Where it is declared, if a manifest says so.
    pub span: Option<Span>,
}

/// What a pipeline needs, decided.
#[derive(Clone, Default)]
pub struct Wiring {
    /// In the order in which they start: dependencies first, ties in declaration order.
    pub units: Vec<Unit>,
    /// What each root takes, in the order in which they were given; nothing where there was a mistake.
    pub roots: Vec<Choice>,
    positions: HashMap<UnitId, usize>,
    names: HashMap<String, usize>,
}

impl Wiring {
    /// Where a unit stands in the start order, if it is needed.
    #[must_use]
    pub fn position(&self, unit: UnitId) -> Option<usize> {
        self.positions.get(&unit).copied()
    }

    /// A unit, if it is needed.
    #[must_use]
    pub fn unit(&self, unit: UnitId) -> Option<&Unit> {
        self.position(unit).and_then(|at| self.units.get(at))
    }

    /// The position of the unit of a binding's name, as in scripts or as in manifests.
    #[must_use]
    pub fn find(&self, binding: &str) -> Option<usize> {
        match self.names.get(binding) {
            Some(at) => Some(*at),
            None => self.names.get(&super::fit::word(binding)).copied(),
        }
    }

    /// The numbers of all units that are needed.
    #[must_use]
    pub fn used(&self) -> BTreeSet<UnitId> {
        self.units.iter().map(|unit| unit.id).collect()
    }
}

/// One dependency between two units, and where it comes from.
#[derive(Clone)]
pub(crate) struct Edge {
    /// The unit that is needed.
    pub(crate) to: UnitId,
    /// Which of the asking component's dependencies.
    pub(crate) need: usize,
}

/// What was found of a unit on the way.
pub(crate) struct Found {
    pub(crate) choices: Vec<Choice>,
    pub(crate) edges: Vec<Edge>,
}

impl Wirer {
    /// Everything that the roots need, and what is eager. With mistakes, what could be decided is there all the same.
    #[must_use]
    pub fn wire(&self, roots: &[Root]) -> (Wiring, Vec<Diagnostic>) {
        let mut wrong = Diagnostics::new();
        let mut found: HashMap<UnitId, Found> = HashMap::new();
        let mut open: Vec<UnitId> = Vec::new();
        let mut answers = Vec::with_capacity(roots.len());
        for root in roots {
            let asker = Asker { who: Some(&root.who), span: root.span, unit: None };
            let choice = self.choose(&root.need, asker).unwrap_or_else(|diagnostic| {
                wrong.push(diagnostic);
                Choice::Nothing
            });
            open.extend(choice.units());
            answers.push(choice);
        }
        open.extend(self.units().filter(|(_, unit)| unit.eager).map(|(id, _)| id));
        while let Some(id) = open.pop() {
            if found.contains_key(&id) {
                continue;
            }
            let (one, mistakes) = self.take(id);
            wrong.extend(mistakes);
            open.extend(one.edges.iter().map(|edge| edge.to).filter(|to| !found.contains_key(to)));
            found.insert(id, one);
        }
        self.check_lifetimes(&found, &mut wrong);
        cycle::check(self, &found, &mut wrong);
        let order = order::start_order(&found);
        wrong.sort();
        (self.wiring(order, found, answers), wrong.into_iter().collect())
    }

    /// What the dependencies of a unit take, in their order; nothing where there is a mistake.
    #[must_use]
    pub fn choices(&self, unit: UnitId) -> Vec<Choice> {
        self.take(unit).0.choices
    }

    /// What the dependencies of a unit take.
    fn take(&self, id: UnitId) -> (Found, Vec<Diagnostic>) {
        let (mut one, mut wrong) = (Found { choices: Vec::new(), edges: Vec::new() }, Vec::new());
        let Some(unit) = self.unit(id) else { return (one, wrong) };
        let who = format!("`{}`", unit.name);
        for (number, need) in unit.component.about().needs.iter().enumerate() {
            let choice = self.choose_for(id, number, need, &who).unwrap_or_else(|diagnostic| {
                wrong.push(diagnostic);
                Choice::Nothing
            });
            one.edges.extend(choice.units().map(|to| Edge { to, need: number }));
            one.choices.push(choice);
        }
        (one, wrong)
    }

    /// What a dependency of a unit takes: what `wire` says, or the rules.
    fn choose_for(&self, id: UnitId, number: usize, need: &Need, who: &str) -> Result<Choice, Diagnostic> {
        let Some(unit) = self.unit(id) else { return Ok(Choice::Nothing) };
        if self.spoiled.contains(&(id.0, number)) {
            return Ok(Choice::Nothing);
        }
        match unit.wired.get(number).map_or(&[][..], Vec::as_slice) {
            [] => self.choose(need, Asker { who: Some(who), span: unit.span, unit: Some(id) }),
            wired if need.many => {
                let mut targets: Vec<Target> = wired.iter().map(|(target, _)| *target).collect();
                targets.sort_by(|one, other| self.name_of(*one).cmp(self.name_of(*other)));
                targets.dedup();
                Ok(Choice::Many(targets))
            }
            [(target, _), ..] => Ok(Choice::One(*target)),
        }
    }

    /// What lives longer must not hold what lives shorter.
    fn check_lifetimes(&self, found: &HashMap<UnitId, Found>, wrong: &mut Diagnostics) {
        let mut ids: Vec<&UnitId> = found.keys().collect();
        ids.sort_unstable();
        for (id, one) in ids.into_iter().filter_map(|id| Some((id, found.get(id)?))) {
            for edge in &one.edges {
                let (Some(unit), Some(other)) = (self.unit(*id), self.unit(edge.to)) else { continue };
                if unit.lifetime <= other.lifetime {
                    continue;
                }
                let (long, short) = (unit.lifetime, other.lifetime);
                let message = format!(
                    "`{}` lives for the {long} and would keep `{}`, which lives for the {short}{}",
                    unit.name,
                    other.name,
                    self.edge_place(*id, edge).map_or_else(String::new, |place| format!(" ({place})")),
                );
                wrong.push(
                    Diagnostic::error(Code::ShorterLifetime, message)
                        .at(self.edge_span(*id, edge).or(unit.span), format!("lives for the {long}"))
                        .at(other.span, format!("lives for the {short}"))
                        .help(match long {
                            Lifetime::Run => format!(
                                "write `scope=\"{short}\"` on `{}`, or leave it out on `{}`",
                                unit.name, other.name
                            ),
                            _ => format!(
                                "write `scope=\"{short}\"` on `{}`, or `scope=\"{long}\"` on `{}`",
                                unit.name, other.name
                            ),
                        }),
                );
            }
        }
    }

    /// Where a manifest or script says that one needs the other.
    pub(crate) fn edge_span(&self, from: UnitId, edge: &Edge) -> Option<Span> {
        let unit = self.unit(from)?;
        let wired = unit.wired.get(edge.need)?.iter().find(|(target, _)| *target == Target::Unit(edge.to));
        match wired {
            Some((_, span)) => *span,
            None => unit.component.about().needs.get(edge.need).and_then(|need| shown(&need.origin)),
        }
    }

    /// Where Rust code says it, for people.
    pub(crate) fn edge_place(&self, from: UnitId, edge: &Edge) -> Option<String> {
        let unit = self.unit(from)?;
        if unit.wired.get(edge.need)?.iter().any(|(target, _)| *target == Target::Unit(edge.to)) {
            return None;
        }
        unit.component.about().needs.get(edge.need).and_then(|need| said(&need.origin))
    }

    fn wiring(&self, order: Vec<UnitId>, mut found: HashMap<UnitId, Found>, roots: Vec<Choice>) -> Wiring {
        let mut wiring = Wiring { roots, ..Wiring::default() };
        for id in order {
            let (Some(unit), Some(one)) = (self.unit(id), found.remove(&id)) else { continue };
            wiring.positions.insert(id, wiring.units.len());
            wiring.names.insert(super::fit::word(&unit.name), wiring.units.len());
            wiring.units.push(Unit {
                id,
                name: Arc::clone(&unit.name),
                component: Arc::clone(&unit.component),
                config: unit.config.clone(),
                choices: one.choices,
                lifetime: unit.lifetime,
                lazy: unit.lazy,
                span: unit.span,
            });
        }
        wiring
    }
}
