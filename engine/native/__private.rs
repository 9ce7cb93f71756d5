//! What the macros write stands on this. Nothing here is for people, and it changes with the macros.

pub use crate::arguments::{argument, argument_or, given, no_schema, optional, parameter, required, schema};
pub use crate::component::{
    NativeComponent, OperationEntry, about, answer, component_type, configured, is_component, operation, this,
};
pub use crate::dependency::{Supplies, need};
pub use crate::failure::failure;
pub use crate::inject::interface;
pub use crate::registry::{ComponentEntry, OperationsEntry, StepEntry};
pub use crate::state::state;
pub use crate::step::result;
pub use thinking_step::{About, Class, StepError, Value};
pub use {inventory, schemars, serde};
