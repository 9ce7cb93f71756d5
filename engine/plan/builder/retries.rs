//! Properties that are a value or a template, and how often to try again.

use super::{Builder, Place};
use crate::compile::NoResults;
use crate::task::{Retry, TaskId};
use crate::workshop::active_facets;
use crate::{Backoff, Evaluate, FromValue, Setting, Template};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic};
use thinking_schema::{self as schema, Templated};
use thinking_step::{ErrorKind, Program, Purpose};

impl Builder<'_, '_> {
    pub(super) fn setting<S, T: FromValue + Clone>(
        &mut self,
        templated: &Templated<S>,
        place: &Place,
        fixed: impl Fn(&S) -> Option<T>,
    ) -> Setting<T> {
        match templated {
            Templated::Template(string) => Setting::Computed(self.template(string, place, TaskId(u32::MAX))),
            Templated::Value(value) => match fixed(&value.value) {
                Some(fixed) => Setting::Fixed(fixed),
                None => {
                    self.diagnostics.push(
                        Diagnostic::error(Code::InvalidValue, format!("this is not {}", T::WANTED))
                            .at(value.span, "here"),
                    );
                    Setting::Computed(Template::fixed("", value.span))
                }
            },
        }
    }

    /// A property that shapes the plan: its template is evaluated now, from parameters, facets and the mode.
    pub(super) fn now<T: serde::de::DeserializeOwned + Copy>(&mut self, templated: &Templated<T>, otherwise: T) -> T {
        let string = match templated {
            Templated::Value(value) => return value.value,
            Templated::Template(string) => string,
        };
        let known = self.diagnostics.len();
        let scope = self.pure.clone();
        let template =
            self.compiler.template(string, self.sources, &scope, &NoResults, Purpose::Pure, self.diagnostics);
        // Without values (`validate`) only the text can be checked.
        if self.diagnostics.len() > known || self.params.values.is_empty() {
            return otherwise;
        }
        let host = crate::pure::host(self.params, &active_facets(self.model), self.model.selection.mode, None);
        let evaluate = |program: &Arc<dyn Program>| program.eval(&host);
        let value = template.value(&evaluate as &dyn Evaluate);
        let wrong = match value {
            Ok(value) => match serde_json::from_value(value.clone()) {
                Ok(value) => return value,
                Err(_) => format!("this gives {value}, which is not allowed here"),
            },
            Err(error) => error.message,
        };
        self.diagnostics.push(Diagnostic::error(Code::InvalidValue, wrong).at(string.span, "here"));
        otherwise
    }

    pub(super) fn retry(&mut self, retry: &schema::Retry, place: &Place) -> Retry {
        let fixed_tries = |tries: &u32| Some(*tries);
        let duration = |text: &schema::DurationText| thinking_manifest::units::duration(&text.0);
        match retry {
            schema::Retry::Tries(tries) => Retry {
                tries: self.setting(tries, place, fixed_tries),
                backoff: Setting::Fixed(Backoff::Fixed),
                initial: Setting::Fixed(std::time::Duration::ZERO),
                max: None,
                jitter: Setting::Fixed(false),
                on: Vec::new(),
            },
            schema::Retry::Options(options) => Retry {
                tries: self.setting(&options.tries, place, fixed_tries),
                backoff: match &options.backoff {
                    Some(backoff) => self.setting(backoff, place, |word| {
                        Some(match word {
                            schema::BackoffWord::Fixed => Backoff::Fixed,
                            schema::BackoffWord::Linear => Backoff::Linear,
                            schema::BackoffWord::Exponential => Backoff::Exponential,
                        })
                    }),
                    None => Setting::Fixed(Backoff::Fixed),
                },
                initial: match &options.initial {
                    Some(initial) => self.setting(initial, place, duration),
                    // A growing pause has to start somewhere.
                    None if options.backoff.is_some() => Setting::Fixed(std::time::Duration::from_secs(1)),
                    None => Setting::Fixed(std::time::Duration::ZERO),
                },
                max: options.max.as_ref().map(|max| self.setting(max, place, duration)),
                jitter: match &options.jitter {
                    Some(jitter) => self.setting(jitter, place, |jitter| Some(*jitter)),
                    None => Setting::Fixed(false),
                },
                on: options
                    .on
                    .iter()
                    .filter_map(|word| match word.value.as_str() {
                        "timeout" => Some(ErrorKind::Timeout),
                        "http" => Some(ErrorKind::Http),
                        "exec" => Some(ErrorKind::Exec),
                        "script" => Some(ErrorKind::Script),
                        "native" => Some(ErrorKind::Native),
                        "conflict" => Some(ErrorKind::Conflict),
                        _ => None,
                    })
                    .collect(),
            },
        }
    }
}
