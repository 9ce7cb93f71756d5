//! Taking out what does not fit the schema, so that the rest can be checked in the same pass.

use crate::located::{Kind, Located};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use std::collections::BTreeSet;

/// Rounds after which a tree that still does not fit is given up.
const ROUNDS: usize = 20;

/// Takes out of `tree` all that `validator` finds wrong, and adds the names that went with it to `gone`. `false` if nothing is left to go on with.
pub(crate) fn prune(tree: &mut Located, validator: &Validator, gone: &mut BTreeSet<String>) -> bool {
    for _ in 0..ROUNDS {
        let json = tree.to_json();
        let mut doomed: Vec<(String, Option<String>)> = Vec::new();
        for error in validator.iter_errors(&json) {
            doom(&error, &mut doomed);
        }
        if doomed.is_empty() {
            return true;
        }
        for (pointer, field) in doomed {
            let Some(target) = find(tree, &pointer) else { continue };
            match field {
                Some(name) => {
                    if let Some(fields) = target.fields_mut()
                        && let Some(at) = fields.iter().position(|field| field.name == name)
                    {
                        gone.insert(fields[at].name.clone());
                        names(&fields[at].value, gone);
                        fields.remove(at);
                        // Without what was meant as its argument a call would be another mistake.
                        if target.node.as_deref() == Some("on") && target.field("call").is_some() {
                            take_out(target);
                        }
                    }
                }
                None if pointer.is_empty() => return false,
                None => {
                    names(target, gone);
                    gone.extend(pointer.rsplit('/').next().map(str::to_owned));
                    take_out(target);
                }
            }
        }
        sweep(tree);
    }
    false
}

fn doom(error: &ValidationError<'_>, doomed: &mut Vec<(String, Option<String>)>) {
    let pointer = error.instance_path().as_str().to_owned();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            doomed.extend(unexpected.iter().map(|name| (pointer.clone(), Some(name.clone()))));
        }
        ValidationErrorKind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default().to_owned();
            doomed.push((pointer, Some(name)));
        }
        ValidationErrorKind::Not { .. } => {
            // Two bodies: the step goes on with the first that the schema knows.
            let bodies = ["exec", "call", "script", "rhai", "until", "for", "before", "after"];
            let found: Vec<&&str> = bodies.iter().filter(|body| error.instance().get(**body).is_some()).collect();
            doomed.extend(
                found
                    .iter()
                    .take(found.len().saturating_sub(1))
                    .map(|body| (pointer.clone(), Some((**body).to_string()))),
            );
        }
        _ => doomed.push((pointer, None)),
    }
}

fn find<'t>(tree: &'t mut Located, pointer: &str) -> Option<&'t mut Located> {
    let mut here = tree;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        here = match &mut here.value {
            Kind::Map(fields) => &mut fields.iter_mut().find(|field| field.name == segment)?.value,
            Kind::List(items) => items.get_mut(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(here)
}

/// Swept later: removing at once would move the places of the others.
fn take_out(target: &mut Located) {
    target.value = Kind::List(vec![Located::new(Kind::Null, target.span)]);
    target.node = Some("(gone)".into());
}

fn is_gone(value: &Located) -> bool {
    value.node.as_deref() == Some("(gone)")
}

fn sweep(value: &mut Located) {
    match &mut value.value {
        Kind::Map(fields) => {
            fields.retain(|field| !is_gone(&field.value));
            fields.iter_mut().for_each(|field| sweep(&mut field.value));
        }
        Kind::List(items) => {
            items.iter_mut().for_each(sweep);
            // A task whose kind is gone is an empty wrapper.
            items.retain(|item| !is_gone(item) && !matches!(&item.value, Kind::Map(fields) if fields.is_empty()));
        }
        _ => {}
    }
}

/// Every name and short text in a tree: what other parts may refer to.
fn names(value: &Located, gone: &mut BTreeSet<String>) {
    match &value.value {
        Kind::Map(fields) => fields.iter().for_each(|field| {
            gone.insert(field.name.clone());
            names(&field.value, gone);
        }),
        Kind::List(items) => items.iter().for_each(|item| names(item, gone)),
        Kind::Text(text) if text.len() < 64 => {
            gone.insert(text.clone());
        }
        _ => {}
    }
}
