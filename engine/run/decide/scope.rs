//! What a task sees besides data: loop variables around it, and parameters that a `run` around it changed.

use crate::decide::Items;
use std::sync::Arc;
use thinking_step::Value;
use thinking_store::IterationKey;

/// Layers of variables, the innermost first.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    parent: Option<Arc<Scope>>,
    layer: Layer,
}

#[derive(Debug, Default)]
enum Layer {
    #[default]
    Root,
    Loop(Iteration),
    Params {
        number: u64,
        values: Vec<(Arc<str>, Value)>,
    },
}

/// The variables of one iteration.
#[derive(Debug)]
pub(crate) struct Iteration {
    /// The loop variable's name as in scripts.
    pub variable: Arc<str>,
    /// Its value.
    pub value: Value,
    /// From 0.
    pub index: u64,
    /// The iteration's key is the value, so whoever knows the key knows the value.
    pub value_is_key: bool,
    /// The iteration's key is the index.
    pub index_is_key: bool,
    /// Where it stands among the loop's iterations.
    pub siblings: Siblings,
}

/// The iterations of a loop that is under way.
#[derive(Debug)]
pub(crate) enum Siblings {
    /// Their keys are what the elements are by themselves.
    Items(Items),
    /// Their keys, in order.
    Keys(Arc<Vec<IterationKey>>),
    /// 1, 2, 3 …
    Counted,
    /// Not known before they begin.
    Unknown,
}

impl Iteration {
    /// Whether the iteration with that key is this one or came before it; true if that is not known.
    pub(crate) fn came_up(&self, key: &IterationKey) -> bool {
        let at = match &self.siblings {
            Siblings::Items(items) => items.position(key),
            Siblings::Keys(keys) => keys.iter().position(|own| own == key).and_then(|at| u64::try_from(at).ok()),
            Siblings::Counted => match key {
                IterationKey::Integer(number) => number.checked_sub(1).and_then(|at| u64::try_from(at).ok()),
                IterationKey::Text(_) => None,
            },
            Siblings::Unknown => return true,
        };
        at.is_some_and(|at| at <= self.index)
    }
}

/// A variable's value, and whether the iteration's key already says it (then it need not be recorded as read).
pub(crate) struct Variable {
    /// The value.
    pub value: Value,
    /// Whether the task's key implies it.
    pub implied: bool,
}

impl Scope {
    /// Adds an iteration's variables.
    pub(crate) fn iteration(parent: &Arc<Self>, iteration: Iteration) -> Arc<Self> {
        Arc::new(Self { parent: Some(parent.clone()), layer: Layer::Loop(iteration) })
    }

    /// Starts another pipeline: outer variables are out of sight, some parameters differ. `number` tells this layer from all others.
    pub(crate) fn pipeline(parent: &Arc<Self>, number: u64, values: Vec<(Arc<str>, Value)>) -> Arc<Self> {
        Arc::new(Self { parent: Some(parent.clone()), layer: Layer::Params { number, values } })
    }

    /// A loop variable or `index`.
    pub(crate) fn variable(&self, name: &str) -> Option<Variable> {
        let mut at = Some(self);
        while let Some(scope) = at {
            match &scope.layer {
                Layer::Loop(iteration) if *iteration.variable == *name => {
                    return Some(Variable { value: iteration.value.clone(), implied: iteration.value_is_key });
                }
                Layer::Loop(iteration) if name == "index" => {
                    return Some(Variable { value: iteration.index.into(), implied: iteration.index_is_key });
                }
                Layer::Params { .. } | Layer::Root => return None,
                Layer::Loop(_) => at = scope.parent.as_deref(),
            }
        }
        None
    }

    /// The iterations around, the outermost first.
    pub(crate) fn iterations(&self) -> Vec<&Iteration> {
        let layers = std::iter::successors(Some(self), |scope| scope.parent.as_deref());
        let mut around: Vec<&Iteration> = layers
            .filter_map(|scope| match &scope.layer {
                Layer::Loop(iteration) => Some(iteration),
                Layer::Root | Layer::Params { .. } => None,
            })
            .collect();
        around.reverse();
        around
    }

    /// The value that the nearest `run` around gives a parameter (name as in the manifest).
    pub(crate) fn param(&self, name: &str) -> Option<&Value> {
        let mut at = Some(self);
        while let Some(scope) = at {
            if let Layer::Params { values, .. } = &scope.layer
                && let Some((_, value)) = values.iter().find(|(param, _)| **param == *name)
            {
                return Some(value);
            }
            at = scope.parent.as_deref();
        }
        None
    }

    /// Number of the nearest layer of parameters; 0 for the pipeline itself. Equal numbers see equal parameters.
    pub(crate) fn params_number(&self) -> u64 {
        let mut at = Some(self);
        while let Some(scope) = at {
            if let Layer::Params { number, .. } = &scope.layer {
                return *number;
            }
            at = scope.parent.as_deref();
        }
        0
    }
}
