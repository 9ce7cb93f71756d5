//! `thinking apply`

use crate::cli::args::RunArgs;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::logging::Logs;
use crate::cli::prepare::{LINE, Prepared, prepare};
use crate::cli::session::{self, Session};
use crate::cli::{faults, here, output, signals};
use std::io;
use std::path::Path;
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics};
use thinking_event::{Expected, Reporter, RunEnd};
use thinking_manifest::Selection;
use thinking_plan::{Plan, TaskKind};
use thinking_report::{
    ConsoleOptions, ConsoleReporter, JsonReporter, LiveOptions, LiveReporter, Many, StandardError, TracingReporter,
};
use thinking_run::{ApplyError, Launch, StopSignal, SystemClock};
use thinking_schema::{ConsoleFormat, DurabilityWord, Level};
use thinking_script::Rhai;
use thinking_step::LogLevel;
use thinking_store::{Durability, Store};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

pub(crate) fn run(args: &RunArgs) -> Result<Exit, Trouble> {
    if args.help {
        return Ok(help(args, "apply"));
    }
    let Prepared { plan, settings, sources, manifest, state, remembered, secrets, resume } = prepare(args)?;
    let durability = match settings.durability {
        DurabilityWord::Step => Durability::Step,
        DurabilityWord::Batch => Durability::Batch,
        DurabilityWord::None => Durability::None,
    };
    let options = OpenOptions {
        durability,
        hook: faults::from_environment(),
        ..OpenOptions::new(&state, identity(&plan, &manifest, &state))
    };
    let store: Arc<dyn Store> = Arc::new(LmdbStore::open(options)?);
    let plan = Arc::new(plan);
    let logs = Logs::install(&settings.logging, &plan);
    let mut reporters: Vec<Arc<dyn Reporter>> = vec![Arc::new(logs), Arc::new(TracingReporter::default())];
    if args.common.json {
        reporters.push(Arc::new(JsonReporter::new(Box::new(io::stdout())).with_sources(sources.clone())));
    }
    if settings.logging.console != ConsoleFormat::Json {
        let console = ConsoleOptions {
            style: output::style(),
            quiet: args.common.quiet || args.common.json,
            level: loudness(settings.logging.level),
            resume_command: resume,
        };
        reporters.push(match output::live() && !console.quiet {
            true => {
                // Without it the time left is not told; whatever is wrong with the state, the run itself will say so.
                let expected = thinking_run::expected(&*store, LINE, &plan.pipeline).ok();
                let options = live(console, &plan, expected);
                Arc::new(LiveReporter::new(Box::new(StandardError), options, sources.clone()))
            }
            false => Arc::new(ConsoleReporter::new(Box::new(io::stderr()), console, sources.clone())),
        });
    }
    #[cfg(feature = "opentelemetry")]
    reporters.extend(crate::cli::traces::reporter());
    let reporter: Arc<dyn Reporter> = Arc::new(Many(reporters));
    let stop = StopSignal::default();
    signals::listen(&stop);
    let launch = Launch {
        plan,
        store: store.clone(),
        line: LINE.to_owned(),
        reporter: reporter.clone(),
        stop,
        clock: Arc::new(SystemClock::default()),
        runs_directory: state.join("runs"),
        state_directory: state,
        options: args.options(),
        remembered,
        durability,
        environment: Arc::new(|name| std::env::var(name).ok()),
        test: None,
        hidden: secrets,
    };
    let end = thinking_run::apply(launch);
    reporter.finish();
    let closed = store.close();
    let unstopped = end.as_ref().map_or(0, |ended| ended.unstopped);
    match end.map(|ended| ended.end) {
        Ok(RunEnd::Done | RunEnd::Unchanged | RunEnd::Stopped { .. }) => {
            closed?;
            // All steps are done and recorded, but something outside may not have been put in order.
            if unstopped > 0 {
                let what = if unstopped == 1 { "1 component" } else { &format!("{unstopped} components") };
                let them = if unstopped == 1 { "it" } else { "they" };
                output::talk(&format!(
                    "{what} did not stop as {them} should, see above; the steps are done and safe, and do not run again for that\n"
                ));
                return Ok(Exit::Failed);
            }
            Ok(Exit::Done)
        }
        Ok(RunEnd::StoreFailed { unusable: true, .. }) => Ok(Exit::Wrong),
        Ok(RunEnd::Failed { .. } | RunEnd::StoreFailed { .. }) => Ok(Exit::Failed),
        Ok(RunEnd::Interrupted) => Ok(Exit::Interrupted),
        Err(ApplyError::Store(error)) => Err(Trouble::Store(error)),
        Err(error) => {
            output::diagnostics(&Diagnostics::from_iter([explained(&error, args)]), &sources, args.common.json);
            Ok(Exit::Wrong)
        }
    }
}

/// Whose state it is. A project without a name is known by its place, but one whose state lies beside its manifest may move with it.
fn identity(plan: &Plan, manifest: &Path, state: &Path) -> String {
    owner(plan.named, &plan.project, &plan.directory.join(manifest.file_name().unwrap_or_default()), state)
}

