//! Where in the run something is used.

use crate::wiring::Lifetime;
use std::sync::Arc;

/// What surrounds a use. Each part is any text that is the same for everything within, and for nothing else in the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeKey {
    /// The innermost stage, in this iteration.
    pub stage: Option<Arc<str>>,
    /// The innermost iteration.
    pub item: Option<Arc<str>>,
    /// The attempt of a step.
    pub step: Option<Arc<str>>,
}

/// One of the parts of a [`ScopeKey`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Which part; never [`Lifetime::Run`].
    pub lifetime: Lifetime,
    /// Its text.
    pub key: Arc<str>,
}

impl ScopeKey {
    /// The scope that an instance of that lifetime belongs to; `None`: the run, also where nothing of the kind surrounds the use.
    #[must_use]
    pub fn scope(&self, lifetime: Lifetime) -> Option<Scope> {
        let key = match lifetime {
            Lifetime::Run => None,
            Lifetime::Stage => self.stage.as_ref(),
            Lifetime::Item => self.item.as_ref(),
            Lifetime::Step => self.step.as_ref(),
        };
        key.map(|key| Scope { lifetime, key: Arc::clone(key) })
    }
}
