//! Functions with another body.
//!
//! Rhai lets nobody but its parser make the body of a function. So a function that is to count gets a body of one expression, which leads to
//! the statements; they run in the function's own scope, as if they stood there.

use super::Recorder;
use crate::engine::uncount;
use rhai::{Dynamic, Engine, Expr, ScriptFuncDef, StmtBlock};
use std::cell::RefCell;
use std::sync::Arc;

/// The one expression. Only the engine that runs knows it, never the one that parses what users write.
const KEY: &str = "body";
/// Operations that it takes by itself: as a statement and as an expression.
const OPERATIONS: u64 = 2;

/// What a function does.
#[derive(Clone)]
struct Statements {
    /// The place to count, which is that of the first statement.
    first: Option<usize>,
    /// The statements, as an expression.
    all: Arc<Expr>,
}

thread_local! {
    /// What the parser puts into the next body.
    static NEXT: RefCell<Option<Statements>> = const { RefCell::new(None) };
}

/// Makes an engine run such bodies.
pub fn accept_bodies(engine: &mut Engine, recorder: Recorder) {
    engine.register_custom_syntax_with_state_raw(
        KEY,
        |_, _, state| {
            if let Some(next) = NEXT.take() {
                *state = Dynamic::from(next);
            }
            Ok(None)
        },
        false,
        move |context, _, state| {
            uncount(OPERATIONS);
            let Some(statements) = state.read_lock::<Statements>() else { return Ok(Dynamic::UNIT) };
            if let Some(first) = statements.first {
                recorder.hit(first);
            }
            #[expect(deprecated, reason = "Rhai marks so what may change with a new version of it")]
            context.eval_expression_tree_raw(&(&*statements.all).into(), false)
        },
    );
}

/// Makes bodies.
pub struct Bodies<'a>(pub &'a Engine);

impl Bodies<'_> {
    /// The function with other statements, before which the place `first` is counted; `None` if it stays as it is, because the parser does
    /// not make bodies.
    pub fn replace(
        &self,
        function: &ScriptFuncDef,
        first: Option<usize>,
        statements: StmtBlock,
    ) -> Option<ScriptFuncDef> {
        NEXT.set(Some(Statements { first, all: Arc::new(Expr::Stmt(Box::new(statements))) }));
        let parsed = self.0.compile(format!("fn f() {{ {KEY} }}"));
        let unused = NEXT.take();
        let made = parsed.ok()?.iter_fn_def().next()?.body.clone();
        unused.is_none().then(|| ScriptFuncDef { body: made, ..function.clone() })
    }
}
