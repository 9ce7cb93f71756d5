//! What tests reach of a manifest.

use std::collections::{BTreeMap, BTreeSet};
use thinking_diagnostic::{SourceMap, Span};
use thinking_event::testing::{Coverage, PartKey, PartKind, PartReach};
use thinking_plan::{OnError, Plan, Setting, TaskId, TaskKind};

/// What a step, a skipped task or a failure shows to be reached, by paths without keys; of pipelines, by their names.
#[derive(Default)]
pub struct Reach {
    /// Every part, by its key, with its place.
    parts: BTreeMap<PartKey, Option<Span>>,
    /// By pipeline and path: what is reached when that step begins.
    begun: BTreeMap<(String, String), BTreeSet<PartKey>>,
}

impl Reach {
    /// Adds a pipeline.
    pub fn add(&mut self, pipeline: &str, plan: &Plan) {
        for (number, task) in plan.tasks.iter().enumerate() {
            let id = TaskId(u32::try_from(number).unwrap_or(u32::MAX));
            let name = format!("{pipeline}:{}", task.path);
            let mut reached = BTreeSet::new();
            for around in std::iter::successors(Some(id), |id| plan.task(*id).parent) {
                let outer = plan.task(around);
                if outer.name.is_some() {
                    reached.insert(key(PartKind::Task, &format!("{pipeline}:{}", outer.path)));
                }
                if outer.when.is_some() {
                    reached.insert(key(PartKind::Branch, &format!("{pipeline}:{} when true", outer.path)));
                }
                if let Some(parent) = outer.parent
                    && let TaskKind::Choose { branches, .. } = &plan.task(parent).kind
                    && let Some(branch) = branches.iter().position(|branch| branch.children.contains(&around))
                {
                    reached.insert(branch_key(pipeline, &plan.task(parent).path, parent, branch));
                }
            }
            if task.name.is_some() {
                self.parts.entry(key(PartKind::Task, &name)).or_insert(task.span);
            }
            if task.when.is_some() {
                for word in ["true", "false"] {
                    self.parts.entry(key(PartKind::Branch, &format!("{name} when {word}"))).or_insert(task.span);
                }
            }
            if let TaskKind::Choose { branches, .. } = &task.kind {
                for (branch, one) in branches.iter().enumerate() {
                    self.parts.entry(branch_key(pipeline, &task.path, id, branch)).or_insert(one.span.or(task.span));
                }
            }
            if matches!(task.kind, TaskKind::Step(_)) && task.retry.is_some() {
                self.parts.entry(key(PartKind::ErrorPath, &format!("{name} retry"))).or_insert(task.span);
            }
            if !matches!(task.on_error, Setting::Fixed(OnError::Fail)) {
                self.parts.entry(key(PartKind::ErrorPath, &format!("{name} on-error"))).or_insert(task.span);
            }
            self.begun.entry((pipeline.to_owned(), task.path.to_string())).or_default().extend(reached);
        }
    }

    /// Adds facets and bindings, by their names.
    pub fn add_named(&mut self, kind: PartKind, name: &str, span: Option<Span>) {
        self.parts.entry(key(kind, name)).or_insert(span);
    }

    /// Every part with no hits.
    #[must_use]
    pub fn nothing(&self, sources: &SourceMap) -> Coverage {
        let reach = |span: &Option<Span>| {
            let file = span.and_then(|span| sources.get(span.source)).map(|file| file.name.to_string());
            let line = span.and_then(|span| sources.place(span)).map_or(0, |place| place.line);
            PartReach { file: file.unwrap_or_default(), line, hits: 0 }
        };
        Coverage {
            parts: self.parts.iter().map(|(key, span)| (key.clone(), reach(span))).collect(),
            ..Coverage::default()
        }
    }

    /// What was seen, as hits of parts that are known.
    #[must_use]
    pub fn hits(&self, seen: &Seen, sources: &SourceMap) -> Coverage {
        let mut hits: BTreeMap<&PartKey, u64> = BTreeMap::new();
        let mut hit = |key: &PartKey, count: u64| {
            if let Some((key, _)) = self.parts.get_key_value(key) {
                *hits.entry(key).or_default() += count;
            }
        };
        for ((pipeline, path, what), count) in &seen.0 {
            match what {
                What::Begun => {
                    let reached = self.begun.get(&(pipeline.clone(), path.clone()));
                    reached.into_iter().flatten().for_each(|key| hit(key, *count));
                }
                What::Skipped => hit(&key(PartKind::Branch, &format!("{pipeline}:{path} when false")), *count),
                What::Retried => hit(&key(PartKind::ErrorPath, &format!("{pipeline}:{path} retry")), *count),
                What::PassedOver => hit(&key(PartKind::ErrorPath, &format!("{pipeline}:{path} on-error")), *count),
                What::Facet => hit(&key(PartKind::Facet, path), *count),
                What::Binding => hit(&key(PartKind::Binding, path), *count),
            }
        }
        let nothing = self.nothing(sources);
        let parts = nothing.parts.into_iter().filter_map(|(key, reach)| {
            let hits = *hits.get(&key)?;
            Some((key, PartReach { hits, ..reach }))
        });
        Coverage { parts: parts.collect(), ..Coverage::default() }
    }
}

/// What happened in a test, by pipeline and path.
#[derive(Default, Clone, Debug)]
pub struct Seen(BTreeMap<(String, String, What), u64>);

/// A thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Begun,
    Skipped,
    Retried,
    PassedOver,
    Facet,
    Binding,
}

impl Seen {
    pub(crate) fn note(&mut self, pipeline: &str, path: &str, what: What) {
        *self.0.entry((pipeline.to_owned(), path.to_owned(), what)).or_default() += 1;
    }

    /// Adds what was seen elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        for (key, count) in other.0 {
            *self.0.entry(key).or_default() += count;
        }
    }
}

fn key(kind: PartKind, name: &str) -> PartKey {
    PartKey { kind, name: name.to_owned() }
}

fn branch_key(pipeline: &str, path: &str, choose: TaskId, branch: usize) -> PartKey {
    key(PartKind::Branch, &format!("{pipeline}:{path}#{} branch {}", choose.0, branch + 1))
}
