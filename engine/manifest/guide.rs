//! What to tell someone whose manifest says nothing yet.

use crate::Model;
use crate::format::is_all_comments;
use thinking_diagnostic::{Code, Diagnostic, Severity, Span};
use thinking_schema::Task;

/// The smallest manifest, and the way to a whole project: what a help says where there is nothing to go on from.
pub const SMALLEST: &str = "the smallest manifest:

    pipeline \"main\" {
        step \"hello\" { rhai #\"log::info(\"hello\")\"# }
    }

or begin with a whole project: thinking init --dir FOLDER";

/// What to say of a manifest with that text, which has no pipeline.
#[must_use]
pub fn no_pipeline(text: &str, severity: Severity) -> Diagnostic {
    let message = match is_all_comments(text) {
        Some(false) => "the manifest is empty: there is nothing to run",
        Some(true) => "the manifest holds only comments: there is nothing to run",
        None => "the manifest has no pipeline: there is nothing to run",
    };
    Diagnostic { severity, ..Diagnostic::error(Code::UnknownPipeline, message).help(SMALLEST.to_owned()) }
}

/// A warning for every task that holds other tasks but has none, with its place.
#[must_use]
pub fn hollow(model: &Model) -> Vec<(Span, Diagnostic)> {
    let mut found = Vec::new();
    for (_, pipeline) in model.manifest.pipeline.iter() {
        walk(&pipeline.tasks, &mut found);
    }
    found
}

fn walk(tasks: &[Task], found: &mut Vec<(Span, Diagnostic)>) {
    for task in tasks {
        match task {
            Task::Stage(stage) => {
                let name = stage.name.as_ref().map_or("stage".to_owned(), |name| format!("stage `{}`", name.value));
                inner(&name, stage.span, &stage.tasks, found);
            }
            Task::Each(each) => inner(&format!("each `{}`", each.var.value), each.span, &each.tasks, found),
            Task::Repeat(repeat) => inner(&format!("repeat `{}`", repeat.var.value), repeat.span, &repeat.tasks, found),
            Task::Choose(choose) => {
                for branch in &choose.branches {
                    inner("when", branch.span, &branch.tasks, found);
                }
                // An `otherwise` without tasks says that nothing is to be done then.
                walk(choose.otherwise.as_ref().map_or(&[], |otherwise| &*otherwise.tasks), found);
            }
            _ => {}
        }
    }
}

fn inner(name: &str, span: Option<Span>, tasks: &[Task], found: &mut Vec<(Span, Diagnostic)>) {
    if let ([], Some(span)) = (tasks, span) {
        let diagnostic = Diagnostic::warning(Code::Missing, format!("{name} has no tasks"))
            .at(span, "nothing to do")
            .help("put a step into it: step \"hello\" { rhai #\"log::info(\"hello\")\"# }".to_owned());
        found.push((span, diagnostic));
    }
    walk(tasks, found);
}
