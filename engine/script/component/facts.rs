//! What the functions of a scripted component do with `this`, and what they call.

use super::own_name;
use crate::chain::{Link, chain};
use crate::check::{is_closure, named};
use rhai::{AST, ASTNode, Expr, FnPtr, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// A function by its name and number of parameters.
pub type Form = (String, usize);

/// What one function does.
#[derive(Debug, Default)]
pub struct Facts {
    /// It uses `this`.
    pub uses_this: bool,
    /// Names after `this.` that it reads or sets; what it calls on `this` is in `calls`.
    pub fields: BTreeSet<String>,
    /// `this` as a whole, or a part of it that only a run knows.
    pub whole: bool,
    /// Bare names and namespaces' functions that it calls, and its closures.
    pub calls: BTreeSet<String>,
    /// It makes a function out of a text that only a run knows.
    pub any_function: bool,
}

/// What all functions do.
#[derive(Debug, Default)]
pub struct Survey {
    /// By function; closures are in `closures`.
    pub functions: BTreeMap<Form, Facts>,
    /// By the name that Rhai gave them.
    pub closures: BTreeMap<String, Facts>,
    /// Fields that some function sets: `this.name = …`.
    pub set: BTreeSet<String>,
    /// A field whose name only a run knows is set.
    pub sets_any: bool,
    /// Own functions that are called by their bare name, or whose name is handed on.
    pub bare: BTreeSet<String>,
    /// Names of fields that are used in another way than to call a method of what they hold.
    pub handed_on: BTreeSet<String>,
}

/// Looks at every function.
pub fn survey(ast: &AST) -> Survey {
    let mut survey = Survey::default();
    for function in ast.iter_functions() {
        let mut alone = ast.clone_functions_only();
        let (name, count) = (function.name, function.params.len());
        alone.retain_functions(|_, _, other, parameters| other == name && parameters == count);
        let mut facts = Facts::default();
        alone.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Expr(expression)) => survey.expression(&mut facts, expression, path),
                Some(ASTNode::Stmt(statement)) => survey.statement(&mut facts, statement),
                _ => {}
            }
            true
        });
        if is_closure(name) {
            survey.closures.insert(name.to_owned(), facts);
        } else {
            survey.functions.insert((name.to_owned(), count), facts);
        }
    }
    survey
}

impl Survey {
    fn statement(&mut self, facts: &mut Facts, statement: &Stmt) {
        match statement {
            Stmt::Assignment(parts) => {
                if let Some((Expr::ThisPtr(_), links)) = chain(&parts.1.lhs) {
                    match links.first().map(named) {
                        Some(Some((name, _))) => drop(self.set.insert(name.to_owned())),
                        _ => self.sets_any = true,
                    }
                }
            }
            Stmt::FnCall(call, _) => self.called(facts, call),
            _ => {}
        }
    }

    fn expression(&mut self, facts: &mut Facts, expression: &Expr, path: &[ASTNode<'_>]) {
        match expression {
            Expr::ThisPtr(_) => {
                facts.uses_this = true;
                // As the root of a chain it was looked at with the chain.
                let around = path.len().checked_sub(2).and_then(|at| path.get(at));
                let is_root = matches!(around, Some(ASTNode::Expr(Expr::Dot(pair, ..) | Expr::Index(pair, ..)))
                    if std::ptr::eq(&raw const pair.lhs, std::ptr::from_ref(expression)));
                facts.whole |= !is_root;
            }
            Expr::Dot(..) | Expr::Index(..) => {
                if let Some((Expr::ThisPtr(_), links)) = chain(expression) {
                    self.of_this(facts, &links);
                }
            }
            Expr::FnCall(call, _) => self.called(facts, call),
            Expr::DynamicConstant(value, _) => {
                if let Some(pointer) = value.read_lock::<FnPtr>() {
                    facts.calls.insert(pointer.fn_name().to_owned());
                }
            }
            // The name of a function of the script is the function.
            Expr::Variable(name, ..) if name.2.is_empty() => drop(self.bare.insert(name.1.to_string())),
            _ => {}
        }
    }

    fn of_this(&mut self, facts: &mut Facts, links: &[Link<'_>]) {
        match links.first() {
            Some(Link::Dot(Expr::MethodCall(call, _))) => drop(facts.calls.insert(own_name(&call.name).to_owned())),
            Some(first) => match named(first) {
                Some((name, _)) => {
                    facts.fields.insert(name.to_owned());
                    if !matches!(links.get(1), Some(Link::Dot(Expr::MethodCall(..)))) {
                        self.handed_on.insert(name.to_owned());
                    }
                }
                None => facts.whole = true,
            },
            None => {}
        }
    }

    fn called(&mut self, facts: &mut Facts, call: &rhai::FnCallExpr) {
        if call.is_operator_call() {
            return;
        }
        if call.is_qualified() {
            let space = call.namespace.path.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join("::");
            facts.calls.insert(format!("{space}::{}", call.name));
            return;
        }
        if call.name == "Fn" {
            match &*call.args {
                [Expr::StringConstant(name, _)] => {
                    self.bare.insert(name.to_string());
                    facts.calls.insert(name.to_string());
                }
                _ => facts.any_function = true,
            }
        }
        self.bare.insert(call.name.to_string());
        facts.calls.insert(call.name.to_string());
    }
}
