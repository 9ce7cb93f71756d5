//! Phase 5: texts laid over each other, and nodes that a facet takes out.
//!
//! Same kind and name is the same node. Properties replace, children merge, a new body replaces the body of whatever kind, lists marked
//! `x-kdl-add` add, an unnamed node means the only one of its kind, and new tasks go last.

use crate::located::{Field, Kind, Located};
use crate::view::View;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics};
use thinking_schema::FACETS;

/// Lays `over` over `base`, both objects of the schema at `view`.
pub(crate) fn overlay(base: &mut Located, over: &Located, view: View<'_>, diagnostics: &mut Diagnostics) {
    replace_body(base, over, &view.names("x-kdl-bodies"));
    replace_rest(base, over, view);
    let tasks = view.tasks();
    for field in over.fields() {
        let Some(fields) = base.fields_mut() else { return };
        let Some(known) = fields.iter_mut().find(|known| known.name == field.name) else {
            fields.push(field.clone());
            continue;
        };
        match (tasks, view.property(&field.name)) {
            (Some((property, kinds)), _) if property == field.name => {
                overlay_tasks(&mut known.value, &field.value, kinds, diagnostics);
            }
            (_, Some(target)) => overlay_value(known, field, target, diagnostics),
            // A block in a config or in arguments is a node like any other.
            (_, None) if field.child && both_blocks(&known.value, &field.value) => {
                let free = view.additional().unwrap_or(view);
                overlay(&mut known.value, &field.value, free, diagnostics);
            }
            _ => *known = field.clone(),
        }
    }
}

fn both_blocks(one: &Located, other: &Located) -> bool {
    matches!((&one.value, &other.value), (Kind::Map(_), Kind::Map(_)))
}

/// A new body replaces a body of another kind. One of the same kind is laid over it like any node, but what calls another operation has other
/// arguments.
fn replace_body(base: &mut Located, over: &Located, bodies: &[&str]) {
    let Some(new) = over.fields().iter().find(|field| bodies.contains(&field.name.as_str())) else { return };
    let operation =
        |body: Option<&Located>| body.and_then(|body| body.get("operation").unwrap_or(body).text()).map(str::to_owned);
    let same = operation(base.get(&new.name)) == operation(Some(&new.value));
    if let Some(fields) = base.fields_mut() {
        fields.retain(|field| !bodies.contains(&field.name.as_str()) || (field.name == new.name && same));
    }
}

/// Given arguments replace arguments as a whole: fewer of them leave none of the old ones behind.
fn replace_rest(base: &mut Located, over: &Located, view: View<'_>) {
    let positions = view.names("x-kdl-arguments");
    let Some(rest) = positions.last().and_then(|last| last.strip_suffix("...")) else { return };
    let given = over.fields().iter().any(|field| !field.child && positions.contains(&field.name.as_str()));
    if given && let Some(fields) = base.fields_mut() {
        fields.retain(|field| field.name != rest);
    }
}

fn overlay_value(known: &mut Field, over: &Field, view: View<'_>, diagnostics: &mut Diagnostics) {
    if view.is_keyed() {
        let Some(element) = view.additional() else { return };
        for field in over.value.fields() {
            let Some(fields) = known.value.fields_mut() else { return };
            match find_named(fields, field, &over.name, diagnostics) {
                Found::Known(at) => overlay(&mut fields[at].value, &field.value, element, diagnostics),
                Found::New => fields.push(field.clone()),
                Found::Ambiguous => {}
            }
        }
        return;
    }
    match (&mut known.value.value, &over.value.value) {
        (Kind::List(items), Kind::List(more)) if view.allows("array") => {
            let item = view.items();
            let name = item.keyword("x-kdl-name").and_then(serde_json::Value::as_str);
            for element in more {
                let same = name.and_then(|name| {
                    let own = element.get(name)?.text()?;
                    items.iter().position(|known| known.get(name).and_then(Located::text) == Some(own))
                });
                match same {
                    Some(at) => overlay(&mut items[at], element, item, diagnostics),
                    None if name.is_none() && !view.flag("x-kdl-add") => {
                        // Values without names replace the list as a whole; so do its nodes.
                        items.clone_from(more);
                        known.value.span = over.value.span;
                        return;
                    }
                    None => items.push(element.clone()),
                }
            }
        }
        (Kind::Map(fields), Kind::Map(more)) if view.flag("x-kdl-add") => {
            for field in more {
                fields.retain(|known| known.name != field.name);
                fields.push(field.clone());
            }
        }
        (Kind::Map(_), Kind::Map(_)) if !view.is_any() && view.property(FACETS).is_none() => {
            overlay(&mut known.value, &over.value, view, diagnostics)
        }
        // `retry=2` over a block changes its first argument and leaves the rest.
        (Kind::Map(_), _) if view.allows_scalar() && view.property(FACETS).is_none() => {
            let Some(first) = view.names("x-kdl-arguments").first().copied() else {
                *known = over.clone();
                return;
            };
            let field = Field { name: first.to_owned(), ..over.clone() };
            if let Some(fields) = known.value.fields_mut() {
                fields.retain(|known| known.name != first);
                fields.push(field);
            }
        }
        (_, Kind::Map(_)) if view.allows_scalar() && !view.is_any() && view.property(FACETS).is_none() => {
            let first = view.names("x-kdl-arguments").first().copied();
            let before = std::mem::replace(known, over.clone());
            if let Some(first) = first
                && over.value.get(first).is_none()
                && let Some(fields) = known.value.fields_mut()
            {
                fields.insert(0, Field { name: first.to_owned(), ..before });
            }
        }
        _ => *known = over.clone(),
    }
}

