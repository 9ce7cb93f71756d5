//! Names of siblings, the results they leave, and loop variables.

use super::{Builder, Place, Sibling, Siblings};
use crate::compile::{Compiler, Results};
use crate::{names, script_name};
use std::collections::btree_map::Entry;
use thinking_diagnostic::{Code, Diagnostic, Spanned};
use thinking_step::{ScopeEntry, VariableKind};

impl Builder<'_, '_> {
    pub(super) fn inside<T>(&mut self, named: bool, work: impl FnOnce(&mut Self) -> T) -> T {
        if !named {
            // The tasks of an unnamed container count as siblings of what is around it.
            return work(self);
        }
        self.frames.push(Siblings::new());
        let done = work(self);
        self.frames.pop();
        done
    }

    pub(super) fn declare(&mut self, name: &Spanned<String>) {
        let Some(frame) = self.frames.last_mut() else { return };
        match frame.entry(script_name(name)) {
            Entry::Occupied(first) => {
                let first = first.get().span;
                self.diagnostics.push(
                    Diagnostic::error(Code::Duplicate, format!("two siblings are called `{}`", name.value))
                        .at(name.span, "again here")
                        .at(first, "first here")
                        .help("names are unique among siblings, and the tasks of an unnamed container count as siblings of what is around it".to_owned()),
                );
            }
            Entry::Vacant(place) => {
                place.insert(Sibling { span: name.span, open: true });
            }
        }
    }

    /// From here on the task's result is there.
    pub(super) fn settle(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        if let Some(sibling) = self.frames.last_mut().and_then(|frame| frame.get_mut(&script_name(name))) {
            sibling.open = false;
        }
    }

    /// The siblings whose results are there.
    pub(super) fn settled(&self) -> Vec<String> {
        let frame = self.frames.last().into_iter().flatten();
        frame.filter(|(_, sibling)| !sibling.open).map(|(name, _)| name.clone()).collect()
    }

    /// Takes the results of all other siblings out of sight; gives their names, for [`Self::show_again`].
    pub(super) fn hide_all_but(&mut self, visible: &[String]) -> Vec<String> {
        let mut hidden = Vec::new();
        for (name, sibling) in self.frames.last_mut().into_iter().flatten() {
            if !sibling.open && !visible.contains(name) {
                sibling.open = true;
                hidden.push(name.clone());
            }
        }
        hidden
    }

    /// Results that were taken out of sight are there again.
    pub(super) fn show_again(&mut self, hidden: &[String]) {
        for (name, sibling) in self.frames.last_mut().into_iter().flatten() {
            if hidden.contains(name) {
                sibling.open = false;
            }
        }
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

/// The results that can be there: of the siblings that are complete, and of those of each container around. What is being built is not there yet.
impl Results for Vec<Siblings> {
    fn has(&self, name: &str) -> bool {
        self.iter().any(|frame| frame.get(name).is_some_and(|sibling| !sibling.open))
    }
    fn all(&self) -> Vec<String> {
        let complete = self.iter().flatten().filter(|(_, sibling)| !sibling.open);
        complete.map(|(name, _)| name.clone()).collect()
    }
}
