//! The walk itself: statements, expressions, scopes.

use super::Checker;
use crate::chain::chain;
use rhai::{
    BinaryExpr, Dynamic, Expr, FlowControl, FnCallExpr, FnPtr, Ident, OpAssignment, Position, Stmt, StmtBlock, Token,
};
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_step::{Purpose, ReferenceKind, VariableKind};

/// Variables that there are only while a run is under way.
const ONLY_RUNNING: &[&str] = &["run", "results", "step"];

impl<'a> Checker<'a> {
    /// Statements of the script's body.
    pub(super) fn statements(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    /// All functions that have a name, each on its own.
    pub(super) fn functions(&mut self) {
        let bodies = self.bodies;
        for (_, body) in bodies.iter().filter(|((name, _), _)| !is_closure(name)) {
            let outside = self.names.enter_function(body.parameters.iter().cloned());
            self.statements(&body.statements);
            self.names = outside;
        }
    }

    fn block(&mut self, block: &'a StmtBlock) {
        let mark = self.names.mark();
        self.statements(block.statements());
        self.names.reset(mark);
    }

    fn flow(&mut self, flow: &'a FlowControl) {
        self.expression(&flow.expr);
        self.block(&flow.body);
        self.block(&flow.branch);
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::If(flow, _) | Stmt::While(flow, _) => self.flow(flow),
            Stmt::Do(flow, ..) => {
                self.block(&flow.body);
                self.expression(&flow.expr);
            }
            Stmt::Switch(switch, _) => {
                self.expression(&switch.0);
                for case in &switch.1.expressions {
                    self.expression(&case.lhs);
                    self.expression(&case.rhs);
                }
            }
            Stmt::For(parts, _) => {
                let (variable, counter, flow) = &**parts;
                self.expression(&flow.expr);
                let mark = self.names.mark();
                self.define(variable);
                if let Some(counter) = counter {
                    self.define(counter);
                }
                self.block(&flow.body);
                self.names.reset(mark);
            }
            Stmt::Var(parts, ..) => {
                self.expression(&parts.1);
                self.keep_stream(&parts.0.name, &parts.1);
                self.define(&parts.0);
            }
            Stmt::Assignment(parts) => {
                self.assignment(&parts.1.lhs);
                self.expression(&parts.1.rhs);
                self.added_stream(parts);
                if let Expr::Variable(name, ..) = &parts.1.lhs
                    && !parts.0.is_op_assignment()
                {
                    self.keep_stream(&name.1, &parts.1.rhs);
                }
            }
            Stmt::FnCall(call, position) => self.function_call(call, *position),
            Stmt::Block(block) => self.block(block),
            Stmt::TryCatch(flow, _) => {
                self.block(&flow.body);
                let mark = self.names.mark();
                if let Expr::Variable(name, _, position) = &flow.expr {
                    self.define(&Ident { name: name.1.clone(), pos: *position });
                }
                self.block(&flow.branch);
                self.names.reset(mark);
            }
            Stmt::Expr(expression) => self.expression(expression),
            Stmt::BreakLoop(Some(expression), ..) | Stmt::Return(Some(expression), ..) => self.expression(expression),
            Stmt::Import(parts, position) => {
                let span = self.span(*position);
                self.problem(
                    Diagnostic::error(Code::NotYet, "`import` is not part of this version yet")
                        .at(span, "")
                        .help("put the functions into this script".to_owned()),
                );
                self.expression(&parts.0);
            }
            Stmt::Export(parts, _) => self.variable(&parts.0.name, parts.0.pos),
            // `Share` repeats what a closure captures; the closure's own text is looked at where it stands.
            _ => {}
        }
    }

    /// `list += stream` would add the stream as one element, which Rhai does by itself and nobody means.
    fn added_stream(&mut self, parts: &'a (OpAssignment, BinaryExpr)) {
        let (operator, BinaryExpr { lhs, rhs }) = parts;
        let adds = operator.get_op_assignment_info().is_some_and(|info| *info.2 == Token::PlusAssign);
        if adds && self.gives_stream(rhs) {
            let span = self.span(operator.position());
            let name = if let Expr::Variable(name, ..) = lhs { name.1.as_str() } else { "list" };
            self.problem(
                Diagnostic::error(Code::NotAllowedHere, "this would add what is read as one element")
                    .at(span, "")
                    .help(format!(
                        "to add every element, write `{name}.append(…)`; to add the list itself, `{name}.push(…)`"
                    )),
            );
        }
    }

