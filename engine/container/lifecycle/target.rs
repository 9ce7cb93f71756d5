//! Targets and their order.

use std::collections::{BTreeMap, HashSet};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};

/// The targets that every run has, in order.
pub const STANDARD_TARGETS: [&str; 8] =
    ["init", "pre-startup", "startup", "post-startup", "pre-shutdown", "shutdown", "post-shutdown", "exit"];

/// How many of [`STANDARD_TARGETS`] come before the pipeline.
const BEFORE: usize = 4;

/// On which side of the pipeline a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Before the pipeline.
    Start,
    /// After it.
    Stop,
}

/// In which order units take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Dependencies first.
    Forward,
    /// Dependants first.
    Backward,
    /// All at once.
    Gather,
}

impl Direction {
    /// The word for it in `direction=`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Gather => "gather",
        }
    }

    /// The direction that a word means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Forward, Self::Backward, Self::Gather].into_iter().find(|direction| direction.name() == name)
    }
}

/// Where a target stands beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Directly before it.
    Before,
    /// Directly after it.
    After,
}

/// `target NAME before=… | after=…`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTarget {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Option<Span>,
    /// On which side of the other.
    pub place: Place,
    /// The other target.
    pub beside: String,
    /// Where that stands.
    pub beside_span: Option<Span>,
    /// `direction=`; by default forward before the pipeline and backward after it.
    pub direction: Option<Direction>,
    /// A file that must be there when the target is reached, as written.
    pub requires: Option<String>,
    /// A file that stands in where it is missing, as written.
    pub default: Option<String>,
}

/// A target with its side and, of an own one, its number.
pub(crate) type Ordered = (String, Side, Option<usize>);

/// All targets in order.
pub(crate) fn in_order(own: &[OwnTarget]) -> (Vec<Ordered>, Vec<Diagnostic>) {
    let mut wrong = Vec::new();
    let mut known: BTreeMap<&str, Option<usize>> = STANDARD_TARGETS.iter().map(|name| (*name, None)).collect();
    let mut valid = Vec::new();
    for (at, target) in own.iter().enumerate() {
        match known.get(&*target.name) {
            None => {
                known.insert(&target.name, Some(at));
                valid.push(at);
            }
            Some(first) => wrong.push(taken(target, first.and_then(|first| own.get(first)))),
        }
    }
    let mut beside: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in valid.iter().copied() {
        let Some(target) = own.get(at) else { continue };
        if known.contains_key(&*target.beside) {
            beside.entry(&target.beside).or_default().push(at);
        } else {
            wrong.push(unknown(&target.beside, target.beside_span, known.keys().copied()));
        }
    }
    let mut order = Vec::new();
    for (number, name) in STANDARD_TARGETS.into_iter().enumerate() {
        let side = if number < BEFORE { Side::Start } else { Side::Stop };
        flatten(name, None, own, &beside, &mut |name, at| order.push((name.to_owned(), side, at)));
    }
    let placed: HashSet<usize> = order.iter().filter_map(|(_, _, at)| *at).collect();
    wrong.extend(circles(own, &known, valid.into_iter().filter(|at| !placed.contains(at)).collect()));
    (order, wrong)
}

/// What stands before a target, itself, and what stands after it; what was declared first stands nearer to the front.
fn flatten<'a>(
    name: &'a str,
    at: Option<usize>,
    own: &'a [OwnTarget],
    beside: &BTreeMap<&'a str, Vec<usize>>,
    put: &mut dyn FnMut(&'a str, Option<usize>),
) {
    let children = beside.get(name).map_or(&[][..], Vec::as_slice);
    for place in [Place::Before, Place::After] {
        for child in children.iter().copied() {
            if let Some(target) = own.get(child).filter(|target| target.place == place) {
                flatten(&target.name, Some(child), own, beside, put);
            }
        }
        if place == Place::Before {
            put(name, at);
        }
    }
}

/// Targets that lead to no standard one stand beside each other in a circle; each circle once.
fn circles(own: &[OwnTarget], known: &BTreeMap<&str, Option<usize>>, unplaced: Vec<usize>) -> Vec<Diagnostic> {
    let mut said: HashSet<usize> = HashSet::new();
    let mut wrong = Vec::new();
    for start in unplaced {
        let mut way = vec![start];
        while let Some(target) = way.last().and_then(|at| own.get(*at)) {
            let Some(Some(next)) = known.get(&*target.beside).copied() else { break };
            if said.contains(&next) {
                break;
            }
            if let Some(from) = way.iter().position(|at| *at == next) {
                let circle: Vec<&OwnTarget> = way[from..].iter().filter_map(|at| own.get(*at)).collect();
                wrong.push(circle_text(&circle));
                break;
            }
            way.push(next);
        }
        said.extend(way);
    }
    wrong
}

fn circle_text(circle: &[&OwnTarget]) -> Diagnostic {
    let mut text: String = circle.iter().map(|target| format!("{} → ", target.name)).collect();
    text.push_str(circle.first().map_or("", |target| &target.name));
    let mut error =
        Diagnostic::error(Code::TargetCycle, format!("targets stand beside each other in a circle: {text}"));
    for target in circle {
        let place = if target.place == Place::Before { "before" } else { "after" };
        error =
            error.at(target.beside_span.or(target.span), format!("`{}` is {place} `{}`", target.name, target.beside));
    }
    error.help(format!("put one of them beside one of {}", STANDARD_TARGETS.join(", ")))
}

fn taken(target: &OwnTarget, first: Option<&OwnTarget>) -> Diagnostic {
    match first {
        None => Diagnostic::error(Code::ReservedName, format!("a target cannot be called `{}`", target.name))
            .at(target.span, "every run has this one already")
            .help("give it another name; `on` adds to the one that is there".to_owned()),
        Some(first) => Diagnostic::error(Code::Duplicate, format!("`target \"{}\"` is there twice", target.name))
            .at(target.span, "again here")
            .at(first.span, "first here")
            .help("give one of them another name".to_owned()),
    }
}

/// What is said of a target that nothing declares.
pub(crate) fn unknown<'a>(name: &str, span: Option<Span>, known: impl Iterator<Item = &'a str>) -> Diagnostic {
    let own: Vec<&str> = known.collect();
    let help = match did_you_mean(name, own.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let own = own.iter().filter(|name| !STANDARD_TARGETS.contains(name));
            let all: Vec<&str> = STANDARD_TARGETS.iter().chain(own).copied().collect();
            format!("there are {}", all.join(", "))
        }
    };
    Diagnostic::error(Code::UnknownTarget, format!("there is no target `{name}`")).at(span, "unknown").help(help)
}
