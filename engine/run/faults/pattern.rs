//! Which steps a fault is for: `fit/epoch[3]/train`, keys left out or as patterns, `*` and `**`.

use crate::decide::TypedPath;
use globset::{GlobBuilder, GlobMatcher};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_plan::{Plan, TaskId, TaskKind};
use thinking_store::IterationKey;

/// A path as a person writes it, with the steps of a plan that it can mean.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The steps that it can mean, sorted.
    steps: Vec<TaskId>,
    /// What the keys of an instance must be.
    keys: Vec<KeyPattern>,
}

/// A key of an iteration that was asked for.
#[derive(Debug)]
struct KeyPattern {
    /// The loop's path without keys, or a pattern of it.
    of: GlobMatcher,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Any,
    One(IterationKey),
    Like(GlobMatcher),
}

impl Pattern {
    /// Takes a path apart and looks up the steps that it can mean.
    pub(super) fn new(text: &str, plan: &Plan, span: Option<Span>) -> Result<Self, Diagnostic> {
        let invalid = |why: &str| {
            Diagnostic::error(Code::UnknownTask, format!("`{text}` is no path of a step: {why}"))
                .at(span, "here")
                .help(HOW.to_owned())
        };
        let typed = TypedPath::parse(text).ok_or_else(|| invalid("a bracket or quote does not close"))?;
        if typed.bare.split('/').any(str::is_empty) {
            return Err(invalid("a name is missing"));
        }
        let glob = |text: &str, of_path: bool| {
            let glob = GlobBuilder::new(text).literal_separator(of_path).build();
            glob.map(|glob| glob.compile_matcher()).map_err(|error| invalid(&error.kind().to_string()))
        };
        let whole = glob(&typed.bare, true)?;
        let matched: Vec<TaskId> = tasks(plan).filter(|id| whole.is_match(&*plan.task(*id).path)).collect();
        let steps: Vec<TaskId> = matched.iter().copied().filter(|id| is_step(plan, *id)).collect();
        if steps.is_empty() {
            return Err(nothing(text, &typed.bare, plan, &matched).at(span, "here"));
        }
        let mut keys = Vec::new();
        let mut around = String::new();
        for (segment, key) in typed.bare.split('/').zip(&typed.keys) {
            if !around.is_empty() {
                around.push('/');
            }
            around.push_str(segment);
            if let Some(key) = key {
                let key = match key {
                    IterationKey::Text(text) if &**text == "*" => Key::Any,
                    // In quotes a star would be one, but then nothing tells it from a pattern, which matches it too.
                    IterationKey::Text(text) if text.contains('*') => Key::Like(glob(text, false)?),
                    key => Key::One(key.clone()),
                };
                keys.push((around.clone(), KeyPattern { of: glob(&around, true)?, key }));
            }
        }
        let mut fits = steps.clone();
        for (path, key) in &keys {
            fits.retain(|step| loops_around(plan, *step).any(|id| key.of.is_match(&*plan.task(id).path)));
            if fits.is_empty() {
                let message = format!("`{path}` in `{text}` is no loop, so no iteration of it has a key");
                return Err(Diagnostic::error(Code::UnknownTask, message).at(span, "here").help(HOW.to_owned()));
            }
        }
        Ok(Self { steps: fits, keys: keys.into_iter().map(|(_, key)| key).collect() })
    }

    /// Whether it means this instance of a step.
    pub(super) fn means(&self, task: TaskId, path: &str) -> bool {
        self.steps.binary_search(&task).is_ok() && (self.keys.is_empty() || self.keys_fit(path))
    }

    fn keys_fit(&self, path: &str) -> bool {
        let Some(typed) = TypedPath::parse(path) else { return false };
        let ends = typed.bare.match_indices('/').map(|(at, _)| at).chain([typed.bare.len()]);
        let loops: Vec<(&str, &IterationKey)> =
            ends.zip(&typed.keys).filter_map(|(end, key)| Some((&typed.bare[..end], key.as_ref()?))).collect();
        self.keys.iter().all(|wanted| {
            loops.iter().any(|(path, key)| {
                let fits = match (&wanted.key, key) {
                    (Key::Any, _) => true,
                    (Key::One(wanted), key) => wanted == *key,
                    (Key::Like(glob), IterationKey::Text(text)) => glob.is_match(&**text),
                    (Key::Like(glob), IterationKey::Integer(number)) => glob.is_match(number.to_string()),
                };
                fits && wanted.of.is_match(path)
            })
        })
    }
}

const HOW: &str = "a path is the names of the tasks around the step and its own, keys of iterations in brackets where \
                   not all are meant: fit/epoch[3]/train; `*` stands for any name or key, `**` for any number of tasks";

fn tasks(plan: &Plan) -> impl Iterator<Item = TaskId> {
    let named = plan.tasks.iter().enumerate().filter(|(_, task)| task.name.is_some());
    named.filter_map(|(at, _)| u32::try_from(at).ok().map(TaskId))
}

fn is_step(plan: &Plan, id: TaskId) -> bool {
    matches!(plan.task(id).kind, TaskKind::Step(_))
}

fn loops_around(plan: &Plan, step: TaskId) -> impl Iterator<Item = TaskId> {
    let around = std::iter::successors(plan.task(step).parent, |id| plan.task(*id).parent);
    around.filter(|id| matches!(plan.task(*id).kind, TaskKind::Each { .. } | TaskKind::Repeat { .. }))
}

/// Why there is no step.
fn nothing(text: &str, bare: &str, plan: &Plan, matched: &[TaskId]) -> Diagnostic {
    let steps: Vec<&str> = tasks(plan).filter(|id| is_step(plan, *id)).map(|id| &*plan.task(id).path).collect();
    if let Some(container) = matched.first().map(|id| &*plan.task(*id).path) {
        let inside = |step: &&&str| step.strip_prefix(container).is_some_and(|rest| rest.starts_with('/'));
        let help = match steps.iter().find(inside) {
            Some(step) => format!("a fault is for steps: `{step}`, or `{container}/**` for all in it"),
            None => "a fault is for steps".to_owned(),
        };
        return Diagnostic::error(Code::UnknownTask, format!("`{text}` is no step but a task with others in it"))
            .help(help);
    }
    let message = format!("there is no step `{text}` in the pipeline `{}`", plan.pipeline);
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    // A path that lacks what is around the step, else one with a slip in it.
    let same: Vec<&&str> = steps.iter().filter(|step| last(step) == last(bare)).collect();
    let meant = match &same[..] {
        [only] => Some(**only),
        _ => did_you_mean(bare, steps.iter().copied()),
    };
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if steps.is_empty() => "the pipeline has no steps".to_owned(),
        None => {
            let more = if steps.len() > 6 { ", …" } else { "" };
            let some: Vec<String> = steps.iter().take(6).map(|step| format!("`{step}`")).collect();
            format!("its steps are {}{more}", some.join(", "))
        }
    };
    Diagnostic::error(Code::UnknownTask, message).help(help)
}
