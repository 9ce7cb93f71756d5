//! Where statements and expressions start: Rhai gives the operator's place for `a + b` and `a = b`.

use rhai::{Expr, FnCallExpr, Position, Stmt};

/// Where a statement starts.
pub fn start(statement: &Stmt) -> Position {
    match statement {
        Stmt::Expr(expression) => start_of_expression(expression),
        Stmt::Assignment(parts) => start_of_expression(&parts.1.lhs),
        Stmt::FnCall(call, position) => start_of_call(call, *position),
        other => other.position(),
    }
}

/// Where an expression starts.
pub fn start_of_expression(expression: &Expr) -> Position {
    match expression {
        Expr::FnCall(call, position) => start_of_call(call, *position),
        Expr::And(parts, position) | Expr::Or(parts, position) | Expr::Coalesce(parts, position) => {
            parts.first().map_or(*position, start_of_expression)
        }
        Expr::Dot(pair, ..) | Expr::Index(pair, ..) => start_of_expression(&pair.lhs),
        other => other.start_position(),
    }
}

fn start_of_call(call: &FnCallExpr, position: Position) -> Position {
    match call.namespace.path.first() {
        Some(space) => space.pos,
        // Of `-a` and `!a` this is the place of `a`.
        None if call.is_operator_call() => call.args.first().map_or(position, start_of_expression),
        None => position,
    }
}
