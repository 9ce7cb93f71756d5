//! What is chosen for a dependency.

/// A binding of a [`Wirer`](crate::Wirer), by number: declared ones first, in their order, then those of components that nobody bound, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(pub usize);

/// One of the [`Resource`](crate::Resource)s that a [`Wirer`](crate::Wirer) was given, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(pub usize);

/// What a dependency takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A binding of a component.
    Unit(UnitId),
    /// Something of the engine.
    Resource(ResourceId),
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Nothing: it is optional.
    Nothing,
    /// One.
    One(Target),
    /// All that fit, sorted by name; possibly none.
    Many(Vec<Target>),
}

impl Choice {
    /// What was chosen, in order.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        match self {
            Self::Nothing => &[],
            Self::One(target) => std::slice::from_ref(target),
            Self::Many(targets) => targets,
        }
    }

    /// The units among what was chosen.
    pub fn units(&self) -> impl Iterator<Item = UnitId> {
        self.targets().iter().filter_map(|target| match target {
            Target::Unit(unit) => Some(*unit),
            Target::Resource(_) => None,
        })
    }
}

/// Something that might have been chosen, and why it was or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The binding's name; of a component that cannot be one by itself, the component's.
    pub binding: String,
    /// Whether it is (one of those) taken.
    pub chosen: bool,
    /// Why, in a few words after its name: `is primary`.
    pub why: String,
}

/// What is said of a component without a binding.
pub(crate) fn needs_config(required: &[String]) -> String {
    let names = super::wirer::listed(required.iter().map(String::as_str));
    format!("has no binding, and needs {names} in its configuration")
}
