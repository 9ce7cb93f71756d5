//! Functions as steps.

use crate::arguments;
use crate::component::Answerable;
use crate::dependency::Supplies;
use crate::failure::contained;
use crate::registry::StepEntry;
use thinking_step::{
    Class, ErrorKind, NamedArguments, NativeCall, NativeStep, Need, Origin, StepError, Value, to_json, with_current,
};

/// A function as a step.
pub(crate) struct FunctionStep {
    entry: &'static StepEntry,
    needs: Vec<Need>,
}

impl FunctionStep {
    pub(crate) fn new(entry: &'static StepEntry) -> Self {
        Self { entry, needs: (entry.needs)() }
    }
}

impl NativeStep for FunctionStep {
    fn name(&self) -> &'static str {
        self.entry.name
    }

    fn version(&self) -> u32 {
        self.entry.version
    }

    fn summary(&self) -> &'static str {
        self.entry.summary
    }

    fn schema(&self) -> Value {
        arguments::object((self.entry.arguments)())
    }

    fn class(&self) -> Class {
        self.entry.class
    }

    fn reads(&self) -> &'static [&'static str] {
        self.entry.reads
    }

    fn writes(&self) -> &'static [&'static str] {
        self.entry.writes
    }

    fn needs(&self) -> &[Need] {
        &self.needs
    }

    fn origin(&self) -> Origin {
        Origin::Source(self.entry.origin.0, self.entry.origin.1)
    }

    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError> {
        let mut supplies = Supplies::new(self.entry.name, &self.needs, call.dependencies);
        let mut given = NamedArguments(call.arguments);
        with_current(call.host, || {
            contained(|| self.entry.name.to_owned(), || (self.entry.run)(&mut given, &mut supplies))
        })
    }
}

/// What a step gives, as JSON.
pub fn result<T: Answerable>(step: &str, value: T) -> Result<Value, StepError> {
    to_json(&value).map_err(|error| {
        StepError::new(ErrorKind::Native, format!("the result of `{step}` cannot be recorded: {error}"))
    })
}
