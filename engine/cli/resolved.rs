//! `thinking show --resolved`: the manifest as it is composed, with the place that every value comes from.

use crate::cli::args::Common;
use crate::cli::chosen::{self, LookArgs, Looked};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use crate::cli::show::ShowArgs;
use serde_json::{Map, json};
use std::path::PathBuf;
use thinking_diagnostic::Span;
use thinking_manifest::resolved::{Line, Origins, lines};
use thinking_manifest::{Kind, Located, Selection};
use thinking_script::Rhai;

/// Origins stand below each other, at most so many columns from the left.
const COLUMN: usize = 70;

pub(crate) fn run(args: &ShowArgs) -> Result<Exit, Trouble> {
    let manifest = args.manifest.clone().or_else(|| args.target.as_ref().map(PathBuf::from));
    let past = &args.past;
    let common = Common { manifest, state: past.state.clone(), json: past.json, quiet: past.quiet };
    let look =
        LookArgs { common, params: args.params.clone(), facet: args.facet.clone(), pipeline: args.pipeline.clone() };
    let language = Rhai::new();
    let mut looked = chosen::look(&look, &language)?;
    let requests = looked.requests();
    let selection = looked.select(&requests)?;
    let (model, nodes) = looked.compose(&selection)?;
    let origins = looked.session.project.origins();
    if past.json {
        let mut places = Map::new();
        pointers(model.composed(), "", &mut |pointer, span| {
            let origin = origins.of(span, &looked.session.sources);
            places.insert(pointer.to_owned(), chosen::origin_json(origin.as_ref()));
        });
        output::json_data(&json!({
            "facets": selection.active, "mode": selection.mode.name(), "manifest": model.to_json(), "origins": places,
        }));
        return Ok(Exit::Done);
    }
    output::data(&text(&looked, &selection, &lines(&nodes), &origins));
    Ok(Exit::Done)
}

fn text(looked: &Looked<'_>, selection: &Selection, lines: &[Line], origins: &Origins) -> String {
    let with = match selection.active.join(", ") {
        none if none.is_empty() => String::new(),
        some => format!(" with --facet {}", some.replace(", ", ",")),
    };
    let mut text = format!("// {} as it is composed{with}\n\n", looked.path.display());
    let column = lines.iter().filter(|line| line.span.is_some()).map(|line| last_line(&line.code)).max().unwrap_or(0);
    for line in lines {
        text.push_str(&line.code);
        let comment = comment(line, origins, looked);
        if !comment.is_empty() {
            let gap = column.min(COLUMN).saturating_sub(last_line(&line.code)) + 2;
            text.extend(std::iter::repeat_n(' ', gap));
            text.push_str(&format!("// {comment}"));
        }
        text.push('\n');
    }
    text.push_str(&facets(looked, selection));
    text
}

/// Characters in the last line of a text.
fn last_line(code: &str) -> usize {
    code.rsplit('\n').next().unwrap_or_default().chars().count()
}

/// Where what stands on a line comes from: the node, and what is from elsewhere than it.
fn comment(line: &Line, origins: &Origins, looked: &Looked<'_>) -> String {
    let place = |span: Span| origins.of(span, &looked.session.sources).map(|origin| origin.to_string());
    let Some(own) = line.span.and_then(place) else { return String::new() };
    let elsewhere = line.values.iter().filter_map(|(name, span)| Some((name, place(*span)?)));
    let elsewhere = elsewhere.filter(|(_, place)| *place != own).map(|(name, place)| format!("; {name}: {place}"));
    let all: String = elsewhere.collect();
    format!("{own}{all}")
}

/// Facets without what they held, which is in the manifest already: conditions and scripts ask for them by name.
fn facets(looked: &Looked<'_>, selection: &Selection) -> String {
    let facets = &looked.session.project.facets;
    let mut text = String::new();
    if !facets.facets.is_empty() {
        text.push_str("\n// What these facets change is above; conditions and scripts still ask for their names.\n");
    }
    for group in &facets.groups {
        let own = || facets.facets.iter().filter(|facet| facet.group.as_deref() == Some(&group.name));
        let active = own().find(|facet| selection.active.contains(&facet.name));
        let names: Vec<String> = own().map(|facet| format!("facet {:?}", facet.name)).collect();
        let default = active.map(|facet| format!(" default={:?}", facet.name)).unwrap_or_default();
        text.push_str(&format!("facet-group {:?}{default} {{ {} }}\n", group.name, names.join("; ")));
    }
    for facet in facets.facets.iter().filter(|facet| facet.group.is_none()) {
        let active = selection.active.contains(&facet.name);
        text.push_str(&format!("facet {:?}{}\n", facet.name, if active { " detect=\"true\"" } else { "" }));
    }
    text
}

/// Every plain value of a tree by its JSON pointer, with its place.
fn pointers(value: &Located, pointer: &str, found: &mut dyn FnMut(&str, Span)) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match &value.value {
        Kind::Map(fields) => {
            fields
                .iter()
                .for_each(|field| pointers(&field.value, &format!("{pointer}/{}", escaped(&field.name)), found));
        }
        Kind::List(items) => {
            items.iter().enumerate().for_each(|(at, item)| pointers(item, &format!("{pointer}/{at}"), found));
        }
        _ => found(pointer, value.span),
    }
}