enum Found {
    Known(usize),
    New,
    Ambiguous,
}

fn find_named(fields: &[Field], over: &Field, kind: &str, diagnostics: &mut Diagnostics) -> Found {
    if !over.name.is_empty() {
        return fields.iter().position(|field| field.name == over.name).map_or(Found::New, Found::Known);
    }
    match fields {
        [] => Found::New,
        [_] => Found::Known(0),
        many => {
            diagnostics.push(ambiguous(kind, over.name_span, many.iter().map(|field| field.name.as_str())));
            Found::Ambiguous
        }
    }
}

fn ambiguous<'n>(kind: &str, span: thinking_diagnostic::Span, names: impl Iterator<Item = &'n str>) -> Diagnostic {
    let names: Vec<String> = names.map(|name| format!("`{kind} \"{name}\"`")).collect();
    let help = match names.is_empty() {
        true => "there are several without a name: give them names first".to_owned(),
        false => format!("there are several: name one of {}", names.join(", ")),
    };
    Diagnostic::error(Code::AmbiguousOverlay, format!("which `{kind}` does this overlay?"))
        .at(span, "says no name")
        .help(help)
}

fn overlay_tasks(base: &mut Located, over: &Located, kinds: View<'_>, diagnostics: &mut Diagnostics) {
    let Kind::List(tasks) = &mut base.value else { return };
    for task in over.items() {
        let Some(field) = task.fields().first() else { continue };
        let Some(view) = kinds.property(&field.name) else { continue };
        let name_of = |task: &Located| {
            let own = view.keyword("x-kdl-name").and_then(serde_json::Value::as_str)?;
            task.fields().first()?.value.get(own)?.text().map(str::to_owned)
        };
        let name = name_of(task);
        let same: Vec<usize> = (0..tasks.len())
            .filter(|at| {
                let known = &tasks[*at];
                known.fields().first().is_some_and(|known| known.name == field.name)
                    && (name.is_none() || name_of(known) == name)
            })
            .collect();
        match &*same {
            [] => tasks.push(task.clone()),
            [at] => {
                if let Some(known) = tasks[*at].fields_mut().and_then(|fields| fields.first_mut()) {
                    overlay(&mut known.value, &field.value, view, diagnostics);
                }
            }
            many => {
                let names: Vec<String> = many.iter().filter_map(|at| name_of(&tasks[*at])).collect();
                diagnostics.push(ambiguous(&field.name, field.name_span, names.iter().map(String::as_str)));
            }
        }
    }
}

/// Takes out every node whose `facet` says that it is not there, and decides between values under facets.
pub(crate) fn filter(value: &mut Located, view: View<'_>, active: &dyn Fn(&str) -> bool) {
    match &mut value.value {
        Kind::Map(fields) => {
            fields.retain_mut(|field| decide(&mut field.value, active));
            fields.retain(|field| is_free(view, &field.name) || is_there(&field.value, active));
            fields.iter_mut().for_each(|field| filter(&mut field.value, inside(view, &field.name), active));
        }
        Kind::List(items) => {
            let element = view.items();
            items.retain_mut(|item| decide(item, active));
            items.retain(|item| {
                element.is_any()
                    || is_there(item, active)
                    // A task is wrapped in its kind.
                    && !(item.fields().len() == 1 && item.fields().iter().any(|kind| kind.value.node.is_some() && !is_there(&kind.value, active)))
            });
            items.iter_mut().for_each(|item| filter(item, element, active));
        }
        _ => {}
    }
}

/// Puts the value that holds in the place of a choice between facets; `false` if none holds. If several hold, the last does.
fn decide(value: &mut Located, active: &dyn Fn(&str) -> bool) -> bool {
    let Some(choices) = value.get(FACETS) else { return true };
    let chosen = choices.items().iter().rev().find(|choice| is_there(choice, active));
    let Some(chosen) = chosen.and_then(|choice| choice.get("value")).cloned() else { return false };
    let node = value.node.take();
    *value = chosen;
    value.node = value.node.take().or(node);
    true
}