    /// A name that the script defines.
    fn define(&mut self, name: &Ident) {
        if name.name.is_empty() {
            return;
        }
        if self.names.sees_scope()
            && let Some(entry) = self.scope.variables.get(name.name.as_str())
            && !matches!(entry.kind, VariableKind::Loop | VariableKind::Flow)
        {
            let what = self.what(&name.name, &entry.kind);
            let span = self.span(name.pos);
            self.problem(
                Diagnostic::error(Code::ReservedName, format!("`{}` hides {what}", name.name))
                    .at(span, "")
                    .at(entry.span, "declared here")
                    .help("choose another name".to_owned()),
            );
        }
        self.names.add(name.name.as_str());
    }

    fn assignment(&mut self, target: &'a Expr) {
        let (root, links) = chain(target).unwrap_or((target, Vec::new()));
        if let Expr::ThisPtr(position) = root
            && self.takes_this_away(*position, &links)
        {
            return;
        }
        let linked = !links.is_empty();
        if let Expr::Variable(name, _, position) = root
            && name.2.is_empty()
            && let Some(entry) = self.engine_variable(&name.1)
            && entry.kind != VariableKind::Flow
            && (!linked || !matches!(entry.kind, VariableKind::Loop | VariableKind::Unknown))
        {
            let what = self.what(&name.1, &entry.kind);
            let span = self.span(*position);
            let help = match entry.kind {
                VariableKind::Kv(_) => format!("write with `{}.put(key, value)`", name.1),
                VariableKind::Documents { .. } => format!("write with `{}.insert(#{{ … }})`", name.1),
                VariableKind::Vectors { .. } => format!("write with `{}.add(id, vector)`", name.1),
                VariableKind::Objects(_) => format!("write with `{}.put(path, value)`", name.1),
                VariableKind::Component { .. } | VariableKind::Unknown => {
                    format!("call its operations, `{}.name(…)`, or use a variable of your own: `let x = …`", name.1)
                }
                _ => "keep your own value in a variable of your own: `let x = …`".to_owned(),
            };
            self.problem(
                Diagnostic::error(Code::ReservedName, format!("`{}` is {what}: it cannot be assigned to", name.1))
                    .at(span, "")
                    .help(help),
            );
            return;
        }
        self.expression(target);
    }

    /// What a variable of the engine is, for messages.
    fn what(&self, name: &str, kind: &VariableKind) -> String {
        if let Some(database) = kind.database() {
            return format!("the database `{database}`");
        }
        match kind {
            VariableKind::Loop if name == "index" => "the number of the iteration".to_owned(),
            VariableKind::Loop => "the loop's variable".to_owned(),
            VariableKind::Component { about, .. } => format!("the component `{}`", about.name),
            VariableKind::Unknown => "a component".to_owned(),
            _ => "the engine's own variable".to_owned(),
        }
    }

