//! What steps do.

use super::{Builder, Common, Place};
use crate::definition::Definer;
use crate::survey::Touch;
use crate::task::{Body, Call, Callee, Exec, StdoutAs, Step, TaskId, TaskKind, Wait};
use crate::{Setting, Template, TemplateValue};
use std::sync::Arc;
use thinking_container::Root;
use thinking_diagnostic::{Code, Diagnostic, Spanned};
use thinking_schema::{self as schema, Templated};
use thinking_step::{Access, Class, Program, Purpose};

impl Builder<'_, '_> {
    pub(super) fn step(&mut self, step: &schema::Step, place: &Place) -> Option<Step> {
        let id = place.parent?;
        let mut definer = Definer::default();
        let body = if let Some(code) = &step.rhai {
            let program = self.program(code, place, Purpose::Step, id);
            definer.program("`rhai`", &*program, code.0.span);
            Body::Script(program)
        } else if let Some(file) = &step.script {
            let program = self.script_file(file, place, id)?;
            definer.program(&format!("script `{}`", file.value), &*program, file.span);
            Body::Script(program)
        } else if let Some(call) = &step.call {
            Body::Call(self.call(call, place, id, &mut definer)?)
        } else {
            let exec = step.exec.as_ref()?;
            Body::Exec(Box::new(self.exec(exec, place, id, &mut definer)))
        };
        if let (Some(flow), [_], Body::Script(program)) = (&mut self.flow, &*self.running, &body) {
            flow.extend(program.declares().into_iter().map(|(name, span)| (name, Some(span))));
        }
        let inputs: Vec<Template> = step.input.iter().map(|input| self.template(input, place, id)).collect();
        let outputs: Vec<Template> = step.output.iter().map(|output| self.template(output, place, id)).collect();
        outputs.iter().for_each(|output| self.check_output(output, id));
        inputs.iter().for_each(|input| definer.template("`input`", input));
        outputs.iter().for_each(|output| definer.template("`output`", output));
        let definition = definer.done(self.databases, self.assembly);
        let always = step.always.as_ref().is_some_and(|always| self.now(always, false));
        Some(Step { body, inputs, outputs, always, definition })
    }

    /// A `wait` is a step that leaves nothing but the fact that it is over. How long it takes is no part of what it is: what is over is over.
    pub(super) fn wait(&mut self, wait: &Spanned<schema::Wait>, place: &Place) -> Option<TaskId> {
        let common = Common {
            name: Some(&wait.name),
            span: wait.span,
            when: &wait.when,
            timeout: &None,
            retry: &None,
            on_error: &wait.on_error,
        };
        let around = Place { retry: None, ..place.clone() };
        let (id, inner) = self.open(common, &around);
        let duration = |text: &schema::DurationText| thinking_manifest::units::duration(&text.0);
        let timeout = wait.timeout.as_ref().map(|timeout| self.setting(timeout, &inner, duration));
        let wait = match (&wait.r#for, &wait.until) {
            (Some(time), _) => {
                if timeout.is_some() {
                    self.diagnostics.push(
                        Diagnostic::error(Code::InvalidValue, "a `wait` for a time has no use for `timeout`")
                            .at(wait.timeout.as_ref().and_then(Templated::span).or(wait.span), "here")
                            .help("leave it out, or wait with `until`".to_owned()),
                    );
                }
                Wait::For(self.setting(time, &inner, duration))
            }
            (None, Some(until)) => {
                Wait::Until { condition: self.program(until, &inner, Purpose::Expression, id), timeout }
            }
            (None, None) => return None,
        };
        let mut definer = Definer::default();
        definer.fixed("`wait`", "wait", None);
        let step = Step {
            body: Body::Wait(wait),
            inputs: Vec::new(),
            outputs: Vec::new(),
            always: false,
            definition: definer.done(self.databases, self.assembly),
        };
        Some(self.close(id, TaskKind::Step(Box::new(step))))
    }

