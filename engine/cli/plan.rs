//! `thinking plan`

use crate::cli::args::RunArgs;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::prepare::{LINE, Prepared, prepare};
use crate::cli::{apply, output};
use serde_json::{Value, json};
use std::sync::Arc;
use thinking_diagnostic::{Diagnostics, SourceMap};
use thinking_run::{ApplyError, Preview, PreviewRequest, PreviewTask, SystemClock, Verdict};
use thinking_store::memory::MemoryStore;
use thinking_store::{Store, StoreError};
use thinking_store_lmdb::LmdbStore;

pub(crate) fn run(args: &RunArgs) -> Result<Exit, Trouble> {
    if args.help {
        return Ok(apply::help(args, "plan"));
    }
    let Prepared { plan, sources, state, remembered, .. } = prepare(args)?;
    let store: Arc<dyn Store> = match LmdbStore::open_read_only(&state) {
        Ok(store) => Arc::new(store),
        Err(StoreError::Absent(_)) => Arc::new(MemoryStore::default()),
        Err(error) => return Err(error.into()),
    };
    let request = PreviewRequest {
        plan: Arc::new(plan),
        store,
        line: LINE.to_owned(),
        clock: Arc::new(SystemClock::default()),
        state_directory: state,
        options: args.options(),
        environment: Arc::new(|name| std::env::var(name).ok()),
    };
    match thinking_run::preview(request) {
        Ok(preview) if args.common.json => output::json_data(&as_json(&preview, &sources, &remembered)),
        Ok(preview) => output::data(&as_text(&preview, &sources, &remembered, args.common.quiet)),
        Err(ApplyError::Store(error)) => return Err(Trouble::Store(error)),
        Err(error) => {
            output::diagnostics(&Diagnostics::from_iter([apply::explained(&error, args)]), &sources, args.common.json);
            return Ok(Exit::Wrong);
        }
    }
    Ok(Exit::Done)
}

fn words(task: &PreviewTask, sources: &SourceMap) -> (&'static str, String) {
    let mut why = task.why.clone().unwrap_or_default();
    if let Some(span) = task.changed {
        why = format!("{why} ({})", sources.describe(span));
    }
    let kept = if task.step && task.done > 0 && task.verdict != Verdict::Done {
        format!("{} done, ", task.done)
    } else {
        String::new()
    };
    match &task.verdict {
        Verdict::Done => ("done", why),
        Verdict::Run if task.wait => ("waits", format!("{kept}{why}")),
        Verdict::Run => ("run", format!("{kept}{why}")),
        Verdict::Skipped => ("skipped", if why.is_empty() { "its `when` is false".to_owned() } else { why }),
        // It is unknown by itself, not for what another one makes.
        Verdict::Unknown(until) if **until == *task.path => ("unknown", format!("{kept}{why}")),
        Verdict::Unknown(until) => ("unknown", format!("{kept}depends on what `{until}` makes")),
        Verdict::Fails(reason) => ("fails", reason.clone()),
    }
}

/// So many outputs that would be removed are told by name.
const MOST_REMOVED: usize = 20;

/// For people; quiet, only what would not stay as it is.
fn as_text(preview: &Preview, sources: &SourceMap, remembered: &[String], quiet: bool) -> String {
    let mut text = String::new();
    if let Some(run) = &preview.run {
        text.push_str(&format!("run {run} goes on"));
        if !remembered.is_empty() {
            text.push_str(&format!(" with {}, as given before", remembered.join(" ")));
        }
        text.push('\n');
    }
    let width = preview.tasks.iter().map(|task| task.path.chars().count()).max().unwrap_or(0).min(60);
    let settled = |task: &PreviewTask| matches!(task.verdict, Verdict::Done | Verdict::Skipped);
    for task in preview.tasks.iter().filter(|task| !(quiet && settled(task))) {
        let (verdict, why) = words(task, sources);
        text.push_str(format!("{verdict:<8} {:<width$}  {why}", task.path).trim_end());
        text.push('\n');
    }
    if let Some(gone) = &preview.gone {
        text.push_str(&format!("`{gone}` is recorded but not in the pipeline any more: it takes its data along\n"));
    }
    for (path, task) in preview.removes.iter().take(MOST_REMOVED) {
        text.push_str(&format!("removes {path}, which `{task}` left\n"));
    }
    match preview.removes.len().saturating_sub(MOST_REMOVED) {
        0 => {}
        1 => text.push_str("removes 1 more output\n"),
        more => text.push_str(&format!("removes {more} more outputs\n")),
    }
    if preview.dropped > 0 {
        text.push_str(&given_up(preview.dropped));
        for (pipeline, count) in &preview.others {
            let them = if preview.dropped == 1 { "it" } else { "them" };
            text.push_str(&format!(", {count} of {them} of pipeline `{pipeline}`"));
        }
        text.push('\n');
    }
    if let Some((path, why)) = &preview.fails {
        let runs = |task: &PreviewTask| task.step && matches!(task.verdict, Verdict::Run | Verdict::Unknown(_));
        let when = if preview.tasks.iter().any(runs) { "then" } else { "no step is left to run, and" };
        text.push_str(&format!("{when} `{path}` fails: {why}\n"));
    }
    if preview.is_unchanged() && !quiet {
        text.push_str("nothing to do: everything is done and unchanged\n");
    }
    text
}

fn as_json(preview: &Preview, sources: &SourceMap, remembered: &[String]) -> Value {
    let tasks: Vec<Value> = preview
        .tasks
        .iter()
        .map(|task| {
            let (verdict, why) = words(task, sources);
            let span = task.changed;
            let place = span.and_then(|span| sources.place(span));
            json!({
                "task": task.path, "verdict": verdict, "why": why,
                "file": span.and_then(|span| sources.get(span.source)).map(|file| file.name.to_string()),
                "line": place.map(|place| place.line), "column": place.map(|place| place.column),
            })
        })
        .collect();
    json!({
        "run": preview.run, "remembered": remembered, "tasks": tasks, "dropped": preview.dropped,
        "dropped_of_others": preview.others.iter().map(|(name, count)| (name.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "fails": preview.fails.as_ref().map(|(task, why)| json!({ "task": task, "why": why })),
        "removes": preview.removes.iter().map(|(path, task)| json!({ "path": path, "task": task })).collect::<Vec<_>>(),
        "gone": preview.gone, "unchanged": preview.is_unchanged(),
    })
}

fn given_up(count: u64) -> String {
    match count {
        1 => "1 recorded step would be given up".to_owned(),
        many => format!("{many} recorded steps would be given up"),
    }
}
