//! A worker: a process that loads one project and runs its tests, one after the other.

use crate::cli::args::Common;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::session::{self, Session};
use crate::cli::test::args::WorkerArgs;
use crate::cli::test::{settings, suites};
use crate::cli::{runner, signals};
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::Command;
use std::sync::Arc;
use thinking_diagnostic::{Diagnostics, Severity, SourceMap, Style, render};
use thinking_event::testing::{Coverage, Outcome, TestFailure, Try};
use thinking_run::Environment;
use thinking_script::{Recorder, Rhai};
use thinking_testing::protocol::{Done, Order, Ready, Reply, Request};
use thinking_trial::{Bench, Case, ChildOrder, Collected, Reach, collect};

/// Serves until its input ends.
pub(crate) fn run(args: &WorkerArgs) -> Result<Exit, Trouble> {
    // Where the system cannot do that, the end of the input does.
    let _ = thinking_testing::pool::end_with_parent();
    // Processes that a test leaves behind are left to this one, which tells of them.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let recorder = Recorder::new();
    let language = if args.coverage { Rhai::covering(&recorder) } else { Rhai::new() };
    let common = Common { manifest: Some(args.manifest.clone()), state: args.state.clone(), json: false, quiet: true };
    let loaded = Session::load_with_tests(&args.manifest, &language);
    if let Ok(session) = &loaded {
        // What goes wrong with the project's crates was printed, and ends this process before it is ready.
        runner::enter(session, &common)?;
    }
    let Ok(mut replies) = Replies::take() else { return Ok(Exit::Wrong) };
    let mut session = match loaded {
        Ok(session) => session,
        Err((sources, diagnostics)) => {
            replies.say(&wrong(&diagnostics, &sources, args.width));
            return Ok(Exit::Wrong);
        }
    };
    let state = session::state_directory(&common, &session.project.directory);
    if !args.checked {
        session.check(&state);
    }
    let mut found = std::mem::take(&mut session.diagnostics);
    if found.has_errors() {
        replies.say(&wrong(&found, &session.sources, args.width));
        return Ok(Exit::Wrong);
    }
    let project = args.manifest.display().to_string();
    let (model, given) = match suites::base(&mut session, &args.facet, &state)? {
        Ok(base) => base,
        Err(more) => {
            found.extend(more);
            replies.say(&wrong(&found, &session.sources, args.width));
            return Ok(Exit::Wrong);
        }
    };
    let root = session.project.directory.clone();
    let Collected { cases } = collect(&model.manifest, &session.project, &project, &mut session.sources, &mut found);
    let child = child(args.clone());
    let mut bench = suites::bench(&mut session, &model, &given, &state, child);
    bench.width(args.width);
    let mut prepared = suites::Ready::default();
    let environment: Environment = Arc::new(|name| std::env::var(name).ok());
    if args.child {
        let recorder = args.coverage.then_some(&recorder);
        return Ok(serve_child(&mut bench, &cases, &environment, recorder, &mut replies));
    }
    let (mut reach, mut coverage) = (Reach::default(), Coverage::default());
    if !args.checked {
        for case in &cases {
            prepared.of(&mut bench, case, &mut found);
        }
        found = prepared.without_used(found, bench.sources());
    }
    if args.coverage {
        reach = bench.reach();
        coverage = reach.nothing(bench.sources());
        coverage.add(bench.of_the_project(recorder.runnable(bench.sources())));
    }
    found.sort();
    if found.has_errors() {
        replies.say(&wrong(&found, bench.sources(), args.width));
        return Ok(Exit::Wrong);
    }
    let ready = Ready {
        tests: cases.iter().map(|case| case.info.clone()).collect(),
        settings: settings::of(&model, &root),
        warnings: shown(&found, bench.sources(), args.width),
        root: root.display().to_string(),
        state: state.display().to_string(),
        coverage,
        ..Ready::default()
    };
    signals::listen(bench.interrupt());
    replies.say(&Reply::Ready(Box::new(ready)));
    let by_path: HashMap<String, &Case<'_>> = cases.iter().map(|case| (case.info.path(), case)).collect();
    for line in BufReader::new(io::stdin()).lines() {
        let Ok(line) = line else { break };
        let Ok(Request::Run(order)) = serde_json::from_str(&line) else { break };
        let Some(case) = by_path.get(&order.test) else { break };
        let result = match prepared.of(&mut bench, case, &mut Diagnostics::new()) {
            Some(ready) => bench.run(case, &ready, &order, &environment),
            None => lost(case, &order, "it cannot be made ready any more: its files changed"),
        };
        let mut coverage = Coverage::default();
        if args.coverage {
            coverage = bench.of_the_project(recorder.take(bench.sources()));
            // Those that did not run are known already.
            coverage.lines.values_mut().for_each(|lines| lines.retain(|_, hits| *hits > 0));
            coverage.lines.retain(|_, lines| !lines.is_empty());
            let seen = bench.seen();
            coverage.add(reach.hits(&seen, bench.sources()));
            coverage.add(bench.reached_by_children());
        }
        let done = Done { test: order.test.clone(), repetition: order.repetition, result, coverage };
        replies.say(&Reply::Done(Box::new(done)));
    }
    Ok(Exit::Done)
}

