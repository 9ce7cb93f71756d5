//! Creates and calls what is registered.

use std::sync::Arc;
use thinking::{component_types, native_steps};
use thinking_step::testing::MemoryHost;
use thinking_step::{
    Component, ComponentType, Creation, Host, NamedArguments, NativeCall, NativeStep, Provided, ProvidedKind,
    StepError, Supplied, Value, VariableKind,
};

/// The kind of that name.
pub fn kind(name: &str) -> Arc<dyn ComponentType> {
    component_types().into_iter().find(|kind| kind.about().name == name).expect("it is registered")
}

/// The step of that name.
pub fn step(name: &str) -> Arc<dyn NativeStep> {
    native_steps().into_iter().find(|step| step.name() == name).expect("it is registered")
}

/// A host that permits everything; nothing is on disk.
pub fn host() -> MemoryHost {
    MemoryHost::new(std::path::Path::new("/nowhere"))
}

/// One of that kind.
pub fn create(
    name: &str,
    binding: &str,
    config: Value,
    dependencies: Vec<Supplied>,
) -> Result<Arc<dyn Component>, StepError> {
    let host: Arc<dyn Host> = Arc::new(host());
    kind(name).create(Creation { binding, config: &config, dependencies, host: &host })
}

/// A component as a dependency.
pub fn provided(binding: &str, name: &str, component: &Arc<dyn Component>) -> Provided {
    Provided { binding: binding.into(), what: ProvidedKind::Component(Arc::clone(component), kind(name)) }
}

/// Something of the engine as a dependency.
pub fn engine(binding: &str, what: VariableKind) -> Supplied {
    Supplied::One(Provided { binding: binding.into(), what: ProvidedKind::Engine(what) })
}

/// Calls an operation by name; the answer as JSON.
pub fn call(
    component: &Arc<dyn Component>,
    name: &str,
    operation: &str,
    arguments: Value,
    host: &Arc<dyn Host>,
) -> Result<Value, StepError> {
    let number = kind(name).about().operation(operation).expect("there is such an operation");
    let answer = component.call(number, &mut NamedArguments(&arguments), host)?;
    Ok(serde_json::to_value(&answer).expect("JSON can say it"))
}

/// Runs a step.
pub fn run(
    name: &str,
    arguments: Value,
    dependencies: Vec<Supplied>,
    host: &Arc<dyn Host>,
) -> Result<Value, StepError> {
    step(name).run(NativeCall { arguments: &arguments, dependencies, host })
}
