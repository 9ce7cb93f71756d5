//! The methods that a script calls.

use crate::component::own_name;
use rhai::{AST, ASTNode, Expr, Module, Stmt};
use std::collections::BTreeSet;
use thinking_std::operations;

/// The script with a function for each of its method calls that leads to the operations of components. They are part of the script's own
/// library, so that all scripts share one engine.
pub fn with_operations(ast: AST) -> AST {
    let mut module = Module::clone(ast.shared_lib());
    add_operations(&mut module, &ast);
    let statements: Vec<Stmt> = ast.statements().to_vec();
    AST::new(statements, module)
}

/// Adds a function for each method call of a script to what will be its library.
pub fn add_operations(module: &mut Module, ast: &AST) {
    operations(module, method_calls(ast).iter().map(|(name, count)| (name.as_str(), *count)));
}

/// Names and numbers of arguments of all method calls, in functions and closures too.
fn method_calls(ast: &AST) -> BTreeSet<(String, usize)> {
    let mut calls = BTreeSet::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, _))) = path.last()
            && own_name(&call.name) == call.name
        {
            calls.insert((call.name.to_string(), call.args.len()));
        }
        true
    });
    calls
}
