//! Names of siblings, the results they leave, and loop variables.

use super::{Builder, Place, Sibling};
use crate::compile::Compiler;
use crate::{names, script_name};
use thinking_diagnostic::{Code, Diagnostic, Spanned};
use thinking_step::{ScopeEntry, VariableKind};

impl Builder<'_, '_> {
    pub(super) fn inside<T>(&mut self, named: bool, work: impl FnOnce(&mut Self) -> T) -> T {
        if !named {
            // The tasks of an unnamed container count as siblings of what is around it.
            return work(self);
        }
        self.frames.push(Vec::new());
        let done = work(self);
        self.frames.pop();
        done
    }

    pub(super) fn declare(&mut self, name: &Spanned<String>) {
        let Some(frame) = self.frames.last_mut() else { return };
        if let Some(first) = frame.iter().find(|known| known.name == name.value) {
            let first = first.span;
            self.diagnostics.push(
                Diagnostic::error(Code::Duplicate, format!("two siblings are called `{}`", name.value))
                    .at(name.span, "again here")
                    .at(first, "first here")
                    .help("names are unique among siblings, and the tasks of an unnamed container count as siblings of what is around it".to_owned()),
            );
        } else {
            frame.push(Sibling { name: name.value.clone(), span: name.span, open: true });
        }
    }

    /// The names that `results` can have here: of the siblings that are complete, and of those of each container around. What is being built is
    /// not there yet.
    pub(super) fn results(frames: &[Vec<Sibling>]) -> Vec<String> {
        frames.iter().flatten().filter(|sibling| !sibling.open).map(|sibling| script_name(&sibling.name)).collect()
    }

    /// From here on the task's result is there.
    pub(super) fn settle(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        let siblings = self.frames.last_mut().into_iter().flatten();
        siblings.filter(|sibling| sibling.name == name).for_each(|sibling| sibling.open = false);
    }

    pub(super) fn with_variable(&mut self, name: &Spanned<String>, mut place: Place) -> Place {
        let script = script_name(name);
        let hidden = Compiler::has(&place.scope, &script);
        let why = names::reserved(name, self.compiler.language());
        if let Some(why) = why {
            self.diagnostics.push(
                Diagnostic::error(Code::ReservedName, format!("a loop variable cannot be called `{}`", name.value))
                    .at(name.span, why),
            );
        } else if let Some(hidden) = hidden {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::ReservedName,
                    format!("the loop variable `{}` hides another variable", name.value),
                )
                .at(name.span, "hides")
                .at(hidden.span, "this")
                .help("give it another name".to_owned()),
            );
        } else {
            let entry = |span| ScopeEntry { kind: VariableKind::Loop, span };
            place.scope = self.compiler.extended(&place.scope, script, entry(name.span));
            place.scope = self.compiler.extended(&place.scope, "index".to_owned(), entry(None));
        }
        place
    }
}
