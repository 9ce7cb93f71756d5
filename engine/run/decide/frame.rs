//! A container that the walk is in.

use crate::decide::{Items, Place, Scope, Shape};
use std::collections::HashSet;
use std::sync::Arc;
use thinking_plan::{Plan, TaskId, TaskKind};
use thinking_store::IterationKey;

/// A container that the walk is in, and how far it is.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The container; `None` for the pipeline itself.
    pub place: Option<Place>,
    /// What its children's paths start with.
    pub path: Arc<str>,
    /// Keys of the iterations around its children.
    pub iterations: Arc<[IterationKey]>,
    /// What its children see.
    pub scope: Arc<Scope>,
    /// Whether a pass over the children is under way.
    pub open: bool,
    /// The next child of this pass.
    pub next: usize,
    /// What kind it is.
    pub kind: FrameKind,
}

/// What kind of container.
#[derive(Debug)]
pub(crate) enum FrameKind {
    /// One pass.
    Plain,
    /// A pass per element.
    Each {
        /// The elements.
        items: Items,
        /// The next one.
        index: u64,
        /// Keys that expressions gave, in order, if there is such an expression.
        keys: Option<Arc<Vec<IterationKey>>>,
        /// The same, to find two equal ones.
        seen: HashSet<IterationKey>,
        /// Whether all keys are asked for before the first iteration.
        ahead: bool,
    },
    /// Passes until enough.
    Repeat {
        /// Number of this pass, from 1.
        count: u32,
        /// At most so many.
        max: Option<u32>,
    },
    /// A pass over the children of each branch taken.
    Choose {
        /// The branch under way or looked at.
        branch: usize,
        /// Branches taken, or to be taken.
        taken: Vec<usize>,
        /// With `mode="all"`: so many of these were gone into; before that all conditions are looked at.
        entered: usize,
    },
}

impl Frame {
    /// The pipeline itself.
    pub(crate) fn root() -> Self {
        Self {
            place: None,
            path: "".into(),
            iterations: Arc::new([]),
            scope: Arc::default(),
            open: true,
            next: 0,
            kind: FrameKind::Plain,
        }
    }

    /// The children of the pass that is under way.
    pub(crate) fn children<'a>(&self, plan: &'a Plan) -> &'a [TaskId] {
        let Some(place) = &self.place else { return &plan.root };
        match (&plan.task(place.task).kind, &self.kind) {
            (TaskKind::Choose { branches, .. }, FrameKind::Choose { branch, .. }) => {
                branches.get(*branch).map_or(&[], |branch| &branch.children)
            }
            (
                TaskKind::Stage { children }
                | TaskKind::Each { children, .. }
                | TaskKind::Repeat { children, .. }
                | TaskKind::Run { children, .. },
                _,
            ) => children,
            _ => &[],
        }
    }

    /// What is needed to find its result later.
    pub(crate) fn shape(&mut self) -> Shape {
        match &mut self.kind {
            FrameKind::Plain => Shape::Plain,
            FrameKind::Each { keys: Some(keys), .. } => Shape::Keys(std::mem::take(keys)),
            FrameKind::Each { items, .. } => Shape::Items(items.clone()),
            FrameKind::Repeat { count, .. } => Shape::Counted(*count),
            FrameKind::Choose { taken, .. } => Shape::Branches(std::mem::take(taken)),
        }
    }
}
