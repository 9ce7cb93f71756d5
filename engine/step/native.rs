//! Steps written in Rust.

use crate::{Class, Host, Need, Origin, StepError, Supplied, Value};
use std::sync::Arc;

/// One call of a native step: its arguments, checked against its schema, and the world.
pub struct NativeCall<'a> {
    /// Arguments as a JSON object.
    pub arguments: &'a Value,
    /// What it depends on: one for each of [`NativeStep::needs`], in that order.
    pub dependencies: Vec<Supplied>,
    /// The world.
    pub host: &'a Arc<dyn Host>,
}

/// A step written in Rust, callable as `call "name" argument=…`.
pub trait NativeStep: Send + Sync {
    /// The name in manifests: `file.copy`.
    fn name(&self) -> &'static str;
    /// Raised when the same arguments would now give something else: a step that used another version runs again.
    fn version(&self) -> u32 {
        1
    }
    /// One line for people.
    fn summary(&self) -> &'static str;
    /// JSON Schema (an object) of the arguments.
    fn schema(&self) -> Value;
    /// How it touches the world; decides whether it waits for durability before it starts.
    fn class(&self) -> Class {
        Class::Effect
    }
    /// Arguments that name a file that it reads: they are held against the permissions before a run, where their values are known then.
    fn reads(&self) -> &'static [&'static str] {
        &[]
    }
    /// Arguments that name a file that it writes.
    fn writes(&self) -> &'static [&'static str] {
        &[]
    }
    /// What it depends on, in the order of its declaration.
    fn needs(&self) -> &[Need] {
        &[]
    }
    /// Where it is declared.
    fn origin(&self) -> Origin {
        Origin::Engine
    }
    /// Runs it. Panics are contained by the caller and count as failures.
    ///
    /// # Errors
    /// Why it failed.
    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError>;
}
