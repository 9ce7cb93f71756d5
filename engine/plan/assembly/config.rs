//! What the children of `bind` say: a component's configuration, evaluated and checked.

use super::typed::Typed;
use crate::compile::NoResults;
use crate::workshop::{Workshop, active_facets};
use crate::{Evaluate, TemplatePart, TemplateValue, pure, settings};
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned};
use thinking_manifest::{ConfigOf, check_config, fitted};
use thinking_schema::{self as schema, Tree};
use thinking_step::{About, Program, Purpose, ReferenceKind, Value};

type Fields = Vec<(Spanned<String>, Spanned<Tree>)>;

/// A configuration: its value for the component, and what may be recorded of it.
pub(super) struct Configured {
    /// The value, with defaults; templates as they are written where parameters have no values yet.
    pub value: Value,
    /// The same without secrets: what was made of one is the text that made it.
    pub recorded: Value,
    /// Where each field stands, by its name in the schema.
    pub places: BTreeMap<String, Span>,
}

/// Evaluates the configuration of a binding and checks it against the component's schema. `typed`: the parameters of a scripted component.
pub(super) fn configured(
    shop: &mut Workshop<'_, '_>,
    (name, bind): (&Spanned<String>, &schema::Bind),
    (about, typed): (Option<&About>, Option<&Typed>),
    diagnostics: &mut Diagnostics,
) -> Configured {
    let (mut values, mut recorded) = (Fields::new(), Fields::new());
    for (field, tree) in bind.config.iter() {
        // An overlay that binds another component leaves the configuration of the one before where it does not fit.
        if about.is_some_and(|about| !knows(&about.config, field))
            && let Some(component) = field.span.and_then(|span| shop.project.written_for(span))
            && *component != *bind.to.value
        {
            continue;
        }
        let scope = settings::scope(shop, false);
        let before = diagnostics.len();
        let compiled = shop.compiler.tree(tree, shop.sources, &scope, &NoResults, Purpose::Pure, diagnostics);
        let evaluated = if diagnostics.len() > before { None } else { evaluated(shop, tree, &compiled, diagnostics) };
        let value = evaluated.map_or_else(|| tree.clone(), |value| placed(tree, &value));
        let shown = if mentions_secret(shop, &compiled) { tree.clone() } else { value.clone() };
        values.push((field.clone(), value));
        recorded.push((field.clone(), shown));
    }
    let Some(about) = about else {
        return Configured { value: json(&values), recorded: json(&recorded), places: BTreeMap::new() };
    };
    let of = ConfigOf { binding: &name.value, component: &bind.to };
    let told = check_config(&about.config, &of, &values);
    let seems_right = told.is_empty();
    diagnostics.extend(told);
    let fields = fitted(&about.config, &values);
    let places: BTreeMap<String, Span> =
        fields.iter().filter_map(|(name, tree)| Some((name.value.clone(), tree.span.or(name.span)?))).collect();
    let (mut value, mut recorded) = (json(&fields), json(&fitted(&about.config, &recorded)));
    let Some(typed) = typed else {
        let [value, recorded] = [value, recorded].map(|config| with_defaults(&about.config, config));
        return Configured { value, recorded, places };
    };
    for (field, why) in typed.complete(&mut value, diagnostics) {
        // What a schema cannot say: that there is no 30th of February. A template waits for its value.
        if seems_right && !value[&field].as_str().is_some_and(|text| text.contains("${")) {
            diagnostics.push(
                Diagnostic::error(Code::InvalidValue, format!("`{field}` of `{}`: {why}", name.value))
                    .at(places.get(&field).copied().or(name.span), "here"),
            );
        }
    }
    typed.complete_recorded(&mut recorded);
    Configured { value, recorded, places }
}

/// Whether a schema has a field of that name, as in manifests or as in Rust.
fn knows(schema: &Value, field: &str) -> bool {
    let same = |known: &String| known.replace('_', "-") == field.replace('_', "-");
    schema["properties"].as_object().is_none_or(|properties| properties.keys().any(same))
}

