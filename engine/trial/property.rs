//! A test for many values.

use crate::bench::Bench;
use crate::case::Case;
use crate::failure::failure;
use crate::trial::Prepared;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thinking_event::testing::{Outcome, Try};
use thinking_run::{Environment, Stop};
use thinking_script::{ForAll, Search, Searched, Verdict, literal};
use thinking_step::{ErrorKind, StepError};
use thinking_testing::protocol::Order;

/// Characters of a value in a message.
const SHOWN: usize = 200;

impl Bench<'_, '_> {
    /// Runs a property: until it fails, and then for ever simpler values, or often enough.
    pub(crate) fn property(
        &mut self,
        for_all: &ForAll,
        case: &Case<'_>,
        prepared: &Prepared,
        order: &Order,
        environment: &Environment,
    ) -> Try {
        let began = Instant::now();
        let seed = order.seed.unwrap_or_else(drawn);
        let search = Search { cases: prepared.cases, ..Search::new(seed) };
        let limit = order.timeout.map(Duration::from_millis);
        let (mut last, mut number) = (None, 0u64);
        let searched = for_all.run(&search, |values| {
            number += 1;
            let left = limit.map(|limit| limit.saturating_sub(began.elapsed()));
            let own = Order {
                directory: format!("{}/{number}", order.directory),
                timeout: left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
                ..order.clone()
            };
            let values: Vec<_> = values
                .iter()
                .map(|(name, value)| (name.clone(), Arc::new(value.clone()) as Arc<dyn std::any::Any + Send + Sync>))
                .collect();
            let (result, discarded) = self.once(case, prepared, &own, environment, &values, limit);
            if discarded {
                return Verdict::Discard;
            }
            match result.outcome {
                // What was interrupted is not looked into.
                _ if self.interrupt.asked() != Stop::No => {
                    last = Some(result);
                    Verdict::Stop
                }
                Outcome::Passed => {
                    last = Some(result);
                    Verdict::Pass
                }
                Outcome::TimedOut => {
                    last = Some(result);
                    Verdict::Stop
                }
                _ => Verdict::Fail(result),
            }
        });
        let mut result = match searched {
            Searched::Held { cases, discarded } => {
                let mut result = last.unwrap_or_else(|| nothing(order));
                result.outcome = Outcome::Passed;
                result.properties.push(("cases".to_owned(), cases.to_string()));
                if discarded > 0 {
                    result.properties.push(("discarded".to_owned(), discarded.to_string()));
                }
                result
            }
            Searched::Failed(found) => {
                let shown = |(name, value): &(String, _)| format!("{name} = {}", literal(value, SHOWN));
                let values: Vec<String> = found.values.iter().map(shown).collect();
                let mut result = found.failure;
                let how = match found.shrinks {
                    0 => format!("case {}", found.case),
                    1 => format!("case {}, made simpler once", found.case),
                    shrinks => format!("case {}, made simpler {shrinks} times", found.case),
                };
                let lines = format!("  with {}\n  {how}; --seed {} gives it again\n", values.join(", "), found.seed);
                let first = result.phases.iter_mut().find_map(|phase| phase.failure.as_mut());
                if let Some(failure) = first.or(result.failures.first_mut()) {
                    failure.rendered.push_str(&lines);
                    failure.coloured.push_str(&lines);
                }
                result.properties.push(("case".to_owned(), values.join(", ")));
                result.properties.push(("seed".to_owned(), found.seed.to_string()));
                result
            }
            Searched::GaveUp { cases, discarded } => {
                let message = format!("nearly no values fit what the test assumes: {cases} did, {discarded} did not");
                let error = StepError::script(message)
                    .at(case.span)
                    .help("draw values that fit, instead of passing over those that do not");
                let mut result = nothing(order);
                result.outcome = Outcome::Failed;
                result.failures.push(failure(&error, case, (self.sources(), self.width)));
                result
            }
            Searched::Stopped { cases } => {
                let mut result = last.unwrap_or_else(|| nothing(order));
                if self.interrupt.asked() == Stop::No {
                    result.outcome = Outcome::TimedOut;
                }
                if result.all_failures().next().is_none() {
                    let error = StepError::new(ErrorKind::Timeout, format!("it took too long: {cases} cases passed"));
                    result.failures.push(failure(&error.at(case.span), case, (self.sources(), self.width)));
                }
                result
            }
        };
        result.number = order.attempt;
        result.took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        if result.outcome == Outcome::Passed {
            let _ = std::fs::remove_dir_all(&order.directory);
        }
        result
    }
}

fn nothing(order: &Order) -> Try {
    Try {
        number: order.attempt,
        at: 0,
        took: 0,
        outcome: Outcome::Passed,
        phases: Vec::new(),
        failures: Vec::new(),
        leaks: Vec::new(),
        properties: Vec::new(),
    }
}

/// A seed that nobody chose.
fn drawn() -> u64 {
    // Its keys are drawn by the system. Short enough to be typed.
    std::collections::hash_map::RandomState::new().build_hasher().finish() % 1_000_000_000
}
