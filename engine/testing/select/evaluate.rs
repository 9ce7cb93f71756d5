//! Which tests a filter means.

use super::filter::{Expression, Filter, Kind, Predicate};
use super::pattern::Pattern;
use std::borrow::Cow;
use std::collections::BTreeSet;
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_event::testing::TestInfo;

/// As many names are listed.
const LISTED: usize = 12;

impl Filter {
    /// Whether a test is meant.
    #[must_use]
    pub fn matches(&self, test: &TestInfo) -> bool {
        self.expression.holds(test)
    }

    /// Warnings about names that no test has, so that a mistyped one is found.
    #[must_use]
    pub fn unmatched(&self, tests: &[TestInfo]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.expression.predicates(&mut |predicate| {
            let Pattern::Exact(name) = &predicate.pattern else { return };
            if !tests.is_empty() && !tests.iter().any(|test| predicate.holds(test)) {
                found.push(predicate.unknown(name, tests));
            }
        });
        found
    }
}

impl Expression {
    fn holds(&self, test: &TestInfo) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.holds(test)),
            Self::All(parts) => parts.iter().all(|part| part.holds(test)),
            Self::Not(part) => !part.holds(test),
            Self::Holds(predicate) => predicate.holds(test),
        }
    }

    fn predicates(&self, each: &mut dyn FnMut(&Predicate)) {
        match self {
            Self::Any(parts) | Self::All(parts) => parts.iter().for_each(|part| part.predicates(each)),
            Self::Not(part) => part.predicates(each),
            Self::Holds(predicate) => each(predicate),
        }
    }
}

impl Predicate {
    fn holds(&self, test: &TestInfo) -> bool {
        self.kind.texts(test).iter().any(|text| self.pattern.matches(text))
    }

    fn unknown(&self, name: &str, tests: &[TestInfo]) -> Diagnostic {
        let texts = tests.iter().flat_map(|test| self.kind.texts(test)).map(Cow::into_owned);
        let known: BTreeSet<String> = texts.filter(|text| !text.is_empty()).collect();
        let kind = self.kind.word();
        let message = match self.kind {
            Kind::Tag | Kind::Facet => format!("no test has the {kind} `{name}`"),
            Kind::Path | Kind::Name => format!("no test has `{name}` as its {kind}"),
            Kind::Suite | Kind::Project => format!("no {kind} is called `{name}`"),
        };
        let help = match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.is_empty() => Some(format!("no test has any {kind}")),
            None if known.len() <= LISTED => {
                let list: Vec<&str> = known.iter().map(String::as_str).collect();
                Some(format!("there are: {}", list.join(", ")))
            }
            None => None,
        };
        Diagnostic::warning(Code::CommandLine, message).at(self.span, "unknown").help(help)
    }
}

impl Kind {
    /// What a pattern is compared with; one of them must be meant.
    fn texts(self, test: &TestInfo) -> Vec<Cow<'_, str>> {
        match self {
            Self::Tag => test.tags.iter().map(Cow::from).collect(),
            Self::Facet => test.facets.iter().map(Cow::from).collect(),
            Self::Path => vec![test.path().into()],
            Self::Name => vec![test.name.as_str().into()],
            Self::Project => vec![test.project.as_str().into()],
            Self::Suite => {
                let joined = (test.suites.len() > 1).then(|| test.suites.join("/").into());
                test.suites.iter().map(Cow::from).chain(joined).collect()
            }
        }
    }
}