    /// An output is one file or directory, and neither the project itself nor something that its manifests are made of.
    fn check_output(&mut self, output: &Template, task: TaskId) {
        let Some(text) = output.as_fixed() else { return };
        let path = self.permissions.resolve(text.as_ref());
        let source = |source: &std::path::Path| source.canonicalize().is_ok_and(|source| source == path);
        let why = if text.is_empty() {
            Some("an output needs a path")
        } else if text.contains(['*', '?']) {
            Some("an output is one file or directory, not a pattern")
        } else if self.permissions.root().starts_with(&path) {
            Some("the project's own directory cannot be an output")
        } else if self.permissions.is_state(&path) {
            Some("the recorded state cannot be an output")
        } else if source(&self.project.path) || self.sources.iter().any(|(_, file)| source((*file.name).as_ref())) {
            Some("the project's own manifests and scripts cannot be outputs")
        } else {
            None
        };
        if let Some(why) = why {
            self.diagnostics.push(
                Diagnostic::error(Code::InvalidOutput, why)
                    .at(output.span, "here")
                    .help("name the file or directory that the step leaves, such as \"out/report.md\"".to_owned()),
            );
        } else {
            self.outputs.push((path, task, output.span));
        }
    }

    /// Two steps that leave the same file would undo each other's work, each time, for ever. Steps of which only one runs may.
    pub(crate) fn check_shared_outputs(&mut self) {
        let mut outputs = std::mem::take(&mut self.outputs);
        outputs.sort();
        for (_, task, span) in &outputs {
            if self.is_in_a_loop(*task) {
                self.diagnostics.push(
                    Diagnostic::error(Code::InvalidOutput, "every iteration declares the same output")
                        .at(*span, "the same each time")
                        .help("put the loop variable into the path, such as \"out/${epoch}.bin\", or declare it in a step after the loop".to_owned()),
                );
            }
        }
        for pair in outputs.windows(2) {
            let [(path, one, first), (same, other, again)] = pair else { continue };
            if path != same || self.is_conditional(*one) || self.is_conditional(*other) {
                continue;
            }
            self.diagnostics.push(
                Diagnostic::error(Code::InvalidOutput, "two steps declare the same output")
                    .at(*again, "again here")
                    .at(*first, "first here")
                    .help("give each step an output of its own: a changed output runs its step again".to_owned()),
            );
        }
    }

    fn is_in_a_loop(&self, task: TaskId) -> bool {
        let mut next = Some(task);
        while let Some(task) = next.and_then(|id| self.tasks.get(id.0 as usize)) {
            if matches!(task.kind, TaskKind::Each { .. } | TaskKind::Repeat { .. }) {
                return true;
            }
            next = task.parent;
        }
        false
    }

    /// Whether a task, or something around it, runs only sometimes.
    fn is_conditional(&self, task: TaskId) -> bool {
        let mut next = Some(task);
        while let Some(task) = next.and_then(|id| self.tasks.get(id.0 as usize)) {
            let parent = task.parent.and_then(|id| self.tasks.get(id.0 as usize));
            if task.when.is_some() || parent.is_some_and(|parent| matches!(parent.kind, TaskKind::Choose { .. })) {
                return true;
            }
            next = task.parent;
        }
        false
    }

