//! The seam that native code and scripts implement: traits and plain data only.
//!
//! A body runs in front of a [`Host`]: that is all of the world that it sees. The room `run/` is the host of a real run,
//! [`testing::MemoryHost`] one for tests. Scripts come in through [`Language`] as checked [`Program`]s; native steps through
//! [`NativeStep`]; components, whatever they are written in, through [`ComponentType`].

mod argument;
mod component;
mod current;
mod definition;
mod error;
mod flow;
mod host;
mod limits;
mod native;
mod need;
mod participant;
mod permission;
mod program;
mod strict;
pub mod testing;
mod trial;
mod value;

pub use argument::{NamedArguments, argument};
pub use component::{
    About, Answer, Arguments, Component, ComponentType, Creation, Interface, Known, Operation, Origin, Parameter,
};
pub use current::{current, with_current};
pub use definition::{Definition, DefinitionPart, Digest, digest};
pub use error::{ErrorKind, StepError};
pub use flow::{Carried, Flow, LAST_VALUE, UnderTest, Watch};
pub use host::{Access, Class, Host, LogLevel, Mode, RunInfo, TaskInfo};
pub use limits::{Limits, USUAL_DEPTH};
pub use native::{NativeCall, NativeStep};
pub use need::{Need, Provided, ProvidedKind, Supplied};
pub use participant::{Enlisted, Participant};
pub use permission::{Permissions, Refusal, Serving};
pub use program::{
    KeptField, Language, LibraryCall, Metric, Program, Purpose, Reference, ReferenceKind, ScopeEntry,
    ScriptedComponent, StaticScope, VariableKind,
};
pub use strict::to_json;
pub use trial::{Called, Trial};
pub use value::{Datum, Value, from_text};
