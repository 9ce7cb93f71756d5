//! `component … script=`: scripted components, compiled.

use crate::workshop::Workshop;
use std::path::Path;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Spanned};
use thinking_manifest::params_schema;
use thinking_schema as schema;
use thinking_step::{ComponentType, Need, Origin, ScriptedComponent};

/// The scripted components of the manifest; those that do not compile are told and left out.
pub(super) fn scripted(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) -> Vec<Arc<dyn ComponentType>> {
    let model = shop.model;
    let declared = model.manifest.component.iter();
    declared.filter_map(|(name, component)| compiled(shop, name, component, diagnostics)).collect()
}

fn compiled(
    shop: &mut Workshop<'_, '_>,
    name: &Spanned<String>,
    component: &schema::Component,
    diagnostics: &mut Diagnostics,
) -> Option<Arc<dyn ComponentType>> {
    let file = &component.script;
    let origin = name.span.map_or(Origin::Engine, Origin::Manifest);
    let declared = ScriptedComponent {
        name: name.value.clone(),
        doc: component.description.clone().unwrap_or_default(),
        version: component.version.as_ref().map(|version| version.value.clone()).unwrap_or_default(),
        provides: component.provides.iter().map(|interface| interface.value.clone()).collect(),
        config: params_schema(&component.param),
        needs: component.needs.iter().map(need).collect(),
        persistent: component.persistent,
        origin,
    };
    let path = shop.project.directory.join(&file.value);
    let main = shop.sources.get(shop.project.main).map(|main| main.name.to_string()).unwrap_or_default();
    let shown = Path::new(&main).with_file_name("").join(&file.value);
    match shop.compiler.file(&path, &shown.display().to_string(), shop.sources) {
        Ok(text) => shop.compiler.component(&text, declared, diagnostics),
        Err(error) => {
            let why = match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            };
            diagnostics.push(
                Diagnostic::error(Code::UnreadableFile, format!("cannot read the script `{}`: {why}", file.value))
                    .at(file.span, "named here"),
            );
            None
        }
    }
}

/// A script asks by one word, which is both a name and an interface.
fn need(need: &schema::Need) -> Need {
    Need {
        optional: need.optional,
        many: need.many,
        origin: need.name.span.map_or(Origin::Engine, Origin::Manifest),
        ..Need::one(&need.name.value, &need.name.value)
    }
}
