//! What a step is, as canonical text with places, and the digest of a whole plan.

use crate::assembly::Assembly;
use crate::database::Parts;
use crate::task::{Plan, TaskId, TaskKind};
use crate::{Setting, Template, TemplatePart, TemplateValue};
use std::collections::BTreeSet;
use std::sync::Arc;
use thinking_container::Choice;
use thinking_diagnostic::Span;
use thinking_step::{Definition, DefinitionPart, Digest, Program, ReferenceKind};

/// Collects the parts of a definition.
#[derive(Default)]
pub(crate) struct Definer {
    pub parts: Vec<DefinitionPart>,
    /// The databases that the programs in it use.
    used: BTreeSet<String>,
    /// The components that they use, or that are called.
    components: BTreeSet<String>,
    /// What else it is wired to: dependencies of a native step.
    wired: Vec<Choice>,
}

impl Definer {
    pub fn fixed(&mut self, label: &str, text: &str, span: Option<Span>) {
        let places = span.map(|span| (0, span)).into_iter().collect();
        self.parts.push(DefinitionPart { label: label.to_owned(), text: text.to_owned(), places });
    }

    /// Says that a component is used, by a name that means it.
    pub fn component(&mut self, name: &str) {
        self.components.insert(name.to_owned());
    }

    /// Says that a dependency takes that.
    pub fn wired(&mut self, choice: Choice) {
        self.wired.push(choice);
    }

    /// The definition, with what the declarations of the databases and components say that it uses.
    pub fn done(mut self, databases: &Parts, assembly: &Assembly) -> Arc<Definition> {
        for (label, text, span) in
            std::mem::take(&mut self.used).iter().filter_map(|name| databases.get(name)).flatten()
        {
            self.fixed(label, text, *span);
        }
        let named = std::mem::take(&mut self.components);
        let named = named.iter().filter_map(|name| assembly.named(name, None).ok());
        for choice in named.chain(std::mem::take(&mut self.wired)) {
            for part in assembly.parts(&choice) {
                if !self.parts.contains(&part) {
                    self.parts.push(part);
                }
            }
        }
        Arc::new(Definition { parts: self.parts })
    }

    fn uses(&mut self, program: &dyn Program) {
        for reference in program.references() {
            match &reference.kind {
                ReferenceKind::Database(name) => {
                    self.used.insert(name.clone());
                }
                ReferenceKind::Component(name) => {
                    self.components.insert(name.clone());
                }
                _ => {}
            }
        }
    }

    fn template_uses(&mut self, template: &Template) {
        for part in &template.parts {
            if let TemplatePart::Code(program) = part {
                self.uses(&**program);
            }
        }
    }

    fn value_uses(&mut self, value: &TemplateValue) {
        match value {
            TemplateValue::Fixed(_) => {}
            TemplateValue::Template(template) => self.template_uses(template),
            TemplateValue::List(items) => items.iter().for_each(|item| self.value_uses(item)),
            TemplateValue::Map(fields) => fields.iter().for_each(|(_, field)| self.value_uses(field)),
        }
    }

    pub fn program(&mut self, label: &str, program: &dyn Program, whole: Option<Span>) {
        self.uses(program);
        let (text, places) = program.canonical();
        let mut places = places.to_vec();
        if places.is_empty() {
            places.extend(whole.map(|span| (0, span)));
        }
        self.parts.push(DefinitionPart { label: label.to_owned(), text: text.to_owned(), places });
    }

    pub fn template(&mut self, label: &str, template: &Template) {
        self.template_uses(template);
        let (mut text, mut places) = (String::new(), Vec::new());
        add_template(template, &mut text, &mut places);
        self.parts.push(DefinitionPart { label: label.to_owned(), text, places });
    }

    pub fn value(&mut self, label: &str, value: &TemplateValue, span: Option<Span>) {
        self.value_uses(value);
        let (mut text, mut places) = (String::new(), span.map(|span| (0, span)).into_iter().collect());
        add_value(value, &mut text, &mut places);
        self.parts.push(DefinitionPart { label: label.to_owned(), text, places });
    }
}