fn is_there(value: &Located, active: &dyn Fn(&str) -> bool) -> bool {
    let Some(condition) = value.get("facet").and_then(Located::text) else { return true };
    match condition.strip_prefix('!') {
        Some(name) => !active(name),
        None => active(condition),
    }
}

/// The schema of a property, whatever it is.
fn inside<'v>(view: View<'v>, name: &str) -> View<'v> {
    view.property(name).or_else(|| view.additional()).unwrap_or_else(View::any)
}

/// Whether a property holds what no schema of ours describes: there, `facet` is a name like any other.
fn is_free(view: View<'_>, name: &str) -> bool {
    view.others() == Some(name) || inside(view, name).is_any()
}

/// Calls `found` with every `facet=` condition of a tree.
pub(crate) fn conditions<'l>(value: &'l Located, view: View<'_>, found: &mut dyn FnMut(&'l Located)) {
    if let Some(choices) = value.get(FACETS) {
        for choice in choices.items() {
            choice.get("facet").into_iter().for_each(&mut *found);
            choice.get("value").into_iter().for_each(|value| conditions(value, view, found));
        }
        return;
    }
    match &value.value {
        Kind::Map(fields) => fields.iter().for_each(|field| {
            if !is_free(view, &field.name) {
                let condition = field.value.get("facet").filter(|facet| facet.text().is_some());
                condition.into_iter().for_each(&mut *found);
            }
            conditions(&field.value, inside(view, &field.name), found);
        }),
        Kind::List(items) => items.iter().for_each(|item| {
            let condition = item.get("facet").filter(|facet| facet.text().is_some() && !view.items().is_any());
            condition.into_iter().for_each(&mut *found);
            conditions(item, view.items(), found);
        }),
        _ => {}
    }
}

/// Finds tasks of the same kind and name among siblings of one text.
pub(crate) fn repeated_tasks(value: &Located, view: View<'_>, diagnostics: &mut Diagnostics) {
    if let Some((property, kinds)) = view.tasks()
        && let Some(tasks) = value.get(property)
    {
        let mut seen: Vec<(&str, &str, &Located)> = Vec::new();
        for task in tasks.items() {
            let Some(field) = task.fields().first() else { continue };
            let Some(kind) = kinds.property(&field.name) else { continue };
            let name = kind
                .keyword("x-kdl-name")
                .and_then(serde_json::Value::as_str)
                .and_then(|own| field.value.get(own))
                .and_then(|name| Some((name.text()?, name)));
            if let Some((name, place)) = name {
                if let Some((.., first)) = seen.iter().find(|(kind, known, _)| *kind == field.name && *known == name) {
                    diagnostics.push(
                        Diagnostic::error(Code::Duplicate, format!("`{} {name:?}` is there twice", field.name))
                            .at(place.span, "again here")
                            .at(first.span, "first here")
                            .help("names are unique among siblings: give one of them another name".to_owned()),
                    );
                } else {
                    seen.push((&field.name, name, place));
                }
            }
            repeated_tasks(&field.value, kind, diagnostics);
        }
    }
    for field in value.fields() {
        let Some(target) = view.property(&field.name) else { continue };
        match target.additional() {
            Some(element) if target.is_keyed() => {
                field.value.fields().iter().for_each(|named| repeated_tasks(&named.value, element, diagnostics));
            }
            _ if target.items().keyword("x-kdl-name").is_some() => repeated_items(field, target.items(), diagnostics),
            _ if !field.value.items().is_empty() && view.tasks().is_none_or(|(tasks, _)| tasks != field.name) => {
                field.value.items().iter().for_each(|item| repeated_tasks(item, target.items(), diagnostics));
            }
            _ => repeated_tasks(&field.value, target, diagnostics),
        }
    }
}

/// Finds elements of the same name in a list of one text.
fn repeated_items(list: &Field, view: View<'_>, diagnostics: &mut Diagnostics) {
    let Some(own) = view.keyword("x-kdl-name").and_then(serde_json::Value::as_str) else { return };
    let mut seen: Vec<&Located> = Vec::new();
    for name in list.value.items().iter().filter_map(|item| item.get(own)) {
        let Some(text) = name.text() else { continue };
        match seen.iter().find(|known| known.text() == Some(text)) {
            Some(first) => diagnostics.push(
                Diagnostic::error(Code::Duplicate, format!("`{} {text:?}` is there twice", list.name))
                    .at(name.span, "again here")
                    .at(first.span, "first here")
                    .help("in one file a name is declared once; a facet or another file may overlay it".to_owned()),
            ),
            None => seen.push(name),
        }
    }
}
