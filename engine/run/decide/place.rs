//! An instance of a task: where the walk is.

use crate::decide::Scope;
use std::fmt::Write as _;
use std::sync::Arc;
use thinking_event::TaskRef;
use thinking_plan::{Plan, TaskId};
use thinking_store::{IterationKey, TaskKey};

/// An instance of a task.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The task.
    pub task: TaskId,
    /// Its path with keys.
    pub path: Arc<str>,
    /// The same as a key of the store.
    pub key: TaskKey,
    /// Keys of the iterations around it, outermost first.
    pub iterations: Arc<[IterationKey]>,
    /// The variables that it sees.
    pub scope: Arc<Scope>,
    /// How many containers are around it, the pipeline itself included.
    pub depth: usize,
}

impl Place {
    /// The instance as events name it.
    pub(crate) fn task_ref(&self, plan: &Plan) -> TaskRef {
        // What has no name stands for what is around it, outermost the pipeline.
        let path = if self.path.is_empty() { plan.pipeline.clone() } else { self.path.clone() };
        TaskRef { path, span: plan.task(self.task).span }
    }
}

/// `[3]`, `[abc]` or, where it could be misread, `["a/b"]`.
pub(crate) fn push_key(path: &mut String, key: &IterationKey) {
    // Writing to a string cannot fail.
    let _ = match key {
        IterationKey::Integer(number) => write!(path, "[{number}]"),
        IterationKey::Text(text) if is_plain(text) => write!(path, "[{text}]"),
        IterationKey::Text(text) => write!(path, "[{}]", serde_json::Value::String(text.to_string())),
    };
}

fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !text.is_empty() && text.bytes().all(plain) && text.parse::<i64>().is_err()
}

/// A path as typed by a person: `fit/epoch[3]/train`, keys may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypedPath {
    /// The path without keys.
    pub bare: String,
    /// For each segment of the path its key, if one was given.
    pub keys: Vec<Option<IterationKey>>,
}

impl TypedPath {
    /// Takes a path apart; `None` if brackets or quotes do not close.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut bare = String::new();
        let mut keys = vec![None];
        let mut rest = path;
        while let Some(at) = rest.find(['/', '[']) {
            bare.push_str(&rest[..at]);
            if rest[at..].starts_with('/') {
                bare.push('/');
                keys.push(None);
                rest = &rest[at + 1..];
                continue;
            }
            let inside = &rest[at + 1..];
            let (key, after) = if inside.starts_with('"') {
                let mut values = serde_json::Deserializer::from_str(inside).into_iter::<String>();
                let text = values.next()?.ok()?;
                (IterationKey::Text(text.into()), &inside[values.byte_offset()..])
            } else {
                let end = inside.find(']')?;
                let text = &inside[..end];
                (text.parse().map_or_else(|_| IterationKey::Text(text.into()), IterationKey::Integer), &inside[end..])
            };
            *keys.last_mut()? = Some(key);
            rest = after.strip_prefix(']')?;
        }
        bare.push_str(rest);
        Some(Self { bare, keys })
    }

    /// Whether an instance is the one that is meant, or inside of it. `path` is the instance's path with keys, `bare` the one without.
    pub(crate) fn holds(&self, path: &str, bare: &str) -> bool {
        let (mine, whole) =
            if self.keys.iter().any(Option::is_some) { (self.text(), path) } else { (self.bare.clone(), bare) };
        whole.strip_prefix(mine.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
    }

    /// The part of it that names the task with this bare path, which is around what it names.
    pub(crate) fn up_to(&self, bare: &str) -> Option<Self> {
        let inside = self.bare.strip_prefix(bare).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let keys = self.keys.get(..bare.split('/').count())?.to_vec();
        inside.then(|| Self { bare: bare.to_owned(), keys })
    }

    /// The path as the engine writes it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (at, (segment, key)) in self.bare.split('/').zip(&self.keys).enumerate() {
            if at > 0 {
                text.push('/');
            }
            text.push_str(segment);
            if let Some(key) = key {
                push_key(&mut text, key);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_paths_are_taken_apart_and_put_together() {
        for text in ["fit", "fit/epoch[3]/train", r#"url["a/b]"]/check"#, "url[abc]", r#"url["7"]"#] {
            assert_eq!(TypedPath::parse(text).map(|path| path.text()).as_deref(), Some(text));
        }
        assert_eq!(TypedPath::parse("a[3"), None);
        assert_eq!(TypedPath::parse(r#"a["3]"#), None);
    }

    #[test]
    fn a_path_holds_what_is_in_it() {
        let holds =
            |typed: &str, path: &str, bare: &str| TypedPath::parse(typed).is_some_and(|typed| typed.holds(path, bare));
        assert!(holds("fit", "fit/epoch[3]/train", "fit/epoch/train"));
        assert!(holds("fit/epoch", "fit/epoch[3]/train", "fit/epoch/train"));
        assert!(holds("fit/epoch[3]", "fit/epoch[3]/train", "fit/epoch/train"));
        assert!(!holds("fit/epoch[3]", "fit/epoch[4]/train", "fit/epoch/train"));
        assert!(!holds("fit/ep", "fit/epoch[4]/train", "fit/epoch/train"));
    }
}
