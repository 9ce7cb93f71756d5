//! JSON with places back to the nodes that it was mapped from, driven by the schema as the mapping was.

use super::node::{Child, Node, Setting, Written};
use crate::located::{Field, Kind, Located};
use crate::view::View;
use serde_json::Value;

/// The nodes of an object of that schema, without its arguments.
pub(crate) fn children(object: &Located, view: View<'_>) -> Vec<Child> {
    node("", object, None, view).children
}

/// A node of that word. `key` is the first argument of one that is kept by name.
fn node(word: &str, object: &Located, key: Option<&Field>, view: View<'_>) -> Node {
    let own = view.keyword("x-kdl-name").and_then(Value::as_str);
    let name = key.map(|key| key.name.clone()).or_else(|| object.get(own?)?.text().map(str::to_owned));
    let mut children = Vec::new();
    if let Some(key) = key.filter(|key| !key.name.is_empty()) {
        let value = Located::new(Kind::Text(key.name.clone()), key.name_span);
        children.push(argument("name", vec![value]));
    }
    let arguments = arguments(object, view);
    children.extend(arguments.iter().map(|(name, values)| argument(name, values.clone())));
    let tasks = view.tasks();
    for field in object.fields() {
        if arguments.iter().any(|(name, _)| *name == field.name) || field.name.starts_with('(') {
            continue;
        }
        match tasks.filter(|(property, _)| *property == field.name) {
            Some((_, kinds)) => {
                let wrapped = field.value.items().iter().filter_map(|task| task.fields().first());
                children.extend(wrapped.filter_map(|task| {
                    let kind = kinds.property(&task.name)?;
                    Some(Child::Node(node(&task.name, &task.value, None, kind)))
                }));
            }
            // A component's config stands beside what is the engine's.
            None if view.others() == Some(&field.name) => field.value.fields().iter().for_each(|own| {
                children.extend(free(own));
            }),
            None => children.extend(property(field, view)),
        }
    }
    Node { word: word.to_owned(), name, span: object.span, children }
}

/// A property that is no argument.
fn property(field: &Field, object: View<'_>) -> Vec<Child> {
    let any = object.additional().filter(|_| object.property(&field.name).is_none());
    let Some(view) = object.property(&field.name).or(any) else { return Vec::new() };
    let word = word(&field.name, object);
    if view.is_keyed() {
        let Some(element) = view.additional() else { return Vec::new() };
        let entries = field.value.fields().iter();
        return entries.map(|entry| Child::Node(node(word, &entry.value, Some(entry), element))).collect();
    }
    match &field.value.value {
        Kind::Map(_) => vec![Child::Node(node(word, &field.value, None, view))],
        Kind::List(items) if items.is_empty() => Vec::new(),
        Kind::List(items) if items.iter().any(|item| matches!(item.value, Kind::Map(_))) => {
            items.iter().map(|item| Child::Node(node(word, item, None, view.items()))).collect()
        }
        Kind::List(items) => {
            let written = if field.child || items.len() > 1 { Written::Child } else { Written::Property };
            let span = items.first().map_or(field.value.span, |first| first.span);
            vec![Child::Setting(Setting { name: word.to_owned(), written, values: items.clone(), span })]
        }
        _ => {
            let written = if field.child { Written::Child } else { Written::Property };
            let (values, span) = (vec![field.value.clone()], field.value.span);
            vec![Child::Setting(Setting { name: word.to_owned(), written, values, span })]
        }
    }
}

/// A node of a config; several of one name are a list whose place is after that of its first element.
fn free(field: &Field) -> Vec<Child> {
    let repeated = match field.value.items() {
        items @ [first, ..] if field.value.span.start > first.span.start => items,
        _ => return property(field, View::any()),
    };
    let one = |item: &Located| property(&Field { child: true, value: item.clone(), ..field.clone() }, View::any());
    repeated.iter().flat_map(one).collect()
}

/// The positional arguments that are there without a gap, by their properties.
fn arguments<'o>(object: &'o Located, view: View<'_>) -> Vec<(&'o str, Vec<Located>)> {
    let mut found = Vec::new();
    // The arguments of a block that no schema describes.
    if let Some(field) = object.field("-").filter(|_| view.is_any()) {
        return vec![(field.name.as_str(), field.value.items().to_vec())];
    }
    for position in view.names("x-kdl-arguments") {
        let (name, rest) = match position.strip_suffix("...") {
            Some(name) => (name, true),
            None => (position, false),
        };
        let Some(field) = object.field(name) else { break };
        match &field.value.value {
            Kind::List(items) if rest => found.push((field.name.as_str(), items.clone())),
            Kind::List(_) | Kind::Map(_) => break,
            _ => found.push((field.name.as_str(), vec![field.value.clone()])),
        }
    }
    found
}

fn argument(name: &str, values: Vec<Located>) -> Child {
    let span = values
        .first()
        .map_or(thinking_diagnostic::Span::new(thinking_diagnostic::SourceId(0), 0, 0), |value| value.span);
    Child::Setting(Setting { name: name.to_owned(), written: Written::Argument, values, span })
}

/// The word of the nodes that fill a property.
fn word<'n>(property: &'n str, view: View<'n>) -> &'n str {
    let renamed = view.keyword("x-kdl-nodes").and_then(Value::as_object);
    let found = renamed.and_then(|nodes| nodes.iter().find(|(_, to)| to.as_str() == Some(property)));
    found.map_or(property, |(word, _)| word.as_str())
}
