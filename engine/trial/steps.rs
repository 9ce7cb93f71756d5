//! Native steps that only tests have.

use crate::crash::{Crash, Crashes};
use serde_json::json;
use std::sync::Arc;
use thinking_plan::NativeSteps;
use thinking_step::{Carried, Class, NativeCall, NativeStep, StepError, Value};

/// All native steps that a test can have.
pub(crate) struct TestSteps<'s> {
    pub others: &'s dyn NativeSteps,
    pub crash: Arc<Crashes>,
}

impl NativeSteps for TestSteps<'_> {
    fn get(&self, name: &str) -> Option<Arc<dyn NativeStep>> {
        match name {
            "test.title" => Some(Arc::new(Title)),
            "test.snapshot" => Some(Arc::new(Snapshot)),
            "test.crash" => Some(Arc::new(Crash(self.crash.clone()))),
            _ => self.others.get(name),
        }
    }
    fn names(&self) -> Vec<String> {
        self.others.names()
    }
}

fn schema() -> Value {
    json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] })
}

/// A title, its templates filled in.
struct Title;

impl NativeStep for Title {
    fn name(&self) -> &'static str {
        "test.title"
    }
    fn summary(&self) -> &'static str {
        "A title of a part of a test."
    }
    fn schema(&self) -> Value {
        schema()
    }
    fn class(&self) -> Class {
        Class::Pure
    }
    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError> {
        Ok(call.arguments.get("text").cloned().unwrap_or_default())
    }
}

/// Compares the result of the last run with what was written before.
struct Snapshot;

impl NativeStep for Snapshot {
    fn name(&self) -> &'static str {
        "test.snapshot"
    }
    fn summary(&self) -> &'static str {
        "Compares the result of a run with what was written before."
    }
    fn schema(&self) -> Value {
        schema()
    }
    fn class(&self) -> Class {
        Class::Pure
    }
    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError> {
        let name = call.arguments.get("text").and_then(Value::as_str).unwrap_or_default();
        let flow = call.host.flow().and_then(|flow| flow.get("result"));
        let result = match flow {
            Some(Carried::ResultOf(path)) => call.host.result(&path)?.unwrap_or_default(),
            Some(Carried::Value(value)) => value,
            Some(Carried::Kept(_)) | None => Value::Null,
        };
        match call.host.trial() {
            Some(trial) => trial.snapshot(name, &result).map(|()| Value::Null),
            None => Ok(Value::Null),
        }
    }
}
