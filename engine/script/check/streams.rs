//! Which expressions give lists whose elements are made one after the other.

use super::{Bodies, Checker};
use crate::known::Known;
use rhai::{ASTFlags, Expr, FlowControl, Stmt};
use std::collections::BTreeSet;

/// Functions that call each other are followed so far.
const CALLS: usize = 8;

impl Checker<'_> {
    /// Notes whether a variable holds such a list from here on.
    pub(super) fn keep_stream(&mut self, name: &str, value: &Expr) {
        if self.gives_stream(value) {
            self.streams.insert(name.to_owned());
        } else {
            self.streams.remove(name);
        }
    }

    /// Whether an expression gives such a list, on one of its ways at least.
    pub(super) fn gives_stream(&self, expression: &Expr) -> bool {
        Seeker { known: self.known, bodies: self.bodies, left: CALLS }.value(expression, &self.streams)
    }
}

#[derive(Clone, Copy)]
struct Seeker<'a> {
    known: &'a Known,
    bodies: &'a Bodies,
    left: usize,
}

impl Seeker<'_> {
    /// `streams` are the variables that hold one.
    fn value(self, expression: &Expr, streams: &BTreeSet<String>) -> bool {
        match expression {
            Expr::FnCall(call, _) if call.is_qualified() => {
                let space = call.namespace.path.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join("::");
                self.known.doc(&format!("{space}::{}", call.name)).is_some_and(|doc| doc.stream)
            }
            Expr::FnCall(call, _) => self.call(&call.name, call.args.len()),
            Expr::Variable(name, ..) => name.2.is_empty() && streams.contains(name.1.as_str()),
            Expr::Stmt(block) => self.statements(block.statements(), true, &mut streams.clone()),
            _ => false,
        }
    }

    /// Whether one of the script's own functions gives one.
    fn call(self, name: &str, arguments: usize) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        let body = self.bodies.get(&(name.to_owned(), arguments));
        body.is_some_and(|body| Self { left, ..self }.statements(&body.statements, true, &mut BTreeSet::new()))
    }

    /// Whether statements give one: by `return` or, if its `value` is asked for, as the last.
    fn statements(self, statements: &[Stmt], value: bool, streams: &mut BTreeSet<String>) -> bool {
        let Some((last, before)) = statements.split_last() else { return false };
        before.iter().any(|statement| self.statement(statement, false, streams)) || self.statement(last, value, streams)
    }

    fn statement(self, statement: &Stmt, is_last: bool, streams: &mut BTreeSet<String>) -> bool {
        let mut block = |statements: &[Stmt]| {
            let mut inner = streams.clone();
            let gives = self.statements(statements, is_last, &mut inner);
            // What was assigned in there holds behind it too.
            streams.extend(inner);
            gives
        };
        match statement {
            Stmt::Expr(expression) => is_last && self.value(expression, streams),
            Stmt::FnCall(call, _) => is_last && self.value(&Expr::FnCall(call.clone(), rhai::Position::NONE), streams),
            Stmt::Return(Some(expression), flags, _) => {
                !flags.intersects(ASTFlags::BREAK) && self.value(expression, streams)
            }
            Stmt::Block(inner) => block(inner.statements()),
            Stmt::If(flow, _) | Stmt::TryCatch(flow, _) => {
                let FlowControl { body, branch, .. } = &**flow;
                let gives = block(body.statements());
                gives | block(branch.statements())
            }
            Stmt::While(flow, _) | Stmt::Do(flow, ..) => block(flow.body.statements()),
            Stmt::For(parts, _) => block(parts.2.body.statements()),
            Stmt::Switch(switch, _) => {
                is_last && switch.1.expressions.iter().any(|case| self.value(&case.rhs, streams))
            }
            Stmt::Var(parts, ..) => {
                self.keep(&parts.0.name, &parts.1, streams);
                false
            }
            Stmt::Assignment(parts) => {
                if let Expr::Variable(name, ..) = &parts.1.lhs
                    && !parts.0.is_op_assignment()
                {
                    self.keep(&name.1, &parts.1.rhs, streams);
                }
                false
            }
            _ => false,
        }
    }

    fn keep(self, name: &str, value: &Expr, streams: &mut BTreeSet<String>) {
        if self.value(value, streams) {
            streams.insert(name.to_owned());
        } else {
            streams.remove(name);
        }
    }
}
