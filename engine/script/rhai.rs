//! The language.

use crate::canonical::canonical;
use crate::check::{Findings, check};
use crate::component::{Parsed, calls_on_this, functions, scripted};
use crate::coverage::{Recorder, instrument};
use crate::engine::{build, build_covering};
use crate::flow;
use crate::known::Known;
use crate::methods::with_operations;
use crate::parse_error;
use crate::places::Places;
use crate::program::{Script, Variable};
use crate::tokens::{Shape, tokens};
use rhai::{AST, Engine};
use std::sync::Arc;
use thinking_diagnostic::{Diagnostic, MappedText};
use thinking_std::{FunctionDoc, library, renaming};
use thinking_step::{ComponentType, Language, Limits, Program, Purpose, ScriptedComponent, StaticScope, VariableKind};

/// Rhai with the script library. One is enough for any number of programs and threads.
pub struct Rhai {
    engine: Arc<Engine>,
    known: Known,
    functions: Vec<FunctionDoc>,
    memory: Option<u64>,
    covering: Option<Covering>,
}

/// What counts lines.
struct Covering {
    recorder: Recorder,
    /// Runs programs; the other one parses them.
    engine: Arc<Engine>,
}

/// Most operations of code that is evaluated before anything runs.
const PURE_OPERATIONS: u64 = 10_000_000;
/// Most operations of an expression of a task, unless the manifest says otherwise: about a minute or two.
const EXPRESSION_OPERATIONS: u64 = 1_000_000_000;

impl Rhai {
    /// Builds the engine and the library; takes about a millisecond.
    #[must_use]
    pub fn new() -> Self {
        Self::with(None)
    }

    /// Builds it so that the lines of all that it compiles are counted when they run. Programs mean the same, have the same identity and fail at
    /// the same places; each line that begins takes
    /// some 30 ns longer, which adds less than a quarter to most scripts.
    #[must_use]
    pub fn covering(recorder: &Recorder) -> Self {
        Self::with(Some(recorder))
    }

    fn with(recorder: Option<&Recorder>) -> Self {
        let library = library();
        let engine = build(&library);
        let known = Known::new(&engine, &library);
        let covering = recorder.map(|recorder| Covering {
            recorder: recorder.clone(),
            engine: Arc::new(build_covering(&library, recorder.clone())),
        });
        Self { engine: Arc::new(engine), known, functions: library.functions, memory: None, covering }
    }

    /// The engine that runs a tree, and the tree as it runs there.
    fn running(&self, ast: AST, places: &Places) -> (Arc<Engine>, AST) {
        match &self.covering {
            None => (Arc::clone(&self.engine), ast),
            Some(Covering { recorder, engine }) => (Arc::clone(engine), instrument(ast, engine, recorder, places)),
        }
    }

    /// Says by how many bytes the process may grow while a script runs, instead of 4 GiB or a quarter of the machine's memory.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Every function of the library with its class, signature and a line for people.
    #[must_use]
    pub fn functions(&self) -> &[FunctionDoc] {
        &self.functions
    }
}

/// A text as Rhai takes it.
fn readable(code: &MappedText) -> MappedText {
    // Some editors begin a file with a byte order mark.
    let without_mark = code.text.strip_prefix('\u{feff}').map(|rest| code.text.len() - rest.len());
    let part = without_mark.map(|start| code.part(start, code.text.len()));
    let mut code = part.as_ref().unwrap_or(code).clone();
    // Where lines end with a carriage return alone, Rhai takes it for a line's end in comments only.
    if code.text.contains('\r') && !code.text.contains('\n') {
        code.text = code.text.replace('\r', "\n").into();
    }
    code
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
        let code = &readable(code);
        let tokens = tokens(&self.engine, &code.text);
        let places = Places::new(code, &tokens);
        let ast = match self.engine.compile(&*code.text) {
            Ok(ast) => ast,
            Err(error) => return Err(vec![parse_error::diagnostic(&error, &places, &tokens)]),
        };
        let Findings { problems, references, calls, mentioned, volatile } =
            check(&ast, &self.known, &places, scope, purpose);
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
        let flows = purpose == Purpose::Step && scope.variables.values().any(|entry| entry.kind == VariableKind::Flow);
        let declared = if flows { flow::declared(&ast, &places) } else { Vec::new() };
        let components = scope.variables.iter().filter(|(name, _)| mentioned.contains(*name));
        let ast =
            match components.map(|(_, entry)| &entry.kind).any(|kind| matches!(kind, VariableKind::Component { .. })) {
                true => with_operations(ast),
                false => ast,
            };
        let (engine, ast) = self.running(ast, &places);
        let operations = match purpose {
            Purpose::Pure => Some(PURE_OPERATIONS),
            Purpose::Expression => Some(EXPRESSION_OPERATIONS),
            Purpose::Step | Purpose::Hook => None,
        };
        let limits = Limits { memory: self.memory, operations, ..Limits::default() };
        Ok(Arc::new(Script {
            engine,
            ast,
            places,
            variables,
            references,
            calls,
            canonical,
            volatile,
            limits,
            declared,
            flows,
        }))
    }

    fn component(
        &self,
        code: &MappedText,
        declared: ScriptedComponent,
    ) -> Result<Arc<dyn ComponentType>, Vec<Diagnostic>> {
        let code = &readable(code);
        let tokens = tokens(&self.engine, &code.text);
        let places = Places::new(code, &tokens);
        let defined = functions(&code.text, &tokens);
        let renamed = calls_on_this(&tokens, &defined);
        let ast = match renaming(renamed, || self.engine.compile(&*code.text)) {
            Ok(ast) => ast,
            Err(error) => return Err(vec![parse_error::diagnostic(&error, &places, &tokens)]),
        };
        let parsed = Parsed { ast, places, defined, canonical: canonical(code, &tokens) };
        let running = |ast, places: &Places| self.running(ast, places);
        Ok(Arc::new(scripted(&running, &self.known, parsed, declared, self.memory)?))
    }

    fn is_reserved(&self, word: &str) -> bool {
        let tokens = tokens(&self.engine, word);
        !matches!(&*tokens, [only] if only.shape == Shape::Name && only.text == word)
    }
}
