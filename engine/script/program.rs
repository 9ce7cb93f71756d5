//! A checked script, ready to run any number of times on any thread.

use crate::failure::explain;
use crate::flow;
use crate::places::Places;
use crate::start::start;
use rhai::{AST, Dynamic, Engine, INT, ImmutableString, Scope};
use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_std::{
    ClockHandle, Documents, Facets, Handle, Kv, Objects, Params, Results, RunHandle, StepHandle, Vectors,
    evaluate_within, from_value, value_from,
};
use thinking_step::{Host, LibraryCall, Limits, Program, Reference, StepError, Value, VariableKind};

/// A variable that a script mentions, ready to be put into its scope.
pub enum Variable {
    /// The same in every evaluation: it only leads to the host.
    Fixed(Dynamic),
    /// `mode`.
    Mode,
    /// The host knows its value.
    Loop(String),
    /// A component, by the name of its binding: each evaluation asks the host for it.
    Component(String, String),
    /// It comes from an earlier script, and goes on to the next.
    Flow(String),
}

impl Variable {
    /// What stands for a variable of that kind.
    pub fn new(name: &str, kind: &VariableKind) -> Self {
        match kind {
            VariableKind::Params(_) => Self::Fixed(Dynamic::from(Params)),
            VariableKind::Facets(_) => Self::Fixed(Dynamic::from(Facets)),
            VariableKind::Results(_) => Self::Fixed(Dynamic::from(Results)),
            VariableKind::Run => Self::Fixed(Dynamic::from(RunHandle)),
            VariableKind::Step => Self::Fixed(Dynamic::from(StepHandle)),
            VariableKind::Clock => Self::Fixed(Dynamic::from(ClockHandle)),
            VariableKind::Kv(database) => Self::Fixed(Dynamic::from(Kv { name: database.into() })),
            VariableKind::Documents { name, index } => Self::Fixed(Dynamic::from(Documents::new(name, index))),
            VariableKind::Vectors { name, dimensions, metric } => {
                Self::Fixed(Dynamic::from(Vectors::new(name, *dimensions, *metric)))
            }
            VariableKind::Objects(database) => Self::Fixed(Dynamic::from(Objects::new(database))),
            VariableKind::Mode => Self::Mode,
            VariableKind::Component { binding, .. } => Self::Component(name.to_owned(), binding.clone()),
            VariableKind::Flow => Self::Flow(name.to_owned()),
            VariableKind::Loop | VariableKind::Outcome | VariableKind::Unknown => Self::Loop(name.to_owned()),
        }
    }
}

/// A script.
pub struct Script {
    pub(crate) engine: Arc<Engine>,
    pub(crate) ast: AST,
    pub(crate) places: Places,
    pub(crate) variables: Vec<(ImmutableString, Variable)>,
    pub(crate) references: Vec<Reference>,
    pub(crate) calls: Vec<LibraryCall>,
    pub(crate) canonical: (String, Vec<(u32, Span)>),
    pub(crate) volatile: bool,
    pub(crate) limits: Limits,
    /// Variables that it declares at the top, with their places.
    pub(crate) declared: Vec<(String, Span)>,
    /// Whether variables pass from it to the next script.
    pub(crate) flows: bool,
}

impl Script {
    /// Where the script's value comes from.
    fn last_statement(&self) -> Option<Span> {
        let first = self.ast.statements().last().and_then(|statement| self.places.token(start(statement)));
        Some(first.map_or(self.places.last(), |first| first.to(self.places.last())))
    }

    fn scope(&self, host: &Arc<dyn Host>) -> Result<Scope<'static>, StepError> {
        let mut scope = Scope::new();
        for (name, variable) in &self.variables {
            let value = match variable {
                Variable::Fixed(value) => value.clone(),
                Variable::Mode => host.mode().name().into(),
                Variable::Component(name, binding) => Dynamic::from(Handle::binding(name, binding)),
                Variable::Flow(name) => match flow::take(host, name)? {
                    Some(value) => value,
                    None => {
                        let error = StepError::script(format!("`{name}` has no value yet"));
                        return Err(error.at(Some(self.places.code().whole)));
                    }
                },
                Variable::Loop(name) => match host.variable(name) {
                    Some(value) => from_value(&value),
                    None => {
                        let error = StepError::script(format!("`{name}` has no value here"));
                        return Err(error.at(Some(self.places.code().whole)));
                    }
                },
            };
            scope.push_dynamic(name.clone(), value);
        }
        Ok(scope)
    }
}

impl Script {
    /// Runs it and makes its value what JSON can say.
    fn run(
        &self,
        host: &Arc<dyn Host>,
        convert: impl FnOnce(&Dynamic) -> Result<Value, StepError>,
    ) -> Result<Value, StepError> {
        let mut scope = self.scope(host)?;
        let own = host.limits();
        let limits = Limits {
            memory: own.memory.or(self.limits.memory),
            operations: own.operations.or(self.limits.operations),
            ..own
        };
        let (value, fatal) = evaluate_within(host, limits, || {
            // A closure that came in needs the script that it is from.
            let whole = if self.flows { flow::with_functions(host, &self.ast) } else { None };
            let value = self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, whole.as_ref().unwrap_or(&self.ast));
            if self.flows {
                flow::give(host, &scope, &self.variables, &self.declared);
                flow::give_functions(host, whole.as_ref().unwrap_or(&self.ast));
            }
            let value = value.map_err(|error| explain(*error, &self.places))?;
            if self.flows {
                // Whoever wants it takes it as it is; what it would be in a state is of no interest.
                flow::give_value(host, &value);
                return Ok(convert(&value).unwrap_or_default());
            }
            convert(&value).map_err(|error| error.at(self.last_statement()))
        });
        if let Some(fatal) = fatal {
            let place = value.err().and_then(|error| error.span).or(self.last_statement());
            return Err(fatal.at(place));
        }
        value
    }
}

impl Program for Script {
    fn eval(&self, host: &Arc<dyn Host>) -> Result<Value, StepError> {
        self.run(host, value_from)
    }

    fn eval_items(&self, host: &Arc<dyn Host>) -> Result<Value, StepError> {
        self.run(host, |value| {
            let ends = if let Some(range) = value.read_lock::<std::ops::Range<INT>>() {
                Some((range.start, range.end))
            } else {
                let range = value.read_lock::<std::ops::RangeInclusive<INT>>();
                // The last number there is cannot be counted past; a loop never gets there.
                range.map(|range| (*range.start(), range.end().saturating_add(1)))
            };
            match ends {
                Some((first, end)) => Ok(serde_json::json!({ "$range": [first, end] })),
                None => value_from(value),
            }
        })
    }

    fn references(&self) -> &[Reference] {
        &self.references
    }
    fn calls(&self) -> &[LibraryCall] {
        &self.calls
    }

    fn canonical(&self) -> (&str, &[(u32, Span)]) {
        (&self.canonical.0, &self.canonical.1)
    }

    fn volatile(&self) -> bool {
        self.volatile
    }

    fn declares(&self) -> Vec<(String, Span)> {
        self.declared.clone()
    }
}
