//! `component … script=`: scripted components, compiled.

use crate::workshop::Workshop;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, MappedText, Spanned};
use thinking_manifest::params_schema;
use thinking_schema as schema;
use thinking_step::{About, Component, ComponentType, Creation, Interface, Need, Origin, ScriptedComponent, StepError};

/// The scripted components of a manifest.
#[derive(Default)]
pub(super) struct Scripted {
    /// All kinds. For those that do not compile, which is told, something stands in, so that what uses them is no second mistake.
    pub kinds: Vec<Arc<dyn ComponentType>>,
    /// The names of those that something stands in for.
    pub broken: BTreeSet<String>,
    /// The others that depend on something, by name: as declared, and their text.
    pub dependants: BTreeMap<String, (ScriptedComponent, MappedText)>,
}

/// Compiles all of them.
pub(super) fn scripted(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) -> Scripted {
    let model = shop.model;
    let mut all = Scripted::default();
    for (name, component) in model.manifest.component.iter() {
        let declared = declared(name, component);
        let text = text(shop, &component.script, diagnostics);
        let compiled = text.as_ref().and_then(|text| shop.compiler.component(text, declared.clone(), diagnostics));
        match (compiled, text) {
            (Some(kind), Some(text)) => {
                all.kinds.push(kind);
                if !declared.needs.is_empty() {
                    all.dependants.insert(name.value.clone(), (declared, text));
                }
            }
            _ => {
                all.broken.insert(name.value.clone());
                all.kinds.push(Arc::new(StandIn::of(&declared)));
            }
        }
    }
    all
}

/// A component whose script has mistakes: nothing is known of what it can do, and it is never created.
struct StandIn(About);

impl StandIn {
    fn of(declared: &ScriptedComponent) -> Self {
        let interface = |name: &String| Interface { name: name.clone(), rust: None };
        Self(About {
            name: declared.name.clone(),
            doc: declared.doc.clone(),
            version: declared.version.clone(),
            provides: declared.provides.iter().map(interface).collect(),
            rust: None,
            config: declared.config.clone(),
            needs: declared.needs.clone(),
            operations: Vec::new(),
            persistent: Vec::new(),
            definition: (String::new(), Vec::new()),
            origin: declared.origin.clone(),
        })
    }
}

impl ComponentType for StandIn {
    fn about(&self) -> &About {
        &self.0
    }

    fn create(&self, _: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        Err(StepError::script(format!("the script of `{}` has mistakes", self.0.name)))
    }
}

fn declared(name: &Spanned<String>, component: &schema::Component) -> ScriptedComponent {
    ScriptedComponent {
        name: name.value.clone(),
        doc: component.description.clone().unwrap_or_default(),
        version: component.version.as_ref().map(|version| version.value.clone()).unwrap_or_default(),
        provides: component.provides.iter().map(|interface| interface.value.clone()).collect(),
        config: params_schema(&component.param),
        needs: component.needs.iter().map(need).collect(),
        persistent: component.persistent,
        dependencies: BTreeMap::new(),
        origin: name.span.map_or(Origin::Engine, Origin::Manifest),
    }
}

fn text(shop: &mut Workshop<'_, '_>, file: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<MappedText> {
    let path = shop.project.directory.join(&file.value);
    let main = shop.sources.get(shop.project.main).map(|main| main.name.to_string()).unwrap_or_default();
    let shown = Path::new(&main).with_file_name("").join(&file.value);
    match shop.compiler.file(&path, &shown.display().to_string(), shop.sources) {
        Ok(text) => Some(text),
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
