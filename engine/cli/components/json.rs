//! Components for machines.

use super::gather::{Act, Binding, Component, Everything, Offer, Step, Taken};
use super::schema::Field;
use serde_json::{Value, json};

/// Everything.
pub(crate) fn json(all: &Everything) -> Value {
    let interfaces =
        all.interfaces.iter().map(|one| json!({ "name": one.name, "candidates": candidates(&one.candidates) }));
    json!({
        "interfaces": interfaces.collect::<Vec<_>>(),
        "components": all.components.iter().map(component).collect::<Vec<_>>(),
        "bindings": all.bindings.iter().map(binding).collect::<Vec<_>>(),
        "steps": all.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn candidates(all: &[Offer]) -> Vec<Value> {
    all.iter()
        .map(|one| json!({ "name": one.binding, "component": one.component, "chosen": one.chosen, "why": one.why }))
        .collect()
}

fn fields(all: &[Field]) -> Vec<Value> {
    all.iter().map(Field::json).collect()
}

fn component(component: &Component) -> Value {
    let needs = component
        .needs
        .iter()
        .map(|need| json!({ "name": need.name, "wanted": need.wanted, "optional": need.optional, "many": need.many }));
    json!({
        "name": component.name, "doc": component.doc, "version": component.version, "provides": component.provides,
        "place": component.place, "config": fields(&component.config), "needs": needs.collect::<Vec<_>>(),
        "operations": component.operations.iter().map(operation).collect::<Vec<_>>(),
        "persistent": component.persistent,
    })
}

fn operation(operation: &Act) -> Value {
    json!({
        "signature": operation.signature, "doc": operation.doc, "parameters": fields(&operation.parameters),
        "place": operation.place,
    })
}

fn binding(binding: &Binding) -> Value {
    json!({
        "name": binding.name, "component": binding.component, "place": binding.place, "implicit": binding.implicit,
        "marks": binding.marks, "config": binding.config, "takes": takes(&binding.takes), "pipelines": binding.pipelines,
    })
}

fn step(step: &Step) -> Value {
    json!({
        "name": step.name, "summary": step.summary, "place": step.place, "arguments": fields(&step.arguments),
        "takes": takes(&step.takes),
    })
}

fn takes(all: &[Taken]) -> Vec<Value> {
    let one = |taken: &Taken| {
        json!({
            "name": taken.name, "wanted": taken.wanted, "optional": taken.optional, "many": taken.many,
            "candidates": candidates(&taken.candidates),
        })
    };
    all.iter().map(one).collect()
}