/// The configuration of a component that nobody bound: its defaults.
pub(super) fn with_defaults(schema: &Value, mut config: Value) -> Value {
    let (Some(properties), Some(fields)) = (schema["properties"].as_object(), config.as_object_mut()) else {
        return config;
    };
    for (name, property) in properties {
        if let Some(default) = property.get("default").filter(|_| !fields.contains_key(name)) {
            fields.insert(name.clone(), default.clone());
        }
    }
    config
}

fn json(fields: &Fields) -> Value {
    Value::Object(fields.iter().map(|(name, value)| (name.value.clone(), value.value.to_json())).collect())
}

/// An evaluated value, with the places of what was written.
fn placed(tree: &Spanned<Tree>, value: &Value) -> Spanned<Tree> {
    let inside = match (&tree.value, value) {
        (Tree::List(items), Value::Array(values)) if items.len() == values.len() => {
            Tree::List(items.iter().zip(values).map(|(item, value)| placed(item, value)).collect())
        }
        (Tree::Map(fields), Value::Object(values)) => {
            let one = |(name, field): &(Spanned<String>, Spanned<Tree>)| {
                let value = values.get(&name.value).map_or_else(|| field.clone(), |value| placed(field, value));
                (name.clone(), value)
            };
            Tree::Map(fields.iter().map(one).collect())
        }
        _ => tree_of(value, tree.span),
    };
    Spanned { value: inside, span: tree.span }
}

fn tree_of(value: &Value, span: Option<Span>) -> Tree {
    let spanned = |value: &Value| Spanned { value: tree_of(value, span), span };
    match value {
        Value::Null => Tree::Null,
        Value::Bool(truth) => Tree::Bool(*truth),
        Value::Number(number) => Tree::Number(number.clone()),
        Value::String(text) => Tree::Text(text.clone()),
        Value::Array(items) => Tree::List(items.iter().map(spanned).collect()),
        Value::Object(fields) => {
            let name = |name: &String| Spanned { value: name.clone(), span };
            Tree::Map(fields.iter().map(|(field, value)| (name(field), spanned(value))).collect())
        }
    }
}

/// The value; `None` where parameters have no values yet, or if it cannot be had, which is told.
fn evaluated(
    shop: &Workshop<'_, '_>,
    tree: &Spanned<Tree>,
    compiled: &TemplateValue,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let host = pure::host(&shop.params, &active_facets(shop.model), shop.model.selection.mode, None);
    let evaluate = |program: &Arc<dyn Program>| program.eval(&host);
    match compiled.value(&evaluate as &dyn Evaluate) {
        Ok(value) => Some(value),
        Err(_) if shop.params.values.is_empty() => None,
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(Code::InvalidValue, error.message.clone())
                    .at(error.span.or(tree.span), "here")
                    .help(error.help),
            );
            None
        }
    }
}

/// Whether a secret parameter is part of it.
pub(super) fn mentions_secret(shop: &Workshop<'_, '_>, value: &TemplateValue) -> bool {
    let secret = |name: &str| {
        let mut params = shop.model.manifest.param.iter();
        params.any(|(param, declared)| declared.secret && crate::script_name(param) == crate::script_name(name))
    };
    let any_secret = shop.model.manifest.param.iter().any(|(_, declared)| declared.secret);
    let program = |program: &Arc<dyn Program>| {
        program.references().iter().any(|reference| match &reference.kind {
            ReferenceKind::Param(name) => secret(name),
            ReferenceKind::AnyParam => any_secret,
            _ => false,
        })
    };
    match value {
        TemplateValue::Fixed(_) => false,
        TemplateValue::Template(template) => {
            template.parts.iter().any(|part| matches!(part, TemplatePart::Code(code) if program(code)))
        }
        TemplateValue::List(items) => items.iter().any(|item| mentions_secret(shop, item)),
        TemplateValue::Map(fields) => fields.iter().any(|(_, field)| mentions_secret(shop, field)),
    }
}
