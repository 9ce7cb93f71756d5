//! What the parameters of a scripted component come to: values as their types have them (the same as the project's own parameters), and
//! defaults, evaluated.

use super::config::mentions_secret;
use crate::compile::NoResults;
use crate::workshop::{Workshop, active_facets};
use crate::{Evaluate, params, pure, settings};
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned};
use thinking_schema::{self as schema, Named, Param, Tree};
use thinking_step::{Program, Purpose, Value};

/// The declared parameters of a component.
pub(crate) struct Typed {
    declared: Named<Param>,
    defaults: BTreeMap<String, Default>,
}

/// A default under the parameters, facets and mode of now.
struct Default {
    /// What it gives; its text where parameters have no values yet; or what is wrong, which is told if something takes it.
    value: Result<Value, Diagnostic>,
    /// What may be recorded: of a secret the text that names it.
    recorded: Value,
    span: Option<Span>,
}

impl Typed {
    pub(super) fn of(shop: &mut Workshop<'_, '_>, component: &schema::Component) -> Self {
        let mut defaults = BTreeMap::new();
        for (name, param) in component.param.iter() {
            if let Some(default) = &param.default {
                defaults.insert(name.value.clone(), evaluated(shop, (name, param), default));
            }
        }
        Self { declared: component.param.clone(), defaults }
    }

    /// Gives what a configuration says its type, and what it does not say its default. What fits no type stays as it is and is given back.
    pub(super) fn complete(&self, config: &mut Value, diagnostics: &mut Diagnostics) -> Vec<(String, String)> {
        let mut unfit = Vec::new();
        let Some(fields) = config.as_object_mut() else { return unfit };
        for (name, param) in self.declared.iter() {
            let default = self.defaults.get(&name.value);
            match (fields.get_mut(&name.value), default.map(|default| &default.value)) {
                (Some(value), _) => match params::typed(param, value) {
                    Ok(typed) => *value = typed,
                    Err(why) => unfit.push((name.value.clone(), why)),
                },
                (None, Some(Ok(default))) => {
                    fields.insert(name.value.clone(), default.clone());
                }
                (None, Some(Err(wrong))) => diagnostics.push(wrong.clone()),
                (None, None) => {}
            }
        }
        unfit
    }

    /// The same of what may be recorded.
    pub(super) fn complete_recorded(&self, config: &mut Value) {
        let Some(fields) = config.as_object_mut() else { return };
        for (name, param) in self.declared.iter() {
            match (fields.get_mut(&name.value), self.defaults.get(&name.value)) {
                (Some(value), _) => {
                    if let Ok(typed) = params::typed(param, value) {
                        *value = typed;
                    }
                }
                (None, Some(default)) => {
                    fields.insert(name.value.clone(), default.recorded.clone());
                }
                (None, None) => {}
            }
        }
    }

    /// Where the defaults stand.
    pub(super) fn places(&self) -> BTreeMap<String, Span> {
        self.defaults.iter().filter_map(|(name, default)| Some((name.clone(), default.span?))).collect()
    }
}

fn evaluated(
    shop: &mut Workshop<'_, '_>,
    (name, param): (&Spanned<String>, &Param),
    default: &Spanned<Tree>,
) -> Default {
    let text = default.value.to_json();
    let scope = settings::scope(shop, false);
    let mut wrong = Diagnostics::new();
    let compiled = shop.compiler.tree(default, shop.sources, &scope, &NoResults, Purpose::Pure, &mut wrong);
    let of = |value, recorded| Default { value, recorded, span: default.span };
    if !wrong.is_empty() {
        // The check of the declarations tells it.
        return of(Ok(text.clone()), text);
    }
    let host = pure::host(&shop.params, &active_facets(shop.model), shop.model.selection.mode, None);
    let evaluate = |program: &Arc<dyn Program>| program.eval(&host);
    let value = match compiled.value(&evaluate as &dyn Evaluate) {
        Ok(value) => params::typed(param, &value).map_err(|why| {
            Diagnostic::error(Code::InvalidParam, format!("the default of `{}`: {why}", name.value))
                .at(default.span, "here")
        }),
        Err(_) if shop.params.values.is_empty() => Ok(text.clone()),
        Err(error) => Err(Diagnostic::error(Code::InvalidValue, error.message.clone())
            .at(error.span.or(default.span), "here")
            .help(error.help)),
    };
    let recorded = match &value {
        Ok(value) if !mentions_secret(shop, &compiled) => value.clone(),
        _ => text,
    };
    of(value, recorded)
}
