//! A scripted component that was created.

use super::kind::ScriptedType;
use super::on_this;
use super::state::States;
use super::turn::Turn;
use crate::failure::explain;
use crate::places::Places;
use rhai::{AST, CallFnOptions, Dynamic, Engine, Map, Scope};
use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, PoisonError};
use thinking_std::{Given, Scripted, Taken, crossing, evaluate_within};
use thinking_step::{About, Answer, Arguments, Component, Host, Limits, StepError, argument};

/// One component: its script and its `this`.
pub struct Instance {
    about: Arc<About>,
    engine: Arc<Engine>,
    ast: Arc<AST>,
    places: Arc<Places>,
    has_constants: bool,
    limits: Limits,
    turn: Turn,
    this: Kept,
}

/// Where `this` lives between calls.
enum Kept {
    /// As long as the component.
    Here(Mutex<Dynamic>),
    /// In the recorded state.
    Recorded(States),
}

impl Instance {
    pub fn new(kind: &ScriptedType, binding: &str, this: Map, limits: Limits) -> Self {
        let kept = if kind.about.persistent.is_empty() {
            Kept::Here(Mutex::new(Dynamic::from_map(this)))
        } else {
            Kept::Recorded(States::new(binding, this))
        };
        Self {
            about: Arc::clone(&kind.about),
            engine: Arc::clone(&kind.engine),
            ast: Arc::clone(&kind.ast),
            places: Arc::clone(&kind.places),
            has_constants: kind.has_constants,
            limits,
            turn: Turn::default(),
            this: kept,
        }
    }

    fn run(
        &self,
        operation: &str,
        this: &mut Dynamic,
        arguments: Vec<Dynamic>,
        host: &Arc<dyn Host>,
    ) -> Result<Dynamic, StepError> {
        let own = host.limits();
        let limits = Limits { memory: own.memory.or(self.limits.memory), ..own };
        let (value, fatal) = evaluate_within(host, limits, || {
            let options = CallFnOptions::new().eval_ast(self.has_constants).bind_this_ptr(this);
            let value = self.engine.call_fn_with_options::<Dynamic>(
                options,
                &mut Scope::new(),
                &self.ast,
                on_this(operation),
                arguments,
            );
            let value = value.map_err(|error| explain(*error, &self.places))?;
            crossing(value).map_err(|error| error.at(self.place(operation)))
        });
        match fatal {
            Some(fatal) => Err(fatal.at(value.err().and_then(|error| error.span).or(self.place(operation)))),
            None => value.map_err(|error| error.at(self.place(operation))),
        }
    }

    fn place(&self, operation: &str) -> Option<thinking_diagnostic::Span> {
        let at = self.about.operation(operation)?;
        match self.about.operations.get(at)?.origin {
            thinking_step::Origin::Manifest(span) => Some(span),
            _ => None,
        }
    }
}

impl Scripted for Instance {
    fn call_with(&self, operation: usize, arguments: Vec<Dynamic>, host: &Arc<dyn Host>) -> Result<Dynamic, StepError> {
        let Some(operation) = self.about.operations.get(operation) else {
            return Err(StepError::script(format!("`{}` has no such operation", self.about.name)));
        };
        let called = format!("{}.{}", self.about.name, operation.name);
        let _turn = self.turn.enter(&**host, &called)?;
        match &self.this {
            Kept::Here(this) => {
                let mut this = this.lock().unwrap_or_else(PoisonError::into_inner);
                self.run(&operation.name, &mut this, arguments, host)
            }
            Kept::Recorded(states) => {
                states.with(host, &called, |this| self.run(&operation.name, this, arguments, host))
            }
        }
    }
}

impl Component for Instance {
    fn call(&self, number: usize, given: &mut dyn Arguments, host: &Arc<dyn Host>) -> Result<Answer, StepError> {
        let Some(operation) = self.about.operations.get(number) else {
            return Err(StepError::script(format!("`{}` has no such operation", self.about.name)));
        };
        if given.positional().is_some_and(|count| count > operation.parameters.len()) {
            return Err(StepError::script(format!(
                "`{}` takes no more than these: {}",
                operation.name,
                operation.signature()
            )));
        }
        let mut arguments = Vec::with_capacity(operation.parameters.len());
        for (at, parameter) in operation.parameters.iter().enumerate() {
            let taken = argument::<Taken>(given, at, &parameter.name, &operation.name)?;
            let Some(Taken(value)) = taken else {
                let message = format!("`{}` needs the argument `{}`", operation.name, parameter.name);
                return Err(StepError::script(message).help(format!("it is called as `{}`", operation.signature())));
            };
            arguments.push(value);
        }
        Ok(Box::new(Given(self.call_with(number, arguments, host)?)))
    }

    fn cast(self: Arc<Self>, rust: TypeId) -> Option<Box<dyn Any + Send + Sync>> {
        let scripted: Arc<dyn Scripted> = self;
        if rust == TypeId::of::<dyn Scripted>() { Some(Box::new(scripted)) } else { None }
    }
}