fn add_template(template: &Template, text: &mut String, places: &mut Vec<(u32, Span)>) {
    if let Some(span) = template.span {
        places.push((text.len() as u32, span));
    }
    for part in &template.parts {
        match part {
            // Escaped, so that text that looks like an expression is not taken for one.
            TemplatePart::Text(piece) => text.push_str(&piece.replace("${", "$${")),
            TemplatePart::Code(program) => {
                let (code, own) = program.canonical();
                text.push_str("${");
                let base = text.len() as u32;
                places.extend(own.iter().map(|(offset, span)| (base + offset, *span)));
                text.push_str(code);
                text.push('}');
            }
        }
    }
}

fn add_value(value: &TemplateValue, text: &mut String, places: &mut Vec<(u32, Span)>) {
    match value {
        TemplateValue::Fixed(fixed) => text.push_str(&fixed.to_string()),
        TemplateValue::Template(template) => add_template(template, text, places),
        TemplateValue::List(items) => {
            text.push('[');
            for item in items {
                add_value(item, text, places);
                text.push(',');
            }
            text.push(']');
        }
        TemplateValue::Map(fields) => {
            text.push('{');
            for (name, field) in fields {
                text.push_str(name);
                text.push(':');
                add_value(field, text, places);
                text.push(',');
            }
            text.push('}');
        }
    }
}

/// Digest of all that decides what a plan does: structure, conditions and definitions. Settings of how steps are tried are no part of it.
pub(crate) fn plan_digest(plan: &Plan) -> Digest {
    let mut bytes = Vec::new();
    let mut add = |tag: &str, text: &[u8]| {
        bytes.extend_from_slice(tag.as_bytes());
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text);
    };
    add("pipeline", plan.pipeline.as_bytes());
    for task in &plan.tasks {
        add("path", task.path.as_bytes());
        add("parent", &task.parent.map_or(u32::MAX, |TaskId(id)| id).to_le_bytes());
        if let Some(when) = &task.when {
            add("when", when.canonical().0.as_bytes());
        }
        match &task.on_error {
            Setting::Fixed(word) => add("on-error", format!("{word:?}").as_bytes()),
            Setting::Computed(template) => add("on-error", canonical_template(template).as_bytes()),
        }
        match &task.kind {
            TaskKind::Stage { .. } => add("stage", b""),
            TaskKind::Step(step) => {
                add("step", &step.definition.to_bytes());
                add("always", &[u8::from(step.always)]);
            }
            TaskKind::Each { variable, items, key, .. } => {
                add("each", variable.as_bytes());
                add("in", items.canonical().0.as_bytes());
                if let Some(key) = key {
                    add("key", key.canonical().0.as_bytes());
                }
            }
            TaskKind::Repeat { variable, until, max, .. } => {
                add("repeat", variable.as_bytes());
                add("until", until.canonical().0.as_bytes());
                match max {
                    Some(Setting::Fixed(max)) => add("max", &max.to_le_bytes()),
                    Some(Setting::Computed(template)) => add("max", canonical_template(template).as_bytes()),
                    None => {}
                }
            }
            TaskKind::Choose { all, branches } => {
                add("choose", &[u8::from(*all)]);
                for branch in branches {
                    let condition = branch.condition.as_ref().map_or("", |condition| condition.canonical().0);
                    add("branch", condition.as_bytes());
                    for TaskId(child) in &branch.children {
                        add("child", &child.to_le_bytes());
                    }
                }
            }
            TaskKind::Run { pipeline, params, .. } => {
                add("run", pipeline.as_bytes());
                for (name, value) in params {
                    let mut text = String::new();
                    add_value(value, &mut text, &mut Vec::new());
                    add(name, text.as_bytes());
                }
            }
            TaskKind::End => add("end", b""),
            TaskKind::Fail { reason } => add("fail", canonical_template(reason).as_bytes()),
        }
    }
    thinking_step::digest(&bytes)
}

fn canonical_template(template: &Template) -> String {
    let mut text = String::new();
    add_template(template, &mut text, &mut Vec::new());
    text
}
