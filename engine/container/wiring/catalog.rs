//! The kinds of components that exist.

use crate::wiring::fit::{said, word};
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_step::{ComponentType, Origin};

/// All kinds of components by name: native ones of the program, scripted ones of the manifest.
#[derive(Clone, Default)]
pub struct Catalog {
    types: BTreeMap<String, Arc<dyn ComponentType>>,
    /// Every interface, with the names of the components that provide it.
    interfaces: BTreeMap<String, Vec<String>>,
}

impl Catalog {
    /// A catalog of these. Two of one name are a mistake that names both places; the first is kept.
    #[must_use]
    pub fn new(types: impl IntoIterator<Item = Arc<dyn ComponentType>>) -> (Self, Vec<Diagnostic>) {
        let (mut catalog, mut wrong) = (Self::default(), Vec::new());
        for kind in types {
            let about = kind.about();
            if let Some(other) = catalog.types.get(&about.name) {
                wrong.push(duplicate(&about.name, &other.about().origin, &about.origin));
                continue;
            }
            for interface in &about.provides {
                let providers = catalog.interfaces.entry(word(&interface.name)).or_default();
                providers.push(about.name.clone());
            }
            catalog.types.insert(about.name.clone(), kind);
        }
        catalog.interfaces.values_mut().for_each(|names| names.sort_unstable());
        (catalog, wrong)
    }

    /// The kind of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn ComponentType>> {
        self.types.get(name)
    }

    /// All kinds, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn ComponentType>> {
        self.types.values()
    }

    /// All interfaces, sorted by name, each with the names of the components that provide it.
    pub fn interfaces(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.interfaces.iter().map(|(name, providers)| (&**name, &**providers))
    }

    /// Whether something provides an interface of that name.
    #[must_use]
    pub fn is_interface(&self, name: &str) -> bool {
        self.interfaces.contains_key(&word(name))
    }

    /// What is said of a component's name that nothing has; the place is the caller's to add.
    #[must_use]
    pub fn unknown(&self, name: &str) -> Diagnostic {
        let known = self.types.keys().map(String::as_str);
        let help = match did_you_mean(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.types.is_empty() => "there are no components in this program and manifest".to_owned(),
            None => "`thinking components` lists what there is".to_owned(),
        };
        Diagnostic::error(Code::UnknownComponent, format!("there is no component `{name}`")).help(help)
    }
}

fn duplicate(name: &str, first: &Origin, second: &Origin) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(Code::Duplicate, format!("there are two components `{name}`"));
    for (origin, text) in [(second, "again here"), (first, "first here")] {
        if let Origin::Manifest(span) = origin {
            diagnostic = diagnostic.at(*span, text);
        }
    }
    let places: Vec<String> = [first, second].into_iter().filter_map(said).collect();
    if !places.is_empty() {
        diagnostic.message += &format!(" ({})", places.join(" and "));
    }
    diagnostic.help("give one of them another name".to_owned())
}
