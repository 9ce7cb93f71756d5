//! Values as they look in KDL, as a JSON Schema wants them: the mapping that the manifest's own nodes go through, for schemas that are known later.

use super::wanted::{plain, written};
use crate::view::View;
use serde_json::Value;
use thinking_diagnostic::Spanned;
use thinking_schema::Tree;

/// Named values with their places, as `Call::arguments` and `Bind::config` hold them.
pub type Fields = [(Spanned<String>, Spanned<Tree>)];

/// What stands on a node beside its properties, until a schema says what it means.
const POSITIONS: &str = "-";

/// Config or arguments as `schema` wants them: names as the schema has them (`min_count` for `min-count`, and the other way round), one value as a list
/// where a list is meant, a node that is there several times as a list of its kind, positions (`x-kdl-arguments`) and keys (`x-kdl-key`) as
/// properties. What does not fit stays as it is; [`crate::check_config`] tells of it.
///
/// Templates in strings are left alone. Evaluate them first where their values are to be fitted, too: `words "${params.words}"` may be a list.
#[must_use]
pub fn fitted(schema: &Value, fields: &Fields) -> Vec<(Spanned<String>, Spanned<Tree>)> {
    let schema = plain(schema);
    fit_fields(View::at(&schema, &schema), fields)
}

/// Whether a list was made of nodes of the same name: its place is the second one's name (see `map`).
pub(crate) fn repeated(place: Option<thinking_diagnostic::Span>, first: Option<thinking_diagnostic::Span>) -> bool {
    matches!((place, first), (Some(place), Some(first)) if place.source == first.source && place.start > first.start)
}

pub(crate) fn fit_fields(view: View<'_>, fields: &Fields) -> Vec<(Spanned<String>, Spanned<Tree>)> {
    let one = |(name, value): &(Spanned<String>, Spanned<Tree>)| {
        let (known, inner) = property(view, &name.value);
        (Spanned { value: known, span: name.span }, fit(inner, value))
    };
    fields.iter().map(one).collect()
}

/// The property that a name means, and its schema.
fn property<'v>(view: View<'v>, name: &str) -> (String, View<'v>) {
    let renamed = view.keyword("x-kdl-nodes").and_then(|nodes| nodes[name].as_str());
    let wanted = renamed.unwrap_or(name);
    let same = || view.property_names().find(|known| written(known) == written(wanted));
    let known = if view.property(wanted).is_some() { Some(wanted) } else { same() };
    match known.and_then(|known| Some((known.to_owned(), view.property(known)?))) {
        Some(found) => found,
        None => (name.to_owned(), view.additional().unwrap_or_else(View::any)),
    }
}

fn fit(view: View<'_>, tree: &Spanned<Tree>) -> Spanned<Tree> {
    let at = |value: Tree| Spanned { value, span: tree.span };
    if view.is_any() {
        return tree.clone();
    }
    match &tree.value {
        _ if view.is_keyed() => keyed(view, tree),
        Tree::Map(fields) if view.allows("object") => at(Tree::Map(object(view, fields))),
        Tree::List(items) if view.allows("array") => {
            let element = view.items();
            let own_list = repeated(tree.span, items.first().and_then(|first| first.span));
            let wanted = !element.is_any() && !element.allows_scalar();
            // `point 1 2` is one point, in a list of points.
            if wanted && !own_list && items.iter().all(|item| !matches!(item.value, Tree::Map(_) | Tree::List(_))) {
                return at(Tree::List(vec![fit(element, tree)]));
            }
            at(Tree::List(items.iter().map(|item| fit(element, item)).collect()))
        }
        Tree::List(items) if view.allows("object") && has_positions(view) => {
            at(Tree::Map(positions(view, items.clone(), tree.span)))
        }
        Tree::Bool(true) if view.allows("object") && !view.allows("boolean") => at(Tree::Map(Vec::new())),
        Tree::Text(text) if text.contains("${") => tree.clone(),
        Tree::List(_) | Tree::Null => tree.clone(),
        value if allows_kind(view, value) => tree.clone(),
        _ if view.allows("array") => at(Tree::List(vec![fit(view.items(), tree)])),
        Tree::Map(_) => tree.clone(),
        _ if view.allows("object") && has_positions(view) => {
            at(Tree::Map(positions(view, vec![tree.clone()], tree.span)))
        }
        _ => tree.clone(),
    }
}

