//! Values that a schema of the user's own describes: a component's config and the arguments of a call, each error at its KDL text.

mod fit;
mod params;
mod wanted;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests;

pub(crate) use fit::repeated;
pub use fit::{Fields, fitted};
pub use params::params_schema;

use crate::check::{CONFIG, explain};
use crate::located::{Field, Kind, Located};
use crate::view::View;
use fit::fit_fields;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceId, Span, Spanned};
use thinking_schema::Tree;
use wanted::as_written;

/// Whose config it is.
#[derive(Debug, Clone, Copy)]
pub struct ConfigOf<'a> {
    /// The binding's name.
    pub binding: &'a str,
    /// The component's name, with the place where the binding names it. Without a place nothing binds it: it is a binding of its own name.
    pub component: &'a Spanned<String>,
}

/// What of a binding the engine reads from properties: as children, these names are the component's.
const OF_THE_BINDING: [&str; 8] = ["to", "scope", "when", "facet", "primary", "fallback", "lazy", "eager"];

/// Checks a component's config, as written, against the JSON Schema of the component. Strings with templates fit everywhere: their values are checked
/// when they are evaluated (put them in the strings' places and call this again).
#[must_use]
pub fn check_config(schema: &Value, about: &ConfigOf<'_>, config: &Fields) -> Vec<Diagnostic> {
    let nothing_required = schema["required"].as_array().is_none_or(Vec::is_empty);
    if config.is_empty() && nothing_required {
        return Vec::new();
    }
    let (component, binding) = (&about.component.value, about.binding);
    let whole = about.component.span.unwrap_or(Span::new(SourceId(0), 0, 0));
    let Some(checker) = Checker::new(schema) else {
        return vec![
            Diagnostic::error(Code::InvalidValue, format!("the schema of the config of `{component}` is damaged"))
                .at(about.component.span, "this component"),
        ];
    };
    let node = format!("{CONFIG}`{component}`");
    let mut found = checker.check(&node, whole, true, config);
    for diagnostic in &mut found {
        if about.component.span.is_none() {
            // Nothing is written that could be underlined.
            diagnostic.labels.clear();
            diagnostic.help = Some(format!("bind it, with its config: bind \"{binding}\" to=\"{component}\" {{ … }}"));
            continue;
        }
        let unknown = diagnostic.code == Code::UnknownNode;
        let place = diagnostic.labels.first().map(|label| label.span);
        let engine = config.iter().find(|(name, _)| name.span == place && OF_THE_BINDING.contains(&&*name.value));
        if let Some((name, _)) = engine.filter(|_| unknown && place.is_some()) {
            let name = &name.value;
            diagnostic.help = Some(format!(
                "children are the component's config; for the binding itself write it as a property: bind \"{binding}\" to=\"{component}\" {name}=…"
            ));
        }
    }
    found
}

/// Checks the arguments of a call against the JSON Schema of what is called. Strings with templates fit everywhere: their values are checked
/// when they are evaluated.
#[must_use]
pub fn check_arguments(schema: &Value, operation: &Spanned<String>, arguments: &Fields) -> Vec<Diagnostic> {
    let Some(whole) = operation.span else { return Vec::new() };
    let Some(checker) = Checker::new(schema) else {
        return vec![Diagnostic::error(
            Code::InvalidArguments,
            format!("the schema of `{}` is damaged", operation.value),
        )];
    };
    let mut found = checker.check(&operation.value, whole, false, arguments);
    found.iter_mut().for_each(|diagnostic| diagnostic.code = Code::InvalidArguments);
    found
}

struct Checker {
    /// With names as a manifest writes them, so that messages say them so.
    schema: Value,
    validator: jsonschema::Validator,
}

impl Checker {
    fn new(schema: &Value) -> Option<Self> {
        let schema = as_written(schema);
        let validator = jsonschema::validator_for(&schema).ok()?;
        Some(Self { schema, validator })
    }

    fn check(&self, node: &str, whole: Span, child: bool, values: &Fields) -> Vec<Diagnostic> {
        let mut found = Diagnostics::new();
        let values = fit_fields(View::at(&self.schema, &self.schema), values);
        let mut fields: Vec<Field> = Vec::new();
        for (name, value) in &values {
            let field = located_field(name, value, whole, child);
            match fields.iter().find(|known| known.name == field.name) {
                Some(first) => found.push(
                    Diagnostic::error(Code::Duplicate, format!("`{}` is given twice", field.name))
                        .at(field.name_span, "again here")
                        .at(first.name_span, "first here")
                        .help(both_spellings(&field.name)),
                ),
                None => fields.push(field),
            }
        }
        let mut root = Located::new(Kind::Map(fields), whole);
        root.node = Some(node.into());
        let json = root.to_json();
        for error in self.validator.iter_errors(&json) {
            if !waits_for_a_value(&error) {
                explain(&error, &root, &self.schema, &mut found);
            }
        }
        found.into_iter().collect()
    }
}

/// One name is written with `-` and with `_`; they mean the same.
fn both_spellings(name: &str) -> Option<String> {
    name.contains('-').then(|| format!("`{}` means the same as `{name}`", name.replace('-', "_")))
}

/// Whether a template may still make it right. What is missing or unknown stays so.
fn waits_for_a_value(error: &ValidationError<'_>) -> bool {
    let about_names = matches!(
        error.kind(),
        ValidationErrorKind::AdditionalProperties { .. }
            | ValidationErrorKind::Required { .. }
            | ValidationErrorKind::PropertyNames { .. }
    );
    !about_names && holds_a_template(error.instance())
}

fn holds_a_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(items) => items.iter().any(holds_a_template),
        Value::Object(fields) => fields.values().any(holds_a_template),
        _ => false,
    }
}

fn located_field(name: &Spanned<String>, value: &Spanned<Tree>, whole: Span, child: bool) -> Field {
    let name_span = name.span.unwrap_or(whole);
    let mut value = located(value, whole, child);
    let called = |value: &mut Located| {
        if matches!(value.value, Kind::Map(_)) {
            value.node = Some(name.value.as_str().into());
        }
    };
    called(&mut value);
    if let Kind::List(items) = &mut value.value {
        items.iter_mut().for_each(called);
    }
    Field { name: name.value.clone(), name_span, child, value }
}

fn located(tree: &Spanned<Tree>, whole: Span, child: bool) -> Located {
    let value = match &tree.value {
        Tree::Null => Kind::Null,
        Tree::Bool(value) => Kind::Bool(*value),
        Tree::Number(number) => Kind::Number(number.clone()),
        Tree::Text(text) => Kind::Text(text.clone()),
        Tree::List(items) => Kind::List(items.iter().map(|item| located(item, whole, child)).collect()),
        Tree::Map(fields) => {
            Kind::Map(fields.iter().map(|(name, value)| located_field(name, value, whole, child)).collect())
        }
    };
    Located::new(value, tree.span.unwrap_or(whole))
}
