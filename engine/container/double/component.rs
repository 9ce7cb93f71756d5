//! A component with doubles.

use crate::double::Stand;
use crate::double::dependencies::completed;
use crate::double::given::given;
use crate::double::kind::Shared;
use crate::live::contained;
use std::sync::{Arc, Mutex, PoisonError};
use thinking_step::{
    Answer, Arguments, Called, Component, Creation, ErrorKind, Host, NamedArguments, Operation, StepError, Supplied,
    Value, to_json, with_current,
};

/// An instance: it stands before the component.
pub(crate) struct Doubled {
    pub(crate) shared: Arc<Shared>,
    pub(crate) config: Value,
    pub(crate) dependencies: Vec<Supplied>,
    /// The component, once it is there; before, what it missed of the start, with the arguments.
    pub(crate) behind: Mutex<Behind>,
}

type Behind = (Option<Arc<dyn Component>>, Vec<(usize, Value)>);

impl Component for Doubled {
    fn call(&self, number: usize, arguments: &mut dyn Arguments, host: &Arc<dyn Host>) -> Result<Answer, StepError> {
        let shared = &*self.shared;
        let (Some(operation), turns) = (shared.about.operations.get(number), shared.turns.get(number)) else {
            return Err(self.failure(format!("`{}` has no operation number {number}", shared.binding)));
        };
        let Some(stand) = turns.and_then(Option::as_ref).and_then(|turns| turns.next()) else {
            return self.through(number, operation, arguments, host);
        };
        let arguments_by_name = given(operation, arguments)?;
        if stand.is_stub() {
            self.check(operation, arguments, &arguments_by_name)?;
        }
        let begun = shared.calls.begin(Called {
            operation: format!("{}.{}", shared.binding, operation.name),
            arguments: arguments_by_name.clone(),
            ended: None,
        });
        let answer: Result<Answer, StepError> = match stand {
            Stand::Returns(value) => Ok(Box::new(value.clone())),
            Stand::Throws(message, kind) => {
                Err(StepError { kind: kind.unwrap_or(self.kind()), ..self.failure(message) })
            }
            Stand::Body(body) => {
                let arguments = Value::Object(arguments_by_name);
                contained(|| with_current(host, || body(&arguments, host))).map(|value| Box::new(value) as Answer)
            }
            Stand::Spy => contained(|| self.through(number, operation, arguments, host)),
        };
        shared.calls.end(
            begun,
            match &answer {
                // What no script could take fails where it is taken.
                Ok(value) => Ok(to_json(value).unwrap_or_else(|error| Value::String(error.to_string()))),
                Err(error) => Err(error.message.clone()),
            },
        );
        answer
    }
}

impl Doubled {
    /// Calls the component behind it.
    fn through(
        &self,
        number: usize,
        operation: &Operation,
        arguments: &mut dyn Arguments,
        host: &Arc<dyn Host>,
    ) -> Result<Answer, StepError> {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let real = match &behind.0 {
            Some(real) => Arc::clone(real),
            // It starts when it is created, and what never lived need not be stopped.
            None if self.shared.starts.contains(&number) => {
                let missed = given(operation, arguments)?;
                behind.1.push((number, Value::Object(missed)));
                return Ok(Box::new(()));
            }
            None if self.shared.stops.contains(&number) => return Ok(Box::new(())),
            None => {
                let real = self.create(&behind.1, host)?;
                *behind = (Some(Arc::clone(&real)), Vec::new());
                real
            }
        };
        drop(behind);
        real.call(number, arguments, host)
    }

    /// Creates the component behind it, and lets it take part in what it missed.
    fn create(&self, missed: &[(usize, Value)], host: &Arc<dyn Host>) -> Result<Arc<dyn Component>, StepError> {
        let shared = &*self.shared;
        let later = shared.later.as_deref().unwrap_or_default();
        let dependencies = completed(&self.dependencies, later, host)?;
        let creation = Creation { binding: &shared.binding, config: &self.config, dependencies, host };
        let real = contained(|| with_current(host, || shared.real.create(creation))).map_err(|error| {
            let message = format!("`{}` cannot be created: {}", shared.binding, error.message);
            StepError { message, ..error }
        })?;
        for (number, arguments) in missed {
            let named = &mut NamedArguments(arguments);
            contained(|| with_current(host, || real.call(*number, named, host))).map_err(|error| {
                let name = shared.about.operations.get(*number).map_or("", |operation| &operation.name);
                let message = format!("`{}` failed in `{}`: {}", shared.binding, name.replace('_', "-"), error.message);
                StepError { message, ..error }
            })?;
        }
        Ok(real)
    }

    /// A stub takes what the operation takes.
    fn check(
        &self,
        operation: &Operation,
        arguments: &dyn Arguments,
        named: &serde_json::Map<String, Value>,
    ) -> Result<(), StepError> {
        let called = || format!("{}.{}", self.shared.binding, operation.name);
        let (_, most) = operation.arity();
        let wrong = match arguments.positional() {
            Some(count) if count > most => format!("`{}` cannot take {count} arguments", called()),
            _ => match operation.parameters.iter().find(|one| !one.optional && !named.contains_key(&one.name)) {
                Some(missing) => format!("`{}` needs the argument `{}`", called(), missing.name),
                None => return Ok(()),
            },
        };
        let help = format!("it is called as `{}.{}`", self.shared.binding, operation.signature());
        Err(self.failure(wrong).help(help))
    }

    /// The kind of failure that the component behind it has.
    fn kind(&self) -> ErrorKind {
        if self.shared.about.rust.is_some() { ErrorKind::Native } else { ErrorKind::Script }
    }

    fn failure(&self, message: impl Into<String>) -> StepError {
        StepError::new(self.kind(), message)
    }
}
