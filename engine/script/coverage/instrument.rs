//! Counting statements for a tree.

use super::bodies::Bodies;
use super::{MARK, Recorder};
use crate::check::is_closure;
use crate::places::Places;
use crate::start::{start, start_of_expression};
use rhai::{
    AST, ASTNode, Engine, Expr, FlowControl, FnPtr, Ident, ImmutableString, Module, Position, ScriptFuncDef, Shared,
    Stmt, StmtBlock,
};
use std::collections::BTreeMap;
use std::mem;
use std::num::NonZeroUsize;

/// The tree with counting statements. `engine` is the one that will run it.
pub fn instrument(ast: AST, engine: &Engine, recorder: &Recorder, places: &Places) -> AST {
    let functions: Vec<&Shared<ScriptFuncDef>> = ast.iter_fn_def().collect();
    let mut work = Work {
        recorder,
        places,
        bodies: Bodies(engine),
        mark: MARK.into(),
        closures: functions.iter().filter(|f| is_closure(&f.name)).map(|f| (f.name.as_str(), &***f)).collect(),
        counted: 0,
        replaced: Vec::new(),
    };
    let statements = work.statements(ast.statements().to_vec(), None);
    for function in functions.iter().filter(|function| !is_closure(&function.name)) {
        work.function(function, None);
    }
    let mut module = Module::clone(ast.shared_lib());
    for function in work.replaced {
        module.set_script_fn(function);
    }
    AST::new(statements, module)
}

/// A place that was counted before what follows runs.
#[derive(Clone, Copy)]
struct Before {
    number: usize,
    line: usize,
}

struct Work<'a> {
    recorder: &'a Recorder,
    places: &'a Places,
    bodies: Bodies<'a>,
    mark: ImmutableString,
    closures: BTreeMap<&'a str, &'a ScriptFuncDef>,
    /// Counting statements that were made for the body that is at hand.
    counted: usize,
    replaced: Vec<ScriptFuncDef>,
}

