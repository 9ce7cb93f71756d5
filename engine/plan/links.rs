//! Results that are asked for by path: whether the task is there, and before.

use crate::task::{Task, TaskId, run_around};
use std::collections::HashMap;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span, did_you_mean};
use thinking_schema::Manifest;

/// `result("path")` of all programs of a plan.
#[derive(Default)]
pub(crate) struct Links {
    results: Vec<(String, Span, TaskId)>,
}

impl Links {
    pub fn result(&mut self, path: &str, span: Span, task: TaskId) {
        self.results.push((path.to_owned(), span, task));
    }

    pub fn check(&self, tasks: &[Task], manifest: &Manifest, diagnostics: &mut Diagnostics) {
        let by_path: HashMap<&str, usize> = tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| task.name.is_some())
            .map(|(at, task)| (&*task.path, at))
            .collect();
        for (path, span, from) in &self.results {
            if let Some((pipeline, _)) = path.split_once(':')
                && !pipeline.contains(['/', '['])
            {
                if manifest.pipeline.get(pipeline).is_none() {
                    let near =
                        did_you_mean(pipeline, manifest.pipeline.names()).map(|near| format!("did you mean `{near}`?"));
                    diagnostics.push(
                        Diagnostic::error(Code::UnknownPipeline, format!("no pipeline is called `{pipeline}`"))
                            .at(*span, "unknown")
                            .help(near),
                    );
                }
                continue;
            }
            let plain = without_keys(path);
            // Inside a `run` a path begins at the pipeline that it is written in.
            let around = run_around(tasks, *from).and_then(|run| tasks.get(run.0 as usize)).map(|run| &*run.path);
            let whole = around.map_or_else(|| plain.clone(), |around| format!("{around}/{plain}"));
            let found = by_path.get(&*whole).copied().or_else(|| {
                // Of a template in a property it is not known whose it is; the run looks again.
                let below = format!("/{plain}");
                let anywhere = |task: &Task| task.name.is_some() && task.path.ends_with(&below);
                if from.0 == u32::MAX { tasks.iter().position(anywhere) } else { None }
            });
            match found {
                None => {
                    let names = tasks.iter().filter(|task| task.name.is_some()).map(|task| &*task.path);
                    let help = match did_you_mean(&plain, names) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "a path is the names of the tasks around it and its own, joined by `/`".to_owned(),
                    };
                    diagnostics.push(
                        Diagnostic::error(Code::UnknownTask, format!("no task has the path `{plain}`"))
                            .at(*span, "unknown")
                            .help(help),
                    );
                }
                Some(at) if from.0 != u32::MAX && at as u32 >= from.0 => diagnostics.push(
                    Diagnostic::error(Code::UnknownResult, format!("`{plain}` does not run before this"))
                        .at(*span, "not there yet")
                        .at(tasks[at].span, "runs here")
                        .help("only results of tasks that ran before can be read".to_owned()),
                ),
                Some(_) => {}
            }
        }
    }
}

/// A task path without the keys of iterations: `fit/epoch[3]/train` → `fit/epoch/train`.
#[must_use]
pub fn without_keys(path: &str) -> String {
    let mut plain = String::new();
    let mut rest = path.chars();
    while let Some(character) = rest.next() {
        if character != '[' {
            plain.push(character);
            continue;
        }
        let mut quoted = false;
        while let Some(inner) = rest.next() {
            match inner {
                '\\' if quoted => {
                    rest.next();
                }
                '"' => quoted = !quoted,
                ']' if !quoted => break,
                _ => {}
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_go() {
        assert_eq!(super::without_keys("fit/epoch[3]/train"), "fit/epoch/train");
        assert_eq!(super::without_keys("a[\"x]/y\"]/b"), "a/b");
        assert_eq!(super::without_keys("a[\"x\\\"]\"]/b"), "a/b");
    }
}
