//! Structs as components.

use crate::dependency::Supplies;
use crate::failure::contained;
use crate::registry::Blocks;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::{Any, TypeId};
use std::sync::Arc;
use thinking_step::{
    About, Answer, Arguments, Class, Component, ComponentType, Creation, ErrorKind, Host, Interface, Need, Operation,
    Origin, Parameter, StepError, Value, with_current,
};

/// A struct that is a component; implemented by `#[component]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no component",
    label = "its operations could not be called",
    note = "put `#[component]` above the struct"
)]
pub trait NativeComponent: Sized + Send + Sync + 'static {
    /// What is known of it, without its operations.
    fn about() -> About;
    /// One with that configuration.
    fn configured(config: &Value) -> Result<Self, StepError>;
    /// Fills what is no configuration.
    fn fill(&mut self, supplies: &mut Supplies<'_>) -> Result<(), StepError>;
    /// Itself as one of its interfaces.
    fn cast(self: Arc<Self>, rust: TypeId) -> Option<Box<dyn Any + Send + Sync>>;
}

/// Refuses what is no component.
pub const fn is_component<T: NativeComponent>() {}

/// How an operation is called.
type Call = fn(&dyn Any, &mut dyn Arguments) -> Result<Answer, StepError>;

/// An operation and how it is called.
pub struct OperationEntry {
    /// What is known of it.
    pub about: Operation,
    /// The call; the first argument is the component.
    pub call: Call,
}

/// What is known of a component.
#[expect(clippy::too_many_arguments, reason = "written by a macro, once per component")]
pub fn about<T: NativeComponent>(
    name: &str,
    doc: &str,
    version: &str,
    provides: Vec<Interface>,
    config: Value,
    needs: Vec<Need>,
    persistent: Vec<&str>,
    (file, line): (&'static str, u32),
) -> About {
    About {
        name: name.to_owned(),
        doc: doc.to_owned(),
        version: version.to_owned(),
        provides,
        rust: Some(TypeId::of::<T>()),
        config,
        needs,
        operations: Vec::new(),
        persistent: persistent.into_iter().map(str::to_owned).collect(),
        definition: (String::new(), Vec::new()),
        origin: Origin::Source(file, line),
    }
}

/// What is known of an operation.
pub fn operation(
    name: &str,
    doc: &str,
    parameters: Vec<Parameter>,
    returns: &str,
    (class, declared): (Class, bool),
    (file, line): (&'static str, u32),
) -> Operation {
    Operation {
        name: name.to_owned(),
        doc: doc.to_owned(),
        parameters,
        returns: returns.to_owned(),
        class,
        declared,
        origin: Origin::Source(file, line),
    }
}

/// A configuration as its struct.
pub fn configured<T: DeserializeOwned>(component: &str, config: &Value) -> Result<T, StepError> {
    T::deserialize(config).map_err(|error| {
        StepError::new(ErrorKind::Native, format!("`{component}` cannot take this configuration: {error}"))
    })
}

/// The component as its own type.
pub fn this<T: 'static>(component: &dyn Any) -> Result<&T, StepError> {
    component
        .downcast_ref()
        .ok_or_else(|| StepError::new(ErrorKind::Native, format!("this is no `{}`", std::any::type_name::<T>())))
}

/// What an operation gives.
pub fn answer<T: Serialize + Send + 'static>(value: T) -> Answer {
    Box::new(value)
}

/// What is known of a struct and its blocks of operations.
pub fn component_type<T: NativeComponent>(blocks: &Blocks) -> Arc<dyn ComponentType> {
    let (mut about, mut calls) = (T::about(), Vec::new());
    let blocks = blocks.get(&TypeId::of::<T>()).map(Vec::as_slice).unwrap_or_default();
    for OperationEntry { about: operation, call } in blocks.iter().flat_map(|block| (block.operations)()) {
        if about.operations.iter().all(|known| known.name != operation.name) {
            about.operations.push(operation);
            calls.push(call);
        }
    }
    let known = Arc::new(Known { about, calls });
    Arc::new(Kind { known, create: create::<T> })
}

struct Known {
    about: About,
    calls: Vec<Call>,
}

struct Kind {
    known: Arc<Known>,
    create: fn(&Arc<Known>, Creation<'_>) -> Result<Arc<dyn Component>, StepError>,
}

impl ComponentType for Kind {
    fn about(&self) -> &About {
        &self.known.about
    }

    fn create(&self, creation: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        (self.create)(&self.known, creation)
    }
}

fn create<T: NativeComponent>(known: &Arc<Known>, creation: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
    let Creation { binding, config, dependencies, host } = creation;
    let mut supplies = Supplies::new(binding, &known.about.needs, dependencies);
    // Users' own `Deserialize` and `Default` may do anything.
    let it = with_current(host, || {
        contained(
            || binding.to_owned(),
            || {
                let mut it = T::configured(config)?;
                it.fill(&mut supplies)?;
                Ok(it)
            },
        )
    })?;
    Ok(Arc::new(Created { it: Arc::new(it), binding: binding.into(), known: Arc::clone(known) }))
}

struct Created<T> {
    it: Arc<T>,
    binding: Arc<str>,
    known: Arc<Known>,
}

impl<T: NativeComponent> Component for Created<T> {
    fn call(&self, operation: usize, arguments: &mut dyn Arguments, host: &Arc<dyn Host>) -> Result<Answer, StepError> {
        let (Some(call), Some(about)) = (self.known.calls.get(operation), self.known.about.operations.get(operation))
        else {
            return Err(StepError::new(
                ErrorKind::Native,
                format!("`{}` has no operation number {operation}", self.binding),
            ));
        };
        if let Some(count) = arguments.positional().filter(|count| *count > about.parameters.len()) {
            return Err(too_many(about, count));
        }
        with_current(host, || contained(|| format!("{}.{}", self.binding, about.name), || call(&*self.it, arguments)))
    }

    fn cast(self: Arc<Self>, rust: TypeId) -> Option<Box<dyn Any + Send + Sync>> {
        let it = Arc::clone(&self.it);
        if rust == TypeId::of::<T>() { Some(Box::new(it)) } else { it.cast(rust) }
    }
}

fn too_many(about: &Operation, count: usize) -> StepError {
    let most = about.parameters.len();
    let takes = match most {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        most => format!("{most} arguments"),
    };
    StepError::new(ErrorKind::Native, format!("`{}` takes {takes}, not {count}", about.name))
        .help(format!("it is called like this: {}", about.signature()))
}