impl Work<'_> {
    /// A function; what is on the line of `before` needs no counting.
    fn function(&mut self, function: &ScriptFuncDef, before: Option<Before>) {
        let outside = mem::take(&mut self.counted);
        let mut statements = self.statements(body(function), before);
        if self.counted > 0 {
            let first = self.counts(statements.first());
            if first.is_some() {
                statements.remove(0);
            }
            let block = StmtBlock::new(statements, function.body.start_position(), function.body.end_position());
            self.replaced.extend(self.bodies.replace(function, first, block));
        }
        self.counted = outside;
    }

    /// Statements that run one after the other.
    fn statements(&mut self, list: impl IntoIterator<Item = Stmt>, mut before: Option<Before>) -> Vec<Stmt> {
        let list = list.into_iter();
        let mut all = Vec::with_capacity(list.size_hint().0 * 2);
        for mut statement in list {
            match statement {
                Stmt::Noop(_) => {}
                // What a closure captures; the statement after it makes the closure.
                Stmt::Share(_) => {
                    all.push(statement);
                    continue;
                }
                Stmt::Block(_) => self.inside(&mut statement, before),
                _ => {
                    let made_closure = matches!(all.last(), Some(Stmt::Share(_))) && self.counts(all.last()).is_none();
                    if !made_closure && let Some((counting, at)) = self.counting(start(&statement), before) {
                        before = Some(at);
                        all.push(counting);
                    }
                    self.inside(&mut statement, before);
                }
            }
            all.push(statement);
        }
        all
    }

    /// The statement that counts a place; `None` if `before` counts for it, or if it has no place.
    fn counting(&mut self, position: Position, before: Option<Before>) -> Option<(Stmt, Before)> {
        let line = position.line()?;
        if before.is_some_and(|before| before.line == line) {
            return None;
        }
        let number = self.recorder.site(self.places.token(position)?, before.map(|before| before.number));
        if before.is_some_and(|before| before.number == number) {
            return None;
        }
        self.counted += 1;
        let ident = Ident { name: self.mark.clone(), pos: position };
        let counting = Stmt::Share(Box::new([(ident, NonZeroUsize::new(number + 1))].into_iter().collect()));
        Some((counting, Before { number, line }))
    }

    /// The place that a statement counts; `None` if it is the script's own.
    fn counts(&self, statement: Option<&Stmt>) -> Option<usize> {
        let Some(Stmt::Share(shared)) = statement else { return None };
        let (_, number) = shared.first().filter(|(ident, _)| ident.name == self.mark)?;
        number.map(|number| number.get() - 1)
    }

    fn block(&mut self, block: &mut StmtBlock, before: Option<Before>) {
        let span = block.span();
        let statements = mem::take(block.statements_mut());
        *block = StmtBlock::new_with_span(self.statements(statements, before), span);
    }

    fn flow(&mut self, flow: &mut FlowControl, before: Option<Before>) {
        self.expression(&mut flow.expr, before);
        self.block(&mut flow.body, before);
        self.block(&mut flow.branch, before);
    }

    /// What a statement holds.
    fn inside(&mut self, statement: &mut Stmt, before: Option<Before>) {
        match statement {
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::TryCatch(flow, _) => self.flow(flow, before),
            Stmt::Do(flow, ..) => {
                self.flow(flow, before);
                self.condition(&mut flow.expr, before);
            }
            Stmt::For(parts, _) => self.flow(&mut parts.2, before),
            Stmt::Switch(parts, _) => {
                self.expression(&mut parts.0, before);
                for case in &mut parts.1.expressions {
                    self.expression(&mut case.lhs, before);
                    self.expression(&mut case.rhs, before);
                }
            }
            Stmt::Var(parts, ..) => self.expression(&mut parts.1, before),
            Stmt::Assignment(parts) => {
                self.expression(&mut parts.1.lhs, before);
                self.expression(&mut parts.1.rhs, before);
            }
            Stmt::FnCall(call, _) => self.expressions(call.args.iter_mut(), before),
            Stmt::Block(block) => self.block(block, before),
            Stmt::Expr(expression) => self.expression(expression, before),
            Stmt::BreakLoop(Some(expression), ..) | Stmt::Return(Some(expression), ..) => {
                self.expression(expression, before);
            }
            _ => {}
        }
    }

    /// `while …` at the end of a loop: a place of its own where it is on a line of its own. What counts is an empty value, and `??` goes on.
    fn condition(&mut self, condition: &mut Expr, before: Option<Before>) {
        let (first, position) = (start_of_expression(condition), condition.position());
        if let Some((counting, _)) = self.counting(first, before) {
            let counting = Expr::Stmt(Box::new(StmtBlock::new([counting], first, Position::NONE)));
            let condition_itself = mem::take(condition);
            *condition = Expr::Coalesce(Box::new([counting, condition_itself].into_iter().collect()), position);
        }
    }

    fn expressions<'e>(&mut self, all: impl Iterator<Item = &'e mut Expr>, before: Option<Before>) {
        all.for_each(|expression| self.expression(expression, before));
    }

    fn expression(&mut self, expression: &mut Expr, before: Option<Before>) {
        match expression {
            Expr::Stmt(block) => self.block(block, before),
            Expr::DynamicConstant(value, _) => {
                let name = value.read_lock::<FnPtr>().map(|pointer| pointer.fn_name().to_owned());
                let closure = name.and_then(|name| self.closures.get(name.as_str()).copied());
                if let Some(closure) = closure {
                    self.function(closure, before);
                }
            }
            Expr::InterpolatedString(parts, _) => self.expressions(parts.iter_mut(), before),
            Expr::Array(parts, _) => self.expressions(parts.iter_mut(), before),
            Expr::Map(parts, _) => self.expressions(parts.0.iter_mut().map(|(_, value)| value), before),
            Expr::FnCall(call, _) | Expr::MethodCall(call, _) => self.expressions(call.args.iter_mut(), before),
            Expr::Index(pair, ..) | Expr::Dot(pair, ..) => {
                self.expression(&mut pair.lhs, before);
                self.expression(&mut pair.rhs, before);
            }
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                self.expressions(parts.iter_mut(), before);
            }
            _ => {}
        }
    }
}

/// The statements of a function: Rhai shows them only to a walk over a whole tree.
fn body(function: &ScriptFuncDef) -> Vec<Stmt> {
    let mut module = Module::new();
    module.set_script_fn(function.clone());
    let mut statements = Vec::new();
    AST::new([], module).walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    statements
}
