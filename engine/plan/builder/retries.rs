//! Properties that are a value or a template, and how often to try again.

use super::{Builder, Place};
use crate::task::{Retry, TaskId};
use crate::{Backoff, FromValue, Setting, Template};
use thinking_diagnostic::{Code, Diagnostic};
use thinking_schema::{self as schema, Templated};
use thinking_step::ErrorKind;

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