/// The same of a project that may have a name, and its main manifest. Several manifests in one folder are several projects.
pub(crate) fn owner(named: bool, project: &str, manifest: &Path, state: &Path) -> String {
    let beside = state.parent().is_some_and(|parent| Some(parent) == manifest.parent()) && state.ends_with(".thinking");
    match manifest.file_name().and_then(|name| name.to_str()) {
        _ if named || !beside => project.to_owned(),
        Some(name) if name != "pipeline.kdl" => format!("{name}, which has no name"),
        _ => "a project without a name".to_owned(),
    }
}

/// Why nothing was run, as a mistake of the command line.
pub(crate) fn explained(error: &ApplyError, args: &RunArgs) -> Diagnostic {
    let asked = |path: &String| [&args.from, &args.only].iter().any(|asked| asked.as_ref() == Some(path));
    let (code, span, help) = match error {
        ApplyError::Unready { span, path, .. } if asked(path) => (
            Code::CommandLine,
            *span,
            format!("with these parameters and data `{path}` never comes up: `thinking plan` says why"),
        ),
        ApplyError::Unready { span, path, .. } => (
            Code::CommandLine,
            *span,
            format!("run `thinking apply --until {path}` first, or start there with --from {path}"),
        ),
        ApplyError::UnknownPath { .. } => (
            Code::UnknownTask,
            None,
            "a path is the names of the tasks around it and its own: fit/epoch[3]/train".to_owned(),
        ),
        ApplyError::Store(_) => (Code::State, None, "mend that and run the same command again".to_owned()),
    };
    Diagnostic::error(code, error.to_string()).at(span, "here").help(help)
}

/// What the live picture shows. `expected` is what earlier runs took, for the time left.
fn live(console: ConsoleOptions, plan: &Plan, expected: Option<Expected>) -> LiveOptions {
    let steps = plan.tasks.iter().filter(|task| matches!(task.kind, TaskKind::Step(_)));
    LiveOptions {
        console,
        expected,
        steps: steps.map(|task| task.path.clone()).collect(),
        continued: signals::continued(),
        // The one terminal in wide use that does not, and it says who it is.
        reflows: std::env::var_os("XTERM_VERSION").is_none(),
    }
}

fn loudness(level: Level) -> LogLevel {
    match level {
        Level::Trace => LogLevel::Trace,
        Level::Debug => LogLevel::Debug,
        Level::Info => LogLevel::Info,
        Level::Warn => LogLevel::Warn,
        Level::Error | Level::Off => LogLevel::Error,
    }
}

/// The verb's own help, and the parameters of the manifest if there is one.
pub(crate) fn help(args: &RunArgs, verb: &str) -> Exit {
    let mut command = crate::cli::help::command();
    // Gives the verbs their full names.
    command.build();
    let text = command.find_subcommand_mut(verb).map(|verb| verb.render_help().to_string()).unwrap_or_default();
    output::data(&text);
    if let Some(params) = params_help(args) {
        output::data(&params);
    }
    Exit::Done
}

fn params_help(args: &RunArgs) -> Option<String> {
    let path = match &args.common.manifest {
        Some(_) => session::manifest(&args.common).ok()?,
        None => here::manifest()?,
    };
    let language = Rhai::new();
    let session = match Session::load(&path, &language) {
        Ok(session) => session,
        Err((sources, diagnostics)) => {
            if args.common.manifest.is_some() {
                output::diagnostics(&diagnostics, &sources, false);
            }
            return None;
        }
    };
    let model = session.project.compose(&Selection::default(), &mut Diagnostics::new())?;
    let mut text = format!("\nParameters of {}:\n", path.display());
    for (name, param) in model.manifest.param.iter() {
        let kind = param.r#type.as_ref().map_or("string", |kind| kind.value.word());
        let default = match (&param.default, param.optional) {
            (Some(default), _) => format!(" [default: {}]", default.value.to_json()),
            (None, true) => " [optional]".to_owned(),
            (None, false) => " [must be given]".to_owned(),
        };
        let mut help = param.help.clone().unwrap_or_default();
        for (word, bound) in [("from", &param.min), ("up to", &param.max)] {
            if let Some(bound) = bound {
                help.push_str(&format!(" [{word} {}]", bound.value));
            }
        }
        if let Some(allowed) = &param.one_of {
            let list: Vec<String> = allowed.value.iter().map(ToString::to_string).collect();
            help.push_str(&format!(" [one of {}]", list.join(", ")));
        }
        if let Some(variable) = &param.env {
            help.push_str(&format!(" [env: {}]", variable.value));
        }
        if param.secret {
            help.push_str(" [secret]");
        }
        text.push_str(&format!("  -p {:<24} {help}{default}\n", format!("{}={}", name.value, kind.to_uppercase())));
    }
    let facets: Vec<&str> = session.project.facets.facets.iter().map(|facet| facet.name.as_str()).collect();
    if !facets.is_empty() {
        text.push_str(&format!("\nFacets: {}\n", facets.join(", ")));
    }
    Some(text)
}
