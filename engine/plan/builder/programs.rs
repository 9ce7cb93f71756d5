//! Code and templates, compiled, and what they refer to.

use super::{Builder, Place};
use crate::compile::Wrong;
use crate::survey::Touch;
use crate::task::{TaskId, TaskKind};
use crate::{Template, TemplateValue};
use std::sync::Arc;
use thinking_container::{Choice, Root};
use thinking_diagnostic::{Code, Diagnostic, Span, Spanned};
use thinking_schema as schema;
use thinking_step::{Access, LibraryCall, Need, Origin, Program, Purpose, Reference, ReferenceKind};

impl Builder<'_, '_> {
    pub(super) fn program(
        &mut self,
        code: &schema::Code,
        place: &Place,
        purpose: Purpose,
        task: TaskId,
    ) -> Arc<dyn Program> {
        let program = self.compiler.code(code, self.sources, &place.scope, &self.frames, purpose, self.diagnostics);
        self.linked(program, task)
    }

    pub(super) fn linked(&mut self, program: Option<Arc<dyn Program>>, task: TaskId) -> Arc<dyn Program> {
        let Some(program) = program else { return Arc::new(Wrong) };
        self.mentions(program.references(), program.calls(), task);
        program
    }

    /// What code mentions is there, and permitted.
    fn mentions(&mut self, references: &[Reference], calls: &[LibraryCall], task: TaskId) {
        for reference in references {
            match &reference.kind {
                ReferenceKind::Param(name) => self.read.push((name.clone(), reference.span, task)),
                ReferenceKind::Result(path) => self.links.result(path, reference.span, task),
                ReferenceKind::Facet(name) if !self.declared.iter().any(|known| **known == **name) => {
                    self.diagnostics.push(self.project.facets.unknown(name, Some(reference.span)));
                }
                ReferenceKind::ReadsFile(path) => self.permitted(Access::Read(path.as_ref()), Some(reference.span)),
                ReferenceKind::ReadsEnv(name) => self.permitted(Access::Env(name), Some(reference.span)),
                ReferenceKind::Connects(host, port) => self.permitted(Access::Net(host, *port), Some(reference.span)),
                ReferenceKind::Component(name) => self.needs(name, reference.span, task),
                ReferenceKind::WritesFile(path) => self.permitted(Access::Write(path.as_ref()), Some(reference.span)),
                _ => {}
            }
            if let Some(touch) = Touch::of(&reference.kind) {
                self.uses.push((task, touch, Some(reference.span)));
            }
        }
        for call in calls {
            self.uses.push((task, Touch::Calls(call.function.clone(), call.class), Some(call.span)));
        }
    }

    /// What the scripts of components mention counts as if the task did.
    pub(super) fn uses_components(&mut self, choice: &Choice, task: TaskId) {
        for kind in self.assembly.kinds(choice) {
            self.mentions(kind.references(), kind.calls(), task);
        }
    }

    /// Parameters that are read where they have no value: no `run` around gives them one.
    pub(crate) fn check_values(&mut self) {
        for (name, span, task) in std::mem::take(&mut self.read) {
            let is_it = |known: &str| known == name || crate::script_name(known) == name;
            let declared = self.model.manifest.param.names().find(|known| is_it(known));
            let Some(declared) = declared.filter(|name| !self.params.values.contains_key(*name)) else { continue };
            let mut around = std::iter::successors(crate::task::run_around(&self.tasks, task), |run| {
                crate::task::run_around(&self.tasks, *run)
            });
            let gives = |run: TaskId| match self.tasks.get(run.0 as usize).map(|task| &task.kind) {
                Some(TaskKind::Run { params, .. }) => params.iter().any(|(known, _)| &**known == declared),
                _ => false,
            };
            if around.any(gives) {
                continue;
            }
            self.diagnostics.push(
                Diagnostic::error(Code::MissingParam, format!("parameter `{declared}` has no value in this test"))
                    .at(span, "read here")
                    .help(format!("give it one in the suite or the test: params {declared}=…")),
            );
        }
    }

    /// A program mentions a component.
    fn needs(&mut self, name: &str, span: Span, task: TaskId) {
        match self.assembly.named(name, Some(span)) {
            Ok(choice) => {
                self.uses_components(&choice, task);
                let who = self.tasks.get(task.0 as usize).map_or("", |task| &*task.path);
                let mut need = Need::one(name, name);
                need.origin = Origin::Manifest(span);
                self.roots.push(Root { who: format!("`{who}`"), need, span: Some(span) });
            }
            Err(wrong) => self.diagnostics.push(wrong),
        }
    }

    pub(super) fn permitted(&mut self, access: Access<'_>, span: Option<Span>) {
        if let Err(refusal) = self.permissions.check(access) {
            self.diagnostics.push(
                Diagnostic::error(Code::NotPermitted, refusal.message.clone()).at(span, "refused").help(refusal.help()),
            );
        }
    }

    pub(super) fn template(&mut self, string: &Spanned<String>, place: &Place, task: TaskId) -> Template {
        let template = self.compiler.template(
            string,
            self.sources,
            &place.scope,
            &self.frames,
            Purpose::Expression,
            self.diagnostics,
        );
        for part in &template.parts {
            if let crate::TemplatePart::Code(program) = part {
                self.linked(Some(program.clone()), task);
            }
        }
        template
    }

    pub(super) fn tree(&mut self, tree: &Spanned<schema::Tree>, place: &Place, task: TaskId) -> TemplateValue {
        let value =
            self.compiler.tree(tree, self.sources, &place.scope, &self.frames, Purpose::Expression, self.diagnostics);
        self.link_value(&value, task);
        value
    }

    pub(super) fn link_value(&mut self, value: &TemplateValue, task: TaskId) {
        match value {
            TemplateValue::Fixed(_) => {}
            TemplateValue::Template(template) => {
                for part in &template.parts {
                    if let crate::TemplatePart::Code(program) = part {
                        self.linked(Some(program.clone()), task);
                    }
                }
            }
            TemplateValue::List(items) => items.iter().for_each(|item| self.link_value(item, task)),
            TemplateValue::Map(fields) => fields.iter().for_each(|(_, field)| self.link_value(field, task)),
        }
    }

    /// A value as text with templates: numbers and booleans as they are written in JSON.
    pub(super) fn word(&mut self, tree: &Spanned<schema::Tree>, place: &Place, task: TaskId) -> Template {
        match &tree.value {
            schema::Tree::Text(text) => {
                let string = Spanned { value: text.clone(), span: tree.span };
                self.template(&string, place, task)
            }
            other => Template::fixed(other.to_json().to_string(), tree.span),
        }
    }
}