/// How a process for a pipeline that is killed on purpose is started: as this one was, to do one thing.
fn child(args: WorkerArgs) -> Box<dyn Fn() -> Command + Send + Sync> {
    Box::new(move || {
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "thinking".into()));
        command.arg(super::WORKER).arg(&args.manifest).args(["--checked", "--child"]);
        if args.coverage {
            command.arg("--coverage");
        }
        if let Some(state) = &args.state {
            command.arg("--state").arg(state);
        }
        if !args.facet.is_empty() {
            command.arg("--facet").arg(args.facet.join(","));
        }
        command
    })
}

/// Runs one pipeline, and may be killed in it.
fn serve_child(
    bench: &mut Bench<'_, '_>,
    cases: &[Case<'_>],
    environment: &Environment,
    recorder: Option<&Recorder>,
    replies: &mut Replies,
) -> Exit {
    let Ok(order) = serde_json::from_reader::<_, ChildOrder>(io::stdin()) else { return Exit::Wrong };
    let Some(case) = cases.iter().find(|case| case.info.path() == order.test) else { return Exit::Wrong };
    let mut reply = bench.child(case, &order, environment);
    if let Some(recorder) = recorder {
        let mut lines = recorder.take(bench.sources());
        lines.lines.values_mut().for_each(|lines| lines.retain(|_, hits| *hits > 0));
        reply.coverage = bench.of_the_project(lines);
        let seen = bench.seen();
        let reach = bench.reach();
        reply.coverage.add(reach.hits(&seen, bench.sources()));
    }
    replies.write(&reply);
    Exit::Done
}

/// A test that could not even begin.
fn lost(case: &Case<'_>, order: &Order, message: &str) -> Try {
    let failure = TestFailure {
        kind: "script".to_owned(),
        message: message.to_owned(),
        rendered: format!("{message}\n"),
        file: case.info.file.clone(),
        line: case.info.line,
        ..TestFailure::default()
    };
    Try {
        number: order.attempt,
        at: 0,
        took: 0,
        outcome: Outcome::Failed,
        phases: Vec::new(),
        failures: vec![failure],
        leaks: Vec::new(),
        properties: Vec::new(),
    }
}

fn wrong(found: &Diagnostics, sources: &SourceMap, width: usize) -> Reply {
    let error_count = found.iter().filter(|one| one.severity == Severity::Error).count();
    let errors: Diagnostics = found.iter().filter(|one| one.severity == Severity::Error).cloned().collect();
    Reply::Ready(Box::new(Ready { errors: shown(&errors, sources, width), error_count, ..Ready::default() }))
}

fn shown(found: &Diagnostics, sources: &SourceMap, width: usize) -> String {
    let style = Style { width, ..Style::default() };
    found.iter().map(|one| render(one, sources, style) + "\n").collect()
}

/// Where replies go: what was standard output when the process began. What else is written there goes to standard error.
struct Replies(File);

impl Replies {
    fn take() -> io::Result<Self> {
        let replies = rustix::io::dup(io::stdout())?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(Self(File::from(replies)))
    }

    fn say(&mut self, reply: &Reply) {
        self.write(reply);
    }

    fn write(&mut self, value: &impl Serialize) {
        let Ok(mut line) = serde_json::to_vec(value) else { return };
        line.push(b'\n');
        // Nobody listens any more: the end of the input follows.
        let _ = self.0.write_all(&line);
    }
}
