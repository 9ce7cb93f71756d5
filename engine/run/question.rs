//! Evaluates the expressions that the core asks for.

use crate::decide::{Place, Question};
use crate::host::{Role, RunHost};
use crate::world::World;
use std::sync::Arc;
use thinking_plan::{Setting, TaskKind, Template, TemplatePart, TemplateValue};
use thinking_step::{Host, Program, ReferenceKind, StepError, Value};

/// Where an expression of a task is.
pub(crate) enum Expression<'a> {
    /// A program of its own.
    Program(&'a Arc<dyn Program>),
    /// A template.
    Template(&'a Template),
    /// The parameters of a `run`.
    Params(&'a [(Arc<str>, TemplateValue)]),
    /// Nothing to evaluate.
    None,
}

/// The expression that answers the question.
pub(crate) fn expression<'a>(world: &'a World, place: &Place, question: Question) -> Expression<'a> {
    let task = world.plan.task(place.task);
    let template = |setting: Option<&'a Template>| setting.map_or(Expression::None, Expression::Template);
    match (question, &task.kind) {
        (Question::When, _) => task.when.as_ref().map_or(Expression::None, Expression::Program),
        (Question::Items, TaskKind::Each { items, .. }) => Expression::Program(items),
        (Question::Key, TaskKind::Each { key: Some(key), .. }) => Expression::Program(key),
        (Question::Until, TaskKind::Repeat { until, .. }) => Expression::Program(until),
        (Question::Max, TaskKind::Repeat { max: Some(Setting::Computed(max)), .. }) => Expression::Template(max),
        (Question::Condition(at), TaskKind::Choose { branches, .. }) => {
            let condition = branches.get(at).and_then(|branch| branch.condition.as_ref());
            condition.map_or(Expression::None, Expression::Program)
        }
        (Question::Params, TaskKind::Run { params, .. }) => Expression::Params(params),
        (Question::Reason, TaskKind::Fail { reason }) => Expression::Template(reason),
        (Question::OnError, _) => template(match &task.on_error {
            Setting::Computed(on_error) => Some(on_error),
            Setting::Fixed(_) => None,
        }),
        _ => Expression::None,
    }
}

/// Whether the expression asks a component.
pub(crate) fn asks_component(world: &World, place: &Place, question: Question) -> bool {
    let asks = |program: &Arc<dyn Program>| {
        program.references().iter().any(|reference| matches!(reference.kind, ReferenceKind::Component(_)))
    };
    let in_template = |template: &Template| {
        template.parts.iter().any(|part| matches!(part, TemplatePart::Code(program) if asks(program)))
    };
    match expression(world, place, question) {
        Expression::Program(program) => asks(program),
        Expression::Template(template) => in_template(template),
        Expression::Params(params) => {
            params.iter().any(|(_, value)| matches!(value, TemplateValue::Template(template) if in_template(template)))
        }
        Expression::None => false,
    }
}

/// A read-only host for an expression, on the data as it is here.
pub(crate) fn host(world: &Arc<World>, place: &Place, question: Question) -> Arc<RunHost> {
    let role = if question == Question::Until { Role::Iteration } else { Role::Expression };
    let view = world.head().view.clone();
    Arc::new(RunHost::new(world.clone(), place.clone(), view, role, None))
}

/// The value of the expression.
pub(crate) fn evaluate(
    world: &World,
    place: &Place,
    question: Question,
    host: &Arc<RunHost>,
) -> Result<Value, StepError> {
    let host: Arc<dyn Host> = host.clone();
    let run = |program: &Arc<dyn Program>| program.eval(&host);
    match expression(world, place, question) {
        Expression::Program(program) if question == Question::Items => program.eval_items(&host),
        Expression::Program(program) => run(program),
        Expression::Template(template) if question == Question::Reason => template.text(&run).map(Value::String),
        Expression::Template(template) => template.value(&run),
        Expression::Params(params) => Ok(Value::Object(
            params
                .iter()
                .map(|(name, value)| Ok((name.to_string(), value.value(&run)?)))
                .collect::<Result<_, StepError>>()?,
        )),
        Expression::None => Ok(Value::Null),
    }
}
