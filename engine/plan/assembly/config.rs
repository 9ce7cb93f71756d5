//! What the children of `bind` say: a component's configuration, evaluated and checked.

use crate::compile::NoResults;
use crate::workshop::{Workshop, active_facets};
use crate::{Evaluate, TemplatePart, TemplateValue, pure, settings};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Spanned};
use thinking_schema::{self as schema, Tree};
use thinking_step::{Program, Purpose, ReferenceKind, Value};

/// A configuration: its value for the component, and what may be recorded of it.
pub(crate) struct Configured {
    /// The value; templates as they are written where parameters have no values yet.
    pub value: Value,
    /// The same without secrets: what was made of one is the text that made it.
    pub recorded: Value,
    /// Whether all of it is known.
    pub known: bool,
}

/// Evaluates the configuration of a binding.
pub(super) fn configured(
    shop: &mut Workshop<'_, '_>,
    bind: &schema::Bind,
    diagnostics: &mut Diagnostics,
) -> Configured {
    let (mut value, mut recorded) = (serde_json::Map::new(), serde_json::Map::new());
    let mut known = true;
    for (name, tree) in bind.config.iter() {
        let scope = settings::scope(shop, false);
        let before = diagnostics.len();
        let compiled =
            shop.compiler.tree(tree, shop.sources, &scope, &NoResults, Purpose::Pure, diagnostics);
        if diagnostics.len() > before {
            known = false;
            continue;
        }
        let plain = tree.value.to_json();
        let evaluated = evaluated(shop, tree, &compiled, diagnostics);
        known &= evaluated.is_some();
        let secret = mentions_secret(shop, &compiled);
        recorded.insert(name.value.clone(), if secret { plain.clone() } else { evaluated.clone().unwrap_or_else(|| plain.clone()) });
        value.insert(name.value.clone(), evaluated.unwrap_or(plain));
    }
    Configured { value: Value::Object(value), recorded: Value::Object(recorded), known }
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

fn mentions_secret(shop: &Workshop<'_, '_>, value: &TemplateValue) -> bool {
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
