//! The library through real scripts, on a bare engine.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod charts;
mod data;
mod databases;
mod differences;
mod files;
mod general;
mod http;
mod lists;
mod numbers;
mod pages;
mod permissions;
mod streams;
mod trials;
mod world;

use crate::{evaluate, library, step_error, value_from};
use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, EvalAltResult, Scope};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use thinking_step::testing::MemoryHost;
use thinking_step::{Host, StepError, Value};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    library().register(&mut engine);
    engine
});

/// A host in a directory of its own.
struct World {
    directory: tempfile::TempDir,
    host: Arc<MemoryHost>,
}

impl World {
    /// One that may connect to servers.
    fn connected(net: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut host = MemoryHost::new(directory.path());
        let (root, state) = (directory.path(), directory.path().join(".thinking"));
        let net: Vec<String> = net.iter().map(|rule| (*rule).to_owned()).collect();
        host.permissions = thinking_step::Permissions::new(root, &state, &[], &[], &net, &[], &[]).unwrap();
        Self { directory, host: Arc::new(host) }
    }

    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut host = MemoryHost::new(directory.path());
        host.clock = 1_767_225_600_000;
        Self { directory, host: Arc::new(host) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn eval(&self, code: &str) -> Result<Value, StepError> {
        let host: Arc<dyn Host> = Arc::clone(&self.host) as Arc<dyn Host>;
        let (value, _) = evaluate(&host, || {
            let value = ENGINE.eval_with_scope::<Dynamic>(&mut Scope::new(), code);
            let value = value.map_err(|error: Box<EvalAltResult>| match error.unwrap_inner() {
                EvalAltResult::ErrorRuntime(thrown, _) | EvalAltResult::ErrorTerminated(thrown, _) => {
                    step_error(thrown)
                }
                other => StepError::script(other.to_string()),
            })?;
            value_from(&value)
        });
        value
    }

    fn value(&self, code: &str) -> Value {
        self.eval(code).unwrap_or_else(|error| panic!("{code}: {error:?}"))
    }

    fn seen(&self) -> Vec<String> {
        let root = format!("{}/", self.path("").display().to_string().trim_end_matches('/'));
        self.host.seen.lock().unwrap().iter().map(|line| line.replace(&root, "")).collect()
    }
}

fn value(code: &str) -> Value {
    World::new().value(code)
}

/// The message of a script that fails.
fn failure(code: &str) -> String {
    match World::new().eval(code) {
        Ok(value) => panic!("{code} gives {value}"),
        Err(error) => error.message,
    }
}
