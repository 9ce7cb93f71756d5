//! A project in a temporary directory, to run native steps in.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use thinking_step::testing::MemoryHost;
use thinking_step::{Host, NativeCall, NativeStep, StepError, Value};

/// A temporary project and its host.
pub(crate) struct Bench {
    directory: tempfile::TempDir,
    host: Arc<MemoryHost>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("the system has a place for temporary files");
        let host = Arc::new(MemoryHost::new(directory.path()));
        Self { directory, host }
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, path: &str, content: &[u8]) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("it is ours");
        std::fs::write(path, content).expect("it is ours");
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.root().join(path)).expect("it is there")
    }

    /// Names in a directory, sorted.
    pub(crate) fn list(&self, path: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.root().join(path)).expect("it is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("it is ours").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, step: &dyn NativeStep, arguments: Value) -> Result<Value, StepError> {
        let host: Arc<dyn Host> = self.host.clone();
        step.run(NativeCall { dependencies: Vec::new(), arguments: &arguments, host: &host })
    }

    /// What the host noted, paths relative to the root.
    pub(crate) fn seen(&self) -> Vec<String> {
        let root = self.host.permissions.root().display().to_string();
        let seen = self.host.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|line| line.replace(&format!("{root}/"), "").replace(&root, "")).collect()
    }
}
