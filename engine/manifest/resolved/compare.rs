//! How two composed manifests differ.

use super::node::{Child, Node, Setting};
use super::string::{literals, quoted};
use crate::located::Located;
use serde_json::Value;
use thinking_diagnostic::Span;

/// One difference: a value that is another one, or a value or node that only one of the two has.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The nodes around it, from outside in: `pipeline train`, `stage fit`.
    pub path: Vec<String>,
    /// The property; `None` for a node.
    pub setting: Option<String>,
    /// In the first of the two.
    pub before: Option<Side>,
    /// In the second.
    pub after: Option<Side>,
}

/// What one of the two has.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// As KDL writes it, on one line.
    pub text: String,
    /// As JSON; of a node nothing.
    pub value: Option<Value>,
    /// Where it stands.
    pub span: Span,
}

impl Change {
    /// What changed, in the words of the manifest: `pipeline train / stage fit / each epoch in`.
    #[must_use]
    pub fn what(&self) -> String {
        let nodes = self.path.join(" / ");
        match &self.setting {
            Some(setting) if nodes.is_empty() => setting.clone(),
            Some(setting) => format!("{nodes} {setting}"),
            None => nodes,
        }
    }

    /// The two texts for people: of long texts that both are there only the first line that differs.
    #[must_use]
    pub fn texts(&self) -> (Option<String>, Option<String>) {
        let long = |side: &Option<Side>| match side {
            Some(Side { value: Some(Value::String(text)), .. }) if text.contains('\n') => Some(text.clone()),
            _ => None,
        };
        if let (Some(before), Some(after)) = (long(&self.before), long(&self.after)) {
            let same = before.lines().zip(after.lines()).take_while(|(before, after)| before == after).count();
            let line = |text: &str| match text.lines().nth(same) {
                Some(line) => format!("line {}: {}", same + 1, line.trim()),
                None => format!("ends after line {same}"),
            };
            return (Some(line(&before)), Some(line(&after)));
        }
        let text = |side: &Option<Side>| side.as_ref().map(|side| side.text.clone());
        (text(&self.before), text(&self.after))
    }
}

/// The differences between two manifests, in the order of the first; what only the second has comes after its siblings.
#[must_use]
pub fn changes(before: &[Child], after: &[Child]) -> Vec<Change> {
    let mut all = Vec::new();
    inside(&mut Vec::new(), before, after, &mut all);
    all
}

fn inside(path: &mut Vec<String>, before: &[Child], after: &[Child], all: &mut Vec<Change>) {
    let (one, other) = (Parts::of(before), Parts::of(after));
    let mut push = |path: &[String], setting: Option<&str>, before: Option<Side>, after: Option<Side>| {
        all.push(Change { path: path.to_vec(), setting: setting.map(str::to_owned), before, after });
    };
    for (nth, setting) in &one.settings {
        match other.setting(&setting.name, *nth) {
            Some(same) if json(same) == json(setting) => {}
            now => push(path, Some(&setting.name), Some(value(setting, now)), now.map(|now| value(now, Some(setting)))),
        }
    }
    for (_, setting) in other.settings.iter().filter(|(nth, setting)| one.setting(&setting.name, *nth).is_none()) {
        push(path, Some(&setting.name), None, Some(value(setting, None)));
    }
    for (key, node) in &one.nodes {
        let same = other.nodes.iter().find(|(known, _)| known == key);
        path.push(title(key, node, &one, &other));
        match same {
            Some((_, now)) => inside(path, &node.children, &now.children, all),
            None => all.push(Change { path: path.clone(), setting: None, before: Some(block(node)), after: None }),
        }
        path.pop();
    }
    for (key, node) in other.nodes.iter().filter(|(key, _)| !one.nodes.iter().any(|(known, _)| known == key)) {
        path.push(title(key, node, &one, &other));
        all.push(Change { path: path.clone(), setting: None, before: None, after: Some(block(node)) });
        path.pop();
    }
}

/// What tells a node from its siblings: its word, its name, and which one of the same it is.
type Key<'n> = (&'n str, Option<&'n str>, usize);

struct Parts<'n> {
    /// With which of the same name it is.
    settings: Vec<(usize, &'n Setting)>,
    nodes: Vec<(Key<'n>, &'n Node)>,
}

impl<'n> Parts<'n> {
    fn of(children: &'n [Child]) -> Self {
        let mut parts = Self { settings: Vec::new(), nodes: Vec::new() };
        let mut seen: std::collections::HashMap<(&str, Option<&str>), usize> = std::collections::HashMap::new();
        for child in children {
            match child {
                Child::Setting(setting) => {
                    let same = parts.settings.iter().filter(|(_, known)| known.name == setting.name).count();
                    parts.settings.push((same, setting));
                }
                Child::Node(node) => {
                    let (word, name) = (node.word.as_str(), node.name.as_deref());
                    let count = seen.entry((word, name)).or_default();
                    parts.nodes.push(((word, name, *count), node));
                    *count += 1;
                }
            }
        }
        parts
    }

    fn setting(&self, name: &str, nth: usize) -> Option<&'n Setting> {
        self.settings.iter().find(|(at, setting)| *at == nth && setting.name == name).map(|(_, setting)| *setting)
    }

    /// Whether there are several of the same word and name.
    fn several(&self, key: &Key<'_>) -> bool {
        self.nodes.iter().any(|(known, _)| (known.0, known.1) == (key.0, key.1) && known.2 > 0)
    }
}

/// The node's title, with its number where there are several without a name.
fn title(key: &Key<'_>, node: &Node, one: &Parts<'_>, other: &Parts<'_>) -> String {
    match one.several(key) || other.several(key) {
        true => format!("{} {}", node.title(), key.2 + 1),
        false => node.title(),
    }
}

fn json(setting: &Setting) -> Vec<Value> {
    setting.values.iter().map(Located::to_json).collect()
}

/// A value that differs from the other side's; of a list the place is that of its first element that the other has not.
fn value(setting: &Setting, other: Option<&Setting>) -> Side {
    let known =
        |value: &Located| other.is_some_and(|other| other.values.iter().any(|known| known.value == value.value));
    let new = setting.values.iter().find(|value| setting.values.len() > 1 && !known(value));
    let value = match &*setting.values {
        [only] => only.to_json(),
        several => Value::Array(several.iter().map(Located::to_json).collect()),
    };
    // Scripts of several lines are told by their first.
    let text = match &value {
        Value::String(text) if text.trim().contains('\n') => {
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            format!("{} … {} lines", quoted(first.trim()), text.lines().count())
        }
        _ => literals(&setting.values),
    };
    Side { text, value: Some(value), span: new.map_or(setting.span, |new| new.span) }
}

fn block(node: &Node) -> Side {
    Side { text: node.contents(), value: None, span: node.span }
}
