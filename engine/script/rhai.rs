//! The language.

use crate::canonical::canonical;
use crate::check::{Findings, check};
use crate::engine::build;
use crate::known::Known;
use crate::parse_error;
use crate::places::Places;
use crate::program::{Script, Variable};
use crate::tokens::{Shape, tokens};
use rhai::Engine;
use std::sync::Arc;
use thinking_diagnostic::{Diagnostic, MappedText};
use thinking_std::{FunctionDoc, library};
use thinking_step::{Language, Program, Purpose, StaticScope};

/// Rhai with the script library. One is enough for any number of programs and threads.
pub struct Rhai {
    engine: Arc<Engine>,
    known: Known,
    functions: Vec<FunctionDoc>,
}

impl Rhai {
    /// Builds the engine and the library; takes about a millisecond.
    #[must_use]
    pub fn new() -> Self {
        let library = library();
        let engine = build(&library);
        let known = Known::new(&engine, &library);
        Self { engine: Arc::new(engine), known, functions: library.functions }
    }

    /// Every function of the library with its class, signature and a line for people.
    #[must_use]
    pub fn functions(&self) -> &[FunctionDoc] {
        &self.functions
    }
}

impl Default for Rhai {
    fn default() -> Self {
        Self::new()
    }
}

impl Language for Rhai {
    fn compile(
        &self,
        code: &MappedText,
        scope: &StaticScope,
        purpose: Purpose,
    ) -> Result<Arc<dyn Program>, Vec<Diagnostic>> {
        let tokens = tokens(&self.engine, &code.text);
        let places = Places::new(code, &tokens);
        let ast = match self.engine.compile(&*code.text) {
            Ok(ast) => ast,
            Err(error) => return Err(vec![parse_error::diagnostic(&error, &places, &tokens)]),
        };
        let Findings { problems, references, mentioned, volatile } = check(&ast, &self.known, &places, scope, purpose);
        if !problems.is_empty() {
            return Err(problems);
        }
        let variables = scope
            .variables
            .iter()
            .filter(|(name, _)| mentioned.contains(*name))
            .map(|(name, entry)| (name.into(), Variable::new(name, &entry.kind)))
            .collect();
        let canonical = canonical(code, &tokens);
        let engine = Arc::clone(&self.engine);
        Ok(Arc::new(Script { engine, ast, places, variables, references, canonical, volatile }))
    }

    fn is_reserved(&self, word: &str) -> bool {
        let tokens = tokens(&self.engine, word);
        !matches!(&*tokens, [only] if only.shape == Shape::Name && only.text == word)
    }
}
