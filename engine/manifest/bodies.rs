//! Where exactly one of several properties has to be: what to say if none is there, or two are.

use crate::located::Field;
use crate::view::View;
use serde_json::Value;
use thinking_diagnostic::{Code, Diagnostic, Span};

/// The properties of which one has to be there, in the order of the schema; what the schema says at `owner` or around it. `None` if it says nothing.
pub(crate) fn bodies<'s>(schema: &'s Value, owner: &str) -> Option<Vec<&'s str>> {
    let around = owner.split_once("/allOf/").map_or(owner, |(around, _)| around);
    let names = View::at(schema, schema.pointer(around)?).names("x-kdl-bodies");
    (!names.is_empty()).then_some(names)
}

/// None of them is there.
pub(crate) fn none(bodies: &[&str], span: Span) -> Diagnostic {
    let (code, message, label, help) = match bodies {
        ["for", ..] => (
            Code::StepBody,
            "this `wait` does not say for what",
            "waits for nothing",
            "write for=\"30s\", or until=#\"…\"# with an expression that becomes true",
        ),
        ["before", ..] => (
            Code::Missing,
            "this `target` does not say where it stands",
            "stands nowhere",
            "write before=\"startup\" or after=\"startup\": the target that it stands next to",
        ),
        ["call", "rhai"] => (
            Code::StepBody,
            "this `on` has nothing to do",
            "does nothing",
            "give it call=\"binding.operation\" or rhai=#\"…\"#",
        ),
        _ => (
            Code::StepBody,
            "this step has no body",
            "does nothing",
            "give it one of `rhai`, `script`, `call` and `exec`",
        ),
    };
    Diagnostic::error(code, message).at(span, label).help(help.to_owned())
}

/// More than one of them is there.
pub(crate) fn several(bodies: &[&str], span: Span, fields: &[Field]) -> Diagnostic {
    let (code, message, help) = match bodies {
        ["for", ..] => {
            return Diagnostic::error(Code::StepBody, "this `wait` has both `for` and `until`")
                .at(span, "waits for two things")
                .help("keep one; `timeout` says how long `until` may take".to_owned());
        }
        ["before", ..] => (
            Code::Duplicate,
            "this `target` has both `before` and `after`",
            "keep one; what stands on its other side follows from that",
        ),
        ["call", "rhai"] => {
            (Code::StepBody, "this `on` has both `call` and `rhai`", "make it two `on`, or keep one of them")
        }
        _ => (Code::StepBody, "this step has more than one body", "make it two steps, or keep one body"),
    };
    let place = bodies.first() == Some(&"before");
    let labels = if place { ["and another place", "one place"] } else { ["and another one", "one body"] };
    let mut found = fields.iter().filter(|field| bodies.contains(&field.name.as_str()));
    let (first, second) = (found.next(), found.next());
    Diagnostic::error(code, message)
        .at(second.map(|field| field.name_span), labels[0])
        .at(first.map(|field| field.name_span), labels[1])
        .help(help.to_owned())
}
