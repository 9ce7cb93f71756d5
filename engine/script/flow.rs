//! Variables that pass from one script to the next.

use crate::places::Places;
use crate::program::Variable;
use rhai::{AST, Dynamic, ImmutableString, Scope, Stmt};
use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_std::from_value;
use thinking_step::{Carried, Host, StepError};

/// The variables that a script declares at the top, with their places.
pub(crate) fn declared(ast: &AST, places: &Places) -> Vec<(String, Span)> {
    let names = ast.statements().iter().filter_map(|statement| match statement {
        Stmt::Var(declaration, ..) => Some(&declaration.0),
        _ => None,
    });
    names.map(|name| (name.name.to_string(), places.token(name.pos).unwrap_or(places.code().whole))).collect()
}

/// What a variable holds now.
pub(crate) fn take(host: &Arc<dyn Host>, name: &str) -> Result<Option<Dynamic>, StepError> {
    Ok(match host.flow().and_then(|flow| flow.get(name)) {
        None => None,
        Some(Carried::Value(value)) => Some(from_value(&value)),
        Some(Carried::ResultOf(path)) => host.result(&path)?.map(|value| from_value(&value)),
        Some(Carried::Kept(value)) => value.downcast_ref::<Dynamic>().cloned(),
    })
}

/// Gives on what a script made of the variables that came in, and what it declared; also if it failed.
pub(crate) fn give(
    host: &Arc<dyn Host>,
    scope: &Scope<'_>,
    variables: &[(ImmutableString, Variable)],
    declared: &[(String, Span)],
) {
    let Some(flow) = host.flow() else { return };
    let came = variables.iter().filter_map(|(name, kind)| matches!(kind, Variable::Flow(_)).then_some(name.as_str()));
    for name in came.chain(declared.iter().map(|(name, _)| name.as_str())) {
        if let Some(value) = scope.get(name) {
            flow.set(name, Carried::Kept(Arc::new(value.clone())));
        }
    }
}

/// What functions of earlier scripts are kept under; no variable is called so.
const FUNCTIONS: &str = "fn";

/// A script together with the functions of earlier ones; `None` if there are none. Its own hide those of the same name.
pub(crate) fn with_functions(host: &Arc<dyn Host>, ast: &AST) -> Option<AST> {
    let Some(Carried::Kept(earlier)) = host.flow()?.get(FUNCTIONS) else { return None };
    Some(earlier.downcast_ref::<AST>()?.merge(ast))
}

/// Gives on the functions of a script.
pub(crate) fn give_functions(host: &Arc<dyn Host>, ast: &AST) {
    if let Some(flow) = host.flow().filter(|_| ast.has_functions()) {
        flow.set(FUNCTIONS, Carried::Kept(Arc::new(ast.clone_functions_only())));
    }
}

/// Gives on the value of a script.
pub(crate) fn give_value(host: &Arc<dyn Host>, value: &Dynamic) {
    if let Some(flow) = host.flow() {
        flow.set(thinking_step::LAST_VALUE, Carried::Kept(Arc::new(value.clone())));
    }
}
