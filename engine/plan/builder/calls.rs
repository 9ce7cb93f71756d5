//! `call "binding.operation"`

use super::{Builder, Place};
use crate::definition::Definer;
use crate::survey::Touch;
use crate::task::{Call, Callee, TaskId};
use crate::{TemplateValue, script_name};
use std::sync::Arc;
use thinking_container::Root;
use thinking_diagnostic::{Code, Diagnostic, Spanned, did_you_mean};
use thinking_manifest::fitted;
use thinking_schema as schema;
use thinking_step::{About, Class, Need, Operation, Origin};

/// The binding that a `call` names, what is known of its component, and the number of the operation.
pub(super) type Named = (Arc<str>, Arc<About>, usize);

impl Builder<'_, '_> {
    /// What `binding.operation` names, if it is one.
    pub(super) fn operation(&self, name: &str) -> Option<Named> {
        let (binding, operation) = name.rsplit_once('.')?;
        let (binding, about) = self.assembly.component(binding)?;
        let number = about.operation(operation)?;
        Some((binding, about, number))
    }

    pub(super) fn operation_call(
        &mut self,
        call: &Spanned<schema::Call>,
        (binding, about, number): Named,
        place: &Place,
        task: TaskId,
        definer: &mut Definer,
    ) -> Option<Call> {
        let name = &call.operation;
        let operation = about.operations.get(number)?;
        let schema = arguments_schema(operation);
        self.diagnostics.extend(thinking_manifest::check_arguments(&schema, name, &call.arguments));
        if operation.declared && matches!(operation.class, Class::Observe | Class::Effect) {
            self.uses.push((task, Touch::Calls(name.value.clone(), operation.class), name.span));
        }
        if let Ok(choice) = self.assembly.named(&binding, name.span) {
            self.uses_components(&choice, task);
        }
        let mut need = Need::one(&*binding, &*binding);
        need.origin = name.span.map_or(Origin::Engine, Origin::Manifest);
        self.roots.push(Root { who: format!("call `{}`", name.value), need, span: name.span });
        definer.fixed("operation", &format!("{binding}.{}", operation.name), name.span);
        definer.component(&binding);
        let arguments = self.arguments(call, place, task, &schema, definer);
        // What a script calls says by itself how it touches the world.
        let class = if about.rust.is_none() { Class::Pure } else { operation.class };
        let callee = Callee::Operation { binding, number, name: name.value.as_str().into(), class };
        Some(Call { callee, arguments: TemplateValue::Map(arguments) })
    }

    /// The arguments of a call, sorted: their order means nothing.
    pub(super) fn arguments(
        &mut self,
        call: &Spanned<schema::Call>,
        place: &Place,
        task: TaskId,
        schema: &serde_json::Value,
        definer: &mut Definer,
    ) -> Vec<(String, TemplateValue)> {
        let mut arguments: Vec<(String, TemplateValue)> = Vec::new();
        // One value where a list is meant is a list of one, and so on.
        for (argument, value) in &fitted(schema, &call.arguments) {
            let compiled = self.tree(value, place, task);
            arguments.push((argument.value.clone(), compiled));
        }
        arguments.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (argument, value) in &arguments {
            let span =
                call.arguments.iter().find(|(known, _)| known.value == *argument).and_then(|(_, value)| value.span);
            definer.value(&format!("argument `{argument}`"), value, span);
        }
        arguments
    }

    /// A `call` that names nothing: the step, the binding, or the operation of it.
    pub(super) fn unknown_callee(&mut self, name: &Spanned<String>) {
        let component = name.value.rsplit_once('.').and_then(|(binding, _)| self.assembly.component(binding));
        if component.is_some_and(|(_, about)| self.assembly.broken.contains(&about.name)) {
            return;
        }
        let diagnostic = unknown(self.assembly, &self.steps.names(), name);
        self.diagnostics.push(diagnostic);
    }
}

/// What is said of a `call` that names nothing.
pub(crate) fn unknown(assembly: &crate::assembly::Assembly, steps: &[String], name: &Spanned<String>) -> Diagnostic {
    if let Some((binding, operation)) = name.value.rsplit_once('.') {
        match assembly.named(binding, name.span) {
            Ok(_) => {
                if let Some((_, about)) = assembly.component(binding) {
                    return no_operation(name, binding, operation, &about);
                }
            }
            // Several things could be meant; that nothing has the name is told below.
            Err(wrong) if wrong.code != Code::MissingDependency => return wrong.at(name.span, "here"),
            Err(_) => {}
        }
    }
    let operations = assembly.variables.values().filter_map(|entry| match &entry.kind {
        thinking_step::VariableKind::Component { binding, about } => Some((binding, about)),
        _ => None,
    });
    let mut known: Vec<String> = operations
        .flat_map(|(binding, about)| {
            about.operations.iter().map(move |operation| format!("{binding}.{}", operation.name))
        })
        .collect();
    known.extend(steps.iter().cloned());
    // A component is a variable under its interface's name, too.
    known.sort_unstable();
    known.dedup();
    let help = match did_you_mean(&name.value, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.len() <= 12 => format!("there are: {}", known.join(", ")),
        None => "`thinking components` lists what there is".to_owned(),
    };
    Diagnostic::error(Code::UnknownComponent, format!("nothing provides `{}`", name.value))
        .at(name.span, "unknown")
        .help(help)
}

fn no_operation(name: &Spanned<String>, binding: &str, operation: &str, about: &About) -> Diagnostic {
    let names = about.operations.iter().map(|operation| operation.name.as_str());
    let help = match did_you_mean(&script_name(operation), names.clone()) {
        Some(near) => format!("did you mean `{binding}.{near}`?"),
        None if about.operations.is_empty() => format!("`{}` has no operations", about.name),
        None => {
            let signatures: Vec<String> = about.operations.iter().map(Operation::signature).collect();
            format!("it has: {}", signatures.join(", "))
        }
    };
    let message = format!("`{binding}` (component `{}`) has no operation `{operation}`", about.name);
    Diagnostic::error(Code::UnknownComponent, message).at(name.span, "unknown").help(help)
}

/// The arguments that an operation takes, as a schema of an object.
pub(crate) fn arguments_schema(operation: &Operation) -> serde_json::Value {
    let properties: serde_json::Map<String, serde_json::Value> =
        operation.parameters.iter().map(|parameter| (parameter.name.clone(), parameter.schema.clone())).collect();
    let required: Vec<&str> = operation
        .parameters
        .iter()
        .filter(|parameter| !parameter.optional)
        .map(|parameter| parameter.name.as_str())
        .collect();
    serde_json::json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    })
}
