//! Variables that are components: their methods are the operations of what is bound.

use super::Checker;
use super::engine_variable::named;
use crate::chain::Link;
use crate::known::Known;
use rhai::{Expr, FnCallExpr, Position};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_step::{About, Class, LibraryCall, Operation, Purpose, ReferenceKind, VariableKind};

impl<'a> Checker<'a> {
    /// The first link after a component. Says whether it is dealt with.
    pub(super) fn component(
        &mut self,
        name: &str,
        binding: &str,
        about: &'a About,
        root: Option<Span>,
        link: &Link<'a>,
    ) -> bool {
        self.component_mentioned(name, binding, root);
        match link {
            Link::Dot(Expr::MethodCall(call, position)) => {
                self.expressions(call.args.iter());
                // `type_of` and the like are there for every value.
                if !Known::is_built_in(&call.name) {
                    self.operation_call(name, about, call, *position);
                }
                true
            }
            _ => match named(link) {
                Some((property, position)) => {
                    let help = match about.operation(property).and_then(|at| about.operations.get(at)) {
                        Some(operation) => format!("it is an operation: call it, `{name}.{}`", operation.signature()),
                        None => operations_of(name, about, property),
                    };
                    let span = self.span(position);
                    let message = format!("`{name}` has no property `{property}`: a component has operations only");
                    self.problem(Diagnostic::error(Code::UnknownProperty, message).at(span, "").help(help));
                    true
                }
                None => false,
            },
        }
    }

    /// A component, whatever is done with it.
    pub(super) fn component_mentioned(&mut self, name: &str, binding: &str, span: Option<Span>) {
        self.mention(ReferenceKind::Component(binding.to_owned()), span);
        if self.purpose == Purpose::Pure {
            let message = format!("`{name}` is a component, and this is evaluated before any is created");
            let problem = Diagnostic::error(Code::NotAllowedHere, message).at(span, "");
            self.problem(problem.help("`params`, `facets`, `mode` and pure functions may be used here".to_owned()));
        }
    }

    fn operation_call(&mut self, name: &str, about: &'a About, call: &FnCallExpr, position: Position) {
        let (called, count) = (call.name.as_str(), call.args.len());
        let span = self.span(position);
        let Some(operation) = about.operation(called).and_then(|at| about.operations.get(at)) else {
            let message = format!("`{name}` has no operation `{called}`");
            let help = operations_of(name, about, called);
            self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
            return;
        };
        let (fewest, most) = operation.arity();
        if count < fewest || count > most {
            let wanted = super::call::listed(&(fewest..=most).collect());
            let help = format!("it is called as `{name}.{}`", operation.signature());
            self.wrong_arity(&format!("{name}.{called}"), &wanted, count, Some(help), span);
            return;
        }
        self.means_own(call, position);
        if !operation.declared {
            return;
        }
        if self.purpose == Purpose::Expression && operation.class == Class::Effect {
            let message = format!("`{name}.{called}` changes the world outside: only steps may call it");
            self.problem(Diagnostic::error(Code::NotAllowedHere, message).at(span, ""));
        }
        if let (Class::Observe | Class::Effect, Some(span)) = (operation.class, span) {
            let function = format!("{name}.{}", operation.name);
            self.findings.calls.push(LibraryCall { function, class: operation.class, span });
        }
    }

    /// Whether one of the components that could be handed around has an operation of that name for so many arguments.
    pub(super) fn some_operation(&self, name: &str, count: usize) -> bool {
        self.scope.variables.iter().any(|(variable, entry)| match &entry.kind {
            // Whatever it is, it may be handed around as well.
            VariableKind::Unknown => self.findings.mentioned.contains(variable),
            VariableKind::Component { about, .. } => {
                let operation = about.operation(name).and_then(|at| about.operations.get(at));
                operation.is_some_and(|operation| {
                    let (fewest, most) = operation.arity();
                    (fewest..=most).contains(&count)
                })
            }
            _ => false,
        })
    }
}

/// What a component can do, after something that it cannot.
fn operations_of(name: &str, about: &About, asked: &str) -> String {
    let names = about.operations.iter().map(|operation| operation.name.as_str());
    if let Some(near) = did_you_mean(asked, names) {
        return format!("did you mean `{name}.{near}`?");
    }
    let all: Vec<String> = about.operations.iter().map(Operation::signature).collect();
    if all.is_empty() { format!("`{}` has no operations", about.name) } else { format!("it has: {}", all.join(", ")) }
}
