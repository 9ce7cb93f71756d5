//! What is linked into the program.

use crate::component::OperationEntry;
use crate::dependency::Supplies;
use crate::step::FunctionStep;
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;
use thinking_step::{Arguments, Class, ComponentType, NativeStep, Need, Origin, Parameter, StepError, Value};

/// A struct marked `#[component]`.
pub struct ComponentEntry {
    /// What is known of it, together with its operations.
    pub make: fn(&Blocks) -> Arc<dyn ComponentType>,
}

/// An `impl` block marked `#[operations]`.
pub struct OperationsEntry {
    /// Of which struct.
    pub component: fn() -> TypeId,
    /// Whether it is the struct's own block, and not that of a trait.
    pub inherent: bool,
    /// Where it stands.
    pub origin: (&'static str, u32),
    /// What is in it.
    pub operations: fn() -> Vec<OperationEntry>,
}

/// A function marked `#[step]`.
pub struct StepEntry {
    /// The name in manifests.
    pub name: &'static str,
    /// For people.
    pub summary: &'static str,
    /// Raised when the same arguments would now give something else.
    pub version: u32,
    /// How it touches the world.
    pub class: Class,
    /// Arguments that name a file that it reads.
    pub reads: &'static [&'static str],
    /// Arguments that name a file that it writes.
    pub writes: &'static [&'static str],
    /// Where it stands.
    pub origin: (&'static str, u32),
    /// What it depends on.
    pub needs: fn() -> Vec<Need>,
    /// What the manifest gives.
    pub arguments: fn() -> Vec<Parameter>,
    /// The call.
    pub run: fn(&mut dyn Arguments, &mut Supplies<'_>) -> Result<Value, StepError>,
}

inventory::collect!(ComponentEntry);
inventory::collect!(OperationsEntry);
inventory::collect!(StepEntry);

/// The blocks of operations of each struct.
pub type Blocks = HashMap<TypeId, Vec<&'static OperationsEntry>>;

/// The kinds of components that are linked into the program, by name and then by place. Two of one name are both there.
#[must_use]
pub fn component_types() -> Vec<Arc<dyn ComponentType>> {
    let mut blocks = Blocks::new();
    for block in inventory::iter::<OperationsEntry> {
        blocks.entry((block.component)()).or_default().push(block);
    }
    for blocks in blocks.values_mut() {
        // The linker's order means nothing. A struct's own functions come before those of its traits, as in Rust.
        blocks.sort_by_key(|block| (!block.inherent, block.origin));
    }
    let mut all: Vec<_> = inventory::iter::<ComponentEntry>.into_iter().map(|entry| (entry.make)(&blocks)).collect();
    all.sort_by(|one, other| order(one).cmp(&order(other)));
    all
}

fn order(one: &Arc<dyn ComponentType>) -> (&str, (&'static str, u32)) {
    let about = one.about();
    (&about.name, place(&about.origin))
}

/// The steps that are linked into the program, by name and then by place. Two of one name are both there.
#[must_use]
pub fn native_steps() -> Vec<Arc<dyn NativeStep>> {
    let mut all: Vec<&'static StepEntry> = inventory::iter::<StepEntry>.into_iter().collect();
    all.sort_by_key(|entry| (entry.name, entry.origin));
    all.into_iter().map(|entry| Arc::new(FunctionStep::new(entry)) as Arc<dyn NativeStep>).collect()
}

fn place(origin: &Origin) -> (&'static str, u32) {
    match origin {
        Origin::Source(file, line) => (file, *line),
        Origin::Manifest(_) | Origin::Engine => ("", 0),
    }
}