    pub(super) fn script_file(
        &mut self,
        file: &Spanned<String>,
        place: &Place,
        task: TaskId,
    ) -> Option<Arc<dyn Program>> {
        let path = self.project.directory.join(&file.value);
        let main = self.sources.get(self.project.main).map(|main| main.name.to_string()).unwrap_or_default();
        let shown = std::path::Path::new(&main).with_file_name("").join(&file.value);
        let text = match self.compiler.file(&path, &shown.display().to_string(), self.sources) {
            Ok(text) => text,
            Err(error) => {
                let why = match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    _ => error.to_string(),
                };
                self.diagnostics.push(
                    Diagnostic::error(Code::UnreadableFile, format!("cannot read the script `{}`: {why}", file.value))
                        .at(file.span, "named here"),
                );
                return None;
            }
        };
        let program = self.compiler.text(&text, &place.scope, &self.frames, Purpose::Step, self.diagnostics);
        Some(self.linked(program, task))
    }

    pub(super) fn call(
        &mut self,
        call: &Spanned<schema::Call>,
        place: &Place,
        task: TaskId,
        definer: &mut Definer,
    ) -> Option<Call> {
        let name = &call.operation;
        let step = match (self.steps.get(&name.value), self.operation(&name.value)) {
            (Some(step), None) => step,
            (None, Some(operation)) => return self.operation_call(call, operation, place, task, definer),
            (Some(_), Some((binding, ..))) => {
                let message = format!("`{}` is both a native step and an operation of `{binding}`", name.value);
                self.diagnostics.push(
                    Diagnostic::error(Code::AmbiguousDependency, message)
                        .at(name.span, "which one?")
                        .help("give the binding another name".to_owned()),
                );
                return None;
            }
            (None, None) => {
                self.unknown_callee(name);
                return None;
            }
        };
        self.diagnostics.extend(thinking_manifest::check_arguments(&step.schema(), name, &call.arguments));
        if matches!(step.class(), Class::Observe | Class::Effect) {
            self.uses.push((task, Touch::Calls(step.name().to_owned(), step.class()), name.span));
        }
        for (argument, value) in &call.arguments {
            let schema::Tree::Text(path) = &value.value else { continue };
            // What a template or an address gives is known only when it runs.
            if path.contains("${") || path.contains("://") {
                continue;
            }
            if step.reads().contains(&argument.value.as_str()) {
                self.permitted(Access::Read(path.as_ref()), value.span);
                self.uses.push((task, Touch::Reads(path.clone()), value.span));
            }
            if step.writes().contains(&argument.value.as_str()) {
                self.permitted(Access::Write(path.as_ref()), value.span);
                self.uses.push((task, Touch::Writes(path.clone()), value.span));
            }
        }
        definer.fixed("operation", &format!("{} {}", step.name(), step.version()), name.span);
        let arguments = self.arguments(call, place, task, &step.schema(), definer);
        let mut dependencies = Vec::new();
        for need in step.needs() {
            match self.assembly.wirer.resolve(need) {
                Ok(choice) => {
                    self.uses_components(&choice, task);
                    dependencies.push(self.assembly.wired(&choice));
                    definer.wired(choice);
                }
                Err(wrong) => self.diagnostics.push(wrong.at(name.span, "needed by this step")),
            }
            self.roots.push(Root { who: format!("step `{}`", step.name()), need: need.clone(), span: name.span });
        }
        Some(Call { callee: Callee::Step { step, dependencies }, arguments: TemplateValue::Map(arguments) })
    }

    pub(super) fn exec(
        &mut self,
        exec: &Spanned<schema::Exec>,
        place: &Place,
        task: TaskId,
        definer: &mut Definer,
    ) -> Exec {
        let program = self.template(&exec.program, place, task);
        if let Some(fixed) = program.as_fixed() {
            self.permitted(Access::Run(&fixed), exec.program.span);
        }
        self.uses.push((task, Touch::Runs(exec.program.value.clone()), exec.program.span));
        definer.template("program", &program);
        let arguments: Vec<Template> = exec.arguments.iter().map(|argument| self.word(argument, place, task)).collect();
        for (at, argument) in arguments.iter().enumerate() {
            definer.template(&format!("argument {}", at + 1), argument);
        }
        let environment: Vec<(Arc<str>, Template)> =
            exec.env.iter().map(|(name, value)| (Arc::from(name.as_str()), self.word(value, place, task))).collect();
        for (name, value) in &environment {
            definer.template(&format!("environment variable {name}"), value);
        }
        let stdin = exec.stdin.as_ref().map(|stdin| self.template(stdin, place, task));
        let directory = exec.cwd.as_ref().map(|cwd| self.template(cwd, place, task));
        if let Some(stdin) = &stdin {
            definer.template("`stdin`", stdin);
        }
        if let Some(directory) = &directory {
            definer.template("`cwd`", directory);
        }
        let stdout = exec.stdout.as_ref().map(|stdout| {
            self.setting(stdout, place, |word| {
                Some(match word {
                    schema::StdoutWord::Text => StdoutAs::Text,
                    schema::StdoutWord::Lines => StdoutAs::Lines,
                    schema::StdoutWord::Json => StdoutAs::Json,
                })
            })
        });
        if let Some(stdout) = &stdout {
            match stdout {
                Setting::Fixed(kind) => definer.fixed("`stdout`", &format!("{kind:?}"), exec.span),
                Setting::Computed(template) => definer.template("`stdout`", template),
            }
        }
        Exec { program, arguments, environment, stdin, directory, stdout }
    }
}