fn allows_kind(view: View<'_>, value: &Tree) -> bool {
    match value {
        Tree::Null => view.allows("null"),
        Tree::Bool(_) => view.allows("boolean"),
        Tree::Number(number) if number.is_f64() => view.allows("number"),
        Tree::Number(_) => view.allows("integer"),
        Tree::Text(_) => view.allows("string"),
        Tree::List(_) => view.allows("array"),
        Tree::Map(_) => view.allows("object"),
    }
}

fn has_positions(view: View<'_>) -> bool {
    !view.names("x-kdl-arguments").is_empty()
}

/// A block: what stands beside its name goes where the schema says.
fn object(view: View<'_>, fields: &Fields) -> Vec<(Spanned<String>, Spanned<Tree>)> {
    match fields {
        [(name, Spanned { value: Tree::List(items), span }), rest @ ..]
            if name.value == POSITIONS && has_positions(view) =>
        {
            let mut all = positions(view, items.clone(), *span);
            all.extend(fit_fields(view, rest));
            all
        }
        _ => fit_fields(view, fields),
    }
}

fn positions(
    view: View<'_>,
    items: Vec<Spanned<Tree>>,
    span: Option<thinking_diagnostic::Span>,
) -> Vec<(Spanned<String>, Spanned<Tree>)> {
    let names = view.names("x-kdl-arguments");
    let mut all = Vec::new();
    let mut items = items.into_iter();
    for name in names {
        let (value, name) = match name.strip_suffix("...") {
            Some(name) => {
                let rest: Vec<_> = items.by_ref().collect();
                if rest.is_empty() {
                    break;
                }
                (Spanned { value: Tree::List(rest), span }, name)
            }
            None => match items.next() {
                Some(item) => (item, name),
                None => break,
            },
        };
        let (known, inner) = property(view, name);
        let at = value.span;
        all.push((Spanned { value: known, span: at }, fit(inner, &value)));
    }
    let left: Vec<_> = items.collect();
    if let Some(first) = left.first() {
        let at = first.span;
        all.push((Spanned { value: POSITIONS.to_owned(), span: at }, Spanned { value: Tree::List(left), span: at }));
    }
    all
}

/// Nodes whose first argument is their key: `operator "add" strength=1`.
fn keyed(view: View<'_>, tree: &Spanned<Tree>) -> Spanned<Tree> {
    let element = view.additional().unwrap_or_else(View::any);
    let entry = |node: &Spanned<Tree>| -> Option<(Spanned<String>, Spanned<Tree>)> {
        let (key, rest) = match &node.value {
            Tree::Text(_) => (node.clone(), Vec::new()),
            Tree::Map(fields) => match &**fields {
                [(name, Spanned { value: Tree::List(items), span }), rest @ ..] if name.value == POSITIONS => {
                    let (key, more) = items.split_first()?;
                    let mut left = rest.to_vec();
                    if !more.is_empty() {
                        let more = Spanned { value: Tree::List(more.to_vec()), span: *span };
                        left.insert(0, (name.clone(), more));
                    }
                    (key.clone(), left)
                }
                _ => return None,
            },
            Tree::List(items) => {
                let (key, more) = items.split_first()?;
                let name = Spanned { value: POSITIONS.to_owned(), span: node.span };
                (key.clone(), vec![(name, Spanned { value: Tree::List(more.to_vec()), span: node.span })])
            }
            _ => return None,
        };
        let Spanned { value: Tree::Text(name), span } = key else { return None };
        // `limit "depth" 3` is a value by name.
        let value = match &*rest {
            [(name, Spanned { value: Tree::List(items), .. })] if name.value == POSITIONS && items.len() == 1 => {
                items[0].clone()
            }
            _ => Spanned { value: Tree::Map(rest), span: node.span },
        };
        Some((Spanned { value: name, span }, fit(element, &value)))
    };
    let nodes = match &tree.value {
        Tree::List(items) if repeated(tree.span, items.first().and_then(|first| first.span)) => items.as_slice(),
        _ => std::slice::from_ref(tree),
    };
    match nodes.iter().map(entry).collect::<Option<Vec<_>>>() {
        Some(entries) => Spanned { value: Tree::Map(entries), span: tree.span },
        // A block of names and values.
        None => match &tree.value {
            Tree::Map(fields) => Spanned { value: Tree::Map(fit_fields(view, fields)), span: tree.span },
            _ => tree.clone(),
        },
    }
}
