//! What the functions of a scripted component do with `this`, and what they call.

use super::own_name;
use crate::chain::{Link, chain};
use crate::check::{is_closure, named};
use rhai::{AST, ASTNode, Expr, FnPtr, Position, Stmt};
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
    /// Where it sets a field of `this`, or changes what the field holds.
    pub sets: Vec<(String, Position)>,
    /// The same of each statement of its body, in order.
    pub rows: Vec<Row>,
    /// The address of what the assignment that is looked at sets, where it sets a whole field.
    target: usize,
    /// It makes a function out of a text that only a run knows.
    pub any_function: bool,
}

/// What one statement of a function's body does.
#[derive(Debug, Default)]
pub struct Row {
    /// It does nothing but set that field anew.
    pub sets: Option<String>,
    /// It does nothing but call that on `this`.
    pub only_calls: Option<String>,
    /// Fields that it looks at.
    pub reads: BTreeSet<String>,
    /// What it calls on `this`.
    pub calls: BTreeSet<String>,
}

/// Methods that change the list, map or text that they are called on.
const CHANGING: &[&str] =
    &["append", "clear", "drain", "insert", "mixin", "pop", "push", "remove", "retain", "shift", "splice", "truncate"];

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
                Some(ASTNode::Stmt(statement)) => survey.statement(&mut facts, statement, path.len() == 1),
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
    fn statement(&mut self, facts: &mut Facts, statement: &Stmt, of_body: bool) {
        let mut row = Row::default();
        match statement {
            Stmt::Assignment(parts) => {
                if let Some((Expr::ThisPtr(_), links)) = chain(&parts.1.lhs) {
                    match links.first().map(named) {
                        Some(Some((name, at))) => {
                            self.set.insert(name.to_owned());
                            facts.sets.push((name.to_owned(), at));
                            if links.len() == 1 && parts.0.get_op_assignment_info().is_none() {
                                facts.target = std::ptr::from_ref(&parts.1.lhs).addr();
                                row.sets = Some(name.to_owned());
                            }
                        }
                        _ => self.sets_any = true,
                    }
                }
            }
            Stmt::FnCall(call, _) => self.called(facts, call),
            Stmt::Expr(expression) => {
                if let Some((Expr::ThisPtr(_), links)) = chain(expression)
                    && let [Link::Dot(Expr::MethodCall(call, _))] = &*links
                {
                    row.only_calls = Some(own_name(&call.name).to_owned());
                }
            }
            _ => {}
        }
        if of_body {
            facts.rows.push(row);
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
                    let set = facts.target == std::ptr::from_ref(expression).addr();
                    self.of_this(facts, &links, set);
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

    /// `this` and what follows. `set`: it is all that stands on the left of an assignment.
    fn of_this(&mut self, facts: &mut Facts, links: &[Link<'_>], set: bool) {
        match links.first() {
            Some(Link::Dot(Expr::MethodCall(call, _))) => {
                let name = own_name(&call.name).to_owned();
                if let Some(row) = facts.rows.last_mut() {
                    row.calls.insert(name.clone());
                }
                facts.calls.insert(name);
            }
            Some(first) => match named(first) {
                Some((name, at)) => {
                    facts.fields.insert(name.to_owned());
                    if let Some(row) = facts.rows.last_mut().filter(|_| !set) {
                        row.reads.insert(name.to_owned());
                    }
                    match links.get(1) {
                        Some(Link::Dot(Expr::MethodCall(call, _))) => {
                            if CHANGING.contains(&call.name.as_str()) {
                                facts.sets.push((name.to_owned(), at));
                            }
                        }
                        _ => drop(self.handed_on.insert(name.to_owned())),
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
