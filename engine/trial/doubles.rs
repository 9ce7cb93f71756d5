//! Operations that a test has replaced or watches.

use crate::bench::Bench;
use crate::case::Case;
use crate::collect::has_templates;
use crate::setting::Setting;
use serde_json::Value;
use thinking_container::{Double, Stand};
use thinking_diagnostic::Diagnostics;
use thinking_plan::script_name;
use thinking_schema::Stub;

impl Bench<'_, '_> {
    /// The doubles of a test: what it says of an operation itself hides what suites around it say.
    pub(crate) fn doubles(&mut self, case: &Case<'_>, setting: &Setting, found: &mut Diagnostics) -> Vec<Double> {
        let named = |double: &Double| (script_name(&double.binding), script_name(&double.operation));
        let mut all: Vec<Double> = Vec::new();
        let levels =
            case.suites.iter().map(|suite| (&suite.stub, &suite.spy)).chain([(&case.test.stub, &case.test.spy)]);
        for (stubs, spies) in levels {
            let mut own: Vec<Double> = Vec::new();
            for (at, stub) in stubs.iter().enumerate() {
                let (operation, times) = (&stub.value.operation, stub.value.times.as_ref());
                let value = self.filled(setting, &stub.value, found).unwrap_or_default();
                let stand = match &stub.value.throws {
                    Some(message) => Stand::Throws(message.value.clone(), None),
                    None => Stand::Returns(value),
                };
                let one = || Double::of(&operation.value, operation.span, stand.clone());
                own.extend((0..times.map_or(1, |times| times.value)).map(|_| one()));
                // After a number of times, and nothing more, what is around answers again: a stub of a suite, or the operation itself.
                let last = !stubs.iter().skip(at + 1).any(|later| later.value.operation.value == operation.value);
                if last && times.is_some() {
                    let spy = Double::of(&operation.value, operation.span, Stand::Spy);
                    let around: Vec<Double> = all.iter().filter(|known| named(known) == named(&spy)).cloned().collect();
                    own.extend(if around.is_empty() { vec![spy] } else { around });
                }
            }
            // Calls of what is stubbed are noted anyway.
            let spies = spies.iter().map(|spy| Double::of(&spy.value, spy.span, Stand::Spy));
            let known: Vec<Double> = all.iter().chain(&own).cloned().collect();
            own.extend(spies.filter(|spy| !known.iter().any(|known| named(known) == named(spy))));
            all.retain(|known| !own.iter().any(|own| named(own) == named(known)));
            all.extend(own);
        }
        all
    }

    /// What stubs return, their templates filled in.
    fn filled(&mut self, setting: &Setting, stub: &Stub, found: &mut Diagnostics) -> Option<Value> {
        let returns = stub.returns.as_ref()?;
        match has_templates(&returns.value) {
            true => self.shop(setting, |shop| shop.constant(returns, found)),
            false => Some(returns.value.to_json()),
        }
    }
}
