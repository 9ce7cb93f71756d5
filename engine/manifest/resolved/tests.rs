//! What is written of a composed manifest composes to the same, for every sample that is valid.

use super::{Line, changes, lines};
use crate::{Model, Project, Selection};
use serde_json::Value;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Diagnostics, SourceMap};

fn composed(path: &Path, selection: &Selection) -> (Project, Model) {
    let mut sources = SourceMap::new();
    let project = Project::load(path, &mut sources, &mut Diagnostics::new()).expect("it can be read");
    let model = project.compose(selection, &mut Diagnostics::new()).expect("it composes");
    (project, model)
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("{}\n", line.code)).collect()
}

/// Without lists that hold nothing and names without nodes, which say nothing and are not written.
fn lean(value: Value) -> Value {
    let named = ["database", "param", "pipeline", "bind", "component"];
    let empty = |name: &str, value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && named.contains(&name),
        _ => false,
    };
    match value {
        Value::Object(fields) => {
            let full = fields.into_iter().filter(|(name, value)| !empty(name, value));
            full.map(|(name, value)| (name, lean(value))).collect()
        }
        // Of nodes that may be there several times, one alone is no list.
        Value::Array(items) if items.len() == 1 && items[0].is_object() => lean(items[0].clone()),
        Value::Array(items) => items.into_iter().map(lean).collect(),
        other => other,
    }
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/manifests/valid");
    let files = std::fs::read_dir(folder).expect("the samples").map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "kdl")).collect()
}

#[test]
fn what_is_written_composes_to_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let again = folder.path().join("again.kdl");
    let mut seen = 0;
    for sample in samples() {
        let mut sources = SourceMap::new();
        let project = Project::load(&sample, &mut sources, &mut Diagnostics::new()).expect("it can be read");
        for selection in project.facets.every_selection() {
            let (project, model) = composed(&sample, &selection);
            let nodes = project.nodes(&model);
            let text = text(&lines(&nodes));
            std::fs::write(&again, &text).expect("room");
            let (project, model_again) = composed(&again, &selection);
            let name = sample.display();
            assert_eq!(lean(model_again.to_json()), lean(model.to_json()), "{name} {:?}:\n{text}", selection.active);
            let differences = changes(&nodes, &project.nodes(&model_again));
            assert!(differences.is_empty(), "{name} {:?}: {differences:?}", selection.active);
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}
