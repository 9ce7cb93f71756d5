//! Values for properties: `for-all x="int(0..100)"`.
//!
//! The expressions are Rhai with nothing in it but generators. What they make is drawn and made simpler by `proptest`.

mod character;
mod float;
mod functions;
mod generator;
mod literal;
mod number;
mod search;

#[cfg(test)]
mod tests;

pub use literal::literal;
pub use search::{Counterexample, Named, Search, Searched, Verdict};

use crate::failure::explain;
use crate::parse_error;
use crate::places::Places;
use crate::tokens::tokens;
use functions::{GENERATORS, Refused, engine, kind, range_text, usage};
use generator::Generator;
use rhai::{Dynamic, Engine, EvalAltResult, Position};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, MappedText, Span, did_you_mean};

/// The variables of a property, and what values each may have.
#[derive(Debug, Clone)]
pub struct ForAll {
    variables: Vec<(String, Arc<Generator>)>,
}

impl ForAll {
    /// Reads the expressions of `for-all`, each with the name of its variable in scripts.
    ///
    /// # Errors
    /// Everything that is wrong with them, at its place.
    pub fn parse(variables: &[(String, MappedText)]) -> Result<Self, Vec<Diagnostic>> {
        let engine = engine();
        let (mut read, mut problems) = (Vec::new(), Vec::new());
        for (name, text) in variables {
            match generator(&engine, text) {
                Ok(generator) => read.push((name.clone(), generator)),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() { Ok(Self { variables: read }) } else { Err(problems) }
    }

    /// The names of the variables, in the order in which they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }

    /// Runs a test with ever other values, the simplest and those at the bounds first, until it fails or has passed often enough; then makes the
    /// values that fail as simple as they can be. The test is called once per try and has to begin from nothing each time.
    pub fn run<F>(&self, how: &Search, test: impl FnMut(&[Named]) -> Verdict<F>) -> Searched<F> {
        search::search(self, how, test)
    }

    fn kinds(&self) -> impl Iterator<Item = &Generator> {
        self.variables.iter().map(|(_, kind)| kind.as_ref())
    }

    fn named(&self, values: Vec<Dynamic>) -> Vec<Named> {
        self.names().map(ToOwned::to_owned).zip(values).collect()
    }
}

fn generator(engine: &Engine, text: &MappedText) -> Result<Arc<Generator>, Box<Diagnostic>> {
    let tokens = tokens(engine, &text.text);
    let places = Places::new(text, &tokens);
    if tokens.is_empty() {
        let problem = Diagnostic::error(Code::Missing, "there is no generator").at(text.whole, "");
        return Err(Box::new(problem.help("write one such as `int(0..100)`, `text()` or `list(bool())`".to_owned())));
    }
    let ast = engine
        .compile_expression(&*text.text)
        .map_err(|error| Box::new(parse_error::diagnostic(&error, &places, &tokens)))?;
    let value = engine.eval_ast::<Dynamic>(&ast).map_err(|error| Box::new(problem(*error, &places)))?;
    if let Some(generator) = value.read_lock::<Arc<Generator>>() {
        return Ok(Arc::clone(&generator));
    }
    let whole = text.text.trim();
    let help = match range_text(&value) {
        Some(range) => format!("write `int({range})`"),
        None if value.is_array() => format!("write `choice({whole})` for one of them"),
        None if value.is_map() => format!("write `map({whole})`"),
        None if kind(&value) == "a range" => format!("write `float({whole})`"),
        None => format!("write `just({whole})` for always the same value"),
    };
    let message = format!("`{whole}` is {}, not a generator", kind(&value));
    Err(Box::new(Diagnostic::error(Code::WrongType, message).at(text.span(0, text.text.len()), "").help(help)))
}

/// Why an expression has no value.
fn problem(error: EvalAltResult, places: &Places) -> Diagnostic {
    let position = error.position();
    let token = |position: Position| places.token(position).unwrap_or_else(|| places.code().whole);
    let call = |position: Position| -> Span { places.call(position).unwrap_or_else(|| token(position)) };
    match error {
        EvalAltResult::ErrorRuntime(value, _) if value.is::<Refused>() => {
            let refused = value.cast::<Refused>();
            Diagnostic::error(Code::InvalidValue, refused.message).at(call(position), "").help(refused.help)
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let name = signature.split(" (").next().unwrap_or(&signature).to_owned();
            if let Some(usage) = usage(&name) {
                let message = format!("`{name}` does not take such arguments");
                return Diagnostic::error(Code::InvalidArguments, message).at(call(position), "").help(usage);
            }
            if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
                let message = format!("`{name}` cannot be used with these values here");
                return Diagnostic::error(Code::UndefinedFunction, message).at(token(position), "").help(known());
            }
            let near = did_you_mean(&name, GENERATORS.iter().map(|(known, _)| *known));
            let help = near.map_or_else(known, |near| format!("did you mean `{near}`?"));
            let message = format!("there is no generator `{name}`");
            Diagnostic::error(Code::UndefinedFunction, message).at(token(position), "").help(help)
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            let known_name = GENERATORS.iter().any(|(known, _)| *known == name);
            let near = did_you_mean(&name, GENERATORS.iter().map(|(known, _)| *known));
            let help = match near {
                _ if known_name => format!("a generator is called: `{name}(…)`"),
                Some(near) => format!("did you mean `{near}(…)`?"),
                None => "generators see no variables; for values that depend on each other use `assume(…)` in the test"
                    .to_owned(),
            };
            let message = format!("there is no variable `{name}` here");
            Diagnostic::error(Code::UndefinedVariable, message).at(token(position), "").help(help)
        }
        other => {
            let found = explain(other, places);
            let place = found.span.unwrap_or_else(|| places.code().whole);
            Diagnostic::error(Code::InvalidValue, found.message).at(place, "").help(found.help)
        }
    }
}

fn known() -> String {
    let names: Vec<&str> = GENERATORS.iter().map(|(name, _)| *name).collect();
    format!("generators are {}", names.join(", "))
}