    pub(super) fn expressions(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    pub(super) fn expression(&mut self, expression: &'a Expr) {
        match expression {
            Expr::InterpolatedString(parts, _) | Expr::Array(parts, _) => self.expressions(parts.iter()),
            Expr::Map(map, _) => self.expressions(map.0.iter().map(|(_, value)| value)),
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => self.expressions(parts.iter()),
            Expr::Variable(name, _, position) => {
                if name.2.is_empty() {
                    self.variable(&name.1, *position);
                } else {
                    self.qualified_variable(&name.2.path, &name.1, *position);
                }
            }
            Expr::DynamicConstant(value, _) => self.closure(value, 0),
            Expr::Stmt(block) => self.block(block),
            Expr::FnCall(call, position) => {
                if let Some(closure) = captured(call) {
                    self.closure(closure, call.args.len() - 1);
                } else {
                    self.function_call(call, *position);
                }
            }
            Expr::MethodCall(call, position) => self.method_call(call, *position),
            Expr::Dot(..) | Expr::Index(..) => {
                if let Some((root, links)) = chain(expression) {
                    self.chain(root, &links);
                }
            }
            _ => {}
        }
    }

    /// A closure, where it stands: it sees what can be seen there and its own parameters, but not those that it captured by name.
    fn closure(&mut self, value: &Dynamic, captured: usize) {
        let Some(function) = value.read_lock::<FnPtr>() else { return };
        let bodies = self.bodies;
        // Names of closures are unique, so the first of that name is the one.
        let from = (function.fn_name().to_owned(), 0);
        let Some(((name, _), body)) = bodies.range(from..).next() else { return };
        if name != function.fn_name() {
            return;
        }
        let mark = self.names.mark();
        for parameter in body.parameters.iter().skip(captured) {
            self.names.add(parameter.as_str());
        }
        self.closures += 1;
        self.statements(&body.statements);
        self.closures -= 1;
        self.names.reset(mark);
    }

    /// A variable on its own.
    pub(super) fn variable(&mut self, name: &str, position: Position) {
        if self.names.is_local(name) {
            return;
        }
        let span = self.span(position);
        if let Some(entry) = self.engine_variable(name) {
            if let Some(database) = entry.kind.database() {
                self.mention(ReferenceKind::Database(database.to_owned()), span);
            }
            match &entry.kind {
                VariableKind::Params(_) => self.mention(ReferenceKind::AnyParam, span),
                VariableKind::Results(_) => self.mention(ReferenceKind::AnyResult, span),
                VariableKind::Loop => self.mention(ReferenceKind::Variable(name.to_owned()), span),
                VariableKind::Run => self.findings.volatile = true,
                VariableKind::Component { binding, .. } => self.component_mentioned(name, binding, span),
                _ => {}
            }
            return;
        }
        // The name of a function of the script is the function.
        if self.own.contains_key(name) {
            return;
        }
        if self.purpose == Purpose::Pure && ONLY_RUNNING.contains(&name) && self.names.sees_scope() {
            let message = format!("`{name}` is known only while a run is under way, and this is evaluated before");
            let problem = Diagnostic::error(Code::NotAllowedHere, message).at(span, "");
            self.problem(problem.help("`params`, `facets`, `mode` and pure functions may be used here".to_owned()));
            return;
        }
        let problem = Diagnostic::error(Code::UndefinedVariable, format!("there is no variable `{name}` here"));
        let problem = problem.at(span, "").help(self.help_for_variable(name));
        self.problem(problem);
    }

    fn help_for_variable(&self, name: &str) -> Option<String> {
        if let Some(this) = self.this {
            return Some(self.help_for_dependency(this, name));
        }
        if !self.names.sees_scope() && self.scope.variables.contains_key(name) {
            return Some(format!("functions see only their parameters: pass it on, `fn f({name}, …)`"));
        }
        let scope = self.scope.variables.keys().map(String::as_str).filter(|_| self.names.sees_scope());
        if let Some(other) = did_you_mean(name, self.names.iter().chain(scope)) {
            return Some(format!("did you mean `{other}`?"));
        }
        if self.known.bare.contains_key(name) {
            return Some(format!("`{name}` is a function: call it, `{name}(…)`"));
        }
        self.known.namespaces.contains(name).then(|| format!("`{name}` is a namespace: `{name}::…`"))
    }

    fn qualified_variable(&mut self, path: &[Ident], name: &str, position: Position) {
        let Some(first) = path.first() else { return };
        // `global::NAME` is a constant of the script itself, seen from a function.
        if first.name == "global" {
            self.constant_of_component(name, position);
            return;
        }
        let space = path.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join("::");
        let full = format!("{space}::{name}");
        if self.known.constants.contains(&full) {
            return;
        }
        let span = self.places.range(first.pos, position);
        let problem = Diagnostic::error(Code::UndefinedVariable, format!("there is no constant `{full}`")).at(span, "");
        let help = if self.known.qualified.contains_key(&full) {
            Some(format!("`{full}` is a function: call it, `{full}(…)`"))
        } else {
            did_you_mean(&full, self.known.constants.iter().map(String::as_str))
                .map(|other| format!("did you mean `{other}`?"))
        };
        self.problem(problem.help(help));
    }
}

/// Whether a function is one that Rhai made out of a closure.
pub fn is_closure(name: &str) -> bool {
    name.starts_with("anon$")
}

/// The closure, if a call is the one that Rhai makes to hand a closure what it captures.
fn captured(call: &FnCallExpr) -> Option<&Dynamic> {
    match call.args.first() {
        Some(Expr::DynamicConstant(value, _)) if call.name == "curry" && value.is_fnptr() => Some(value),
        _ => None,
    }
}
