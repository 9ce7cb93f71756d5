//! Native steps by name.

use crate::{file_copy::FileCopy, file_fetch::FileFetch, file_hash::FileHash};
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_step::NativeStep;

/// Native steps by the name that manifests call them by.
#[derive(Clone, Default)]
pub struct Registry {
    steps: BTreeMap<&'static str, Arc<dyn NativeStep>>,
}

impl Registry {
    /// The steps that ship with the program.
    #[must_use]
    pub fn shipped() -> Self {
        Self::default().with(Arc::new(FileCopy)).with(Arc::new(FileFetch)).with(Arc::new(FileHash))
    }

    /// Adds a step; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, step: Arc<dyn NativeStep>) -> Self {
        self.steps.insert(step.name(), step);
        self
    }

    /// The step of that name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn NativeStep>> {
        self.steps.get(name).cloned()
    }

    /// All names, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.steps.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Registry;
    use serde_json::json;

    #[test]
    fn finds_what_ships() {
        let registry = Registry::shipped();
        assert_eq!(registry.names(), ["file.copy", "file.fetch", "file.hash"]);
        assert!(registry.get("file.move").is_none());
        for name in registry.names() {
            let step = registry.get(name).expect("it is listed");
            assert_eq!(step.name(), name);
            assert!(!step.summary().is_empty() && !step.summary().contains('\n'));
        }
    }

    #[test]
    fn schemas_are_strict_and_say_what_arguments_mean() {
        let registry = Registry::shipped();
        for name in registry.names() {
            let schema = registry.get(name).expect("it is listed").schema();
            assert_eq!(schema["type"], "object", "{name}");
            assert_eq!(schema["additionalProperties"], false, "{name}");
            assert!(schema.get("$schema").is_none() && schema.get("title").is_none(), "{name}");
            for (argument, about) in schema["properties"].as_object().expect("arguments") {
                assert!(about["description"].is_string(), "{name} {argument}");
            }
        }
        let hash = registry.get("file.hash").expect("it ships").schema();
        assert_eq!(hash["required"], json!(["path"]));
        assert_eq!(hash["properties"]["algorithm"]["enum"], json!(["blake3", "sha256"]));
        assert_eq!(hash["properties"]["algorithm"]["default"], "blake3");
    }
}
